import { stat } from 'node:fs/promises'
import { ProblemError } from '../../../errors.ts'
import type { Child } from './children.ts'
import type { Cancel, Job, JobAnswer, QueryJob } from './job.ts'

/** What ends a job early, and what is then told. */
export interface Ends {
  readonly signal: AbortSignal
  readonly why: () => ProblemError
}

export interface Bounds {
  readonly ends: Ends
  readonly maxOutputBytes: number
  /** The file that the job writes. */
  readonly out: string
}

// A query that was told to stop has this long before its process is ended.
const stopMs = 1_000

/** Sends a job to a child and waits for its answer. A child that hangs, or writes too much, is ended; a query is first asked to stop. */
export function ask(child: Child, job: Job | QueryJob, { ends, maxOutputBytes, out }: Bounds): Promise<JobAnswer> {
  return new Promise((resolve, reject) => {
    let kill: NodeJS.Timeout | undefined
    const settle = (finish: () => void) => {
      clearTimeout(kill)
      clearInterval(watch)
      ends.signal.removeEventListener('abort', onAbort)
      child.process.off('message', onMessage)
      child.process.off('exit', onExit)
      finish()
    }
    const end = (error: ProblemError) => {
      child.process.kill('SIGKILL')
      settle(() => reject(error))
    }
    const onAbort = () => {
      if (!('statement' in job)) return end(ends.why())
      const cancel: Cancel = { cancel: job.id }
      child.process.send(cancel)
      kill = setTimeout(() => end(ends.why()), stopMs)
    }
    const onMessage = (message: unknown) => {
      if (isAnswer(message, job.id)) settle(() => resolve(message))
    }
    const onExit = () => settle(() => reject(ended(job)))
    const watch = setInterval(() => {
      void sizeOf(out).then((size) => {
        if (size > maxOutputBytes) end(tooMuch(job, maxOutputBytes))
      })
    }, 500)
    child.process.on('message', onMessage)
    child.process.on('exit', onExit)
    ends.signal.addEventListener('abort', onAbort)
    if (!child.process.connected) onExit()
    else if (ends.signal.aborted) settle(() => reject(ends.why()))
    else child.process.send(job)
  })
}

function ended(job: Job | QueryJob): ProblemError {
  if ('statement' in job) return new ProblemError('query-too-large', 'The query ended abnormally. It may need more memory than is allowed; ask for less.')
  return new ProblemError('invalid-source', 'Reading the file ended abnormally. It may need more memory than is allowed; publish it in smaller parts.')
}

export function tooMuch(job: Job | QueryJob, bytes: number): ProblemError {
  if ('statement' in job) return new ProblemError('query-too-large', `The answer is larger than ${bytes} bytes in this format. Ask for less.`)
  return new ProblemError('invalid-source', `The data unpacks to more than ${bytes} bytes in this format.`)
}

/** The size of a file; 0 when there is none. */
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}

function isAnswer(message: unknown, id: number): message is JobAnswer {
  return typeof message === 'object' && message !== null && 'id' in message && message.id === id
}
