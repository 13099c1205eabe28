import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { insertAgreement } from '../../src/agreements/store.ts'
import type { Connector } from '../../src/connector.ts'
import type { TransferView } from '../../src/transfer/transfers.ts'
import { bearerIdentity, startCounterparty } from '../helpers/counterparty.ts'
import type { Counterparty } from '../helpers/counterparty.ts'
import { acquaint, startTestConnector } from '../helpers/dataspace.ts'
import { until } from '../helpers/until.ts'

// Both sides do something before they hear of each other; each refuses the other's message. Both must end in one state.

const own = 'did:web:own.example'
const partnerId = 'did:web:partner.example'

let connector: Connector
let partner: Counterparty
let ahead = 0

beforeAll(async () => {
  connector = await startTestConnector({ overrides: { identity: bearerIdentity(own), clock: () => new Date(Date.now() + ahead) } })
  partner = await startCounterparty(partnerId)
  await acquaint(connector, { id: partnerId, dspAddress: partner.address })
  for (const role of ['provider', 'consumer'] as const) {
    const [assigner, assignee] = role === 'provider' ? [own, partnerId] : [partnerId, own]
    const agreement = { '@id': role, '@type': 'Agreement', target: 'data', assigner, assignee, timestamp: '2026-03-01T10:00:00Z', permission: [{ action: 'use' }] } as const
    const at = new Date()
    await insertAgreement(connector.services.database.db, { id: role, role, negotiationId: `n-${role}`, counterparty: partnerId, assigner, assignee, datasetId: 'data', message: '{}', messageSha256: '', agreement, signedAt: agreement.timestamp, createdAt: at, finalizedAt: at })
  }
})
afterEach(() => partner.answerWith(() => undefined))
afterAll(async () => {
  await connector.close()
  await partner.close()
})

/** A transfer with us as provider, started. */
async function provided(): Promise<string> {
  const consumerPid = randomUUID()
  const { status, body } = await partner.send(`${connector.dspAddress}/transfers/request`, { '@type': 'TransferRequestMessage', consumerPid, agreementId: 'provider', format: 'HttpData-PULL', callbackAddress: partner.address })
  expect(status).toBe(201)
  await partner.next(`/transfers/${consumerPid}/start`)
  return String(body['providerPid'])
}

/** The partner is in `state`, and refuses whatever comes. */
function partnerIsIn(state: string, pids: { providerPid: string; consumerPid: string }): void {
  partner.answerWith(({ method }) => (method === 'GET' ? { status: 200, body: { '@type': 'TransferProcess', ...pids, state } } : { status: 400, body: { '@type': 'TransferError', ...pids, code: 'invalid-state' } }))
}

const pidsOf = ({ id, counterpartyPid, role }: TransferView) => (role === 'provider' ? { providerPid: id, consumerPid: counterpartyPid ?? '' } : { providerPid: counterpartyPid ?? '', consumerPid: id })
const view = (id: string) => connector.services.transfers.get(id)
const tokens = async (id: string) => connector.services.database.db.selectFrom('access_token').select('token_sha256').where('transfer_id', '=', id).execute()

test.each([
  ['complete', 'TERMINATED', 'TERMINATED'],
  ['suspend', 'TERMINATED', 'TERMINATED'],
  ['suspend', 'COMPLETED', 'COMPLETED'],
] as const)('our %s meets a partner that is %s already: both are %s', async (act, theirs, both) => {
  const id = await provided()
  partnerIsIn(theirs, pidsOf(await view(id)))
  await connector.services.transfers[act](id)
  const { state } = await until(
    () => view(id),
    ({ state: now }) => now === both,
  )
  expect(state).toBe(both)
  await until(async () => connector.services.outbox.list({ limit: 100 }), (messages) => messages.every(({ processId }) => processId !== id))
  expect(await tokens(id)).toEqual([])
  const records = await connector.services.audit.entries({ transfer: id, limit: 100 })
  expect(records.at(-1)).toMatchObject({ type: `transfer.${both.toLowerCase()}`, by: 'partner' })
})

test('our termination stands, also when the partner says that it completed', async () => {
  const id = await provided()
  partnerIsIn('COMPLETED', pidsOf(await view(id)))
  await connector.services.transfers.terminate(id)
  await until(async () => connector.services.outbox.list({ limit: 100, status: 'refused' }), (messages) => messages.some(({ processId }) => processId === id))
  expect((await view(id)).state).toBe('TERMINATED')
})

test('the answer to our resumption comes when we have suspended again: it changes nothing, and the suspension goes out', async () => {
  const { transfers } = connector.services
  const { id } = await transfers.request({ agreementId: 'consumer', format: 'HttpData-PULL' })
  const { counterpartyPid } = await until(() => view(id), (transfer) => transfer.counterpartyPid !== null)
  const pids = { providerPid: counterpartyPid ?? '', consumerPid: id }
  const dataAddress = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint: 'http://127.0.0.1:9/data' }
  const start = () => partner.send(`${connector.dspAddress}/transfers/${encodeURIComponent(id)}/start`, { '@type': 'TransferStartMessage', ...pids, dataAddress })
  expect((await start()).status).toBe(200)
  await transfers.suspend(id)
  await partner.next(`/transfers/${encodeURIComponent(pids.providerPid)}/suspension`)
  await connector.settle()
  // The partner's answer to our start is held back, so that the next suspension waits behind it.
  const held = Promise.withResolvers<void>()
  partner.answerWith(async ({ path }) => {
    if (path.endsWith('/start')) await held.promise
    return undefined
  })
  await transfers.resume(id)
  await partner.next(`/transfers/${encodeURIComponent(pids.providerPid)}/start`)
  await transfers.suspend(id)
  expect((await start()).status).toBe(200)
  expect((await view(id)).state).toBe('SUSPENDED')
  held.resolve()
  await until(() => partner.received.filter(({ path }) => path.endsWith(`${encodeURIComponent(pids.providerPid)}/suspension`)).length, (count) => count === 2)
  await connector.settle()
  // A start that was under way for long finds the suspension delivered: the suspension is said again, so that both end suspended.
  expect((await start()).status).toBe(200)
  expect((await view(id)).state).toBe('SUSPENDED')
  await until(() => partner.received.filter(({ path }) => path.endsWith(`${encodeURIComponent(pids.providerPid)}/suspension`)).length, (count) => count === 3)
  // Later, a start is what the partner wants now.
  ahead = 60_000
  expect((await start()).status).toBe(200)
  expect((await view(id)).state).toBe('STARTED')
})
