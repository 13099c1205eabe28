import { ProblemError } from '../../errors.ts'
import { checkLog } from './check.ts'
import type { CheckProgress, CheckReport } from './check.ts'
import { readFaults } from './faults/store.ts'
import type { StoredFault } from './faults/store.ts'
import { recoverLog } from './recover.ts'
import type { RecoverDeps, Recovery, RecoveryRequest } from './recover.ts'
import { beginYear, rotateLogKey } from './rotate.ts'

/** What is done to the log beside writing it: it is checked, brought back to work after a break, and gets another key and another year. */
export interface LogKeeping {
  /** Reads the whole record and compares it with what was signed. 'conflict' while another check is running here. */
  check(onProgress?: (progress: CheckProgress) => void): Promise<CheckReport>
  /** How far a check is that is running here. */
  checking(): CheckProgress | undefined
  /** 'conflict' when the log is not stopped, or not all of its faults are acknowledged. */
  recover(request: RecoveryRequest): Promise<Recovery>
  /** Begins a log with a new key. 'log-stopped' while the log is stopped. */
  rotate(actor: string): Promise<{ readonly log: string; readonly vkey: string }>
  /** Begins the log of a new year when it has come. */
  beginYear(): Promise<void>
  /** All faults, also those that are resolved. */
  faults(): Promise<readonly StoredFault[]>
  close(): Promise<void>
}

export interface KeepingDeps extends RecoverDeps {
  /** Seals what was written. */
  readonly sealed: () => Promise<void>
  readonly onError: (error: unknown) => void
  /** Looks at how the log stands, so that its stop is told of. */
  readonly look: () => Promise<unknown>
}

const hourMs = 3_600_000
const hoursBetweenChecks = 24

/** Looks every hour whether a new year has come, and once a day through the whole record. */
export function createLogKeeping(deps: KeepingDeps): LogKeeping {
  let checking: Promise<CheckReport> | undefined
  let progress: CheckProgress | undefined
  let hours = 0
  let work: Promise<void> = Promise.resolve()

  async function check(onProgress?: (progress: CheckProgress) => void): Promise<CheckReport> {
    if (checking !== undefined) throw new ProblemError('conflict', 'The log is being checked already. Wait for that check to end.')
    checking = checkLog(deps, (now) => {
      progress = now
      onProgress?.(now)
    })
    try {
      return await checking
    } finally {
      checking = undefined
      progress = undefined
      await deps.look()
    }
  }
  async function year(): Promise<void> {
    if ((await beginYear(deps)) !== undefined) await deps.sealed()
  }
  async function hourly(): Promise<void> {
    hours += 1
    await year()
    if (hours % hoursBetweenChecks === 0 && checking === undefined) await check()
  }
  const timer = setInterval(() => {
    work = work.then(hourly).catch(deps.onError)
  }, hourMs).unref()

  return {
    check,
    checking: () => progress,
    recover: async (request) => {
      const recovery = await recoverLog(deps, request)
      await deps.sealed()
      await deps.look()
      return recovery
    },
    rotate: async (actor) => {
      const rotated = await rotateLogKey(deps, actor)
      await deps.sealed()
      return rotated
    },
    beginYear: year,
    faults: () => readFaults(deps, 'all'),
    close: async () => {
      clearInterval(timer)
      await work
    },
  }
}
