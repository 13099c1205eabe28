import { isProblem } from '../../errors.ts'
import type { OutboundHttp } from '../../http/guarded-fetch.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { cosignatureTime } from '../../tlog/cosignature.ts'
import { decodeNumber } from '../../tlog/encoding.ts'
import { openNote, parseNote, parseSignatureLines, parseVkey } from '../../tlog/note.ts'
import { signatureTypes } from '../../tlog/keys.ts'
import { verifyConsistency } from '../../tlog/tree.ts'
import { formatAddCheckpoint } from '../../tlog/witness-messages.ts'
import { finding } from '../log/check/findings.ts'
import type { Checkpoint, LogFault, LogInfo, TransparencyLog } from '../log/log.ts'
import { originHash } from './serve.ts'

/** Where a witness is, and what its cosignatures are verified with. */
export interface WitnessAddress {
  readonly name: string
  /** Its keys (C2SP tlog-cosignature); more than one while it changes them. */
  readonly vkeys: readonly string[]
  /** Before `/add-checkpoint`. */
  readonly url: string
  /** Participant id; null: a witness from the settings. */
  readonly partner: string | null
}

/** What came of asking a witness. */
export type Asked =
  | { readonly result: 'cosigned'; readonly line: string }
  /** Nothing is wrong: another process of ours was faster. */
  | { readonly result: 'later' }
  /** `lies`: it answered what no witness answers to this. */
  | { readonly result: 'failed'; readonly why: string; readonly lies: boolean }
  /** It showed a checkpoint with our own signature that does not fit our log. */
  | { readonly result: 'fault'; readonly fault: LogFault }

export interface AskDeps {
  readonly http: Pick<OutboundHttp, 'fetch'>
  readonly log: Pick<TransparencyLog, 'checkpoint' | 'consistency' | 'status' | 'logs'>
  readonly clock: () => Date
  /** Ends what is being asked. */
  readonly signal?: AbortSignal
}

const timeoutMs = 10_000
const maxBytes = 64 * 1024
const mostRounds = 3
/** How far a witness's clock may be ahead of ours. */
const skewSeconds = 300

/** Asks a witness to cosign `checkpoint`; it cosigned `oldSize` entries last, as far as we know. */
export async function askWitness(deps: AskDeps, question: { witness: WitnessAddress; log: LogInfo; checkpoint: Checkpoint; oldSize: number }): Promise<Asked> {
  const { witness, log, checkpoint } = question
  // What it cosigned is signed by us: it told us once, and the log has less now.
  let old = question.oldSize > checkpoint.size ? 0 : question.oldSize
  for (let round = 1; round <= mostRounds; round++) {
    const proof = old === 0 || old === checkpoint.size ? [] : await deps.log.consistency(log.name, old, checkpoint.size)
    const answer = await deps.http.fetch(`${witness.url}/add-checkpoint`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: formatAddCheckpoint({ oldSize: old, proof, checkpoint: checkpoint.note }),
      timeoutMs,
      maxBytes,
      ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    })
    if (answer.status === 200) return cosignatureIn(answer.body.toString('utf8'), question, deps.clock())
    if (answer.status !== 409) return answer.status === 422 ? judge(deps, question, 'It says that our log did not only grow, and cannot show it.') : refused(answer.status, question.oldSize)
    const size = sizeIn(answer)
    if (size === undefined) return failed('It refused the size that it was told, and did not tell its own.', true)
    if (size > checkpoint.size) return (await sizeOf(deps, log)) >= size ? { result: 'later' } : judge(deps, question, `It says that it has cosigned ${size} entries, and cannot show it.`)
    if (size === old) return size === checkpoint.size ? judge(deps, question, 'It says that it has cosigned another tree, and cannot show it.') : failed('It refused its own size.', true)
    old = size
  }
  return failed('It changes its size from answer to answer.', true)
}

const refusals: ReadonlyMap<number, string> = new Map([
  [400, 'It does not understand our checkpoint.'],
  [403, 'It does not take the key of our log for ours.'],
  [404, 'It does not know our log. For a partner: we must be in its register.'],
  [429, 'It has too much to do.'],
])

// That a witness does not take the key of a log that it has not seen may pass: it reads our DID document again in a moment.
function refused(status: number, oldSize: number): Asked {
  return failed(refusals.get(status) ?? `It answered with status ${status}.`, status === 403 && oldSize > 0)
}

function failed(why: string, lies = false): Asked {
  return { result: 'failed', why, lies }
}

// C2SP tlog-witness: the body is the size and a newline.
function sizeIn(answer: { headers: Readonly<Record<string, string>>; body: Buffer }): number | undefined {
  const text = answer.body.toString('latin1')
  const type = (answer.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  return type === 'text/x.tlog.size' && text.endsWith('\n') ? decodeNumber(text.slice(0, -1)) : undefined
}

/** The lines of `body` that a key of the witness made over this very checkpoint; all others are passed over. */
function cosignatureIn(body: string, { witness, checkpoint }: { witness: WitnessAddress; checkpoint: Checkpoint }, now: Date): Asked {
  const { text } = parseNote(checkpoint.note)
  const verifiers = witness.vkeys.map(parseVkey).filter(({ type }) => type !== signatureTypes.ed25519)
  for (const { name, keyId, signature, line } of linesIn(body)) {
    const valid = verifiers.some((verifier) => verifier.name === name && verifier.keyId.equals(keyId) && verifier.verify(text, signature))
    if (!valid) continue
    // One from the future could be shown later as if the witness had seen the log then.
    if (cosignatureTime(signature) > now.getTime() / 1000 + skewSeconds) return failed('Its clock is ahead.')
    return { result: 'cosigned', line }
  }
  return failed('Its answer has no valid cosignature of it on our checkpoint.', true)
}

function linesIn(body: string): ReturnType<typeof parseSignatureLines> {
  try {
    return parseSignatureLines(body)
  } catch (error) {
    if (isProblem(error)) return []
    throw error
  }
}

/** The checkpoint of `log` that a witness cosigned last and shows, if the log's own key has signed it. */
export async function shownBy(deps: Pick<AskDeps, 'http' | 'signal'>, witness: WitnessAddress, log: Pick<LogInfo, 'name' | 'origin' | 'vkey'>): Promise<Checkpoint | undefined> {
  const answer = await deps.http.fetch(`${witness.url}/${originHash(log.origin)}/checkpoint`, { timeoutMs, maxBytes, ...(deps.signal === undefined ? {} : { signal: deps.signal }) })
  if (answer.status !== 200) return undefined
  const note = answer.body.toString('utf8')
  try {
    const { origin, size, root } = parseCheckpoint(openNote(note, [parseVkey(log.vkey)]).text)
    return origin === log.origin ? { log: log.name, origin, size, root, note } : undefined
  } catch (error) {
    if (isProblem(error)) return undefined
    throw error
  }
}

// A witness alone must not be able to stop a log: only a checkpoint that our own key has signed proves that the log was another.
async function judge(deps: AskDeps, { witness, log }: { witness: WitnessAddress; log: LogInfo }, why: string): Promise<Asked> {
  const shown = await shownBy(deps, witness, log)
  if (shown === undefined) return failed(why, true)
  const size = await sizeOf(deps, log)
  const seen = { ...shown, witness: witness.name, partner: witness.partner }
  if (shown.size > size) return { result: 'fault', fault: finding.witnessAhead(log, seen, size) }
  // What another process of ours has signed is sealed here in a moment.
  const newest = await deps.log.checkpoint(log.name)
  if (newest === undefined || newest.size < shown.size) return { result: 'later' }
  const proof = await deps.log.consistency(log.name, shown.size, newest.size)
  if (verifyConsistency({ oldSize: shown.size, oldRoot: shown.root, size: newest.size, root: newest.root, proof })) return failed(why, true)
  return { result: 'fault', fault: finding.witnessDiffers(log, seen, size) }
}

/** How many entries the database has of a log, signed or not. */
async function sizeOf(deps: AskDeps, log: LogInfo): Promise<number> {
  const [logs, { size }] = await Promise.all([deps.log.logs(), deps.log.status()])
  const now = logs.find(({ name }) => name === log.name) ?? log
  return now.size ?? size - now.start
}
