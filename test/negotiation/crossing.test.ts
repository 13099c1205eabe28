import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import type { Connector } from '../../src/connector.ts'
import { automatic, manual } from '../../src/negotiation/decide.ts'
import { bearerIdentity, startCounterparty } from '../helpers/counterparty.ts'
import type { Counterparty, Json } from '../helpers/counterparty.ts'
import { acquaint, startTestConnector } from '../helpers/dataspace.ts'
import { until } from '../helpers/until.ts'

// Messages of both sides cross, or come again late; both must end with the same agreement or with none.

const own = 'did:web:own.example'
const partnerId = 'did:web:partner.example'
const policy = { permission: [{ action: 'use' }] }

let connector: Connector
let partner: Counterparty

beforeAll(async () => {
  connector = await startTestConnector({ overrides: { identity: bearerIdentity(own), decideNegotiation: (situation) => (situation.negotiation.decision === 'manual' ? manual : automatic)(situation) } })
  partner = await startCounterparty(partnerId)
  await acquaint(connector, { id: partnerId, dspAddress: partner.address })
  const { catalog } = connector.services
  await catalog.createDataset({ id: 'data', metadata: { title: { en: 'Data' } }, source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'], requestHeaders: [], secrets: [] } })
  await catalog.createOffer({ id: 'offer', datasets: ['data'], policy, decision: 'manual', audience: null })
})
afterEach(() => partner.answerWith(() => undefined))
afterAll(async () => {
  await connector.close()
  await partner.close()
})

/** A negotiation with us as consumer, agreed by the partner; we verify unless a person decides. */
async function agreed(decision: 'automatic' | 'manual'): Promise<{ providerPid: string; consumerPid: string }> {
  const { negotiations } = connector.services
  const { id } = await negotiations.request({ partner: partnerId, offer: { '@id': 'their-offer', '@type': 'Offer', target: 'their-data', permission: [{ action: 'use' }] }, decision })
  const { counterpartyPid } = await until(() => negotiations.get(id), (negotiation) => negotiation.counterpartyPid !== null)
  const pids = { providerPid: counterpartyPid ?? '', consumerPid: id }
  const agreement: Json = { '@id': randomUUID(), '@type': 'Agreement', target: 'their-data', assigner: partnerId, assignee: own, timestamp: '2026-03-01T10:00:00Z', ...policy }
  const sent = await partner.send(`${connector.dspAddress}/negotiations/${encodeURIComponent(id)}/agreement`, { '@type': 'ContractAgreementMessage', ...pids, agreement })
  expect(sent.status).toBe(200)
  return pids
}

function partnerHasFinalized(pids: { providerPid: string; consumerPid: string }): void {
  partner.answerWith(({ method }) => (method === 'GET' ? { status: 200, body: { '@type': 'ContractNegotiation', ...pids, state: 'FINALIZED' } } : { status: 400, body: { '@type': 'ContractNegotiationError', ...pids, code: 'invalid-state' } }))
}

test('our termination meets a provider that has finalized what we verified: the agreement counts', async () => {
  const { negotiations, agreements, audit } = connector.services
  const pids = await agreed('automatic')
  await partner.next(`/negotiations/${encodeURIComponent(pids.providerPid)}/agreement/verification`)
  await connector.settle()
  partnerHasFinalized(pids)
  await negotiations.terminate(pids.consumerPid)
  const ended = await until(() => negotiations.get(pids.consumerPid), ({ state }) => state === 'FINALIZED')
  expect((await agreements.get(ended.agreementId ?? '')).finalizedAt).not.toBeNull()
  const records = await audit.entries({ agreement: ended.agreementId ?? '', limit: 100 })
  expect(records.at(-1)).toMatchObject({ type: 'negotiation.finalized', by: 'partner' })
})

test('a provider cannot finalize what we have not verified', async () => {
  const { negotiations, agreements, outbox } = connector.services
  const pids = await agreed('manual')
  expect((await negotiations.get(pids.consumerPid)).state).toBe('AGREED')
  partnerHasFinalized(pids)
  await negotiations.terminate(pids.consumerPid)
  await connector.settle()
  await until(() => outbox.list({ limit: 100, status: 'pending' }), (messages) => messages.every(({ processId }) => processId !== pids.consumerPid))
  const ended = await negotiations.get(pids.consumerPid)
  expect(ended.state).toBe('TERMINATED')
  expect((await agreements.get(ended.agreementId ?? '')).finalizedAt).toBeNull()
})

test('a first request that comes again after a counter-offer is answered as before', async () => {
  const { negotiations } = connector.services
  const request = { '@id': randomUUID(), '@type': 'ContractRequestMessage', consumerPid: randomUUID(), callbackAddress: partner.address, offer: { '@id': 'offer', '@type': 'Offer', target: 'data', ...policy } }
  const first = await partner.send(`${connector.dspAddress}/negotiations/request`, request)
  const id = String(first.body['providerPid'])
  await negotiations.counter(id, { '@id': 'another-offer', '@type': 'Offer', target: 'data', permission: [{ action: 'use' }] })
  const again = await partner.send(`${connector.dspAddress}/negotiations/request`, request)
  expect([again.status, again.body['providerPid']]).toEqual([first.status, id])
  const another = await partner.send(`${connector.dspAddress}/negotiations/request`, { ...request, '@id': randomUUID() })
  expect(another.status).toBe(409)
})
