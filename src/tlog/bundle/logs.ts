import type { JsonValue } from '../../policy/odrl.ts'
import { isProblem, ProblemError } from '../../errors.ts'
import { parseCheckpoint } from '../checkpoint.ts'
import type { CheckpointText } from '../checkpoint.ts'
import { cosignatureTime } from '../cosignature.ts'
import { signatureTypes } from '../keys.ts'
import { openNote, parseNote, parseVkey } from '../note.ts'
import type { SignatureLine, Verifier } from '../note.ts'
import { textOf } from './archive-reader.ts'
import type { Archive } from './archive-reader.ts'
import { placeOf } from './form.ts'
import type { BundleKey } from './form.ts'
import type { Finding, Limit } from './report.ts'

/** A log of the bundle, with what its checkpoint says. */
export interface BundleLog {
  readonly name: string
  readonly verifier: Verifier
  readonly checkpoint: CheckpointText
  /** When its last cosignature was made, ISO 8601; null without any. */
  readonly cosignedAt: string | null
}

const mostVkeyBytes = 8 * 1024

/** The names of the logs that an archive has, by its files. */
export function logNamesIn(archive: Archive): string[] {
  return [...archive.files.keys()].flatMap((name) => /^logs\/([^/]+)\/vkey$/.exec(name)?.[1] ?? [])
}

/** Why an evidence file was refused; bugs bubble. */
export function reasonOf(error: unknown): string {
  if (isProblem(error) && error.code === 'invalid-evidence') return error.message
  throw error
}

/** The keys of a bundle that sign notes. */
export interface Signers {
  /** Whose signature a line is said to be; undefined for keys that the bundle does not name. */
  of(line: Pick<SignatureLine, 'name' | 'keyId'>): BundleKey | undefined
}

/** By what a signature line names (C2SP signed-note: name and id), so that many notes take no longer for many keys. */
export function indexSigners(keys: readonly BundleKey[]): Signers {
  const named = ({ name, keyId }: Pick<SignatureLine, 'name' | 'keyId'>) => `${keyId.toString('hex')} ${name}`
  const byLine = new Map(keys.toReversed().flatMap((key) => (key.verifier === undefined ? [] : [[named(key.verifier), key] as const])))
  return { of: (line) => byLine.get(named(line)) }
}

interface Known {
  readonly signers: Signers
  readonly connector: string
  /** Whether one more cosignature is verified: there is an end, so that no evidence keeps a verifier busy for hours. */
  readonly mayVerify: () => boolean
}

/** How many cosignatures a bundle may have in all; each takes a fraction of a millisecond. */
export const mostCosignatures = 10_000

/** Reads and checks the key and the checkpoint of a log, and each signature on it. */
export async function readLog(archive: Archive, name: string, known: Known): Promise<{ log: BundleLog | undefined; findings: Finding[]; limits: Limit[] }> {
  try {
    const vkey = await textOf(archive, `logs/${name}/vkey`, mostVkeyBytes)
    const verifier = parseVkey(vkey.replace(/\n$/, ''))
    if (vkey !== `${verifier.vkey}\n`) throw invalid('its key is not one line')
    if (verifier.type !== signatureTypes.ed25519) throw invalid('its key is not one that signs checkpoints')
    const origin = `${placeOf(known.connector)}/log/${name}`
    if (verifier.name !== origin) throw invalid(`its key is the one of ${verifier.name}, not of ${origin}`)
    const listed = known.signers.of(verifier)
    if (listed?.verifier?.vkey !== vkey.trimEnd() || listed.use !== 'log' || listed.participant !== known.connector) throw invalid('its key is not in keys.json')
    const note = await textOf(archive, `logs/${name}/checkpoint`)
    const { text } = openNote(note, [verifier])
    const checkpoint = parseCheckpoint(text)
    if (checkpoint.origin !== verifier.name) throw invalid(`its checkpoint is the one of ${checkpoint.origin}`)
    const told = cosignaturesOn({ log: name, note, verifier }, known)
    return {
      log: { name, verifier, checkpoint, cosignedAt: told.cosignedAt },
      findings: [{ what: 'checkpoint', holds: true, detail: { log: name, origin: checkpoint.origin, size: checkpoint.size } }, ...told.findings],
      limits: [...told.limits, { what: 'tail', detail: { log: name, size: checkpoint.size, cosignedAt: told.cosignedAt } }],
    }
  } catch (error) {
    return { log: undefined, findings: [{ what: 'checkpoint', holds: false, detail: { log: name, why: reasonOf(error) } }], limits: [] }
  }
}

interface Told {
  readonly findings: Finding[]
  readonly limits: Limit[]
  readonly cosignedAt: string | null
}

/** Everything that signed beside the log's own key. What is by a key that nobody named says nothing (C2SP signed-note). */
function cosignaturesOn({ log, note, verifier }: { log: string; note: string; verifier: Verifier }, { signers, connector, mayVerify }: Known): Told {
  const { text, lines } = parseNote(note)
  const findings: Finding[] = []
  const unknown: JsonValue[] = []
  const times: number[] = []
  let others = 0
  for (const [line, signer] of besideOwn(lines, verifier, signers)) {
    if (signer?.verifier === undefined) {
      unknown.push(line.name)
      continue
    }
    if (!mayVerify()) throw invalid(`the evidence has more than ${mostCosignatures} cosignatures`)
    const holds = signer.verifier.verify(text, line.signature)
    const time = holds && signer.verifier.type !== signatureTypes.ed25519 ? cosignatureTime(line.signature) : undefined
    const at = time === undefined || time > 8_640_000_000_000 ? undefined : new Date(time * 1000).toISOString()
    findings.push({ what: 'cosignature', holds, detail: { log, witness: signer.name, participant: signer.participant, ...(at === undefined ? {} : { time: at }) } })
    if (signer.use !== 'witness' || time === undefined || at === undefined) continue
    times.push(time)
    if (signer.participant !== connector) others += 1
  }
  return { findings, limits: limitsOf(log, { cosigned: times.length, others, unknown }), cosignedAt: times.length === 0 ? null : new Date(Math.max(...times) * 1000).toISOString() }
}

/** The lines that the log's own key did not make, with whose they are said to be. */
function besideOwn(lines: readonly SignatureLine[], own: Verifier, signers: Signers): (readonly [SignatureLine, BundleKey | undefined])[] {
  const seen = new Set<BundleKey | Verifier>()
  return lines.flatMap((line) => {
    const isOwn = isBy(line, own)
    const by = isOwn ? own : signers.of(line)
    // Which of two counts would depend on who reads them.
    if (by !== undefined && seen.has(by)) throw invalid(`${line.name} has signed its checkpoint twice with one key`)
    if (by !== undefined) seen.add(by)
    return isOwn ? [] : [[line, signers.of(line)] as const]
  })
}

function limitsOf(log: string, { cosigned, others, unknown }: { cosigned: number; others: number; unknown: readonly JsonValue[] }): Limit[] {
  return [
    ...(cosigned === 0 ? [{ what: 'no-cosignature' as const, detail: { log } }] : []),
    ...(cosigned > 0 && others === 0 ? [{ what: 'own-witness' as const, detail: { log } }] : []),
    ...(unknown.length === 0 ? [] : [{ what: 'unknown-signatures' as const, detail: { log, names: [...unknown] } }]),
  ]
}

function isBy(line: SignatureLine, { name, keyId }: Verifier): boolean {
  return line.name === name && line.keyId.equals(keyId)
}

function invalid(why: string): ProblemError {
  return new ProblemError('invalid-evidence', `The log cannot be used: ${why}.`)
}
