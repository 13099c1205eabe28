import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { HttpSource } from '../../src/dataplane/sources/source.ts'
import { checkPath, matchesPattern } from '../../src/dataplane/sources/http-path.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase } from '../helpers/database.ts'
import type { TestDataPlane } from '../helpers/data-plane.ts'
import { openTestDataPlane, sha256 } from '../helpers/data-plane.ts'
import { until } from '../helpers/until.ts'

let database: Database
let at: TestDataPlane
let origin: Server
let originUrl = ''
let handle: (request: IncomingMessage, response: ServerResponse) => void
let seen: IncomingMessage[] = []

beforeAll(async () => {
  database = await openTestDatabase()
  at = await openTestDataPlane({ database, limits: { proxyRequestBytes: 1000 } })
  at.secrets.set('api-key', 'secret-value-0123456789')
  origin = createServer((request, response) => {
    seen.push(request)
    handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const address = origin.address()
  originUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterAll(async () => {
  await at.close()
  await database.close()
  origin.closeAllConnections()
  origin.close()
})

beforeEach(() => {
  seen = []
  handle = (_request, response) => response.end('hello')
})

async function started(change: Partial<HttpSource> = {}) {
  const source: HttpSource = { type: 'http', baseUrl: `${originUrl}/base/`, methods: ['GET', 'POST'], paths: ['/v1/stations', '/v1/stations/*', '/open/**'], requestHeaders: ['Accept', 'X-Wanted', 'Authorization', 'Content-Type'], secrets: [{ header: 'X-Api-Key', secret: 'api-key' }], ...change }
  const dataset = `urn:uuid:${crypto.randomUUID()}`
  at.datasets.set(dataset, { source, columns: [], title: 'An API' })
  return at.start(dataset)
}

/** A request with its path as written; `fetch` would normalise it. */
async function raw(access: { url: string; token: string }, path: string): Promise<string> {
  const { port, pathname } = new URL(access.url)
  const socket = connect(Number(port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.write(`GET ${pathname}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${access.token}\r\n\r\n`)
  await once(socket, 'close')
  return text.split('\r\n')[0] ?? ''
}

test('passes method, path, query and allowed headers; adds the secret; hides it and the token', async () => {
  handle = (request, response) => {
    response.setHeader('Set-Cookie', 'a=b')
    response.setHeader('X-Api-Key', 'secret-value-0123456789')
    response.setHeader('X-Echo', `key=${String(request.headers['x-api-key'])}`)
    response.setHeader('X-Fine', 'yes')
    response.setHeader('Access-Control-Allow-Credentials', 'true')
    response.writeHead(201).end('{"a":1}')
  }
  const access = await started()
  const response = await at.get(access, '/v1/stations/a%20b?x=1&x=%2F..', { 'x-wanted': '1', 'x-unwanted': '1', cookie: 'c=d', 'x-forwarded-for': '1.2.3.4' })
  expect([response.status, await response.text()]).toEqual([201, '{"a":1}'])
  const [request] = seen
  expect([request?.method, request?.url]).toEqual(['GET', '/base/v1/stations/a%20b?x=1&x=%2F..'])
  expect(request?.headers).toMatchObject({ 'x-wanted': '1', 'x-api-key': 'secret-value-0123456789' })
  for (const name of ['authorization', 'x-unwanted', 'cookie', 'x-forwarded-for']) expect(request?.headers).not.toHaveProperty(name)
  expect(response.headers.get('x-fine')).toBe('yes')
  for (const name of ['set-cookie', 'x-api-key', 'x-echo', 'access-control-allow-credentials']) expect(response.headers.has(name)).toBe(false)
  const [permitted, released] = await at.records(access.transferId)
  expect(permitted).toMatchObject({ type: 'data.permitted', request: { method: 'GET', path: '/v1/stations/a%20b', query: '?x=1&x=%2F..' } })
  expect(released).toMatchObject({ type: 'data.released', bytes: 7, sha256: sha256('{"a":1}'), status: 201 })
  expect(JSON.stringify([permitted, released])).not.toContain('secret-value')
})

test('HEAD, 204, 304 and 404 of the source', async () => {
  const access = await started({ methods: ['GET', 'HEAD'] })
  handle = (_request, response) => response.writeHead(204).end()
  expect((await at.get(access, '/v1/stations')).status).toBe(204)
  handle = (_request, response) => response.writeHead(404).end('no')
  expect((await at.get(access, '/v1/stations')).status).toBe(404)
  handle = (_request, response) => response.writeHead(304).end()
  expect((await at.get(access, '/v1/stations')).status).toBe(304)
  handle = (_request, response) => response.writeHead(200, { 'content-length': '5' }).end()
  const head = await fetch(`${access.url}/v1/stations`, { method: 'HEAD', headers: { authorization: `Bearer ${access.token}` } })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '5'])
})

test('outcomes of many at once share records, each by the number of its permission', async () => {
  const access = await started()
  await Promise.all(Array.from({ length: 200 }, async () => (await at.get(access, '/v1/stations')).text()))
  const permitted = await at.records(access.transferId, 'data.permitted')
  const released = await at.records(access.transferId, 'data.released')
  expect(permitted.length).toBe(200)
  expect(released.reduce((sum, record) => sum + Number(record['bytes']), 0)).toBe(200 * 'hello'.length)
  const told = released.flatMap((record): unknown[] => (Array.isArray(record['outcomes']) ? record['outcomes'].map((outcome) => Object(outcome).permitted) : [record['permitted']]))
  expect(told.toSorted((a, b) => Number(a) - Number(b))).toEqual(permitted.map(({ index }) => index))
})

describe('paths', () => {
  test.each(['/v1/other', '/v1/stations/a/b', '', '/', '/v1', '/open/../v1/other', '/open/%2e%2e/secret', '/open/%2E./secret', '/open/..%2fsecret', '/open/%252e%252e/secret', '/open/..\\secret', '/open/%5c..', '/open//secret', '/open/a/./b', '/open/%00', '/open/..;/secret', '/open/%ff', '/v1/stations/..', '/open/#x'])('%s is refused', async (path) => {
    expect(await raw(await started(), path)).toMatch(/ 400 /)
    expect(seen).toEqual([])
  })

  test('patterns', () => {
    expect(matchesPattern(checkPath('/v1/stations/12'), '/v1/stations/*')).toBe(true)
    expect(matchesPattern(checkPath('/v1/st%61tions/12'), '/v1/stations/*')).toBe(true)
    expect(matchesPattern(checkPath('/v1/stations/'), '/v1/stations/*')).toBe(false)
    expect(matchesPattern(checkPath('/open/a/b'), '/open/**')).toBe(true)
    expect(matchesPattern(checkPath('/opena'), '/open/**')).toBe(false)
  })

  test('a method that is not allowed', async () => {
    const access = await started({ methods: ['POST'] })
    expect((await at.get(access, '/v1/stations')).status).toBe(405)
  })
})

describe('bodies', () => {
  const post = async (access: { url: string; token: string }, body: string | ReadableStream) =>
    fetch(`${access.url}/v1/stations`, { method: 'POST', body, duplex: 'half', headers: { authorization: `Bearer ${access.token}`, 'content-type': 'application/json' } })

  test('are passed on, up to a size', async () => {
    handle = (request, response) => void request.pipe(response)
    const access = await started()
    expect(await (await post(access, '{"q":1}')).text()).toBe('{"q":1}')
    expect(seen[0]?.headers['content-type']).toBe('application/json')
    expect((await post(access, 'x'.repeat(2000))).status).toBe(413)
    const streamed = await post(access, new Blob(['x'.repeat(2000)]).stream()).then(({ status }) => status, () => 'cut')
    expect([413, 'cut']).toContain(streamed)
  })
})

describe('what goes wrong', () => {
  test('a redirect is not followed', async () => {
    handle = (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    const access = await started()
    const response = await at.get(access, '/v1/stations')
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ code: 'source-failed' })
    expect(response.headers.has('location')).toBe(false)
    expect((await at.records(access.transferId)).map(({ type }) => type)).toEqual(['data.permitted', 'data.aborted'])
  })

  test('a source that cannot be reached, may not be called, or lacks its secret', async () => {
    const codeOf = async (change: Partial<HttpSource>) => {
      const response = await at.get(await started(change), '/v1/stations')
      return [response.status, Object((await response.json())).code]
    }
    expect(await codeOf({ baseUrl: 'http://127.0.0.1:1/' })).toEqual([502, 'source-failed'])
    expect(await codeOf({ baseUrl: 'http://169.254.169.254/' })).toEqual([502, 'source-failed'])
    expect(await codeOf({ secrets: [{ header: 'x', secret: 'missing' }] })).toEqual([502, 'source-failed'])
  })

  test('a source that breaks off breaks the answer off, and this process stays up', async () => {
    handle = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' })
      response.write('x'.repeat(1000), () => response.destroy())
    }
    const access = await started()
    const response = await at.get(access, '/v1/stations')
    await expect(response.arrayBuffer()).rejects.toThrow()
    expect((await at.records(access.transferId, 'data.aborted'))[0]).toMatchObject({ bytes: 1000 })
    handle = (_request, response) => response.socket?.destroy()
    expect((await at.get(access, '/v1/stations')).status).toBe(502)
  })

  test('a consumer that leaves ends the request to the source', async () => {
    const closed = Promise.withResolvers<void>()
    handle = (_request, response) => {
      response.on('close', closed.resolve)
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more)
      }
      more()
    }
    const access = await started()
    const response = await at.get(access, '/v1/stations')
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await closed.promise
    await until(() => at.records(access.transferId, 'data.aborted'), (records) => records.length === 1)
  })

  test('one that leaves before the source answers', async () => {
    const asked = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    handle = (_request, response) => {
      response.on('close', closed.resolve)
      asked.resolve()
    }
    const access = await started()
    const abort = new AbortController()
    const gone = fetch(`${access.url}/v1/stations`, { headers: { authorization: access.token }, signal: abort.signal }).catch((error: unknown) => error)
    await asked.promise
    abort.abort()
    await gone
    await closed.promise
    await until(() => at.records(access.transferId, 'data.aborted'), (records) => records.length === 1)
    expect(at.errors).toEqual([])
  })
})
