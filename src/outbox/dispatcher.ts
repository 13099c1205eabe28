import type { Database } from '../persistence/database.ts'
import { waitBefore, waitsTooLong } from './back-off.ts'
import { claimDue, deleteDelivered, extendLeases, markRefused, nextDue, postpone, releaseLeases } from './store.ts'
import type { DueMessage } from './store.ts'

/** What became of one try: done; to be tried again (after `afterMs`, or by the usual back-off); or never to succeed. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }

export interface DispatcherDeps {
  readonly database: Database
  readonly clock: () => Date
  readonly deliver: (message: DueMessage) => Promise<Delivery>
  /** Told of failures of the outbox itself: the database was away. */
  readonly onError: (error: unknown) => void
  /** How long a message is tried before it counts as refused. */
  readonly giveUpAfterMs: number
}

// A lease outlives a worker's death by this much; a live worker renews its own at every sweep.
const leaseMs = 12_000
const sweepMs = 4_000
const inFlightLimit = 256
const leastWaitMs = 5

/** Sends what is due, as many at once as the limit allows, and keeps what must be tried again. Owns the outbox's timers. */
export class Dispatcher {
  private readonly deps: DispatcherDeps
  private readonly ready: DueMessage[] = []
  private readonly inFlight = new Set<string>()
  private readonly running = new Set<Promise<unknown>>()
  private delivered: string[] = []
  private clearing = false
  private lookAgain = false
  private stopped = false
  private timer: NodeJS.Timeout | undefined
  private timerAt = Number.POSITIVE_INFINITY
  private sweeper: NodeJS.Timeout | undefined

  constructor(deps: DispatcherDeps) {
    this.deps = deps
  }

  leaseTimes(): { now: Date; leaseUntil: Date } {
    const now = this.deps.clock()
    return { now, leaseUntil: new Date(now.getTime() + leaseMs) }
  }

  /** Takes a message that was just committed: leased to us, or behind another of its process. */
  committed(message: DueMessage, leased: boolean): void {
    if (leased) this.ready.push(message)
    else this.lookAgain = true
  }

  /** Sends what was committed since. */
  wake(): void {
    this.pump()
    if (!this.lookAgain) return
    this.lookAgain = false
    this.track(this.claim())
  }

  /** Looks for messages that are due, whoever wrote them. */
  look(): void {
    this.track(this.claim())
  }

  start(): void {
    this.track(this.begin())
    this.sweeper = setInterval(() => this.track(this.sweep()), sweepMs)
    this.sweeper.unref()
  }

  /** Waits until nothing is being sent. */
  async settle(): Promise<void> {
    this.pump()
    while (this.running.size > 0) await Promise.all(this.running)
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    clearInterval(this.sweeper)
    while (this.running.size > 0) await Promise.all(this.running)
    if (this.ready.length > 0) await releaseLeases(this.deps.database.db, this.ready.map(({ id }) => id))
  }

  private track(work: Promise<unknown>): void {
    const guarded = work.catch(this.deps.onError).finally(() => this.running.delete(guarded))
    this.running.add(guarded)
  }

  private held(): string[] {
    return [...this.inFlight, ...this.ready.map(({ id }) => id)]
  }

  private pump(): void {
    if (this.stopped) return
    for (const message of this.ready.splice(0, inFlightLimit - this.inFlight.size)) {
      this.inFlight.add(message.id)
      this.track(this.send(message))
    }
  }

  private async send(message: DueMessage): Promise<void> {
    const result = await this.deps.deliver(message).catch((error: unknown): Delivery => ({ kind: 'again', reason: Error.isError(error) ? error.message : 'unknown failure' }))
    // What is put back may be claimed at once, by us as well, so it must not count as held any more.
    this.inFlight.delete(message.id)
    this.pump()
    if (result.kind !== 'delivered') return this.keep(message, result)
    this.delivered.push(message.id)
    if (!this.clearing) this.track(this.clear())
  }

  // Delivered messages are deleted together: while one statement runs, the next batch gathers.
  private async clear(): Promise<void> {
    this.clearing = true
    try {
      while (this.delivered.length > 0) {
        const ids = this.delivered
        this.delivered = []
        if (await deleteDelivered(this.deps.database.db, ids)) await this.claim()
      }
    } finally {
      this.clearing = false
    }
  }

  private async keep(message: DueMessage, result: Exclude<Delivery, { kind: 'delivered' }>): Promise<void> {
    const { database, clock, giveUpAfterMs } = this.deps
    const attempts = message.attempts + 1
    const lastError = result.reason.slice(0, 1000)
    if (result.kind === 'refused' || waitsTooLong(attempts, giveUpAfterMs)) {
      await markRefused(database.db, { id: message.id, attempts, lastError })
      return this.claim()
    }
    const wait = result.afterMs ?? waitBefore(attempts)
    await postpone(database.db, { id: message.id, attempts, nextAttemptAt: new Date(clock().getTime() + wait), lastError })
    this.schedule(wait)
  }

  private async claim(): Promise<void> {
    if (this.stopped) return
    const due = await claimDue(this.deps.database.db, this.leaseTimes(), inFlightLimit)
    // Asked after the claim: what was held before it may have been put back, and is then claimed for good.
    const held = new Set(this.held())
    this.ready.push(...due.filter(({ id }) => !held.has(id)))
    this.pump()
  }

  private schedule(wait: number): void {
    const at = Date.now() + wait
    if (this.stopped || at >= this.timerAt) return
    clearTimeout(this.timer)
    this.timerAt = at
    this.timer = setTimeout(() => {
      this.timerAt = Number.POSITIVE_INFINITY
      this.track(this.claim().then(() => this.planNext()))
    }, wait)
    this.timer.unref()
  }

  // What became due since it was claimed, or was more than one claim takes, must not wait for the sweep.
  private async planNext(): Promise<void> {
    const now = this.deps.clock()
    const at = await nextDue(this.deps.database.db, now)
    if (at !== undefined) this.schedule(Math.max(at.getTime() - now.getTime(), leastWaitMs))
  }

  // The embedded database has one process only, so a lease found there is one of a process that died.
  private async begin(): Promise<void> {
    if (this.deps.database.kind === 'pglite') await releaseLeases(this.deps.database.db)
    await this.claim()
    await this.planNext()
  }

  private async sweep(): Promise<void> {
    const held = this.held()
    if (held.length > 0) await extendLeases(this.deps.database.db, held, this.leaseTimes().leaseUntil)
    await this.claim()
  }
}
