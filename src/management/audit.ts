import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AuditFilter } from '../audit/search/store.ts'
import { ProblemError } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, QueryOf } from './operation.ts'
import { numberedPage, numberedPageOf } from './page.ts'

type AuditHandlers = Pick<Handlers, 'listAuditEntries' | 'getAuditEntry'>

/** Search of the record. */
export function auditHandlers({ audit }: Pick<ManagementDeps, 'audit'>): AuditHandlers {
  return {
    listAuditEntries: async ({ query }) => {
      const { limit, after: cursor } = numberedPageOf(query)
      const filter = auditFilterOf(query)
      const descending = query.order === 'desc'
      const place = cursor === undefined ? filter : descending ? { ...filter, before: Math.min(cursor, filter.before ?? cursor) } : { ...filter, after: Math.max(cursor, filter.after ?? cursor) }
      const rows = await audit.entries({ ...place, descending, limit: limit + 1 })
      return { status: 200, body: numberedPage(rows, limit, ({ index }) => index) }
    },
    getAuditEntry: async ({ path: { index } }) => {
      const [entry] = await audit.entries({ after: index - 1, limit: 1 })
      if (entry?.index !== index) throw await missingEntry(audit, index)
      return { status: 200, body: entry }
    },
  }
}

async function missingEntry({ log }: ManagementDeps['audit'], index: number): Promise<ProblemError> {
  const holding = (await log.logs()).findLast(({ start }) => start <= index)
  return holding?.prunedAt === undefined || holding.prunedAt === null ? noSuchEntry(index) : new ProblemError('gone', `The entries of the log ${holding.name} were removed after their time. Its final checkpoint stays.`)
}

export function noSuchEntry(index: number): ProblemError {
  return new ProblemError('not-found', `The record has no entry ${index}. "concordat audit list" shows what there is.`)
}

type Filtered = Partial<QueryOf<'exportAudit'>>

/** The entries that a query is about. */
export function auditFilterOf(query: Filtered): AuditFilter {
  const { type, agreement, transfer, partner, dataset, role, purpose, decision, since, until, from, to } = query
  const said = { type, agreement, transfer, partner, dataset, role, purpose, decision }
  return {
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(from === undefined ? {} : { after: from - 1 }),
    ...(to === undefined ? {} : { before: to + 1 }),
  }
}

/** Writes, and waits while the reader is slow. */
export async function writeOut(res: ServerResponse, chunk: string | Uint8Array): Promise<void> {
  if (res.destroyed || res.write(chunk)) return
  const gone = new AbortController()
  const stop = () => gone.abort()
  res.once('close', stop)
  await once(res, 'drain', { signal: gone.signal }).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error
  })
  res.off('close', stop)
}
