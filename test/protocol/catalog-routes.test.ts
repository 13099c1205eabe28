import { request as httpRequest } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpSource, open, openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'
import { officialSchemas } from '../helpers/dsp-spec.ts'
import type { TestServer } from '../helpers/protocol.ts'
import { plainIdentity, serveProtocol } from '../helpers/protocol.ts'

const context = ['https://w3id.org/dspace/2025/1/context.jsonld']
const [city, region, stranger] = ['did:web:city.example', 'did:web:region.example', 'did:web:stranger.example']
const official = await officialSchemas()
const edcFilter = [{ '@type': 'QuerySpec', limit: 50, offset: 0, sortOrder: 'ASC', filterExpression: [] }]

let t: TestCatalog
let server: TestServer
beforeAll(async () => {
  t = await openTestCatalog()
  await t.addPartner(city)
  await t.addPartner(region)
  const full = {
    title: { ca: 'Despesa', en: 'Spending' },
    description: { en: 'Weekly' },
    publisher: 'https://publisher.example',
    theme: ['http://publications.europa.eu/resource/authority/data-theme/ECON', 'cards'],
    keywords: { en: ['cards', 'shops'], ca: ['targetes'] },
    license: 'https://creativecommons.org/licenses/by/4.0/',
    period: { start: '2026-01-01', end: '2026-06-30T00:00:00Z' },
    area: 'Barcelona',
    contact: { name: 'Office', email: 'a@b.example', url: 'https://b.example' },
    landingPage: 'https://b.example/data',
    updateFrequency: 'P1W',
    columns: [{ name: 'week', unit: 'ISO week', description: { en: 'Week' } }],
  }
  await t.catalog.createDataset({ id: 'for-city', metadata: full, source: httpSource })
  await t.catalog.createDataset({ id: 'for-region', metadata: { title: { en: "Robert'); drop table dataset; --" } }, source: { type: 'postgresql', connection: 'main', table: 'public.x' } })
  await t.catalog.createOffer({ id: 'offer-city', datasets: ['for-city'], policy: open, decision: 'automatic', audience: [city] })
  await t.catalog.createOffer({ id: 'offer-region', datasets: ['for-region'], policy: open, decision: 'automatic', audience: [region] })
  for (let n = 0; n < 118; n++) await t.catalog.createDataset({ id: `urn:x:${n}`, metadata: { title: { en: `Number ${n}` } }, source: httpSource })
  await t.catalog.createOffer({ id: 'all', datasets: Array.from({ length: 118 }, (_, n) => `urn:x:${n}`), policy: open, decision: 'automatic', audience: null })
  server = await serveProtocol(t)
})
afterAll(async () => {
  await server.close()
  await t.close()
})

interface Answer {
  code?: string
  dataset?: Answer[]
  hasPolicy?: unknown
  distribution?: { format: string }[]
  [property: string]: unknown
}

const headers = (partner: string) => ({ authorization: `Bearer ${partner}`, 'content-type': 'application/json; charset=utf-8' })

async function ask(partner: string, body: object | string = { '@context': context, '@type': 'CatalogRequestMessage' }, url = `${server.url}/dsp/2025-1/catalog/request`) {
  const response = await fetch(url, { method: 'POST', headers: headers(partner), body: typeof body === 'string' ? body : JSON.stringify(body) })
  const answer: Answer = JSON.parse(await response.text())
  return { status: response.status, answer, link: response.headers.get('link') ?? '', response }
}

async function dataset(partner: string, id: string) {
  const response = await fetch(`${server.url}/dsp/2025-1/catalog/datasets/${encodeURIComponent(id)}`, { headers: headers(partner) })
  const answer: Answer = JSON.parse(await response.text())
  return { status: response.status, answer }
}

function expectValid(name: string, value: unknown): void {
  if (official !== undefined) expect(official.problems(name, value)).toBe('')
}

const ids = (answer: Answer) => (answer.dataset ?? []).map((item) => item['@id'])
const linked = (link: string, relation: string) => new RegExp(`<([^>]+)>; rel="${relation}"`).exec(link)?.[1]

describe('catalog', () => {
  test('traps 5 and 27: a catalog is valid, its offers have no target, and its service is the address it was served through', async () => {
    const { status, answer, response } = await ask(city)
    expect(status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expectValid('catalog/catalog', answer)
    const base = `${server.url}/dsp/2025-1`
    expect(answer).toMatchObject({ '@context': context, '@type': 'Catalog', participantId: 'did:web:provider.example', service: [{ '@type': 'DataService', endpointURL: base }] })
    const [first] = answer.dataset ?? []
    expect(first?.distribution).toEqual([{ '@type': 'Distribution', format: 'HttpData-PULL', accessService: { '@id': base, '@type': 'DataService', endpointURL: base } }])
    expect(first?.hasPolicy).toEqual([{ '@id': 'offer-city', '@type': 'Offer', permission: [{ action: 'use' }] }])
  })

  test('traps 8 and 24: filter may be absent, must be a list, and unknown properties are let through', async () => {
    const body = { '@type': 'CatalogRequestMessage', 'x:unknown': { a: 1 }, '@context': context }
    expect((await ask(city, body)).status).toBe(200)
    const wrong = await ask(city, { ...body, filter: { limit: 5 } })
    expect(wrong).toMatchObject({ status: 400, answer: { '@type': 'CatalogError', code: 'invalid-message' } })
  })

  test('trap 14: @context last and with company, charset in the media type, or no media type at all', async () => {
    const text = `{"@id":"m-1","@type":"CatalogRequestMessage","filter":${JSON.stringify(edcFilter)},"@context":["${context[0]}","https://w3id.org/edc/dspace/v0.0.1"]}`
    expect((await ask(city, text)).answer.dataset).toHaveLength(50)
    expect(await bare('POST', '/dsp/2025-1/catalog/request', text)).toBe(200)
  })

  test('the filter of EDC is understood, others are refused as the specification says', async () => {
    const body = { '@context': context, '@type': 'CatalogRequestMessage' }
    expect(ids((await ask(city, { ...body, filter: edcFilter })).answer)).toHaveLength(50)
    const one = [{ ...edcFilter[0], filterExpression: [{ '@type': 'Criterion', operandLeft: 'https://w3id.org/edc/v0.0.1/ns/id', operator: '=', operandRight: 'for-city' }] }]
    expect(ids((await ask(city, { ...body, filter: one })).answer)).toEqual(['for-city'])
    expect(ids((await ask(region, { ...body, filter: one })).answer)).toEqual([])
    const refused = await ask(city, { ...body, filter: [{ title: 'x' }] })
    expect(refused).toMatchObject({ status: 400, answer: { '@type': 'CatalogError', code: 'unsupported-filter', reason: [expect.any(String)] } })
    expectValid('catalog/catalog-error', refused.answer)
  })

  test('trap 4: a catalog that holds nothing has no dataset list, and is valid', async () => {
    const { answer } = await ask(region, { '@context': context, '@type': 'CatalogRequestMessage', filter: [{ offset: 5000 }] })
    expect(answer).not.toHaveProperty('dataset')
    expectValid('catalog/catalog', answer)
  })

  test('trap 25: pages are linked with next and previous, in both directions, and the first page has what came first', async () => {
    const first = await ask(city)
    expect(ids(first.answer)[0]).toBe('for-city')
    expect(first.link).not.toContain('previous')
    const second = await ask(city, undefined, linked(first.link, 'next'))
    const third = await ask(city, undefined, linked(second.link, 'next'))
    expect(third.link).not.toContain('next')
    for (const page of [first, second, third]) expectValid('catalog/catalog', page.answer)
    expect([first, second, third].flatMap(({ answer }) => ids(answer))).toHaveLength(119)
    const back = await ask(city, undefined, linked(third.link, 'previous'))
    expect(ids(back.answer)).toEqual(ids(second.answer))
    expect(ids((await ask(city, undefined, linked(back.link, 'previous'))).answer)).toEqual(ids(first.answer))
  })

  test('page tokens that are not ours are refused', async () => {
    for (const query of ['cursor=x', 'cursor=', 'cursor=a&cursor=b', 'cursor[a]=1', 'cursor=%00']) {
      const { status, answer } = await ask(city, undefined, `${server.url}/dsp/2025-1/catalog/request?${query}`)
      if (query !== 'cursor[a]=1') expect([status, answer.code]).toEqual([400, 'invalid-cursor'])
      else expect([200, 400]).toContain(status)
    }
  })

  test('gzip where it is taken', async () => {
    const packed = await bytes('gzip')
    expect(packed.encoding).toBe('gzip')
    const plain = await bytes('identity')
    expect(plain.encoding).toBeUndefined()
    expect(gunzipSync(packed.body)).toEqual(plain.body)
    expect((await bytes('gzip;q=0')).encoding).toBeUndefined()
    expect(packed.body.length).toBeLessThan(plain.body.length / 4)
  })
})

describe('one dataset', () => {
  test('is valid, described in every language, with its columns', async () => {
    const { status, answer } = await dataset(city, 'for-city')
    expect(status).toBe(200)
    expectValid('catalog/dataset', answer)
    expect(answer['dct:title']).toEqual([
      { '@value': 'Despesa', '@language': 'ca' },
      { '@value': 'Spending', '@language': 'en' },
    ])
    expect(answer).toMatchObject({
      '@context': context,
      'dct:license': { '@id': 'https://creativecommons.org/licenses/by/4.0/' },
      'dct:temporal': { 'dcat:startDate': { '@value': '2026-01-01', '@type': 'xsd:date' }, 'dcat:endDate': { '@type': 'xsd:dateTime' } },
      'http://www.w3.org/ns/csvw#tableSchema': { 'http://www.w3.org/ns/csvw#column': [{ 'http://www.w3.org/ns/csvw#name': 'week' }] },
    })
  })

  test('a table can be pulled and pushed, and SQL in its name is text', async () => {
    const { answer } = await dataset(region, 'for-region')
    expectValid('catalog/dataset', answer)
    expect(answer.distribution?.map(({ format }) => format)).toEqual(['HttpData-PULL', 'HttpData-PUSH'])
    expect(answer['dct:title']).toEqual([{ '@value': "Robert'); drop table dataset; --", '@language': 'en' }])
  })

  test("another partner's dataset and one that does not exist are the same", async () => {
    const hidden = await dataset(city, 'for-region')
    expect(hidden).toEqual(await dataset(city, 'nowhere'))
    expect(hidden).toEqual(await dataset(city, "x' or '1'='1"))
    expect((await dataset(city, 'a\0b')).status).toBe(404)
    expect(hidden).toMatchObject({ status: 404, answer: { '@type': 'CatalogError', code: 'not-found' } })
    expectValid('catalog/catalog-error', hidden.answer)
  })
})

describe('who is let in', () => {
  test('trap 11: no token, a bad token and a good token of a stranger are the same 401', async () => {
    const answers = await Promise.all(['', 'Bearer x', 'Basic eA==', `Bearer ${stranger}`].map((authorization) => fetch(`${server.url}/dsp/2025-1/catalog/datasets/for-city`, { headers: { authorization } })))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    const bodies = await Promise.all(answers.map((answer) => answer.text()))
    expect(new Set(bodies).size).toBe(1)
    expectValid('catalog/catalog-error', JSON.parse(bodies[0] ?? ''))
  })

  test('the version document is open to all, at the root and under the protocol path', async () => {
    for (const [path, wanted] of [
      ['/.well-known/dspace-version', '/dsp/2025-1'],
      ['/dsp/.well-known/dspace-version', '/2025-1'],
    ]) {
      const response = await fetch(`${server.url}${path}`)
      const answer: { protocolVersions: unknown } = JSON.parse(await response.text())
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
      expectValid('common/protocol-version', answer)
      expect(answer.protocolVersions).toEqual([{ version: '2025-1', path: wanted, binding: 'HTTPS', identifierType: 'did:web' }])
    }
  })
})

test.each([
  ['did:web:p.example', '/.well-known/did.json'],
  ['did:web:p.example%3A8443:connectors:a', '/connectors/a/did.json'],
])('the DID document of %s is open to all at %s', async (id, path) => {
  const document = { '@context': ['https://www.w3.org/ns/did/v1'], id, verificationMethod: [], authentication: [], assertionMethod: [], service: [] }
  const other = await serveProtocol(t, { identity: { ...plainIdentity, id, document: () => document } })
  const response = await fetch(`${other.url}${path}`)
  expect([response.status, await response.json()]).toEqual([200, document])
  expect((await fetch(`${other.url}/did.json`)).status).toBe(404)
  await other.close()
})

function bare(method: string, path: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${city}`, 'transfer-encoding': 'chunked' } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    request.on('error', reject).end(body)
  })
}

function bytes(encoding: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...headers(city), 'accept-encoding': encoding } }
    const request = httpRequest(`${server.url}/dsp/2025-1/catalog/request`, options, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(parts) }))
    })
    request.on('error', reject).end(JSON.stringify({ '@context': context, '@type': 'CatalogRequestMessage' }))
  })
}
