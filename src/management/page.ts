import { ProblemError } from '../errors.ts'

/** What a list operation is asked for. */
interface PageQuery {
  readonly cursor?: string
  readonly limit?: number
}

const defaultLimit = 100

/** A page's size, and where it starts as the services take it. */
export function pageOf(query: PageQuery): { limit: number; after?: string } {
  return { limit: query.limit ?? defaultLimit, ...(query.cursor === undefined ? {} : { after: query.cursor }) }
}

/** A page's size, and where it starts for lists that are ordered by a number. */
export function numberedPageOf(query: PageQuery): { limit: number; after?: number } {
  const { limit, after } = pageOf(query)
  return after === undefined ? { limit } : { limit, after: decodeNumber(after) }
}

/** A page of a list that is in memory: `rows` are ordered, `number` is each one's place in that order. */
export function cut<T>(rows: readonly T[], query: PageQuery, number: (row: T, index: number) => number): { items: readonly T[]; next: string | null } {
  const { limit, after } = numberedPageOf(query)
  const rest = after === undefined ? rows : rows.filter((row, index) => number(row, index) > after)
  return numberedPage(rest.slice(0, limit + 1), limit, (row) => number(row, rows.indexOf(row)))
}

/** A page out of up to `limit + 1` rows that are ordered by a number. */
export function numberedPage<T>(rows: readonly T[], limit: number, number: (row: T) => number): { items: readonly T[]; next: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? encodeNumber(number(last)) : null }
}

/** A number as an opaque cursor. */
export function encodeNumber(value: number): string {
  return Buffer.from(`n${value}`).toString('base64url')
}

function decodeNumber(cursor: string): number {
  const [, digits] = /^n(-?\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (digits === undefined) throw new ProblemError('invalid-cursor', 'The cursor is not one that this list gave. Leave it out to start from the beginning.')
  return Number(digits)
}

/** A service's page with its items as the document has them. */
export function pageWith<T, U>(page: { readonly items: readonly T[]; readonly next?: string }, show: (item: T) => U): { items: readonly U[]; next: string | null } {
  return { items: page.items.map((item) => show(item)), next: page.next ?? null }
}
