import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ProblemError } from '../../errors.ts'
import type { ResultRow, Statement, TableEngine, WantedAnswer, WrittenAnswer } from '../query/engine.ts'
import { answerOf, requireGeometry, takeFile } from './answer-file.ts'
import type { DuckDbPool } from './duckdb/pool.ts'
import { csvHeader, linesOf, valueOf } from './postgresql-fields.ts'
import type { TableSession } from './postgresql-session.ts'
import type { PostgresqlSources } from './postgresql.ts'
import type { Column, PostgresqlSource } from './source.ts'

export interface TableEngineDeps {
  readonly pool: Pick<DuckDbPool, 'export'>
  readonly postgresql: Pick<PostgresqlSources, 'session'>
  readonly directory: string
  readonly timeoutMs: number
  /** An answer may not become larger. */
  readonly maxBytes: number
}

/** The most rows that are given in memory. */
export const mostRows = 100_000
const mostRowsBytes = 64 * 1024 * 1024

/** Opens a table for the queries of one request. Until it is closed it has a connection of the pool. */
export async function openTableEngine(deps: TableEngineDeps, source: PostgresqlSource, declared: readonly Column[]): Promise<TableEngine> {
  const session = await deps.postgresql.session(source, deps.timeoutMs)
  try {
    const columns = declaredColumns(session.columns, declared)
    return {
      dialect: 'postgresql',
      from: { schema: session.schema, table: session.name },
      columns,
      contentVersion: 'live',
      rows: (statement, limit = mostRows, signal) => readRows({ session, timeoutMs: deps.timeoutMs, signal }, statement, limit),
      write: (statement, wanted) => writeAnswer(deps, session, { statement, wanted }),
      close: async () => session.close(),
    }
  } catch (error) {
    session.close()
    throw error
  }
}

// A table may have changed since its dataset was published: its own types count. Everything can be read as text.
function declaredColumns(found: readonly Column[], declared: readonly Column[]): Column[] {
  if (declared.length === 0) return [...found]
  return declared.map((column) => {
    const actual = found.find(({ name }) => name === column.name)
    if (actual === undefined) throw new ProblemError('invalid-source', `The dataset declares a column ${JSON.stringify(column.name)}, which its table does not have.`)
    return column.type === 'string' || column.type === actual.type ? column : { ...column, type: actual.type }
  })
}

interface Reading {
  readonly session: TableSession
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

// The server's own limit is for each statement; this one also ends a reader that is slow to take rows.
async function within({ timeoutMs, signal }: Reading, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const time = AbortSignal.timeout(timeoutMs)
  const isStopped = () => signal !== undefined && signal.aborted
  if (isStopped()) throw stopped()
  try {
    await work(signal === undefined ? time : AbortSignal.any([time, signal]))
  } catch (error) {
    throw isStopped() ? stopped() : error
  }
}

function stopped(): ProblemError {
  return new ProblemError('gone', 'The query was stopped.')
}

async function readRows(reading: Reading, statement: Statement, limit: number): Promise<readonly ResultRow[]> {
  const rows: ResultRow[] = []
  let bytes = 0
  const bounded = { ...statement, sql: `select * from (${statement.sql}) as bounded limit ${limit + 1}` }
  await within(reading, (signal) =>
    reading.session.read(
      bounded,
      (values, fields) => {
        for (const value of values) bytes += value?.length ?? 4
        if (rows.length === limit) throw new ProblemError('query-too-large', `The answer has more than ${limit} rows. Ask for fewer.`)
        if (bytes > mostRowsBytes) throw new ProblemError('query-too-large', 'The answer is too large. Ask for fewer rows or columns.')
        rows.push(Object.fromEntries(fields.map(({ name, dataTypeID }, index) => [name, valueOf(values[index] ?? null, dataTypeID)])))
        return undefined
      },
      signal,
    ),
  )
  return rows
}

async function writeAnswer(deps: TableEngineDeps, session: TableSession, { statement, wanted }: { readonly statement: Statement; readonly wanted: WantedAnswer }): Promise<WrittenAnswer> {
  requireGeometry(wanted)
  await mkdir(deps.directory, { recursive: true })
  const folder = await mkdtemp(join(deps.directory, 'job-'))
  try {
    const path = join(folder, 'rows')
    const { format } = wanted
    const rows = await writeLines({ session, timeoutMs: deps.timeoutMs, signal: wanted.signal }, { path, statement, wanted, maxBytes: deps.maxBytes })
    if (format !== 'parquet') return await answerOf(await takeFile(path), { format, rows })
    const known = wanted.columns.map(({ name, type }) => ({ name, type }))
    const handle = await deps.pool.export({ path, format: 'csv', known }, 'parquet', async (file) => takeFile(file.path))
    return await answerOf(handle, { format, rows })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const chunkChars = 64 * 1024

interface Lines {
  readonly path: string
  readonly statement: Statement
  readonly wanted: WantedAnswer
  readonly maxBytes: number
}

async function writeLines(reading: Reading, { path, statement, wanted, maxBytes }: Lines): Promise<number> {
  const asList = wanted.format === 'json' || wanted.format === 'geojson'
  const handle = await open(path, 'wx')
  let rows = 0
  let bytes = 0
  let text = wanted.format === 'csv' || wanted.format === 'parquet' ? `${csvHeader(wanted.columns)}\n` : asList ? '[' : ''
  // One write after the other, in order.
  let written = Promise.resolve()
  const write = () => {
    const chunk = Buffer.from(text)
    text = ''
    bytes += chunk.length
    if (bytes > maxBytes) throw new ProblemError('query-too-large', `The answer is larger than ${maxBytes} bytes in this format. Ask for less.`)
    written = written.then(() => handle.appendFile(chunk))
    return written
  }
  const onRow = ([line]: readonly (string | null)[]) => {
    const before = asList && rows > 0 ? ',\n' : ''
    rows += 1
    text += `${before}${line ?? ''}${asList ? '' : '\n'}`
    return text.length < chunkChars ? undefined : write()
  }
  try {
    await within(reading, (signal) => reading.session.read({ ...statement, sql: linesOf(statement.sql, wanted) }, onRow, signal))
    if (asList) text += ']\n'
    await write()
  } finally {
    await written.catch(() => undefined)
    await handle.close()
  }
  return rows
}
