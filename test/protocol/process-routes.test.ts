import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/errors.ts'
import { openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'
import { officialSchemas } from '../helpers/dsp-spec.ts'
import { recordingProcesses, serveProtocol } from '../helpers/protocol.ts'
import type { Calls, TestServer } from '../helpers/protocol.ts'

const context = ['https://w3id.org/dspace/2025/1/context.jsonld']
const partner = 'did:web:city.example'
const official = await officialSchemas()
const pids = { '@context': context, providerPid: 'their-pid', consumerPid: 'our-pid' }
const offer = { '@id': 'offer-1', '@type': 'Offer', target: 'data-1', permission: [{ action: 'use' }] }
const agreement = { ...offer, '@type': 'Agreement', assigner: 'a', assignee: 'b', timestamp: '2026-03-01T12:00:00Z' }
const initialRequest = { '@context': context, '@type': 'ContractRequestMessage', consumerPid: 'c-1', callbackAddress: 'https://c.example/dsp', offer }
const transferRequest = { '@context': context, '@type': 'TransferRequestMessage', consumerPid: 'c-1', agreementId: 'agreement-1', format: 'HttpData-PULL', callbackAddress: 'https://c.example/dsp' }

const calls: Calls = []
const told: unknown[] = []
let failure: Error | undefined
let t: TestCatalog
let server: TestServer

beforeAll(async () => {
  t = await openTestCatalog()
  await t.addPartner(partner)
  server = await serveProtocol(t, {
    ...recordingProcesses(calls, { fail: () => failure }),
    onError: (error) => told.push(error),
    maxBodyBytes: 100_000,
  })
})
afterEach(() => {
  calls.length = 0
  told.length = 0
  failure = undefined
})
afterAll(async () => {
  await server.close()
  await t.close()
})

async function send(path: string, body?: object | string, authorization = `Bearer ${partner}`) {
  const post = { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(`${server.url}/dsp/2025-1${path}`, { headers: { authorization }, ...(body === undefined ? {} : post) })
  const text = await response.text()
  return { status: response.status, text, body: text === '' ? undefined : JSON.parse(text), type: response.headers.get('content-type') }
}

function expectValid(name: string, value: unknown): void {
  if (official !== undefined) expect(official.problems(name, value)).toBe('')
}

describe('creating requests', () => {
  test.each([
    ['/negotiations/request', initialRequest, 'receiveRequest', 'negotiation/contract-negotiation'],
    ['/negotiations/offers', { ...pids, consumerPid: undefined, '@type': 'ContractOfferMessage', offer, callbackAddress: 'https://p.example' }, 'receiveInitialOffer', 'negotiation/contract-negotiation'],
    ['/transfers/request', transferRequest, 'receiveRequest', 'transfer/transfer-process'],
  ])('trap 13: %s answers 201 with the process', async (path, message, name, schema) => {
    const answer = await send(path, message)
    expect(answer.status).toBe(201)
    expect(answer.type).toBe('application/json')
    expectValid(schema, answer.body)
    expect(calls).toEqual([{ name, input: [partner, JSON.parse(JSON.stringify(message))] }])
  })

  test('trap 1: a counter-message at the creating address, or an initial one at a process, is refused', async () => {
    const { callbackAddress: _, ...counter } = { ...initialRequest, providerPid: 'our-pid' }
    expect(await send('/negotiations/request', counter)).toMatchObject({ status: 400, body: { code: 'invalid-message' } })
    expect(await send('/negotiations/our-pid/request', initialRequest)).toMatchObject({ status: 400, body: { reason: [expect.stringContaining('must have providerPid')] } })
    const initialOffer = { '@context': context, '@type': 'ContractOfferMessage', providerPid: 'p', offer, callbackAddress: 'https://p.example' }
    expect(await send('/negotiations/our-pid/offers', initialOffer)).toMatchObject({ status: 400 })
    expect(calls).toEqual([])
    expect((await send('/negotiations/our-pid/request', counter)).status).toBe(200)
  })
})

const messages: readonly (readonly [path: string, body: Record<string, unknown>])[] = [
  ['/negotiations/our-pid/offers', { ...pids, '@type': 'ContractOfferMessage', offer }],
  ['/negotiations/our-pid/agreement', { ...pids, '@type': 'ContractAgreementMessage', agreement }],
  ['/negotiations/our-pid/agreement/verification', { ...pids, '@type': 'ContractAgreementVerificationMessage' }],
  ['/negotiations/our-pid/events', { ...pids, '@type': 'ContractNegotiationEventMessage', eventType: 'ACCEPTED' }],
  ['/negotiations/our-pid/events', { ...pids, '@type': 'ContractNegotiationEventMessage', eventType: 'FINALIZED' }],
  ['/negotiations/our-pid/termination', { ...pids, '@type': 'ContractNegotiationTerminationMessage', code: '1', reason: ['no'] }],
  ['/transfers/our-pid/start', { ...pids, '@type': 'TransferStartMessage' }],
  ['/transfers/our-pid/suspension', { ...pids, '@type': 'TransferSuspensionMessage' }],
  ['/transfers/our-pid/completion', { ...pids, '@type': 'TransferCompletionMessage' }],
  ['/transfers/our-pid/termination', { ...pids, '@type': 'TransferTerminationMessage' }],
]

describe('messages of a process', () => {
  test.each(messages)('%s is taken in and acknowledged with an empty 200', async (path, body) => {
    const raw = JSON.stringify({ '@id': 'm-1', 'x:unknown': [1], ...body }, null, 1)
    expect(await send(path, raw)).toMatchObject({ status: 200, text: '' })
    const [call] = calls
    expect(call?.name).toBe('receive')
    expect(call?.input.slice(0, 3)).toEqual([partner, 'our-pid', JSON.parse(raw)])
    // An agreement is kept byte for byte as it came.
    if (path.startsWith('/negotiations')) expect(call?.input[3]).toBe(raw)
  })

  test.each(messages)('%s refuses every other message, at the place, before anything is asked', async (path, body) => {
    for (const [, other] of messages) {
      if (other['@type'] === body['@type']) continue
      expect((await send(path, other)).body).toMatchObject({ code: 'invalid-message' })
    }
    expect(await send(path, { ...body, consumerPid: undefined })).toMatchObject({ status: 400 })
    expect(calls).toEqual([])
  })

  test('trap 15: addresses are taken with and without a slash at the end', async () => {
    expect((await send('/negotiations/our-pid/termination/', messages[5]?.[1])).status).toBe(200)
    expect((await send('/transfers/our-pid/start/', messages[6]?.[1])).status).toBe(200)
  })

  test('trap 20: eventType is ACCEPTED or FINALIZED; which of them may come is for the process to say', async () => {
    const event = messages[3]?.[1]
    expect(await send('/negotiations/our-pid/events', { ...event, eventType: 'REQUESTED' })).toMatchObject({ status: 400, body: { reason: ['/eventType: must be one of ACCEPTED,FINALIZED.'] } })
  })

  test('trap 22: ids are any text', async () => {
    const pid = 'a/b ñ?#%'
    expect((await send(`/negotiations/${encodeURIComponent(pid)}/termination`, messages[5]?.[1])).status).toBe(200)
    expect(calls[0]?.input[1]).toBe(pid)
  })

  test('trap 23: a start without dataAddress is taken, one with a broken address is not', async () => {
    const start = { ...pids, '@type': 'TransferStartMessage' }
    expect((await send('/transfers/our-pid/start', start)).status).toBe(200)
    expect((await send('/transfers/our-pid/start', { ...start, dataAddress: { '@type': 'DataAddress' } })).body.reason).toEqual(['/dataAddress: must have endpointType.'])
    const edc = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpointProperties: [{ '@type': 'EndpointProperty', name: 'https://w3id.org/edc/v0.0.1/ns/endpoint', value: 'http://x' }] }
    expect((await send('/transfers/our-pid/start', { ...start, dataAddress: edc })).status).toBe(200)
  })

  test('the state of a process, in both roles', async () => {
    const negotiation = await send('/negotiations/our-pid')
    const transfer = await send('/transfers/our-pid')
    expect([negotiation.status, transfer.status]).toEqual([200, 200])
    expectValid('negotiation/contract-negotiation', negotiation.body)
    expectValid('transfer/transfer-process', transfer.body)
  })
})

describe('refusals', () => {
  const [, termination = {}] = messages[5] ?? []

  test('trap 7: errors carry both process ids, a text code and a reason, where a process exists and where none does', async () => {
    const refusals = [
      await send('/negotiations/nowhere'),
      await send('/negotiations/request', { ...initialRequest, offer: 5 }),
      await send('/negotiations/request', 'not json'),
      await send('/negotiations/our-pid/termination', {}),
      await send('/negotiations/request', [1]),
      await send('/negotiations/a/b/c/d', {}),
      await send('/negotiations/request', initialRequest, ''),
    ]
    for (const { body } of refusals) expectValid('negotiation/contract-negotiation-error', body)
    expect(refusals.map(({ status }) => status)).toEqual([404, 400, 400, 400, 400, 404, 401])
    expect(refusals[1]?.body).toMatchObject({ consumerPid: 'c-1', providerPid: 'urn:uuid:00000000-0000-0000-0000-000000000000', reason: [expect.stringContaining('/offer')] })
    const transfer = await send('/transfers/nowhere')
    expectValid('transfer/transfer-error', transfer.body)
    expect(transfer.body).toMatchObject({ '@type': 'TransferError', providerPid: 'nowhere', consumerPid: 'nowhere' })
  })

  test('traps 10 and 12: a refusal of the process keeps its status and names the ids it is about', async () => {
    failure = new ProblemError('invalid-state', 'A verification is not allowed in REQUESTED.', { fields: { providerPid: 'p-1', consumerPid: 'c-1' } })
    expect(await send('/negotiations/our-pid/termination', termination)).toMatchObject({ status: 400, body: { code: 'invalid-state', providerPid: 'p-1', consumerPid: 'c-1' } })
    failure = new ProblemError('pid-mismatch', 'The ids do not belong together.')
    expect(await send('/negotiations/our-pid/termination', termination)).toMatchObject({ status: 400, body: { code: 'pid-mismatch', providerPid: 'their-pid', consumerPid: 'our-pid' } })
  })

  test("trap 11: another partner's process and none at all are the same, and name nothing the sender did not", async () => {
    failure = new ProblemError('not-found', 'There is no such negotiation.', { fields: { providerPid: 'secret', consumerPid: 'secret' } })
    const hidden = await send('/negotiations/x/termination', termination)
    expect(hidden.status).toBe(404)
    expect(hidden.text).not.toContain('secret')
  })

  test('a fault is a 500 that says nothing about itself, and is told to the operator', async () => {
    failure = new Error('password=hunter2')
    const answer = await send('/transfers/our-pid/start', messages[6]?.[1])
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('hunter2')
    expectValid('transfer/transfer-error', answer.body)
    expect(told).toEqual([failure])
  })

  test('a store that is away is a 503 to come back to', async () => {
    failure = new ProblemError('store-unavailable', 'Try again.')
    expect((await send('/negotiations/request', initialRequest)).status).toBe(503)
  })

  test.each([
    ['duplicate keys', '{"@type":"ContractRequestMessage","@type":"x"}', 'duplicate-key'],
    ['deep nesting', `${'['.repeat(2000)}${']'.repeat(2000)}`, 'too-deep'],
    ['a large body', `{"x":"${'x'.repeat(200_000)}"}`, 'too-large'],
    ['no JSON', '<xml/>', 'malformed-json'],
    ['no body', '', 'malformed-json'],
    ['NUL in a text', JSON.stringify({ ...initialRequest, consumerPid: 'a\0b' }), 'invalid-message'],
    ['half a character', JSON.stringify({ ...initialRequest, consumerPid: 'a' }).replace('"a"', '"\\ud800"'), 'invalid-message'],
    ['expanded JSON-LD', JSON.stringify([{ '@type': ['https://w3id.org/dspace/2025/1/ContractRequestMessage'] }]), 'invalid-message'],
    ['no context', JSON.stringify({ ...initialRequest, '@context': undefined }), 'invalid-message'],
  ])('%s is refused', async (_, body, code) => {
    const answer = await send('/negotiations/request', body)
    expect(answer.body).toMatchObject({ '@type': 'ContractNegotiationError', code })
    expect(answer.status).toBeLessThan(500)
    expect(calls).toEqual([])
  })

  test('unknown addresses, methods and broken encodings', async () => {
    expect(await send('/nothing')).toMatchObject({ status: 404, body: { '@type': 'CatalogError' } })
    expect(await send('/negotiations/request')).toMatchObject({ status: 404, body: { '@type': 'ContractNegotiationError' } })
    expect(await send('/transfers/%E0%A4%A')).toMatchObject({ status: 400, body: { '@type': 'TransferError' } })
    expect((await send('/negotiations/a%00b')).status).toBe(404)
  })

  test('nothing is read or asked before the sender is known', async () => {
    expect((await send('/negotiations/request', initialRequest, 'Bearer did:web:stranger.example')).status).toBe(401)
    expect(calls).toEqual([])
  })
})

describe('messages that follow', () => {
  const order: string[] = []
  let out = Promise.withResolvers<void>()
  let handling = Promise.withResolvers<void>()
  let wait: Promise<void> | undefined
  let other: TestServer

  beforeAll(async () => {
    const { negotiations, transfers } = recordingProcesses([])
    const receiveRequest: typeof negotiations.receiveRequest = async (sender, message) => {
      handling.resolve()
      await wait
      order.push('handled')
      return negotiations.receiveRequest(sender, message)
    }
    const afterAnswer = () => {
      order.push('out')
      out.resolve()
    }
    other = await serveProtocol(t, { negotiations: { ...negotiations, receiveRequest }, transfers, afterAnswer })
  })
  beforeEach(() => {
    order.length = 0
    out = Promise.withResolvers<void>()
    handling = Promise.withResolvers<void>()
  })
  afterAll(() => other.close())

  const request = (signal?: AbortSignal) =>
    fetch(`${other.url}/dsp/2025-1/negotiations/request`, { method: 'POST', headers: { authorization: `Bearer ${partner}` }, body: JSON.stringify(initialRequest), ...(signal === undefined ? {} : { signal }) })

  test('go out only when the answer is out', async () => {
    expect((await request()).status).toBe(201)
    await out.promise
    expect(order).toEqual(['handled', 'out'])
  })

  test('go out as well when the sender went away before its request was handled', async () => {
    const go = Promise.withResolvers<void>()
    wait = go.promise
    const abort = new AbortController()
    const failed = expect(request(abort.signal)).rejects.toThrow('aborted')
    await handling.promise
    abort.abort()
    await failed
    expect(order).toEqual([])
    go.resolve()
    await out.promise
    expect(order).toEqual(['handled', 'out'])
  })

  test('reading a catalog or a state wakes nothing', async () => {
    await (await fetch(`${other.url}/dsp/2025-1/negotiations/our-pid`, { headers: { authorization: `Bearer ${partner}` } })).text()
    expect(order).toEqual([])
  })
})
