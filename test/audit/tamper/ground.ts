import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Audit } from '../../../src/audit/audit.ts'
import { openLogKeys } from '../../../src/audit/log/keys.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

const tables = ['audit_entry', 'audit_head', 'audit_log', 'audit_tile', 'audit_fault', 'audit_sequence', 'audit_opening', 'audit_checkpoint', 'audit_cosignature', 'audit_witness'] as const

/** A database and a data folder to tamper with, which can be put back as they were. */
export interface Ground {
  readonly database: Database
  readonly directory: string
  readonly clock: { now: Date }
  open(): Promise<Audit>
  /** Runs statements behind the connector's back. */
  tamper(...statements: readonly string[]): Promise<void>
  /** Makes another log key where there is none. Gives its vkey. */
  otherKey(): Promise<string>
  /** Keeps everything as it is now. */
  save(name: string): Promise<void>
  /** Puts everything back: the database, and the folder unless told. */
  restore(name: string, what?: { readonly folder: boolean }): Promise<void>
}

export async function openGround(): Promise<Ground> {
  const database = await openTestDatabase()
  const directory = await auditFolder()
  const clock = { now: new Date('2026-11-20T10:00:00.000Z') }
  const run = async (statement: string) => void (await database.db.executeQuery(sql.raw(statement).compile(database.db)))
  return {
    database,
    directory,
    clock,
    open: () => openTestAudit(database, { directory, clock: () => clock.now }),
    tamper: async (...statements) => {
      for (const statement of statements) await run(statement)
    },
    otherKey: async () => (await openLogKeys(join(directory, 'keys'), { create: true, clock: () => clock.now })).current()?.vkey('connector.example/log/2026') ?? '',
    save: async (name) => {
      for (const table of tables) await run(`create table ${name}_${table} as table ${table}`)
      await cp(directory, `${directory}.${name}`, { recursive: true })
    },
    restore: async (name, what = { folder: true }) => {
      for (const table of tables) {
        await run(`delete from ${table}`)
        await run(`insert into ${table} select * from ${name}_${table}`)
      }
      if (!what.folder) return
      await rm(directory, { recursive: true })
      await cp(`${directory}.${name}`, directory, { recursive: true })
    },
  }
}

/** Writes `count` records of queries of an agreement, three seconds after each other. */
export async function write(ground: Ground, audit: Audit, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    ground.clock.now = new Date(ground.clock.now.getTime() + 3000)
    // A few at once share a transaction, in whichever order; the last of them has the last number.
    if (done % 20 !== 19) void audit.record(record(done)).catch(() => undefined)
    else {
      await audit.settle()
      await audit.record(record(done))
    }
  }
  await audit.settle()
}

const record = (number: number) => ({ type: 'data.permitted', agreement: 'urn:a:1', partner: 'did:web:partner.example', decision: 'permit', rows: number, user: `user-${number % 7}` })

/** A ground with 300 records, kept as `whole`. */
export async function openWholeGround(): Promise<Ground> {
  const ground = await openGround()
  const audit = await ground.open()
  await write(ground, audit, 300)
  await audit.close()
  await ground.save('whole')
  return ground
}
