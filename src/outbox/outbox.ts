import { ProblemError } from '../errors.ts'
import type { Database, Transaction } from '../persistence/database.ts'
import { claimDue, countMessages, deleteDelivered, deletePending, extendLeases, insertMessage, listMessages, makeDue, markRefused, nextDue, postpone, releaseLeases } from './store.ts'
import type { DueMessage, OutboxItem, OutboxMessage } from './store.ts'

export type { DueMessage, OutboxItem, OutboxMessage } from './store.ts'

/** What became of one try: done; to be tried again (after `afterMs`, or by the usual back-off); or never to succeed. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }

/** Messages owed to others: written in the transaction that decided them, delivered after it, in order for each process. */
export interface Outbox {
  enqueue(tx: Transaction, message: OutboxMessage): Promise<void>
  /** Drops what the process still owes, or only one kind of it. */
  cancel(tx: Transaction, processId: string, kind?: OutboxMessage['kind']): Promise<void>
  /** Sends what is due, now. Called when an answer was flushed or a command committed. */
  wake(): void
  /** Starts the timers: what a crashed process left, and what failed before, is tried again. */
  start(): void
  /** Waits until nothing is being sent. Messages that wait for their next attempt do not count. */
  settle(): Promise<void>
  stop(): Promise<void>
  list(query: { after?: number; limit: number; status?: 'pending' | 'refused' }): Promise<OutboxItem[]>
  count(): Promise<{ pending: number; refused: number }>
  /** Makes a message due now. */
  retry(id: string): Promise<void>
}

interface OutboxDeps {
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

export function createOutbox(deps: OutboxDeps): Outbox {
  const { database, clock } = deps
  const ready: DueMessage[] = []
  const inFlight = new Map<string, DueMessage>()
  const running = new Set<Promise<unknown>>()
  let delivered: string[] = []
  let clearing = false
  let lookAgain = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let sweeper: NodeJS.Timeout | undefined

  const leaseTimes = () => ({ now: clock(), leaseUntil: new Date(clock().getTime() + leaseMs) })

  function track(work: Promise<unknown>): void {
    const guarded = work.catch(deps.onError).finally(() => running.delete(guarded))
    running.add(guarded)
  }

  function pump(): void {
    while (!stopped && ready.length > 0 && inFlight.size < inFlightLimit) {
      const message = ready.shift()
      if (message === undefined) return
      inFlight.set(message.id, message)
      track(send(message))
    }
  }

  async function send(message: DueMessage): Promise<void> {
    try {
      const result = await deps.deliver(message).catch((error: unknown): Delivery => ({ kind: 'again', reason: reasonOf(error) }))
      if (result.kind === 'delivered') {
        delivered.push(message.id)
        if (!clearing) track(clear())
      } else {
        await keep(message, result)
      }
    } finally {
      inFlight.delete(message.id)
      pump()
    }
  }

  // Delivered messages are deleted together: while one statement runs, the next batch gathers.
  async function clear(): Promise<void> {
    clearing = true
    try {
      while (delivered.length > 0) {
        const ids = delivered
        delivered = []
        if (await deleteDelivered(database.db, ids)) await claim()
      }
    } finally {
      clearing = false
    }
  }

  async function keep(message: DueMessage, result: Exclude<Delivery, { kind: 'delivered' }>): Promise<void> {
    const attempts = message.attempts + 1
    const lastError = result.reason.slice(0, 1000)
    if (result.kind === 'refused' || waitedTooLong(attempts)) {
      await markRefused(database.db, { id: message.id, attempts, lastError })
      return claim()
    }
    const wait = result.afterMs ?? backOffMs(attempts)
    const nextAttemptAt = new Date(clock().getTime() + wait)
    await postpone(database.db, { id: message.id, attempts, nextAttemptAt, lastError })
    schedule(wait)
  }

  // The back-off doubles from 250 ms to an hour, so the number of attempts tells how long it has been.
  const waitedTooLong = (attempts: number) => totalBackOffMs(attempts) > deps.giveUpAfterMs

  async function claim(): Promise<void> {
    if (stopped) return
    const held = new Set([...inFlight.keys(), ...ready.map(({ id }) => id)])
    const due = await claimDue(database.db, leaseTimes(), inFlightLimit)
    ready.push(...due.filter(({ id }) => !held.has(id)))
    pump()
  }

  let scheduledFor = Number.POSITIVE_INFINITY
  function schedule(wait: number): void {
    const at = Date.now() + wait
    if (stopped || at >= scheduledFor) return
    clearTimeout(timer)
    scheduledFor = at
    timer = setTimeout(() => {
      scheduledFor = Number.POSITIVE_INFINITY
      track(claim().then(planNext))
    }, wait)
    timer.unref()
  }

  async function planNext(): Promise<void> {
    const at = await nextDue(database.db)
    if (at !== undefined && at.getTime() > clock().getTime()) schedule(at.getTime() - clock().getTime())
  }

  // The embedded database has one process only, so a lease found there is one of a process that died.
  async function begin(): Promise<void> {
    if (database.kind === 'pglite') await releaseLeases(database.db)
    await claim()
    await planNext()
  }

  async function sweep(): Promise<void> {
    const held = [...inFlight.keys(), ...ready.map(({ id }) => id)]
    if (held.length > 0) await extendLeases(database.db, held, leaseTimes().leaseUntil)
    await claim()
  }

  return {
    enqueue: async (tx, message) => {
      const leased = await insertMessage(tx.db, message, leaseTimes())
      tx.afterCommit(() => {
        if (leased) ready.push({ ...message, attempts: 0 })
        else lookAgain = true
      })
    },
    cancel: (tx, processId, kind) => deletePending(tx.db, processId, kind),
    wake: () => {
      pump()
      if (lookAgain) {
        lookAgain = false
        track(claim())
      }
    },
    start: () => {
      track(begin())
      sweeper = setInterval(() => track(sweep()), sweepMs)
      sweeper.unref()
    },
    settle: async () => {
      pump()
      while (running.size > 0) await Promise.all(running)
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      clearInterval(sweeper)
      while (running.size > 0) await Promise.all(running)
      if (ready.length > 0) await releaseLeases(database.db, ready.map(({ id }) => id))
    },
    list: (query) => listMessages(database.db, query),
    count: () => countMessages(database.db),
    retry: async (id) => {
      if (!(await makeDue(database.db, id, clock()))) throw new ProblemError('not-found', `The outbox holds no message ${id}. It may have been delivered.`)
      track(claim())
    },
  }
}

const firstBackOffMs = 250
const longestBackOffMs = 3_600_000

function backOffMs(attempts: number): number {
  const full = Math.min(firstBackOffMs * 2 ** (attempts - 1), longestBackOffMs)
  // Spread over the upper half, so that what failed together is not tried again together.
  return Math.round(full * (0.5 + Math.random() / 2))
}

function totalBackOffMs(attempts: number): number {
  const doublings = Math.log2(longestBackOffMs / firstBackOffMs)
  return attempts <= doublings ? firstBackOffMs * (2 ** attempts - 1) : 2 * longestBackOffMs + (attempts - doublings) * longestBackOffMs
}

function reasonOf(error: unknown): string {
  return Error.isError(error) ? error.message : 'unknown failure'
}
