import type { Database } from './database.ts'

/** PostgreSQL's number for the type `text`. */
const textType = 25
const headBytes = 20

/**
 * A parameter of the type `text[]`. For PostgreSQL it is in binary form: written out, each quote in it would be escaped here and
 * unescaped there, which costs more than all else that is done to the value.
 */
export function textArray(kind: Database['kind'], values: readonly (string | null)[]): Buffer | readonly (string | null)[] {
  if (kind === 'pglite') return values
  let bytes = headBytes
  for (const value of values) bytes += 4 + (value === null ? 0 : Buffer.byteLength(value))
  const array = Buffer.allocUnsafe(bytes)
  // The number of dimensions, whether there are nulls, the type; then the length of the one dimension and where it begins.
  const head = [values.length === 0 ? 0 : 1, values.includes(null) ? 1 : 0, textType, values.length, 1]
  for (const [place, part] of head.entries()) array.writeInt32BE(part, place * 4)
  let at = headBytes
  for (const value of values) {
    const length = value === null ? -1 : array.write(value, at + 4)
    array.writeInt32BE(length, at)
    at += 4 + Math.max(length, 0)
  }
  // An array of no dimension ends before the dimension.
  return values.length === 0 ? array.subarray(0, 12) : array
}

/** A parameter of the type `integer[]`. */
export function integerArray(values: readonly number[]): string {
  return `{${values.join(',')}}`
}
