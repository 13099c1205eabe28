import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { createAgreements } from '../../src/agreements/agreements.ts'
import { createObligations } from '../../src/agreements/obligations.ts'
import { createReceiptChecks } from '../../src/dataplane/receipts/checks.ts'
import type { LogKeysOf } from '../../src/dataplane/receipts/verify-receipt.ts'
import { createCatalog } from '../../src/catalog/catalog.ts'
import { createSecrets } from '../../src/catalog/secrets/secrets.ts'
import { createDuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import { ProblemError } from '../../src/errors.ts'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import { listen } from '../../src/http/listener.ts'
import { ensureOperatorToken } from '../../src/management/bootstrap.ts'
import { loadContract } from '../../src/management/contract.ts'
import type { DeliveryView, ManagementDeps, PeerDataset } from '../../src/management/deps.ts'
import { countRecords, createMetrics } from '../../src/management/metrics.ts'
import { createManagementServer } from '../../src/management/server.ts'
import { createRevocations } from '../../src/management/revocations.ts'
import { createTokenMark } from '../../src/management/token-marks.ts'
import type { NegotiationView } from '../../src/negotiation/negotiations.ts'
import { createOutbox } from '../../src/outbox/outbox.ts'
import type { TransferView } from '../../src/transfer/transfers.ts'
import { openTestAudit } from '../helpers/audit.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { createManagementClient } from '../helpers/management-client.ts'

export const partner = 'did:web:partner.example'
export const operatorToken = 'concordat_operator_token_for_tests'

/** What was called on the parts that are not real here, with what. */
export interface Recorded {
  readonly name: string
  readonly input: unknown
}

const nobodysKeys: LogKeysOf = () => Promise.reject(new ProblemError('peer-failed', 'Nobody answers here.'))

/** A management listener on a real socket and database. Negotiations, transfers and partners' catalogs are recording fakes. */
export async function startManagement({ logKeys = nobodysKeys, ...changes }: Partial<ManagementDeps> & { readonly logKeys?: LogKeysOf } = {}) {
  const database = await openTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'concordat-management-'))
  const sourceFolder = join(folder, 'source')
  await mkdir(sourceFolder)
  await writeFile(join(sourceFolder, 'population.csv'), 'district,people\n1,10\n')
  const clock = () => new Date()
  const newId = () => `urn:uuid:${randomUUID()}`
  const metrics = createMetrics()
  const audit = countRecords(await openTestAudit(database, { clock }), metrics)
  const duckDb = createDuckDbPool({ directory: join(folder, 'duckdb') })
  const http = createOutboundHttp({ allow: ['127.0.0.1'] })
  const recorded: Recorded[] = []
  const logged: string[] = []
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      logged.push(chunk.toString('utf8'))
      done()
    },
  })
  const log = pino({ level: 'trace' }, sink)
  const inspection = { columns: [{ name: 'district', type: 'integer' as const, nullable: false }], rows: 1, mediaType: 'text/csv' }
  const catalog = createCatalog({
    database,
    audit,
    clock,
    newId,
    dataDirectory: folder,
    sourceFolders: [sourceFolder],
    inspectFile: async () => inspection,
    inspectTable: async () => inspection,
    retention: { versions: 5 },
  })
  const outbox = createOutbox({ database, clock, deliver: async () => ({ kind: 'refused', reason: 'nobody there' }), onError: (error) => logged.push(String(error)), giveUpAfterMs: 1000 })
  const fakes = fakeProcesses(recorded)
  const deps: ManagementDeps = {
    database,
    audit,
    clock,
    newId,
    log,
    self: { id: 'did:web:us.example', address: 'https://us.example', version: '0.1.0' },
    catalog,
    secrets: createSecrets({ database, audit, clock, key: Buffer.alloc(32, 7) }),
    agreements: createAgreements({ database }),
    obligations: createObligations({ database, audit, clock }),
    outbox,
    dataPlane: {
      revokePartner: async (_, id) => {
        recorded.push({ name: 'revokePartner', input: id })
      },
    },
    identity: {
      document: () => undefined,
      checkId: (id) => {
        if (!id.startsWith('did:web:')) throw new ProblemError('bad-request', '/body/id: must be a did:web.')
      },
      signStatement: async (input) => `statement.${Buffer.from(JSON.stringify(input)).toString('base64url')}`,
      rotate: async () => ({ kid: 'did:web:us.example#key-2', previousUntil: '2026-01-01T00:00:00.000Z' }),
    },
    attested: { spatial: undefined, securityLevel: 'high' },
    tokenMark: createTokenMark(Buffer.alloc(32, 9)),
    revocations: createRevocations(join(folder, 'revoked')),
    pseudonym: (partner, subject) => `pseudonym:${[partner, ...subject].join('|').length}`,
    http,
    receipts: createReceiptChecks({ database, audit, clock, logKeys, onChecked: ({ state }) => metrics.receipt(state), onError: (error) => logged.push(String(error)) }),
    requireReceipts: false,
    metrics,
    witnesses: { ask: async () => [], states: async () => [] },
    evidence: async ({ agreement, actor, redacted }) => {
      recorded.push({ name: 'evidence', input: { agreement: agreement.id, actor, redacted } })
      return { bytes: 5, content: async function* () { yield Buffer.from('PK...') }, discard: async () => undefined }
    },
    writeParquet: ({ path, columns }, take) => duckDb.export({ path, format: 'csv', known: columns }, 'parquet', (file) => take(file.path)),
    uploadDirectory: join(folder, 'uploads'),
    uploadLimit: 100_000,
    eventPollMs: 50,
    heartbeatMs: 60,
    ...fakes,
    ...changes,
  }
  await ensureOperatorToken(deps, operatorToken, join(folder, 'tokens.marked'))
  const listener = await listen({ host: '127.0.0.1', port: 0 })
  const server = createManagementServer(deps, { host: '127.0.0.1' })
  listener.server.on('request', server.app)
  const address = `http://127.0.0.1:${listener.port}`
  const contract = loadContract()
  const close = async () => {
    server.close()
    await listener.close()
    await outbox.stop()
    await duckDb.close()
    await http.close()
    await audit.close()
    await database.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { deps, outbox, address, contract, recorded, logged, folder, sourceFolder, close, call: createManagementClient({ address, token: operatorToken, contract }) }
}

export type Management = Awaited<ReturnType<typeof startManagement>>

export const at = new Date('2026-03-02T09:30:00.000Z')

export const negotiation: NegotiationView = {
  id: 'urn:uuid:11111111-1111-4111-8111-111111111111',
  role: 'consumer',
  counterparty: partner,
  counterpartyPid: null,
  counterpartyAddress: 'https://partner.example/dsp/2025-1',
  state: 'REQUESTED',
  datasetId: 'urn:uuid:d1',
  offerId: 'urn:uuid:o1',
  offer: { '@id': 'urn:uuid:o1', '@type': 'Offer', target: 'urn:uuid:d1', permission: [{ action: 'use' }] },
  offeredBy: 'consumer',
  decision: 'automatic',
  reason: 'Begun here.',
  error: null,
  agreementId: null,
  deadlineAt: at,
  version: 3,
  createdAt: at,
  updatedAt: at,
}

export const transfer: TransferView = {
  id: 'urn:uuid:22222222-2222-4222-8222-222222222222',
  role: 'consumer',
  counterparty: partner,
  counterpartyPid: 'their-pid',
  counterpartyAddress: 'https://partner.example/dsp/2025-1',
  state: 'STARTED',
  agreementId: 'urn:uuid:a1',
  datasetId: 'urn:uuid:d1',
  format: 'HttpData-PULL',
  suspendedBy: null,
  reason: null,
  error: null,
  version: 2,
  createdAt: at,
  updatedAt: at,
}

export const peerDatasets: readonly PeerDataset[] = [
  { '@id': 'urn:uuid:d0', '@type': 'Dataset', hasPolicy: [{ '@id': 'urn:uuid:o0', '@type': 'Offer', permission: [{ action: 'use' }] }], distribution: [] },
  { '@id': 'urn:uuid:d1', '@type': 'Dataset', hasPolicy: [{ '@id': 'urn:uuid:o1', '@type': 'Offer', permission: [{ action: 'use' }] }], distribution: [] },
]

const delivery: DeliveryView = { role: 'consumer', fileName: 'a.csv', bytes: 3, sha256: 'a'.repeat(64), path: 'inbox/a.csv', receipt: undefined, completedAt: at }

export function fakeProcesses(recorded: Recorded[]): Pick<ManagementDeps, 'negotiations' | 'transfers' | 'peerCatalogs' | 'deliveries'> {
  const negotiated = (name: string) => async (input: unknown, more?: unknown) => {
    recorded.push({ name, input: more === undefined ? input : [input, more] })
    return negotiation
  }
  const transferred = (name: string) => async (input: unknown, more?: unknown) => {
    recorded.push({ name, input: more === undefined ? input : [input, more] })
    return transfer
  }
  return {
    negotiations: {
      request: negotiated('negotiations.request'),
      offer: negotiated('negotiations.offer'),
      accept: negotiated('negotiations.accept'),
      counter: negotiated('negotiations.counter'),
      approve: negotiated('negotiations.approve'),
      terminate: negotiated('negotiations.terminate'),
      get: negotiated('negotiations.get'),
      list: async (query) => {
        recorded.push({ name: 'negotiations.list', input: query })
        return { items: [negotiation], next: 'more' }
      },
    },
    transfers: {
      request: transferred('transfers.request'),
      start: transferred('transfers.start'),
      suspend: transferred('transfers.suspend'),
      resume: transferred('transfers.resume'),
      complete: transferred('transfers.complete'),
      terminate: transferred('transfers.terminate'),
      get: transferred('transfers.get'),
      list: async (query) => {
        recorded.push({ name: 'transfers.list', input: query })
        return { items: [transfer] }
      },
      revokeAgreement: async (id, revocation) => {
        recorded.push({ name: 'transfers.revokeAgreement', input: [id, revocation] })
        throw new ProblemError('conflict', 'The agreement has ended.')
      },
      dataAddress: async () => {
        throw new ProblemError('conflict', 'The transfer is REQUESTED.')
      },
    },
    deliveries: async () => [delivery, { ...delivery, fileName: 'b.csv' }],
    peerCatalogs: {
      catalog: async (_, query) => {
        recorded.push({ name: 'peerCatalogs.catalog', input: query })
        return query.next === undefined ? { datasets: peerDatasets.slice(0, 1), next: 'https://partner.example/dsp/2025-1/catalog/request?page=2' } : { datasets: peerDatasets.slice(1) }
      },
      dataset: async (_, id) => {
        const dataset = peerDatasets.find((candidate) => candidate['@id'] === id)
        if (dataset === undefined) throw new ProblemError('not-found', 'The partner has no such dataset for us.')
        return dataset
      },
    },
  }
}
