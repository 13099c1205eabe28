import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertObligations } from '../../src/agreements/obligations/store.ts'
import { insertAgreement } from '../../src/agreements/store.ts'
import { createManagementClient } from '../helpers/management-client.ts'
import { at, partner, startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
const agreementId = 'urn:uuid:a-with-obligations'
const path = '/obligations/urn%3Auuid%3Ao1'

beforeAll(async () => {
  management = await startManagement()
  const { db } = management.deps.database
  const agreement = { '@id': agreementId, '@type': 'Agreement', target: 'd', assigner: 'did:web:us.example', assignee: partner, timestamp: at.toISOString() } as const
  await insertAgreement(db, { id: agreementId, role: 'provider', negotiationId: 'n', counterparty: partner, assigner: agreement.assigner, assignee: partner, datasetId: 'd', message: '{}', messageSha256: 'a'.repeat(64), agreement, signedAt: at.toISOString(), createdAt: at, finalizedAt: at })
  const rule = { id: '/obligation/0', at: '/obligation/0', kind: 'obligation', actions: [], targets: [], assigners: [], assignees: [], constraints: [], duties: [], consequences: [], remedies: [], functions: {} } as const
  const row = { agreementId, role: 'provider', counterparty: partner, place: '/obligation/0', kind: 'obligation', action: 'http://www.w3.org/ns/odrl/2/delete', assignee: partner, rule, state: 'open', note: null, createdAt: at, updatedAt: at } as const
  await insertObligations(db, [{ ...row, id: 'urn:uuid:o1', dueAt: at }, { ...row, id: 'urn:uuid:o2', dueAt: null }])
})
afterAll(() => management.close())

async function as(role: 'steward' | 'legal' | 'auditor') {
  const made = await management.call('POST', '/tokens', { json: { name: `a ${role}`, role } })
  const { token }: { token: string } = JSON.parse(made.text)
  return createManagementClient({ address: management.address, token, contract: management.contract })
}

test('obligations are listed, shown, and told as done or not by those who may', async () => {
  const [steward, legal, auditor] = [await as('steward'), await as('legal'), await as('auditor')]
  const list = await auditor('GET', `/obligations?agreement=${encodeURIComponent(agreementId)}&partner=${encodeURIComponent(partner)}&state=open&limit=1`)
  expect(list).toMatchObject({ status: 200, body: { items: [{ id: 'urn:uuid:o1', agreement: agreementId, role: 'provider', partner, overdue: true, state: 'open', dueAt: at.toISOString() }], next: expect.any(String) } })
  expect(await auditor('GET', path)).toMatchObject({ status: 200, body: { id: 'urn:uuid:o1' } })
  expect(await steward('GET', path)).toMatchObject({ status: 403 })
  for (const verb of ['fulfil', 'violate']) expect(await auditor('POST', `${path}/${verb}`)).toMatchObject({ status: 403 })
  expect(await legal('POST', `${path}/fulfil`, { json: { note: 'Certificate 12' } })).toMatchObject({ status: 200, body: { state: 'fulfilled', note: 'Certificate 12', overdue: false } })
  expect(await legal('POST', `${path}/fulfil`)).toMatchObject({ status: 409 })
  expect(await management.call('POST', `${path}/violate`)).toMatchObject({ status: 200, body: { state: 'violated', note: null } })
  expect(await management.call('GET', '/obligations/urn%3Auuid%3Anone')).toMatchObject({ status: 404 })
  expect(await management.call('GET', '/obligations?state=lost')).toMatchObject({ status: 400 })
  expect(await management.call('POST', `${path}/fulfil`, { json: { note: '' } })).toMatchObject({ status: 400 })
  const records = await management.deps.audit.entries({ limit: 10, agreement: agreementId })
  expect(records).toMatchObject([
    { type: 'obligation.fulfilled', obligation: 'urn:uuid:o1', actor: 'a legal', note: 'Certificate 12' },
    { type: 'obligation.violated', actor: 'operator' },
  ])
  expect(await management.call('GET', `/agreements/${encodeURIComponent(agreementId)}`)).toMatchObject({ body: { obligations: 2 } })
})

test('groups of a partner and facts of a dataset come in and go out', async () => {
  const id = 'did:web:grouped.example'
  expect(await management.call('POST', '/partners', { json: { id, name: 'Grouped', groups: ['municipalities'] } })).toMatchObject({ status: 201, body: { groups: ['municipalities'] } })
  const partnerPath = `/partners/${encodeURIComponent(id)}`
  expect(await management.call('PATCH', partnerPath, { json: { name: 'Still' }, headers: { 'if-match': '*' } })).toMatchObject({ body: { groups: ['municipalities'] } })
  expect(await management.call('PATCH', partnerPath, { json: { groups: [] }, headers: { 'if-match': '*' } })).toMatchObject({ body: { name: 'Still', groups: [] } })
  expect(await management.call('PATCH', partnerPath, { json: { groups: ['a', 'a'] }, headers: { 'if-match': '*' } })).toMatchObject({ status: 400 })
  expect((await management.deps.audit.entries({ limit: 10, partner: id })).map(({ groups }) => groups)).toEqual([['municipalities'], ['municipalities'], []])

  const facts = { dimensions: ['district'], protectedUnits: [{ name: 'district', column: 'district', counts: 'distinct' }], geometry: { longitude: 'lon', latitude: 'lat' } }
  const columns = [{ name: 'district' }, { name: 'lon', type: 'number' }, { name: 'lat', type: 'number' }]
  const source = { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'] }
  const made = await management.call('POST', '/datasets', { json: { metadata: { title: { en: 'Facts' }, columns, ...facts }, source } })
  expect(made).toMatchObject({ status: 201, body: { metadata: facts } })
  const datasetPath = made.headers['location'] ?? ''
  expect(await management.call('PATCH', datasetPath, { json: { metadata: { geometry: null } }, headers: { 'if-match': '*' } })).toMatchObject({ status: 200, body: { metadata: { dimensions: ['district'] } } })
  const { body } = await management.call('GET', datasetPath)
  expect(body).not.toHaveProperty('metadata.geometry')
  expect(await management.call('PATCH', datasetPath, { json: { metadata: { dimensions: ['street'] } }, headers: { 'if-match': '*' } })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('/metadata/dimensions/0: there is no column street') } })
})
