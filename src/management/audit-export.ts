import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AuditEntry } from '../audit/audit.ts'
import { countEntries } from '../audit/search/store.ts'
import type { AuditFilter } from '../audit/search/store.ts'
import { auditColumns, csvWriter } from './audit-rows.ts'
import { auditFilterOf, writeOut } from './audit.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type ExportDeps = Pick<ManagementDeps, 'audit' | 'database' | 'writeParquet' | 'uploadDirectory'>

const batch = 1000

/** The record as a file. */
export function auditExportHandlers(deps: ExportDeps): Pick<Handlers, 'exportAudit'> {
  return {
    exportAudit: async ({ query, caller }) => {
      const format = query.format ?? 'ndjson'
      const columns = auditColumns(query.timeZone ?? 'UTC')
      const asked = auditFilterOf(query)
      // What is appended while we write would keep the export from ending.
      const end = await deps.audit.size()
      const filter = { ...asked, before: Math.min(end, asked.before ?? end) }
      const count = await countEntries(deps.database.db, filter, end)
      const { format: _format, timeZone: _timeZone, ...wanted } = query
      await deps.audit.record({ type: 'audit.exported', actor: caller.name, format, filter: JSON.parse(JSON.stringify(wanted)), count })
      return {
        write: async (res) => {
          res.setHeader('Content-Type', mediaTypes[format])
          res.setHeader('Content-Disposition', `attachment; filename="audit.${format}"`)
          res.setHeader('Concordat-Count', String(count))
          const lines = linesOf(deps, filter, format === 'ndjson' ? ndjson : csvWriter(columns, format === 'csv' ? 'people' : 'data-plane'))
          if (format === 'parquet') return writeTable(deps, { lines, columns }, async (path) => pipeline(createReadStream(path), res))
          for await (const text of lines) {
            if (res.destroyed) return
            await writeOut(res, text)
          }
          res.end()
        },
      }
    },
  }
}

const mediaTypes = { ndjson: 'application/x-ndjson', csv: 'text/csv', parquet: 'application/vnd.apache.parquet' } as const
const ndjson = { head: '', line: (entry: AuditEntry) => `${JSON.stringify(entry)}\n` }

async function* linesOf({ audit }: ExportDeps, filter: AuditFilter, written: { readonly head: string; readonly line: (entry: AuditEntry) => string }): AsyncGenerator<string> {
  if (written.head !== '') yield written.head
  for (let after = filter.after ?? -1; ; ) {
    const entries = await audit.entries({ ...filter, after, limit: batch })
    if (entries.length > 0) yield entries.map(written.line).join('')
    const last = entries.at(-1)
    if (entries.length < batch || last === undefined) return
    after = last.index
  }
}

/** Parquet is written whole before its first byte is known. */
async function writeTable(deps: ExportDeps, table: { lines: AsyncGenerator<string>; columns: ReturnType<typeof auditColumns> }, take: (path: string) => Promise<void>): Promise<void> {
  await mkdir(deps.uploadDirectory, { recursive: true })
  const folder = await mkdtemp(join(deps.uploadDirectory, 'audit-'))
  try {
    const path = join(folder, 'audit.csv')
    await pipeline(Readable.from(table.lines), createWriteStream(path, { mode: 0o600 }))
    await deps.writeParquet({ path, columns: table.columns.map(({ name, type }) => ({ name, type })) }, take)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
