import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import pg from 'pg'
import { onPostgresql } from '../helpers/database.ts'
import { acquaint, startTestConnector } from '../helpers/dataspace.ts'
import type { TestConnector } from '../helpers/dataspace.ts'
import { startPeer } from '../helpers/peer.ts'
import type { Peer, PeerReply, TokenChange } from '../helpers/peer.ts'
import { until } from '../helpers/until.ts'

// Bad input and attacks against the public listener of a whole connector, over HTTP, with real tokens.

const context = ['https://w3id.org/dspace/2025/1/context.jsonld']
const permission = [{ action: 'use' }]

let connector: TestConnector
let partner: Peer
let other: Peer
let stranger: Peer
/** What the partner answers while a test has it answer otherwise. */
let partnerAnswers: ((path: string) => PeerReply) | undefined

beforeAll(async () => {
  partner = await startPeer(({ path }) => partnerAnswers?.(path) ?? { status: 200 })
  other = await startPeer()
  stranger = await startPeer()
  // The partners' own ports may be called; everything else on this machine and its networks may not.
  connector = await startTestConnector({ settings: { CONCORDAT_ALLOW_ADDRESSES: [partner, other, stranger].map(({ url }) => new URL(url).host).join(',') } })
  await acquaint(connector, partner)
  await acquaint(connector, other)
  const { catalog } = connector.services
  const path = join(connector.dataDirectory, 'big.csv')
  await writeFile(path, `week,amount\n${'2026-W01,1234567\n'.repeat(1_500_000)}`)
  await catalog.createDataset({ id: 'data', metadata: { title: { en: 'Data' } }, source: { type: 'file' }, file: { path, fileName: 'big.csv', mediaType: 'text/csv', keep: 'move' } })
  await catalog.createOffer({ id: 'offer', datasets: ['data'], policy: { permission }, decision: 'automatic', audience: null })
})
afterAll(async () => {
  await connector.close()
  await Promise.all([partner, other, stranger].map((peer) => peer.close()))
})

interface Answered {
  readonly status: number
  readonly text: string
  readonly body: Record<string, unknown>
}

/** Sends, and holds every answer against what none may say. */
async function send(method: string, path: string, sending: { body?: string | Buffer; authorization?: string; headers?: Record<string, string> } = {}): Promise<Answered> {
  const answer = await fetch(connector.publicUrl + path, {
    method,
    headers: { authorization: sending.authorization ?? partner.authorization(connector.id), 'content-type': 'application/json', ...sending.headers },
    ...(sending.body === undefined ? {} : { body: sending.body }),
  })
  const text = await answer.text()
  expectNothingLeaks(answer.status, [...answer.headers].map((pair) => pair.join(': ')).join('\n'), text)
  const json = (answer.headers.get('content-type') ?? '').includes('json') && text !== ''
  return { status: answer.status, text, body: json ? JSON.parse(text) : {} }
}

function expectNothingLeaks(status: number, headers: string, text: string): void {
  expect(status).not.toBe(500)
  expect(headers).not.toMatch(/x-powered-by|^server:|express|node/im)
  if (status < 400) return
  const said = `${headers}\n${text}`
  expect(said).not.toMatch(/\bat .*:\d+:\d+|node_modules|node:internal|\/src\/|SQLSTATE|\bselect "|insert into "|ECONNREFUSED|postgres/i)
  expect(said).not.toContain(connector.dataDirectory)
}

const dsp = (path: string) => `/dsp/2025-1${path}`
const message = (type: string, more: object = {}) => JSON.stringify({ '@context': context, '@type': type, ...more })
const contractRequest = (more: object = {}) => message('ContractRequestMessage', { consumerPid: `urn:uuid:${randomUUID()}`, callbackAddress: partner.dspAddress, offer: { '@type': 'Offer', '@id': 'offer', target: 'data', permission }, ...more })
const termination = (pids: object) => message('ContractNegotiationTerminationMessage', pids)

interface Pids {
  readonly providerPid: string
  readonly consumerPid: string
}

async function agreed(): Promise<Pids & { agreementId: string }> {
  const consumerPid = `urn:uuid:${randomUUID()}`
  const { status, body } = await send('POST', dsp('/negotiations/request'), { body: contractRequest({ consumerPid }) })
  expect(status).toBe(201)
  const providerPid = String(body['providerPid'])
  const { text } = await partner.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
  const { agreement }: { agreement: { '@id': string } } = JSON.parse(text)
  return { providerPid, consumerPid, agreementId: agreement['@id'] }
}

async function finalized(): Promise<string> {
  const { agreementId, ...pids } = await agreed()
  expect((await send('POST', dsp(`/negotiations/${encodeURIComponent(pids.providerPid)}/agreement/verification`), { body: message('ContractAgreementVerificationMessage', pids) })).status).toBe(200)
  await partner.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(pids.consumerPid)}/events`)
  return agreementId
}

async function started(): Promise<Pids & { path: string; authorization: string }> {
  const consumerPid = `urn:uuid:${randomUUID()}`
  const agreementId = await finalized()
  const { status, body } = await send('POST', dsp('/transfers/request'), { body: message('TransferRequestMessage', { consumerPid, agreementId, format: 'HttpData-PULL', callbackAddress: partner.dspAddress }) })
  expect(status).toBe(201)
  const { text } = await partner.next(({ path }) => path === `/dsp/transfers/${encodeURIComponent(consumerPid)}/start`)
  const { dataAddress }: { dataAddress: { endpoint: string; endpointProperties: { name: string; value: string }[] } } = JSON.parse(text)
  const token = dataAddress.endpointProperties.find(({ name }) => name === 'authorization')?.value ?? ''
  return { providerPid: String(body['providerPid']), consumerPid, path: new URL(dataAddress.endpoint).pathname, authorization: token.includes(' ') ? token : `Bearer ${token}` }
}

const routes = [
  ['/catalog/request', 'CatalogError'],
  ['/negotiations/request', 'ContractNegotiationError'],
  ['/negotiations/offers', 'ContractNegotiationError'],
  ['/negotiations/:id/request', 'ContractNegotiationError'],
  ['/negotiations/:id/offers', 'ContractNegotiationError'],
  ['/negotiations/:id/agreement', 'ContractNegotiationError'],
  ['/negotiations/:id/agreement/verification', 'ContractNegotiationError'],
  ['/negotiations/:id/events', 'ContractNegotiationError'],
  ['/negotiations/:id/termination', 'ContractNegotiationError'],
  ['/transfers/request', 'TransferError'],
  ['/transfers/:id/start', 'TransferError'],
  ['/transfers/:id/suspension', 'TransferError'],
  ['/transfers/:id/completion', 'TransferError'],
  ['/transfers/:id/termination', 'TransferError'],
] as const
const types: Readonly<Record<string, string>> = {
  '/negotiations/:id/request': 'ContractRequestMessage',
  '/negotiations/:id/offers': 'ContractOfferMessage',
  '/negotiations/:id/agreement': 'ContractAgreementMessage',
  '/negotiations/:id/agreement/verification': 'ContractAgreementVerificationMessage',
  '/negotiations/:id/events': 'ContractNegotiationEventMessage',
  '/negotiations/:id/termination': 'ContractNegotiationTerminationMessage',
  '/transfers/:id/start': 'TransferStartMessage',
  '/transfers/:id/suspension': 'TransferSuspensionMessage',
  '/transfers/:id/completion': 'TransferCompletionMessage',
  '/transfers/:id/termination': 'TransferTerminationMessage',
}
/** What a message needs beside its pids. */
const contents: Readonly<Record<string, object>> = {
  '/negotiations/:id/request': { offer: { '@type': 'Offer', '@id': 'offer', target: 'data', permission } },
  '/negotiations/:id/offers': { offer: { '@type': 'Offer', '@id': 'offer', target: 'data', permission } },
  '/negotiations/:id/agreement': { agreement: { '@type': 'Agreement', '@id': 'a', target: 'data', assigner: 'did:web:a.example', assignee: 'did:web:b.example', timestamp: '2026-03-01T10:00:00Z', permission } },
  '/negotiations/:id/events': { eventType: 'ACCEPTED' },
}

describe.each(routes)('POST %s', (route, errorType) => {
  const path = dsp(route.replace(':id', 'nothing'))
  test.each([
    ['no JSON', '{"@type":', 400, 'malformed-json'],
    ['nothing', '', 400, 'malformed-json'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'malformed-json'],
    ['a list', '[]', 400, 'invalid-message'],
    ['a text', '"x"', 400, 'invalid-message'],
    ['null', 'null', 400, 'invalid-message'],
    ['wrong types', '{"@context":5,"@type":[{}],"consumerPid":{},"providerPid":[1]}', 400, 'invalid-message'],
    ['no context', message('X').replace(/"@context":\[[^\]]*\],/, ''), 400, 'invalid-message'],
    ['another context', message('X').replace('2025/1', '2024/1'), 400, 'invalid-message'],
    ['a key twice', '{"@type":"X","@type":"Y"}', 400, 'duplicate-key'],
    ['a key spelled with escapes', '{"\\u0040type":"X"}', 400, 'malformed-json'],
    ['10,000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400, 'too-deep'],
    ['2 MB', JSON.stringify({ filler: 'x'.repeat(2 * 1024 * 1024) }), 413, 'too-large'],
  ])('%s', async (_, body, status, code) => {
    const answered = await send('POST', path, { body })
    expect([answered.status, answered.body['@type'], answered.body['code']]).toEqual([status, errorType, code])
  })

  test('a packed body', async () => {
    const answered = await send('POST', path, { body: '{}', headers: { 'content-encoding': 'gzip' } })
    expect([answered.status, answered.body['@type']]).toEqual([415, errorType])
  })

  if (types[route] === undefined) return
  test("another partner's process and none at all cannot be told apart", async () => {
    const pids = await agreed()
    const unknown = `urn:uuid:${randomUUID()}`
    const ask = async (id: string) => send('POST', dsp(route.replace(':id', encodeURIComponent(id))), { body: message(types[route] ?? '', { ...pids, providerPid: id, ...contents[route] }), authorization: other.authorization(connector.id) })
    const [theirs, none] = [await ask(pids.providerPid), await ask(unknown)]
    const hide = ({ status, text }: Answered) => [status, text.replaceAll(pids.providerPid, '*').replaceAll(unknown, '*')]
    expect(theirs.status).toBe(404)
    expect(hide(theirs)).toEqual(hide(none))
  })
})

test('a wrong pair of pids is refused, and unknown properties are let be', async () => {
  const pids = await agreed()
  const path = dsp(`/negotiations/${encodeURIComponent(pids.providerPid)}/termination`)
  for (const wrong of [{ ...pids, consumerPid: 'x' }, { ...pids, providerPid: 'x' }, { providerPid: pids.consumerPid, consumerPid: pids.providerPid }]) {
    const { status, body } = await send('POST', path, { body: termination(wrong) })
    expect([status, body['code']]).toEqual([400, 'pid-mismatch'])
  }
  expect((await send('POST', path, { body: message('ContractNegotiationTerminationMessage', { ...pids, agreementId: undefined, extra: { __proto__: null, constructor: 1 } }) })).status).toBe(200)
})

test('100 MB are answered before they are read', async () => {
  const sent = httpRequest(connector.publicUrl + dsp('/catalog/request'), { method: 'POST', headers: { authorization: partner.authorization(connector.id), 'content-type': 'application/json', 'transfer-encoding': 'chunked' } })
  sent.on('error', () => undefined)
  let written = 0
  const chunk = Buffer.alloc(64 * 1024, 0x20)
  const push = () => {
    while (written < 100 * 1024 * 1024 && !sent.destroyed) {
      written += chunk.length
      if (!sent.write(chunk)) return void sent.once('drain', push)
    }
  }
  push()
  const [response]: IncomingMessage[] = await once(sent, 'response')
  expect(response?.statusCode).toBe(413)
  sent.destroy()
  expect(written).toBeLessThan(20 * 1024 * 1024)
})

describe('tokens', () => {
  const anotherKey = generateKeyPairSync('ed25519').privateKey
  const now = Math.floor(Date.now() / 1000)
  const bad: [string, () => string | undefined][] = [
    ['none', () => ''],
    ['no token', () => 'Bearer'],
    ['expired', () => token({ claims: { iat: now - 900, exp: now - 660 } })],
    ['valid for an hour', () => token({ claims: { exp: now + 3600 } })],
    ['from the future', () => token({ claims: { iat: now + 3600, exp: now + 3700 } })],
    ['for another audience', () => partner.authorization(other.id)],
    ['for several audiences', () => token({ claims: { aud: [connector.id, other.id] } })],
    ['signed with another key', () => token({ signWith: anotherKey })],
    ['of a stranger', () => stranger.authorization(connector.id)],
    ['of a stranger who names a partner', () => stranger.authorization(connector.id, { claims: { iss: partner.id, sub: partner.id } })],
    ["with another DID's key", () => token({ header: { kid: stranger.kid }, signWith: stranger.privateKey })],
    ['whose iss and sub differ', () => token({ claims: { sub: other.id } })],
    ['without jti', () => token({ claims: { jti: undefined } })],
    ['alg none', () => token({ header: { alg: 'none' } }).replace(/[^.]+$/, '')],
    ['alg none, with a signature', () => token({ header: { alg: 'none' } })],
    ['the public key as a shared secret', () => hmac()],
    ['a critical extension', () => token({ header: { crit: ['x'], x: 1 } })],
    ['an embedded key', () => token({ header: { jwk: stranger.publicJwk }, signWith: stranger.privateKey })],
    ['9,000 characters', () => `Bearer ${'x'.repeat(9_000)}`],
  ]
  const token = (change: TokenChange) => partner.authorization(connector.id, change)
  const hmac = () => {
    const [head = '', payload = ''] = token({ header: { alg: 'HS256' } }).replace('Bearer ', '').split('.')
    return `Bearer ${head}.${payload}.${createHmac('sha256', JSON.stringify(partner.publicJwk)).update(`${head}.${payload}`).digest('base64url')}`
  }

  test.each(bad)('%s: the same 401 everywhere', async (_, make) => {
    const authorization = make() ?? ''
    const { providerPid } = await agreed()
    const said = new Set<string>()
    for (const path of ['/catalog/request', '/negotiations/request', `/negotiations/${encodeURIComponent(providerPid)}`, '/negotiations/nothing', '/catalog/datasets/data']) {
      const answered = path.endsWith('request') ? await send('POST', dsp(path), { body: '{}', authorization }) : await send('GET', dsp(path), { authorization })
      expect([path, answered.status, answered.body['code']]).toEqual([path, 401, 'unauthenticated'])
      said.add(String(answered.body['reason']))
    }
    expect(said.size).toBe(1)
  })
})

describe('addresses that a partner names', () => {
  const refused = ['http://127.0.0.1:9/x', 'http://localhost:9/x', 'http://[::1]:9/', 'http://169.254.169.254/latest/meta-data', 'http://10.0.0.1/', 'https://192.168.1.1/', 'http://[fd00::1]/', 'http://[::ffff:127.0.0.1]/', 'http://2130706433/', 'http://0x7f.1/', 'https://metadata.internal/', 'http://public.example.org/', 'file:///etc/passwd', 'ftp://example.org/', 'not an address', '', `https://user:secret@example.org/`]
  test.each(refused)('callback %j', async (callbackAddress) => {
    const offered = { '@type': 'Offer', '@id': 'offer', target: 'data', permission }
    const sent = [
      await send('POST', dsp('/negotiations/request'), { body: contractRequest({ callbackAddress }) }),
      await send('POST', dsp('/negotiations/offers'), { body: message('ContractOfferMessage', { providerPid: randomUUID(), offer: offered, callbackAddress }) }),
      await send('POST', dsp('/transfers/request'), { body: message('TransferRequestMessage', { consumerPid: randomUUID(), agreementId: 'x', format: 'HttpData-PULL', callbackAddress }) }),
    ]
    expect(sent.map(({ status, body }) => [status, body['code']])).toEqual(sent.map(() => [400, 'address-refused']))
  })

  test('push addresses', async () => {
    const agreementId = await finalized()
    for (const endpoint of refused) {
      const dataAddress = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint }
      const { status, body } = await send('POST', dsp('/transfers/request'), { body: message('TransferRequestMessage', { consumerPid: randomUUID(), agreementId, format: 'HttpData-PUSH', callbackAddress: partner.dspAddress, dataAddress }) })
      expect([endpoint, status, ['address-refused', 'invalid-message'].includes(String(body['code']))]).toEqual([endpoint, 400, true])
    }
  })

  test('a redirect of a message is not followed', async () => {
    partnerAnswers = (path) => (path.endsWith('/agreement') ? { status: 307, headers: { location: `${stranger.url}/taken` } } : { status: 200 })
    const consumerPid = `urn:uuid:${randomUUID()}`
    expect((await send('POST', dsp('/negotiations/request'), { body: contractRequest({ consumerPid }) })).status).toBe(201)
    await partner.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
    await connector.settle()
    expect(stranger.received).toEqual([])
    partnerAnswers = undefined
  })
})

describe('names', () => {
  const odd = ["'; drop table negotiation; --", '" or 1=1 --', '../../etc/passwd', '..%2f..%2fx', '%00', 'a/b?c#d', '${x}', '\u{1f469}\u200d\u{1f680}', 'x'.repeat(2_000), '__proto__']
  test.each(odd)('a process may be called %j', async (name) => {
    const consumerPid = `${name} ${randomUUID()}`
    const first = await send('POST', dsp('/negotiations/request'), { body: contractRequest({ consumerPid }) })
    expect([first.status, first.body['consumerPid']]).toEqual([201, consumerPid])
    const read = await send('GET', dsp(`/negotiations/${encodeURIComponent(String(first.body['providerPid']))}`))
    expect(read.body['consumerPid']).toBe(consumerPid)
    // Our messages reach it under its name, and it stays one segment of the path.
    await partner.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
  })

  test.each(odd)('nothing is found under %j', async (name) => {
    for (const path of [dsp('/negotiations/'), dsp('/transfers/'), dsp('/catalog/datasets/')]) expect((await send('GET', path + encodeURIComponent(name))).status).toBe(404)
    for (const path of ['/data/', '/inbox/']) expect([401, 404, 405]).toContain((await send(path === '/data/' ? 'GET' : 'PUT', path + encodeURIComponent(name), { authorization: 'Bearer x', ...(path === '/data/' ? {} : { body: 'x' }) })).status)
  })

  test('NUL and half characters are refused, for they cannot be kept', async () => {
    for (const consumerPid of ['a\u0000b', '\ud800']) expect((await send('POST', dsp('/negotiations/request'), { body: contractRequest({ consumerPid }) })).status).toBe(400)
  })

  test.each(['/data/../../etc/passwd', '/.well-known/../../x', '//etc/passwd', '/dsp/2025-1/..%2f..%2fmanagement', '/%', '/dsp/2025-1/negotiations/%ff', '/data/%E0%A4%A', '/partners', '/metrics', '/health/ready', '/events'])('%s', async (path) => {
    const answer = httpRequest(`${connector.publicUrl}/`, { path, headers: { authorization: partner.authorization(connector.id) } }).end()
    const [response]: IncomingMessage[] = await once(answer, 'response')
    const text = (await response?.toArray())?.join('') ?? ''
    expect([400, 401, 404]).toContain(response?.statusCode)
    expectNothingLeaks(response?.statusCode ?? 0, JSON.stringify(response?.headers), text)
  })
})

describe('readers', () => {
  test('ten that read nothing hold up nobody; when they go away, that is recorded', async () => {
    const { path, authorization, providerPid } = await started()
    const readers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const reader = httpRequest(connector.publicUrl + path, { headers: { authorization } })
        reader.on('error', () => undefined)
        reader.end()
        const [response]: IncomingMessage[] = await once(reader, 'response')
        response?.pause().on('error', () => undefined)
        return reader
      }),
    )
    expect((await send('POST', dsp('/catalog/request'), { body: message('CatalogRequestMessage') })).status).toBe(200)
    expect((await fetch(connector.publicUrl + path, { headers: { authorization, range: 'bytes=0-3' } })).status).toBe(206)
    for (const reader of readers) reader.destroy()
    const entries = await until(
      () => connector.services.audit.entries({ transfer: providerPid, limit: 1000 }),
      // Outcomes of a moment may share a record.
      (all) => all.filter(({ type }) => type === 'data.aborted').reduce((sum, { count }) => sum + (typeof count === 'number' ? count : 1), 0) === 10,
    )
    expect(entries.filter(({ type }) => type === 'data.permitted')).toHaveLength(11)
  })
})

const withPostgresql = onPostgresql ? test : test.skip
withPostgresql('the database goes away: 503 and nothing leaves; it comes back: everything goes on without a restart', async () => {
  const { path, authorization } = await started()
  await connector.settle()
  const admin = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] })
  await admin.connect()
  const name = await databaseName()
  await admin.query(`alter database ${name} with allow_connections false`)
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
  const refused = await send('POST', dsp('/negotiations/request'), { body: contractRequest() })
  expect([refused.status, refused.body['@type'], refused.body['code']]).toEqual([503, 'ContractNegotiationError', 'store-unavailable'])
  const kept = await send('GET', path, { authorization })
  expect([kept.status, kept.text.includes('2026-W01')]).toEqual([503, false])
  await admin.query(`alter database ${name} with allow_connections true`)
  await admin.end()
  expect((await send('POST', dsp('/negotiations/request'), { body: contractRequest() })).status).toBe(201)
  expect((await fetch(connector.publicUrl + path, { headers: { authorization, range: 'bytes=0-3' } })).status).toBe(206)
})

async function databaseName(): Promise<string> {
  const { sql } = await import('kysely')
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(connector.services.database.db)
  return rows[0]?.name ?? ''
}

test('after all that it still does its work', async () => {
  await finalized()
  const { status, body } = await send('POST', dsp('/catalog/request'), { body: message('CatalogRequestMessage') })
  expect([status, body['@type']]).toEqual([200, 'Catalog'])
})
