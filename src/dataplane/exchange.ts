import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditRecord } from '../audit/audit.ts'
import type { ProblemError } from '../errors.ts'
import type { Queries } from '../persistence/database.ts'
import type { CounterLimit } from '../policy/restriction.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { DeskAnswer, ReleaseDesk } from './desk/release-desk.ts'
import type { Amounts } from './desk/quota.ts'
import type { AgreementTerms } from './governed/agreement-terms.ts'
import { grantRequest } from './governed/grant.ts'
import type { Grant, GrantDeps, OpenGrant, Refusal } from './governed/grant.ts'
import type { AskedFor } from './governed/request-terms.ts'
import type { AnswerFormat } from './query/engine.ts'
import { receiptHeaders } from './receipts/receipt-headers.ts'
import { transferFacts } from './release.ts'
import type { DataPlaneDeps, ReleasedDataset, ReleasedTransfer } from './release.ts'
import type { Facts, Outcome, Releases } from './releases.ts'
import { outcomeFacts, outcomeRecord } from './releases.ts'
import type { DataFormat, Representations } from './representations.ts'
import type { RunningDownloads } from './running-downloads.ts'
import type { PostgresqlSources } from './sources/postgresql.ts'
import type { TableEngines } from './sources/table-engines.ts'
import type { Removal } from './unfinished/unfinished.ts'

/** What serving data needs. */
export interface DataRouteDeps extends Pick<DataPlaneDeps, 'audit' | 'database' | 'decide' | 'dataset' | 'secret' | 'http' | 'clock' | 'readStatement' | 'hashKey' | 'onError'> {
  readonly terms: GrantDeps['terms']
  readonly tokens: AccessTokens
  readonly running: RunningDownloads
  readonly releases: Releases
  readonly desk: ReleaseDesk
  readonly representations: Representations
  readonly engines: TableEngines
  readonly postgresql: PostgresqlSources
  readonly proxyRequestBytes: number
}

/** A request to `/data/:transferId`, in its parts; `path` and `query` as they came, each with its first sign or empty. */
export interface DataTarget {
  readonly transferId: string
  readonly path: string
  readonly query: string
}

/** Which record tells of the refusal of a request, once it is refused. */
export interface RefusalNote {
  record: Promise<number | undefined> | undefined
}

/** A request under a started transfer. */
export interface Started {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: DataTarget
  readonly transfer: ReleasedTransfer
  readonly reason: string
  readonly refusal: RefusalNote
  /** Throws when the token or the transfer is over by now. */
  readonly stillStarted: () => Promise<void>
}

/** A request that its agreement permits. */
export interface Exchange extends Started {
  readonly dataset: ReleasedDataset
  readonly grant: OpenGrant | Grant
  /** What the records of this request say about it. */
  readonly facts: Facts
}

/** What a request asks for, as it is recorded. */
export function describeRequest({ request, target }: Pick<Started, 'request' | 'target'>, format?: DataFormat | AnswerFormat): Record<string, string> {
  const { range, accept, prefer } = request.headers
  // What a signed statement is bound to, so that the record shows what was signed.
  const bound = request.headers['concordat-statement'] === undefined ? {} : { ...(accept === undefined ? {} : { accept }), ...(prefer === undefined ? {} : { prefer: String(prefer) }) }
  return { method: request.method ?? '', path: target.path, query: target.query, ...(format === undefined ? {} : { format }), ...(range === undefined ? {} : { range }), ...bound }
}

export function exchangeOf(started: Started, permitted: { dataset: ReleasedDataset; grant: OpenGrant | Grant; format?: DataFormat | AnswerFormat; version?: number }): Exchange {
  const { dataset, grant, format, version } = permitted
  const facts: Facts = {
    ...transferFacts(started.transfer),
    ...(version === undefined ? {} : { version }),
    ...(grant.open ? { policySha256: grant.policySha256 } : grant.facts),
    request: describeRequest(started, format),
    decision: 'permit',
    reason: started.reason,
  }
  return { ...started, dataset, grant, facts }
}

/** Decides a request by the terms of its agreement; a refusal is recorded and thrown. */
export async function grantStarted(deps: DataRouteDeps, started: Started, asked: (terms: AgreementTerms) => AskedFor): Promise<OpenGrant | Grant> {
  const { terms, clock, readStatement } = deps
  const { transfer, request, target } = started
  const refused = (refusal: Refusal) => refuse(deps, started, refusal)
  return grantRequest({ terms, clock, readStatement, refused }, { transfer, request, target, asked })
}

/** Refuses a request: the record of it is folded with those of the same kind. */
export function refuse(deps: Pick<DataRouteDeps, 'releases'>, started: Pick<Started, 'request' | 'target' | 'transfer' | 'refusal'>, { problem, facts }: Refusal): void {
  const { request, transfer } = started
  const caller = request.socket.remoteAddress ?? 'unknown'
  const asked = { ...facts, request: describeRequest(started) }
  noteRefusal(started.refusal, deps.releases.denied({ caller, method: request.method ?? '', code: problem.code, reason: problem.message, transfer: transfer.transferId, partner: transfer.partner, facts: asked }))
}

/** Keeps which record tells of a refusal; whoever answers waits for it. */
export function noteRefusal(refusal: RefusalNote, record: Promise<number | undefined>): void {
  record.catch(() => undefined)
  refusal.record = record
}

/** What is released, beside what the record says anyway. */
export interface Release {
  readonly amounts: Amounts
  /** How much it may come to, where it is not an answer whose facts say it; null bytes where nobody knows. */
  readonly reserved?: { readonly bytes: number | null; readonly rows?: number }
  readonly more?: Facts
  readonly commit?: (db: Queries, now: Date) => Promise<boolean>
}

/** Commits the record of a release, debited where there are terms: only then may a byte leave. A refusal is recorded and thrown. */
export async function commitRelease(deps: DataRouteDeps, exchange: Exchange, release: Release): Promise<Extract<DeskAnswer, { kind: 'permitted' | 'again' }>> {
  const { grant } = exchange
  const facts = { ...exchange.facts, ...release.more, ...(release.reserved === undefined ? {} : { reserved: release.reserved }) }
  if (grant.open) return { kind: 'permitted', index: await deps.releases.permitted(facts), debit: { retry: false, quota: {} } }
  grant.recheck()
  await exchange.stillStarted()
  const answer = await deps.releases.permittedBy(
    () => deps.desk.release({ ...deskFacts(grant), amounts: release.amounts, commit: release.commit, record: ({ retry, quota }) => ({ type: 'data.permitted', ...facts, ...(retry ? { retry } : {}), ...(Object.keys(quota).length === 0 ? {} : { quota }) }) }),
    ({ kind }) => kind === 'permitted',
  )
  if (answer.kind !== 'refused') return answer
  throw refusedBy(deps, exchange, grant, answer.problem)
}

function deskFacts({ agreement, limits, statement, idempotency }: Grant) {
  return { agreement, limits, statement, idempotency }
}

function refusedBy(deps: DataRouteDeps, exchange: Exchange, grant: Grant, problem: ProblemError): ProblemError {
  refuse(deps, exchange, { problem, facts: grant.facts })
  setRetryAfter(deps, exchange.response, problem)
  return problem
}

function setRetryAfter(deps: Pick<DataRouteDeps, 'clock'>, response: ServerResponse, { fields }: ProblemError): void {
  const resetsAt = typeof fields['resetsAt'] === 'string' ? Date.parse(fields['resetsAt']) : Number.NaN
  if (!Number.isNaN(resetsAt)) response.setHeader('Retry-After', String(Math.max(1, Math.ceil((resetsAt - deps.clock().getTime()) / 1000))))
}

/** Refuses what a limit that is used up would refuse anyway, before any work is done for it. A retry is not debited, so it may pass. */
export function requireLeft(deps: DataRouteDeps, exchange: Exchange): void {
  const { grant } = exchange
  if (grant.open || grant.idempotency !== undefined) return
  const problem = deps.desk.usedUp(grant.agreement, grant.limits)
  if (problem !== undefined) throw refusedBy(deps, exchange, grant, problem)
}

/** Debits what was looked at for an answer of which nothing comes out, and records the refusal. */
export async function commitRefusal(deps: DataRouteDeps, exchange: Exchange, problem: ProblemError): Promise<void> {
  const { grant, facts, request } = exchange
  if (grant.open) return
  const caller = request.socket.remoteAddress ?? 'unknown'
  const record = (): AuditRecord => ({ type: 'data.denied', ...facts, caller, decision: 'deny', code: problem.code, reason: problem.message, count: 1 })
  const answer = await deps.desk.release({ ...deskFacts(grant), amounts: { queries: 1, rows: 0, bytes: 0 }, record })
  if (answer.kind === 'refused') throw refusedBy(deps, exchange, grant, answer.problem)
  if (answer.kind === 'permitted') noteRefusal(exchange.refusal, Promise.resolve(answer.index))
}

/** Commits the record, then sends; the outcome is told afterwards, however it ended. */
export async function recordAround(deps: DataRouteDeps, exchange: Exchange, release: Release, send: () => Promise<Outcome>): Promise<void> {
  const committed = await commitRelease(deps, exchange, release)
  if (committed.kind === 'again') throw new Error('A release without writes of its own always fits')
  await sendRecorded(deps, exchange, { index: committed.index, upTo: release.reserved?.bytes ?? null }, send)
}

/** Sends what was recorded as `index`, at most `upTo` bytes. */
export async function sendRecorded(deps: DataRouteDeps, exchange: Exchange, { index, upTo }: { index: number; upTo: number | null }, send: () => Promise<Outcome>): Promise<void> {
  const { facts, grant, response } = exchange
  const about = outcomeFacts(facts)
  let outcome: Outcome = { bytes: 0, complete: false }
  deps.releases.began({ index, facts: about, upTo })
  try {
    const headers = await receiptHeaders(deps, index)
    if (!grant.open) await exchange.stillStarted()
    // Cut, or gone, while the record was written.
    if (!response.destroyed) {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      outcome = await send()
    }
  } finally {
    const after = grant.open ? [] : afterwards(exchange, grant)
    if (grant.open || after.length === 0) deps.releases.ended(index, about, outcome)
    else deps.releases.endedBy(index, (remove) => debitAfter(deps, { grant, limits: after, about, index, remove }, outcome))
  }
}

/** Limits of which only the end of a release shows what it took: bytes of an HTTP source. */
function afterwards({ dataset }: Exchange, { limits }: Grant): readonly CounterLimit[] {
  return dataset.source.type === 'http' ? limits.filter(({ counter }) => counter === 'bytes') : []
}

async function debitAfter(deps: DataRouteDeps, release: { grant: Grant; limits: readonly CounterLimit[]; about: Facts; index: number; remove: Removal | undefined }, outcome: Outcome): Promise<void> {
  const { grant, limits, about, index, remove } = release
  const commit = remove === undefined ? {} : { commit: (db: Queries) => remove(db).then(() => true) }
  const record = outcomeRecord({ facts: about, outcomes: [{ permitted: index, outcome }] })
  await deps.desk.release({ agreement: grant.agreement, limits, after: true, amounts: { queries: 0, rows: 0, bytes: outcome.bytes }, ...commit, record: ({ quota }) => ({ ...record, quota }) })
}
