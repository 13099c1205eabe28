import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditRecord } from '../audit/audit.ts'
import { ProblemError } from '../errors.ts'
import type { AccessTokens, FoundToken } from './access-tokens.ts'
import type { DataFormat } from './data-request.ts'
import { readDataRequest } from './data-request.ts'
import type { DataPlaneDeps, ReleasedDataset, ReleasedTransfer } from './release.ts'
import type { Outcome, Releases } from './releases.ts'
import type { Representation, Representations } from './representations.ts'
import type { RunningDownloads } from './running-downloads.ts'
import { prepareFile, sendFile } from './send-file.ts'
import { sendTable } from './send-table.ts'
import { prepareProxy, proxy } from './sources/http.ts'
import type { PostgresqlSources } from './sources/postgresql.ts'
import type { FileVersion, HttpSource, PostgresqlSource } from './sources/source.ts'

export interface DataRouteDeps extends Pick<DataPlaneDeps, 'decide' | 'dataset' | 'secret' | 'http'> {
  readonly tokens: AccessTokens
  readonly running: RunningDownloads
  readonly releases: Releases
  readonly representations: Representations
  readonly postgresql: PostgresqlSources
  readonly proxyRequestBytes: number
}

/** A request to `/data/:transferId`, in its parts; `path` and `query` as they came, each with its first sign or empty. */
export interface DataTarget {
  readonly transferId: string
  readonly path: string
  readonly query: string
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: DataTarget
  readonly transfer: ReleasedTransfer
  readonly dataset: ReleasedDataset
  /** What the records of this request say about it. */
  readonly facts: Omit<AuditRecord, 'type'>
}

/** Serves a request for data: authenticate, decide, prepare, record, and only then send. */
export async function serveData(deps: DataRouteDeps, request: IncomingMessage, response: ServerResponse, target: DataTarget): Promise<void> {
  const { authorization } = request.headers
  const token = await authenticate(deps, request, target)
  const done = deps.running.add({ transferId: token.transferId, partner: token.partner, tokenSha256: token.sha256, cut: () => response.destroy() })
  try {
    // A revocation between the look-up and the line above found nothing to cut; now it would.
    if ((await deps.tokens.find(authorization, 'data')) === undefined) throw refuseToken(deps, request, undefined)
    const { transfer, reason } = await decide(deps, request, token)
    await release(deps, { request, response, target, transfer, reason })
  } finally {
    done()
  }
}

async function authenticate(deps: DataRouteDeps, request: IncomingMessage, target: DataTarget): Promise<FoundToken> {
  const token = await deps.tokens.find(request.headers.authorization, 'data')
  if (token?.transferId !== target.transferId) throw refuseToken(deps, request, token)
  return token
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

async function decide(deps: DataRouteDeps, request: IncomingMessage, token: FoundToken): Promise<{ transfer: ReleasedTransfer; reason: string }> {
  const transfer = await deps.tokens.released(token.transferId)
  const decision = transfer === undefined ? { permitted: false as const, code: 'no-transfer', reason: 'There is no such transfer of ours as provider.' } : deps.decide(transfer)
  if (transfer !== undefined && decision.permitted) return { transfer, reason: decision.reason }
  const { reason } = decision
  deny(deps, request, { code: decision.permitted ? 'no-transfer' : decision.code, reason }, token)
  throw new ProblemError('forbidden', reason)
}

type Permitted = Omit<Exchange, 'dataset' | 'facts'> & { readonly reason: string }

async function release(deps: DataRouteDeps, permitted: Permitted): Promise<void> {
  const { transfer, target } = permitted
  const latest = await deps.dataset(transfer.datasetId)
  if (latest === undefined) throw new ProblemError('gone', 'The dataset is no longer there.')
  if (latest.source.type === 'http') return releaseProxied(deps, exchangeOf(permitted, latest, {}), latest.source)
  if (target.path !== '' && target.path !== '/') throw new ProblemError('not-found', 'The dataset has no paths below it; ask for it without one.')
  if (permitted.request.method === 'POST') {
    permitted.response.setHeader('Allow', 'GET, HEAD, OPTIONS')
    throw new ProblemError('method-not-allowed', 'The dataset can be read with GET and HEAD.')
  }
  permitted.response.setHeader('Vary', 'Accept')
  if (latest.source.type === 'postgresql') return releaseTable(deps, permitted, { dataset: latest, source: latest.source })
  return releaseFile(deps, permitted, latest)
}

function exchangeOf(permitted: Permitted, dataset: ReleasedDataset, more: { format?: DataFormat; version?: number }): Exchange {
  const { request, response, target, transfer, reason } = permitted
  const described = {
    method: request.method ?? '',
    path: target.path,
    query: target.query,
    ...(more.format === undefined ? {} : { format: more.format }),
    ...(request.headers.range === undefined ? {} : { range: request.headers.range }),
  }
  const facts = {
    partner: transfer.partner,
    transfer: transfer.transferId,
    dataset: transfer.datasetId,
    ...(transfer.agreementId === undefined ? {} : { agreement: transfer.agreementId }),
    ...(more.version === undefined ? {} : { version: more.version }),
    request: described,
    decision: 'permit',
    reason,
  }
  return { request, response, target, transfer, dataset, facts }
}

// The record is committed before `send` is called, and its outcome is told afterwards, however it ended.
async function recordAround(deps: DataRouteDeps, exchange: Exchange, send: () => Promise<Outcome>): Promise<void> {
  const { facts } = exchange
  const index = await deps.releases.permitted(facts)
  const { request: _request, decision: _decision, reason: _reason, ...about } = facts
  let outcome: Outcome = { bytes: 0, complete: false }
  try {
    // Cut, or gone, while the record was written.
    if (!exchange.response.destroyed) outcome = await send()
  } finally {
    deps.releases.ended(index, about, outcome)
  }
}

async function releaseProxied(deps: DataRouteDeps, exchange: Exchange, source: HttpSource): Promise<void> {
  const { request, response, target } = exchange
  const prepared = await prepareProxy(source, request, target, deps.secret)
  await recordAround(deps, exchange, () => proxy(deps.http, prepared, { request, response, maxRequestBytes: deps.proxyRequestBytes }))
}

async function releaseTable(deps: DataRouteDeps, permitted: Permitted, table: { dataset: ReleasedDataset; source: PostgresqlSource }): Promise<void> {
  const { request, response, target } = permitted
  const { format, version } = readDataRequest(request, target.query, 'csv')
  if (version !== undefined) throw new ProblemError('bad-request', 'The dataset is a table that has no versions. Leave out version.')
  if (format === 'original') throw new ProblemError('not-acceptable', 'The dataset is a table that has no original file. Available are: csv, ndjson, json, parquet.')
  const exchange = exchangeOf(permitted, table.dataset, { format })
  if (format === 'parquet') return releaseRepresentation(deps, exchange, await deps.representations.ofTable(table.source, format, table.source.table))
  const open = await deps.postgresql.open(table.source)
  try {
    await recordAround(deps, exchange, () => sendTable(request, response, { open, format, name: table.source.table }))
  } finally {
    open.close()
  }
}

async function releaseFile(deps: DataRouteDeps, permitted: Permitted, latest: ReleasedDataset): Promise<void> {
  const { format, version: number } = readDataRequest(permitted.request, permitted.target.query, 'original')
  const dataset = number === undefined || number === latest.version?.number ? latest : await datasetVersion(deps, permitted.transfer, number)
  const version = versionOf(dataset, number)
  await releaseRepresentation(deps, exchangeOf(permitted, dataset, { format, version: version.number }), await deps.representations.ofVersion(version, format))
}

async function datasetVersion(deps: DataRouteDeps, transfer: ReleasedTransfer, number: number): Promise<ReleasedDataset> {
  const dataset = await deps.dataset(transfer.datasetId, number)
  if (dataset === undefined) throw new ProblemError('not-found', `The dataset has no version ${number}.`)
  return dataset
}

/** The version of a file dataset, as wanted. */
export function versionOf(dataset: ReleasedDataset, number: number | undefined): FileVersion {
  if (dataset.version === undefined) throw new ProblemError('not-found', number === undefined ? 'The dataset has no content yet.' : `The dataset has no version ${number}, or its content was removed.`)
  return dataset.version
}

async function releaseRepresentation(deps: DataRouteDeps, exchange: Exchange, file: Representation): Promise<void> {
  const { request, response } = exchange
  try {
    const answer = prepareFile(request, response, file)
    await recordAround(deps, exchange, () => sendFile(response, answer))
  } finally {
    await file.handle.close()
  }
}
