import type { IncomingMessage } from 'node:http'

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The wanted range of a representation (RFC 9110 §14): undefined for all of it, which also answers several ranges, an
 * unknown unit and an `If-Range` that names something else; 'unsatisfiable' when it lies outside.
 */
export function wantedRange(request: IncomingMessage, bytes: number, etag: string): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/.exec(request.headers.range ?? '')
  const ifRange = request.headers['if-range']
  if (match === null || (ifRange !== undefined && ifRange !== etag)) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), bytes)
    return length === 0 ? 'unsatisfiable' : { start: bytes - length, end: bytes - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= bytes) return 'unsatisfiable'
  return { start, end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) }
}

/** Whether `If-None-Match` names the representation (RFC 9110 §13.1.2: weak comparison). */
export function isNotModified(request: IncomingMessage, etag: string): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
