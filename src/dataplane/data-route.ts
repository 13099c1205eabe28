import type { IncomingMessage, ServerResponse } from 'node:http'
import { isProblem, ProblemError } from '../errors.ts'
import type { FoundToken } from './access-tokens.ts'
import { isUnrecordable } from './denials.ts'
import { describeRequest, noteRefusal } from './exchange.ts'
import type { DataRouteDeps, DataTarget, RefusalNote, Started } from './exchange.ts'
import { statedFacts } from './governed/grant.ts'
import { receiptHeaders, recordHeader } from './receipts/receipt-headers.ts'
import { sendReceipt } from './receipts/send-receipt.ts'
import { releaseProxied } from './release-proxied.ts'
import { releaseTabular } from './release-tabular.ts'
import type { ReleasedTransfer } from './release.ts'
import type { Facts } from './releases.ts'

/** A request, what is known of it so far, and the record of its refusal. */
interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: DataTarget
  readonly refusal: RefusalNote
  token: FoundToken | undefined
  transfer: ReleasedTransfer | undefined
}

/** Serves a request for data: authenticate, decide, prepare, debit and record, and only then send. A refusal is recorded, too, and says so. */
export async function serveData(deps: DataRouteDeps, request: IncomingMessage, response: ServerResponse, target: DataTarget): Promise<void> {
  const asked: Asked = { request, response, target, refusal: { record: undefined }, token: undefined, transfer: undefined }
  try {
    await serve(deps, asked)
  } catch (error) {
    if (isProblem(error)) await tellRefusal(deps, asked, error)
    throw error
  }
}

async function serve(deps: DataRouteDeps, asked: Asked): Promise<void> {
  const { request, response, target, refusal } = asked
  const token = await authenticate(deps, asked)
  response.setHeader('Cache-Control', 'private, no-cache')
  const done = deps.running.add({ transferId: token.transferId, partner: token.partner, tokenSha256: token.sha256, cut: () => response.destroy() })
  try {
    // A revocation between the look-up and the line above found nothing to cut; now it would.
    await requireToken(deps, asked)
    if (await sendReceipt(deps, { request, response, target, partner: token.partner })) return
    const { transfer, reason } = await decideStarted(deps, asked, token)
    asked.transfer = transfer
    requireMethod(request, response)
    const stillStarted = async () => {
      await requireToken(deps, asked)
      await decideStarted(deps, asked, token)
    }
    await release(deps, { request, response, target, transfer, reason, refusal, stillStarted })
  } finally {
    done()
  }
}

function requireMethod(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'POST') {
    response.setHeader('Allow', 'GET, HEAD, POST, OPTIONS')
    throw new ProblemError('method-not-allowed', 'Data is read with GET or HEAD; an HTTP source may allow POST.')
  }
}

/** Waits for the record that tells of a refusal, so that its answer can prove it. */
async function tellRefusal(deps: DataRouteDeps, asked: Asked, problem: ProblemError): Promise<void> {
  const { response, refusal } = asked
  // After the permission was recorded, its record tells of the request.
  if (response.headersSent || response.hasHeader(recordHeader) || isUnrecordable(problem)) return
  if (refusal.record === undefined) await denyAnyway(deps, asked, problem)
  const index = await refusal.record
  if (index === undefined || response.headersSent) return
  try {
    for (const [name, value] of Object.entries(await receiptHeaders(deps, index))) response.setHeader(name, value)
  } catch (error) {
    if (isProblem(error) && error.code === 'log-stopped') throw error
    // Nothing is released, and the record is there.
    deps.onError(error)
  }
}

// Whatever is wrong with it, a request for data was made. Refusals with the same code are counted together, whatever was asked, but not those of different users.
async function denyAnyway(deps: DataRouteDeps, asked: Asked, { code, message }: ProblemError): Promise<void> {
  const { transfer, token } = asked
  const known = transfer === undefined ? (token === undefined ? {} : { transfer: token.transferId }) : await statedFacts(deps, { ...asked, transfer })
  deny(deps, asked, { code, reason: message, facts: { ...known, request: describeRequest(asked) }, alike: true }, token)
}

async function authenticate(deps: DataRouteDeps, asked: Asked): Promise<FoundToken> {
  const token = await deps.tokens.find(asked.request.headers.authorization, 'data')
  if (token?.transferId !== asked.target.transferId) throw refuseToken(deps, asked, token)
  asked.token = token
  return token
}

async function requireToken(deps: DataRouteDeps, asked: Asked): Promise<void> {
  if ((await deps.tokens.find(asked.request.headers.authorization, 'data')) === undefined) throw refuseToken(deps, asked, undefined)
}

function refuseToken(deps: DataRouteDeps, asked: Asked, token: FoundToken | undefined): ProblemError {
  const reason = token === undefined ? 'The token is missing, unknown, revoked or over.' : 'The token is that of another transfer.'
  deny(deps, asked, { code: 'unauthenticated', reason }, token)
  return new ProblemError('unauthenticated', 'The access token is missing, not valid for this transfer, revoked or over. A new one comes with the start of the transfer.')
}

function deny(deps: DataRouteDeps, { request, refusal }: Asked, why: { code: string; reason: string; facts?: Facts; alike?: true }, token: FoundToken | undefined): void {
  const known = token === undefined ? {} : { transfer: token.transferId, partner: token.partner }
  noteRefusal(refusal, deps.releases.denied({ caller: request.socket.remoteAddress ?? 'unknown', method: request.method ?? '', ...why, ...known }))
}

async function decideStarted(deps: DataRouteDeps, asked: Asked, token: FoundToken): Promise<{ transfer: ReleasedTransfer; reason: string }> {
  const transfer = await deps.tokens.released(token.transferId)
  const decision = transfer === undefined ? { permitted: false as const, code: 'no-transfer', reason: 'There is no such transfer of ours as provider.' } : deps.decide(transfer)
  if (transfer !== undefined && decision.permitted) return { transfer, reason: decision.reason }
  const { reason } = decision
  deny(deps, asked, { code: decision.permitted ? 'no-transfer' : decision.code, reason }, token)
  throw new ProblemError('forbidden', reason)
}

async function release(deps: DataRouteDeps, started: Started): Promise<void> {
  const { transfer, target, request, response } = started
  const latest = await deps.dataset(transfer.datasetId)
  if (latest === undefined) throw new ProblemError('gone', 'The dataset is no longer there.')
  if (latest.source.type === 'http') return releaseProxied(deps, started, { dataset: latest, source: latest.source })
  if (target.path !== '' && target.path !== '/') throw new ProblemError('not-found', 'The dataset has no paths below it; ask for it without one.')
  if (request.method === 'POST') {
    response.setHeader('Allow', 'GET, HEAD, OPTIONS')
    throw new ProblemError('method-not-allowed', 'The dataset can be read with GET and HEAD.')
  }
  response.setHeader('Vary', 'Accept, Prefer')
  await releaseTabular(deps, started, latest)
}
