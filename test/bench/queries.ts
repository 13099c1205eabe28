import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import pg from 'pg'
import { answerColumns, answerStatement } from '../../src/dataplane/sources/sql/answer.ts'
import { checkQuery } from '../../src/dataplane/query/check.ts'
import type { CheckedQuery } from '../../src/dataplane/query/query.ts'
import type { TableEngine } from '../../src/dataplane/query/engine.ts'
import { createDuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import { createPostgresqlSources } from '../../src/dataplane/sources/postgresql.ts'
import type { Column, FileVersion } from '../../src/dataplane/sources/source.ts'
import { createTableEngines } from '../../src/dataplane/sources/table-engines.ts'
import { readTableRequest } from '../../src/dataplane/query/answer-request.ts'
import type { DatasetFacts, QueryRestriction } from '../../src/policy/restriction.ts'
import { unrestricted } from '../../src/policy/restriction.ts'
import type { Bench } from './dataspace.ts'
import { interleaved, row, typical } from './measure.ts'
import type { Row } from './measure.ts'

const column = (name: string, type: Column['type']): Column => ({ name, type, nullable: false })
const columns = [column('week', 'string'), column('district', 'string'), column('sector', 'string'), column('card', 'integer'), column('merchant', 'integer'), column('amount', 'number')]
const facts: DatasetFacts = { kind: 'file', columns, dimensions: ['week', 'district', 'sector'], protectedUnits: [] }
const restriction: QueryRestriction = {
  ...unrestricted,
  rows: [{ dimension: 'district', operator: 'isAnyOf', values: ['district 1', 'district 2', 'district 3', 'district 4', 'district 5'] }],
  columns: ['week', 'district', 'sector', 'amount', 'card'],
  masks: [{ column: 'sector', mask: { kind: 'truncate', length: 8 } }],
}
const options = { restriction, hashKey: 'key' }

/** What is asked, and the same as one writes it who knows the terms; the rows come in the same order. */
const asked = [
  {
    what: 'groups of week, district and sector',
    query: 'select=week,district,sector,amount.sum(),count()&week=gte.2026-W10',
    byHand: (from: string) => `select week, district, left(sector, 8) as sector, sum(amount) as "amount.sum", count(*) as count from ${from} where district in ('district 1', 'district 2', 'district 3', 'district 4', 'district 5') and week >= '2026-W10' group by 1, 2, 3 order by 1, 2, 3`,
  },
  {
    what: 'the 100 largest rows of a week',
    query: 'select=district,sector,card,amount&week=eq.2026-W12&order=amount.desc&limit=100',
    byHand: (from: string) => `select district, left(sector, 8) as sector, card, amount from ${from} where district in ('district 1', 'district 2', 'district 3', 'district 4', 'district 5') and week = '2026-W12' order by amount desc, 1, 2, 3 limit 100`,
  },
]

// One row of each number; the same on both engines.
const generated = (numbers: string, bigint: string) => `select '2026-W' || lpad(cast(1 + (i * 7) % 52 as text), 2, '0') as week, 'district ' || cast(1 + (i * 13) % 10 as text) as district, 'sector ' || cast((i * 31) % 24 as text) as sector,
  cast((i * 7919) % 200000 as ${bigint}) as card, cast((i * 104729) % 5000 as ${bigint}) as merchant, cast((i * 48271) % 20000 as double precision) / 4 as amount from ${numbers}`

/** Queries under terms beside the same SQL written by hand, through the same worker and connection. */
export async function benchQueries(bench: Bench): Promise<Row[]> {
  const [rounds, each] = bench.quick ? [3, 2] : [11, 5]
  const engines = await openEngines(bench)
  const rows: Row[] = []
  for (const { name, engine } of engines) {
    for (const { what, query, byHand } of asked) {
      const checked = checkedOf(query)
      const hand = byHand(engine.from.schema === null ? engine.from.table : `${engine.from.schema}.${engine.from.table}`)
      const ask = async () => answer(engine, answerStatement(engine, checked, options), checked)
      const askByHand = async () => answer(engine, { sql: hand, parameters: [] }, checked)
      const [ours, floor] = [await ask(), await askByHand()]
      if (ours !== floor) throw new Error(`${name}: ${what}: the answers differ`)
      const values = await interleaved(rounds, { ours: () => typical(each, ask), floor: () => typical(each, askByHand) }, ['ours', 'floor'])
      rows.push(row({ bench: 'queries', what: `${name}: ${what}; floor: the same SQL by hand`, unit: 'ms' }, { ours: values.get('ours') ?? [], floor: values.get('floor') ?? [] }, { of: 'ratio', atMost: 1.15 }))
      bench.say(`${name}: ${what}`)
    }
  }
  return [...rows, rewriting(bench, engines[0]?.engine)]
}

function checkedOf(query: string): CheckedQuery {
  return checkQuery(readTableRequest({}, query).query, { columns, facts }, restriction)
}

async function answer(engine: TableEngine, statement: { sql: string; parameters: TableEngineParameters }, query: CheckedQuery): Promise<string> {
  const { handle, sha256, rows } = await engine.write(statement, { format: 'csv', columns: answerColumns(engine, query, options) })
  await handle.close()
  return `${rows} ${sha256}`
}

type TableEngineParameters = Parameters<TableEngine['rows']>[0]['parameters']

// From the text of the query to SQL and bound values.
function rewriting(bench: Bench, engine: TableEngine | undefined): Row {
  if (engine === undefined) throw new Error('There is no engine')
  const count = bench.quick ? 500 : 5_000
  const query = asked[0]?.query ?? ''
  const rounds = Array.from({ length: bench.quick ? 3 : 11 }, () => {
    const begun = performance.now()
    for (let time = 0; time < count; time++) answerStatement(engine, checkedOf(query), options)
    return ((performance.now() - begun) * 1000) / count
  })
  return row({ bench: 'queries', what: 'parse, check and rewrite a query', unit: 'µs' }, { ours: rounds.slice(1) }, { of: 'ours', atMost: 100 })
}

async function openEngines(bench: Bench): Promise<{ name: string; engine: TableEngine }[]> {
  const inFile = bench.quick ? 100_000 : 10_000_000
  const inTable = bench.quick ? 20_000 : 1_000_000
  const path = join(bench.folder, 'spending.parquet')
  const version = await writeParquet(path, inFile)
  const connection = await bench.server.createDatabase()
  await writeTable(connection, inTable)
  const directory = join(bench.folder, 'queries')
  const pool = createDuckDbPool({ directory, processes: 1 })
  const postgresql = createPostgresqlSources({ connections: { bench: connection }, timeoutMs: 600_000 })
  bench.closers.push(() => postgresql.close(), () => pool.close())
  const tables = createTableEngines({ pool, postgresql, representations: { typed: async () => ({ path }) }, directory, timeoutMs: 600_000, maxBytes: 1024 ** 3 })
  const file = await tables.open({ source: { type: 'file' }, version, columns })
  const table = await tables.open({ source: { type: 'postgresql', connection: 'bench', table: 'spending' }, columns })
  bench.closers.push(() => table.close())
  return [
    { name: `DuckDB, Parquet of ${inFile.toLocaleString('en')} rows`, engine: file },
    { name: `PostgreSQL, ${inTable.toLocaleString('en')} rows`, engine: table },
  ]
}

async function writeParquet(path: string, rows: number): Promise<FileVersion> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  await db.run(`copy (${generated(`range(${rows}) r(i)`, 'bigint')}) to '${path.replaceAll("'", "''")}' (format parquet, compression zstd)`)
  db.closeSync()
  instance.closeSync()
  const { size } = await stat(path)
  return { number: 1, path, fileName: 'spending.parquet', mediaType: 'application/vnd.apache.parquet', bytes: size, sha256: createHash('sha256').update(path).digest('hex'), createdAt: new Date() }
}

async function writeTable(connectionString: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`create table spending as ${generated(`generate_series(0, ${rows - 1}) i`, 'bigint').replaceAll('(i * ', '(cast(i as bigint) * ')}`)
  await client.query('vacuum analyze spending')
  await client.end()
}
