import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../../../src/catalog/digest.ts'
import { startTestConnector } from '../../helpers/dataspace.ts'
import type { TestConnector } from '../../helpers/dataspace.ts'

let connector: TestConnector

beforeAll(async () => {
  connector = await startTestConnector()
})
afterAll(() => connector.close())

async function call(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; id: string; etag: string }> {
  const answer = await fetch(connector.managementUrl + path, { method, headers: { authorization: `Bearer ${connector.token}`, 'content-type': 'application/json', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await answer.text()
  const { id = '' }: { id?: string } = text === '' ? {} : JSON.parse(text)
  expect([path, answer.ok, text]).toEqual([path, true, text])
  return { status: answer.status, id, etag: answer.headers.get('etag') ?? '' }
}

const recordsOf = (type: string) => connector.services.audit.entries({ type, limit: 10 })
const source = { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'] }

test('what is published and changed is recorded with who did it, what changed, and digests of what it is now', async () => {
  await call('PUT', '/secrets/key', { value: 'opensesame' })
  const made = await call('POST', '/datasets', { metadata: { title: { en: 'Trips' }, columns: [{ name: 'district' }] }, source })
  const changed = await call('PATCH', `/datasets/${made.id}`, { metadata: { title: { en: 'Journeys' }, dimensions: ['district'] } }, { 'if-match': made.etag })
  const moved = await call('PATCH', `/datasets/${made.id}`, { source: { ...source, baseUrl: 'https://other.example.org' } }, { 'if-match': changed.etag })
  const offer = await call('POST', '/offers', { datasets: [made.id] })
  await call('DELETE', `/offers/${offer.id}`, undefined, { 'if-match': offer.etag })
  await call('DELETE', `/datasets/${made.id}`, undefined, { 'if-match': moved.etag })
  await call('DELETE', '/secrets/key')

  const [first, second] = await recordsOf('dataset.updated')
  const [created] = await recordsOf('dataset.created')
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
  expect(created).toMatchObject({ dataset: made.id, actor: 'operator', metadataSha256: digest, sourceSha256: digest })
  expect(first).toMatchObject({ actor: 'operator', changed: ['dimensions', 'title'], sourceSha256: created?.['sourceSha256'] })
  expect(first?.['metadataSha256']).not.toBe(created?.['metadataSha256'])
  expect(second).toMatchObject({ actor: 'operator', changed: ['source'], metadataSha256: first?.['metadataSha256'] })
  expect(await recordsOf('offer.created')).toMatchObject([{ actor: 'operator', policySha256: digestOf({ permission: [{ action: 'use' }] }) }])
  for (const type of ['offer.removed', 'dataset.removed', 'secret.set', 'secret.removed']) expect(await recordsOf(type)).toMatchObject([{ type, actor: 'operator' }])
})
