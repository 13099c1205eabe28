import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { insertAgreement } from '../../src/agreements/store.ts'
import type { Connector } from '../../src/connector.ts'
import type { TransferDecider } from '../../src/transfer/decide.ts'
import { automatic } from '../../src/transfer/decide.ts'
import { bearerIdentity, isObject, startCounterparty } from '../helpers/counterparty.ts'
import type { Counterparty, Json } from '../helpers/counterparty.ts'
import { acquaint, startTestConnector } from '../helpers/dataspace.ts'
import { until } from '../helpers/until.ts'

// The numbers are those of the traps in the notes on DSP 2025-1, each of which a connector has fallen into.

const own = 'did:web:own.example'
const partnerId = 'did:web:partner.example'
const otherId = 'did:web:other.example'
const consumerAgreement = 'urn:uuid:as-consumer'
const agreements = { started: 'urn:uuid:started-at-once', waiting: 'urn:uuid:waits-for-a-person' } as const

// One agreement starts by itself, the other waits.
const decideTransfer: TransferDecider = (situation) => (situation.agreement.id === agreements.waiting ? { reason: 'A person decides.' } : automatic(situation))

let connector: Connector
let partner: Counterparty
let base: string

beforeAll(async () => {
  connector = await startTestConnector({ overrides: { identity: bearerIdentity(own), decideTransfer } })
  partner = await startCounterparty(partnerId)
  base = connector.dspAddress
  await acquaint(connector, { id: partnerId, dspAddress: partner.address })
  await acquaint(connector, { id: otherId, dspAddress: partner.address })
  for (const id of Object.values(agreements)) await keep(id, 'provider', new Date())
  await keep(consumerAgreement, 'consumer', new Date())
  await keep('urn:uuid:not-final', 'provider', null)
})
afterEach(() => partner.answerWith(() => undefined))
afterAll(async () => {
  await connector.close()
  await partner.close()
})

async function keep(id: string, role: 'provider' | 'consumer', finalizedAt: Date | null): Promise<void> {
  const [assigner, assignee] = role === 'provider' ? [own, partnerId] : [partnerId, own]
  const agreement = { '@id': id, '@type': 'Agreement', target: 'data', assigner, assignee, timestamp: '2026-03-01T10:00:00Z', permission: [{ action: 'use' }] } as const
  const row = { id, role, negotiationId: `n-${id}`, counterparty: partnerId, assigner, assignee, datasetId: 'data', message: '{}', messageSha256: '', agreement, signedAt: agreement.timestamp, createdAt: new Date() }
  await insertAgreement(connector.services.database.db, finalizedAt === null ? row : { ...row, finalizedAt })
}

const requestOf = (agreementId: string, more: Json = {}): Json => ({ '@type': 'TransferRequestMessage', consumerPid: randomUUID(), agreementId, format: 'HttpData-PULL', callbackAddress: partner.address, ...more })

interface Pids {
  readonly providerPid: string
  readonly consumerPid: string
}

/** A transfer with us as provider, in REQUESTED. */
async function requested(agreementId: string = agreements.waiting): Promise<Pids> {
  const { status, body } = await partner.send(`${base}/transfers/request`, requestOf(agreementId))
  expect([status, body['state']]).toEqual([201, 'REQUESTED'])
  return { providerPid: String(body['providerPid']), consumerPid: String(body['consumerPid']) }
}

/** A transfer with us as provider, started, the start taken by the partner. */
async function started(): Promise<Pids> {
  const pids = await requested(agreements.started)
  await partner.next(`/transfers/${pids.consumerPid}/start`)
  return pids
}

/** A transfer with us as consumer, in REQUESTED, its acknowledgement taken in. */
async function asking(): Promise<Pids> {
  const { transfers } = connector.services
  const { id } = await transfers.request({ agreementId: consumerAgreement, format: 'HttpData-PULL' })
  const { counterpartyPid } = await until(
    () => transfers.get(id),
    (transfer) => transfer.counterpartyPid !== null,
  )
  return { providerPid: counterpartyPid ?? '', consumerPid: id }
}

const stateOf = async (id: string) => (await connector.services.transfers.get(id)).state
const address = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint: 'http://127.0.0.1:9/data' }

const messages = {
  start: (pids: Pids, more: Json = {}) => ['start', { '@type': 'TransferStartMessage', ...pids, ...more }],
  suspend: (pids: Pids) => ['suspension', { '@type': 'TransferSuspensionMessage', ...pids }],
  complete: (pids: Pids) => ['completion', { '@type': 'TransferCompletionMessage', ...pids }],
  terminate: (pids: Pids) => ['termination', { '@type': 'TransferTerminationMessage', ...pids }],
} as const satisfies Record<string, (pids: Pids) => readonly [string, Json]>

const tell = (pid: string, [path, message]: readonly [string, Json]) => partner.send(`${base}/transfers/${encodeURIComponent(pid)}/${path}`, message)

test('trap 10: both pids must be the stored pair, and the refusal names it', async () => {
  const pids = await requested()
  for (const wrong of [{ ...pids, consumerPid: randomUUID() }, { ...pids, providerPid: randomUUID() }, { providerPid: pids.consumerPid, consumerPid: pids.providerPid }]) {
    const { status, body } = await tell(pids.providerPid, messages.terminate(wrong))
    expect([status, body]).toEqual([400, expect.objectContaining({ '@type': 'TransferError', code: 'pid-mismatch', ...pids })])
  }
  expect(await stateOf(pids.providerPid)).toBe('REQUESTED')
})

test("trap 11: another partner's transfer or agreement is answered as one that does not exist", async () => {
  const pids = await requested()
  const hide = (body: Json) => JSON.parse(JSON.stringify(body).replaceAll(pids.providerPid, '*').replaceAll('urn:uuid:nothing', '*').replaceAll(agreements.started, '*'))
  const [path, message] = messages.terminate(pids)
  const theirs = await partner.send(`${base}/transfers/${pids.providerPid}/${path}`, message, { as: otherId })
  const none = await partner.send(`${base}/transfers/urn:uuid:nothing/${path}`, { ...message, providerPid: 'urn:uuid:nothing' }, { as: otherId })
  expect([theirs.status, hide(theirs.body)]).toEqual([404, hide(none.body)])
  const consumerPid = randomUUID()
  const used = await partner.send(`${base}/transfers/request`, requestOf(agreements.started, { consumerPid }), { as: otherId })
  const absent = await partner.send(`${base}/transfers/request`, requestOf('urn:uuid:nothing', { consumerPid }), { as: otherId })
  expect([used.status, hide(used.body)]).toEqual([absent.status, hide(absent.body)])
  const notFinal = await partner.send(`${base}/transfers/request`, requestOf('urn:uuid:not-final'))
  expect(notFinal.status).toBe(absent.status)
})

test('trap 12: what the state does not allow is 400 with the error of the protocol, and changes nothing', async () => {
  const waiting = await requested()
  for (const message of [messages.start(waiting), messages.suspend(waiting), messages.complete(waiting)]) {
    const { status, body } = await tell(waiting.providerPid, message)
    expect([message[0], status, body]).toEqual([message[0], 400, expect.objectContaining({ '@type': 'TransferError', code: 'invalid-state', ...waiting })])
  }
  const suspended = await started()
  expect((await tell(suspended.providerPid, messages.suspend(suspended))).status).toBe(200)
  for (const message of [messages.suspend(suspended), messages.complete(suspended)]) expect((await tell(suspended.providerPid, message)).status).toBe(400)
  const consumer = await asking()
  for (const message of [messages.suspend(consumer), messages.complete(consumer)]) expect((await tell(consumer.consumerPid, message)).status).toBe(400)
  expect([await stateOf(waiting.providerPid), await stateOf(suspended.providerPid), await stateOf(consumer.consumerPid)]).toEqual(['REQUESTED', 'SUSPENDED', 'REQUESTED'])
})

test.each(['complete', 'terminate'] as const)('trap 12: nothing is taken after the end: %s', async (end) => {
  const pids = await started()
  expect((await tell(pids.providerPid, messages[end](pids))).status).toBe(200)
  for (const name of ['start', 'suspend', 'complete', 'terminate'] as const) expect((await tell(pids.providerPid, messages[name](pids))).status).toBe(400)
})

test.each([200, 201, 202])('trap 13: any 2xx to our request is taken: %i', async (status) => {
  const providerPid = randomUUID()
  partner.answerWith(({ path, message }) => (path === '/transfers/request' ? { status, body: { '@type': 'TransferProcess', providerPid, consumerPid: message['consumerPid'], state: 'REQUESTED' } } : undefined))
  expect((await asking()).providerPid).toBe(providerPid)
})

test('trap 14: an empty answer without a media type acknowledges, and any media type of a message will do', async () => {
  const pids = await started()
  const { status } = await partner.send(`${base}/transfers/${pids.providerPid}/completion`, messages.complete(pids)[1], { contentType: 'application/ld+json' })
  expect(status).toBe(200)
  await connector.settle()
  expect(partner.received.filter(({ path }) => path === `/transfers/${pids.consumerPid}/start`)).toHaveLength(1)
})

test('trap 15: a callback address may end in slashes; ours never does', async () => {
  const message = requestOf(agreements.started, { callbackAddress: `${partner.address}//` })
  expect((await partner.send(`${base}/transfers/request/`, message)).status).toBe(201)
  const start = await partner.next(`/transfers/${String(message['consumerPid'])}/start`)
  expect(start.path).toBe(`/transfers/${String(message['consumerPid'])}/start`)
  const { consumerPid } = await asking()
  const sent = partner.received.find((received) => received.message['consumerPid'] === consumerPid)
  expect(sent?.message['callbackAddress']).toBe(base)
})

describe('trap 16', () => {
  const refused = ['http://10.0.0.1/dsp', 'http://169.254.169.254/latest', 'https://[::ffff:10.0.0.1]/', 'file:///etc/passwd', 'not an address', '']
  test.each(refused)('a callback address that may not be called is refused: %s', async (callbackAddress) => {
    const { status, body } = await partner.send(`${base}/transfers/request`, requestOf(agreements.started, { callbackAddress }))
    expect([status, body['@type']]).toEqual([400, 'TransferError'])
  })
  test.each(refused)('an address to push to that may not be called is refused: %s', async (endpoint) => {
    const { status, body } = await partner.send(`${base}/transfers/request`, requestOf(agreements.started, { format: 'HttpData-PUSH', dataAddress: { ...address, endpoint } }))
    expect([status, body['@type']]).toEqual([400, 'TransferError'])
  })
  test('a push without an address is refused', async () => {
    expect((await partner.send(`${base}/transfers/request`, requestOf(agreements.started, { format: 'HttpData-PUSH' }))).status).toBe(400)
  })
})

test('trap 17: a start that comes before the answer to our request is taken, and the pid learnt from it', async () => {
  const providerPid = randomUUID()
  const answered: number[] = []
  partner.answerWith(async ({ path, message }) => {
    if (path !== '/transfers/request') return undefined
    const consumerPid = String(message['consumerPid'])
    answered.push((await tell(consumerPid, messages.start({ providerPid, consumerPid }, { dataAddress: address }))).status)
    return { status: 201, body: { '@type': 'TransferProcess', providerPid, consumerPid, state: 'REQUESTED' } }
  })
  const { transfers } = connector.services
  const { id } = await transfers.request({ agreementId: consumerAgreement, format: 'HttpData-PULL' })
  const transfer = await until(
    () => transfers.get(id),
    ({ state }) => state === 'STARTED',
  )
  await connector.settle()
  expect([answered, transfer.counterpartyPid]).toEqual([[200], providerPid])
  expect(partner.received.filter(({ path, message }) => path === '/transfers/request' && message['consumerPid'] === id)).toHaveLength(1)
})

describe('trap 18', () => {
  test('the start is sent after the request was answered', async () => {
    let answered = false
    const order: boolean[] = []
    partner.answerWith(({ path }) => {
      if (path.endsWith('/start')) order.push(answered)
      return undefined
    })
    const { consumerPid } = await requested(agreements.started)
    answered = true
    await partner.next(`/transfers/${consumerPid}/start`)
    expect(order).toEqual([true])
  })

  test.each([404, 409, 400, 503])('a start answered with %i at first is sent again, word for word', async (status) => {
    let refusals = 2
    partner.answerWith(({ path }) => (path.endsWith('/start') && refusals-- > 0 ? { status } : undefined))
    const pids = await requested(agreements.started)
    const sent = () => partner.received.filter(({ path }) => path === `/transfers/${pids.consumerPid}/start`)
    await until(
      () => sent().length,
      (count) => count === 3,
    )
    expect(new Set(sent().map(({ message }) => JSON.stringify(message))).size).toBe(1)
    expect(await stateOf(pids.providerPid)).toBe('STARTED')
  })

  test('a refusal of what the other side has taken already counts as taken', async () => {
    partner.answerWith(({ method, path }) => {
      if (path.endsWith('/start')) return { status: 400, body: { '@type': 'TransferError', code: 'already', reason: ['it is started'] } }
      return method === 'GET' ? { status: 200, body: { '@type': 'TransferProcess', providerPid: 'p', consumerPid: path.split('/')[2], state: 'STARTED' } } : undefined
    })
    const pids = await requested(agreements.started)
    await partner.next(`/transfers/${pids.consumerPid}/start`)
    await connector.settle()
    expect(partner.received.filter(({ path }) => path === `/transfers/${pids.consumerPid}/start`)).toHaveLength(1)
    expect(await stateOf(pids.providerPid)).toBe('STARTED')
  })
})

describe('trap 19', () => {
  test('a request that comes twice is one transfer', async () => {
    const message = requestOf(agreements.waiting)
    const first = await partner.send(`${base}/transfers/request`, message)
    expect(await partner.send(`${base}/transfers/request`, message)).toEqual(first)
    const many = await Promise.all(Array.from({ length: 8 }, () => partner.send(`${base}/transfers/request`, requestOf(agreements.started, { consumerPid: 'many-at-once' }))))
    expect(new Set(many.map(({ status, body }) => `${status} ${String(body['providerPid'])}`)).size).toBe(1)
  })

  test('the same pid with another agreement is a conflict, never somebody else’s transfer', async () => {
    const message = requestOf(agreements.waiting)
    const { body } = await partner.send(`${base}/transfers/request`, message)
    const other = await partner.send(`${base}/transfers/request`, { ...message, agreementId: agreements.started })
    expect([other.status, other.body['@type']]).toEqual([409, 'TransferError'])
    expect(await stateOf(String(body['providerPid']))).toBe('REQUESTED')
  })

  test('a message with an id that came before is acknowledged and counts once', async () => {
    const pids = await started()
    const [path, message] = messages.suspend(pids)
    const same = { '@id': randomUUID(), ...message }
    expect([(await tell(pids.providerPid, [path, same])).status, (await tell(pids.providerPid, [path, same])).status]).toEqual([200, 200])
    expect((await tell(pids.providerPid, [path, message])).status).toBe(400)
  })
})

test.each(['8f6f9b5e-1c1f-4a63-9d5c-6a2f3a4b5c6d', 'urn:x:a/b?c=d#e f', 'ñandú-€', '../../termination'])('trap 22: pids of others are opaque: %s', async (suffix) => {
  const consumerPid = `${suffix} ${randomUUID()}`
  const { status, body } = await partner.send(`${base}/transfers/request`, requestOf(agreements.started, { consumerPid }))
  expect([status, body['consumerPid']]).toEqual([201, consumerPid])
  const start = await partner.next(`/transfers/${encodeURIComponent(consumerPid)}/start`)
  expect(start.message['consumerPid']).toBe(consumerPid)
})

describe('trap 23', () => {
  test('our start for pull carries an address, and a new one after a resumption by the consumer', async () => {
    const pids = await started()
    const starts = () => partner.received.filter(({ path }) => path === `/transfers/${pids.consumerPid}/start`)
    expect(starts()[0]?.message['dataAddress']).toMatchObject({ '@type': 'DataAddress', endpoint: expect.stringContaining('http') })
    expect((await tell(pids.providerPid, messages.suspend(pids))).status).toBe(200)
    expect((await tell(pids.providerPid, messages.start(pids))).status).toBe(200)
    await until(
      () => starts().length,
      (count) => count === 2,
    )
    const [first, second] = starts().map(({ message }) => JSON.stringify(message['dataAddress']))
    expect(second).not.toBe(first)
    expect(await stateOf(pids.providerPid)).toBe('STARTED')
  })

  test('a start without an address is taken', async () => {
    const pids = await asking()
    expect((await tell(pids.consumerPid, messages.start(pids))).status).toBe(200)
    expect(await stateOf(pids.consumerPid)).toBe('STARTED')
    await expect(connector.services.transfers.dataAddress(pids.consumerPid)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('only the provider starts what was requested', async () => {
    const pids = await requested()
    expect((await tell(pids.providerPid, messages.start(pids))).status).toBe(400)
    await expect(connector.services.transfers.resume((await asking()).consumerPid)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('what the provider suspended the consumer cannot resume', async () => {
    const pids = await started()
    await connector.services.transfers.suspend(pids.providerPid)
    await partner.next(`/transfers/${pids.consumerPid}/suspension`)
    expect((await tell(pids.providerPid, messages.start(pids))).status).toBe(400)
    await connector.services.transfers.resume(pids.providerPid)
    await until(
      () => partner.received.filter(({ path }) => path === `/transfers/${pids.consumerPid}/start`).length,
      (count) => count === 2,
    )
  })

  test('an address that says what it says by properties alone is kept as it came', async () => {
    const pids = await asking()
    const edc = 'https://w3id.org/edc/v0.0.1/ns/'
    const dataAddress = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpointProperties: ['authorization', 'endpoint', 'authType'].map((name) => ({ '@type': 'EndpointProperty', name: `${edc}${name}`, value: name })) }
    expect((await tell(pids.consumerPid, messages.start(pids, { dataAddress }))).status).toBe(200)
    const kept = await connector.services.transfers.dataAddress(pids.consumerPid)
    expect(isObject(kept) && kept).toEqual(dataAddress)
  })
})
