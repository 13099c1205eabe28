import { setImmediate as turn } from 'node:timers/promises'
import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { leafHashOfText } from '../../tlog/tree.ts'
import { logStopped } from '../append.ts'
import { findMarked, readWritten } from '../store.ts'
import type { EntryText, WrittenEntry } from '../store.ts'
import { faultIn, faultOf } from './fault-error.ts'
import type { Checkpoint, LogFault } from './log.ts'
import type { Marks } from './mark.ts'
import type { OpenLog } from './open-log.ts'
import { readHead, readLogs } from './store.ts'
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
  /** What entries of this connector are marked with. */
  readonly marks: Pick<Marks, 'fits'>
  readonly onFault: (fault: LogFault) => Promise<void>
  readonly onError: (error: unknown) => void
}

interface Waiter {
  readonly index: number
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

const mostAtOnce = 2048
/** More than these are read from the database again. */
const mostPending = 20_000

interface State {
  open: OpenLog | undefined
  /** Entries of ours that the tree takes next, by their numbers. */
  readonly pending: Map<number, EntryText>
  /** Entries of ours that were sealed before we heard of their commit. */
  late: EntryText[]
  waiters: Waiter[]
  /** Behind the last entry that is to be sealed. */
  wanted: number
  readonly listeners: Set<(checkpoint: Checkpoint) => void>
}

export function createSealer(deps: SealerDeps): Sealer {
  const state: State = { open: undefined, pending: new Map(), late: [], waiters: [], wanted: 0, listeners: new Set() }
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (hasWork(state)) {
      try {
        await step(deps, state)
      } catch (error) {
        // Whoever comes while this is awaited is looked for again.
        await fail(deps, state, error)
      }
    }
    // Nothing is awaited between the last look for work and here.
    running = undefined
  }
  function kick(): void {
    // A run without work would end before it is noted here, and be waited for ever after.
    if (running === undefined && hasWork(state)) running = run()
  }
  async function sealed(index: number): Promise<void> {
    if (!Number.isSafeInteger(index) || index < 0) throw new Error(`${index} is no number of an entry`)
    if (state.open !== undefined && index < sealedTo(state) && state.late.length === 0) return
    await new Promise<void>((done, failed) => {
      state.waiters.push({ index, done, failed })
      state.wanted = Math.max(state.wanted, index + 1)
      kick()
    })
  }
  async function settle(): Promise<void> {
    for (let working = running; working !== undefined; working = running) await working
  }

  return {
    offer: (entries) => {
      for (const entry of entries) {
        if (state.open !== undefined && entry.index < state.open.end()) state.late.push(entry)
        else state.pending.set(entry.index, entry)
        state.wanted = Math.max(state.wanted, entry.index + 1)
      }
      kick()
    },
    sealed,
    catchUp: async () => {
      const end = await endOf(deps, state)
      if (end !== undefined && end > 0 && (state.open === undefined || end > sealedTo(state))) await sealed(end - 1)
    },
    current: () => state.open,
    end: () => sealedTo(state),
    onCheckpoint: (listener) => {
      state.listeners.add(listener)
      return () => state.listeners.delete(listener)
    },
    settle,
    close: async () => {
      await settle()
      await state.open?.close()
    },
  }
}

function hasWork(state: State): boolean {
  return state.late.length > 0 || state.wanted > sealedTo(state)
}

/** Behind the last entry that a signed checkpoint covers. */
function sealedTo({ open }: State): number {
  return open === undefined ? 0 : open.log.start + (open.checkpoint()?.size ?? 0)
}

/** How many entries the database has; undefined while the log is stopped. */
async function endOf({ database, onFault }: SealerDeps, { open }: State): Promise<number | undefined> {
  const before = open?.end() ?? 0
  const head = await readHead(database.db)
  if (head.stopped) return undefined
  if (head.size >= before) return head.size
  const rewound = faultOf(open?.log.name ?? '', 'log-rewound', `The database has ${head.size} records, but ${before} were signed.`, { size: head.size, signed: before })
  await onFault(rewound.fault)
  throw logStopped(rewound)
}

async function step(deps: SealerDeps, state: State): Promise<void> {
  state.open ??= await deps.openLog()
  const { open } = state
  await checkLate(state, open)
  let batch = takePending(state, open)
  if (batch.length === 0 && state.wanted > open.end()) {
    // Answers of the database may come out of order: the one that is missing is often the next.
    await turn()
    batch = takePending(state, open)
  }
  if (batch.length === 0 && state.wanted > open.end()) {
    const { end, next } = await endOfLog(deps, open)
    if (end !== undefined && open.end() >= end) {
      // A break ended the log: nothing in it says so.
      if (next === undefined) throw faultOf(open.log.name, 'chain-broken', `The log ${open.log.name} is closed, and no log follows it that could take entry ${end} of the record.`, { end })
      await changeLog(deps, state, { start: next, abandon: open.end() > end })
      refuseLost(state, { from: end, to: next })
      return
    }
    batch = await readOthers(deps, open, end ?? Number.MAX_SAFE_INTEGER)
    if (batch.length === 0) throw new Error(`Entry ${open.end()} of the record is not in the database`)
  }
  const begins = batch.findIndex(({ index, type }) => type === 'log.opened' && index !== open.log.start)
  await seal(deps, state, open, begins < 0 ? batch : batch.slice(0, begins))
  const first = begins < 0 ? undefined : batch[begins]
  if (first !== undefined) {
    for (const entry of batch.slice(begins)) state.pending.set(entry.index, entry)
    await changeLog(deps, state, { start: first.index, abandon: false })
  }
  answer(state)
}

/** Entries of other processes, and those that a process which ended left unsealed. Whoever can only write in the database cannot mark one. */
async function readOthers({ database, marks }: SealerDeps, open: OpenLog, to: number): Promise<EntryText[]> {
  const entries = await readWritten(database.db, { from: open.end(), to, limit: mostAtOnce })
  const forged = entries.find(({ marked, mark }) => !marks.fits(marked, mark))
  if (forged !== undefined) throw addedFault(open, forged, 'but no process of this connector wrote it as it is there.')
  const copied = await findCopy(database, entries)
  if (copied === undefined) return entries
  throw addedFault(open, copied.entry, `but it is a copy of entry ${copied.of}.`)
}

/** An entry that has the mark of one before it: each is given once. */
async function findCopy(database: Database, entries: readonly WrittenEntry[]): Promise<{ readonly entry: WrittenEntry; readonly of: number } | undefined> {
  const [first] = entries
  if (first === undefined) return undefined
  const before = new Map((await findMarked(database, { before: first.index, entries })).map(({ mark, index }) => [mark, index]))
  for (const entry of entries) {
    const of = before.get(entry.mark)
    if (of !== undefined) return { entry, of }
    before.set(entry.mark, entry.index)
  }
  return undefined
}

function addedFault({ log }: OpenLog, { index, type, time }: WrittenEntry, but: string): Error {
  return faultOf(log.name, 'entry-added', `Entry ${index} (${type}, ${time.toISOString()}) is in the database, ${but}`, { index, type, time: time.toISOString() })
}

/** Where a log that is closed ends, and the one after it begins. */
async function endOfLog({ database }: SealerDeps, { log }: OpenLog): Promise<{ end: number | undefined; next: number | undefined }> {
  const logs = await readLogs(database.db)
  const now = logs.find(({ name }) => name === log.name)
  const end = now?.size === undefined || now.size === null ? undefined : now.start + now.size
  return { end, next: logs.find(({ start }) => start > log.start)?.start }
}

async function seal({ onError }: SealerDeps, state: State, open: OpenLog, batch: readonly EntryText[]): Promise<void> {
  const gap = batch.find(({ index }, place) => index !== open.end() + place)
  if (gap !== undefined) throw faultOf(open.log.name, 'entry-missing', `Entries before number ${gap.index} of the record are not there.`, { from: open.end(), before: gap.index })
  if (batch.length === 0 && open.end() === sealedTo(state)) return
  const checkpoint = await open.seal(batch)
  for (const listener of state.listeners) {
    try {
      listener(checkpoint)
    } catch (error) {
      // What is signed stays so, whoever cannot hear of it.
      onError(error)
    }
  }
}

function answer(state: State): void {
  // One of them may wait for the check of its own entry.
  if (state.late.length > 0) return
  const end = sealedTo(state)
  const done = state.waiters.filter(({ index }) => index < end)
  state.waiters = state.waiters.filter(({ index }) => index >= end)
  for (const waiter of done) waiter.done()
}

/** Numbers that a break left out are in no log. */
function refuseLost(state: State, { from, to }: { readonly from: number; readonly to: number }): void {
  const lost = state.waiters.filter(({ index }) => index >= from && index < to)
  state.waiters = state.waiters.filter((waiter) => !lost.includes(waiter))
  for (const { index, failed } of lost) failed(new ProblemError('record-unavailable', `Number ${index} of the record was lost with a break of the log, so nothing was released. Try again.`))
  answer(state)
}

/** `abandon`: the database has less of the log than was sealed here. */
async function changeLog({ openLog }: SealerDeps, state: State, to: { readonly start: number; readonly abandon: boolean }): Promise<void> {
  await (to.abandon ? state.open?.abandon() : state.open?.close())
  state.open = undefined
  state.open = await openLog(to.start)
}

function takePending({ pending }: State, open: OpenLog): EntryText[] {
  const batch: EntryText[] = []
  for (let index = open.end(); batch.length < mostAtOnce; index += 1) {
    const entry = pending.get(index)
    if (entry === undefined) break
    pending.delete(index)
    batch.push(entry)
  }
  return batch
}

/** Entries of ours that were sealed before we heard of their commit must be the ones in the tree: a database that went back gives numbers a second time. */
async function checkLate(state: State, { log, leafHashes }: OpenLog): Promise<void> {
  const entries = state.late
  if (entries.length === 0) return
  const ofLog = entries.filter(({ index }) => index >= log.start)
  const hashes = await leafHashes(ofLog.map(({ index }) => index - log.start))
  const other = ofLog.find(({ entry }, place) => hashes[place]?.equals(leafHashOfText(entry)) !== true)
  if (other !== undefined) throw faultOf(log.name, 'log-rewound', `Number ${other.index} of the record was given a second time: the database has gone back behind what was signed.`, { index: other.index, signed: sealedTo(state) })
  state.late = state.late.filter((entry) => !entries.includes(entry))
}

async function fail({ onFault, onError }: SealerDeps, state: State, error: unknown): Promise<void> {
  const fault = faultIn(error)
  if (fault !== undefined) {
    await onFault(fault).catch(onError)
    await state.open?.abandon().catch(onError)
    // The tree is read again when work goes on.
    state.open = undefined
  }
  const refusal = fault === undefined ? new ProblemError('record-unavailable', 'The audit record cannot be sealed, so nothing was released. Try again later.', { cause: error }) : logStopped(error)
  const failed = state.waiters
  state.waiters = []
  state.late = []
  state.wanted = 0
  if (state.pending.size > mostPending) state.pending.clear()
  for (const waiter of failed) waiter.failed(refusal)
  if (failed.length === 0) onError(error)
}
