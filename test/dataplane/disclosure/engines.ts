import { randomUUID } from 'node:crypto'
import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { CompiledQuery } from 'kysely'
import type { ResultRow, TableEngine } from '../../../src/dataplane/query/engine.ts'
import type { Column } from '../../../src/dataplane/sources/source.ts'
import type { Database } from '../../../src/persistence/database.ts'

/** A table for tests: rows of values in the order of the columns. */
export interface TestTable {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

export type Loaded = TableEngine & { replace(rows: TestTable['rows']): Promise<void> }

const types = { string: 'text', integer: 'bigint', number: 'double precision' } as const
const name = (text: string) => `"${text.replaceAll('"', '""')}"`
const literal = (value: string | number | null) => (value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`)

async function fill(run: (sql: string) => Promise<unknown>, table: string, { columns, rows }: TestTable): Promise<void> {
  const declared = columns.map((column) => `${name(column.name)} ${types[column.type === 'integer' || column.type === 'number' ? column.type : 'string']}`)
  await run(`drop table if exists ${name(table)}`)
  await run(`create table ${name(table)} (${declared.join(', ')})`)
  for (let at = 0; at < rows.length; at += 2000) {
    await run(`insert into ${name(table)} values ${rows.slice(at, at + 2000).map((row) => `(${row.map(literal).join(', ')})`).join(', ')}`)
  }
}

const writesNothing = async () => {
  throw new Error('Only rows are read here')
}

/** A table in a DuckDB of its own. */
export async function duckdbTable(table: TestTable, contentVersion: string = randomUUID()): Promise<Loaded> {
  return opened(table, contentVersion, (db) => fill((sql) => db.run(sql), 'data', table))
}

/** A CSV file in a DuckDB of its own, read by the types of the columns. */
export async function duckdbFile(path: string, columns: readonly Column[]): Promise<Loaded> {
  const read = columns.map((column) => `try_cast(trim(${name(column.name)}) as ${types[column.type === 'integer' ? 'integer' : 'string']}) as ${name(column.name)}`)
  return opened({ columns, rows: [] }, randomUUID(), (db) => db.run(`create table data as select ${read.join(', ')} from read_csv(${literal(path)}, all_varchar = true, header = true)`))
}

async function opened(table: TestTable, contentVersion: string, load: (db: DuckDBConnection) => Promise<unknown>): Promise<Loaded> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  await db.run(`set threads = 2`)
  await load(db)
  return {
    dialect: 'duckdb',
    from: { schema: null, table: 'data' },
    columns: table.columns,
    contentVersion,
    async rows(statement, limit = 100_000): Promise<readonly ResultRow[]> {
      const values = statement.parameters.map((value) => (typeof value === 'boolean' || typeof value === 'number' || value === null ? value : String(value)))
      const rows = (await db.runAndReadAll(statement.sql, values)).getRowObjectsJS()
      if (rows.length > limit) throw new Error('too many')
      return rows
    },
    write: writesNothing,
    replace: (rows) => fill((sql) => db.run(sql), 'data', { ...table, rows }),
    async close() {
      db.closeSync()
      instance.closeSync()
    },
  }
}

/** A table in a PostgreSQL database: the embedded one, or that of `TEST_DATABASE_URL`. */
export async function postgresqlTable(database: Database, table: TestTable, contentVersion: string = randomUUID()): Promise<Loaded> {
  const from = `data_${randomUUID().slice(0, 8)}`
  const run = (sql: string) => database.db.executeQuery(CompiledQuery.raw(sql))
  await fill(run, from, table)
  return {
    dialect: 'postgresql',
    from: { schema: 'public', table: from },
    columns: table.columns,
    contentVersion,
    async rows(statement, limit = 100_000): Promise<readonly ResultRow[]> {
      const { rows } = await database.db.executeQuery<ResultRow>(CompiledQuery.raw(statement.sql, [...statement.parameters]))
      if (rows.length > limit) throw new Error('too many')
      return rows
    },
    write: writesNothing,
    replace: (rows) => fill(run, from, { ...table, rows }),
    close: async () => undefined,
  }
}
