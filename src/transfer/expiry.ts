import { findNextEnd } from '../agreements/store.ts'
import type { Database } from '../persistence/database.ts'

/** Waits: calls `work` after some milliseconds. Gives the function that calls it off. */
export type Timer = (milliseconds: number, work: () => void) => () => void

/** The clock that ends transfers when their agreement ends. */
export interface Expiry {
  /** Ends what is over already, and waits for the next end. */
  start(): void
  /** An agreement was kept that ends then: that may be the next end. */
  expect(endsAt: Date): void
  /** Waits until nothing is being ended. */
  settle(): Promise<void>
  stop(): Promise<void>
}

export interface ExpiryDeps {
  readonly database: Database
  readonly clock: () => Date
  /** Ends the transfers whose agreement has ended. */
  readonly endOutlived: () => Promise<unknown>
  readonly onError: (error: unknown) => void
  readonly timer?: Timer
}

// Another replica may have kept an agreement that ends sooner, and gone away since; clocks are set. So nobody waits longer than this.
const longestWaitMs = 60_000
const retryMs = 5_000

const realTimer: Timer = (milliseconds, work) => {
  const timeout = setTimeout(work, milliseconds).unref()
  return () => clearTimeout(timeout)
}

/** One timer, for the next end of all. What it does is in the database, so that it does not matter which replica's timer fires, or whether several do. */
export function createExpiry(deps: ExpiryDeps): Expiry {
  const { timer = realTimer } = deps
  let cancel = () => {}
  let stopped = false
  let running: Promise<void> = Promise.resolve()
  /** When the timer fires, and the soonest end that came in while there was none; in milliseconds since 1970. */
  let armed = Infinity
  let soonest = Infinity

  const arm = (at: number) => {
    cancel()
    if (stopped) return
    armed = at
    cancel = timer(Math.min(longestWaitMs, Math.max(0, at - deps.clock().getTime())), run)
  }
  const round = async () => {
    if (stopped) return
    try {
      await deps.endOutlived()
      const next = await findNextEnd(deps.database.db, deps.clock())
      arm(Math.min(soonest, next === undefined ? Infinity : momentAfter(next)))
    } catch (error) {
      deps.onError(error)
      arm(deps.clock().getTime() + retryMs)
    }
  }
  // One after the other, so that a round sees whatever made it necessary.
  function run(): void {
    cancel()
    armed = -Infinity
    soonest = Infinity
    running = running.then(round)
  }

  return {
    start: run,
    expect: (endsAt) => {
      const at = momentAfter(endsAt)
      soonest = Math.min(soonest, at)
      if (at < armed) arm(at)
    },
    settle: () => running,
    stop: async () => {
      stopped = true
      cancel()
      await running
    },
  }
}

// An agreement is over once its last moment has passed.
function momentAfter(end: Date): number {
  return end.getTime() + 1
}
