import { createHash } from 'node:crypto'
import { isProblem, ProblemError } from '../../errors.ts'
import type { Database, Queries } from '../../persistence/database.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { openNote, parseNote, parseVkey, signatureLine } from '../../tlog/note.ts'
import type { Signer } from '../../tlog/note.ts'
import { emptyRoot, verifyConsistency } from '../../tlog/tree.ts'
import { parseAddCheckpoint } from '../../tlog/witness-messages.ts'
import type { AddCheckpoint } from '../../tlog/witness-messages.ts'
import type { AuditRecord } from '../audit.ts'
import { createFold } from './fold.ts'
import { countWitnessed, findWitnessed, findWitnessedByHash, insertWitnessed, lockWitnessed, updateWitnessed } from './store.ts'
import type { WitnessedLog } from './store.ts'
import { readWitnessedFile, writeWitnessedFile } from './witnessed-file.ts'
import type { WitnessedFile } from './witnessed-file.ts'

/** The witness that we are for the logs of our partners (C2SP tlog-witness). */
export interface LogWitness {
  /** Answers `add-checkpoint`. A refusal without a body of its own is thrown: 'bad-request', 'not-found', 'forbidden', 'invalid-evidence'. */
  addCheckpoint(body: string): Promise<WitnessAnswer>
  /** The latest checkpoint that we cosigned of the log whose origin has this SHA-256, in hex. */
  latest(originSha256: string): Promise<string | undefined>
  settle(): Promise<void>
  /** Records the refusals that are still counted. */
  close(): Promise<void>
}

export interface WitnessAnswer {
  readonly status: 200 | 409
  readonly type: string
  readonly body: string
}

export interface LogWitnessDeps {
  readonly database: Database
  /** Where what we cosigned is kept beside the database. */
  readonly directory: string
  readonly clock: () => Date
  /** C2SP tlog-cosignature: our witness key, which signs nothing else. */
  readonly cosigner: Signer
  /** The key that verifies what it signs. */
  readonly vkey: string
  /** The partner in the register whose log `origin` names; undefined for everybody else and for ourselves. Costs no call to another host. */
  readonly partnerOf: (origin: string) => Promise<string | undefined>
  /** The keys that the partner publishes for this origin; those that `suffice`, if asking again, when that is due, brings them. */
  readonly logKeys: (log: { partner: string; origin: string }, suffice: (vkeys: readonly string[]) => boolean) => Promise<readonly string[]>
  readonly record: (record: AuditRecord) => Promise<unknown>
  readonly onError: (error: unknown) => void
}

/** A partner begins a log each year, with each key and after each break. */
const mostLogsOfAPartner = 200
const mostAtOnce = 32

/** Opens the witness. */
export function createLogWitness(deps: LogWitnessDeps): LogWitness {
  const writing = new Set<Promise<void>>()
  const refusals = createFold<Refusal>((refusal, count) => write(recordOf(refusal, count)))
  let running = 0

  function write(record: AuditRecord): void {
    const written = deps
      .record(record)
      .then(() => undefined, deps.onError)
      .finally(() => writing.delete(written))
    writing.add(written)
  }

  async function settle(): Promise<void> {
    while (writing.size > 0) await Promise.all(writing)
  }

  async function addCheckpoint(body: string): Promise<WitnessAnswer> {
    const asked = read(body)
    const { origin, size } = asked.tree
    const partner = await deps.partnerOf(origin)
    if (partner === undefined) throw new ProblemError('not-found', `No partner of this connector has a log ${origin.slice(0, 200)}.`)
    const trust = await trustIn(deps, asked, partner)
    if (trust.otherKey) refusals.add(`key ${origin}`, { why: 'key', partner, asked, known: trust.known })
    if (trust.vkey === undefined) throw new ProblemError('forbidden', trust.otherKey ? `The log ${origin} was first seen with another key. A new key begins a new log.` : `No key of ${partner} has signed this checkpoint.`)
    // C2SP tlog-witness: the old size must not be above the checkpoint's.
    if (asked.oldSize > size) throw new ProblemError('bad-request', 'The old size is above the size of the checkpoint.')
    const outcome = await cosign(deps, { asked, partner, vkey: trust.vkey })
    if (outcome.forgotten !== undefined) write({ type: 'witness.state_restored', partner, origin, size: outcome.forgotten.size, had: outcome.forgotten.had })
    if (outcome.first) write({ type: 'witness.log_seen', partner, origin, vkey: trust.vkey })
    if (outcome.refusal !== undefined) refusals.add(`${outcome.refusal} ${origin}`, { why: outcome.refusal, partner, asked, known: outcome.known })
    return answerOf(outcome)
  }

  return {
    addCheckpoint: async (body) => {
      if (running >= mostAtOnce) throw new ProblemError('too-many-requests', 'Too many checkpoints are being looked at. Try again in a moment.')
      running += 1
      try {
        return await addCheckpoint(body)
      } finally {
        running -= 1
      }
    },
    latest: async (originSha256) => {
      const [known, kept] = await Promise.all([findWitnessedByHash(deps.database.db, originSha256), readWitnessedFile(deps.directory, originSha256)])
      return (kept !== undefined && kept.size >= (known?.size ?? 0) ? kept : known)?.checkpoint ?? undefined
    },
    settle,
    close: () => {
      refusals.flush()
      return settle()
    },
  }
}

/** By what the public key of a log is named in paths. */
export function originHash(origin: string): string {
  return createHash('sha256').update(origin).digest('hex')
}

/** Why we did not cosign what a key of the log has signed. */
type Reason = 'fork' | 'proof' | 'behind' | 'key'

interface Refusal {
  readonly why: Reason
  readonly partner: string
  readonly asked: AddCheckpoint
  readonly known: WitnessedLog | undefined
}

function recordOf({ why, partner, asked, known }: Refusal, count: number): AuditRecord {
  return {
    type: 'witness.refused',
    partner,
    origin: asked.tree.origin,
    reason: why,
    size: asked.tree.size,
    cosigned: known?.size ?? 0,
    checkpoint: asked.checkpoint,
    ...(known?.checkpoint == null ? {} : { cosignedCheckpoint: known.checkpoint }),
    count,
  }
}

function read(body: string): AddCheckpoint {
  try {
    return parseAddCheckpoint(body)
  } catch (error) {
    if (isProblem(error)) throw new ProblemError('bad-request', error.message, { cause: error })
    throw error
  }
}

interface Trust {
  readonly vkey: string | undefined
  /** A key of the partner signed it, but not the one of this log. */
  readonly otherKey: boolean
  readonly known: WitnessedLog | undefined
}

// The key that a log was first seen with is its key. Whoever comes to hold another key of the partner, or its DID document, cannot
// go on with a log that others have seen.
async function trustIn(deps: LogWitnessDeps, asked: AddCheckpoint, partner: string): Promise<Trust> {
  const { origin } = asked.tree
  const known = (await readWitnessedFile(deps.directory, originHash(origin))) ?? (await findWitnessed(deps.database.db, origin))
  if (known !== undefined && signs(asked.checkpoint, known.vkey)) return { vkey: known.vkey, otherKey: false, known }
  const suffice = (vkeys: readonly string[]) => vkeys.some((vkey) => signs(asked.checkpoint, vkey))
  const vkey = (await deps.logKeys({ partner, origin }, suffice)).find((candidate) => signs(asked.checkpoint, candidate))
  return known === undefined ? { vkey, otherKey: false, known } : { vkey: undefined, otherKey: vkey !== undefined, known }
}

function signs(checkpoint: string, vkey: string): boolean {
  try {
    return openNote(checkpoint, [parseVkey(vkey)]).signedBy.length > 0
  } catch (error) {
    if (isProblem(error)) return false
    throw error
  }
}

interface Outcome {
  readonly first: boolean
  /** What the database had forgotten: how much we had cosigned, and how much it knew of. */
  readonly forgotten?: { readonly size: number; readonly had: number } | undefined
  readonly refusal?: Reason
  readonly known: WitnessedLog
  /** What is told when the old size is not ours. */
  readonly size?: number
  /** Our signature lines. */
  readonly lines?: string
  /** What is kept of it beside the database. */
  readonly cosigned?: WitnessedFile
}

// C2SP tlog-witness: the comparison with what was cosigned last and the writing of what is cosigned now are one step, and what is
// answered is committed.
async function cosign(deps: LogWitnessDeps, request: { asked: AddCheckpoint; partner: string; vkey: string }): Promise<Outcome> {
  const { asked, partner, vkey } = request
  const { origin } = asked.tree
  const kept = await readWitnessedFile(deps.directory, originHash(origin))
  const outcome: Outcome = await deps.database.transaction(async ({ db }) => {
    const forgotten = await remember(deps, db, kept)
    const known = await lockWitnessed(db, origin)
    if (known !== undefined) return { first: false, forgotten, ...(await step(deps, db, { asked, known, vkey })) }
    if ((await countWitnessed(db, partner)) >= mostLogsOfAPartner) throw new ProblemError('forbidden', `${partner} has ${mostLogsOfAPartner} logs here already.`)
    const first = await insertWitnessed(db, { origin, originSha256: originHash(origin), partner, vkey, root: emptyRoot.toString('base64') }, deps.clock())
    const inserted = await lockWitnessed(db, origin)
    if (inserted === undefined) throw new Error(`The log ${origin} was not written`)
    return { first, ...(await step(deps, db, { asked, known: inserted, vkey })) }
  })
  if (outcome.cosigned !== undefined) await writeWitnessedFile(deps.directory, originHash(origin), outcome.cosigned)
  return outcome
}

/** Puts into the database what we cosigned, when it knows of less, or of something else. */
async function remember({ clock, vkey: ownVkey }: LogWitnessDeps, db: Queries, kept: WitnessedFile | undefined): Promise<Outcome['forgotten']> {
  if (kept === undefined) return undefined
  const { origin, partner, vkey, size, root, checkpoint } = kept
  const known = await lockWitnessed(db, origin)
  if (known !== undefined && goesOn(known, kept, ownVkey)) return undefined
  if (known === undefined) await insertWitnessed(db, { origin, originSha256: originHash(origin), partner, vkey, root: emptyRoot.toString('base64') }, clock())
  await updateWitnessed(db, origin, { vkey, size, root, checkpoint }, clock())
  return { size, had: known?.size ?? 0 }
}

/** Whether the database has what is kept, or what we cosigned behind it, which is in the file a moment later: only our key can have signed that. */
function goesOn(known: WitnessedLog, kept: WitnessedFile, ownVkey: string): boolean {
  if (known.vkey !== kept.vkey || known.size < kept.size) return false
  return known.size === kept.size ? known.root === kept.root : isCosigned(known, ownVkey)
}

function isCosigned({ origin, size, root, checkpoint }: WitnessedLog, ownVkey: string): boolean {
  if (checkpoint === null || !signs(checkpoint, ownVkey)) return false
  const seen = parseCheckpoint(parseNote(checkpoint).text)
  return seen.origin === origin && seen.size === size && seen.root.toString('base64') === root
}

async function step(deps: LogWitnessDeps, db: Queries, { asked, known, vkey }: { asked: AddCheckpoint; known: WitnessedLog; vkey: string }): Promise<Omit<Outcome, 'first'>> {
  const { origin, size, root } = asked.tree
  // Two keys may have been tried at once for a log that nobody had seen.
  if (known.vkey !== vkey) return { refusal: 'key', known }
  const oldRoot = Buffer.from(known.root, 'base64')
  if (asked.oldSize !== known.size) return { known, size: known.size, ...(size < known.size ? { refusal: 'behind' as const } : {}) }
  if (size === known.size && !root.equals(oldRoot)) return { refusal: 'fork', known, size: known.size }
  if (!verifyConsistency({ oldSize: known.size, oldRoot, size, root, proof: asked.proof })) return { refusal: 'proof', known }
  const { text, lines } = parseNote(asked.checkpoint)
  const signer = parseVkey(vkey)
  const cosignature = signatureLine(text, deps.cosigner)
  const trusted = lines.find(({ name, keyId }) => name === signer.name && keyId.equals(signer.keyId))
  const seen = { size, root: root.toString('base64'), checkpoint: `${text}\n${trusted?.line ?? ''}\n${cosignature}` }
  await updateWitnessed(db, origin, { vkey, ...seen }, deps.clock())
  return { known, lines: cosignature, cosigned: { ...known, ...seen } }
}

function answerOf({ refusal, size, lines }: Outcome): WitnessAnswer {
  if (lines !== undefined) return { status: 200, type: 'text/plain; charset=utf-8', body: lines }
  if (size !== undefined) return { status: 409, type: 'text/x.tlog.size', body: `${size}\n` }
  if (refusal === 'key') throw new ProblemError('forbidden', 'The log was first seen with another key. A new key begins a new log.')
  throw new ProblemError('invalid-evidence', 'The proof does not show that the log has only grown.')
}
