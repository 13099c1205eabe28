import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import express from 'express'
import type { Router } from 'express'
import { pino } from 'pino'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { createAgreements } from './agreements/agreements.ts'
import type { Agreements } from './agreements/agreements.ts'
import { createObligations } from './agreements/obligations.ts'
import type { Obligations } from './agreements/obligations.ts'
import { hasEnded } from './agreements/store.ts'
import { openAudit } from './audit/audit.ts'
import type { Audit, AuditRecord } from './audit/audit.ts'
import { startClockReport } from './audit/operation/clock-report.ts'
import { watchClock } from './audit/operation/backward-clock.ts'
import { createSeenKeys, recordOwnKeys } from './audit/operation/keys.ts'
import { toldSettings } from './audit/operation/settings.ts'
import { readLastTime } from './audit/operation/store.ts'
import { startRetention } from './audit/retention/prune.ts'
import { createCatalog } from './catalog/catalog.ts'
import type { Catalog } from './catalog/catalog.ts'
import { factsOf } from './catalog/datasets/facts.ts'
import { createSecrets } from './catalog/secrets/secrets.ts'
import type { Secrets } from './catalog/secrets/secrets.ts'
import type { Config } from './config.ts'
import { evidenceOf } from './connector/evidence.ts'
import { createWitnessing, outsideOf, transparencyKeys } from './connector/witnessing.ts'
import type { Witnessing } from './connector/witnessing.ts'
import { connectReceiptChecks } from './connector/receipt-checks.ts'
import { errorLines, stopLines } from './connector/stop-lines.ts'
import { createDataPlane } from './dataplane/data-plane.ts'
import type { DataPlane } from './dataplane/data-plane.ts'
import type { ReceiptChecks } from './dataplane/receipts/checks.ts'
import { createHashKeys } from './dataplane/governed/hash-key.ts'
import { permitStarted } from './dataplane/release.ts'
import type { ReleasedDataset, ReleasedTransfer } from './dataplane/release.ts'
import { isProblem, ProblemError } from './errors.ts'
import { createOutboundHttp } from './http/guarded-fetch.ts'
import { listen } from './http/listener.ts'
import { problemHandler } from './http/problem.ts'
import { createTracing } from './http/tracing.ts'
import { openIdentity } from './identity/identity.ts'
import type { Identity } from './identity/identity.ts'
import { createOidc } from './identity/oidc.ts'
import { createPseudonyms } from './identity/pseudonym.ts'
import { findPartner } from './identity/store.ts'
import { pathsIn, readSecretFiles } from './init.ts'
import { automatic as decideNegotiation } from './negotiation/decide.ts'
import type { NegotiationDecider } from './negotiation/decide.ts'
import { createNegotiations } from './negotiation/negotiations.ts'
import type { Negotiations } from './negotiation/negotiations.ts'
import { ensureOperatorToken } from './management/bootstrap.ts'
import type { Authenticate } from './management/authentication.ts'
import { countPublicRequests, countRecords, createMetrics } from './management/metrics.ts'
import { createManagementServer } from './management/server.ts'
import { createRevocations } from './management/revocations.ts'
import { createTokenMark } from './management/token-marks.ts'
import { createOutbox } from './outbox/outbox.ts'
import type { DueMessage, Outbox } from './outbox/outbox.ts'
import { openDatabase } from './persistence/database.ts'
import type { Database } from './persistence/database.ts'
import { createDspClient } from './protocol/client.ts'
import type { DspClient } from './protocol/client.ts'
import { createDelivery } from './protocol/delivery.ts'
import { createProtocolRouter } from './protocol/router.ts'
import { protocolPath } from './protocol/self-description.ts'
import type { TransferDataPlane } from './transfer/change.ts'
import { automatic as decideTransfer } from './transfer/decide.ts'
import type { TransferDecider } from './transfer/decide.ts'
import { createExpiry } from './transfer/expiry.ts'
import { deliverPush } from './transfer/push.ts'
import { directionOf } from './transfer/transfer.ts'
import type { Direction } from './transfer/transfer.ts'
import { createTransfers } from './transfer/transfers.ts'
import type { Transfers, TransferView } from './transfer/transfers.ts'
import type { DataAddress } from './transfer/messages.ts'

/** Parts that a caller may replace: another identity, other decisions, another clock. */
export interface Overrides {
  readonly identity?: Identity
  readonly decideNegotiation?: NegotiationDecider
  readonly decideTransfer?: TransferDecider
  readonly directionOf?: (format: string) => Direction | undefined
  readonly clock?: () => Date
  readonly newId?: () => string
  readonly log?: Logger
}

/** A running connector. */
export interface Connector {
  /** Our participant id. */
  readonly id: string
  readonly publicUrl: string
  readonly managementUrl: string
  /** Base address of our Dataspace Protocol endpoint. */
  readonly dspAddress: string
  readonly services: {
    readonly database: Database
    readonly identity: Identity
    readonly audit: Audit
    readonly outbox: Outbox
    readonly agreements: Agreements
    readonly obligations: Obligations
    readonly catalog: Catalog
    readonly negotiations: Negotiations
    readonly transfers: Transfers
    readonly dataPlane: DataPlane
  }
  /** Waits until nothing is being sent or recorded. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Starts a connector: opens its store, builds every part by hand, in order, and listens. */
export async function startConnector(config: Config, overrides: Overrides = {}): Promise<Connector> {
  const closers: Closers = []
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    return { ...(await build(config, overrides, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What must be closed, in the order in which it was opened. */
type Closers = (() => unknown)[]

const deadlineSweepMs = 30_000
const { version } = packageJson

async function build(config: Config, overrides: Overrides, closers: Closers): Promise<Omit<Connector, 'close'>> {
  const base = await openBase(config, overrides, closers)
  const { audit, clock, database, identity, metrics, publicUrl } = base
  const secrets = createSecrets({ database, audit, clock, key: base.sealingKey })
  const client = createDspClient({ http: base.http, identity })
  const partnerAddress = (id: string) => addressOf(base, id)
  const dspAddress = publicUrl + protocolPath

  // What is built first calls what is built later: only once a message is due or a request has come.
  const outbox = createOutbox({ database, clock, onError: base.onError, giveUpAfterMs: config.outboxGiveUpMs, deliver: (message) => deliver(message) })
  closers.push(() => outbox.stop())
  const receipts = connectReceiptChecks(base)
  const dataPlane = createDataPlane({
    ...base,
    receipts,
    agreementOf: async (id) => (await transfers.get(id)).agreementId,
    accessTokenMs: config.accessTokenMs,
    postgresqlConnections: config.postgresqlSources,
    decide: permitStarted,
    secret: (name) => secrets.open(name),
    readStatement: (jws) => identity.readStatement(jws),
    hashKey: createHashKeys(base.sealingKey),
    released: (id) => releasedTransfer({ ...base, transfers, agreements, obligations }, id),
    dataset: (id, version) => releasedDataset(catalog, id, version),
  })
  closers.push(() => dataPlane.close())
  const agreements = createAgreements({ database })
  const obligations = createObligations({ database, audit, clock })
  const catalog = createCatalog({ ...base, ...dataPlane, sourceFolders: config.sourceFolders, retention: { versions: config.keepVersions }, cursorKey: base.sealingKey })
  const common = { ...base, outbox, partnerAddress, callbackAddress: dspAddress, checkAddress: (url: string) => base.http.check(url) }
  const negotiations = createNegotiations({ ...common, ownId: identity.id, currentOffer: (...asked) => catalog.currentOffer(...asked), datasetFacts: (...asked) => catalog.datasetFacts(...asked), onEnding: (endsAt) => expiry.expect(endsAt), decide: overrides.decideNegotiation ?? decideNegotiation, deadlineMs: config.negotiationDeadlineMs })
  const transfers = createTransfers({ ...common, dataPlane: transferDataPlane(dataPlane), decide: overrides.decideTransfer ?? decideTransfer, directionOf: overrides.directionOf ?? directionOf })
  const expiry = createExpiry({ database, clock, endOutlived: () => transfers.endOutlived(), onError: base.onError })
  closers.push(() => expiry.stop())
  const push = (transfer: TransferView, address: DataAddress) => dataPlane.push({ transferId: transfer.id, address })
  const deliverMessage = createDelivery({ negotiations, transfers, ...client })
  const deliver = (message: DueMessage) => base.tracing.span(message.name, { process: message.processId }, () => (message.kind === 'push' ? deliverPush({ transfers, push }, message.processId) : deliverMessage(message)))

  const witnessing = createWitnessing({ ...base, witnesses: config.witnesses, witnessIntervalMs: config.witnessIntervalMs })
  closers.push(() => witnessing.close())
  base.afterAgreement.add(() => witnessing.feeder.wake())

  const services = { database, identity, audit, outbox, agreements, obligations, catalog, negotiations, transfers, dataPlane }
  const management = await serveManagement(config, { ...base, ...services, receipts, secrets, client, witnesses: witnessing.feeder, evidence: evidenceOf({ ...base, witnesses: witnessing.feeder, directory: pathsIn(config.dataDirectory).uploads }) }, closers)
  const protocol = createProtocolRouter({ ...services, publicUrl, pageSize: config.catalogPageSize, afterAnswer: () => outbox.wake(), onError: base.onError })
  servePublic(base, [protocol, dataPlane.router, ...witnessing.routers(management.authenticate)])

  outbox.start()
  expiry.start()
  const sweeper = setInterval(() => void negotiations.endOverdue().catch(base.onError), deadlineSweepMs)
  closers.push(() => clearInterval(sweeper))
  closers.push(await recordOperation(base, config))
  metrics.registry.setDefaultLabels({ connector: identity.id })
  witnessing.feeder.start()
  const settle = async () => {
    for (const part of [expiry, outbox, dataPlane, base.seenKeys, witnessing, audit]) await part.settle()
  }
  return { id: identity.id, publicUrl, managementUrl: management.url, dspAddress, services, settle }
}

/** Records that we run, with what, under which keys and by which clock. Gives what records the end. */
async function recordOperation({ audit, clock, database, identity, onError, sealingKey }: Base, config: Config): Promise<() => Promise<void>> {
  // While the log is stopped the connector still starts: it is looked at and brought back to work.
  const unlessStopped = (error: unknown) => {
    // It is told of once, when it stops.
    if (!isProblem(error) || error.code !== 'log-stopped') throw error
  }
  const document = identity.document()
  const ownKeys = document?.verificationMethod.filter(({ id }) => document.authentication.includes(id)).map(({ id, publicKeyJwk }) => ({ owner: identity.id, kid: id, jwk: publicKeyJwk })) ?? []
  await audit.record({ type: 'connector.started', version, database: database.kind, settings: toldSettings(config.settings, sealingKey) }).catch(unlessStopped)
  await recordOwnKeys({ audit }, ownKeys).catch(unlessStopped)
  const report = startClockReport({ database, audit, clock, ntpServer: config.ntpServer, onError })
  const retention = startRetention({ database, audit, clock, years: config.auditRetentionYears, onError })
  return async () => {
    report.stop()
    retention.stop()
    await Promise.all([report.settle(), retention.settle()])
    await audit.record({ type: 'connector.stopped', version }).catch(unlessStopped).catch(onError)
  }
}

type Base = Awaited<ReturnType<typeof openBase>>

/** Everything that does not depend on another part of the connector. */
async function openBase(config: Config, overrides: Overrides, closers: Closers) {
  const clock = overrides.clock ?? (() => new Date())
  const newId = overrides.newId ?? (() => `urn:uuid:${randomUUID()}`)
  const log = overrides.log ?? pino({ level: config.logLevel })
  const onError = errorLines(log)
  const { dataDirectory } = config
  const { sealingKey, operatorToken } = await readSecretFiles(dataDirectory)
  await mkdir(pathsIn(dataDirectory).uploads, { recursive: true, mode: 0o700 })

  const database = await openDatabase(config.database)
  closers.push(() => database.close())
  const metrics = createMetrics()
  // Closed after the listener, whose last requests are recorded.
  let opened: Audit | undefined
  closers.push(async () => opened?.close())
  const http = createOutboundHttp({ allow: config.allowAddresses })
  closers.push(() => http.close())
  const publicListener = await listen(config.publicListener)
  closers.push(() => publicListener.close())
  const publicUrl = config.publicUrl ?? `http://localhost:${publicListener.port}`
  const watched = watchClock(clock, await readLastTime(database.db))
  opened = await openAudit({ database, clock: watched.clock, newId, directory: pathsIn(dataDirectory).log, publicUrl, mldsa: config.logMldsa, onError, onStop: stopLines(log), outside: outsideOf({ ...config, database, directory: pathsIn(dataDirectory).log, http, identity: () => identity }) })
  const afterAgreement = new Set<() => void>()
  const seen = (record: AuditRecord) => {
    metrics.record(record)
    if (record.type === 'negotiation.finalized') for (const tell of afterAgreement) tell()
  }
  const audit = countRecords(opened, { record: seen })
  watched.tell(({ before, byMs }) => void audit.record({ type: 'clock.went-back', before: before.toISOString(), byMs }).catch(onError))
  const seenKeys = createSeenKeys({ audit, onError })
  const identity = overrides.identity ?? (await openIdentity({ directory: pathsIn(dataDirectory).keys, publicUrl, http, clock, onKey: seenKeys.seen, transparencyKeys: () => transparencyKeys(audit.keys), isPartner: async (id) => (await findPartner(database.db, id)) !== undefined }))
  const tracing = await createTracing(config.tracesEndpoint, () => identity.id)
  closers.push(() => tracing.close())
  return { afterAgreement, audit, clock, database, dataDirectory, http, identity, log, metrics, newId, onError, operatorToken, publicListener, publicUrl, revocations: createRevocations(pathsIn(dataDirectory).revokedTokens), sealingKey, seenKeys, tokenMark: createTokenMark(sealingKey), tracing }
}

async function addressOf({ database, identity }: Pick<Base, 'database' | 'identity'>, id: string): Promise<string> {
  const partner = await findPartner(database.db, id)
  if (partner === undefined) throw new ProblemError('not-found', `${id} is not in the register. Add it first: concordat partner add ${id}`)
  return partner.address ?? (await identity.address(id))
}

async function releasedTransfer(deps: Pick<Base, 'database' | 'clock'> & { transfers: Transfers; agreements: Agreements; obligations: Obligations }, id: string): Promise<ReleasedTransfer | undefined> {
  const transfer = await deps.transfers.provided(id)
  if (transfer === undefined) return undefined
  const agreement = await deps.agreements.get(transfer.agreementId)
  const about = { transferId: id, state: transfer.state, partner: transfer.counterparty, datasetId: transfer.datasetId }
  const counts = agreement.finalizedAt !== null && !hasEnded(agreement, deps.clock())
  if (!counts) return { ...about, agreementId: undefined, agreement: undefined, agreedAt: undefined, groups: [], fulfilled: new Set() }
  const [partner, { fulfilled }] = await Promise.all([findPartner(deps.database.db, transfer.counterparty), deps.obligations.settled(agreement.id)])
  return { ...about, agreementId: agreement.id, agreement: agreement.agreement, agreedAt: new Date(agreement.signedAt), groups: partner?.groups ?? [], fulfilled }
}

async function releasedDataset(catalog: Catalog, id: string, number?: number): Promise<ReleasedDataset> {
  const dataset = await catalog.getDataset(id)
  const version = dataset.source.type === 'file' ? await catalog.fileVersion(id, number) : undefined
  const title = Object.values(dataset.metadata.title)[0] ?? id
  const { columns, geometry } = dataset.metadata
  return { source: dataset.source, columns, title, facts: factsOf(dataset), ...(geometry === undefined ? {} : { geometry }), ...(version === undefined ? {} : { version }) }
}

function transferDataPlane(dataPlane: DataPlane): TransferDataPlane {
  return {
    openEndpoint: dataPlane.openEndpoint,
    openInbox: dataPlane.openInbox,
    revokeTokens: dataPlane.revokeTokens,
  }
}

function servePublic(base: Base, routers: readonly Router[]): void {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(base.tracing.middleware)
  app.use(countPublicRequests(base.metrics))
  for (const router of routers) app.use(router)
  app.use(() => {
    throw new ProblemError('not-found', 'There is nothing at this address.')
  })
  app.use(problemHandler(base.log))
  base.publicListener.server.on('request', app)
}

async function serveManagement(config: Config, deps: Base & Connector['services'] & { receipts: ReceiptChecks; secrets: Secrets; client: DspClient; witnesses: Witnessing['feeder']; evidence: ReturnType<typeof evidenceOf> }, closers: Closers): Promise<{ url: string; authenticate: Authenticate }> {
  const paths = pathsIn(config.dataDirectory)
  await ensureOperatorToken(deps, deps.operatorToken, paths.tokensMarked)
  const listener = await listen(config.managementListener)
  closers.push(() => listener.close())
  const server = createManagementServer(
    {
      ...deps,
      pseudonym: createPseudonyms(deps.sealingKey),
      attested: config.attested,
      requireReceipts: config.requireReceipts,
      retentionYears: config.auditRetentionYears,
      oidc: config.oidc === undefined ? undefined : createOidc({ http: deps.http, clock: deps.clock, settings: config.oidc }),
      self: { id: deps.identity.id, address: deps.publicUrl, version },
      deliveries: (id) => deps.dataPlane.deliveries(id),
      writeParquet: (...csv) => deps.dataPlane.writeParquet(...csv),
      peerCatalogs: deps.client,
      uploadDirectory: paths.uploads,
      uploadLimit: config.uploadLimitBytes,
    },
    { host: listener.host },
  )
  closers.push(() => server.close())
  listener.server.on('request', server.app)
  const url = `http://${listener.host.includes(':') ? `[${listener.host}]` : listener.host}:${listener.port}`
  await writeFile(paths.managementUrl, `${url}\n`)
  closers.push(() => rm(paths.managementUrl, { force: true }))
  return { url, authenticate: server.authenticate }
}
