import { isProblem } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import type { AuditRecord } from '../audit.ts'
import { writeCosignedFile } from '../log/cosigned-file.ts'
import type { Checkpoint, LogInfo, TransparencyLog } from '../log/log.ts'
import { askWitness } from './ask.ts'
import type { Asked, AskDeps, WitnessAddress } from './ask.ts'
import { claimWitness, cosignedSize, insertCheckpoint, listWitnesses, noteAlarm, noteCosigned, noteFailure, putCosignature, releaseWitness } from './store.ts'

/** What showing our logs to a witness needs. */
export interface ShowDeps extends AskDeps {
  readonly database: Database
  readonly log: TransparencyLog
  readonly record: (record: AuditRecord) => Promise<unknown>
  /** Where cosigned checkpoints are kept beside the database. */
  readonly directory: string
}

const alarmAfterMs = 300_000
/** A process that died while it asked holds up the others no longer than this. That two ask at once does no harm: a witness answers both. */
const claimMs = 30_000
/** A log that ended is shown to witnesses for this long, so that its last entries are cosigned too. */
const closedLogMs = 7 * 86_400_000

/** A log and its newest checkpoint. */
export interface Shown {
  readonly log: LogInfo
  readonly checkpoint: Checkpoint
}

/** The logs that witnesses are shown, oldest first; none while the log is stopped. */
export async function logsToShow({ log, clock }: Pick<ShowDeps, 'log' | 'clock'>): Promise<Shown[]> {
  const { state } = await log.status()
  if (state === 'stopped') return []
  const now = clock().getTime()
  const logs = (await log.logs()).filter(({ closedAt, prunedAt }) => closedAt === null || (prunedAt === null && now - closedAt.getTime() < closedLogMs))
  const shown = await Promise.all(logs.map((one) => newestOf(log, one)))
  return shown.flatMap((checkpoint, place) => (logs[place] === undefined || checkpoint === undefined ? [] : [{ log: logs[place], checkpoint }]))
}

async function newestOf(log: TransparencyLog, one: LogInfo): Promise<Checkpoint | undefined> {
  try {
    return one.closedAt === null || (await endedItself(log, one)) ? await log.checkpoint(one.name) : undefined
  } catch (error) {
    // One that is broken must not keep the others from their witnesses.
    if (one.closedAt !== null && isProblem(error) && error.code === 'record-unavailable') return undefined
    throw error
  }
}

/**
 * Whether a log was ended by its last entry. One that a break has ended is not: its witnesses may have seen more of it, which is why
 * it was ended; what they say of it would stop the log that took its place.
 */
async function endedItself(log: TransparencyLog, { name, size }: LogInfo): Promise<boolean> {
  const [last] = size === null || size === 0 ? [] : await log.leaves(name, size - 1, 1)
  if (last === undefined) return false
  const { type }: { type?: unknown } = JSON.parse(last.entry)
  return type === 'log.closed'
}

/** `later`: another process of ours is at it. */
export type Showing = 'done' | 'later' | 'failed'

/** Shows a witness the logs of which it has not cosigned all; with `all`, the open one in any case. */
export async function showAll(deps: ShowDeps, witness: WitnessAddress, { logs, all }: { logs: readonly Shown[]; all: boolean }): Promise<Showing> {
  const { db } = deps.database
  const due: (Shown & { readonly oldSize: number })[] = []
  for (const shown of logs) {
    const cosigned = await cosignedSize(db, shown.checkpoint.origin, witness.name)
    if (cosigned !== shown.checkpoint.size || (all && shown.log.closedAt === null)) due.push({ ...shown, oldSize: cosigned ?? 0 })
  }
  if (due.length === 0) return 'done'
  const now = deps.clock()
  if (!(await claimWitness(db, witness.name, now, new Date(now.getTime() + claimMs)))) return 'later'
  try {
    for (const shown of due) {
      const showing = await show(deps, witness, shown)
      if (showing !== 'done') return showing
    }
    return 'done'
  } finally {
    await releaseWitness(db, witness.name)
  }
}

async function show(deps: ShowDeps, witness: WitnessAddress, { log, checkpoint, oldSize }: Shown & { readonly oldSize: number }): Promise<Showing> {
  const { db } = deps.database
  const { origin, size, note } = checkpoint
  await insertCheckpoint(db, { origin, size, note }, deps.clock())
  const asked = await askWitness(deps, { witness, log, checkpoint, oldSize }).catch(failureOf)
  const now = deps.clock()
  // An answer that we did not wait for says nothing about the witness.
  if (asked.result === 'later' || deps.signal?.aborted === true) return 'later'
  if (asked.result === 'fault') {
    await noteFailure(db, witness.name, asked.fault.message, now)
    await deps.log.stop(asked.fault)
    return 'failed'
  }
  if (asked.result === 'failed') {
    await noteFailure(db, witness.name, asked.why, now)
    if (asked.lies) await alarm(deps, witness.name, { origin, size })
    return 'failed'
  }
  await putCosignature(db, { origin, size, witness: witness.name, line: asked.line }, now)
  const { name: named, url, partner, vkeys } = witness
  await writeCosignedFile(deps.directory, { log: log.name, start: log.start, origin, size, note, line: asked.line, witness: named, vkey: vkeys[0] ?? '', url, partner })
  const recovered = await noteCosigned(db, witness.name, { origin, size }, now)
  if (recovered) await deps.record({ type: 'witness.recovered', witness: witness.name, ...(witness.partner === null ? {} : { partner: witness.partner }), origin, size })
  return 'done'
}

// What another machine did not do is no fault of ours; everything else is.
function failureOf(error: unknown): Asked {
  if (isProblem(error) && elsewhere.has(error.code)) return { result: 'failed', why: error.message, lies: false }
  throw error
}

/** Nothing, when another machine did not do its part. */
export function passOver(error: unknown): undefined {
  if (isProblem(error) && elsewhere.has(error.code)) return undefined
  throw error
}

const elsewhere: ReadonlySet<string> = new Set(['peer-failed', 'peer-timeout', 'address-refused', 'too-many-requests'])

/** Records of each witness that fails for a while that it does. */
export async function raiseAlarms(deps: ShowDeps, logs: readonly Shown[]): Promise<void> {
  const open = logs.find(({ log }) => log.closedAt === null)?.checkpoint
  const longAgo = deps.clock().getTime() - alarmAfterMs
  const failing = (await listWitnesses(deps.database.db)).filter(({ failingSince, alarmedAt }) => alarmedAt === null && failingSince !== null && failingSince.getTime() <= longAgo)
  for (const { name } of failing) if (open !== undefined) await alarm(deps, name, open)
}

async function alarm(deps: ShowDeps, name: string, { origin, size }: { origin: string; size: number }): Promise<void> {
  const { db } = deps.database
  if (!(await noteAlarm(db, name, deps.clock()))) return
  const [row, cosigned] = await Promise.all([listWitnesses(db).then((rows) => rows.find((one) => one.name === name)), cosignedSize(db, origin, name)])
  await deps.record({
    type: 'witness.lagging',
    witness: name,
    ...(row?.partner == null ? {} : { partner: row.partner }),
    origin,
    size,
    cosigned: cosigned ?? 0,
    ...(row?.failingSince == null ? {} : { since: row.failingSince.toISOString() }),
    reason: row?.failure ?? '',
  })
}
