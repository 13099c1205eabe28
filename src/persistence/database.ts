import { PGlite } from '@electric-sql/pglite'
import type { Filesystem } from '@electric-sql/pglite/basefs'
import { CompiledQuery, Kysely, PGliteDialect } from 'kysely'
import pg from 'pg'
import { LossAwareDialect } from './connection-loss.ts'
import { CoalescingSocket } from './coalescing-socket.ts'
import type { DirectoryLock } from './directory-lock.ts'
import { lockDirectory } from './directory-lock.ts'
import { migrate } from './migrate.ts'
import { preparing } from './prepared-statements.ts'
import { lastStatement } from './round-trips.ts'
import type { Execute } from './round-trips.ts'
import type { Schema } from './schema.ts'

/** A query handle for `store.ts` files: the database, or the transaction that is open. */
export type Queries = Kysely<Schema>

/** An open transaction. Inside it use only `db`, and do no network work. */
export interface Transaction {
  readonly db: Queries
  /** Calls `work` once the transaction is committed; never when it is rolled back. */
  afterCommit(work: () => void): void
  /** Runs a statement after all others, in their order, and in one go with the commit: what it locks is held no longer than it must. */
  atEnd<R>(ending: Ending<R>): void
}

/** A statement that ends a transaction, and who is told of its rows once it is committed. */
export interface Ending<R> {
  readonly statement: (db: Queries, kind: Database['kind']) => CompiledQuery<R>
  readonly committed: (rows: readonly R[]) => void
  /** What the transaction fails with in place of `error`, which the statement failed with. */
  readonly failed?: (error: unknown) => unknown
}

/** The one store of a connector. */
export interface Database {
  readonly kind: 'pglite' | 'postgresql'
  readonly db: Queries
  /** Runs `work` in one transaction; serialization failures and deadlocks are tried again (SQLSTATE 40001, 40P01). */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Runs one statement, which is a transaction of its own. */
  single<R>(statement: Ending<R>): Promise<void>
  close(): Promise<void>
}

/** Where the data is: a PostgreSQL address, or a folder for the embedded database (in tests `memory://`, with a file system of theirs). */
export type DatabaseLocation =
  | { readonly kind: 'postgresql'; readonly url: string; readonly poolSize: number }
  | { readonly kind: 'pglite'; readonly directory: string; readonly filesystem?: Filesystem }

/** Opens the database, brings its schema up to date, and gives the handle. Refuses a folder that another process uses. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const opened = location.kind === 'postgresql' ? openPostgresql(location) : await openPglite(location)
  const db = new Kysely<Schema>({ dialect: opened.dialect })
  const close = async () => {
    await db.destroy()
    await opened.release()
  }
  try {
    await migrate(db, location.kind)
  } catch (error) {
    await close()
    throw error
  }
  return { kind: location.kind, db, close, transaction: (work) => transact({ db, kind: location.kind }, work), single: (statement) => runSingle({ db, kind: location.kind }, statement) }
}

interface Opened {
  readonly dialect: LossAwareDialect | PGliteDialect
  release(): Promise<void>
}

function openPostgresql(location: { url: string; poolSize: number }): Opened {
  // int8 (20) comes as text from pg and as number from PGlite; our 64-bit columns stay below 2^53.
  const types = { getTypeParser: (id: number, format?: 'text' | 'binary') => (id === 20 ? Number : pg.types.getTypeParser(id, format)) }
  const pool = new pg.Pool({ connectionString: location.url, max: location.poolSize, types, connectionTimeoutMillis: 10_000, pipeline: true, stream: () => new CoalescingSocket() })
  // A connection that breaks while idle is dropped from the pool; the next query opens another.
  pool.on('error', () => undefined)
  // One that breaks between two statements of a transaction says so here as well; the next statement fails.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return { dialect: new LossAwareDialect({ pool: preparing(pool) }), release: async () => undefined }
}

async function openPglite(location: { directory: string; filesystem?: Filesystem }): Promise<Opened> {
  const inMemory = location.directory.startsWith('memory://')
  const lock: DirectoryLock | undefined = inMemory ? undefined : await lockDirectory(location.directory)
  const pglite = await PGlite.create({
    dataDir: location.directory,
    ...(location.filesystem === undefined ? {} : { fs: location.filesystem }),
  })
  return { dialect: new PGliteDialect({ pglite }), release: async () => lock?.release() }
}

const attempts = 5
const retryable = new Set(['40001', '40P01'])

async function transact<T>({ db, kind }: Pick<Database, 'db' | 'kind'>, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const after: (() => void)[] = []
    try {
      const result = await db.transaction().execute((trx) => workAndEnd({ db: trx, kind }, work, after))
      for (const task of after) task()
      return result
    } catch (error) {
      if (attempt >= attempts || !retryable.has(sqlState(error))) throw error
    }
  }
}

async function runSingle<R>({ db, kind }: Pick<Database, 'db' | 'kind'>, { statement, committed, failed = (error) => error }: Ending<R>): Promise<void> {
  const { rows } = await db.executeQuery(statement(db, kind)).catch((error: unknown) => {
    throw failed(error)
  })
  committed(rows)
}

async function workAndEnd<T>({ db, kind }: Pick<Database, 'db' | 'kind'>, work: (tx: Transaction) => Promise<T>, after: (() => void)[]): Promise<T> {
  const endings: ((execute: Execute) => Promise<void>)[] = []
  const told: (() => void)[] = []
  const afterCommit = (task: () => void) => void after.push(task)
  const atEnd = <R>({ statement, committed, failed = (error) => error }: Ending<R>) => {
    endings.push(async (execute) => {
      const { rows } = await execute(statement(db, kind)).catch((error: unknown) => {
        throw failed(error)
      })
      told.push(() => committed(rows))
    })
  }
  const result = await work({ db, afterCommit, atEnd })
  const last = endings.pop()
  const pipelines = kind === 'postgresql'
  const before = pipelines ? endings : []
  if (!pipelines) for (const end of endings) await end((query) => db.executeQuery(query))
  await last?.((query) => db.executeQuery(lastStatement(query, before)))
  // What the statements gave is told before the tasks run, which may build on it.
  after.unshift(...told)
  return result
}

/** The SQLSTATE of a database error, or an empty string. */
export function sqlState(error: unknown): string {
  return Error.isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether `error` says that a unique key exists already (SQLSTATE 23505). */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === '23505'
}

/** Whether the database answers. */
export async function isReachable(database: Database): Promise<boolean> {
  try {
    await database.db.executeQuery(CompiledQuery.raw('select 1'))
    return true
  } catch {
    return false
  }
}
