import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ProblemError } from '../../../errors.ts'
import type { ResultRow, Statement } from '../../query/engine.ts'
import type { Column, InputFormat, TabularFormat } from '../source.ts'
import type { Ends } from './ask.ts'
import { ask, sizeOf, tooMuch } from './ask.ts'
import type { Child, Children } from './children.ts'
import { createChildren } from './children.ts'
import type { FileWanted, Job, JobLimits, KnownColumn, QueryJob, RowsWanted } from './job.ts'

export interface DuckDbInput {
  readonly path: string
  readonly format: InputFormat
  readonly known?: readonly KnownColumn[]
}

export interface DuckDbResult {
  readonly columns: Column[]
  readonly rows: number
}

/** Child processes that read tabular files. Started when needed, ended when idle. */
export interface DuckDbPool {
  inspect(input: DuckDbInput): Promise<DuckDbResult>
  /** Writes the rows to a file and hands it to `take`, which must be done with it (moved it) when it resolves. */
  export<T>(input: DuckDbInput, to: TabularFormat, take: (file: DuckDbResult & { readonly path: string }) => Promise<T>): Promise<T>
  /** Runs a query and hands what it gave to `take`, which must be done with the file (moved or opened it) when it resolves. */
  query<T>(query: DuckDbQuery, take: (answer: DuckDbAnswer) => Promise<T>): Promise<T>
  /** The process ids of the children, for tests and for operators. */
  children(): number[]
  close(): Promise<void>
}

/** A query on a Parquet file that the connector wrote, as the view `data` with the declared columns. */
export interface DuckDbQuery {
  readonly path: string
  readonly declared: readonly KnownColumn[]
  readonly statement: Statement
  readonly answer: RowsWanted | Omit<FileWanted, 'name'>
  readonly timeoutMs: number
  /** Stops the query. */
  readonly signal?: AbortSignal
}

export interface DuckDbAnswer {
  readonly rows: number
  /** The rows, where rows were wanted. */
  readonly found: readonly ResultRow[]
  /** The file, where one was wanted. */
  readonly path: string
}

export interface DuckDbPoolOptions {
  /** Where the private folders of jobs are made. */
  readonly directory: string
  readonly processes?: number
  readonly timeoutMs?: number
  readonly idleMs?: number
  /** An exported file may not become larger. */
  readonly maxOutputBytes?: number
  readonly limits?: Partial<JobLimits>
}

const defaultLimits: JobLimits = { memory: '512MB', threads: Math.min(2, availableParallelism()), spill: '4GB', maxColumns: 4096, maxLineBytes: 1024 * 1024 }

/** Makes the pool. A child that crashes, hangs or writes too much costs its own job only. */
export function createDuckDbPool(options: DuckDbPoolOptions): DuckDbPool {
  const { processes = 2, timeoutMs = 10 * 60_000, idleMs = 30_000, maxOutputBytes = 64 * 1024 ** 3 } = options
  const limits = { ...defaultLimits, ...options.limits }
  const children = createChildren({ most: processes, idleMs })
  const running = new Set<Promise<unknown>>()
  const track = <T>(work: Promise<T>) => tracked(running, work)
  let nextId = 1
  let closed = false

  async function run<T>(input: DuckDbInput, to: TabularFormat | undefined, take: (result: DuckDbResult & { path: string }) => Promise<T>): Promise<T> {
    if (closed) throw new ProblemError('gone', 'The connector is stopping.')
    await mkdir(options.directory, { recursive: true })
    const folder = await realpath(await mkdtemp(join(options.directory, 'job-')))
    try {
      const { known, format } = input
      const path = await realpath(input.path)
      const job: Job = { id: nextId++, path, format, folder, limits, ...(to === undefined ? {} : { to }), ...(known === undefined ? {} : { known }) }
      const child = await children.acquire()
      const answer = await ask(child, job, { ends: reading(timeoutMs), maxOutputBytes, out: join(folder, 'out') }).finally(() => children.release(child))
      if (!answer.ok) throw new ProblemError(answer.code, answer.message)
      if ((await sizeOf(join(folder, 'out'))) > maxOutputBytes) throw tooMuch(job, maxOutputBytes)
      return await take({ columns: answer.columns, rows: answer.rows, path: join(folder, 'out') })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async function query<T>(wanted: DuckDbQuery, take: (answer: DuckDbAnswer) => Promise<T>): Promise<T> {
    if (closed) throw new ProblemError('gone', 'The connector is stopping.')
    const { path, declared, statement, answer } = wanted
    const ends = ending(wanted)
    const child = await within(children, path, ends)
    const id = nextId++
    const name = `out-${id}`
    try {
      const folder = await children.folder(child, options.directory)
      const job: QueryJob = { id, path, declared, folder, statement, limits, answer: 'most' in answer ? answer : { ...answer, name } }
      const out = join(folder, name)
      const told = await ask(child, job, { ends, maxOutputBytes, out })
      if (!told.ok) throw ends.signal.aborted ? ends.why() : new ProblemError(told.code, told.message, told.cause === undefined ? {} : { cause: new Error(told.cause) })
      if ((await sizeOf(out)) > maxOutputBytes) throw tooMuch(job, maxOutputBytes)
      return await take({ rows: told.rows, found: told.found ?? [], path: out })
    } finally {
      children.release(child)
      await rm(join(await children.folder(child, options.directory), name), { force: true })
    }
  }

  return {
    inspect: (input) => track(run(input, undefined, async ({ columns, rows }) => ({ columns, rows }))),
    export: (input, to, take) => track(run(input, to, take)),
    query: (wanted, take) => track(query(wanted, take)),
    children: () => children.pids(),
    async close() {
      closed = true
      await children.end()
      await Promise.all(running)
    },
  }
}

// Closing waits for what is running.
function tracked<T>(running: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  const done = work.then(
    () => undefined,
    () => undefined,
  )
  running.add(done)
  void done.then(() => running.delete(done))
  return work
}

function reading(timeoutMs: number): Ends {
  return { signal: AbortSignal.timeout(timeoutMs), why: () => new ProblemError('query-timeout', `Reading the file took longer than ${Math.round(timeoutMs / 1000)} s.`) }
}

function ending({ signal, timeoutMs }: DuckDbQuery): Ends {
  const time = AbortSignal.timeout(timeoutMs)
  const late = () => new ProblemError('query-timeout', `The query took longer than ${Math.round(timeoutMs / 1000)} s. Ask for less.`)
  if (signal === undefined) return { signal: time, why: late }
  return { signal: AbortSignal.any([time, signal]), why: () => (signal.aborted ? new ProblemError('gone', 'The query was stopped.') : late()) }
}

// Waiting for a child counts as well.
async function within(children: Children, path: string, { signal, why }: Ends): Promise<Child> {
  if (signal.aborted) throw why()
  const { promise, resolve, reject } = Promise.withResolvers<Child>()
  const onAbort = () => reject(why())
  signal.addEventListener('abort', onAbort)
  void children.acquire(path).then((child) => {
    if (signal.aborted) return children.release(child)
    child.queried = path
    resolve(child)
  })
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}
