import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDataAddress } from '../src/dataplane/data-address.ts'
import { startDataspace } from './helpers/dataspace.ts'
import type { Dataspace } from './helpers/dataspace.ts'

/** The five flows of design.md, between two connectors on real sockets. */

let space: Dataspace
let folder: string
const content = 'week,district,amount\n2026-W01,Gràcia,12.50\n2026-W01,Sants,7.25\n2026-W02,Gràcia,3.00\n'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-flows-'))
  space = await startDataspace({ provider: { settings: { CONCORDAT_SOURCE_FOLDERS: folder } } })
  await writeFile(join(folder, 'spending.csv'), content)
  const { catalog } = space.provider.services
  await catalog.createDataset({ id: 'spending', metadata: { title: { en: 'Spending' } }, source: { type: 'file' }, file: { path: join(folder, 'spending.csv'), fileName: 'spending.csv', keep: 'copy' } })
  await catalog.createOffer({ id: 'open', datasets: ['spending'], policy: { permission: [{ action: 'use' }] }, decision: 'automatic', audience: null })
})
afterAll(async () => {
  await space.close()
  await rm(folder, { recursive: true, force: true })
})

async function negotiate(): Promise<string> {
  const { negotiations } = space.consumer.services
  const { id } = await negotiations.request({ partner: space.provider.id, offer: { '@id': 'open', '@type': 'Offer', target: 'spending', permission: [{ action: 'use' }] } })
  await space.settle()
  const { state, agreementId, error } = await negotiations.get(id)
  expect([state, error]).toEqual(['FINALIZED', null])
  return agreementId ?? ''
}

test('both sides hold the same agreement, byte for byte', async () => {
  const id = await negotiate()
  const [theirs, ours] = await Promise.all([space.provider.services.agreements.message(id), space.consumer.services.agreements.message(id)])
  expect(ours).toBe(theirs)
  expect(JSON.parse(ours)).toMatchObject({ agreement: { '@id': id, target: 'spending', assigner: space.provider.id, assignee: space.consumer.id } })
  const both = await Promise.all([space.provider, space.consumer].map(({ services }) => services.agreements.get(id)))
  expect(both.map(({ finalizedAt }) => finalizedAt !== null)).toEqual([true, true])
})

test('a pull transfer gives an address and a token, and every download is recorded before it leaves', async () => {
  const { transfers } = space.consumer.services
  const { id } = await transfers.request({ agreementId: await negotiate(), format: 'HttpData-PULL' })
  await space.settle()
  const { endpoint, authorization = '' } = readDataAddress(await transfers.dataAddress(id))
  const answer = await fetch(endpoint, { headers: { authorization } })
  expect([answer.status, await answer.text()]).toEqual([200, content])
  await space.settle()
  const records = await space.provider.services.audit.entries({ limit: 1000, partner: space.consumer.id })
  const released = records.filter(({ type }) => type.startsWith('data.'))
  expect(released.map(({ type }) => type)).toEqual(['data.permitted', 'data.released'])
  expect(released[1]).toMatchObject({ bytes: Buffer.byteLength(content), dataset: 'spending' })
  await transfers.complete(id)
  await space.settle()
  expect((await fetch(endpoint, { headers: { authorization } })).status).toBe(401)
})

test('what the consumer fetches through its own connector, both sides record with the same digest', async () => {
  const { transfers, audit } = space.consumer.services
  const { id } = await transfers.request({ agreementId: await negotiate(), format: 'HttpData-PULL' })
  await space.settle()
  const answer = await fetch(`${space.consumer.managementUrl}/transfers/${encodeURIComponent(id)}/data?format=csv`, { headers: { authorization: `Bearer ${space.consumer.token}` } })
  expect(answer.status).toBe(200)
  const sha256 = createHash('sha256').update(await answer.text()).digest('hex')
  await space.settle()
  const ours = await audit.entries({ limit: 100, transfer: id })
  expect(ours.map(({ type }) => type).slice(-2)).toEqual(['data.requested', 'data.received'])
  expect(ours.at(-1)).toMatchObject({ sha256, actor: 'operator', partner: space.provider.id })
  const theirs = await space.provider.services.audit.entries({ limit: 1000, partner: space.consumer.id, type: 'data.released' })
  expect(theirs.at(-1)).toMatchObject({ sha256 })
})

test('suspension ends the token at once, resumption by the consumer brings a new one', async () => {
  const { transfers } = space.consumer.services
  const { id } = await transfers.request({ agreementId: await negotiate(), format: 'HttpData-PULL' })
  await space.settle()
  const first = readDataAddress(await transfers.dataAddress(id))
  await transfers.suspend(id, { reason: 'maintenance' })
  await space.settle()
  expect((await fetch(first.endpoint, { headers: { authorization: first.authorization ?? '' } })).status).toBe(401)
  await transfers.resume(id)
  await space.settle()
  const second = readDataAddress(await transfers.dataAddress(id))
  expect(second.authorization).not.toBe(first.authorization)
  expect((await fetch(second.endpoint, { headers: { authorization: second.authorization ?? '' } })).status).toBe(200)
})

test('a push transfer delivers into the inbox, with a receipt on both sides, and completes', async () => {
  const { transfers } = space.consumer.services
  const { id } = await transfers.request({ agreementId: await negotiate(), format: 'HttpData-PUSH' })
  await space.settle()
  expect((await transfers.get(id)).state).toBe('COMPLETED')
  const [delivery] = await space.consumer.services.dataPlane.deliveries(id)
  const sha256 = createHash('sha256').update(content).digest('hex')
  expect(delivery).toMatchObject({ role: 'consumer', sha256, bytes: Buffer.byteLength(content) })
  expect(await readFile(join(space.consumer.dataDirectory, delivery?.path ?? ''), 'utf8')).toBe(content)
})

test('64 negotiations at once all end well', async () => {
  const { negotiations } = space.consumer.services
  const offer = { '@id': 'open', '@type': 'Offer', target: 'spending', permission: [{ action: 'use' }] } as const
  const begun = await Promise.all(Array.from({ length: 64 }, () => negotiations.request({ partner: space.provider.id, offer })))
  await space.settle()
  const ended = await Promise.all(begun.map(({ id }) => negotiations.get(id)))
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(['FINALIZED']))
})
