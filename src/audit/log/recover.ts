import { ProblemError } from '../../errors.ts'
import type { Database, Transaction } from '../../persistence/database.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import { prepareRecord } from '../personal/commit.ts'
import { breakStep, lengthOf } from './check/chain.ts'
import { openSigned } from './check/checkpoints.ts'
import { readLastEntry } from './check/store.ts'
import { readFaults } from './faults/store.ts'
import type { StoredFault } from './faults/store.ts'
import { batchesBackwards } from './journal.ts'
import { keepRecovery } from './kept-recoveries.ts'
import type { LogKey } from './keys.ts'
import { journalOf } from './lost-entries.ts'
import { nextOf } from './names.ts'
import { readNoteFiles } from './note-file.ts'
import type { NoteFile } from './note-file.ts'
import { requireAnswer, usedOutside } from './recovery/next-log.ts'
import type { NextLogDeps, UsedOutside } from './recovery/next-log.ts'
import { endLog, largestNumber, moveHead, raiseCounters, resolveFaults } from './recovery/store.ts'
import { readHead, readLogs } from './store.ts'
import type { StoredLog } from './store.ts'
import { appendReady, beginLog } from './switch.ts'
import type { SwitchDeps } from './switch.ts'

export interface RecoverDeps extends SwitchDeps, Pick<NextLogDeps, 'outside'> {
  readonly database: Database
  /** The newest checkpoint that this process signed; it may not be in its file yet. */
  readonly newest: () => string | undefined
}

/** Who brings the log back to work, and why. */
export interface RecoveryRequest {
  /** What happened and what was done about it, for those who read the record. */
  readonly reason: string
  /** The faults that were read: all that count. */
  readonly acknowledge: readonly string[]
  readonly actor: string
  /** Go on although no witness answers. */
  readonly withoutWitnesses?: boolean | undefined
}

export interface Recovery {
  /** The new log, and the number of its first entry. */
  readonly log: string
  readonly start: number
  /** Whether it has a new key. */
  readonly newKey: boolean
  readonly resolved: readonly string[]
}

/**
 * Brings a stopped log back to work: the broken log ends where it is, and a new one begins, whose first entries say what was found, what
 * was last known to be signed, who did this and why. Its numbers begin behind every number that can have been signed.
 */
export async function recoverLog(deps: RecoverDeps, request: RecoveryRequest): Promise<Recovery> {
  const { database } = deps
  const before = await readHead(database.db)
  if (!before.stopped) throw new ProblemError('conflict', 'The log is not stopped; there is nothing to bring back to work.')
  const faults = await readFaults(deps)
  checkAcknowledged(faults, request.acknowledge)
  const notes = (await readNoteFiles(deps.directory)).files
  const signed = [deps.newest(), ...(await journalNotes(deps, before.log))].flatMap((note) => note ?? [])
  const logs = await readLogs(database.db)
  const used = await usedOutside(deps, { logs, old: logs.find(({ name }) => name === before.log), faults })
  requireAnswer(used, request)
  const { key, isNew } = await keyFor(deps, logs.find(({ name }) => name === before.log), faults)
  return database.transaction(async (tx) => {
    const head = await readHead(tx.db, { lock: true })
    if (!head.stopped) throw new ProblemError('conflict', 'The log was brought back to work in the meantime.')
    const now = deps.clock()
    const broken = { head: head.size, logs, old: logs.find(({ name }) => name === head.log), notes, signed, faults, used }
    const largest = await largestNumber(tx.db)
    const start = startBehind(broken, largest)
    if (broken.old !== undefined) await endLog(tx.db, broken.old.name, { size: lengthOfBroken(broken, broken.old, (await readLastEntry(tx.db, head.size))?.index ?? -1), now })
    await moveHead(tx.db, start)
    await raiseCounters(tx.db)
    await resolveFaults(tx.db, faults.map(({ id }) => id), now)
    const log = await writeBreak(tx, { ...deps, clock: () => now }, { broken, start, key, request })
    await keepRecovery(deps.directory, { name: log, start }, faults.map(({ id }) => id))
    return { log, start, newKey: isNew, resolved: faults.map(({ id }) => id) }
  })
}

/** What the journal of the embedded database has as signed last. */
async function journalNotes({ database, directory }: RecoverDeps, name: string | null): Promise<string[]> {
  const log = (await readLogs(database.db)).find((each) => each.name === name)
  if (database.kind !== 'pglite' || log === undefined) return []
  for await (const batch of batchesBackwards(journalOf(directory, log).path)) return batch?.note === undefined || batch.note === '' ? [] : [batch.note]
  return []
}

function checkAcknowledged(faults: readonly StoredFault[], acknowledged: readonly string[]): void {
  const unread = faults.filter(({ id }) => !acknowledged.includes(id))
  if (unread.length > 0) throw new ProblemError('conflict', `There are faults that were not acknowledged. Read them first ("concordat audit check"): ${unread.map(({ id, message }) => `${id}: ${message}`).join(' ').slice(0, 2000)}`, { fields: { faults: unread.map(({ id }) => id) } })
}

/** A key that was replaced or is gone is not trusted any more: whoever put another one there may have it. */
async function keyFor({ keys }: RecoverDeps, old: StoredLog | undefined, faults: readonly StoredFault[]): Promise<{ key: LogKey; isNew: boolean }> {
  const doubted = faults.some(({ kind }) => kind === 'key-missing' || kind === 'key-replaced')
  const key = doubted || old === undefined ? undefined : keys.find(old.origin, old.vkey)
  return key === undefined ? { key: await keys.rotate(), isNew: true } : { key, isNew: false }
}

interface Broken {
  readonly head: number
  readonly logs: readonly StoredLog[]
  /** The log that took the entries; undefined when the database does not know of any. */
  readonly old: StoredLog | undefined
  readonly notes: readonly NoteFile[]
  /** Checkpoints from elsewhere: of this process, of the journal. */
  readonly signed: readonly string[]
  readonly faults: readonly StoredFault[]
  readonly used: UsedOutside
}

// No connector comes to as many records: whoever wrote a larger number into the database must not use up those that there are.
const mostNumbers = 1e15

// Not in the note file yet may be what a process seals in the moment before it is written: a full step is far more.
/** A number behind all that can have been given: the next whole million, so that a break shows in the numbers as well. */
function startBehind({ head, logs, old, notes, faults, used }: Broken, largest: number): number {
  const starts = new Map([...notes.map(({ log, start }) => [log, start] as const), ...logs.map(({ name, start }) => [name, start] as const)])
  const ends = [head, largest + 1, ...logs.map(({ start, sealed }) => start + sealed), ...notes.map(({ start, size }) => start + size), ...faults.map(({ log, detail }) => (starts.get(log) ?? head) + sizeIn(detail)), ...used.ofBroken.map(({ size }) => (old?.start ?? head) + size)]
  return (Math.floor(Math.max(0, ...ends.filter((end) => end < mostNumbers)) / breakStep) + 1 + used.millions) * breakStep
}

/** How many entries the broken log came to, as far as not the head alone says so: its number is written easily. */
function lengthOfBroken({ head, notes }: Broken, old: StoredLog, last: number): number {
  return Math.min(head - old.start, Math.max(last + 1 - old.start, old.sealed, ...notes.flatMap(({ log, size }) => (log === old.name ? [size] : []))))
}

/** How many entries a fault says that were signed. */
function sizeIn(detail: Readonly<Record<string, JsonValue>>): number {
  return Math.max(0, ...['signed', 'witnessed', 'size', 'index'].map((name) => detail[name]).filter((value) => typeof value === 'number'))
}

async function writeBreak(tx: Transaction, deps: RecoverDeps, { broken, start, key, request }: { broken: Broken; start: number; key: LogKey; request: RecoveryRequest }): Promise<string> {
  const { old, notes, faults, head, used } = broken
  const name = nextOf(used.taken, deps.clock())
  const opened = await beginLog(tx, deps, { name, key, start, now: deps.clock() })
  const checkpoints = trusted(broken)
  const [last] = checkpoints
  const previous = old?.name ?? notes.at(-1)?.log
  const lost = lostOf(broken)
  const { origin = '', vkey = '' } = opened
  appendReady(tx, deps, [
    prepareRecord({ ...opened, reason: 'break', ...(old === undefined ? {} : { previous: old.name }), ...(last === undefined ? {} : { previousCheckpoint: last }), actor: request.actor }),
    prepareRecord({
      type: 'log.recovered',
      name,
      origin,
      vkey,
      kind: [...new Set(faults.map(({ kind }) => kind))],
      faults: faults.slice(0, mostFaults).map(({ id, kind, log, message, foundAt }) => ({ id, kind, log, message: message.slice(0, 1000), foundAt: foundAt.toISOString() })),
      ...(faults.length > mostFaults ? { others: faults.slice(mostFaults).map(({ id }) => id) } : {}),
      detail: { broken: previous ?? null, entries: old === undefined ? 0 : head - old.start, faults: faults.length, checkpoints: checkpoints.slice(0, 10), ...witnessesIn(used) },
      ...(lost.length === 0 ? {} : { lost }),
      reason: request.reason,
      actor: request.actor,
    }),
  ])
  return name
}

const mostFaults = 200
const mostWitnesses = 50

/** Whose word the name and the numbers of the new log have. */
function witnessesIn({ asked, answered, unknown }: UsedOutside): Readonly<Record<string, JsonValue>> {
  return { ...(asked.length === 0 ? {} : { witnessesAsked: asked.length, witnessesAnswered: answered.slice(0, mostWitnesses) }), ...(unknown.length === 0 ? {} : { unknownLogs: [...unknown] }) }
}

/** What is known to have been signed of the broken log, largest first: what is stored, what is in the note file, what witnesses have shown. */
function trusted({ old, notes, signed, faults, used }: Broken): string[] {
  if (old === undefined) return notes.toReversed().map(({ note }) => note)
  const shown = faults.flatMap(({ log, detail }) => (log === old.name && typeof detail['checkpoint'] === 'string' ? [detail['checkpoint']] : []))
  const kept = [...(old.checkpoint === null ? [] : [old.checkpoint]), ...notes.filter(({ log }) => log === old.name).map(({ note }) => note), ...signed, ...shown, ...used.ofBroken.map(({ note }) => note)]
  return [...new Set(kept)]
    .flatMap((note) => {
      const opened = openSigned(old, { where: 'recovery', note })
      return 'checkpoint' in opened ? [{ note, size: opened.checkpoint.size }] : []
    })
    .toSorted((left, right) => right.size - left.size)
    .map(({ note }) => note)
}

/** Numbers of records that were signed and are not there, as ranges. */
function lostOf({ head, logs, old, notes, faults, used }: Broken): string[] {
  const ranges = notes.flatMap(({ log, start, size }) => {
    const known = logs.find(({ name }) => name === log)
    const has = known === undefined ? 0 : lengthOf(known, head)
    return has < size ? [[start + has, start + size - 1] as const] : []
  })
  // What a witness has cosigned, and the database does not have.
  const witnessed = faults.flatMap(({ log, kind, detail: { here, witnessed: size } }) => {
    const start = logs.find(({ name }) => name === log)?.start
    return kind === 'witness-ahead' && start !== undefined && typeof here === 'number' && typeof size === 'number' && here < size ? [[start + here, start + size - 1] as const] : []
  })
  const shown = used.ofBroken.flatMap(({ size }) => (old !== undefined && lengthOf(old, head) < size ? [[old.start + lengthOf(old, head), old.start + size - 1] as const] : []))
  const removed = faults.flatMap(({ kind, detail }) => (kind === 'entry-missing' && Array.isArray(detail['missing']) ? detail['missing'].map(String) : []))
  return [...new Set([...ranges, ...witnessed, ...shown].map(([from, to]) => `${from}-${to}`).concat(removed.map((range) => range.replace(',', '-'))))].slice(0, 200)
}
