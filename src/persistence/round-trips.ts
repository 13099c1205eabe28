import { CompiledQuery } from 'kysely'
import type { AbortableOperationOptions, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely'

interface LastStatement<R> extends CompiledQuery<R> {
  readonly last: true
}

/** Marks the statement that ends a transaction: it and the commit are sent together. Nothing may follow it. */
export function lastStatement<R>(query: CompiledQuery<R>): LastStatement<R> {
  return { ...query, last: true }
}

/**
 * Transactions with fewer round trips: `begin` goes out with the first statement, and `commit` with the one that is marked as
 * the last, without waiting for the answers between. The locks of the last statement are then held for as long as the
 * database takes, and not until we come to ask for the commit. When a statement fails, PostgreSQL makes a rollback of
 * the commit behind it.
 */
export class PipeliningDriver implements Driver {
  private readonly inner: Driver

  constructor(inner: Driver) {
    this.inner = inner
  }

  async acquireConnection(options?: AbortableOperationOptions): Promise<DatabaseConnection> {
    return new PipeliningConnection(await this.inner.acquireConnection(options))
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const plain = settings.isolationLevel === undefined && settings.accessMode === undefined
    if (plain && connection instanceof PipeliningConnection) connection.begin()
    else await this.inner.beginTransaction(innerOf(connection), settings)
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    if (!(connection instanceof PipeliningConnection) || !(await connection.isCommitted())) await this.inner.commitTransaction(innerOf(connection))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (!(connection instanceof PipeliningConnection) || !(await connection.isOver())) await this.inner.rollbackTransaction(innerOf(connection))
  }

  init = (options?: AbortableOperationOptions) => this.inner.init(options)
  destroy = (options?: AbortableOperationOptions) => this.inner.destroy(options)
  releaseConnection = (connection: DatabaseConnection, options?: AbortableOperationOptions) => this.inner.releaseConnection(innerOf(connection), options)
}

class PipeliningConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection
  private toBegin = false
  private commit: Promise<QueryResult<unknown>> | undefined

  constructor(inner: DatabaseConnection) {
    this.inner = inner
  }

  begin(): void {
    this.toBegin = true
    this.commit = undefined
  }

  async executeQuery<R>(query: CompiledQuery, options?: AbortableOperationOptions): Promise<QueryResult<R>> {
    const begun = this.takeBegin()
    const answer = this.inner.executeQuery<R>(query, options)
    if ('last' in query) {
      this.commit = this.inner.executeQuery(CompiledQuery.raw('commit'))
      // It is looked at when the transaction ends; until then a failure is not an unhandled one.
      this.commit.catch(() => undefined)
    }
    const [result] = await Promise.all([answer, begun])
    return result
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number, options?: AbortableOperationOptions): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery<R>(query, chunkSize, options)
  }

  /** Whether the commit was sent and is done, or nothing was begun; throws what it failed with. */
  async isCommitted(): Promise<boolean> {
    if (this.toBegin) {
      this.toBegin = false
      return true
    }
    await this.commit
    return this.commit !== undefined
  }

  /** Whether there is nothing to roll back: the commit has had its answer, or nothing was begun. */
  async isOver(): Promise<boolean> {
    const begun = !this.toBegin
    this.toBegin = false
    await this.commit?.catch(() => undefined)
    return !begun || this.commit !== undefined
  }

  private takeBegin(): Promise<unknown> | undefined {
    if (!this.toBegin) return undefined
    this.toBegin = false
    return this.inner.executeQuery(CompiledQuery.raw('begin'))
  }
}

function innerOf(connection: DatabaseConnection): DatabaseConnection {
  return connection instanceof PipeliningConnection ? connection.inner : connection
}
