import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertAgreement } from '../../src/agreements/store.ts'
import type { DataAddress } from '../../src/transfer/messages.ts'
import { at, negotiation, operatorToken, partner, startManagement, transfer } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
let provider: Server
let address: DataAddress
const seen: IncomingMessage[] = []
const content = Buffer.from('district,people\n1,10\n')

beforeAll(async () => {
  provider = createServer((req, res) => {
    seen.push(req)
    if (req.headers.authorization !== 'Bearer provider-token') return res.writeHead(401).end()
    if (req.url?.includes('missing')) return res.writeHead(404).end('{}')
    if (req.url?.includes('redirect')) return res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    if (req.url?.includes('cut')) {
      res.writeHead(200, { 'content-length': '1000' })
      return res.write('half', () => res.destroy())
    }
    const headers = { 'content-type': 'text/html', etag: '"abc"', 'content-digest': 'sha-256=:x:', 'set-cookie': 'a=b', 'accept-ranges': 'bytes' }
    if (req.headers.range === 'bytes=5-9') return res.writeHead(206, { ...headers, 'content-range': `bytes 5-9/${content.length}` }).end(content.subarray(5, 10))
    return res.writeHead(200, { ...headers, 'content-length': content.length }).end(req.method === 'HEAD' ? undefined : content)
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  const bound = provider.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  address = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint: `http://127.0.0.1:${port}/data/t1` }
  management = await startManagement()
  Object.assign(management.deps.transfers, { dataAddress: async () => address })
  await management.call('POST', '/partners', { json: { id: partner, name: 'Partner' } })
})
afterAll(async () => {
  await management.close()
  provider.close()
})

const last = (name: string) => management.recorded.findLast((call) => call.name === name)?.input
const negotiationPath = `/negotiations/${encodeURIComponent(negotiation.id)}`
const transferPath = `/transfers/${encodeURIComponent(transfer.id)}`

function properties(...pairs: [string, string][]): DataAddress {
  return { ...address, endpointProperties: pairs.map(([name, value]) => ({ '@type': 'EndpointProperty', name, value })) }
}

describe('Negotiations', () => {
  const offer = { '@id': 'urn:uuid:o1', '@type': 'Offer', target: 'urn:uuid:d1', permission: [{ action: 'use' }] }

  test('as consumer find the offer in the catalog of the partner, whether the dataset is named or not', async () => {
    const made = await management.call('POST', '/negotiations', { json: { partner, offer: 'urn:uuid:o1' } })
    expect(made).toMatchObject({ status: 201, headers: { location: negotiationPath, etag: '"3"' }, body: { partner, state: 'REQUESTED', dataset: 'urn:uuid:d1' } })
    expect(last('negotiations.request')).toEqual({ partner, offer, actor: 'operator' })
    await management.call('POST', '/negotiations', { json: { partner, offer: 'urn:uuid:o1', dataset: 'urn:uuid:d1', decision: 'manual' } })
    expect(last('negotiations.request')).toEqual({ partner, offer, decision: 'manual', actor: 'operator' })
    expect(await management.call('POST', '/negotiations', { json: { partner, offer: 'urn:uuid:o1', dataset: 'urn:uuid:d0' } })).toMatchObject({ status: 400, body: { code: 'unknown-offer' } })
    expect(await management.call('POST', '/negotiations', { json: { partner, offer: 'urn:uuid:none' } })).toMatchObject({ status: 400, body: { code: 'unknown-offer' } })
    expect(await management.call('POST', '/negotiations', { json: { partner: 'did:web:nobody.example', offer: 'urn:uuid:o1' } })).toMatchObject({ status: 404 })
  })

  test('may begin with a whole offer, of which no term is dropped', async () => {
    await management.call('POST', '/negotiations', { json: { partner, offer: { ...offer, '@id': 'urn:uuid:mine', assigner: partner } } })
    expect(last('negotiations.request')).toEqual({ partner, offer: { ...offer, '@id': 'urn:uuid:mine', assigner: partner }, actor: 'operator' })
    const refused = await management.call('POST', '/negotiations', { json: { partner, offer: { ...offer, prohibition: [{ action: 'juggle' }] } } })
    expect(refused).toMatchObject({ status: 400, body: { code: 'unsupported-policy', detail: expect.stringContaining('/body/offer/prohibition/0/action') } })
    const until = { leftOperand: 'http://www.w3.org/ns/odrl/2/dateTime', operator: 'lt', rightOperand: { '@value': '2027-01-01T00:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' } }
    await management.call('POST', '/negotiations', { json: { partner, offer: { ...offer, permission: [{ action: 'odrl:use', constraint: [{ ...until, leftOperand: 'odrl:dateTime' }] }] } } })
    expect(last('negotiations.request')).toMatchObject({ offer: { permission: [{ action: 'use', constraint: [until] }] } })
    expect(await management.call('POST', '/negotiations', { json: { partner, offer, dataset: 'urn:uuid:other' } })).toMatchObject({ status: 400, body: { code: 'bad-request' } })
  })

  test('are offered as provider, read, and moved on', async () => {
    expect(await management.call('POST', '/negotiations/offers', { json: { partner, offer: 'urn:uuid:o1' } })).toMatchObject({ status: 201 })
    expect(last('negotiations.offer')).toEqual({ partner, offerId: 'urn:uuid:o1', actor: 'operator' })
    expect(await management.call('GET', '/negotiations?state=REQUESTED&role=consumer&limit=5')).toMatchObject({ status: 200, body: { next: 'more' } })
    expect(last('negotiations.list')).toEqual({ state: 'REQUESTED', role: 'consumer', limit: 5 })
    expect(await management.call('GET', negotiationPath)).toMatchObject({ status: 200, headers: { etag: '"3"' } })
    for (const verb of ['accept', 'approve', 'terminate']) {
      expect(await management.call('POST', `${negotiationPath}/${verb}`)).toMatchObject({ status: 200 })
      expect(last(`negotiations.${verb}`)).toEqual([negotiation.id, verb === 'terminate' ? { actor: 'operator' } : 'operator'])
    }
    await management.call('POST', `${negotiationPath}/terminate`, { json: { code: 'no', reason: 'Not now' } })
    expect(last('negotiations.terminate')).toEqual([negotiation.id, { code: 'no', reason: 'Not now', actor: 'operator' }])
    await management.call('POST', `${negotiationPath}/counter`, { json: { policy: { permission: [{ action: 'use' }] } } })
    expect(last('negotiations.counter')).toMatchObject([negotiation.id, { '@type': 'Offer', target: 'urn:uuid:d1', permission: [{ action: 'use' }] }])
    expect(await management.call('POST', `${negotiationPath}/counter`, { json: { policy: { permission: [{ action: 'juggle' }] } } })).toMatchObject({ status: 400, body: { code: 'unsupported-policy' } })
  })
})

describe('Agreements', () => {
  test('are read, and their message byte for byte', async () => {
    const message = '{ "@type":"ContractAgreementMessage",  "x":"ñ" }\n'
    const messageSha256 = createHash('sha256').update(message).digest('hex')
    const agreement = { '@id': 'urn:uuid:a1', '@type': 'Agreement', target: 'urn:uuid:d1', assigner: partner, assignee: 'did:web:us.example', timestamp: '2026-03-02T09:30:00Z', permission: [{ action: 'use' }] } as const
    const row = { id: 'urn:uuid:a1', role: 'consumer', negotiationId: 'n', counterparty: partner, assigner: partner, assignee: 'did:web:us.example', datasetId: 'urn:uuid:d1', messageSha256, agreement, signedAt: '2026-03-02T09:30:00Z', createdAt: at } as const
    await insertAgreement(management.deps.database.db, { ...row, message })
    expect(await management.call('GET', `/agreements?partner=${encodeURIComponent(partner)}`)).toMatchObject({ body: { items: [{ id: 'urn:uuid:a1', messageSha256, finalizedAt: null }], next: null } })
    expect(await management.call('GET', '/agreements/urn%3Auuid%3Aa1')).toMatchObject({ status: 200, body: { agreement: { permission: [{ action: 'use' }] } } })
    const exact = await management.call('GET', '/agreements/urn%3Auuid%3Aa1/message')
    expect(exact.text).toBe(message)
    expect(exact.headers['content-digest']).toBe(`sha-256=:${Buffer.from(messageSha256, 'hex').toString('base64')}:`)
    expect(await management.call('GET', '/agreements/none/message')).toMatchObject({ status: 404 })
    expect(await management.call('GET', '/agreements/urn%3Auuid%3Aa1')).toMatchObject({ body: { endsAt: null, obligations: 0 } })
    for (const lang of ['en', 'ca', 'es']) {
      const explained = await management.call('GET', `/agreements/urn%3Auuid%3Aa1/explanation?lang=${lang}`)
      expect(explained).toMatchObject({ status: 200, body: { language: lang, text: expect.any(String), sentences: [{ text: expect.any(String), at: '/permission/0', level: 0, enforcement: 'enforced', label: expect.any(String) }] } })
    }
    expect(await management.call('GET', '/agreements/urn%3Auuid%3Aa1/explanation?lang=fr')).toMatchObject({ status: 400 })
    expect(await management.call('GET', '/agreements/none/explanation')).toMatchObject({ status: 404 })
    expect(await management.call('POST', '/agreements/urn%3Auuid%3Aa1/revoke', { json: { reason: 'The purpose has changed' } })).toMatchObject({ status: 409 })
    expect(last('transfers.revokeAgreement')).toEqual(['urn:uuid:a1', { reason: 'The purpose has changed', actor: 'operator' }])
    expect(await management.call('GET', '/agreements?cursor=x')).toMatchObject({ status: 400, body: { code: 'invalid-cursor' } })
  })
})

describe('Transfers', () => {
  test('are asked for, read and moved on, and never show a token', async () => {
    expect(await management.call('POST', '/transfers', { json: { agreement: 'urn:uuid:a1' } })).toMatchObject({ status: 201, headers: { location: transferPath, etag: '"2"' } })
    expect(last('transfers.request')).toEqual({ agreementId: 'urn:uuid:a1', format: 'HttpData-PULL', actor: 'operator' })
    expect(await management.call('GET', '/transfers?state=STARTED&agreement=urn%3Auuid%3Aa1')).toMatchObject({ status: 200, body: { next: null } })
    expect(last('transfers.list')).toEqual({ state: 'STARTED', agreement: 'urn:uuid:a1', limit: 100 })
    for (const verb of ['start', 'suspend', 'resume', 'complete', 'terminate']) expect(await management.call('POST', `${transferPath}/${verb}`)).toMatchObject({ status: 200 })
    await management.call('POST', `${transferPath}/suspend`, { json: { reason: 'Maintenance' } })
    expect(last('transfers.suspend')).toEqual([transfer.id, { reason: 'Maintenance', actor: 'operator' }])
    expect(await management.call('GET', `${transferPath}/deliveries?limit=1`)).toMatchObject({ body: { items: [{ fileName: 'a.csv', receipt: null }] } })
  })

  test('give their data address to an operator, however the provider names its properties', async () => {
    const iri = 'https://w3id.org/edc/v0.0.1/ns/'
    const cases: [DataAddress, { endpoint: string | undefined; authorization: string }][] = [
      [properties(['authorization', 'provider-token'], ['authType', 'bearer']), { endpoint: address.endpoint, authorization: 'Bearer provider-token' }],
      [properties(['authorization', 'Bearer provider-token']), { endpoint: address.endpoint, authorization: 'Bearer provider-token' }],
      [{ '@type': 'DataAddress', endpointType: 'http', endpointProperties: properties([`${iri}authorization`, 't'], [`${iri}authType`, 'bearer'], [`${iri}endpoint`, 'http://p/']).endpointProperties ?? [] }, { endpoint: 'http://p/', authorization: 'Bearer t' }],
    ]
    for (const [given, expected] of cases) {
      Object.assign(management.deps.transfers, { dataAddress: async () => given })
      expect(await management.call('GET', `${transferPath}/data-address`)).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' }, body: expected })
    }
  })

  test('stream their data from the provider, ranges and headers passed through', async () => {
    Object.assign(management.deps.transfers, { dataAddress: async () => properties(['authorization', 'provider-token']) })
    const whole = await management.call('GET', `${transferPath}/data?format=csv&version=2`)
    expect(whole.text).toBe(content.toString())
    expect(seen.at(-1)?.url).toBe('/data/t1?format=csv&version=2')
    expect(whole.headers).toMatchObject({ etag: '"abc"', 'content-digest': 'sha-256=:x:', 'content-length': String(content.length) })
    expect(whole.headers).not.toHaveProperty('set-cookie')
    // Nothing that a partner sends runs as a page here.
    expect(whole.headers).toMatchObject({ 'content-security-policy': "sandbox; default-src 'none'", 'content-disposition': 'attachment', 'x-content-type-options': 'nosniff' })
    const part = await management.call('GET', `${transferPath}/data`, { headers: { range: 'bytes=5-9', 'if-range': '"abc"' } })
    expect(part).toMatchObject({ status: 206, text: 'ict,p', headers: { 'content-range': `bytes 5-9/${content.length}` } })
    expect(seen.at(-1)?.headers).toMatchObject({ 'if-range': '"abc"', authorization: 'Bearer provider-token' })
    expect(await management.call('HEAD', `${transferPath}/data`)).toMatchObject({ status: 200, text: '', headers: { 'content-length': String(content.length) } })
    expect(seen.at(-1)?.method).toBe('HEAD')
    await management.call('GET', `${transferPath}/data?path=${encodeURIComponent('/stations/1?limit=5')}`)
    expect(seen.at(-1)?.url).toBe('/data/t1/stations/1?limit=5')
    expect(JSON.stringify(seen.map(({ headers }) => headers))).not.toContain(operatorToken)
    expect(management.logged.join('')).not.toContain('provider-token')
  })

  test("say what the provider's refusal was", async () => {
    const data = (path: string) => management.call('GET', `${transferPath}/data?path=${encodeURIComponent(path)}`)
    expect(await data('/missing')).toMatchObject({ status: 404, body: { code: 'not-found' } })
    expect(await data('/redirect')).toMatchObject({ status: 502, body: { code: 'peer-failed' } })
    for (const path of ['/../other', '/a/%2e%2E/b', '/a%2Fb', '/a\\b']) expect(await data(path)).toMatchObject({ status: 400, body: { code: 'invalid-path' } })
    await expect(data('/cut')).rejects.toThrow(/terminated|aborted|other side closed|fetch failed/)
    Object.assign(management.deps.transfers, { dataAddress: async () => properties(['authorization', 'old-token']) })
    expect(await management.call('GET', `${transferPath}/data`)).toMatchObject({ status: 502, body: { code: 'peer-failed' } })
    Object.assign(management.deps.transfers, { dataAddress: async () => ({ ...address, endpoint: 'http://169.254.169.254/latest' }) })
    expect(await management.call('GET', `${transferPath}/data`)).toMatchObject({ status: 400, body: { code: 'address-refused' } })
    Object.assign(management.deps.transfers, { dataAddress: async () => ({ ...address, endpoint: 'no address' }) })
    expect((await management.call('GET', `${transferPath}/data?format=csv`)).status).toBe(502)
  })
})
