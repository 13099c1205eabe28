import { createHash, hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { AuditRecord } from '../audit/audit.ts'
import { readDataAddress } from '../dataplane/data-address.ts'
import { dataTimeoutMs, requestAddress } from '../dataplane/fetch-data.ts'
import { receiptFacts } from '../dataplane/receipts/checks.ts'
import type { CheckedReceipt } from '../dataplane/receipts/checks.ts'
import { isProblem, ProblemError } from '../errors.ts'
import type { OutboundStream } from '../http/guarded-fetch.ts'
import { requestDigest, signedFacts, statementHeader } from '../identity/statement.ts'
import type { TransferView } from '../transfer/transfers.ts'
import type { ManagementDeps } from './deps.ts'
import type { StreamedAnswer } from './operation.ts'
import { checkAnswer, requireReceipt } from './provider-receipt.ts'
import { readRefusal } from './provider-refusal.ts'

/** Who asks, as the provider is told. */
export interface Stated {
  readonly role?: string | undefined
  /** Full IRI. */
  readonly purpose?: string | undefined
  /** Full IRI. */
  readonly legalBasis?: string | undefined
  /** What makes the user one of ours; only its pseudonym is told. */
  readonly subject: readonly string[]
}

/** A request of one of our users for a transfer's data. */
export interface RelayRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly transferId: string
  /** Below the endpoint: empty, or with its first slash. */
  readonly path: string
  /** As the provider is to get it, with its question mark; empty when there is none. */
  readonly query: string
  readonly header: (name: string) => string | undefined
  /** What a POST carries. */
  readonly body?: IncomingMessage
  /** What the user is called here. */
  readonly actor: string
  /** Without it no statement goes with the request. */
  readonly stated?: Stated | undefined
}

export type RelayDeps = Pick<ManagementDeps, 'transfers' | 'agreements' | 'http' | 'audit' | 'log' | 'newId' | 'pseudonym' | 'attested' | 'receipts' | 'requireReceipts'> & { readonly identity: Pick<ManagementDeps['identity'], 'signStatement'> }

const requestHeaders = ['accept', 'range', 'range-unit', 'if-range', 'if-none-match', 'prefer'] as const
const bodyHeaders = ['content-type', 'content-length'] as const
const answerHeaders = [
  'content-type',
  'content-length',
  'content-range',
  'content-encoding',
  'accept-ranges',
  'range-unit',
  'preference-applied',
  'etag',
  'last-modified',
  'content-digest',
  'repr-digest',
  'content-disposition',
] as const
/** Headers that an answer and a refusal have alike. */
const alwaysHeaders = ['concordat-withheld', 'concordat-record', 'retry-after'] as const

// Servers and proxies on the way take about as much.
const maxAddressLength = 8000

/** A request that is ready to go. */
interface Prepared {
  readonly url: string
  readonly method: RelayRequest['method']
  readonly headers: Readonly<Record<string, string>>
  readonly body: IncomingMessage | undefined
  /** A new one for each attempt: a provider takes a statement once. */
  readonly sign: (() => Promise<string>) | undefined
  /** What the records of it say. */
  readonly facts: Omit<AuditRecord, 'type'>
  readonly transfer: TransferView
}

/** Streams a transfer's data from the provider to our own user, and records both the question and what came. The provider's token stays here. */
export async function relay(deps: RelayDeps, request: RelayRequest): Promise<StreamedAnswer> {
  const prepared = await prepare(deps, request)
  const statement = await prepared.sign?.()
  const asked = await deps.audit.record({ type: 'data.requested', ...prepared.facts, request: told(request), ...(statement === undefined ? {} : signedFacts(statement)) })
  return { write: (res) => answerWith(deps, { request, prepared, asked, statement }, res) }
}

/** A question that is recorded, with the statement that goes with it. */
interface Question {
  readonly request: RelayRequest
  readonly prepared: Prepared
  /** Our record of it. */
  readonly asked: number
  readonly statement: string | undefined
}

async function answerWith(deps: RelayDeps, question: Question, res: ServerResponse): Promise<void> {
  const { request, prepared, asked } = question
  const record = async (type: string, facts: Omit<AuditRecord, 'type'>) => deps.audit.record({ type, ...prepared.facts, requested: asked, ...facts })
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const known = deps.receipts.known(prepared.transfer.counterparty)
  const { answer, statement } = await send(deps, question, gone.signal).catch(async (error: unknown) => {
    await record('data.aborted', { bytes: 0, ...(isProblem(error) ? { code: error.code } : {}) })
    throw error
  })
  copyHeaders(answer, res, alwaysHeaders)
  const refusal = !isAnswer(answer.status)
  const receipt = await checkAnswer(deps, answer, { transfer: prepared.transfer, asked, refusal, known })
  tellReceipt(receipt, res)
  // With a second attempt went another statement.
  const notes = { ...notesOf(answer), ...receiptFacts(receipt), ...(statement === question.statement ? {} : { signed: statement }) }
  if (refusal) {
    const { problem, told: reasons } = await readRefusal(answer, { stated: request.stated !== undefined })
    await record('data.refused', { status: answer.status, ...reasons, ...notes })
    throw problem
  }
  await requireReceipt(deps, receipt, prepared.transfer).catch(async (error: unknown) => {
    answer.body.destroy()
    await record('data.aborted', { status: answer.status, bytes: 0, ...notes, ...(isProblem(error) ? { code: error.code } : {}) })
    throw error
  })
  const came = await passOn(answer, res)
  // The data are out already: a record that cannot be written now is told to the operator.
  await record(came.whole ? 'data.received' : 'data.aborted', { status: answer.status, bytes: came.bytes, ...(came.whole ? { sha256: came.sha256 } : {}), ...notes }).catch((error: unknown) => deps.log.error({ err: error }, 'the end of a download is not recorded'))
}

function tellReceipt({ state, receipt }: CheckedReceipt, res: ServerResponse): void {
  res.setHeader('Concordat-Receipt-Checked', state)
  if (state === 'verified' && receipt !== undefined) res.setHeader('Concordat-Receipt', Buffer.from(receipt).toString('base64'))
}

async function prepare(deps: RelayDeps, request: RelayRequest): Promise<Prepared> {
  const { method, stated } = request
  const { endpoint, authorization } = readDataAddress(await deps.transfers.dataAddress(request.transferId))
  const transfer = await deps.transfers.get(request.transferId)
  if (!URL.canParse(endpoint)) throw new ProblemError('peer-failed', 'The provider gave an endpoint that is no address. Ask it to suspend and start the transfer again.')
  const address = requestAddress(endpoint, request)
  if (address.url.length > maxAddressLength) throw new ProblemError('query-too-large', `The query is too long: an address may have ${maxAddressLength} characters in all. Ask for less at once.`)
  const user = stated === undefined ? undefined : deps.pseudonym(transfer.counterparty, stated.subject)
  const key = sentKey(keyOf(request), user) ?? deps.newId()
  const headers = {
    ...present(request, requestHeaders),
    ...(method === 'POST' ? present(request, bodyHeaders) : {}),
    ...(authorization === undefined ? {} : { authorization }),
    // Bytes, ranges and digests are those of the data themselves.
    'accept-encoding': 'identity',
    'idempotency-key': key,
  }
  const claims = stated === undefined ? {} : said({ role: stated.role, purpose: stated.purpose, legalBasis: stated.legalBasis, user, ...deps.attested })
  const { accept, range, prefer } = present(request, requestHeaders)
  const digest = requestDigest({ method, path: address.path, query: address.query, accept, range, prefer })
  const input = { audience: transfer.counterparty, agreement: transfer.agreementId, transfer: processAt(transfer), ...claims, request: digest, idempotencyKey: key }
  return {
    url: address.url,
    method,
    headers,
    body: request.body,
    sign: stated === undefined ? undefined : () => deps.identity.signStatement(input),
    transfer,
    facts: { transfer: transfer.id, agreement: transfer.agreementId, partner: transfer.counterparty, dataset: transfer.datasetId, role: 'consumer', actor: request.actor, ...(stated === undefined ? {} : { stated: claims }) },
  }
}

// What is not said is left out: a claim without value would be one.
function said<Name extends string>(claims: Readonly<Record<Name, string | undefined>>): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {}
  for (const name in claims) {
    const value = claims[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

function processAt(transfer: TransferView): string {
  if (transfer.counterpartyPid === null) throw new ProblemError('conflict', 'The provider has not confirmed the transfer yet. Try again in a moment.')
  return transfer.counterpartyPid
}

function keyOf(request: RelayRequest): string | undefined {
  const key = request.header('idempotency-key')
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key)) throw new ProblemError('bad-request', '/header/idempotency-key: must be 1 to 200 visible characters.')
  return key
}

// Keys are each user's own: the same key of another user is another request.
function sentKey(key: string | undefined, user: string | undefined): string | undefined {
  return key === undefined || user === undefined ? key : hash('sha256', `${user} ${key}`, 'base64url')
}

function present<Name extends string>(request: RelayRequest, names: readonly Name[]): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const value = request.header(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

function told(request: RelayRequest): { readonly [name: string]: string } {
  const { method, path, query } = request
  return { method, ...(path === '' ? {} : { path }), ...(query === '' ? {} : { query }), ...present(request, ['accept', 'range', 'prefer']) }
}

/** An answer, and the statement that went with its request. */
interface Answered {
  readonly answer: OutboundStream
  readonly statement: string | undefined
}

/** Asks, and once more when the connection was lost before anything came: with the same key the provider counts both as one. */
async function send(deps: RelayDeps, { prepared, statement: first }: Question, gone: AbortSignal): Promise<Answered> {
  const { url, method, headers, body, sign } = prepared
  const attempt = async (statement: string | undefined) => {
    const stated = statement === undefined ? {} : { [statementHeader]: statement }
    const answer = await deps.http.stream(url, { method, headers: { ...headers, ...stated }, signal: gone, timeoutMs: dataTimeoutMs, ...(body === undefined ? {} : { body }) })
    return { answer, statement }
  }
  try {
    return await attempt(first)
  } catch (error) {
    // A source behind the provider may have taken a POST already.
    if (method === 'POST' || gone.aborted || !isProblem(error) || error.code !== 'peer-failed') throw error
    return attempt(await sign?.())
  }
}

function isAnswer(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304
}

function copyHeaders(answer: OutboundStream, res: ServerResponse, names: readonly string[]): void {
  for (const name of names) {
    const value = answer.headers[name]
    if (value !== undefined) res.setHeader(name, value)
  }
}

/** What the provider says beside the data, as far as it is kept. */
function notesOf({ headers }: OutboundStream): { readonly withheld?: string } {
  const { 'concordat-withheld': withheld } = headers
  return typeof withheld === 'string' ? { withheld: withheld.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500) } : {}
}

interface Came {
  readonly whole: boolean
  readonly bytes: number
  readonly sha256: string
}

async function passOn(answer: OutboundStream, res: ServerResponse): Promise<Came> {
  res.statusCode = answer.status
  copyHeaders(answer, res, answerHeaders)
  // What a partner sends must not run as a page of this origin.
  res.setHeader('Content-Security-Policy', "sandbox; default-src 'none'")
  if (!res.hasHeader('content-disposition')) res.setHeader('Content-Disposition', 'attachment')
  const hash = createHash('sha256')
  let bytes = 0
  let whole = true
  try {
    await pipeline(
      answer.body,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          bytes += chunk.length
          yield chunk
        }
      },
      res,
    )
  } catch {
    // The status is out; a cut connection is the only way left to say that the data is not whole. The record says so too.
    whole = false
    res.destroy()
  }
  return { whole, bytes, sha256: hash.digest('hex') }
}
