import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../../persistence/database.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import { contentOf, directoryOf, sizeOfHeader, writeArchive } from '../../tlog/bundle/archive.ts'
import type { ArchiveContent } from '../../tlog/bundle/archive.ts'
import { policyOf } from '../../tlog/bundle/agreement.ts'
import { bundleFormat } from '../../tlog/bundle/form.ts'
import { canonicalText } from '../../tlog/bundle/json.ts'
import { manifestNoteText } from '../../tlog/bundle/verify.ts'
import { formatNote } from '../../tlog/note.ts'
import { isProblem, ProblemError } from '../../errors.ts'
import type { Audit, AuditRecord } from '../audit.ts'
import type { Checkpoint, LogInfo } from '../log/log.ts'
import { publishedCheckpoint } from '../witness/published.ts'
import { createLineFile } from './files.ts'
import { listKeys } from './keys.ts'
import type { IdentityKey } from './keys.ts'
import { createOverview } from './overview.ts'
import { readmeOf } from './readme/readme.ts'
import { changesOf, createTrees, writeChanges, writeReceipts, writeRecords } from './records.ts'

/** An agreement as far as evidence shows it. */
export interface EvidenceAgreement {
  readonly id: string
  readonly role: 'provider' | 'consumer'
  readonly counterparty: string
  readonly agreement: Readonly<Record<string, JsonValue | undefined>>
  /** The message that carried it, as it was exchanged. */
  readonly message: string
  /** Its terms in sentences, by language. */
  readonly explanation: Readonly<Record<'ca' | 'es' | 'en', readonly string[]>>
}

export interface EvidenceDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'record' | 'log' | 'keys'>
  readonly clock: () => Date
  readonly newId: () => string
  /** Our participant id. */
  readonly id: string
  /** Where files wait until they are sent. */
  readonly directory: string
  /** Asks the witnesses to cosign what there is. */
  readonly askWitnesses: () => Promise<unknown>
  /** The keys that we sign statements with now. Those of before, and those of partners, are on record. */
  readonly ownKeys: () => readonly IdentityKey[]
  /** The keys of a participant's logs, as its DID document has them; none when that cannot be had. */
  readonly logKeys: (participant: string) => Promise<readonly { readonly x: string }[]>
}

/** The evidence of an agreement, ready to be sent. */
export interface Evidence {
  readonly bytes: number
  readonly content: () => AsyncGenerator<Uint8Array>
  /** Removes its files. */
  discard(): Promise<void>
}

/** How long witnesses are waited for. */
const witnessMs = 10_000

/**
 * Builds the evidence of an agreement: that it is asked for is recorded first, so that the last record of the bundle is that one and
 * nothing before it can be left out.
 */
export async function buildEvidence(deps: EvidenceDeps, asked: { readonly agreement: EvidenceAgreement; readonly actor: string; readonly redacted?: readonly string[] }): Promise<Evidence> {
  const { agreement, actor, redacted = [] } = asked
  const last = await recordExport(deps, { type: 'audit.evidence', agreement: agreement.id, partner: agreement.counterparty, actor, ...(redacted.length === 0 ? {} : { redacted: [...redacted] }) })
  await withinTime(deps.askWitnesses(), witnessMs)
  const directory = join(deps.directory, `evidence-${deps.newId().replaceAll(/[^\w-]/g, '-')}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const discard = () => rm(directory, { recursive: true, force: true })
  try {
    const files = await collect(deps, { agreement, redacted, last, directory })
    return { bytes: sizeOf(files), content: () => writeArchive(files), discard }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Gives the number of the last record of the bundle. A stopped log takes no record; then it is the last one that was signed, and verifying says so. */
async function recordExport({ audit }: EvidenceDeps, record: AuditRecord): Promise<number> {
  try {
    return await audit.record(record)
  } catch (error) {
    if (!isProblem(error) || error.code !== 'log-stopped') throw error
    return (await audit.log.status()).sealed - 1
  }
}

// That nobody answers must not keep anybody from evidence: then the checkpoint is our own.
async function withinTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work.catch(() => undefined), late])
  clearTimeout(timer)
}

interface Collecting {
  readonly agreement: EvidenceAgreement
  readonly redacted: readonly string[]
  /** Number of the record of this export. */
  readonly last: number
  readonly directory: string
}

async function collect(deps: EvidenceDeps, { agreement, redacted, last, directory }: Collecting): Promise<ArchiveContent[]> {
  const { database, audit } = deps
  const logs = await audit.log.logs()
  const trees = createTrees(logs, audit.log, (log) => coveringCheckpoint(deps, log, last))
  const line = (name: string) => createLineFile(directory, name)
  const files = { records: line('records.ndjson'), openings: line('openings.ndjson'), changes: line('changes.ndjson'), receipts: line('receipts.ndjson') }
  const overview = createOverview()
  await writeRecords({ database, trees, files }, { agreement: agreement.id, last, redacted, each: (entry) => overview.add(entry) })
  const changes = await changesOf(database, { partner: agreement.counterparty, last })
  await writeChanges(trees, files.changes, changes)
  const origins = await writeReceipts(database, files.receipts, { agreement: agreement.id, last })
  const used = trees.used()
  const identities = deps.ownKeys().map((key) => ({ ...key, participant: deps.id }))
  const keys = await listKeys(database, { connector: deps.id, partner: agreement.counterparty, logs: used.map(({ log }) => log), changes, identities, origins, logKeys: origins.size === 0 ? [] : await deps.logKeys(agreement.counterparty), now: deps.clock() })
  const end = overview.last()
  const created = end?.index === last ? end.time : deps.clock().toISOString()
  const contents = [
    ...(await Promise.all(Object.values(files).map((file) => file.done()))),
    ...agreementFiles(agreement),
    contentOf('keys.json', textOf(keys.map((key) => ({ ...key })))),
    ...used.flatMap(({ log, checkpoint }) => [contentOf(`logs/${log.name}/vkey`, `${log.vkey}\n`), contentOf(`logs/${log.name}/checkpoint`, checkpoint.note)]),
  ]
  const readme = contentOf('README.html', readmeOf({ agreement, connector: deps.id, created, overview: overview.summary(), logs: used, files: contents }))
  return [...contents, readme, ...manifestFiles(deps, { agreement, created, files: [...contents, readme], log: end === undefined ? undefined : logOf(logs, end.index) })]
}

function logOf(logs: readonly LogInfo[], record: number): LogInfo | undefined {
  return logs.findLast(({ start }) => start <= record)
}

/** What is published of a log, when it covers what the bundle has of it; else the newest that we signed. */
async function coveringCheckpoint({ database, audit, clock }: EvidenceDeps, log: LogInfo, last: number): Promise<Checkpoint> {
  const needed = log.size ?? last - log.start + 1
  const published = await publishedCheckpoint({ database, log: audit.log, clock }, log.name)
  const checkpoint = published !== undefined && published.size >= needed ? published : await audit.log.checkpoint(log.name)
  if (checkpoint === undefined || checkpoint.size < needed) throw new ProblemError('record-unavailable', `No signed checkpoint of the log ${log.name} covers the records. Try again later.`)
  return checkpoint
}

function agreementFiles({ agreement, message, explanation }: EvidenceAgreement): ArchiveContent[] {
  return [
    contentOf('agreement/message.txt', message),
    contentOf('agreement/agreement.json', textOf(agreement)),
    contentOf('agreement/policy.json', textOf(policyOf(agreement))),
    contentOf('agreement/explanation.json', textOf(explanation)),
  ]
}

function manifestFiles({ audit, id }: EvidenceDeps, { agreement, created, files, log }: { agreement: EvidenceAgreement; created: string; files: readonly ArchiveContent[]; log: LogInfo | undefined }): ArchiveContent[] {
  const listed = files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })).toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const manifest = textOf({ format: bundleFormat, agreement: agreement.id, connector: id, partner: agreement.counterparty, created, files: listed })
  const key = log === undefined ? undefined : audit.keys.find(log.origin, log.vkey)
  const signer = log === undefined ? undefined : key?.signers(log.origin)[0]
  if (log === undefined || signer === undefined) throw new ProblemError('log-stopped', 'The key of the log is not there, so the evidence cannot be signed. Look with: concordat audit check')
  return [contentOf('manifest.json', manifest), contentOf('manifest.note', formatNote(manifestNoteText(log.origin, manifest), [signer]))]
}

function textOf(value: unknown): string {
  const text = canonicalText(value)
  if (text === undefined) throw new Error('What evidence is made of is JSON')
  return text
}

function sizeOf(files: readonly ArchiveContent[]): number {
  const contents = files.reduce((sum, file) => sum + sizeOfHeader(file) + file.bytes, 0)
  return contents + directoryOf(files.map((file) => ({ ...file, offset: 0 }))).length
}
