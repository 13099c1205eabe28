import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProblemError } from '../errors.ts'
import type { FoundToken } from './access-tokens.ts'
import type { DataRouteDeps, DataTarget, Started } from './exchange.ts'
import { releaseProxied } from './release-proxied.ts'
import { releaseTabular } from './release-tabular.ts'
import type { ReleasedTransfer } from './release.ts'

/** Serves a request for data: authenticate, decide, prepare, debit and record, and only then send. */
export async function serveData(deps: DataRouteDeps, request: IncomingMessage, response: ServerResponse, target: DataTarget): Promise<void> {
  const token = await authenticate(deps, request, target)
  const done = deps.running.add({ transferId: token.transferId, partner: token.partner, tokenSha256: token.sha256, cut: () => response.destroy() })
  try {
    // A revocation between the look-up and the line above found nothing to cut; now it would.
    await requireToken(deps, request)
    const { transfer, reason } = await decideStarted(deps, request, token)
    const stillStarted = async () => {
      await requireToken(deps, request)
      await decideStarted(deps, request, token)
    }
    await release(deps, { request, response, target, transfer, reason, stillStarted })
  } finally {
    done()
  }
}

async function authenticate(deps: DataRouteDeps, request: IncomingMessage, target: DataTarget): Promise<FoundToken> {
  const token = await deps.tokens.find(request.headers.authorization, 'data')
  if (token?.transferId !== target.transferId) throw refuseToken(deps, request, token)
  return token
}

async function requireToken(deps: DataRouteDeps, request: IncomingMessage): Promise<void> {
  if ((await deps.tokens.find(request.headers.authorization, 'data')) === undefined) throw refuseToken(deps, request, undefined)
}

function refuseToken(deps: DataRouteDeps, request: IncomingMessage, token: FoundToken | undefined): ProblemError {
  const reason = token === undefined ? 'The token is missing, unknown, revoked or over.' : 'The token is that of another transfer.'
  deny(deps, request, { code: 'unauthenticated', reason }, token)
  return new ProblemError('unauthenticated', 'The access token is missing, not valid for this transfer, revoked or over. A new one comes with the start of the transfer.')
}

function deny(deps: DataRouteDeps, request: IncomingMessage, why: { code: string; reason: string }, token: FoundToken | undefined): void {
  const known = token === undefined ? {} : { transfer: token.transferId, partner: token.partner }
  deps.releases.denied({ caller: request.socket.remoteAddress ?? 'unknown', method: request.method ?? '', ...why, ...known })
}

async function decideStarted(deps: DataRouteDeps, request: IncomingMessage, token: FoundToken): Promise<{ transfer: ReleasedTransfer; reason: string }> {
  const transfer = await deps.tokens.released(token.transferId)
  const decision = transfer === undefined ? { permitted: false as const, code: 'no-transfer', reason: 'There is no such transfer of ours as provider.' } : deps.decide(transfer)
  if (transfer !== undefined && decision.permitted) return { transfer, reason: decision.reason }
  const { reason } = decision
  deny(deps, request, { code: decision.permitted ? 'no-transfer' : decision.code, reason }, token)
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
