import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { AuditEntry } from '../audit/audit.ts'
import { ProblemError } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, QueryOf } from './operation.ts'
import { numberedPage, numberedPageOf } from './page.ts'

type AuditHandlers = Pick<Handlers, 'listAuditEntries' | 'getAuditEntry' | 'exportAudit'>

const batch = 500

export function auditHandlers({ audit }: Pick<ManagementDeps, 'audit'>): AuditHandlers {
  return {
    listAuditEntries: async ({ query }) => {
      const { limit, after } = numberedPageOf(query)
      const rows = await audit.entries({ ...conditions(query), limit: limit + 1, ...(after === undefined ? {} : { after }) })
      return { status: 200, body: numberedPage(rows, limit, ({ index }) => index) }
    },
    getAuditEntry: async ({ path: { index } }) => {
      const [entry] = await audit.entries({ after: index - 1, limit: 1 })
      if (entry?.index !== index) throw new ProblemError('not-found', `The record has no entry ${index}. "concordat audit list" shows what there is.`)
      return { status: 200, body: entry }
    },
    exportAudit: async ({ query }) => {
      const format = query.format === 'csv' ? csv : ndjson
      // What is appended while we write would keep the export from ending.
      const end = await audit.size()
      return {
        write: async (res) => {
          res.setHeader('Content-Type', format.type)
          res.setHeader('Content-Disposition', `attachment; filename="audit.${format.extension}"`)
          if (format.head !== '') res.write(format.head)
          let after = -1
          for (;;) {
            const entries = await audit.entries({ ...conditions(query), after, limit: batch })
            const wanted = entries.filter(({ index }) => index < end)
            for (const entry of wanted) await writeOut(res, format.line(entry))
            if (wanted.length < batch || res.destroyed) break
            after = wanted.at(-1)?.index ?? after
          }
          res.end()
        },
      }
    },
  }
}

/** Writes, and waits while the reader is slow. */
export async function writeOut(res: ServerResponse, text: string): Promise<void> {
  if (res.destroyed || res.write(text)) return
  const gone = new AbortController()
  const stop = () => gone.abort()
  res.once('close', stop)
  await once(res, 'drain', { signal: gone.signal }).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error
  })
  res.off('close', stop)
}

function conditions(query: QueryOf<'exportAudit'> | QueryOf<'listAuditEntries'>) {
  const { type, agreement, transfer, partner, dataset, since, until } = query
  return {
    ...(type === undefined ? {} : { type }),
    ...(agreement === undefined ? {} : { agreement }),
    ...(transfer === undefined ? {} : { transfer }),
    ...(partner === undefined ? {} : { partner }),
    ...(dataset === undefined ? {} : { dataset }),
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
  }
}

const ndjson = { type: 'application/x-ndjson', extension: 'ndjson', head: '', line: (entry: AuditEntry) => `${JSON.stringify(entry)}\n` }

const columns = ['index', 'time', 'type', 'partner', 'agreement', 'transfer', 'dataset'] as const
const csv = {
  type: 'text/csv',
  extension: 'csv',
  head: `${columns.join(',')},entry\r\n`,
  line: (entry: AuditEntry) => `${[...columns.map((column) => cell(String(entry[column] ?? ''))), cell(JSON.stringify(entry))].join(',')}\r\n`,
}

// RFC 4180, and no cell that a spreadsheet runs as a formula.
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
