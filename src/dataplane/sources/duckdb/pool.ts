import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ProblemError } from '../../../errors.ts'
import type { Column, InputFormat, TabularFormat } from '../source.ts'
import type { Job, JobAnswer, JobLimits, KnownColumn } from './job.ts'

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
  /** The process ids of the children, for tests and for operators. */
  children(): number[]
  close(): Promise<void>
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

interface Child {
  readonly process: ChildProcess
  busy: boolean
  idle: NodeJS.Timeout | undefined
}

const defaultLimits: JobLimits = { memory: '512MB', threads: Math.min(2, availableParallelism()), spill: '4GB', maxColumns: 4096, maxLineBytes: 1024 * 1024 }
const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

/** Makes the pool. A child that crashes, hangs or writes too much costs its own job only. */
export function createDuckDbPool(options: DuckDbPoolOptions): DuckDbPool {
  const { processes = 2, timeoutMs = 10 * 60_000, idleMs = 30_000, maxOutputBytes = 64 * 1024 ** 3 } = options
  const limits = { ...defaultLimits, ...options.limits }
  const children = createChildren({ most: processes, idleMs })
  const running = new Set<Promise<unknown>>()
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
      const answer = await ask(child, job, { timeoutMs, maxOutputBytes }).finally(() => children.release(child))
      if (!answer.ok) throw new ProblemError(answer.code, answer.message)
      if ((await sizeOf(join(folder, 'out'))) > maxOutputBytes) throw tooMuch(maxOutputBytes)
      return await take({ columns: answer.columns, rows: answer.rows, path: join(folder, 'out') })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  function track<T>(work: Promise<T>): Promise<T> {
    const done = work.then(
      () => undefined,
      () => undefined,
    )
    running.add(done)
    void done.then(() => running.delete(done))
    return work
  }

  return {
    inspect: (input) => track(run(input, undefined, async ({ columns, rows }) => ({ columns, rows }))),
    export: (input, to, take) => track(run(input, to, take)),
    children: () => children.pids(),
    async close() {
      closed = true
      await children.end()
      await Promise.all(running)
    },
  }
}

interface Children {
  acquire(): Promise<Child>
  release(child: Child): void
  pids(): number[]
  end(): Promise<void>
}

function createChildren(options: { readonly most: number; readonly idleMs: number }): Children {
  const children = new Set<Child>()
  const waiting: ((child: Child) => void)[] = []

  function start(): Child {
    // No environment: what is in it is none of the child's business.
    const child: Child = { process: fork(worker, [], { execArgv: [], env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }), busy: true, idle: undefined }
    children.add(child)
    child.process.on('exit', () => lose(child))
    child.process.on('error', () => lose(child))
    return child
  }

  function lose(child: Child): void {
    clearTimeout(child.idle)
    if (!children.delete(child)) return
    const next = waiting.shift()
    if (next !== undefined) next(start())
  }

  return {
    acquire() {
      const free = [...children].find((child) => !child.busy && !child.process.killed)
      if (free === undefined) return children.size < options.most ? Promise.resolve(start()) : new Promise((resolve) => waiting.push(resolve))
      clearTimeout(free.idle)
      free.busy = true
      refer(free, true)
      return Promise.resolve(free)
    },
    release(child) {
      if (!children.has(child) || child.process.killed) return
      const next = waiting.shift()
      if (next !== undefined) return next(child)
      child.busy = false
      refer(child, false)
      child.idle = setTimeout(() => child.process.kill('SIGKILL'), options.idleMs)
      child.idle.unref()
    },
    pids: () => [...children].flatMap((child) => child.process.pid ?? []),
    async end() {
      const ended = [...children].map((child) => new Promise((resolve) => child.process.once('exit', resolve)))
      for (const child of children) {
        refer(child, true)
        child.process.kill('SIGKILL')
      }
      await Promise.all(ended)
    },
  }
}

// An idle child does not keep this process alive; one at work does.
function refer(child: Child, needed: boolean): void {
  if (needed) {
    child.process.ref()
    child.process.channel?.ref()
  } else {
    child.process.unref()
    child.process.channel?.unref()
  }
}

function ask(child: Child, job: Job, bounds: { timeoutMs: number; maxOutputBytes: number }): Promise<JobAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      clearInterval(watch)
      child.process.off('message', onMessage)
      child.process.off('exit', onExit)
      finish()
    }
    const end = (error: ProblemError) => {
      child.process.kill('SIGKILL')
      settle(() => reject(error))
    }
    const onMessage = (message: unknown) => {
      if (isAnswer(message, job.id)) settle(() => resolve(message))
    }
    const onExit = () => settle(() => reject(new ProblemError('invalid-source', 'Reading the file ended abnormally. It may need more memory than is allowed; publish it in smaller parts.')))
    const timer = setTimeout(() => end(new ProblemError('query-timeout', `Reading the file took longer than ${Math.round(bounds.timeoutMs / 1000)} s.`)), bounds.timeoutMs)
    const watch = setInterval(() => {
      void sizeOf(join(job.folder, 'out')).then((size) => {
        if (size > bounds.maxOutputBytes) end(tooMuch(bounds.maxOutputBytes))
      })
    }, 500)
    child.process.on('message', onMessage)
    child.process.on('exit', onExit)
    if (child.process.connected) child.process.send(job)
    else onExit()
  })
}

function tooMuch(bytes: number): ProblemError {
  return new ProblemError('invalid-source', `The data unpacks to more than ${bytes} bytes in this format.`)
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}

function isAnswer(message: unknown, id: number): message is JobAnswer {
  return typeof message === 'object' && message !== null && 'id' in message && message.id === id
}
