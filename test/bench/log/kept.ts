import pg from 'pg'
import type { AuditRecord } from '../../../src/audit/audit.ts'
import { checkLog } from '../../../src/audit/log/check.ts'
import { countEntries, findEntries } from '../../../src/audit/search/store.ts'
import type { AuditFilter } from '../../../src/audit/search/store.ts'
import { verifyBundle } from '../../../src/tlog/bundle/verify.ts'
import { bundleOf, parts, providerEvents, sourceOf } from '../../tlog/bundle/test-bundle.ts'
import type { Bench } from '../dataspace.ts'
import { row, timed, typical } from '../measure.ts'
import type { Row } from '../measure.ts'
import { openLogOn } from './append.ts'
import type { Opened } from './append.ts'
import { agreementOf, partnerOf, permitted, released } from './records.ts'

const inTransaction = 500

/** What records take on disk, how fast they are checked, and how long a page of a search among many takes. */
export async function benchKept(bench: Bench): Promise<Row[]> {
  const count = bench.quick ? 5_000 : 250_000
  const answers = await openLogOn(bench, 'answers')
  await fill(answers, count, (number) => released(number, number))
  const withoutStatements = await checked(bench, answers, { count, said: 'none with a statement' })
  await answers.close()
  const opened = await openLogOn(bench, 'kept')
  await fill(opened, count, manyAtOnce())
  bench.say(`${count.toLocaleString('en')} records written`)
  const rows = [await checked(bench, opened, { count, said: 'half of them with statements' }), withoutStatements, ...(await sizes(opened)), await bundled(bench), ...(await searched(bench, opened))]
  await opened.close()
  return rows
}

const callers = 64

/** Permissions and how they ended, in an order in which many callers at once may write them; the same in every run. */
function manyAtOnce(): (number: number) => AuditRecord {
  const open = new Map<number, { readonly place: number; readonly number: number }>()
  let [random, place] = [1, 0]
  return (number) => {
    // Numbers of Lehmer, 1951: 48271 is a primitive root of 2^31 - 1.
    random = (random * 48_271) % 0x7fff_ffff
    const caller = random % callers
    const permission = open.get(caller)
    if (permission === undefined) open.set(caller, { place, number })
    else open.delete(caller)
    return permission === undefined ? permitted(place++) : released(permission.place, permission.number)
  }
}

async function fill({ audit, database }: Opened, count: number, recordOf: (number: number) => AuditRecord): Promise<void> {
  for (let from = 0; from < count; from += inTransaction) {
    const first = await audit.size()
    const records = Array.from({ length: inTransaction }, (_none, at) => recordOf(first + at))
    await database.transaction((tx) => audit.append(tx, ...records))
  }
  await audit.settle()
}

async function checked(bench: Bench, { audit, database, directory }: Opened, { count, said }: { readonly count: number; readonly said: string }): Promise<Row> {
  const rates: number[] = []
  for (let round = 0; round < (bench.quick ? 2 : 4); round++) {
    const seconds = (await timed(async () => {
      const { entries, findings } = await checkLog({ database, keys: audit.keys, directory, clock: () => new Date() })
      if (entries < count || findings.length > 0) throw new Error(`The check found ${JSON.stringify(findings)}`)
    })) / 1000
    rates.push(count / seconds)
  }
  bench.say('checked')
  return row({ bench: 'log', what: `check of the whole log (audit check), ${count.toLocaleString('en')} records, ${said}`, unit: '1/s' }, { ours: rates.slice(1) }, { of: 'ours', atLeast: 100_000 })
}

async function bundled(bench: Bench): Promise<Row> {
  const count = bench.quick ? 2_000 : 100_000
  // One signed statement, and then answers: signatures, of which a processor verifies 8,000 a second, are not what is measured.
  const bytes = await bundleOf(parts(manyEvents(count)))
  const rates: number[] = []
  for (let round = 0; round < (bench.quick ? 2 : 4); round++) {
    const seconds = (await timed(async () => {
      const { holds, findings } = await verifyBundle(sourceOf(bytes))
      if (!holds) throw new Error(`The evidence does not hold: ${JSON.stringify(findings.filter((finding) => !finding.holds))}`)
    })) / 1000
    rates.push(count / seconds)
  }
  bench.say('evidence verified')
  return row({ bench: 'log', what: `evidence of ${count.toLocaleString('en')} records verified, ${(bytes.length / count).toFixed(0)} bytes each`, unit: '1/s' }, { ours: rates.slice(1) }, { of: 'ours', atLeast: 100_000 })
}

function manyEvents(count: number) {
  const [stored, permission, ...end] = providerEvents(1)
  if (stored === undefined || permission === undefined) throw new Error('There are no events')
  const { signed: _signed, signedSha256: _digest, request: _request, user: _user, statement: _statement, decision: _decision, ...about } = permission
  const answers = Array.from({ length: count - 4 }, (_none, place) => ({ ...about, type: 'data.released', permitted: place, rows: place % 40, bytes: 100 + place }))
  return [stored, permission, ...answers, ...end]
}

/** Tables of the record with their indexes, for each record; and what the records themselves come to. */
async function sizes({ audit, url }: Opened): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const table of ['audit_entry', 'audit_opening', 'audit_tile', 'audit_log', 'audit_head', 'audit_sequence']) await client.query(`vacuum full analyze ${table}`)
    const { rows } = await client.query<{ bytes: string; openings: string; opened: string }>(
      `select (select sum(pg_total_relation_size(relid)) from pg_statio_user_tables where relname like 'audit_%')::text as bytes,
        (select sum(octet_length(fields::text)) from audit_opening)::text as openings, pg_total_relation_size('audit_opening')::text as opened`,
    )
    const [size] = rows
    const records = await audit.size()
    const texts = await entryBytes({ audit, records })
    const openings = Number(size?.openings)
    const [each, entry, disclosed] = [Number(size?.bytes) / records, texts / records, openings / records]
    const said = `a record's text has ${entry.toFixed(0)} bytes, its openings ${disclosed.toFixed(0)}`
    const withoutOpenings = (Number(size?.bytes) - Number(size?.opened)) / records - entry
    return [
      row({ bench: 'log', what: 'on disk for each record, indexes and tiles included, over the record and its openings', unit: 'bytes', note: said }, { ours: [each - entry - disclosed] }, { of: 'ours', atMost: 100 }),
      row({ bench: 'log', what: 'the same without the table of openings, over the text that is in the log', unit: 'bytes' }, { ours: [withoutOpenings] }, { of: 'ours', atMost: 100 }),
    ]
  } finally {
    await client.end()
  }
}

async function entryBytes({ audit, records }: { audit: Opened['audit']; records: number }): Promise<number> {
  const [log] = await audit.log.logs()
  let bytes = 0
  for (let from = 0; from < records; ) {
    const leaves = await audit.log.leaves(log?.name ?? '', from, 2048)
    if (leaves.length === 0) throw new Error('The log ends early')
    for (const { entry } of leaves) bytes += Buffer.byteLength(entry)
    from += leaves.length
  }
  return bytes
}

/** The first page of the newest for each filter, among a million records. */
async function searched(bench: Bench, { database, url }: Opened): Promise<Row[]> {
  const many = bench.quick ? 10_000 : 1_000_000
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ size: number }>('select size::int from audit_head')
    const size = rows[0]?.size ?? 1
    await client.query(
      `insert into audit_entry (index, rest, time, type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision, seq)
       select index + n * $1::bigint, rest, time + n * interval '1 hour', type, agreement_id, transfer_id, partner, dataset_id, role, purpose, decision, seq + n * $1::bigint
       from audit_entry, generate_series(1, $2) as n order by 1`,
      [size, Math.ceil(many / size) - 1],
    )
    await client.query('vacuum analyze audit_entry')
  } finally {
    await client.end()
  }
  bench.say(`${many.toLocaleString('en')} records to search`)
  const sample = permitted(3)
  const from = new Date()
  const filters: readonly (readonly [string, AuditFilter])[] = [
    ['all', {}],
    ['an agreement', { agreement: agreementOf(3) }],
    ['a transfer', { transfer: sample.transfer ?? '' }],
    ['a partner', { partner: partnerOf(3) }],
    ['a dataset', { dataset: sample.dataset ?? '' }],
    ['a rare type', { type: 'log.opened' }],
    ['a frequent type', { type: 'data.permitted' }],
    ['a role', { role: 'analyst' }],
    ['a purpose', { purpose: sample.purpose ?? '' }],
    ['refusals (none)', { decision: 'deny' }],
    ['permissions', { decision: 'permit' }],
    ['an hour long ago', { since: from, until: new Date(from.getTime() + 3_600_000) }],
    ['an agreement that is not there', { agreement: 'none' }],
  ]
  const found: Row[] = []
  for (const [what, filter] of filters) {
    const page = () => findEntries(database.db, { ...filter, limit: 50, descending: true })
    await page()
    const times: number[] = []
    for (let round = 0; round < 3; round++) times.push(await typical(bench.quick ? 2 : 5, page))
    found.push(row({ bench: 'log', what: `newest 50 of ${many.toLocaleString('en')} records by ${what}`, unit: 'ms' }, { ours: times }))
  }
  const times = [await timed(() => countEntries(database.db, { agreement: agreementOf(3) }, 10_000))]
  return [...found, row({ bench: 'log', what: 'count of the records of an agreement, to 10,000', unit: 'ms' }, { ours: times })]
}
