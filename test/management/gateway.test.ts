import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { parse } from 'yaml'
import { ProblemError } from '../../src/errors.ts'
import { createPseudonyms } from '../../src/identity/pseudonym.ts'
import { until } from '../helpers/until.ts'
import { openParticipant } from '../identity/participant.ts'
import type { Participant } from '../identity/participant.ts'
import { fakeProcesses, operatorToken, startManagement, transfer } from './fixture.ts'
import type { Management } from './fixture.ts'
import { startStandInProvider } from './stand-in-provider.ts'
import type { Got, StandInProvider } from './stand-in-provider.ts'

const statistics = 'https://w3id.org/dpv#ProvideOfficialStatistics'
const research = 'https://w3id.org/dpv#ScientificResearch'
const jwt = 'eyJ.oidc.user'

let us: Participant
let provider: StandInProvider
let management: Management
let endpoint: string
let state: 'STARTED' | 'SUSPENDED'
const tokens = new Map<string, string>()

beforeAll(async () => {
  const clock = () => new Date()
  us = await openParticipant(clock)
  provider = await startStandInProvider(clock)
  const started = () => ({ ...transfer, counterparty: provider.id, counterpartyPid: 'their:pid', state })
  management = await startManagement({
    identity: us.identity,
    pseudonym: createPseudonyms(Buffer.alloc(32, 3)),
    oidc: async (token) => {
      if (token !== jwt) throw new ProblemError('unauthenticated', 'The access token does not count: it was made up.')
      return { issuer: 'https://login.example', user: 'Joan Pons', roles: ['analyst', 'planner'] }
    },
    transfers: {
      ...fakeProcesses([]).transfers,
      get: async () => started(),
      dataAddress: async () => {
        if (state !== 'STARTED') throw new ProblemError('conflict', 'The transfer is SUSPENDED.')
        return { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint, endpointProperties: [{ '@type': 'EndpointProperty', name: 'authorization', value: 'provider-token' }] }
      },
    },
  })
  await makeToken('analyst', { name: 'Anna Puig', role: 'analyst', purposes: [statistics, 'dpv:ScientificResearch'] })
  await makeToken('planner', { name: 'Pere', role: 'planner' })
  for (const role of ['steward', 'legal', 'auditor']) await makeToken(role, { name: role, role })
})
afterAll(async () => {
  await management.close()
  await provider.close()
  await us.close()
})
beforeEach(() => {
  state = 'STARTED'
  endpoint = provider.endpoint
  provider.got.length = 0
  provider.answer = (_got, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[{"n":1}]')
})

async function makeToken(key: string, json: object): Promise<void> {
  const { status, text: body } = await management.call('POST', '/tokens', { json })
  expect([key, status]).toEqual([key, 201])
  tokens.set(key, String(JSON.parse(body).token))
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Asks with the path as it is written: a client that parses addresses would tidy it up. */
function ask(path: string, options: { as?: string; method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
  const token = tokens.get(options.as ?? 'analyst') ?? options.as ?? ''
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(management.address)
    const headers = { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...options.headers }
    const sent = httpRequest({ hostname, port, path: `/gateway/${encodeURIComponent(transfer.id)}${path}`, method: options.method ?? 'GET', headers }, (answer) => {
      text(answer).then((body) => done({ status: answer.statusCode ?? 0, headers: answer.headers, text: body }), fail)
    })
    sent.once('error', fail)
    sent.end(options.body)
  })
}

const problemIn = ({ text: body }: Answer): Record<string, unknown> => JSON.parse(body)

function only(): Got {
  expect(provider.got).toHaveLength(1)
  const [got] = provider.got
  if (got === undefined) throw new Error('Nothing came')
  return got
}

const records = async (type: string) => (await management.deps.audit.entries({ limit: 1000, type })).at(-1)

describe('a permitted question', () => {
  test('reaches the provider as it was asked, with a statement for it and it alone', async () => {
    const query = "?select=district,sector,amount.sum(),cards.sum()&week=gte.2026-W10&name=eq.Gr%C3%A0cia+%20%22x%22&order=amount.sum.desc&empty=&a=~'*"
    const answer = await ask(query, { headers: { 'accept': 'application/json', 'prefer': 'count=exact', 'range-unit': 'items', 'range': '0-9', 'if-none-match': '"e"', 'x-other': 'stays here', 'cookie': 'stays=here' } })
    expect(answer).toMatchObject({ status: 200, text: '[{"n":1}]' })
    const got = only()
    expect(got).toMatchObject({ method: 'GET', path: '', query: query.replaceAll("'", '%27'), isFor: true })
    expect(got.headers).toMatchObject({ 'accept': 'application/json', 'prefer': 'count=exact', 'range-unit': 'items', 'range': '0-9', 'if-none-match': '"e"', 'authorization': 'Bearer provider-token' })
    expect(Object.keys(got.headers)).not.toEqual(expect.arrayContaining(['cookie']))
    expect(got.headers['x-other']).toBeUndefined()
    expect(got.statement).toMatchObject({ issuer: us.identity.id, audience: provider.id, agreement: transfer.agreementId, transfer: 'their:pid', role: 'analyst', purpose: statistics, idempotencyKey: got.headers['idempotency-key'] })
  })

  test('comes back with what the provider says beside the data', async () => {
    provider.answer = (_got, response) =>
      response
        .writeHead(206, { 'content-type': 'text/csv', 'content-range': '0-9/24', 'range-unit': 'items', 'concordat-withheld': 'groups=14; reason=minGroupSize', 'concordat-record': '41', 'etag': '"v1"', 'repr-digest': 'sha-256=:x:', 'preference-applied': 'count=exact', 'set-cookie': 'a=b', 'x-secret': '1' })
        .end('a\n1\n')
    const { status, headers, text: body } = await ask('?select=a')
    expect([status, body]).toEqual([206, 'a\n1\n'])
    expect(headers).toMatchObject({ 'content-type': 'text/csv', 'content-range': '0-9/24', 'range-unit': 'items', 'concordat-withheld': 'groups=14; reason=minGroupSize', 'concordat-record': '41', 'etag': '"v1"', 'repr-digest': 'sha-256=:x:', 'preference-applied': 'count=exact' })
    expect(headers['content-security-policy']).toContain('sandbox')
    expect([headers['set-cookie'], headers['x-secret']]).toEqual([undefined, undefined])
  })

  test('is recorded, and so is what came of it', async () => {
    provider.answer = (_got, response) => response.writeHead(200, { 'concordat-withheld': 'groups=<5; reason=minGroupSize', 'concordat-record': '77' }).end('abc')
    await ask('?select=a')
    const asked = await records('data.requested')
    const { statement } = only()
    expect(asked).toMatchObject({ transfer: transfer.id, agreement: transfer.agreementId, partner: provider.id, actor: 'Anna Puig', role: 'consumer', stated: { role: 'analyst', purpose: statistics, user: statement?.user }, request: { method: 'GET', query: '?select=a' } })
    expect(await until(() => records('data.received'), (record) => record?.['requested'] === asked?.index)).toMatchObject({ status: 200, bytes: 3, sha256: expect.stringMatching(/^ba7816bf/), withheld: 'groups=<5; reason=minGroupSize', providerRecord: 77 })
  })

  test('HEAD gives the headers', async () => {
    provider.answer = (_got, response) => response.writeHead(200, { 'content-length': '9', 'etag': '"v"' }).end()
    expect(await ask('?select=a', { method: 'HEAD' })).toMatchObject({ status: 200, text: '', headers: { 'content-length': '9', 'etag': '"v"' } })
    expect(only()).toMatchObject({ method: 'HEAD', isFor: true })
  })

  test('whatever stands in the query, the statement is for what the provider gets', async () => {
    const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)).filter((text) => text !== '#')
    const query = fc.array(fc.oneof(character, fc.constantFrom('%2F', '%', '%zz', '&', '=', '+', '?', '%C3%A0', "'", '..', '/'))).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        provider.got.length = 0
        expect((await ask(`?${text}`)).status).toBe(200)
        const got = only()
        expect(got.isFor).toBe(true)
        // Nothing is encoded a second time, and nothing decoded.
        expect(got.query.replaceAll(/%(22|27|3C|3E)/g, '')).toBe(text === '' ? '' : `?${text}`.replaceAll(/["'<>]|%(22|27|3C|3E)/g, ''))
      }),
      { numRuns: 150 },
    )
  })

  test("keeps the endpoint's own query before its own", async () => {
    endpoint = `${provider.endpoint}?key=a%2Fb`
    await ask('?select=a')
    expect(only()).toMatchObject({ query: '?key=a%2Fb&select=a', isFor: true })
  })
})

describe('an HTTP source', () => {
  test('is asked below the endpoint, also with POST', async () => {
    await ask('/stations/Gr%C3%A0cia?limit=5', { as: 'planner' })
    await ask('/search', { as: 'planner', method: 'POST', body: '{"q":1}', headers: { 'content-type': 'application/json', 'content-length': '7' } })
    expect(provider.got).toMatchObject([
      { path: '/stations/Gr%C3%A0cia', query: '?limit=5', isFor: true },
      { method: 'POST', path: '/search', query: '', body: '{"q":1}', isFor: true, headers: { 'content-type': 'application/json' } },
    ])
    expect(await records('data.requested')).toMatchObject({ request: { method: 'POST', path: '/search' } })
  })

  test.each(['/../other', '/a/../../b', '/a//b', '/%2e%2e/x', '/a%2fb', '/a\\b', '/a%00', '/a;b'])('%s does not leave it', async (path) => {
    expect(problemIn(await ask(path))).toMatchObject({ code: 'invalid-path' })
    expect(provider.got).toEqual([])
  })

  test('a query longer than an address may be is refused', async () => {
    expect(problemIn(await ask(`?id=in.(${'1,'.repeat(4000)}1)`))).toMatchObject({ code: 'query-too-large' })
    expect(provider.got).toEqual([])
  })

  test('other methods are refused', async () => {
    for (const [method, path] of [['POST', ''], ['PUT', '/a'], ['DELETE', '/a'], ['OPTIONS', '']] as const) expect((await ask(path, { method })).status).toBe(405)
    expect(provider.got).toEqual([])
  })
})

describe('who asks', () => {
  test('the pseudonym is the same for the same user, another for another user or partner, and never the name', async () => {
    await ask('')
    await ask('?a=1')
    await ask('', { as: 'planner' })
    const [first, second, other] = provider.got.map(({ statement }) => statement?.user)
    expect(first).toMatch(/^[\w-]{43}$/)
    expect([second === first, other === first]).toEqual([true, false])
    expect(JSON.stringify(provider.got)).not.toMatch(/Anna|Puig|Pere/)
    const pseudonym = createPseudonyms(Buffer.alloc(32, 3))
    expect(pseudonym('did:web:a', ['token', '1'])).not.toBe(pseudonym('did:web:b', ['token', '1']))
    expect(pseudonym('did:web:a', ['token', '1'])).not.toBe(createPseudonyms(Buffer.alloc(32, 4))('did:web:a', ['token', '1']))
  })

  test.each<[string, string, Record<string, string>, string]>([
    ['nobody', '', {}, '401 unauthenticated'],
    ['a wrong token', 'concordat_wrong', {}, '401 unauthenticated'],
    ['a made-up access token', 'a.b.c', {}, '401 unauthenticated'],
    ['a steward', 'steward', {}, '403 forbidden'],
    ['a lawyer', 'legal', {}, '403 forbidden'],
    ['an auditor', 'auditor', {}, '403 forbidden'],
    ['an analyst in another role', 'analyst', { 'concordat-role': 'planner' }, '403 forbidden'],
    ['an analyst as operator', 'analyst', { 'concordat-role': 'operator' }, '403 forbidden'],
    ['an analyst for another purpose', 'analyst', { 'concordat-purpose': 'dpv:Marketing' }, '403 forbidden'],
    ['a purpose that there is not', 'planner', { 'concordat-purpose': 'dpv:Statistics' }, '400 bad-request'],
    ['a purpose that only looks like one', 'planner', { 'concordat-purpose': 'https://w3id.org/dpv#Statistics' }, '400 bad-request'],
    ['an access token with two roles and no choice', jwt, {}, '400 bad-request'],
    ['an access token in a role it has not', jwt, { 'concordat-role': 'mayor' }, '403 forbidden'],
    ['a role that is no text', operatorToken, { 'concordat-role': ' é' }, '400 bad-request'],
    ['a key that is too long', 'planner', { 'idempotency-key': 'k'.repeat(201) }, '400 bad-request'],
  ])('%s is refused, and nothing leaves', async (_, as, headers, expected) => {
    const answer = await ask('?select=a', { as, headers })
    expect(`${answer.status} ${String(problemIn(answer)['code'])}`).toBe(expected)
    expect(provider.got).toEqual([])
  })

  test.each<[string, string, Record<string, string>, object]>([
    ['the first purpose of the token', 'analyst', {}, { role: 'analyst', purpose: statistics }],
    ['another purpose of the token', 'analyst', { 'concordat-purpose': 'ScientificResearch', 'concordat-role': 'analyst' }, { role: 'analyst', purpose: research }],
    ['any purpose, without a list', 'planner', { 'concordat-purpose': 'https://city.example/purposes/rents' }, { role: 'planner', purpose: 'https://city.example/purposes/rents' }],
    ['a chosen role of an access token', jwt, { 'concordat-role': 'planner', 'concordat-purpose': research }, { role: 'planner', purpose: research }],
    ['any role of an operator', operatorToken, { 'concordat-role': 'Head of planning' }, { role: 'Head of planning' }],
  ])('%s is stated', async (_, as, headers, stated) => {
    expect((await ask('', { as, headers })).status).toBe(200)
    expect(only().statement).toMatchObject(stated)
  })

  test('an access token is called by its user in our record only', async () => {
    await ask('', { as: jwt, headers: { 'concordat-role': 'analyst' } })
    expect(await records('data.requested')).toMatchObject({ actor: 'oidc:Joan Pons' })
    expect(JSON.stringify(only())).not.toContain('Joan')
  })

  test('a token of a user opens nothing else', async () => {
    for (const path of ['/self', '/transfers', `/transfers/${encodeURIComponent(transfer.id)}/data`, '/tokens', '/audit/entries']) expect(await management.call('GET', path, { token: tokens.get('analyst') ?? '' })).toMatchObject({ status: 403 })
  })

  test('purposes are for users of the gateway, and roles are plain words', async () => {
    for (const json of [{ name: 'x', role: 'auditor', purposes: [statistics] }, { name: 'x', role: 'Analyst' }, { name: 'x', role: '' }, { name: 'x', role: 'analyst', purposes: [] }, { name: 'x', role: 'analyst', purposes: ['dpv:Nothing'] }]) {
      expect(await management.call('POST', '/tokens', { json })).toMatchObject({ status: 400 })
    }
    const { text: listed } = await management.call('GET', '/tokens')
    expect(JSON.parse(listed).items).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'Anna Puig', role: 'analyst', purposes: [statistics, research] })]))
    expect(await records('token.created')).toMatchObject({ role: 'auditor' })
  })

  test('a transfer that is not started is refused', async () => {
    state = 'SUSPENDED'
    expect(problemIn(await ask(''))).toMatchObject({ code: 'conflict' })
    expect(provider.got).toEqual([])
  })
})

describe('a refusal of the provider', () => {
  const refuse = (status: number, document: unknown, headers: Record<string, string> = {}) => {
    provider.answer = (_got, response) => response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(typeof document === 'string' ? document : JSON.stringify(document))
  }

  test('comes through with its code, term and what would be needed, and nothing else of it', async () => {
    refuse(403, { code: 'not-permitted', title: 'x', detail: 'The purpose must be statistics.\u0007', term: 'purpose', needed: { operator: 'isA', value: [statistics, '__proto__'] }, stack: 'secret', type: 'https://evil.example', instance: '/x' }, { 'concordat-record': '12' })
    const answer = await ask('?select=a')
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': expect.stringContaining('application/problem+json'), 'concordat-record': '12' } })
    expect(problemIn(answer)).toEqual({
      type: 'urn:concordat:problem:not-permitted',
      title: 'The terms of the agreement do not permit this',
      status: 403,
      code: 'not-permitted',
      detail: 'The provider refused: The purpose must be statistics.\uFFFD',
      provider: 403,
      term: 'purpose',
      needed: { operator: 'isA', value: [statistics, '__proto__'] },
    })
    const asked = await records('data.requested')
    expect(await records('data.refused')).toMatchObject({ requested: asked?.index, status: 403, code: 'not-permitted', term: 'purpose', providerRecord: 12 })
  })

  test('says when to come back', async () => {
    refuse(429, { code: 'quota-exceeded', detail: 'No more today.', term: 'queriesPerDay' }, { 'retry-after': '3600' })
    expect(await ask('')).toMatchObject({ status: 429, headers: { 'retry-after': '3600' } })
  })

  test.each<[string, number, unknown, string]>([
    ['our own refusal in its mouth', 401, { code: 'unauthenticated' }, 'peer-failed'],
    ['a role that it speaks of', 403, { code: 'forbidden' }, 'peer-failed|not-permitted'],
    ['a code with another status', 404, { code: 'not-permitted' }, 'not-found'],
    ['a code that there is not', 403, { code: 'constructor' }, 'not-permitted'],
    ['no JSON', 400, '{', 'bad-request'],
    ['JSON that is no object', 410, '[1]', 'gone'],
    ['more than is read', 400, { code: 'invalid-query', detail: 'x'.repeat(20_000) }, 'bad-request'],
    ['a fault', 500, { code: 'internal', detail: 'secret' }, 'peer-failed'],
    ['a redirection', 302, {}, 'peer-failed'],
  ])('%s counts for its status', async (_, status, document, code) => {
    refuse(status, document, { location: 'https://evil.example/' })
    const answer = await ask('')
    expect(code.split('|')).toContain(problemIn(answer)['code'])
    expect(answer.text).not.toMatch(/secret|evil/)
  })

  test('is cut to size', async () => {
    refuse(400, { code: 'unknown-column', detail: 'd'.repeat(3000), column: 'c'.repeat(3000), allowed: Array.from({ length: 300 }, (_each, place) => place), needed: { a: { b: { c: { d: 1 } } } } })
    const { detail, column, allowed, needed } = problemIn(await ask(''))
    expect([String(detail).length < 1100, String(column).length, Array.isArray(allowed) && allowed.length, needed]).toEqual([true, 500, 100, { a: { b: { c: null } } }])
  })
})

test('a statement says on which legal basis, and what the organisation attests; nothing that is not said', async () => {
  const basis = 'https://w3id.org/dpv/legal/eu/data-act#A15-1-a'
  await ask('?select=a', { headers: { 'concordat-legal-basis': basis } })
  expect(provider.got.at(-1)?.statement).toMatchObject({ legalBasis: basis, securityLevel: 'high' })
  await ask('?select=a')
  expect(Object.keys(provider.got.at(-1)?.statement ?? {})).not.toEqual(expect.arrayContaining(['legalBasis']))
  expect(provider.got.at(-1)?.statement?.spatial).toBeUndefined()
  expect(problemIn(await ask('?select=a', { headers: { 'concordat-legal-basis': 'because' } }))).toMatchObject({ code: 'bad-request' })
})

describe('a lost connection', () => {
  const lost = (times: number) => {
    provider.answer = (_got, response) => (provider.got.length <= times ? response.destroy() : response.end('whole'))
  }

  test('before anything came is tried once more: the same key, another statement', async () => {
    lost(1)
    expect(await ask('?select=a', { headers: { 'idempotency-key': 'mine-1' } })).toMatchObject({ status: 200, text: 'whole' })
    const [first, second] = provider.got
    // Of another user the same key would be another.
    expect([first?.headers['idempotency-key'], second?.headers['idempotency-key']]).toEqual([first?.statement?.idempotencyKey, first?.statement?.idempotencyKey])
    expect(first?.headers['idempotency-key']).toMatch(/^[\w-]{43}$/)
    expect([second?.isFor, second?.statement?.id === first?.statement?.id]).toEqual([true, false])
    expect((await management.deps.audit.entries({ limit: 1000, type: 'data.requested' })).filter(({ request }) => JSON.stringify(request).includes('select=a')).length).toBeGreaterThan(0)
  })

  test('is tried no more than once, and recorded', async () => {
    lost(5)
    expect(problemIn(await ask('?select=lost'))).toMatchObject({ code: 'peer-failed' })
    expect(provider.got).toHaveLength(2)
    expect(new Set(provider.got.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    expect(await records('data.aborted')).toMatchObject({ bytes: 0, code: 'peer-failed', requested: (await records('data.requested'))?.index })
  })

  test('of a POST is not tried again', async () => {
    lost(1)
    expect(problemIn(await ask('/search', { method: 'POST', body: 'x' }))).toMatchObject({ code: 'peer-failed' })
    expect(provider.got).toHaveLength(1)
  })

  test('in the middle cuts the answer, and the record says so', async () => {
    provider.answer = (_got, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    }
    await expect(ask('?select=cut')).rejects.toThrow()
    expect(provider.got).toHaveLength(1)
    expect(await until(() => records('data.aborted'), (record) => record?.['bytes'] === 4)).toMatchObject({ status: 200 })
  })
})

describe("an operator's download", () => {
  const download = (query: string, headers: Record<string, string> = {}) => management.call('GET', `/transfers/${encodeURIComponent(transfer.id)}/data${query}`, { headers })

  test('carries a statement when a role or a purpose is given, and the query as it is', async () => {
    const query = 'select=district,amount.sum()&week=gte.2026-W10&name=eq.Gr%C3%A0cia'
    expect(await download(`?format=csv&role=analyst&purpose=dpv:ScientificResearch&query=${encodeURIComponent(query)}`, { prefer: 'count=exact' })).toMatchObject({ status: 200 })
    expect(only()).toMatchObject({ query: `?format=csv&${query}`, isFor: true, headers: { prefer: 'count=exact' }, statement: { role: 'analyst', purpose: research } })
  })

  test('carries none otherwise', async () => {
    await download('?format=parquet&version=3')
    expect(only()).toMatchObject({ query: '?format=parquet&version=3', statement: undefined })
    expect(await download('?purpose=dpv:Nothing')).toMatchObject({ status: 400 })
    expect(await download(`?query=${encodeURIComponent('a=1#b')}`)).toMatchObject({ status: 400 })
  })

  test('keeps a path and its query as they are', async () => {
    await download(`?path=${encodeURIComponent('/stations?name=a%2Fb+c')}`)
    expect(only()).toMatchObject({ path: '/stations', query: '?name=a%2Fb+c' })
  })
})

test('the document names what is served, and no more', async () => {
  const document: { paths: Record<string, Record<string, unknown>> } = parse(await readFile(new URL('../../openapi/gateway.yaml', import.meta.url), 'utf8'))
  expect(Object.entries(document.paths).map(([path, { parameters: _parameters, ...methods }]) => [path, Object.keys(methods)])).toEqual([
    ['/gateway/{transferId}', ['get', 'head']],
    ['/gateway/{transferId}/{path}', ['get', 'head', 'post']],
  ])
  for (const path of ['/gateway', '/gateway/', '/gateway/%ff']) expect((await fetch(`${management.address}${path}`, { headers: { authorization: `Bearer ${operatorToken}` } })).status).toBeGreaterThanOrEqual(400)
})
