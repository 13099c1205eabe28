import { createHash, randomUUID } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { basename, extname, join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import { ProblemError } from '../errors.ts'
import type { AccessTokens } from './access-tokens.ts'
import { readDigestField } from './file-digest.ts'
import type { CheckedReceipt } from './receipts/checks.ts'
import { receiptFacts, usedBefore } from './receipts/checks.ts'
import { receiptHeader, recordHeader } from './receipts/receipt-headers.ts'
import type { DataPlaneDeps } from './release.ts'
import type { Releases } from './releases.ts'
import { listDeliveries, putDelivery } from './store.ts'

/** What a consumer answers to a delivery. */
export interface Receipt {
  readonly transferId: string
  readonly fileName: string
  readonly bytes: number
  readonly sha256: string
  readonly receivedAt: string
}

export interface InboxDeps extends Pick<DataPlaneDeps, 'database' | 'audit' | 'clock' | 'dataDirectory' | 'receipts' | 'agreementOf'> {
  readonly tokens: AccessTokens
  readonly releases: Pick<Releases, 'denied'>
  readonly maxBytes: number
}

interface Announced {
  readonly sha256: string
  readonly fileName: string
  readonly bytes: number | undefined
}

/** Takes a delivery: checks it while it comes, and keeps it only whole, flushed to the disk and recorded. */
export async function receiveDelivery(deps: InboxDeps, request: IncomingMessage, response: ServerResponse, transferId: string): Promise<void> {
  const token = await deps.tokens.find(request.headers.authorization, 'inbox')
  if (token?.transferId !== transferId) {
    const known = token === undefined ? {} : { transfer: token.transferId, partner: token.partner }
    await deps.releases.denied({ caller: request.socket.remoteAddress ?? 'unknown', method: request.method ?? '', code: 'unauthenticated', reason: 'The token does not open this inbox.', ...known })
    throw new ProblemError('unauthenticated', 'The access token is missing, not valid for this inbox, revoked or over.')
  }
  const announced = readAnnounced(request, deps.maxBytes)
  const known = await findReceipt(deps, transferId, announced)
  const receipt = known ?? (await keep(deps, request, { ...announced, transferId, partner: token.partner }))
  if (known !== undefined) await pipeline(request, checked(announced, deps.maxBytes, async () => undefined).writable)
  const body = JSON.stringify(receipt)
  response.writeHead(known === undefined ? 201 : 200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
}

function readAnnounced(request: IncomingMessage, maxBytes: number): Announced {
  const { headers } = request
  const sha256 = readDigestField(headersText(headers['content-digest']))
  if (sha256 === undefined) throw new ProblemError('bad-request', 'A delivery needs a Content-Digest header with sha-256 (RFC 9530).')
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new ProblemError('unsupported-media-type', 'Deliver without Content-Encoding.')
  const bytes = headers['content-length'] === undefined ? undefined : Number(headers['content-length'])
  if (bytes !== undefined && bytes > maxBytes) throw tooLarge(maxBytes)
  return { sha256, fileName: safeFileName(headers['content-disposition']), bytes }
}

function headersText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError('too-large', `A delivery may have at most ${maxBytes} bytes.`)
}

/** The file name of a `Content-Disposition`, without path, control characters, reserved names and leading dots. */
export function safeFileName(header: string | undefined): string {
  const encoded = /filename\*\s*=\s*utf-8''([^;]+)/i.exec(header ?? '')?.[1]
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header ?? '')
  const name = decoded(encoded) ?? plain?.[1] ?? plain?.[2] ?? 'data'
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  const clean = last.replaceAll(/[\u0000-\u001F\u007F-\u009F<>:"|?*\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '_').replace(/^[. ]+/, '').replace(/[. ]+$/, '')
  if (clean === '') return 'data'
  const extension = extname(clean).slice(0, 20)
  return `${shorten(basename(clean, extname(clean)), 180)}${extension}`
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text.trim())
  } catch {
    return undefined
  }
}

// File systems bound names in bytes; a character that is cut in two is left out.
function shorten(text: string, bytes: number): string {
  return Buffer.from(text).subarray(0, bytes).toString('utf8').replace(/\uFFFD+$/, '')
}

async function findReceipt(deps: InboxDeps, transferId: string, announced: Announced): Promise<Receipt | undefined> {
  const deliveries = await listDeliveries(deps.database.db, transferId)
  const same = deliveries.find(({ role, sha256, path }) => role === 'consumer' && sha256 === announced.sha256 && path !== null)
  if (same === undefined || same.path === null) return undefined
  const there = await stat(join(deps.dataDirectory, same.path)).catch(() => undefined)
  return there === undefined ? undefined : { transferId, fileName: same.fileName, bytes: same.bytes, sha256: same.sha256, receivedAt: same.completedAt.toISOString() }
}

async function keep(deps: InboxDeps, request: IncomingMessage, delivery: Announced & { transferId: string; partner: string }): Promise<Receipt> {
  const { transferId, partner, sha256 } = delivery
  const known = deps.receipts.known(partner)
  const folder = join(deps.dataDirectory, 'inbox', folderName(transferId))
  await mkdir(folder, { recursive: true })
  const part = join(folder, `.${randomUUID()}.part`)
  try {
    const bytes = await write(request, part, { announced: delivery, maxBytes: deps.maxBytes })
    const fileName = await publish(folder, part, delivery.fileName)
    const completedAt = deps.clock()
    const receipt: Receipt = { transferId, fileName, bytes, sha256, receivedAt: completedAt.toISOString() }
    const path = relative(deps.dataDirectory, join(folder, fileName))
    const agreement = await deps.agreementOf(transferId)
    const proof = await checkDelivery(deps, request, { partner, known })
    let record: number | undefined
    await deps.database.transaction(async (tx) => {
      await putDelivery(tx.db, { transferId, role: 'consumer', fileName, bytes, sha256, path, receipt, completedAt })
      const about = { transfer: transferId, partner, fileName, bytes, sha256, ...(agreement === undefined ? {} : { agreement }) }
      deps.audit.appendNumbered(tx, [{ type: 'data.received', ...about, ...receiptFacts(proof) }], (first) => {
        record = first
      })
    })
    if (record !== undefined && agreement !== undefined) await deps.receipts.keep(proof, { record, agreement, partner, transfer: transferId, refusal: false })
    return receipt
  } finally {
    await rm(part, { force: true })
  }
}

/** What the delivery's receipt is worth: it proves the provider's record of what it delivered. */
async function checkDelivery({ receipts }: InboxDeps, { headers }: IncomingMessage, { partner, known }: { partner: string; known: ReadonlyMap<string, number> }): Promise<CheckedReceipt> {
  const record = headersText(headers[recordHeader.toLowerCase()])
  const receipt = headersText(headers[receiptHeader.toLowerCase()])
  const checked = await receipts.check({ partner, record, receipt, refusal: false, known })
  return checked.state === 'verified' && (await receipts.wasGiven(checked)) ? { ...checked, state: 'invalid', problem: usedBefore } : checked
}

/** A transfer id as a folder's name. */
function folderName(transferId: string): string {
  const name = transferId.replace(/^urn:uuid:/, '')
  return /^[A-Za-z0-9-]{1,100}$/.test(name) ? name : createHash('sha256').update(transferId).digest('hex')
}

async function write(request: IncomingMessage, path: string, expected: { announced: Announced; maxBytes: number }): Promise<number> {
  const handle = await open(path, 'wx', 0o600)
  try {
    const sink = checked(expected.announced, expected.maxBytes, async (chunk) => {
      for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten
    })
    await pipeline(request, sink.writable)
    await handle.sync()
    return sink.bytes()
  } catch (error) {
    throw writeFailure(error)
  } finally {
    await handle.close()
  }
}

function writeFailure(error: unknown): unknown {
  const code = Error.isError(error) && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ProblemError('store-unavailable', 'There is no room for the delivery. Try again later.', { cause: error })
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return new ProblemError('bad-request', 'The delivery broke off.', { cause: error })
  return error
}

// Counts, bounds and hashes what comes; its end is refused when it is not what was announced.
function checked(announced: Announced, maxBytes: number, take: (chunk: Buffer) => Promise<unknown>): { writable: Writable; bytes: () => number } {
  const hash: Hash = createHash('sha256')
  let bytes = 0
  const writable = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) return done(tooLarge(maxBytes))
      hash.update(chunk)
      take(chunk).then(() => done(), done)
    },
    final(done) {
      const whole = announced.bytes === undefined || announced.bytes === bytes
      if (whole && hash.digest('hex') === announced.sha256) done()
      else done(new ProblemError('digest-mismatch', 'The content is not what Content-Digest and Content-Length announced. Deliver it again.'))
    },
  })
  return { writable, bytes: () => bytes }
}

// A hard link appears at once and whole, and never replaces what is there: another delivery of the same name gets a number.
async function publish(folder: string, part: string, wanted: string): Promise<string> {
  const extension = extname(wanted)
  const taken = new Set(await readdir(folder))
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${basename(wanted, extension)}-${n}${extension}`
    if (taken.has(name)) continue
    try {
      await link(part, join(folder, name))
      const directory = await open(folder)
      await directory.sync().finally(() => void directory.close())
      return name
    } catch (error) {
      if (!(Error.isError(error) && 'code' in error && error.code === 'EEXIST')) throw error
      taken.add(name)
    }
  }
}
