import type { Readable } from 'node:stream'
import { isProblem, ProblemError } from '../errors.ts'
import type { OutboundStream } from '../http/guarded-fetch.ts'
import type { DataAddress } from './data-address.ts'
import { readDataAddress } from './data-address.ts'
import { versionOf } from './release-tabular.ts'
import type { ReleaseDesk } from './desk/release-desk.ts'
import { digestField } from './file-digest.ts'
import type { AgreementTerms } from './governed/agreement-terms.ts'
import type { Grant, GrantDeps, OpenGrant, Refusal } from './governed/grant.ts'
import { grantRequest } from './governed/grant.ts'
import { formatContext, readAction } from './governed/request-terms.ts'
import { writePermitted } from './release-query.ts'
import { receiptHeaders } from './receipts/receipt-headers.ts'
import { transferFacts } from './release.ts'
import type { DataPlaneDeps, ReleasedDataset, ReleasedTransfer } from './release.ts'
import { outcomeFacts } from './releases.ts'
import type { Facts, Releases } from './releases.ts'
import type { DataFormat, Representation, Representations } from './representations.ts'
import { baseName } from './representations.ts'
import type { RunningDownloads } from './running-downloads.ts'
import { disposition } from './send-file.ts'
import type { FileVersion, Source } from './sources/source.ts'
import { mediaTypes } from './sources/source.ts'
import type { TableEngines } from './sources/table-engines.ts'
import { putDelivery } from './store.ts'
import { forgetReleases } from './unfinished/store.ts'

/** What is to be delivered, and where. */
export interface PushJob {
  readonly transferId: string
  readonly address: DataAddress
  /** A file's version; its latest unless told. */
  readonly version?: number
  /** The original of a file and CSV of a table unless told. */
  readonly format?: DataFormat
}

export type PushResult = { readonly delivered: true; readonly receipt: unknown } | { readonly delivered: false; readonly retry: boolean; readonly reason: string }

export interface PushDeps extends Pick<DataPlaneDeps, 'database' | 'audit' | 'clock' | 'http' | 'decide' | 'released' | 'dataset' | 'readStatement' | 'hashKey'> {
  readonly terms: GrantDeps['terms']
  readonly running: RunningDownloads
  readonly releases: Releases
  readonly desk: ReleaseDesk
  readonly engines: TableEngines
  readonly representations: Representations
}

/** Delivers the data of a transfer to the consumer's address. */
export async function push(deps: PushDeps, job: PushJob): Promise<PushResult> {
  const transfer = await deps.released(job.transferId)
  if (transfer === undefined) return { delivered: false, retry: false, reason: 'There is no such transfer of ours as provider.' }
  const decision = deps.decide(transfer)
  if (!decision.permitted) {
    deny(deps, transfer, decision)
    return { delivered: false, retry: false, reason: decision.reason }
  }
  try {
    const prepared = await prepare(deps, job, { transfer, reason: decision.reason })
    const { file } = prepared
    try {
      return await deliver(deps, job, { ...prepared, transfer })
    } finally {
      await file.handle.close()
    }
  } catch (error) {
    if (!isProblem(error)) throw error
    // A quota that starts again is waited for.
    const passing = error.status >= 500 || error.code === 'too-many-requests' || typeof error.fields['resetsAt'] === 'string'
    return { delivered: false, retry: passing, reason: error.message }
  }
}

// The record of a refused delivery is folded with those of the same kind.
function deny({ releases }: Pick<PushDeps, 'releases'>, { transferId, partner }: ReleasedTransfer, { code, reason, facts }: { readonly code: string; readonly reason: string; readonly facts?: Facts }): void {
  // Nobody waits for the answer; a record that cannot be written is tried again.
  releases.denied({ caller: 'push', method: 'PUSH', code, reason, transfer: transferId, partner, ...(facts === undefined ? {} : { facts }) }).catch(() => undefined)
}

interface Prepared {
  readonly file: Representation
  readonly grant: OpenGrant | Grant
  readonly facts: Facts
}

async function prepare(deps: PushDeps, job: PushJob, permitted: { transfer: ReleasedTransfer; reason: string }): Promise<Prepared> {
  const { transfer, reason } = permitted
  const dataset = await deps.dataset(transfer.datasetId, job.version)
  if (dataset === undefined) throw new ProblemError('gone', 'The dataset is no longer there.')
  const { source } = dataset
  if (source.type === 'http') throw new ProblemError('unsupported-format', 'An HTTP source cannot be pushed; it is queried by the consumer.')
  const { grant, format } = await granted(deps, job, { transfer, dataset })
  const { endpoint, method } = readDataAddress(job.address)
  // The address without its query, which may hold a secret.
  const request = { method, address: endpoint.replace(/[?#].*$/s, ''), format }
  const version = source.type === 'file' ? versionOf(dataset, job.version) : undefined
  const facts = { ...transferFacts(transfer), ...(version === undefined ? {} : { version: version.number }), ...(grant.open ? { policySha256: grant.policySha256 } : grant.facts), request, decision: 'permit', reason }
  return { grant, facts, file: await fileOf(deps, { dataset, grant, format, version }) }
}

/** Whether the delivery is permitted, and in which format: CSV where the terms leave something out. */
async function granted(deps: PushDeps, job: PushJob, { transfer, dataset }: { transfer: ReleasedTransfer; dataset: ReleasedDataset }): Promise<{ grant: OpenGrant | Grant; format: DataFormat }> {
  const isTable = dataset.source.type === 'postgresql'
  const formatUnder = (restricted: boolean): DataFormat => (job.format === undefined || (isTable && job.format === 'original') ? (isTable || restricted ? 'csv' : 'original') : job.format)
  let format = formatUnder(false)
  const asked = (terms: AgreementTerms) => {
    format = formatUnder(terms.restricted)
    return { action: readAction, context: formatContext(format, dataset.version) }
  }
  const refused = ({ problem, facts }: Refusal) => deny(deps, transfer, { code: problem.code, reason: problem.message, facts })
  const grant = await grantRequest({ ...deps, refused }, { transfer, request: undefined, target: { path: '', query: '' }, asked })
  return { grant, format }
}

async function fileOf(deps: PushDeps, wanted: { dataset: ReleasedDataset; grant: OpenGrant | Grant; format: DataFormat; version: FileVersion | undefined }): Promise<Representation> {
  const { dataset, grant, format, version } = wanted
  const { source } = dataset
  const counted = !grant.open && (grant.restricted || grant.limits.some(({ counter }) => counter === 'rows'))
  if (counted) {
    if (format === 'original') throw new ProblemError('not-permitted', 'The original file is not what the terms of the agreement let out. Deliver csv, json, ndjson or parquet.')
    const written = await writePermitted(deps, { dataset, restriction: grant.restriction, format, agreement: grant.agreement })
    const name = version === undefined ? nameOfTable(source) : baseName(version.fileName)
    return { ...written, mediaType: mediaTypes[format], fileName: `${name}.${format}` }
  }
  if (source.type === 'postgresql') return deps.representations.ofTable(source, format === 'original' ? 'csv' : format, source.table)
  if (version === undefined) throw new ProblemError('gone', 'The dataset has no content.')
  return deps.representations.ofVersion(version, format)
}

function nameOfTable(source: Source): string {
  return source.type === 'postgresql' ? source.table : 'data'
}

/** Commits the record, debited where there are terms. A delivery that is tried again is debited once. */
async function permit(deps: PushDeps, { file, grant, facts, transfer }: Prepared & { transfer: ReleasedTransfer }): Promise<number> {
  const reserved = { bytes: file.bytes, ...(file.rows === undefined ? {} : { rows: file.rows }) }
  if (grant.open) return deps.releases.permitted({ ...facts, reserved })
  grant.recheck()
  const answer = await deps.releases.permittedBy(
    () =>
      deps.desk.release({
        agreement: grant.agreement,
        limits: grant.limits,
        amounts: { queries: 1, rows: file.rows ?? 0, bytes: file.bytes },
        idempotency: { key: `push ${transfer.transferId} ${file.sha256}`, request: file.sha256 },
        record: ({ retry, quota }) => ({ type: 'data.permitted', ...facts, reserved, ...(retry ? { retry } : {}), quota }),
      }),
    ({ kind }) => kind === 'permitted',
  )
  if (answer.kind === 'permitted') return answer.index
  if (answer.kind === 'again') throw new Error('A release without writes of its own always fits')
  deny(deps, transfer, { code: answer.problem.code, reason: answer.problem.message, facts: grant.facts })
  throw answer.problem
}

async function deliver(deps: PushDeps, job: PushJob, prepared: Prepared & { transfer: ReleasedTransfer }): Promise<PushResult> {
  const { file, facts, transfer } = prepared
  const { endpoint, authorization, method } = readDataAddress(job.address)
  deps.http.check(endpoint)
  const abort = new AbortController()
  const done = deps.running.add({ transferId: transfer.transferId, partner: transfer.partner, tokenSha256: undefined, cut: () => abort.abort() })
  const permitted = await permit(deps, prepared).catch((error: unknown) => {
    done()
    throw error
  })
  const body = file.handle.createReadStream({ start: 0, end: Math.max(0, file.bytes - 1), highWaterMark: 512 * 1024, autoClose: false })
  const about = outcomeFacts(facts)
  deps.releases.began({ index: permitted, facts: about, upTo: file.bytes })
  try {
    const receiptOfRecord = await receiptHeaders(deps, permitted)
    const answer = await deps.http.stream(endpoint, {
      method,
      headers: {
        ...receiptOfRecord,
        'content-type': file.mediaType,
        'content-length': String(file.bytes),
        'content-digest': digestField(file.sha256),
        'content-disposition': disposition(file.fileName),
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: file.bytes === 0 ? Buffer.alloc(0) : body,
      timeoutMs: 10 * 60_000,
      signal: abort.signal,
    })
    const receipt = await readReceipt(answer)
    const refused = refusalOf(answer.status, receipt, file.sha256)
    if (refused !== undefined) {
      deps.releases.ended(permitted, about, { bytes: body.bytesRead, complete: false, status: answer.status })
      return refused
    }
    await recordDelivery(deps, prepared, { permitted, receipt, status: answer.status, about })
    deps.releases.delivered(permitted)
    return { delivered: true, receipt }
  } catch (error) {
    deps.releases.ended(permitted, about, { bytes: body.bytesRead, complete: false })
    if (abort.signal.aborted) return { delivered: false, retry: false, reason: 'The transfer ended while its data was on the way.' }
    throw error
  } finally {
    done()
    body.on('error', () => undefined).destroy()
  }
}

const receiptBytes = 64 * 1024

async function readReceipt(answer: OutboundStream): Promise<unknown> {
  const text = await readBounded(answer.body)
  try {
    const receipt: unknown = JSON.parse(text)
    return receipt
  } catch {
    return { status: answer.status }
  }
}

// More than a receipt is not read; the connection ends instead.
async function readBounded(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  body.on('error', () => undefined)
  for await (const chunk of body) {
    const bytes: Buffer = chunk
    size += bytes.length
    if (size > receiptBytes) break
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const passing = new Set([408, 409, 422, 425, 429])

function refusalOf(status: number, receipt: unknown, sha256: string): PushResult | undefined {
  if (status >= 200 && status < 300) {
    const told = typeof receipt === 'object' && receipt !== null && 'sha256' in receipt ? receipt.sha256 : undefined
    return told === undefined || told === sha256 ? undefined : { delivered: false, retry: true, reason: 'The receipt names another digest than was sent.' }
  }
  return { delivered: false, retry: status >= 500 || passing.has(status), reason: `The consumer's address answered ${status}.` }
}

async function recordDelivery(deps: PushDeps, prepared: Prepared & { transfer: ReleasedTransfer }, result: { permitted: number; receipt: unknown; status: number; about: Facts }): Promise<void> {
  const { file, transfer } = prepared
  const { fileName, bytes, sha256 } = file
  await deps.database.transaction(async (tx) => {
    await forgetReleases(tx.db, [result.permitted])
    await putDelivery(tx.db, { transferId: transfer.transferId, role: 'provider', fileName, bytes, sha256, path: null, receipt: result.receipt, completedAt: deps.clock() })
    const receipt = JSON.stringify(result.receipt)
    await deps.audit.append(tx, { type: 'data.delivered', ...result.about, permitted: result.permitted, fileName, bytes, sha256, status: result.status, receipt, ...(file.rows === undefined ? {} : { rows: file.rows }) })
  })
}
