import { ProblemError } from '../errors.ts'

/** Where a list continues: after the row with this creation time and id. */
export interface Position {
  readonly createdAt: Date
  readonly id: string
}

/** A position as an opaque string. */
export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify([position.createdAt.toISOString(), position.id])).toString('base64url')
}

/** A page of rows of which one more than `limit` was read, and where the next page begins when there is one. */
export function cutPage<T extends Position>(rows: readonly T[], limit: number): { items: T[]; next?: string } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return rows.length > limit && last !== undefined ? { items, next: encodeCursor(last) } : { items }
}

/** The position in a cursor that `encodeCursor` made; 'invalid-cursor' for any other string. */
export function decodeCursor(cursor: string): Position {
  const position = parse(cursor)
  if (position === undefined) throw new ProblemError('invalid-cursor', 'The cursor is not one that this list gave. Leave it out to start from the beginning.')
  return position
}

function parse(cursor: string): Position | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (!Array.isArray(value) || value.length !== 2) return undefined
    const [at, id]: unknown[] = value
    if (typeof at !== 'string' || typeof id !== 'string' || id.includes('\u0000')) return undefined
    const createdAt = new Date(at)
    return Number.isNaN(createdAt.getTime()) ? undefined : { createdAt, id }
  } catch {
    return undefined
  }
}
