import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A child process that runs DuckDB. */
export interface Child {
  readonly process: ChildProcess
  busy: boolean
  idle: NodeJS.Timeout | undefined
  /** Where the answers to its queries are written: it keeps files open, so the place stays the same. */
  folder: Promise<string> | undefined
  /** The file that it queried last. */
  queried: string | undefined
}

/** The children of a pool, each lent for one job at a time. */
export interface Children {
  /** One that queried this file last, if there is one free. */
  acquire(queried?: string): Promise<Child>
  release(child: Child): void
  /** The child's own folder, made below `directory` and gone with the child. */
  folder(child: Child, directory: string): Promise<string>
  pids(): number[]
  end(): Promise<void>
}

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

export function createChildren(options: { readonly most: number; readonly idleMs: number }): Children {
  const children = new Set<Child>()
  const waiting: ((child: Child) => void)[] = []
  const removals = new Set<Promise<unknown>>()

  function start(): Child {
    // No environment: what is in it is none of the child's business.
    const child: Child = { process: fork(worker, [], { execArgv: [], env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }), busy: true, idle: undefined, folder: undefined, queried: undefined }
    children.add(child)
    child.process.on('exit', () => lose(child))
    child.process.on('error', () => lose(child))
    return child
  }

  function lose(child: Child): void {
    clearTimeout(child.idle)
    if (!children.delete(child)) return
    const removal = (async () => child.folder !== undefined && (await rm(await child.folder, { recursive: true, force: true })))().catch(() => undefined)
    removals.add(removal)
    void removal.then(() => removals.delete(removal))
    const next = waiting.shift()
    if (next !== undefined) next(start())
  }

  return {
    acquire(queried) {
      const free = [...children].filter((child) => !child.busy && !child.process.killed)
      const child = free.find((child) => queried !== undefined && child.queried === queried) ?? free[0]
      if (child === undefined) return children.size < options.most ? Promise.resolve(start()) : new Promise((resolve) => waiting.push(resolve))
      clearTimeout(child.idle)
      child.busy = true
      refer(child, true)
      return Promise.resolve(child)
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
    folder(child, directory) {
      child.folder ??= mkdir(directory, { recursive: true }).then(async () => realpath(await mkdtemp(join(directory, 'job-'))))
      return child.folder
    },
    pids: () => [...children].flatMap((child) => child.process.pid ?? []),
    async end() {
      const ended = [...children].map((child) => new Promise((resolve) => child.process.once('exit', resolve)))
      for (const child of children) {
        refer(child, true)
        child.process.kill('SIGKILL')
      }
      await Promise.all(ended)
      await Promise.all(removals)
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
