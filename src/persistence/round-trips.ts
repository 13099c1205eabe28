import { CompiledQuery } from 'kysely'
import type { AbortableOperationOptions, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely'

/** Runs a statement on the connection of a transaction, without waiting for those before it. */
export type Execute = <R>(query: CompiledQuery<R>) => Promise<QueryResult<R>>

interface LastStatement<R> extends CompiledQuery<R> {
  readonly before: readonly ((execute: Execute) => Promise<unknown>)[]
}

/** Marks the statement that ends a transaction. It goes out together with those `before` it and with the commit; nothing may follow. */
export function lastStatement<R>(query: CompiledQuery<R>, before: LastStatement<R>['before']): LastStatement<R> {
  return { ...query, before }
}

function isLast(query: CompiledQuery): query is LastStatement<unknown> {
  return 'before' in query
}

/**
 * Transactions with fewer round trips: `begin` goes out with the first statement, and `commit` with those that end the
 * transaction, without waiting for the answers between. The locks of these are then held for as long as the database
 * takes, and not until we come to ask for the commit. When a statement fails, PostgreSQL makes a rollback of the commit
 * behind it.
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
    if (!isLast(query)) return (await Promise.all([this.inner.executeQuery<R>(query, options), begun]))[0]
    const before = query.before.map((run) => run((other) => this.inner.executeQuery(other)))
    const answer = this.inner.executeQuery<R>(query, options)
    this.commit = this.inner.executeQuery(CompiledQuery.raw('commit'))
    // It is looked at when the transaction ends; until then a failure is not an unhandled one.
    this.commit.catch(() => undefined)
    // The first that fails is told: those behind it fail because of it.
    const failed = (await Promise.allSettled([begun, ...before, answer])).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
    return await answer
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
