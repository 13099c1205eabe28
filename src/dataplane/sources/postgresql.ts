import { Readable, Transform } from 'node:stream'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Connection, PoolClient, Submittable } from 'pg'
import { ProblemError } from '../../errors.ts'
import { begin, openSession, release, tableFailure } from './postgresql-session.ts'
import type { TableSession } from './postgresql-session.ts'
import type { Column, ColumnType, PostgresqlSource } from './source.ts'

/** Tables of other databases, read only. */
export interface PostgresqlSources {
  /** Columns and row count. */
  inspect(source: PostgresqlSource): Promise<{ columns: Column[]; rows: number }>
  /** Opens a table for one reading; nothing is read until `stream`. */
  open(source: PostgresqlSource): Promise<OpenTable>
  /** Opens a table for several statements that see the same content: one transaction, in which each statement has `timeoutMs`. */
  session(source: PostgresqlSource, timeoutMs: number): Promise<TableSession>
  close(): Promise<void>
}

export interface OpenTable {
  readonly columns: readonly Column[]
  /** The rows; afterwards `rows()` tells how many they were. The connection is given back when the stream ends or is destroyed. */
  stream(format: 'csv' | 'ndjson' | 'json'): Readable
  rows(): number | undefined
  /** Gives the connection back without reading. */
  close(): void
}

interface InformationSchema {
  'information_schema.columns': {
    table_schema: string
    table_name: string
    column_name: string
    data_type: string
    is_nullable: string
    ordinal_position: number
  }
}

interface TableColumn extends Column {
  readonly stored: string
}

interface Table {
  readonly schema: string
  readonly name: string
  readonly columns: readonly TableColumn[]
}

interface Source {
  readonly pool: pg.Pool
  readonly db: Kysely<InformationSchema>
}

function namesOf(connections: Readonly<Record<string, string>>): string {
  const names = Object.keys(connections)
  return names.length === 0 ? 'None is configured: set CONCORDAT_POSTGRESQL_<NAME>.' : `There are: ${names.join(', ')}.`
}

/** Opens connections when they are first needed. */
export function createPostgresqlSources(deps: { readonly connections: Readonly<Record<string, string>>; readonly timeoutMs: number }): PostgresqlSources {
  const open = new Map<string, Source>()

  function connectionOf(name: string): string {
    const connectionString = Object.hasOwn(deps.connections, name) ? deps.connections[name] : undefined
    if (connectionString === undefined) throw new ProblemError('invalid-source', `There is no PostgreSQL connection named ${name}. ${namesOf(deps.connections)}`)
    return connectionString
  }

  function sourceOf(name: string): Source {
    const existing = open.get(name)
    if (existing !== undefined) return existing
    const connectionString = connectionOf(name)
    const pool = new pg.Pool({ connectionString, max: 8, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 30_000, allowExitOnIdle: true })
    // A connection that breaks while idle is dropped from the pool; the next query opens another.
    pool.on('error', () => undefined)
    const source = { pool, db: new Kysely<InformationSchema>({ dialect: new PostgresDialect({ pool }) }) }
    open.set(name, source)
    return source
  }

  return {
    inspect: (source) => reading(async () => {
      const { pool, db } = sourceOf(source.connection)
      const table = await findTable(db, source.table)
      const client = await begin(pool, deps.timeoutMs)
      try {
        const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${from(table)}`)
        return { columns: table.columns.map(({ name, type, nullable }) => ({ name, type, nullable })), rows: Number(rows[0]?.n) }
      } finally {
        release(client)
      }
    }),
    open: (source) => reading(async () => {
      const { pool, db } = sourceOf(source.connection)
      const table = await findTable(db, source.table)
      return openTable(table, await begin(pool, deps.timeoutMs))
    }),
    session: (source, timeoutMs) => reading(async () => {
      const { pool, db } = sourceOf(source.connection)
      const table = await findTable(db, source.table)
      return openSession(table, await begin(pool, timeoutMs), connectionOf(source.connection))
    }),
    async close() {
      await Promise.all([...open.values()].map(({ db }) => db.destroy()))
    },
  }
}

async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw tableFailure(error)
  }
}

// A name is looked up, never put into SQL as it came; what goes into SQL is what the catalogue answers, quoted.
async function findTable(db: Kysely<InformationSchema>, name: string): Promise<Table> {
  const parts = name.split('.')
  const [first = '', second] = parts
  const schema = second === undefined ? 'public' : first
  const rows = await db
    .selectFrom('information_schema.columns')
    .select(['table_schema', 'table_name', 'column_name', 'data_type', 'is_nullable'])
    .where('table_schema', '=', schema)
    .where('table_name', '=', second ?? first)
    .orderBy('ordinal_position')
    .execute()
  const [row] = rows
  if (row === undefined || parts.length > 2) throw new ProblemError('invalid-source', `There is no table or view ${JSON.stringify(name)}, or the connection's user may not read it.`)
  return {
    schema: row.table_schema,
    name: row.table_name,
    columns: rows.map((column) => ({ name: column.column_name, type: typeOf(column.data_type), nullable: column.is_nullable === 'YES', stored: column.data_type })),
  }
}

function typeOf(type: string): ColumnType {
  if (/^(smallint|integer|bigint)$/.test(type)) return 'integer'
  if (/^(numeric|real|double precision)$/.test(type)) return 'number'
  if (type === 'boolean') return 'boolean'
  if (type === 'date') return 'date'
  if (type.startsWith('timestamp')) return 'datetime'
  if (type === 'time without time zone') return 'time'
  return /^(jsonb?|ARRAY)$/.test(type) ? 'object' : 'string'
}

function openTable(table: Table, client: PoolClient): OpenTable {
  let rows: number | undefined
  let used = false
  // A connection that breaks between here and the reading is noticed by the reading.
  const onError = () => undefined
  client.on('error', onError)
  const giveBack = (broken: boolean) => {
    client.off('error', onError)
    if (broken) client.release(true)
    else release(client)
  }
  return {
    columns: table.columns,
    rows: () => rows,
    close() {
      if (!used) giveBack(false)
      used = true
    },
    stream(format) {
      used = true
      const copy = copyOut(copyStatement(table, format), { onRows: (count) => (rows = count), onEnd: giveBack })
      client.query(copy)
      if (format !== 'json') return copy.output
      const array = jsonArray()
      copy.output.on('error', (error) => array.destroy(error))
      array.on('close', () => copy.output.destroy())
      return copy.output.pipe(array)
    },
  }
}

function from(table: Table): string {
  return `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`
}

function copyStatement(table: Table, format: 'csv' | 'ndjson' | 'json'): string {
  const columns = table.columns.map((column) => `${expression(column, format)} as ${pg.escapeIdentifier(column.name)}`)
  const select = `select ${columns.join(', ')} from ${from(table)} as t`
  if (format === 'csv') return `copy (${select}) to stdout (format csv, header)`
  // JSON text has control characters only escaped, so that with these two a line is written as it is.
  return `copy (select row_to_json(r)::text from (${select}) as r) to stdout (format csv, delimiter e'\\x02', quote e'\\x01')`
}

function expression(column: TableColumn, format: 'csv' | 'ndjson' | 'json'): string {
  const name = `t.${pg.escapeIdentifier(column.name)}`
  if (format === 'csv') {
    if (column.type === 'datetime') return `replace(replace(${name}::text, ' ', 'T'), '+00', 'Z')`
    if (column.type === 'boolean') return `${name}::text`
    return column.type === 'object' ? `to_jsonb(${name})` : name
  }
  // `json` keeps line ends as they were written; `jsonb` does not. NaN and infinity are not JSON (RFC 8259 §6).
  if (column.stored === 'json') return `${name}::jsonb`
  return /^(real|double precision|numeric)$/.test(column.stored) ? `case when ${name}::text not in ('NaN', 'Infinity', '-Infinity') then ${name} end` : name
}

interface CopyOut extends Submittable {
  readonly output: Readable
  handleCopyData(message: { readonly chunk: Buffer }): void
  handleCommandComplete(message: { readonly text: string }): void
  handleReadyForQuery(): void
  handleError(error: Error): void
}

// COPY … TO STDOUT as a stream: PostgreSQL writes the text, the connection stops while nobody reads.
function copyOut(text: string, on: { onRows: (rows: number) => void; onEnd: (broken: boolean) => void }): CopyOut {
  let connection: Connection | undefined
  let ended = false
  const end = (broken: boolean) => {
    if (ended) return
    ended = true
    connection?.stream.resume()
    // The client is told once it has finished with this message.
    setImmediate(() => on.onEnd(broken))
  }
  const output = new Readable({
    highWaterMark: 256 * 1024,
    read: () => connection?.stream.resume(),
    destroy(error, done) {
      // Whoever leaves in the middle leaves a connection that is still sending: it is closed.
      end(true)
      done(error)
    },
  })
  return {
    output,
    submit(opened) {
      connection = opened
      opened.query(text)
    },
    handleCopyData({ chunk }) {
      // The chunk is part of the connection's buffer, which is used again.
      if (!output.destroyed && !output.push(Buffer.from(chunk))) connection?.stream.pause()
    },
    handleCommandComplete(message) {
      const rows = /^COPY (\d+)$/.exec(message.text)?.[1]
      if (rows !== undefined) on.onRows(Number(rows))
    },
    handleReadyForQuery() {
      if (output.destroyed) return
      end(false)
      output.push(null)
    },
    handleError(error) {
      output.destroy(error)
    },
  }
}

// Lines of JSON as one array: no line end occurs inside a line.
function jsonArray(): Transform {
  let begun = false
  let pending = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = chunk.toString('latin1')
      const open = begun ? (pending ? ',\n' : '') : '['
      begun = true
      pending = text.endsWith('\n')
      done(null, Buffer.from(open + (pending ? text.slice(0, -1) : text).replaceAll('\n', ',\n'), 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(begun ? ']\n' : '[]\n'))
    },
  })
}
