import { once } from 'node:events'
import { createServer } from 'node:http'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { Ajv2019 } from 'ajv/dist/2019.js'
import type { AnySchema } from 'ajv/dist/2019.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DataAddress } from '../../src/dataplane/data-address.ts'
import { dataAddressOf, readDataAddress } from '../../src/dataplane/data-address.ts'
import { digestField } from '../../src/dataplane/file-digest.ts'
import { safeFileName } from '../../src/dataplane/inbox.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase } from '../helpers/database.ts'
import type { TestDataPlane } from '../helpers/data-plane.ts'
import { openTestDataPlane, sha256 } from '../helpers/data-plane.ts'
import { until } from '../helpers/until.ts'

const provider = 'did:web:provider.example'
const csv = 'week,amount\n1,"12,5"\n2,7\n'
let databases: Database[] = []
let from: TestDataPlane
let to: TestDataPlane

beforeAll(async () => {
  databases = [await openTestDatabase(), await openTestDatabase()]
  const [first, second] = databases
  if (first === undefined || second === undefined) throw new Error('no databases')
  from = await openTestDataPlane({ database: first })
  to = await openTestDataPlane({ database: second, limits: { inboxBytes: 1_000_000 } })
})

afterAll(async () => {
  await from.close()
  await to.close()
  for (const database of databases) await database.close()
})

async function inbox() {
  const transferId = `urn:uuid:${randomUUID()}`
  const database = databases[1]
  if (database === undefined) throw new Error('no database')
  const address = await database.transaction((tx) => to.plane.openInbox(tx, { transferId, partner: provider }))
  const { endpoint, authorization = '' } = readDataAddress(address)
  return { transferId, address, endpoint, authorization, folder: join(to.folder, 'inbox', transferId.slice('urn:uuid:'.length)) }
}

async function put(place: Awaited<ReturnType<typeof inbox>>, content: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(place.endpoint, { method: 'PUT', body: Buffer.from(content), headers: { authorization: place.authorization, 'content-digest': digestField(sha256(content)), 'content-disposition': 'attachment; filename="data.csv"', ...headers } })
}

describe('push to an inbox', () => {
  test('arrives whole, with a receipt and records on both sides', async () => {
    const place = await inbox()
    const { dataset } = await from.file(csv, 'spending.csv')
    const { transferId } = await from.start(dataset)
    const result = await from.plane.push({ transferId, address: place.address })
    expect(result).toEqual({ delivered: true, receipt: { transferId: place.transferId, fileName: 'spending.csv', bytes: csv.length, sha256: sha256(csv), receivedAt: expect.any(String) } })
    expect(await readFile(join(place.folder, 'spending.csv'), 'utf8')).toBe(csv)
    expect((await from.records(transferId)).map(({ type }) => type)).toEqual(['data.permitted', 'data.delivered'])
    expect((await from.records(transferId))[1]).toMatchObject({ bytes: csv.length, sha256: sha256(csv) })
    expect(JSON.stringify(await from.records(transferId))).not.toContain(place.authorization.slice('Bearer '.length))
    expect((await to.records(place.transferId))[0]).toMatchObject({ type: 'data.received', partner: provider, fileName: 'spending.csv', sha256: sha256(csv) })
    expect(await from.plane.deliveries(transferId)).toEqual([expect.objectContaining({ role: 'provider', fileName: 'spending.csv', path: null })])
    const again = await from.plane.push({ transferId, address: place.address })
    expect(again).toEqual(result)
    expect(readdirSync(place.folder)).toEqual(['spending.csv'])
    expect(await to.plane.deliveries(place.transferId)).toHaveLength(1)
  })

  test('in another format, and an empty file', async () => {
    const place = await inbox()
    const { dataset } = await from.file(csv, 'spending.csv')
    expect(await from.plane.push({ transferId: (await from.start(dataset)).transferId, address: place.address, format: 'json' })).toMatchObject({ delivered: true, receipt: { fileName: 'spending.json' } })
    const empty = await from.file('', 'empty.csv')
    expect(await from.plane.push({ transferId: (await from.start(empty.dataset)).transferId, address: place.address })).toMatchObject({ delivered: true, receipt: { bytes: 0 } })
  })

  test('what can never work is not tried again, what may is', async () => {
    const place = await inbox()
    const { dataset } = await from.file(csv, 'spending.csv')
    const { transferId } = await from.start(dataset)
    const pushTo = (address: DataAddress) => from.plane.push({ transferId, address })
    expect(await pushTo(dataAddressOf(place.endpoint, 'x'.repeat(43)))).toMatchObject({ delivered: false, retry: false })
    expect(await pushTo(dataAddressOf('http://169.254.169.254/x', 'token'))).toMatchObject({ delivered: false, retry: false })
    expect(await pushTo(dataAddressOf('http://127.0.0.1:1/x', 'token'))).toMatchObject({ delivered: false, retry: true })
    from.change(transferId, { state: 'SUSPENDED' })
    expect(await pushTo(place.address)).toMatchObject({ delivered: false, retry: false })
    expect(await from.records(transferId, 'data.delivered')).toEqual([])
  })

  test('the end of the transfer cuts it; a redirect is not followed; a wrong receipt does not count', async () => {
    const arrived = Promise.withResolvers<void>()
    const origin = createServer((request, response) => {
      if (request.url === '/redirect') return response.writeHead(307, { location: from.url }).end()
      if (request.url === '/wrong') return void request.on('end', () => response.writeHead(200).end('{"sha256":"other"}')).resume()
      request.once('data', () => arrived.resolve())
    }).listen(0, '127.0.0.1')
    await once(origin, 'listening')
    const address = origin.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    const { dataset } = await from.file(Buffer.alloc(32 * 1024 * 1024, 'x'), 'large.csv')
    const { transferId } = await from.start(dataset)
    expect(await from.plane.push({ transferId, address: dataAddressOf(`${url}/redirect`, 't') })).toMatchObject({ delivered: false, retry: false })
    expect(await from.plane.push({ transferId, address: dataAddressOf(`${url}/wrong`, 't') })).toMatchObject({ delivered: false, retry: true })
    const pushed = from.plane.push({ transferId, address: dataAddressOf(`${url}/slow`, 't') })
    await arrived.promise
    await databases[0]?.transaction((tx) => from.plane.revokeTokens(tx, transferId))
    expect(await pushed).toMatchObject({ delivered: false, retry: false })
    expect((await from.records(transferId, 'data.aborted')).length).toBe(3)
    origin.closeAllConnections()
    origin.close()
  })
})

describe('the inbox', () => {
  test('needs its token, a digest, and content that matches it', async () => {
    const place = await inbox()
    const other = await inbox()
    expect((await put({ ...place, authorization: other.authorization }, csv)).status).toBe(401)
    expect((await put({ ...place, authorization: '' }, csv)).status).toBe(401)
    expect((await put(place, csv, { 'content-digest': '' })).status).toBe(400)
    expect((await put(place, csv, { 'content-digest': digestField(sha256('other')) })).status).toBe(422)
    expect((await put(place, csv, { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await put(place, Buffer.alloc(1_000_001))).status).toBe(413)
    expect((await fetch(place.endpoint, { headers: { authorization: place.authorization } })).status).toBe(405)
    expect(existsSync(place.folder) ? readdirSync(place.folder) : []).toEqual([])
    expect(await to.records(place.transferId)).toEqual([])
    expect((await put(place, csv)).status).toBe(201)
    expect((await put(place, csv)).status).toBe(200)
  })

  test('a token for fetching does not deliver', async () => {
    const { dataset } = await to.file(csv, 'x.csv')
    const access = await to.start(dataset)
    const response = await fetch(access.url.replace('/data/', '/inbox/'), { method: 'PUT', body: csv, headers: { authorization: `Bearer ${access.token}`, 'content-digest': digestField(sha256(csv)) } })
    expect(response.status).toBe(401)
  })

  test('another content of the same name is kept beside it', async () => {
    const place = await inbox()
    await put(place, 'a')
    expect(await (await put(place, 'b')).json()).toMatchObject({ fileName: 'data-2.csv' })
    expect(await readFile(join(place.folder, 'data.csv'), 'utf8')).toBe('a')
  })

  test('a delivery that breaks off leaves nothing', async () => {
    const place = await inbox()
    const { port, pathname } = new URL(place.endpoint)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`PUT ${pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: ${place.authorization}\r\nContent-Digest: ${digestField(sha256(csv))}\r\nContent-Length: 1000\r\n\r\nweek`)
    await until(() => (existsSync(place.folder) ? readdirSync(place.folder) : []), (names) => names.length === 1)
    socket.destroy()
    await until(() => readdirSync(place.folder), (names) => names.length === 0)
    expect(await to.plane.deliveries(place.transferId)).toEqual([])
  })

  test('file names have no path', () => {
    const named = (name: string) => safeFileName(`attachment; filename="${name}"`)
    expect(named('../../etc/passwd')).toBe('passwd')
    expect(named('..\\\\..\\\\boot.ini')).toBe('boot.ini')
    expect(named('..')).toBe('data')
    expect(named('.hidden.csv')).toBe('hidden.csv')
    expect(named('/')).toBe('data')
    expect(named('a\u0000b\n.csv')).toBe('a_b_.csv')
    expect(named('\u202Evsc.exe')).toBe('_vsc.exe')
    expect(Buffer.byteLength(named(`${'é'.repeat(500)}.csv`))).toBeLessThan(210)
    expect(safeFileName(`attachment; filename="x"; filename*=UTF-8''..%2Frenta%20%E2%82%AC.csv`)).toBe('renta €.csv')
    expect(safeFileName("attachment; filename*=UTF-8''%ff")).toBe('data')
    expect(safeFileName(undefined)).toBe('data')
  })
})

describe('data addresses', () => {
  test('have both spellings, and are read in either, in any order', () => {
    const address = dataAddressOf('https://p.example/data/1', 'token')
    expect(readDataAddress(address)).toEqual({ endpoint: 'https://p.example/data/1', authorization: 'Bearer token', method: 'POST' })
    const edc: DataAddress = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpointProperties: (address.endpointProperties ?? []).filter(({ name }) => name.startsWith('https:')).toReversed() }
    expect(readDataAddress(edc)).toEqual(readDataAddress(address))
    expect(readDataAddress({ ...edc, endpointProperties: [...(edc.endpointProperties ?? []).filter(({ name }) => !name.endsWith('authType')), { '@type': 'EndpointProperty', name: 'authType', value: 'Bearer' }] })).toMatchObject({ authorization: 'Bearer token' })
  })

  const schemaFile = join(import.meta.dirname, '../../../shared/spec/dsp-2025-1/transfer/data-address-schema.json')
  const testWithSchema = existsSync(schemaFile) ? test : test.skip

  testWithSchema('are valid by the specification’s schema (needs ../shared/spec)', async () => {
    const schema: AnySchema = JSON.parse(await readFile(schemaFile, 'utf8'))
    const valid = new Ajv2019({ strict: false }).compile(schema)
    expect([valid(dataAddressOf('https://p.example/data/1', 'token', { method: 'PUT' })), valid.errors]).toEqual([true, null])
  })

  test('without an endpoint, or with a token that is no header, are refused', () => {
    expect(() => readDataAddress({ '@type': 'DataAddress', endpointType: 'x' })).toThrow('no endpoint')
    expect(() => readDataAddress(dataAddressOf('https://p.example', 'a\r\nX: y'))).toThrow('header')
  })
})

test('a consumer fetches with what the address says', async () => {
  const { dataset } = await from.file(csv, 'spending.csv')
  const access = await from.start(dataset)
  const answer = await to.plane.fetchData(readDataAddress(dataAddressOf(access.url, access.token)), { method: 'GET', query: '?format=json', headers: { range: 'bytes=0-0' } })
  expect(answer.status).toBe(206)
  expect((await answer.body.toArray()).map(String).join('')).toBe('[')
  await expect(to.plane.fetchData({ endpoint: access.url, authorization: undefined }, { method: 'GET', path: '/../../x' })).rejects.toMatchObject({ code: 'invalid-path' })
})
