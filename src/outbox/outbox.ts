import { ProblemError } from '../errors.ts'
import type { Transaction } from '../persistence/database.ts'
import { Dispatcher } from './dispatcher.ts'
import type { DispatcherDeps } from './dispatcher.ts'
import { countMessages, deletePending, hasPending, insertMessage, listMessages, makeDue } from './store.ts'
import type { OutboxItem, OutboxMessage } from './store.ts'

export type { Delivery } from './dispatcher.ts'
export type { DueMessage, OutboxItem, OutboxMessage } from './store.ts'

/** Messages owed to others: written in the transaction that decided them, delivered after it, in order for each process. */
export interface Outbox {
  /** Writes at the end of the transaction. */
  enqueue(tx: Transaction, message: OutboxMessage): Promise<void>
  /** Drops what the process still owes, or only one kind of it. */
  cancel(tx: Transaction, processId: string, kind?: OutboxMessage['kind']): Promise<void>
  /** Whether a message of the process has not been taken by its recipient yet. */
  owes(tx: Transaction, processId: string): Promise<boolean>
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

export function createOutbox(deps: DispatcherDeps): Outbox {
  const { database, clock } = deps
  const dispatcher = new Dispatcher(deps)
  return {
    enqueue: async (tx, message) => {
      tx.atEnd({
        statement: (db) => insertMessage(db, message, dispatcher.leaseTimes()),
        committed: ([row]) => dispatcher.committed({ ...message, attempts: 0 }, row?.leased === true),
      })
    },
    cancel: (tx, processId, kind) => deletePending(tx.db, processId, kind),
    owes: (tx, processId) => hasPending(tx.db, processId, 'dsp'),
    wake: () => dispatcher.wake(),
    start: () => dispatcher.start(),
    settle: () => dispatcher.settle(),
    stop: () => dispatcher.stop(),
    list: (query) => listMessages(database.db, query),
    count: () => countMessages(database.db),
    retry: async (id) => {
      if (!(await makeDue(database.db, id, clock()))) throw new ProblemError('not-found', `The outbox holds no message ${id}. It may have been delivered.`)
      dispatcher.look()
    },
  }
}
