import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openAudit } from '../../src/audit/audit.ts'
import type { Audit, AuditDeps, AuditRecord } from '../../src/audit/audit.ts'
import type { PreparedRecord } from '../../src/audit/personal/commit.ts'
import { prepareRecord } from '../../src/audit/personal/commit.ts'
import type { Database } from '../../src/persistence/database.ts'

const folders: string[] = []
const opened = new Set<Audit>()

/** Closes what a test file has left open, and removes its folders. */
export async function closeTestAudits(): Promise<void> {
  for (const audit of opened) await audit.close()
  opened.clear()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
}

/** A folder that goes with the test file: for replicas and restarts, which share theirs. */
export async function auditFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-audit-'))
  folders.push(folder)
  return join(folder, 'log')
}

/** The tables of the record and its log. */
export const recordTables = ['audit_head', 'audit_entry', 'audit_opening', 'audit_sequence', 'audit_log', 'audit_tile', 'audit_fault'] as const

/** Makes the record of a database as if it were new: opening another database takes far longer. */
export async function emptyRecord({ db }: Database): Promise<void> {
  for (const table of recordTables) await sql`delete from ${sql.table(table)}`.execute(db)
  await sql`insert into audit_head (id, size, log, stopped) values (1, 0, null, false)`.execute(db)
}

/** The record of a database, with a folder of its own unless told. Records of the types `test.…` may have any fields. Closed with the test file. */
export async function openTestAudit(database: Database, options: Partial<Omit<AuditDeps, 'database'>> = {}): Promise<Audit> {
  const audit = await openAudit({
    database,
    clock: () => new Date(),
    newId: () => `urn:uuid:${randomUUID()}`,
    directory: options.directory ?? (await auditFolder()),
    publicUrl: 'http://connector.example',
    onError: () => undefined,
    prepare: prepareTest,
    ...options,
  })
  const close = async () => {
    if (opened.delete(audit)) await audit.close()
  }
  opened.add(audit)
  return { ...audit, close }
}

function prepareTest(record: AuditRecord): PreparedRecord {
  return record.type.startsWith('test.') ? { record, openings: {}, written: null } : prepareRecord(record)
}
