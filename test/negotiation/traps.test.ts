import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import type { Connector } from '../../src/connector.ts'
import { bearerIdentity, isObject, startCounterparty } from '../helpers/counterparty.ts'
import type { Counterparty, Json, Received } from '../helpers/counterparty.ts'
import { acquaint, startTestConnector } from '../helpers/dataspace.ts'
import { until } from '../helpers/until.ts'

// The numbers are those of the traps in the notes on DSP 2025-1, each of which a connector has fallen into.

const own = 'did:web:own.example'
const partnerId = 'did:web:partner.example'
const otherId = 'did:web:other.example'
const policy = { permission: [{ action: 'use' }] }

let connector: Connector
let partner: Counterparty
let base: string

beforeAll(async () => {
  connector = await startTestConnector({ overrides: { identity: bearerIdentity(own) } })
  partner = await startCounterparty(partnerId)
  base = connector.dspAddress
  await acquaint(connector, { id: partnerId, dspAddress: partner.address })
  await acquaint(connector, { id: otherId, dspAddress: partner.address })
  for (const id of ['automatic', 'manual'] as const) {
    await connector.services.catalog.createDataset({ id: `${id}-data`, metadata: { title: { en: id } }, source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'], requestHeaders: [], secrets: [] } })
    await connector.services.catalog.createOffer({ id: `${id}-offer`, datasets: [`${id}-data`], policy, decision: id, audience: null })
  }
})
afterEach(() => partner.answerWith(() => undefined))
afterAll(async () => {
  await connector.close()
  await partner.close()
})

const requestOf = (mode: 'automatic' | 'manual', more: Json = {}): Json => ({
  '@type': 'ContractRequestMessage',
  consumerPid: randomUUID(),
  callbackAddress: partner.address,
  offer: { '@id': `${mode}-offer`, '@type': 'Offer', target: `${mode}-data`, ...policy },
  ...more,
})

interface Pids {
  readonly providerPid: string
  readonly consumerPid: string
}

/** A negotiation with us as provider, in REQUESTED. */
async function requested(mode: 'automatic' | 'manual' = 'manual'): Promise<Pids> {
  const { status, body } = await partner.send(`${base}/negotiations/request`, requestOf(mode))
  expect(status).toBe(201)
  return { providerPid: String(body['providerPid']), consumerPid: String(body['consumerPid']) }
}

/** A negotiation with us as consumer, in REQUESTED, its acknowledgement taken in. */
async function asking(): Promise<Pids> {
  const { negotiations } = connector.services
  const { id } = await negotiations.request({ partner: partnerId, offer: { '@id': 'their-offer', '@type': 'Offer', target: 'their-data', permission: [{ action: 'use' }] } })
  const { counterpartyPid } = await until(
    () => negotiations.get(id),
    (negotiation) => negotiation.counterpartyPid !== null,
  )
  return { providerPid: counterpartyPid ?? '', consumerPid: id }
}

const stateOf = async (id: string) => (await connector.services.negotiations.get(id)).state

const messages = {
  counter: ({ providerPid, consumerPid }: Pids) => ['request', { '@type': 'ContractRequestMessage', providerPid, consumerPid, offer: requestOf('manual')['offer'] }],
  accepted: (pids: Pids) => ['events', { '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'ACCEPTED' }],
  finalized: (pids: Pids) => ['events', { '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'FINALIZED' }],
  verified: (pids: Pids) => ['agreement/verification', { '@type': 'ContractAgreementVerificationMessage', ...pids }],
  terminated: (pids: Pids) => ['termination', { '@type': 'ContractNegotiationTerminationMessage', ...pids }],
  offered: (pids: Pids, offer: unknown) => ['offers', { '@type': 'ContractOfferMessage', ...pids, offer }],
  agreed: (pids: Pids, agreement: Json = {}) => ['agreement', { '@type': 'ContractAgreementMessage', ...pids, agreement: { ...agreementOf(), ...agreement } }],
} as const satisfies Record<string, (pids: Pids, more?: never) => readonly [string, Json]>

const agreementOf = (): Json => ({ '@id': randomUUID(), '@type': 'Agreement', target: 'their-data', assigner: partnerId, assignee: own, timestamp: '2026-03-01T10:00:00.123456789Z', ...policy })

const tell = (pid: string, [path, message]: readonly [string, Json]) => partner.send(`${base}/negotiations/${encodeURIComponent(pid)}/${path}`, message)

test('trap 10: both pids must be the stored pair, and the refusal names it', async () => {
  const pids = await requested()
  for (const wrong of [{ ...pids, consumerPid: randomUUID() }, { ...pids, providerPid: randomUUID() }, { providerPid: pids.consumerPid, consumerPid: pids.providerPid }]) {
    const { status, body } = await tell(pids.providerPid, messages.terminated(wrong))
    expect([status, body]).toEqual([400, expect.objectContaining({ '@type': 'ContractNegotiationError', code: 'pid-mismatch', ...pids })])
  }
  expect(await stateOf(pids.providerPid)).toBe('REQUESTED')
})

describe('trap 11', () => {
  test("another partner's negotiation is answered as one that does not exist", async () => {
    const pids = await requested()
    const unknown = `urn:uuid:${randomUUID()}`
    const hide = (body: Json) => JSON.parse(JSON.stringify(body).replaceAll(pids.providerPid, '*').replaceAll(unknown, '*'))
    const [path, message] = messages.terminated(pids)
    const theirs = await partner.send(`${base}/negotiations/${pids.providerPid}/${path}`, message, { as: otherId })
    const none = await partner.send(`${base}/negotiations/${unknown}/${path}`, { ...message, providerPid: unknown }, { as: otherId })
    expect([theirs.status, hide(theirs.body)]).toEqual([404, hide(none.body)])
    const [seen, absent] = [await partner.get(`${base}/negotiations/${pids.providerPid}`, { as: otherId }), await partner.get(`${base}/negotiations/${unknown}`, { as: otherId })]
    expect([seen.status, hide(seen.body)]).toEqual([absent.status, hide(absent.body)])
    expect(await stateOf(pids.providerPid)).toBe('REQUESTED')
  })

  test('without a token, or with that of a stranger, nothing tells whether a process exists', async () => {
    const { providerPid } = await requested()
    for (const as of [null, 'did:web:stranger.example']) {
      const [known, unknown] = [await partner.get(`${base}/negotiations/${providerPid}`, { as }), await partner.get(`${base}/negotiations/nothing`, { as })]
      expect([known.status, known.body['code'], known.body['reason']]).toEqual([unknown.status, unknown.body['code'], unknown.body['reason']])
      expect([401, 404]).toContain(known.status)
    }
    expect((await partner.get(`${connector.publicUrl}/.well-known/dspace-version`, { as: null })).status).toBe(200)
  })
})

test('trap 12: what the state does not allow is 400 with the error of the protocol, and changes nothing', async () => {
  const provider = await requested()
  for (const message of [messages.counter(provider), messages.accepted(provider), messages.verified(provider), messages.finalized(provider), messages.offered(provider, requestOf('manual')['offer'])]) {
    const { status, body } = await tell(provider.providerPid, message)
    expect([message[0], status, body]).toEqual([message[0], 400, expect.objectContaining({ '@type': 'ContractNegotiationError', code: 'invalid-state', ...provider })])
  }
  const consumer = await asking()
  for (const message of [messages.finalized(consumer), messages.verified(consumer)]) {
    const { status, body } = await tell(consumer.consumerPid, message)
    expect([message[0], status, body['code']]).toEqual([message[0], 400, 'invalid-state'])
  }
  expect([await stateOf(provider.providerPid), await stateOf(consumer.consumerPid)]).toEqual(['REQUESTED', 'REQUESTED'])
})

test('trap 12: after the end nothing more is taken, and it is said so', async () => {
  const pids = await requested()
  expect((await tell(pids.providerPid, messages.terminated(pids))).status).toBe(200)
  for (const message of [messages.terminated(pids), messages.accepted(pids), messages.counter(pids)]) expect((await tell(pids.providerPid, message)).status).toBe(400)
})

test.each([200, 201, 202])('trap 13: any 2xx to our request is taken: %i', async (status) => {
  const providerPid = randomUUID()
  partner.answerWith(({ path, message }) => (path === '/negotiations/request' ? { status, body: { '@type': 'ContractNegotiation', providerPid, consumerPid: message['consumerPid'], state: 'REQUESTED' } } : undefined))
  expect((await asking()).providerPid).toBe(providerPid)
})

describe('trap 14', () => {
  test.each(['application/json; charset=utf-8', 'application/ld+json', 'text/plain;charset=UTF-8'])('a message is taken whatever its media type says: %s', async (contentType) => {
    const { status } = await partner.send(`${base}/negotiations/request`, requestOf('manual'), { contentType })
    expect(status).toBe(201)
  })

  test('an empty answer without a media type acknowledges', async () => {
    const pids = await asking()
    await connector.services.negotiations.terminate(pids.consumerPid, { reason: 'no longer needed' })
    const { message, headers } = await partner.next(`/negotiations/${pids.providerPid}/termination`)
    expect(message).toMatchObject({ ...pids, reason: ['no longer needed'] })
    expect(headers['content-type']).toBe('application/json')
    await connector.settle()
    expect(partner.received.filter(({ path }) => path.includes(pids.providerPid))).toHaveLength(1)
  })
})

test('trap 15: a callback address may end in slashes, and so may our paths', async () => {
  const message = requestOf('automatic', { callbackAddress: `${partner.address}//` })
  const { body } = await partner.send(`${base}/negotiations/request/`, message)
  const agreement = await partner.next(`/negotiations/${String(message['consumerPid'])}/agreement`)
  expect(agreement.path).toBe(`/negotiations/${String(message['consumerPid'])}/agreement`)
  const [path, verification] = messages.verified({ providerPid: String(body['providerPid']), consumerPid: String(message['consumerPid']) })
  expect((await partner.send(`${base}/negotiations/${String(body['providerPid'])}/${path}/`, verification)).status).toBe(200)
})

test('trap 15: our own callback address has no slash at its end', async () => {
  const { consumerPid } = await asking()
  const sent = partner.received.find(({ message }) => message['consumerPid'] === consumerPid)
  expect(sent?.message['callbackAddress']).toBe(base)
  expect(base.endsWith('/')).toBe(false)
})

test.each(['http://10.0.0.1/dsp', 'http://169.254.169.254/latest', 'https://[fe80::1]/dsp', 'http://0.0.0.0:80/', 'http://8.8.8.8/dsp', 'file:///etc/passwd', 'ftp://127.0.0.1/', 'javascript:alert(1)', 'not an address', ''])(
  'trap 16: a callback address that may not be called is refused: %s',
  async (callbackAddress) => {
    const message = requestOf('automatic', { callbackAddress })
    const { status, body } = await partner.send(`${base}/negotiations/request`, message)
    expect([status, body['@type']]).toEqual([400, 'ContractNegotiationError'])
    const { items } = await connector.services.negotiations.list({ limit: 1000 })
    expect(items.find(({ counterpartyPid }) => counterpartyPid === message['consumerPid'])).toBeUndefined()
  },
)

test('trap 17: an agreement that comes before the answer to our request is taken, and the pid learnt from it', async () => {
  const providerPid = randomUUID()
  const answered: number[] = []
  partner.answerWith(async ({ path, message }) => {
    if (path !== '/negotiations/request') return undefined
    const consumerPid = String(message['consumerPid'])
    answered.push((await tell(consumerPid, messages.agreed({ providerPid, consumerPid }))).status)
    return { status: 201, body: { '@type': 'ContractNegotiation', providerPid, consumerPid, state: 'REQUESTED' } }
  })
  const { id } = await connector.services.negotiations.request({ partner: partnerId, offer: { '@id': 'their-offer', '@type': 'Offer', target: 'their-data', permission: [{ action: 'use' }] } })
  const verification = await partner.next(`/negotiations/${providerPid}/agreement/verification`)
  expect(answered).toEqual([200])
  expect(verification.message).toMatchObject({ providerPid, consumerPid: id })
  expect((await tell(id, messages.finalized({ providerPid, consumerPid: id }))).status).toBe(200)
  expect(await stateOf(id)).toBe('FINALIZED')
})

describe('trap 18', () => {
  test('what follows from a message is sent after it was answered', async () => {
    let answered = false
    const order: boolean[] = []
    partner.answerWith(({ path }) => {
      if (path.endsWith('/agreement')) order.push(answered)
      return undefined
    })
    const { consumerPid } = await requested('automatic')
    answered = true
    await partner.next(`/negotiations/${consumerPid}/agreement`)
    expect(order).toEqual([true])
  })

  test.each([404, 409, 400, 503])('a message answered with %i at first is sent again, word for word', async (status) => {
    let refusals = 2
    partner.answerWith(({ path }) => (path.endsWith('/agreement') && refusals-- > 0 ? { status } : undefined))
    const pids = await requested('automatic')
    const sent = () => partner.received.filter(({ path }) => path.endsWith(`${pids.consumerPid}/agreement`))
    await until(
      () => sent().length,
      (count) => count === 3,
    )
    expect(new Set(sent().map(({ message }) => JSON.stringify(message))).size).toBe(1)
    expect((await tell(pids.providerPid, messages.verified(pids))).status).toBe(200)
  })

  test('a refusal of what the other side has taken already counts as taken', async () => {
    partner.answerWith(({ method, path }) => {
      if (path.endsWith('/agreement')) return { status: 400, body: { '@type': 'ContractNegotiationError', code: 'already', reason: ['cannot be agreed'] } }
      return method === 'GET' ? { status: 200, body: { '@type': 'ContractNegotiation', providerPid: providerOf(path), consumerPid: path.split('/')[2], state: 'AGREED' } } : undefined
    })
    const pids = await requested('automatic')
    await partner.next(`/negotiations/${pids.consumerPid}/agreement`)
    await connector.settle()
    expect(partner.received.filter(({ path }) => path.endsWith(`${pids.consumerPid}/agreement`))).toHaveLength(1)
    expect(await stateOf(pids.providerPid)).toBe('AGREED')
    expect((await tell(pids.providerPid, messages.verified(pids))).status).toBe(200)
  })

  test('a message that is refused for good ends the negotiation with the reason', async () => {
    partner.answerWith(({ path }) => (path.endsWith('/agreement') ? { status: 400, body: { '@type': 'ContractNegotiationError', code: 'no', reason: ['we do not want it'] } } : undefined))
    const pids = await requested('automatic')
    const { message } = await partner.next(`/negotiations/${pids.consumerPid}/termination`)
    expect(message).toMatchObject(pids)
    const { state, error } = await connector.services.negotiations.get(pids.providerPid)
    expect([state, error]).toEqual(['TERMINATED', expect.stringContaining('we do not want it')])
  })
})

describe('trap 19', () => {
  test('a request that comes twice is one negotiation; the same pid of another partner is another', async () => {
    const message = requestOf('manual')
    const [first, again, other] = [
      await partner.send(`${base}/negotiations/request`, message),
      await partner.send(`${base}/negotiations/request`, message),
      await partner.send(`${base}/negotiations/request`, message, { as: otherId }),
    ]
    expect(again).toEqual(first)
    expect(other.status).toBe(201)
    expect(other.body['providerPid']).not.toBe(first.body['providerPid'])
  })

  test('many of the same request at once are one negotiation', async () => {
    const message = requestOf('automatic')
    const answers = await Promise.all(Array.from({ length: 8 }, () => partner.send(`${base}/negotiations/request`, message)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201))
    expect(new Set(answers.map(({ body }) => body['providerPid'])).size).toBe(1)
  })

  test('a message with an id that came before is acknowledged and counts once', async () => {
    const pids = await requested()
    await connector.services.negotiations.counter(pids.providerPid, { '@id': 'manual-offer', '@type': 'Offer', target: 'manual-data', permission: [{ action: 'use' }] })
    await partner.next(`/negotiations/${pids.consumerPid}/offers`)
    const [path, message] = messages.counter(pids)
    const same = { '@id': randomUUID(), ...message }
    const before = (await connector.services.negotiations.get(pids.providerPid)).version
    expect([(await tell(pids.providerPid, [path, same])).status, (await tell(pids.providerPid, [path, same])).status]).toEqual([200, 200])
    expect((await connector.services.negotiations.get(pids.providerPid)).version).toBe(before + 1)
    // The same words under a new id are a second counter-request, which the state does not allow.
    expect((await tell(pids.providerPid, [path, message])).status).toBe(400)
  })
})

describe('trap 20', () => {
  test('a consumer does not finalize, a provider does not accept', async () => {
    const pids = await requested('automatic')
    await partner.next(`/negotiations/${pids.consumerPid}/agreement`)
    // Held in AGREED; the consumer verifies, then may not finalize before the provider does, nor ever.
    expect((await tell(pids.providerPid, messages.finalized(pids))).status).toBe(400)
    const consumer = await asking()
    expect((await tell(consumer.consumerPid, messages.accepted(consumer))).status).toBe(400)
    expect(await stateOf(consumer.consumerPid)).toBe('REQUESTED')
  })

  test('a consumer does not accept its own offer', async () => {
    const pids = await requested()
    const { status, body } = await tell(pids.providerPid, messages.accepted(pids))
    expect([status, body['@type']]).toEqual([400, 'ContractNegotiationError'])
  })
})

describe('trap 21', () => {
  const bad: Readonly<Record<string, Json>> = {
    'another assigner': { assigner: otherId },
    'another assignee': { assignee: otherId },
    'another dataset': { target: 'their-other-data' },
    'another policy': { permission: [{ action: 'use', constraint: [{ leftOperand: 'count', operator: 'lteq', rightOperand: '5' }] }] },
    'one more rule': { prohibition: [{ action: 'distribute' }] },
  }
  test.each(Object.keys(bad))('an agreement with %s is not kept, and the provider is told', async (name) => {
    const pids = await asking()
    const message = messages.agreed(pids, bad[name])
    expect((await tell(pids.consumerPid, message)).status).toBe(200)
    const termination = await partner.next(`/negotiations/${pids.providerPid}/termination`)
    expect(termination.message).toMatchObject({ ...pids, code: 'agreement-refused' })
    expect(await stateOf(pids.consumerPid)).toBe('TERMINATED')
    const { items } = await connector.services.agreements.list({ limit: 1000 })
    expect(items.filter(({ negotiationId }) => negotiationId === pids.consumerPid)).toEqual([])
  })

  test('an agreement without a time is refused', async () => {
    const pids = await asking()
    const { timestamp: _, ...agreement } = agreementOf()
    const { status } = await tell(pids.consumerPid, ['agreement', { '@type': 'ContractAgreementMessage', ...pids, agreement }])
    expect(status).toBe(400)
    expect(await stateOf(pids.consumerPid)).toBe('REQUESTED')
  })

  test('empty lists are as absent ones, and nanoseconds are a time', async () => {
    const pids = await asking()
    const message = messages.agreed(pids, { permission: [{ action: 'use', constraint: [], duty: [] }], prohibition: [], obligation: [] })
    expect((await tell(pids.consumerPid, message)).status).toBe(200)
    await partner.next(`/negotiations/${pids.providerPid}/agreement/verification`)
    expect((await tell(pids.consumerPid, messages.finalized(pids))).status).toBe(200)
    const agreementId = String(isObject(message[1]['agreement']) ? message[1]['agreement']['@id'] : '')
    expect(await connector.services.agreements.get(agreementId)).toMatchObject({ signedAt: '2026-03-01T10:00:00.123456789Z', finalizedAt: expect.any(Date) })
  })

  test('an agreement under an id that is taken is refused', async () => {
    const [one, two] = [await asking(), await asking()]
    const first = messages.agreed(one)
    expect((await tell(one.consumerPid, first)).status).toBe(200)
    const taken = isObject(first[1]['agreement']) ? { '@id': first[1]['agreement']['@id'] } : {}
    expect((await tell(two.consumerPid, messages.agreed(two, taken))).status).toBe(400)
    expect(await stateOf(two.consumerPid)).toBe('REQUESTED')
  })
})

test.each(['8f6f9b5e-1c1f-4a63-9d5c-6a2f3a4b5c6d', 'urn:x:a/b?c=d#e f', 'ñandú-€', '../../termination'])('trap 22: pids of others are opaque: %s', async (suffix) => {
  const consumerPid = `${suffix} ${randomUUID()}`
  const { status, body } = await partner.send(`${base}/negotiations/request`, requestOf('automatic', { consumerPid }))
  expect([status, body['consumerPid']]).toEqual([201, consumerPid])
  const agreement = await partner.next(`/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
  expect(agreement.message['consumerPid']).toBe(consumerPid)
})

function providerOf(path: string): unknown {
  const consumerPid = path.split('/')[2]
  const seen = partner.received.find((received: Received) => received.message['consumerPid'] === consumerPid && received.message['providerPid'] !== undefined)
  return seen?.message['providerPid']
}
