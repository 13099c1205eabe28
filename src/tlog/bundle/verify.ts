import { hash } from 'node:crypto'
import { ProblemError } from '../../errors.ts'
import { openNote, parseNote } from '../note.ts'
import { checkAgreement } from './agreement.ts'
import type { ArchiveSource } from './archive.ts'
import { readArchive, textOf } from './archive-reader.ts'
import type { Archive, OnRead } from './archive-reader.ts'
import { checkChanges } from './changes.ts'
import { fixedFiles, readKeys, readManifest } from './form.ts'
import type { BundleKey, Manifest } from './form.ts'
import { createNumbering } from './inclusion.ts'
import { indexSigners, logNamesIn, mostCosignatures, readLog, reasonOf } from './logs.ts'
import type { BundleLog } from './logs.ts'
import { checkRecords } from './records.ts'
import type { BundleReport, Finding, Limit } from './report.ts'
import { checkTrust } from './trust.ts'
import type { Trust } from './trust.ts'

/** What verifying takes besides the bundle. */
export interface VerifyOptions {
  readonly trust?: Trust
  readonly onRead?: OnRead
}

/**
 * Verifies a bundle: every check that it allows, each with what came of it, and what it does not prove. Nothing is asked of anybody.
 * Only a source that cannot be read throws.
 */
export async function verifyBundle(source: ArchiveSource, options: VerifyOptions = {}): Promise<BundleReport> {
  const archive = await attempt('archive', () => readArchive(source, options.onRead))
  if ('finding' in archive) return { holds: false, summary: null, findings: [archive.finding], limits: [] }
  const opened = await attempt('manifest', async () => readManifest(await textOf(archive.value, 'manifest.json')))
  if ('finding' in opened) return { holds: false, summary: null, findings: [good('archive', { files: archive.value.files.size, bytes: source.size }), opened.finding], limits: [] }
  return verifyContents(archive.value, opened.value, options.trust ?? {})
}

async function verifyContents(archive: Archive, manifest: Manifest, trust: Trust): Promise<BundleReport> {
  const findings: Finding[] = [good('archive', { files: archive.files.size, bytes: archive.source.size }), filesFinding(archive), manifestFinding(archive, manifest)]
  const limits: Limit[] = [{ what: 'outside-connector', detail: {} }]
  const read = await attempt('keys', async () => readKeys(await textOf(archive, 'keys.json')))
  const keys = 'finding' in read ? [] : read.value
  findings.push('finding' in read ? read.finding : good('keys', { keys: keys.length }))
  const pinned = checkTrust(trust, keys)
  const logs = await readLogs(archive, { keys, connector: manifest.connector })
  const agreement = await checkAgreement(archive, manifest)
  const isNumbered = createNumbering()
  const records = await checkRecords({ archive, isNumbered, manifest, logs: logs.logs, digests: agreement.digests, keys })
  const changes = await checkChanges({ archive, isNumbered, logs: logs.logs, keys })
  findings.push(await signatureFinding(archive, { logs: logs.logs, lastLog: records.lastLog }), pinned.finding, ...logs.findings, ...agreement.findings, ...merged(records.findings, agreement.findings), ...changes.findings)
  limits.push(...logs.limits, ...pinned.limits, ...changes.limits, ...records.limits, { what: 'summary', detail: {} })
  const { agreement: id, connector, partner, created } = manifest
  return { holds: findings.every(({ holds }) => holds), summary: { agreement: id, connector, partner, created, ...records.counts }, findings, limits }
}

// One finding for the policy: that records name it holds only if it is the one of the agreement.
function merged(findings: readonly Finding[], before: readonly Finding[]): Finding[] {
  return before.some(({ what }) => what === 'policy') ? findings.filter(({ what, holds }) => what !== 'policy' || !holds) : [...findings]
}

async function attempt<T>(what: Finding['what'], work: () => Promise<T>): Promise<{ readonly value: T } | { readonly finding: Finding }> {
  try {
    return { value: await work() }
  } catch (error) {
    return { finding: { what, holds: false, detail: { why: reasonOf(error) } } }
  }
}

function good(what: Finding['what'], detail: Finding['detail']): Finding {
  return { what, holds: true, detail }
}

function filesFinding(archive: Archive): Finding {
  const logs = logNamesIn(archive)
  const wanted = new Set([...fixedFiles, ...logs.flatMap((name) => [`logs/${name}/checkpoint`, `logs/${name}/vkey`])])
  const missing = [...wanted].filter((name) => !archive.files.has(name))
  const extra = [...archive.files.keys()].filter((name) => !wanted.has(name)).slice(0, 10)
  const holds = missing.length === 0 && extra.length === 0 && logs.length > 0
  return { what: 'files', holds, detail: holds ? { files: archive.files.size } : { missing, extra, logs: logs.length } }
}

/** The manifest names every other file with its size and digest, sorted, and no more. */
function manifestFinding(archive: Archive, { files }: Manifest): Finding {
  const inside = [...archive.files.values()].filter(({ name }) => name !== 'manifest.json' && name !== 'manifest.note')
  const names = files.map(({ name }) => name)
  const listed = new Map(files.map((file) => [file.name, file]))
  const wrong = [
    ...inside.filter(({ name, bytes, sha256 }) => listed.get(name)?.bytes !== bytes || listed.get(name)?.sha256 !== sha256).map(({ name }) => name),
    ...names.filter((name) => name === 'manifest.json' || name === 'manifest.note' || !archive.files.has(name)),
    ...names.filter((name, index) => index > 0 && name <= (names[index - 1] ?? '')),
  ]
  return wrong.length === 0 ? good('manifest', { files: files.length }) : { what: 'manifest', holds: false, detail: { wrong: wrong.length, first: [...new Set(wrong)].slice(0, 10) } }
}

/** `manifest.note` is signed with the key of the log that has the last record, and with nothing else: every byte of it counts. */
async function signatureFinding(archive: Archive, { logs, lastLog }: { logs: ReadonlyMap<string, BundleLog>; lastLog: string | undefined }): Promise<Finding> {
  const tried = await attempt('manifest-signature', async () => {
    const note = await textOf(archive, 'manifest.note')
    const log = logs.get(lastLog ?? '')
    if (log === undefined) throw new ProblemError('invalid-evidence', 'The log of the last record is not in the bundle.')
    const { text } = openNote(note, [log.verifier])
    // ML-DSA-44 signs checkpoints only (C2SP tlog-cosignature).
    if (parseNote(note).lines.length !== 1) throw new ProblemError('invalid-evidence', 'manifest.note has signatures beside the one of the log.')
    const manifest = await textOf(archive, 'manifest.json')
    if (text !== manifestNoteText(log.verifier.name, manifest)) throw new ProblemError('invalid-evidence', 'manifest.note is not about this manifest.')
    return log.verifier.name
  })
  return 'finding' in tried ? tried.finding : good('manifest-signature', { origin: tried.value })
}

/** What is signed of a manifest. */
export function manifestNoteText(origin: string, manifest: string): string {
  return `${origin}\nevidence\n${hash('sha256', manifest, 'base64')}\n`
}

async function readLogs(archive: Archive, { keys, connector }: { readonly keys: readonly BundleKey[]; readonly connector: string }): Promise<{ logs: ReadonlyMap<string, BundleLog>; findings: Finding[]; limits: Limit[] }> {
  const logs = new Map<string, BundleLog>()
  const findings: Finding[] = []
  const limits: Limit[] = []
  let verified = 0
  const mayVerify = () => {
    verified += 1
    return verified <= mostCosignatures
  }
  const known = { signers: indexSigners(keys), connector, mayVerify }
  for (const name of logNamesIn(archive)) {
    const read = await readLog(archive, name, known)
    if (read.log !== undefined) logs.set(name, read.log)
    findings.push(...read.findings)
    limits.push(...read.limits)
  }
  return { logs, findings, limits }
}
