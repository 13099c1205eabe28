import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/audit.ts'
import { findReceipt } from '../../src/dataplane/receipts/store.ts'
import { profileIri } from '../../src/policy/profile.ts'
import { parseProof } from '../../src/tlog/proof.ts'
import { startDataspace } from '../helpers/dataspace.ts'
import type { Dataspace } from '../helpers/dataspace.ts'

/** Two connectors on real sockets: the consumer's gateway verifies and keeps what the provider's data plane proves. */

const content = 'week,district,amount\n2026-W01,Gràcia,12.50\n2026-W01,Sants,7.25\n'
let space: Dataspace
let folder: string
let source: Server
const transfers = new Map<string, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-receipts-'))
  source = createServer((_request, response) => response.end('{"station":1}')).listen(0, '127.0.0.1')
  await once(source, 'listening')
  const address = source.address()
  const baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  space = await startDataspace({ provider: { settings: { CONCORDAT_SOURCE_FOLDERS: folder } }, consumer: { settings: { CONCORDAT_REQUIRE_RECEIPTS: 'on' } } })
  await writeFile(join(folder, 'spending.csv'), content)
  const { catalog } = space.provider.services
  await catalog.createDataset({ id: 'spending', metadata: { title: { en: 'Spending' } }, source: { type: 'file' }, file: { path: join(folder, 'spending.csv'), fileName: 'spending.csv', keep: 'copy' } })
  await catalog.createDataset({ id: 'stations', metadata: { title: { en: 'Stations' } }, source: { type: 'http', baseUrl, methods: ['GET'], paths: ['/**'], requestHeaders: [], secrets: [] } })
  await catalog.createOffer({ id: 'open', datasets: ['spending'], policy: { permission: [{ action: 'use' }] }, decision: 'automatic', audience: null })
  await catalog.createOffer({ id: 'api', datasets: ['stations'], policy: { permission: [{ action: 'use' }] }, decision: 'automatic', audience: null })
  const role = { leftOperand: `${profileIri}role`, operator: 'eq', rightOperand: 'analyst' }
  await catalog.createOffer({ id: 'governed', datasets: ['spending'], policy: { profile: profileIri, permission: [{ action: 'use', constraint: [role] }] }, decision: 'automatic', audience: null })
  for (const offer of ['open', 'api', 'governed']) transfers.set(offer, await startTransfer(offer))
})
afterAll(async () => {
  await space.close()
  source.closeAllConnections()
  source.close()
  await rm(folder, { recursive: true, force: true })
})

const parsed = (text: string): { readonly proven?: boolean } => JSON.parse(text)

async function agree(offer: string): Promise<string> {
  const headers = { 'authorization': `Bearer ${space.consumer.token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${space.consumer.managementUrl}/negotiations`, { method: 'POST', headers, body: JSON.stringify({ partner: space.provider.id, offer }) })
  const { id }: { id: string } = JSON.parse(await answer.text())
  await space.settle()
  return (await space.consumer.services.negotiations.get(id)).agreementId ?? ''
}

async function startTransfer(offer: string, format = 'HttpData-PULL'): Promise<string> {
  const started = await space.consumer.services.transfers.request({ agreementId: await agree(offer), format })
  await space.settle()
  return started.id
}

const ask = (offer: string, more = '', init: { method?: string; headers?: Record<string, string> } = {}) => fetch(`${space.consumer.managementUrl}/gateway/${encodeURIComponent(transfers.get(offer) ?? '')}${more}`, { ...init, headers: { authorization: `Bearer ${space.consumer.token}`, 'concordat-role': 'analyst', ...init.headers } })

async function lastOf(connector: 'provider' | 'consumer', type: string): Promise<AuditEntry | undefined> {
  await space.settle()
  return (await space[connector].services.audit.entries({ limit: 1000, type })).at(-1)
}

describe('through the gateway', () => {
  const cases: readonly (readonly [string, Parameters<typeof ask>, { status: number; theirs: string; ours: string }])[] = [
    ['a file', ['open', '', {}], { status: 200, theirs: 'data.permitted', ours: 'data.received' }],
    ['a query under terms', ['governed', '?select=district,amount.sum()', {}], { status: 200, theirs: 'data.permitted', ours: 'data.received' }],
    ['HEAD', ['governed', '', { method: 'HEAD' }], { status: 200, theirs: 'data.permitted', ours: 'data.received' }],
    ['an HTTP source', ['api', '/stations/1', {}], { status: 200, theirs: 'data.permitted', ours: 'data.received' }],
    ['a refusal by the terms', ['governed', '', { headers: { 'concordat-role': 'planner' } }], { status: 403, theirs: 'data.denied', ours: 'data.refused' }],
    ['a bad query', ['open', '?select=(', {}], { status: 400, theirs: 'data.denied', ours: 'data.refused' }],
  ]
  test.each(cases)('%s comes with a receipt that is verified and kept', async (_what, asking, { status, theirs, ours }) => {
    const answer = await ask(...asking)
    await answer.text()
    expect([answer.status, answer.headers.get('concordat-receipt-checked')]).toEqual([status, 'verified'])
    const [asked, end, record] = [await lastOf('consumer', 'data.requested'), await lastOf('consumer', ours), await lastOf('provider', theirs)]
    expect(end).toMatchObject({ requested: asked?.index, receipt: 'verified', providerRecord: record?.index, receiptSha256: expect.any(String) })
    expect(answer.headers.get('concordat-record')).toBe(String(record?.index))
    const kept = await findReceipt(space.consumer.services.database.db, asked?.index ?? -1)
    expect(kept).toMatchObject({ verified: true, providerRecord: record?.index, partner: space.provider.id, agreement: record?.agreement })
    const { log } = space.provider.services.audit
    expect(parseProof(kept?.receipt ?? '').extra).toEqual((await log.inclusion(record?.index ?? -1)).leafHash)
    // Both hold the same signed statement.
    expect([typeof asked?.signed, record?.signed ?? asked?.signed]).toEqual(['string', asked?.signed])
  })

  test('both records of a question under terms hold its signed statement, as a commitment', async () => {
    await (await ask('governed')).text()
    const [asked, record] = [await lastOf('consumer', 'data.requested'), await lastOf('provider', 'data.permitted')]
    expect(record).toMatchObject({ signed: asked?.signed, policySha256: expect.stringMatching(/^[0-9a-f]{64}$/), terms: [expect.objectContaining({ term: 'role', value: 'analyst', source: expect.any(String) })] })
    const { log } = space.provider.services.audit
    const place = await log.inclusion(record?.index ?? -1)
    const [leaf] = await log.leaves(place.log, place.leafIndex, 1)
    const signed = typeof asked?.signed === 'string' ? asked.signed : 'eyJ'
    expect(leaf?.entry).not.toContain(signed)
    // When the statement is erased, its digest still tells which one it was.
    expect([asked?.['signedSha256'], leaf?.entry]).toEqual([hash('sha256', signed), expect.stringContaining(`"signedSha256":"${hash('sha256', signed)}"`)])
  })

  test('metrics count receipts by what they are worth', async () => {
    const metrics = await fetch(`${space.consumer.managementUrl}/metrics`, { headers: { authorization: `Bearer ${space.consumer.token}` } })
    expect(await metrics.text()).toMatch(/concordat_receipts_total\{.*state="verified".*\} \d/)
  })
})

test("the provider's own record of an answer is fetched afterwards, proven, and compared with ours", async () => {
  await (await ask('governed', '?select=week')).text()
  const asked = await lastOf('consumer', 'data.requested')
  const transfer = encodeURIComponent(transfers.get('governed') ?? '')
  const fetchRecord = async (record: number | undefined) => {
    const answer = await fetch(`${space.consumer.managementUrl}/transfers/${transfer}/receipts/${record}`, { headers: { authorization: `Bearer ${space.consumer.token}` } })
    return { status: answer.status, body: parsed(await answer.text()) }
  }
  expect(await fetchRecord(asked?.index)).toMatchObject({ status: 200, body: { record: asked?.index, proven: true, differences: [] } })
  expect((await fetchRecord(0)).status).toBe(404)
  // Whoever swaps the receipt that is kept finds that the record is not its own.
  const { db } = space.consumer.services.database
  const [one, other] = await db.selectFrom('receipt').select(['record_index', 'receipt']).where('verified', '=', true).orderBy('record_index', 'desc').limit(2).execute()
  await db.updateTable('receipt').set({ receipt: other?.receipt ?? '' }).where('record_index', '=', one?.record_index ?? -1).execute()
  expect(await fetchRecord(asked?.index)).toMatchObject({ status: 200, body: { proven: false } })
})

test('a delivery carries the receipt of its record, which the inbox verifies and keeps', async () => {
  const transfer = await startTransfer('open', 'HttpData-PUSH')
  const [received, permitted] = [await lastOf('consumer', 'data.received'), await lastOf('provider', 'data.permitted')]
  expect(received).toMatchObject({ transfer, receipt: 'verified', providerRecord: permitted?.index, agreement: permitted?.agreement, fileName: 'spending.csv' })
  expect(await findReceipt(space.consumer.services.database.db, received?.index ?? -1)).toMatchObject({ verified: true, refusal: false })
})
