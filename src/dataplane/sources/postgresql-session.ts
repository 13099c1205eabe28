import pg from 'pg'
import type { PoolClient } from 'pg'
import { ProblemError } from '../../errors.ts'
import type { Statement } from '../query/engine.ts'
import type { OnRow } from './row-reader.ts'
import { rowReader } from './row-reader.ts'
import type { Column } from './source.ts'

/** A table opened for several statements that see the same content. */
export interface TableSession {
  readonly schema: string
  readonly name: string
  readonly columns: readonly Column[]
  /** Hands over row by row; the error of `onRow` ends it. When `signal` aborts, the server is told to stop. */
  read(statement: Statement, onRow: OnRow, signal: AbortSignal): Promise<void>
  close(): void
}

/** What a reader is told of an error of a database. */
export function tableFailure(error: unknown): unknown {
  if (Error.isError(error) && error.name === 'ProblemError') return error
  const code = Error.isError(error) && 'code' in error ? String(error.code) : ''
  // 57014: query_canceled, which is what statement_timeout does.
  if (code === '57014') return new ProblemError('query-timeout', 'The table took too long to read.', { cause: error })
  // 22: a value that its type does not hold. 53, 54: memory, disk, limits.
  if (code.startsWith('22')) return new ProblemError('invalid-query', 'A number of the answer is larger than can be written.', { cause: error })
  if (/^5[34]/.test(code)) return new ProblemError('query-too-large', 'The query needs more than the database allows. Ask for less.', { cause: error })
  return new ProblemError('source-failed', 'The database of the source cannot be read.', { cause: error })
}

/** Begins a transaction that only reads and sees one moment. */
export async function begin(pool: pg.Pool, timeoutMs: number): Promise<PoolClient> {
  const client = await pool.connect()
  try {
    await client.query(`begin transaction isolation level repeatable read read only; set local statement_timeout = ${Math.round(timeoutMs)}; set local timezone = 'UTC'; set local datestyle = 'ISO'; set local jit = off; set local work_mem = '64MB'`)
    return client
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** Ends the transaction and gives the connection back. */
export function release(client: PoolClient): void {
  client.query('rollback').then(
    () => client.release(),
    () => client.release(true),
  )
}

/** Statements in the transaction that `client` has begun; `connectionString` is for stopping them from beside. */
export async function openSession(table: { readonly schema: string; readonly name: string; readonly columns: readonly Column[] }, client: PoolClient, connectionString: string): Promise<TableSession> {
  const onError = () => undefined
  client.on('error', onError)
  let broken = false
  let closed = false
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid').catch((error: unknown) => {
    client.release(true)
    throw error
  })
  const pid = rows[0]?.pid ?? 0
  return {
    schema: table.schema,
    name: table.name,
    columns: table.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
    async read(statement, onRow, signal) {
      signal.throwIfAborted()
      const reader = rowReader(statement, onRow)
      const stop = () => void cancel(connectionString, pid).catch(() => undefined)
      signal.addEventListener('abort', stop)
      try {
        client.query(reader)
        await reader.done
      } catch (error) {
        // Rows may still be on their way: nothing else is asked of this connection.
        broken = true
        throw tableFailure(error)
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    close() {
      if (closed) return
      closed = true
      client.off('error', onError)
      if (broken) client.release(true)
      else release(client)
    },
  }
}

// On a connection of its own: those of the pool may all be busy.
async function cancel(connectionString: string, pid: number): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('select pg_cancel_backend($1)', [pid])
  } finally {
    await client.end()
  }
}
