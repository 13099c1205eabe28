import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { PageTexts, PageVerdict } from './page-check.ts'

/** Threads that look at pages of entries while this one reads more of them. */
export interface PageCheckers {
  /** Fails when the thread fails: nothing is right that was not looked at. */
  check(texts: PageTexts): Promise<PageVerdict>
  close(): Promise<void>
}

/** What threads are taken; all of it is for tests. */
export interface PageCheckersOptions {
  /** From this many entries on they save more time than it takes to start them. */
  readonly fewest?: number
  readonly threads?: number
  readonly script?: URL
}

const mostThreads = 3
const fewestForThreads = 8192

/** Threads for a log of `entries`; undefined where it is small, or there is no other processor. */
export function openPageCheckers(entries: number, { fewest = fewestForThreads, threads: count = Math.min(mostThreads, availableParallelism() - 1), script = new URL('page-worker.ts', import.meta.url) }: PageCheckersOptions = {}): PageCheckers | undefined {
  if (entries < fewest || count < 1) return undefined
  const threads = Array.from({ length: count }, () => openThread(script))
  let next = 0
  return {
    check: (texts) => {
      const thread = threads[next % threads.length]
      next += 1
      return thread === undefined ? Promise.reject(new Error('There is no thread')) : thread.check(texts)
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

function openThread(script: URL): PageCheckers {
  // No environment, for what is in it is none of the thread's business, but where compiled code is kept: half of its start is compiling.
  const kept = getCompileCacheDir()
  const worker = new Worker(script, { env: kept === undefined ? {} : { NODE_COMPILE_CACHE: dirname(kept) }, execArgv: [] })
  const waiting: { readonly resolve: (verdict: PageVerdict) => void; readonly reject: (error: unknown) => void }[] = []
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    for (const { reject } of waiting.splice(0)) reject(failure)
  }
  worker.on('message', (verdict: PageVerdict) => waiting.shift()?.resolve(verdict))
  worker.on('error', fail)
  worker.on('messageerror', fail)
  worker.on('exit', (code) => fail(new Error(`A thread of the check ended with ${code}`)))
  return {
    check: (texts) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
        worker.postMessage(texts)
        waiting.push({ resolve, reject })
      }),
    close: async () => {
      await worker.terminate()
    },
  }
}
