import { faultId } from './faults/faults.ts'
import type { LogFault, LogStatus } from './log.ts'
import type { Restored } from './restore.ts'

/** Tells, once for each fault that counts, that the log is stopped, and when it is at work again. */
export interface StopReport {
  /** Looks at how the log stands. */
  see(status: Pick<LogStatus, 'state' | 'faults'>): void
  /** Whether the log was seen stopped last. */
  stopped(): boolean
}

/** What is told of a log that stops, on each replica. */
export interface StopListener {
  readonly stopped: (fault: LogFault) => void
  readonly running: () => void
  /** Entries that the embedded database lacked were put back; told once, at the start. */
  readonly restored?: (restored: Restored) => void
}

export function createStopReport(listener: StopListener): StopReport {
  const told = new Set<string>()
  let isStopped = false
  return {
    see: ({ state, faults }) => {
      if (state === 'running') {
        told.clear()
        if (isStopped) listener.running()
        isStopped = false
        return
      }
      isStopped = true
      for (const fault of faults) {
        const id = faultId(fault)
        if (told.has(id)) continue
        told.add(id)
        listener.stopped(fault)
      }
    },
    stopped: () => isStopped,
  }
}
