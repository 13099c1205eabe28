import { isProblem, ProblemError } from '../../errors.ts'
import type { Database, Queries } from '../../persistence/database.ts'
import { isStorable } from '../../persistence/storable-text.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { parseNote } from '../../tlog/note.ts'
import { tileWidth } from '../../tlog/tiles.ts'
import { leafHashOfText } from '../../tlog/tree.ts'
import type { Audit, AuditRecord } from '../audit.ts'
import { entryFields, entryText } from '../entry.ts'
import { readOfTypes } from '../log/check/store.ts'
import { edgeOf } from '../log/check/stored-tree.ts'
import { readLogs } from '../log/store.ts'
import type { AuditRow } from '../store.ts'
import { agreementsIn, countRunningAgreements, findClosed, findUnfinished, keepLastTile, lastTimeUntil, lockLog, markPruned, removeEntries, removeTiles } from './store.ts'
import type { PrunedLog } from './store.ts'

export interface PruneDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'append' | 'log'>
  readonly clock: () => Date
  /** How many years records are kept; undefined: nothing is removed by itself. */
  readonly years: number | undefined
}

export interface PruneRequest {
  readonly log: string
  readonly reason: string
  readonly actor: string
  /** Removes the tiles as well: then nothing of the log can be proven any more but by what others kept. */
  readonly tiles?: boolean | undefined
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun?: boolean | undefined
}

export interface Pruned {
  readonly log: string
  readonly records: number
  /** Agreements that have not ended, of which records are removed: their numbering is no longer complete here. */
  readonly runningAgreements: number
}

const batch = 5000

/**
 * Removes the entries of a closed log after their time. Its row with the final checkpoint stays (C2SP tlog-tiles: a pruned log still says
 * what it came to), and its tiles unless told, 32 bytes an entry, so that receipts that others kept can be checked and extended. First it is marked and recorded, then removed: what is cut
 * off is finished by {@link finishPruning}, and never looks like a loss.
 */
export async function pruneLog(deps: PruneDeps, request: PruneRequest): Promise<Pruned> {
  if (!isStorable([request.log, request.reason])) throw new ProblemError('bad-request', '/body/reason: must be valid Unicode without NUL.')
  const earlier = await earlierPrunings(deps, request)
  const pruned = await deps.database.transaction(async (tx) => {
    const now = deps.clock()
    const { start, size, checkpoint, ...log } = prunable(await lockLog(tx.db, request.log), request.log, deps, now)
    const runningAgreements = await countRunningAgreements(tx.db, { from: start, until: start + size }, now)
    const result = { log: log.name, records: size, runningAgreements }
    if (request.dryRun === true) return result
    await (request.tiles === true ? removeTiles(tx.db, log.name) : keepTree(tx.db, { ...log, start, size, checkpoint }))
    await markPruned(tx.db, log.name, now)
    const years = deps.years === undefined ? {} : { years: deps.years }
    // Each agreement says which of its numbers went: without that nobody could tell a record that was removed after its time from one that was left out.
    const agreements = (await agreementsIn(tx.db, { from: start, until: start + size })).map(({ agreement, partner, ...which }) => ({ type: 'agreement.pruned', agreement, ...(partner === null ? {} : { partner }), name: log.name, ...which }))
    await deps.audit.append(tx, { type: 'log.pruned', name: log.name, origin: log.origin, vkey: log.vkey, from: start, count: size, checkpoint, ...years, ...(request.tiles === true ? { tiles: 'removed' } : {}), reason: request.reason, actor: request.actor }, ...earlier, ...agreements)
    return result
  })
  if (request.dryRun !== true) await finishPruning(deps)
  return pruned
}

/** The prunings that a log tells of: they are recorded once more, so that their logs do not look as if somebody had emptied them. */
async function earlierPrunings({ database, audit }: PruneDeps, { log, actor }: PruneRequest): Promise<AuditRecord[]> {
  const { start, size } = (await readLogs(database.db)).find(({ name }) => name === log) ?? { start: 0, size: 0 }
  const rows = (await readOfTypes(database.db, ['log.pruned'], start + (size ?? 0))).filter(({ index }) => index >= start)
  const kept: AuditRecord[] = []
  for (const row of rows) {
    if (!(await isInLog(audit, row))) continue
    const { time: _time, ...fields } = entryFields(row)
    kept.push({ ...fields, reason: `It is recorded in the log ${log}, which is removed as well.`, actor })
  }
  return kept
}

/** Whether an entry is the one that was signed: whoever wrote another one into the database must not have it recorded by us. */
async function isInLog(audit: PruneDeps['audit'], row: AuditRow): Promise<boolean> {
  try {
    const inclusion = await audit.log.inclusion(row.index)
    return inclusion.leafHash.equals(leafHashOfText(entryText(row)))
  } catch (error) {
    if (!isProblem(error)) throw error
    return false
  }
}

/** Stores what of the tree is not in tiles yet. What was tampered with is left to be found. */
async function keepTree(db: Queries, log: { readonly name: string; readonly start: number; readonly size: number; readonly sealed: number; readonly checkpoint: string }): Promise<void> {
  const { name, size, checkpoint } = log
  const edge = await edgeOf(db, log, size)
  const signed = parseCheckpoint(parseNote(checkpoint).text)
  if (!('root' in edge) || signed.size !== size || !edge.root().equals(signed.root)) throw new ProblemError('conflict', `The log ${name} is not the one of its final checkpoint, so nothing is removed. "concordat audit check" says what is wrong.`)
  const index = Math.floor(size / tileWidth)
  const hashes = edge.tile(0, index, size % tileWidth)
  if (hashes !== undefined) await keepLastTile(db, name, { index, hashes })
}

function prunable(log: PrunedLog | undefined, name: string, { years }: PruneDeps, now: Date): PrunedLog & { readonly size: number; readonly checkpoint: string } {
  if (log === undefined) throw new ProblemError('not-found', `There is no log ${name.slice(0, 100)}. "concordat log list" shows the logs.`)
  const { closedAt, prunedAt, size, sealed, checkpoint } = log
  if (prunedAt !== null) throw new ProblemError('conflict', `The entries of the log ${log.name} were removed at ${prunedAt.toISOString()}.`)
  if (closedAt === null || size === null) throw new ProblemError('conflict', `The log ${log.name} is open. Only logs that are closed can be pruned; a log closes with its year.`)
  if (checkpoint === null || sealed < size) throw new ProblemError('conflict', `The final checkpoint of the log ${log.name} is not kept yet. Try again in a moment.`)
  if (years !== undefined && keptUntil(closedAt, years) > now) throw new ProblemError('conflict', `The log ${log.name} closed at ${closedAt.toISOString()}, and CONCORDAT_AUDIT_RETENTION_YEARS keeps its records until ${keptUntil(closedAt, years).toISOString()}.`)
  return { ...log, size, checkpoint }
}

function keptUntil(closedAt: Date, years: number): Date {
  const until = new Date(closedAt)
  until.setUTCFullYear(until.getUTCFullYear() + years)
  return until
}

/** Removes what is left of logs that were marked as pruned. */
export async function finishPruning({ database }: Pick<PruneDeps, 'database'>): Promise<void> {
  for (const { start, size } of await findUnfinished(database.db)) {
    for (let from = start; from < start + size; from += batch) {
      await database.transaction(({ db }) => removeEntries(db, { from, until: Math.min(start + size, from + batch) }))
    }
  }
}

/** A clock that leaps years ahead, by a fault or by somebody's will, must not empty the record before anybody has seen it. */
const clockDoubtMs = 7 * 24 * 3_600_000

/** Prunes every log whose time was over already when entries of a week ago were written; does nothing without a number of years. */
export async function pruneDue(deps: PruneDeps): Promise<Pruned[]> {
  await finishPruning(deps)
  const { years } = deps
  if (years === undefined) return []
  const now = deps.clock()
  const over = (await findClosed(deps.database.db)).filter(({ closedAt }) => keptUntil(closedAt, years) <= now)
  const known = over.length === 0 ? undefined : await lastTimeUntil(deps.database.db, new Date(now.getTime() - clockDoubtMs))
  const due = over.filter(({ closedAt }) => known !== undefined && keptUntil(closedAt, years) <= known)
  const pruned: Pruned[] = []
  const failures: unknown[] = []
  for (const { name } of due) {
    await pruneLog(deps, { log: name, reason: 'Their time is over.', actor: 'retention' }).then(
      (each) => pruned.push(each),
      // One log that cannot be pruned, as after a break, does not keep the others.
      (error: unknown) => failures.push(error),
    )
  }
  if (failures.length > 0) throw failures[0]
  return pruned
}

const everyMs = 24 * 3_600_000

/** Prunes what is due, now and each day, until it is stopped. */
export function startRetention(deps: PruneDeps & { readonly onError: (error: unknown) => void }): { stop(): void; settle(): Promise<void> } {
  let running = Promise.resolve()
  const run = () => {
    running = running.then(async () => void (await pruneDue(deps))).catch(deps.onError)
  }
  run()
  const timer = setInterval(run, everyMs).unref()
  return { stop: () => clearInterval(timer), settle: () => running }
}
