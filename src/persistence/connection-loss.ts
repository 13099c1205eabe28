import { PostgresDialect } from 'kysely'
import type { AbortableOperationOptions, CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely'
import { ProblemError } from '../errors.ts'
import { PipeliningDriver } from './round-trips.ts'

/**
 * PostgreSQL whose lost connections are refusals ('store-unavailable', 503) and not bugs. They are told apart here, where
 * they happen, so that every query says so.
 */
export class LossAwareDialect extends PostgresDialect {
  override createDriver(): Driver {
    return new LossAwareDriver(new PipeliningDriver(super.createDriver()))
  }
}

class LossAwareDriver implements Driver {
  private readonly inner: Driver

  constructor(inner: Driver) {
    this.inner = inner
  }

  async acquireConnection(options?: AbortableOperationOptions): Promise<DatabaseConnection> {
    return new LossAwareConnection(await telling(this.inner.acquireConnection(options)))
  }

  init = (options?: AbortableOperationOptions) => telling(this.inner.init(options))
  destroy = (options?: AbortableOperationOptions) => this.inner.destroy(options)
  beginTransaction = (connection: DatabaseConnection, settings: TransactionSettings) => telling(this.inner.beginTransaction(innerOf(connection), settings))
  commitTransaction = (connection: DatabaseConnection) => telling(this.inner.commitTransaction(innerOf(connection)))
  rollbackTransaction = (connection: DatabaseConnection) => telling(this.inner.rollbackTransaction(innerOf(connection)))
  releaseConnection = (connection: DatabaseConnection, options?: AbortableOperationOptions) => this.inner.releaseConnection(innerOf(connection), options)
}

class LossAwareConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection

  constructor(inner: DatabaseConnection) {
    this.inner = inner
  }

  executeQuery<R>(query: CompiledQuery, options?: AbortableOperationOptions): Promise<QueryResult<R>> {
    return telling(this.inner.executeQuery<R>(query, options))
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number, options?: AbortableOperationOptions): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery<R>(query, chunkSize, options)
  }
}

function innerOf(connection: DatabaseConnection): DatabaseConnection {
  return connection instanceof LossAwareConnection ? connection.inner : connection
}

async function telling<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw isConnectionLoss(error) ? new ProblemError('store-unavailable', 'The database cannot be reached. Try again in a moment.', { cause: error }) : error
  }
}

// A FATAL error of PostgreSQL ends or refuses the session, whatever its SQLSTATE. 08: connection exceptions; 57P01 to 57P03: server
// shutting down or starting; 53300: no connection left. The rest are Node's socket errors and pg's own texts.
function isConnectionLoss(error: unknown): boolean {
  if (!Error.isError(error)) return false
  if ('severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC')) return true
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (/^08|^57P0[123]$|^53300$|^E(CONN|PIPE|NOTFOUND|TIMEDOUT|HOSTUNREACH|AI_AGAIN)/.test(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/i.test(error.message)
}
