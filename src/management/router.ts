import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import express from 'express'
import type { Request, Response } from 'express'
import { ProblemError } from '../errors.ts'
import { readJson } from '../http/json-body.ts'
import { agreementHandlers } from './agreements.ts'
import { auditExportHandlers } from './audit-export.ts'
import { auditLogHandlers } from './audit-logs.ts'
import { auditNameHandlers } from './audit-names.ts'
import { auditStatisticsHandlers } from './audit-statistics.ts'
import { auditHandlers } from './audit.ts'
import type { Authenticate } from './authentication.ts'
import { loadContract } from './contract.ts'
import type { Contract, Operation } from './contract.ts'
import { datasetHandlers } from './datasets.ts'
import type { ManagementDeps } from './deps.ts'
import { erasureHandlers } from './erasure.ts'
import { eventHandlers } from './events.ts'
import { evidenceHandlers } from './evidence.ts'
import { healthHandlers } from './health.ts'
import { once } from './idempotency.ts'
import type { StoredAnswer } from './idempotency.ts'
import { logKeepingHandlers } from './log-keeping.ts'
import { metricHandlers } from './metrics.ts'
import { negotiationHandlers } from './negotiations.ts'
import { obligationHandlers } from './obligations.ts'
import { offerHandlers } from './offers.ts'
import type { AnyJsonAnswer, Caller, Handlers, OperationId, ReceivedFile, StreamedAnswer, TextAnswer } from './operation.ts'
import { outboxHandlers } from './outbox.ts'
import { partnerCatalogHandlers } from './partner-catalogs.ts'
import { partnerHandlers } from './partners.ts'
import { readIfMatch } from './precondition.ts'
import { mayCall } from './roles.ts'
import { secretHandlers } from './secrets.ts'
import { selfHandlers } from './self.ts'
import { tokenHandlers } from './tokens.ts'
import { providerRecordHandlers } from './provider-record.ts'
import { transferHandlers } from './transfers.ts'
import { receiveFile } from './uploads.ts'
import { witnessHandlers } from './witnesses.ts'

/** What a route serves with. `stopping` ends streams that would go on for ever. */
export type RouterDeps = ManagementDeps & { readonly stopping: AbortSignal; readonly authenticate: Authenticate }

interface Serving {
  readonly deps: RouterDeps
  readonly contract: Contract
  readonly handlers: Handlers
  readonly authenticate: Authenticate
}

/** One route for each operation of the document; each checks who asks, what for and with what, then calls its handler. */
export function createManagementRouter(deps: RouterDeps): express.Router {
  const serving = { deps, contract: loadContract(), handlers: handlersOf(deps), authenticate: deps.authenticate }
  const router = express.Router({ caseSensitive: true, strict: true })
  for (const operation of serving.contract.operations) register(router, serving, operation)
  return router
}

function handlersOf(deps: RouterDeps): Handlers {
  return {
    ...selfHandlers(deps),
    ...healthHandlers(deps),
    ...metricHandlers(deps),
    ...eventHandlers(deps),
    ...partnerHandlers(deps),
    ...partnerCatalogHandlers(deps),
    ...datasetHandlers(deps),
    ...offerHandlers(deps),
    ...secretHandlers(deps),
    ...negotiationHandlers(deps),
    ...agreementHandlers(deps),
    ...obligationHandlers(deps),
    ...transferHandlers(deps),
    ...providerRecordHandlers(deps),
    ...auditHandlers(deps),
    ...auditNameHandlers(deps),
    ...auditExportHandlers(deps),
    ...auditLogHandlers(deps),
    ...auditStatisticsHandlers(deps),
    ...erasureHandlers(deps),
    ...evidenceHandlers(deps),
    ...witnessHandlers(deps),
    ...logKeepingHandlers(deps),
    ...outboxHandlers(deps),
    ...tokenHandlers(deps),
  }
}

function register(router: express.Router, serving: Serving, operation: Operation): void {
  const { id, method } = operation
  if (!isOperationId(serving.handlers, id)) throw new Error(`The operation ${id} has no handler`)
  router.all(operation.path.replaceAll(/\{(\w+)\}/g, ':$1'), (req, res, next) => {
    if (req.method.toLowerCase() !== method) {
      // What no other operation serves is answered with the methods that are.
      res.locals['allow'] = [...allowedSoFar(res), method.toUpperCase()]
      return next()
    }
    res.locals['route'] = operation.path
    return serve<OperationId>(serving, { id, operation, handler: serving.handlers[id] }, req, res)
  })
}

/** The methods that operations at this address have. */
export function allowedSoFar(res: Response): readonly string[] {
  const allow: unknown = res.locals['allow']
  return Array.isArray(allow) ? allow.map(String) : []
}

function isOperationId(handlers: Handlers, id: string): id is OperationId {
  return Object.hasOwn(handlers, id)
}

interface Served<K extends OperationId> {
  readonly id: K
  readonly operation: Operation
  readonly handler: Handlers[K]
}

async function serve<K extends OperationId>(serving: Serving, { id, operation, handler }: Served<K>, req: Request, res: Response): Promise<void> {
  const { contract, deps } = serving
  const caller = operation.open ? nobody : await admit(serving, id, req, res)
  contract.headers(id, req.headers)
  const [path, query] = [contract.path(id, { ...req.params }), contract.query(id, { ...req.query })]
  const ifVersion = operation.needsIfMatch ? readIfMatch(req.headers['if-match']) : undefined
  const input = await readBody(deps, operation, req)
  try {
    const body = contract.body(id, input.value)
    const work = () => handler({ caller, path, query, body, ifVersion, header: (name) => textOf(req.headers[name]) })
    const key = textOf(req.headers['idempotency-key'])
    if (operation.method !== 'post' || key === undefined) return await send(prepared(await work()), res)
    const keyed = { tokenId: caller.tokenId, key, sha256: fingerprint(req, input.sha256), secret: id === 'createToken' }
    await send(await once(deps, keyed, async () => storable(prepared(await work()))), res)
  } finally {
    if (input.file !== undefined) await rm(input.file.path, { force: true })
  }
}

const nobody: Caller = { tokenId: '', name: '', role: 'auditor', purposes: null }

async function admit(serving: Serving, id: OperationId, req: Request, res: Response): Promise<Caller> {
  const caller = await serving.authenticate({ authorization: req.headers.authorization, address: req.socket.remoteAddress ?? '' })
  // Nobody's name: nothing is erased from the program's log.
  res.locals['token'] = caller.tokenId
  if (!mayCall(caller.role, id)) throw new ProblemError('forbidden', `A token with the role ${caller.role} may not do this (${id}). Ask an operator.`)
  return caller
}

interface Input {
  readonly value: unknown
  readonly sha256: string
  readonly file?: ReceivedFile
}

const maxJsonBytes = 4 * 1024 * 1024

async function readBody(deps: ManagementDeps, operation: Operation, req: Request): Promise<Input> {
  if (!hasBody(req)) {
    if (operation.bodyKind === 'json') throw new ProblemError('bad-request', '/body: is missing; it must be JSON.')
    return { value: undefined, sha256: '' }
  }
  if (operation.bodyKind === 'none') throw new ProblemError('bad-request', '/body: this operation takes none.')
  if (operation.bodyKind === 'file') {
    const file = await receiveFile(deps, req)
    return { value: file, sha256: file.sha256, file }
  }
  const type = req.headers['content-type'] ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) throw new ProblemError('unsupported-media-type', 'Send the body as JSON: Content-Type: application/json.')
  const { raw, value } = await readJson(req, { maxBytes: maxJsonBytes })
  return { value, sha256: createHash('sha256').update(raw).digest('hex') }
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
}

// All that makes a request what it is: two that differ in any of it are different requests.
function fingerprint(req: Request, bodySha256: string): string {
  const parts = [req.method, req.originalUrl, textOf(req.headers['content-type']) ?? '', textOf(req.headers['content-disposition']) ?? '', bodySha256]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function prepared(answer: AnyJsonAnswer | TextAnswer | StreamedAnswer): StoredAnswer | StreamedAnswer {
  if ('write' in answer) return answer
  if ('text' in answer) return { status: answer.status, headers: answer.headers, body: answer.text }
  const { status, headers = {}, body } = answer
  return body === undefined ? { status, headers, body: null } : { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

function storable(answer: StoredAnswer | StreamedAnswer): StoredAnswer {
  if ('write' in answer) throw new Error('An answer that streams cannot be stored')
  return answer
}

async function send(answer: StoredAnswer | StreamedAnswer, res: Response): Promise<void> {
  if ('write' in answer) return answer.write(res)
  res.status(answer.status).set(answer.headers)
  res.end(answer.body ?? undefined)
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
