import { sumEntries } from '../audit/search/store.ts'
import type { StatisticsRow } from '../audit/search/store.ts'
import { auditFilterOf } from './audit.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'

/** What was permitted and refused, by period. */
export function auditStatisticsHandlers({ database }: Pick<ManagementDeps, 'database'>): Pick<Handlers, 'getAuditStatistics'> {
  return {
    getAuditStatistics: async ({ query }) => {
      const { by = 'day', timeZone = 'UTC' } = query
      const sums = await sumEntries(database.db, { filter: auditFilterOf(query), by, timeZone })
      const starts = Map.groupBy(sums, ({ start }) => start)
      return { status: 200, body: { by, timeZone, items: [...starts].map(([start, rows]) => periodOf(start, rows)) } }
    },
  }
}

// As provider a question is decided in its own record; as consumer the answer tells what was decided. How a release ended tells what went out.
const permitted = new Set(['data.permitted', 'data.received'])
const refused = new Set(['data.denied', 'data.refused'])
const ended = new Set(['data.released', 'data.aborted', 'data.delivered', 'data.received'])

function periodOf(start: string, sums: readonly StatisticsRow[]): Schemas['AuditPeriod'] {
  const sum = (types: ReadonlySet<string>, amount: (row: StatisticsRow) => number) => sums.filter(({ type }) => types.has(type)).reduce((total, row) => total + amount(row), 0)
  const codes = Map.groupBy(
    sums.filter(({ type }) => refused.has(type)),
    ({ code }) => code ?? 'other',
  )
  return {
    start,
    records: sums.reduce((total, { records }) => total + records, 0),
    permitted: sum(permitted, ({ requests }) => requests),
    refused: sum(refused, ({ requests }) => requests),
    rows: sum(ended, ({ rows }) => rows),
    bytes: sum(ended, ({ bytes }) => bytes),
    codes: Object.fromEntries([...codes].map(([code, rows]) => [code, rows.reduce((total, { requests }) => total + requests, 0)])),
  }
}
