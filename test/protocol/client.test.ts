import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import { createDspClient } from '../../src/protocol/client.ts'
import { httpSource, open, openTestCatalog } from '../helpers/catalog.ts'
import { specFolder } from '../helpers/dsp-spec.ts'
import { serve, serveProtocol } from '../helpers/protocol.ts'
import type { TestServer } from '../helpers/protocol.ts'

const us = 'did:web:city.example'
const http = createOutboundHttp({ allow: ['127.0.0.1'] })
let found = ''
const client = createDspClient({ http, identity: { authorization: async () => `Bearer ${us}`, address: async () => found }, timeoutMs: 5000 })

/** A partner that answers as the test says, and notes what it was asked. */
let answerWith: (request: IncomingMessage, response: ServerResponse) => void
const asked: { method: string; url: string; body: string }[] = []
let peer: TestServer

beforeAll(async () => {
  peer = await serve(() => (request, response) => {
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        asked.push({ method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(parts).toString() })
        answerWith(request, response)
      })
  })
})
beforeEach(() => {
  asked.length = 0
})
afterAll(async () => {
  await peer.close()
  await http.close()
})

const partner = () => ({ id: 'did:web:p.example', address: `${peer.url}/dsp` })
const dataset = { '@id': 'd-1', '@type': 'Dataset', hasPolicy: [{ '@id': 'o-1', '@type': 'Offer', permission: [{ action: 'use' }] }], distribution: [{ '@type': 'Distribution', format: 'HttpData-PULL', accessService: 's' }] }
const json = (value: unknown, headers: Record<string, string> = {}, status = 200) => {
  answerWith = (_, response) => response.writeHead(status, headers).end(JSON.stringify(value))
}
const text = (body: string | Buffer, headers: Record<string, string> = {}, status = 200) => {
  answerWith = (_, response) => response.writeHead(status, headers).end(body)
}

describe('reading a catalog', () => {
  test('against our own routes: every page, both ways, one dataset', async () => {
    const t = await openTestCatalog()
    await t.addPartner(us)
    for (let n = 0; n < 25; n++) await t.catalog.createDataset({ id: `d${n}`, metadata: { title: { en: 'x' } }, source: httpSource })
    await t.catalog.createOffer({ datasets: Array.from({ length: 25 }, (_, n) => `d${n}`), policy: open, decision: 'automatic', audience: null })
    const server = await serveProtocol(t, { pageSize: 10 })
    found = `${server.url}/dsp/2025-1`
    const provider = { id: 'did:web:provider.example', address: null }
    const ids: string[] = []
    let last: { previous?: string } = {}
    for await (const page of client.crawl(provider, {})) {
      ids.push(...page.datasets.map((item) => item['@id']))
      last = page
    }
    expect(ids).toEqual(Array.from({ length: 25 }, (_, n) => `d${n}`))
    const before = await client.catalog(provider, { next: last.previous ?? '' })
    expect(before.datasets[0]?.['@id']).toBe('d10')
    expect(await client.dataset(provider, 'd3')).toMatchObject({ '@id': 'd3' })
    await expect(client.dataset(provider, 'none')).rejects.toMatchObject({ code: 'not-found' })
    await server.close()
    await t.close()
  })

  test('trap 25: follows next with the same body, knows prev and previous, and stops on an empty page', async () => {
    const filter = [{ '@type': 'QuerySpec', limit: 1 }]
    answerWith = (request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? '1')
      response.setHeader('link', [`<${peer.url}/dsp/catalog/request?page=${page + 1}>; rel="next"`, `</dsp/catalog/request?page=${page - 1}>;rel=prev`])
      // EDC says next also where nothing follows.
      response.end(JSON.stringify({ '@type': 'Catalog', '@id': 'c', dataset: page > 2 ? [] : [dataset] }))
    }
    const pages = []
    for await (const page of client.crawl(partner(), { filter })) pages.push(page)
    expect(pages.map(({ datasets }) => datasets.length)).toEqual([1, 1, 0])
    expect(pages[1]?.previous).toBe(`${peer.url}/dsp/catalog/request?page=1`)
    expect(new Set(asked.map(({ method, body }) => method + body)).size).toBe(1)
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ '@context': ['https://w3id.org/dspace/2025/1/context.jsonld'], '@type': 'CatalogRequestMessage', filter })
  })

  test('a partner that leads in circles, or on and on, is left', async () => {
    answerWith = (_, response) => response.setHeader('link', '</dsp/catalog/request?page=1>; rel="next"').end(JSON.stringify({ dataset: [dataset] }))
    let count = 0
    for await (const _ of client.crawl(partner(), {})) count++
    expect(count).toBe(2)
    answerWith = (_, response) => response.setHeader('link', `</dsp/x?page=${asked.length}>; rel="next"`).end(JSON.stringify({ dataset: [dataset] }))
    count = 0
    for await (const _ of client.crawl(partner(), { maxPages: 7 })) count++
    expect(count).toBe(7)
  })

  test('a link that leads to another server is not followed', async () => {
    json({ dataset: [dataset] }, { link: '<https://evil.example/catalog>; rel="next"' })
    const { next = '' } = await client.catalog(partner(), {})
    await expect(client.catalog(partner(), { next })).rejects.toMatchObject({ code: 'address-refused' })
    await expect(client.catalog(partner(), { next: 'http://169.254.169.254/x' })).rejects.toMatchObject({ code: 'address-refused' })
    expect(asked).toHaveLength(1)
  })

  test('formats as references, unknown properties, a base address with a slash, gzip', async () => {
    const body = { '@context': 'x', 'x:y': 1, dataset: [{ ...dataset, distribution: [{ format: { '@id': 'HttpData-PULL' }, extra: 1 }] }] }
    text(gzipSync(JSON.stringify(body)), { 'content-encoding': 'gzip' })
    const { datasets } = await client.catalog({ id: 'p', address: `${peer.url}/dsp/` }, {})
    expect(datasets[0]?.distribution?.[0]?.format).toEqual({ '@id': 'HttpData-PULL' })
    expect(asked[0]?.url).toBe('/dsp/catalog/request')
  })

  test.each([
    ['an error', () => json({ '@type': 'CatalogError', code: '1', reason: ['not for you'] }, {}, 403), 'not for you'],
    ['a redirect', () => text('', { location: 'http://127.0.0.1:1/' }, 302), '302'],
    ['no JSON', () => text('<html>'), 'not a Catalog'],
    ['nothing', () => text(''), 'not a Catalog'],
    ['datasets that are none', () => json({ dataset: [5] }), '/dataset/0 must be object'],
    ['a dataset without id', () => json({ dataset: [{}] }), '@id'],
    ['deep JSON', () => text(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'not taken'],
    ['more than 10 MiB', () => text(`"${'x'.repeat(11 * 1024 * 1024)}"`), 'bytes'],
    ['a bomb', () => text(gzipSync(Buffer.alloc(50 * 1024 * 1024)), { 'content-encoding': 'gzip' }), 'unpacks to more'],
    ['broken gzip', () => text('x', { 'content-encoding': 'gzip' }), 'gzip that cannot be read'],
  ])('%s is refused', async (_, prepare, message) => {
    prepare()
    const failed = client.catalog(partner(), {})
    await expect(failed).rejects.toMatchObject({ code: 'peer-failed' })
    await expect(failed).rejects.toThrow(message)
  })
})

const inSpec = existsSync(specFolder) ? describe : describe.skip

inSpec('the published examples (../shared/spec)', () => {
  test.each(['catalog.json', 'nested-catalog.json'])('%s is read', async (file) => {
    text(await readFile(join(specFolder, 'catalog/example', file)))
    const page = await client.catalog(partner(), {})
    expect(page.participantId).toBe('urn:example:DataProviderA')
    expect(page.datasets).toHaveLength(file === 'catalog.json' ? 1 : 0)
  })

  test('dataset.json is read', async () => {
    text(await readFile(join(specFolder, 'catalog/example/dataset.json')))
    expect((await client.dataset(partner(), 'x')).hasPolicy).toHaveLength(1)
  })
})

const message = () => ({ recipient: 'did:web:p.example', url: `${peer.url}/dsp/negotiations/1/events`, body: '{"a":1}' })

describe('messages', () => {
  test('traps 13 and 14: any 2xx counts, with an empty chunked body and no media type', async () => {
    answerWith = (_, response) => {
      response.writeHead(202, { 'transfer-encoding': 'chunked' })
      response.end()
    }
    expect(await client.post(message())).toMatchObject({ status: 202, text: '' })
    expect(asked).toEqual([{ method: 'POST', url: '/dsp/negotiations/1/events', body: '{"a":1}' }])
    text('OK')
    expect(await client.post(message())).not.toHaveProperty('body')
    json({ providerPid: 'x' })
    expect((await client.post(message())).body).toEqual({ providerPid: 'x' })
  })

  test('trap 7: errors without process ids are answers like others', async () => {
    json({ code: 409, reason: 'Entity already leased' }, {}, 409)
    expect(await client.post(message())).toMatchObject({ status: 409, body: { reason: 'Entity already leased' } })
  })

  test('a partner that cannot be reached is a failure to be tried again', async () => {
    await expect(client.post({ ...message(), url: 'http://127.0.0.1:1/x' })).rejects.toMatchObject({ code: 'peer-failed' })
    answerWith = (request) => request.socket.destroy()
    await expect(client.post(message())).rejects.toMatchObject({ code: 'peer-failed' })
  })

  test('the state of a process, to compare it with ours', async () => {
    json({ '@type': 'ContractNegotiation', providerPid: 'p', consumerPid: 'c', state: 'AGREED' })
    expect(await client.negotiation({ id: 'p' }, 'a/b', `${peer.url}/dsp`)).toMatchObject({ state: 'AGREED' })
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/dsp/negotiations/a%2Fb' })
    expect(await client.peerState({ recipient: 'p', url: `${peer.url}/x` })).toBe('AGREED')
    json({ '@type': 'TransferError' }, {}, 404)
    expect(await client.transferProcess({ id: 'p' }, '1', `${peer.url}/dsp`)).toBeUndefined()
  })
})
