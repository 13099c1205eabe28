import { createHash, randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { pino } from 'pino'
import type { Audit, AuditEntry, AuditRecord } from '../../src/audit/audit.ts'
import type { OdrlAgreement } from '../../src/policy/odrl.ts'
import { createReceiptChecks } from '../../src/dataplane/receipts/checks.ts'
import type { LogKeysOf } from '../../src/dataplane/receipts/verify-receipt.ts'
import { createDataPlane } from '../../src/dataplane/data-plane.ts'
import type { DataPlane } from '../../src/dataplane/data-plane.ts'
import { createHashKeys } from '../../src/dataplane/governed/hash-key.ts'
import { permitStarted } from '../../src/dataplane/release.ts'
import type { DataPlaneLimits, ReleasedDataset, ReleasedTransfer } from '../../src/dataplane/release.ts'
import type { FileVersion } from '../../src/dataplane/sources/source.ts'
import { ProblemError } from '../../src/errors.ts'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import { listen } from '../../src/http/listener.ts'
import { problemHandler } from '../../src/http/problem.ts'
import type { AccessStatement } from '../../src/identity/statement.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestAudit } from './audit.ts'

export const consumer = 'did:web:consumer.example'

/** A data plane that listens, with transfers and datasets that a test puts there. */
export interface TestDataPlane {
  readonly plane: DataPlane
  readonly audit: Audit
  readonly server: Server
  readonly url: string
  readonly folder: string
  readonly errors: unknown[]
  readonly datasets: Map<string, TestDataset | ((version?: number) => TestDataset | undefined)>
  readonly secrets: Map<string, string>
  /** A started transfer of a dataset, and its token. */
  start(dataset: string, change?: Partial<ReleasedTransfer>): Promise<{ transferId: string; token: string; url: string }>
  /** Changes a transfer. */
  change(transferId: string, change: Partial<ReleasedTransfer>): void
  /** A file dataset with this content as its only version. */
  file(content: string | Buffer, fileName: string): Promise<{ dataset: string; version: FileVersion }>
  get(access: { url: string; token: string }, more?: string, headers?: Record<string, string>): Promise<Response>
  /** Records of these types under a transfer, once all outcomes are written. */
  records(transfer: string, ...types: string[]): Promise<AuditEntry[]>
  close(): Promise<void>
}

export interface TestDataPlaneOptions {
  readonly database: Database
  readonly limits?: Partial<DataPlaneLimits>
  readonly postgresqlConnections?: Record<string, string>
  readonly clock?: () => Date
  /** How long tokens of `start` are valid; an hour unless told. */
  readonly tokenMs?: number
  /** What signed statements say; without it none counts. */
  readonly readStatement?: (jws: string) => Promise<AccessStatement>
  /** Keys of partners' logs; without it nobody's can be had. */
  readonly logKeys?: LogKeysOf
  /** The agreement of transfers under which deliveries come. */
  readonly agreementOf?: (transferId: string) => string
  /** Called before a record is written; may throw. */
  readonly onRecord?: (record: AuditRecord) => unknown
}

export async function openTestDataPlane(options: TestDataPlaneOptions): Promise<TestDataPlane> {
  const { database, clock = () => new Date(), onRecord } = options
  const folder = await mkdtemp(join(tmpdir(), 'concordat-dataplane-'))
  const listener = await listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${listener.port}`
  const written = await openTestAudit(database, { clock })
  const audit: Audit = {
    ...written,
    record: async (record) => {
      await onRecord?.(record)
      return written.record(record)
    },
  }
  const http = createOutboundHttp({ allow: ['127.0.0.1'] })
  const transfers = new Map<string, ReleasedTransfer>()
  const datasets: TestDataPlane['datasets'] = new Map()
  const secrets = new Map<string, string>()
  const errors: unknown[] = []
  const plane = createDataPlane({
    database,
    audit,
    http,
    receipts: createReceiptChecks({ database, audit, clock, logKeys: options.logKeys ?? (() => Promise.reject(new ProblemError('peer-failed', 'Nobody answers here.'))), onChecked: () => undefined, onError: (error) => errors.push(error) }),
    agreementOf: async (id) => options.agreementOf?.(id),
    clock,
    publicUrl: url,
    dataDirectory: folder,
    accessTokenMs: 3_600_000,
    decide: permitStarted,
    released: async (id) => transfers.get(id),
    dataset: async (id, version) => {
      const found = datasets.get(id)
      const dataset = typeof found === 'function' ? found(version) : found
      return dataset === undefined ? undefined : { facts: { kind: dataset.source.type, columns: dataset.columns, dimensions: [], protectedUnits: [] }, ...dataset }
    },
    secret: async (name) => secrets.get(name),
    readStatement: options.readStatement ?? (() => Promise.reject(new ProblemError('statement-refused', 'No statement counts here.'))),
    hashKey: createHashKeys(Buffer.alloc(32)),
    postgresqlConnections: options.postgresqlConnections ?? {},
    onError: (error) => errors.push(error),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  const app = express()
  app.use(plane.router)
  app.use(problemHandler(pino({ level: 'silent' })))
  listener.server.on('request', app)

  return {
    plane,
    audit,
    server: listener.server,
    url,
    folder,
    errors,
    datasets,
    secrets,
    async start(datasetId, change = {}) {
      const transferId = `urn:uuid:${randomUUID()}`
      transfers.set(transferId, { transferId, state: 'STARTED', partner: consumer, datasetId, agreementId: 'urn:uuid:agreement', agreement: openAgreement(datasetId), agreedAt: new Date('2026-01-01T00:00:00Z'), groups: [], fulfilled: new Set(), ...change })
      const token = await database.transaction((tx) => plane.issueToken(tx, { transferId, partner: consumer, expiresAt: new Date(clock().getTime() + (options.tokenMs ?? 3_600_000)) }))
      return { transferId, token, url: plane.endpoint(transferId) }
    },
    change(transferId, change) {
      const before = transfers.get(transferId)
      if (before !== undefined) transfers.set(transferId, { ...before, ...change })
    },
    async file(content, fileName) {
      const dataset = `urn:uuid:${randomUUID()}`
      const path = join(folder, `${randomUUID()}-content`)
      await writeFile(path, content)
      const bytes = Buffer.from(content)
      const version: FileVersion = { number: 1, path, fileName, mediaType: 'text/csv', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), createdAt: new Date(Date.now() + 1000) }
      datasets.set(dataset, (number) => ({ source: { type: 'file' }, columns: [], title: 'A file', ...(number === undefined || number === 1 ? { version } : {}) }))
      return { dataset, version }
    },
    get: (access, more = '', headers = {}) => fetch(access.url + more, { headers: { authorization: `Bearer ${access.token}`, ...headers } }),
    async records(transfer, ...types) {
      await plane.settle()
      await audit.settle()
      const entries = await audit.entries({ limit: 10_000, transfer })
      return entries.filter(({ type }) => types.length === 0 || types.includes(type))
    },
    async close() {
      await plane.close()
      await written.close()
      await listener.close()
      await http.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** SHA-256 of a text or bytes, hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A dataset; unless told otherwise it declares no dimension and protects nobody. */
export type TestDataset = Omit<ReleasedDataset, 'facts'> & Partial<Pick<ReleasedDataset, 'facts'>>

function openAgreement(target: string): OdrlAgreement {
  return { '@id': 'urn:uuid:agreement', '@type': 'Agreement', target, assigner: 'did:web:provider.example', assignee: consumer, timestamp: '2026-01-01T00:00:00Z', permission: [{ action: 'use' }] }
}
