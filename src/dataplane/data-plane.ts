import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Router } from 'express'
import type { OutboundStream } from '../http/guarded-fetch.ts'
import type { Transaction } from '../persistence/database.ts'
import { createReleaseDesk } from './desk/release-desk.ts'
import { createAgreementTerms } from './governed/agreement-terms.ts'
import { createAccessTokens } from './access-tokens.ts'
import type { DataAddress, Endpoint } from './data-address.ts'
import { dataAddressOf } from './data-address.ts'
import type { DataRequest } from './fetch-data.ts'
import { fetchData } from './fetch-data.ts'
import type { Inspection } from './inspect.ts'
import { inspectFile } from './inspect.ts'
import type { PushJob, PushResult } from './push.ts'
import { push } from './push.ts'
import type { DataPlaneDeps } from './release.ts'
import { defaultLimits } from './release.ts'
import { createReleases } from './releases.ts'
import { createRepresentations, removeLeftovers } from './representations.ts'
import { createDataPlaneRouter } from './routes.ts'
import { createRunningDownloads } from './running-downloads.ts'
import { createShortCache } from './short-cache.ts'
import type { KnownColumn } from './sources/duckdb/job.ts'
import { createDuckDbPool } from './sources/duckdb/pool.ts'
import { createPostgresqlSources } from './sources/postgresql.ts'
import { createTableEngines } from './sources/table-engines.ts'
import type { PostgresqlSource } from './sources/source.ts'
import type { Delivery } from './store.ts'
import { listDeliveries } from './store.ts'
import { createUnfinished } from './unfinished/unfinished.ts'

/** Serves started transfers, delivers under them, and takes deliveries. */
export interface DataPlane {
  /** For the public root: `/data/:transferId` and `/inbox/:transferId`. Errors go to the next error handler. */
  readonly router: Router
  readonly inspectFile: (file: { readonly path: string; readonly fileName: string; readonly mediaType?: string }) => Promise<Inspection>
  readonly inspectTable: (source: PostgresqlSource) => Promise<Inspection>
  /** A token for fetching under our transfer as provider. It is shown here only. */
  readonly issueToken: (tx: Transaction, token: { readonly transferId: string; readonly partner: string; readonly expiresAt: Date }) => Promise<string>
  /** Where the consumer fetches, with a new token. */
  readonly openEndpoint: (tx: Transaction, transfer: { readonly transferId: string; readonly partner: string }) => Promise<DataAddress>
  /** Where the provider delivers to us, with a new token. */
  readonly openInbox: (tx: Transaction, transfer: { readonly transferId: string; readonly partner: string }) => Promise<DataAddress>
  /** Ends the tokens of a transfer, and after the commit cuts what is running under it. */
  readonly revokeTokens: (tx: Transaction, transferId: string) => Promise<void>
  /** Ends the tokens of a partner, and after the commit cuts what is running for it. */
  readonly revokePartner: (tx: Transaction, partner: string) => Promise<void>
  readonly endpoint: (transferId: string) => string
  readonly push: (job: PushJob) => Promise<PushResult>
  /** Fetches from another connector's data plane, as consumer. */
  readonly fetchData: (from: Pick<Endpoint, 'endpoint' | 'authorization'>, request: DataRequest) => Promise<OutboundStream>
  /** What was delivered under a transfer. */
  readonly deliveries: (transferId: string) => Promise<Omit<Delivery, 'transferId'>[]>
  /** Writes a CSV that the connector wrote as Parquet and hands it to `take`, which must be done with it when it resolves. */
  readonly writeParquet: (csv: { readonly path: string; readonly columns: readonly KnownColumn[] }, take: (path: string) => Promise<void>) => Promise<void>
  /** Does what is due, which otherwise happens by itself: notes releases that take long, tries again what could not be recorded, and records the end of what another process left. */
  readonly tick: () => Promise<void>
  /** Waits until the outcomes of all finished requests are recorded. */
  readonly settle: () => Promise<void>
  readonly close: () => Promise<void>
}

const tickMs = 2_000

// One at a time: whoever comes meanwhile waits for the one that runs.
function createTick(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= work().finally(() => {
      running = undefined
    })
    return running
  }
}

export function createDataPlane(deps: DataPlaneDeps): DataPlane {
  const limits = { ...defaultLimits, ...deps.limits }
  const directory = join(deps.dataDirectory, 'cache')
  const pool = createDuckDbPool({ directory, processes: limits.duckDbProcesses, timeoutMs: limits.jobTimeoutMs, maxOutputBytes: limits.exportBytes, limits: { memory: limits.duckDbMemory } })
  const postgresql = createPostgresqlSources({ connections: deps.postgresqlConnections, timeoutMs: limits.tableTimeoutMs })
  const representations = createRepresentations({ pool, postgresql, directory, maxBytes: limits.cacheBytes })
  const running = createRunningDownloads(deps)
  const unfinished = createUnfinished({ ...deps, process: randomUUID() })
  const releases = createReleases({ ...deps, unfinished })
  const tokens = createAccessTokens(deps, running)
  const desk = createReleaseDesk(deps)
  const engines = createTableEngines({ pool, postgresql, representations, directory, timeoutMs: limits.tableTimeoutMs, maxBytes: limits.exportBytes })
  const parts = { running, releases, representations, desk, engines, terms: createAgreementTerms() }
  // A source that is queried often is looked up once a second; a file's newest version is always wanted at once.
  const latest = createShortCache(deps.dataset, ({ source }) => source.type === 'http')
  const dataset: typeof deps.dataset = (id, version) => (version === undefined ? latest.get(id) : deps.dataset(id, version))
  const dataRoute = { ...deps, ...parts, dataset, tokens, postgresql, proxyRequestBytes: limits.proxyRequestBytes }
  const address = (kind: 'data' | 'inbox', transferId: string) => `${deps.publicUrl}/${kind}/${encodeURIComponent(transferId)}`
  const expiry = () => new Date(deps.clock().getTime() + deps.accessTokenMs)
  const swept = removeLeftovers(directory).catch(deps.onError)
  const tick = createTick(async () => {
    await unfinished.tick()
    await releases.retry()
  })
  const timer = setInterval(() => void tick().catch(deps.onError), tickMs).unref()
  const settle = async () => {
    await releases.settle()
    await desk.settle()
  }
  return {
    router: createDataPlaneRouter(dataRoute, { ...deps, tokens, releases, maxBytes: limits.inboxBytes }),
    inspectFile: (file) => inspectFile(pool, file),
    inspectTable: (source) => postgresql.inspect(source),
    issueToken: (tx, token) => tokens.issue(tx, token, 'data'),
    openEndpoint: async (tx, transfer) => dataAddressOf(address('data', transfer.transferId), await tokens.issue(tx, { ...transfer, expiresAt: expiry() }, 'data')),
    openInbox: async (tx, transfer) => dataAddressOf(address('inbox', transfer.transferId), await tokens.issue(tx, { ...transfer, expiresAt: expiry() }, 'inbox'), { method: 'PUT' }),
    revokeTokens: (tx, transferId) => tokens.revokeTransfer(tx, transferId),
    revokePartner: (tx, partner) => tokens.revokePartner(tx, partner),
    endpoint: (transferId) => address('data', transferId),
    push: (job) => push({ ...deps, ...parts }, job),
    fetchData: (from, request) => fetchData(deps.http, from, request),
    deliveries: async (transferId) => (await listDeliveries(deps.database.db, transferId)).map(({ transferId: _transferId, ...delivery }) => delivery),
    writeParquet: ({ path, columns }, take) => pool.export({ path, format: 'csv', known: columns }, 'parquet', (file) => take(file.path)),
    tick,
    settle,
    async close() {
      clearInterval(timer)
      running.close()
      await pool.close()
      await swept
      await settle()
      // What is due is not waited for twice; without the database others find the lease over.
      await tick().then(() => unfinished.close()).catch(deps.onError)
      await postgresql.close()
    },
  }
}
