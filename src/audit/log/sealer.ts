import { setImmediate as turn } from 'node:timers/promises'
import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { leafHash } from '../../tlog/tree.ts'
import { logStopped } from '../append.ts'
import { readTexts } from '../store.ts'
import type { EntryText } from '../store.ts'
import { faultIn, faultOf } from './fault-error.ts'
import type { Checkpoint, LogFault } from './log.ts'
import type { OpenLog } from './open-log.ts'
import { readHead } from './store.ts'
import type { Trees } from './tiles.ts'

/**
 * Seals what was committed: one at a time, it takes the entries in the order of their numbers, its own from memory and those of other
 * processes from the database, appends them to the tree and signs a checkpoint over all that there are. The tree follows from the
 * entries alone, so that processes with the same key always sign checkpoints that agree.
 */
export interface Sealer {
  /** Takes over entries that were committed here. */
  readonly offer: (entries: readonly EntryText[]) => void
  /** Resolves when a signed checkpoint covers the entry, which is committed. 'record-unavailable' when it cannot be had now. */
  readonly sealed: (index: number) => Promise<void>
  /** Seals what is in the database, from whichever process. Does nothing while the log is stopped. */
  readonly catchUp: () => Promise<void>
  /** The log that is sealed; undefined before it was read. */
  readonly current: () => OpenLog | undefined
  /** The number of the first entry that is not sealed. */
  readonly end: () => number
  readonly onCheckpoint: (listener: (checkpoint: Checkpoint) => void) => () => void
  readonly settle: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface SealerDeps {
  readonly database: Database
  readonly trees: Trees
  /** Opens the log that takes the entries, or the one that begins at `start`. */
  readonly openLog: (start?: number) => Promise<OpenLog>
  readonly onFault: (fault: LogFault) => Promise<void>
  readonly onError: (error: unknown) => void
}

interface Waiter {
  readonly index: number
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

const mostAtOnce = 512
/** More than these are read from the database again. */
const mostPending = 20_000

export function createSealer(deps: SealerDeps): Sealer {
  const { database, openLog, onError } = deps
  const listeners = new Set<(checkpoint: Checkpoint) => void>()
  const pending = new Map<number, EntryText>()
  let late: EntryText[] = []
  let waiters: Waiter[] = []
  let wanted = 0
  let open: OpenLog | undefined
  let running: Promise<void> | undefined

  const sealedTo = () => (open === undefined ? 0 : open.log.start + (open.checkpoint()?.size ?? 0))

  function kick(): void {
    running ??= run()
  }
  async function run(): Promise<void> {
    try {
      while (late.length > 0 || wanted > sealedTo()) await step()
    } catch (error) {
      await fail(error)
    }
    // Nothing is awaited between the last look at what is wanted and here.
    running = undefined
  }

  async function step(): Promise<void> {
    open ??= await openLog()
    await checkLate(open)
    let batch = takePending(open)
    if (batch.length === 0 && wanted > open.end()) {
      // Answers of the database may come out of order: the one that is missing is often the next.
      await turn()
      batch = takePending(open)
    }
    if (batch.length === 0 && wanted > open.end()) {
      batch = await readTexts(database.db, { from: open.end(), to: Number.MAX_SAFE_INTEGER, limit: mostAtOnce })
      if (batch.length === 0) throw new Error(`Entry ${open.end()} of the record is not in the database`)
    }
    const begins = batch.findIndex(({ index, type }) => type === 'log.opened' && index !== open?.log.start)
    await seal(open, begins < 0 ? batch : batch.slice(0, begins))
    const first = begins < 0 ? undefined : batch[begins]
    if (first !== undefined) await changeLog(open, first.index, batch.slice(begins))
    answer()
  }

  async function seal(log: OpenLog, batch: readonly EntryText[]): Promise<void> {
    const gap = batch.find(({ index }, place) => index !== log.end() + place)
    if (gap !== undefined) throw faultOf(log.log.name, 'entry-missing', `Entries before number ${gap.index} of the record are not there.`, { from: log.end(), before: gap.index })
    if (batch.length === 0 && log.end() === sealedTo()) return
    const checkpoint = await log.seal(batch)
    for (const listener of listeners) listener(checkpoint)
  }

  function answer(): void {
    // One of them may wait for the check of its own entry.
    if (late.length > 0) return
    const end = sealedTo()
    const done = waiters.filter(({ index }) => index < end)
    waiters = waiters.filter(({ index }) => index >= end)
    for (const waiter of done) waiter.done()
  }

  async function changeLog(from: OpenLog, start: number, following: readonly EntryText[]): Promise<void> {
    for (const entry of following) pending.set(entry.index, entry)
    await from.close()
    open = undefined
    open = await openLog(start)
  }

  function takePending(log: OpenLog): EntryText[] {
    const batch: EntryText[] = []
    for (let index = log.end(); batch.length < mostAtOnce; index += 1) {
      const entry = pending.get(index)
      if (entry === undefined) break
      pending.delete(index)
      batch.push(entry)
    }
    return batch
  }

  /** Entries of ours that were sealed before we heard of their commit must be the ones in the tree: a database that went back gives numbers a second time. */
  async function checkLate(log: OpenLog): Promise<void> {
    const entries = late.filter(({ index }) => index >= log.log.start)
    const hashes = await log.leafHashes(entries.map(({ index }) => index - log.log.start))
    const other = entries.find(({ entry }, place) => hashes[place]?.equals(leafHash(Buffer.from(entry))) !== true)
    if (other !== undefined) throw faultOf(log.log.name, 'log-rewound', `Number ${other.index} of the record was given a second time: the database has gone back behind what was signed.`, { index: other.index, signed: sealedTo() })
    late = late.filter((entry) => !entries.includes(entry) && entry.index >= log.log.start)
  }

  async function fail(error: unknown): Promise<void> {
    const fault = faultIn(error)
    if (fault !== undefined) {
      await deps.onFault(fault).catch(onError)
      // The tree is read again when work goes on.
      open = undefined
    }
    const refusal = fault === undefined ? new ProblemError('record-unavailable', 'The audit record cannot be sealed, so nothing was released. Try again later.', { cause: error }) : logStopped(error)
    const failed = waiters
    waiters = []
    late = []
    wanted = 0
    if (pending.size > mostPending) pending.clear()
    for (const waiter of failed) waiter.failed(refusal)
    if (failed.length === 0) onError(error)
  }

  async function sealed(index: number): Promise<void> {
    if (open !== undefined && index < sealedTo() && late.length === 0) return
    await new Promise<void>((done, failed) => {
      waiters.push({ index, done, failed })
      wanted = Math.max(wanted, index + 1)
      kick()
    })
  }

  return {
    offer: (entries) => {
      for (const entry of entries) {
        if (open !== undefined && entry.index < open.end()) late.push(entry)
        else pending.set(entry.index, entry)
        wanted = Math.max(wanted, entry.index + 1)
      }
      kick()
    },
    sealed,
    catchUp: async () => {
      const before = open?.end() ?? 0
      const head = await readHead(database.db)
      if (head.stopped) return
      if (head.size < before) {
        const fault = faultOf(open?.log.name ?? '', 'log-rewound', `The database has ${head.size} records, but ${before} were signed.`, { size: head.size, signed: before })
        await deps.onFault(fault.fault)
        throw logStopped(fault)
      }
      if (open === undefined || head.size > sealedTo()) await sealed(head.size - 1)
    },
    current: () => open,
    end: sealedTo,
    onCheckpoint: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    settle: async () => {
      for (let working = running; working !== undefined; working = running) await working
    },
    close: async () => {
      for (let working = running; working !== undefined; working = running) await working
      await open?.close()
    },
  }
}
