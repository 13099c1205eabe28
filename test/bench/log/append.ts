import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { openAudit } from '../../../src/audit/audit.ts'
import type { Audit, AuditRecord } from '../../../src/audit/audit.ts'
import { prepareRecord } from '../../../src/audit/personal/commit.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { Database } from '../../../src/persistence/database.ts'
import type { Bench } from '../dataspace.ts'
import { inLanes, interleaved, row } from '../measure.ts'
import type { Row } from '../measure.ts'
import { permitted } from './records.ts'

/** As many connections as a connector has unless told. */
export const poolSize = 20

/** A record of its own database, opened as a connector does. */
export interface Opened {
  readonly audit: Audit
  readonly database: Database
  readonly url: string
  readonly directory: string
  readonly close: () => Promise<void>
}

export async function openLogOn(bench: Bench, name: string, url?: string): Promise<Opened> {
  const databaseUrl = url ?? (await bench.server.createDatabase())
  const directory = join(bench.folder, `log-${name}`)
  const database = await openDatabase({ kind: 'postgresql', url: databaseUrl, poolSize })
  const failed: unknown[] = []
  const audit = await openAudit({ database, clock: () => new Date(), newId: () => `urn:uuid:${randomUUID()}`, directory, publicUrl: 'https://data.city.example', onError: (error) => failed.push(error) })
  return {
    audit,
    database,
    url: databaseUrl,
    directory,
    close: async () => {
      await audit.close()
      await database.close()
      if (failed.length > 0) throw new Error('The log failed at something', { cause: failed[0] })
    },
  }
}

/**
 * Records of queries, each waited for until a signed checkpoint covers it, beside one plain INSERT for each, of the same texts: what
 * enters the log and what may be erased, made before anything is measured.
 */
export async function benchAppend(bench: Bench): Promise<Row[]> {
  const { audit, url, close } = await openLogOn(bench, 'append')
  const pool = new pg.Pool({ connectionString: url, max: poolSize })
  try {
    await pool.query('create table plain (number bigserial primary key, time timestamptz not null, record text not null, openings text not null)')
    await pool.query('create table plain_found (like audit_entry including all)')
    await pool.query('create table plain_opening (like audit_opening including all)')
    await pool.query('create sequence plain_found_number owned by plain_found.index')
    const bare = ({ text, openings }: Made) => pool.query({ name: 'bare', text: 'insert into plain (time, record, openings) values ($1, $2, $3)', values: [new Date(), text, openings] })
    const found = ({ record, openings }: Made) => {
      const { type, agreement, transfer, partner, dataset, role, purpose, decision, ...rest } = record
      const text = `with opened as (insert into plain_opening (index, fields) values (nextval('plain_found_number'), $11) returning index)
        insert into plain_found (index, time, type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision, rest) select index, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 from opened`
      return pool.query({ name: 'found', text, values: [new Date(), type, agreement, transfer, partner, dataset, role, purpose, decision, JSON.stringify(rest), openings] })
    }
    const rows: Row[] = []
    for (const { lanes, count, aim } of [{ lanes: 64, count: bench.quick ? 300 : 2000, aim: 3 }, { lanes: 1, count: bench.quick ? 50 : 400, aim: 0.6 }]) {
      const records = Array.from({ length: count }, (_none, place) => made(permitted(place)))
      const side = (write: (record: Made) => Promise<unknown>) => async () => count / (await inLanes(count, lanes, (place) => write(records[place] ?? made(permitted(place)))))
      const sides = { ours: side(({ given }) => audit.record(given)), bare: side(bare), found: side(found) }
      for (const warm of Object.values(sides)) await warm()
      const values = await interleaved(bench.quick ? 3 : 9, sides, ['bare', 'ours', 'found'])
      const who = lanes === 1 ? '1 caller' : `${lanes} callers`
      const against = (floor: 'bare' | 'found', said: string) => row({ bench: 'log', what: `records written and sealed, ${who}; floor: an INSERT for each into a table ${said}, on as many connections (${poolSize})`, unit: '1/s' }, { ours: values.get('ours') ?? [], floor: values.get(floor) ?? [] }, { of: 'ratio', atLeast: aim })
      rows.push(against('bare', 'of nothing but a number, a time and the same texts'), against('found', 'with the columns and indexes of the record, and one of what may be erased'))
      bench.say(`written by ${who}`)
    }
    return rows
  } finally {
    await pool.end()
    await close()
  }
}

/** A record as it is handed to the log, and as it is stored. */
interface Made {
  readonly given: AuditRecord
  readonly record: AuditRecord
  readonly text: string
  readonly openings: string
}

function made(given: AuditRecord): Made {
  const { record, openings } = prepareRecord(given)
  return { given, record, text: JSON.stringify(record), openings: JSON.stringify(openings) }
}
