import type { AuditEntry } from '../audit.ts'

/** What the records of an agreement come to, and the first of them, for reading. */
export interface Overview {
  readonly records: number
  readonly permitted: number
  readonly denied: number
  readonly bytes: number
  readonly from: string | null
  readonly until: string | null
  readonly first: readonly AuditEntry[]
}

/** More are not shown on a page. */
const mostShown = 1000

/** Gathers an overview from the records, one by one. */
export function createOverview(): { add(entry: AuditEntry): void; last(): AuditEntry | undefined; summary(): Overview } {
  const counts = { records: 0, permitted: 0, denied: 0, bytes: 0 }
  const first: AuditEntry[] = []
  let from: string | null = null
  let last: AuditEntry | undefined
  return {
    add(entry) {
      const { type, count, bytes } = entry
      counts.records += 1
      if (type === 'data.permitted' || type === 'data.received') counts.permitted += 1
      if (type === 'data.denied' || type === 'data.refused') counts.denied += typeof count === 'number' ? count : 1
      if ((type === 'data.released' || type === 'data.received' || type === 'data.delivered') && typeof bytes === 'number') counts.bytes += bytes
      if (first.length < mostShown) first.push(entry)
      from ??= entry.time
      last = entry
    },
    last: () => last,
    summary: () => ({ ...counts, from, until: last?.time ?? null, first }),
  }
}
