/** By how much the clock was set back, and since which time. */
export interface BackwardStep {
  readonly before: Date
  readonly byMs: number
}

/** A clock that tells when it was set back. */
export interface WatchedClock {
  readonly clock: () => Date
  /** Who is told; steps from before are told at once. */
  tell(listener: (step: BackwardStep) => void): void
}

const allowedMs = 1000

/** Tells when a time is earlier than the one before by more than a second. Times are given as they are: none is bent. `last` is the newest time so far. */
export function watchClock(clock: () => Date, last: Date | undefined): WatchedClock {
  let before = last
  let listener: ((step: BackwardStep) => void) | undefined
  const untold: BackwardStep[] = []
  return {
    clock: () => {
      const now = clock()
      const step = before === undefined ? undefined : { before, byMs: before.getTime() - now.getTime() }
      before = now
      if (step !== undefined && step.byMs > allowedMs) {
        if (listener === undefined) untold.push(step)
        else listener(step)
      }
      return now
    },
    tell(told) {
      listener = told
      for (const step of untold.splice(0)) told(step)
    },
  }
}
