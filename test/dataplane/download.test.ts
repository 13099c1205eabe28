import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestField } from '../../src/dataplane/file-digest.ts'
import type { AuditRecord } from '../../src/audit/audit.ts'
import { ProblemError } from '../../src/errors.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase } from '../helpers/database.ts'
import type { TestDataPlane } from '../helpers/data-plane.ts'
import { consumer, openTestDataPlane, sha256 } from '../helpers/data-plane.ts'
import { until } from '../helpers/until.ts'

let database: Database
let at: TestDataPlane
let now = new Date()
let onRecord: (record: AuditRecord) => unknown = () => undefined

beforeAll(async () => {
  database = await openTestDatabase()
  at = await openTestDataPlane({ database, clock: () => now, onRecord: (record) => onRecord(record) })
})

afterAll(async () => {
  await at.close()
  await database.close()
})

const csv = 'week,amount\n1,"12,5"\n2,7\n'

async function started(content: string | Buffer = csv, fileName = 'spending.csv') {
  const { dataset, version } = await at.file(content, fileName)
  return { ...(await at.start(dataset)), dataset, version }
}

async function code(response: Response): Promise<unknown> {
  const body: unknown = await response.json()
  return typeof body === 'object' && body !== null && 'code' in body ? [response.status, body.code] : body
}

describe('the original file', () => {
  test('comes as it is, with digest, validator and name', async () => {
    const access = await started()
    const response = await at.get(access)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(csv)
    const headers = Object.fromEntries(response.headers)
    expect(headers).toMatchObject({
      etag: `"${sha256(csv)}"`,
      'content-digest': digestField(sha256(csv)),
      'content-length': String(csv.length),
      'accept-ranges': 'bytes',
      'content-disposition': expect.stringContaining('filename="spending.csv"'),
      'access-control-allow-origin': '*',
    })
    const [permitted, released] = await at.records(access.transferId)
    expect(permitted).toMatchObject({ type: 'data.permitted', partner: consumer, agreement: 'urn:uuid:agreement', dataset: access.dataset, version: 1, decision: 'permit', request: { method: 'GET', format: 'original' } })
    expect(released).toMatchObject({ type: 'data.released', permitted: permitted?.index, bytes: csv.length, sha256: sha256(csv), status: 200 })
    expect(released).not.toHaveProperty('decision')
  })

  test('HEAD gives the same headers and no body, and is recorded', async () => {
    const access = await started()
    const response = await fetch(access.url, { method: 'HEAD', headers: { authorization: access.token } })
    expect([response.status, response.headers.get('content-length'), response.headers.get('etag')]).toEqual([200, String(csv.length), `"${sha256(csv)}"`])
    expect((await at.records(access.transferId, 'data.released'))[0]).toMatchObject({ bytes: 0 })
  })

  test('ranges', async () => {
    const access = await started('0123456789', 'digits.csv')
    const etag = `"${sha256('0123456789')}"`
    const range = async (range: string, headers: Record<string, string> = {}) => {
      const response = await at.get(access, '', { range, ...headers })
      return [response.status, response.headers.get('content-range'), await response.text()]
    }
    expect(await range('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await range('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await range('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await range('bytes=7-99999')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await range('bytes=2-4', { 'if-range': etag })).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await range('bytes=2-4', { 'if-range': '"other"' })).toEqual([200, null, '0123456789'])
    expect(await range('bytes=0-1,3-4')).toEqual([200, null, '0123456789'])
    expect(await range('bytes=5-2')).toEqual([200, null, '0123456789'])
    expect((await range('bytes=10-'))[0]).toBe(416)
    expect((await range('bytes=10-'))[1]).toBe('bytes */10')
    expect((await range('bytes=-0'))[0]).toBe(416)
    const part = await at.get(access, '', { range: 'bytes=2-4' })
    expect([part.headers.get('content-digest'), part.headers.get('repr-digest')]).toEqual([null, digestField(sha256('0123456789'))])
    await part.text()
    const released = await at.records(access.transferId, 'data.released')
    expect(released[0]).toMatchObject({ bytes: 3, sha256: sha256('234'), status: 206 })
  })

  test('If-None-Match', async () => {
    const access = await started()
    const response = await at.get(access, '', { 'if-none-match': `W/"${sha256(csv)}", "x"` })
    expect([response.status, await response.text()]).toEqual([304, ''])
    expect((await at.get(access, '', { 'if-none-match': '"x"' })).status).toBe(200)
  })

  test('ten gigabytes are never read into memory', async () => {
    const access = await started()
    const bytes = 10 * 1024 ** 3
    await truncate(access.version.path, bytes)
    const past = new Date(Date.now() - 60_000)
    await utimes(access.version.path, past, past)
    at.datasets.set(access.dataset, { source: { type: 'file' }, columns: [], title: 'large', version: { ...access.version, bytes } })
    const response = await at.get(access, '', { range: 'bytes=-10' })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${bytes - 10}-${bytes - 1}/${bytes}`])
    expect((await response.arrayBuffer()).byteLength).toBe(10)
    const before = process.memoryUsage().rss
    const reader = (await at.get(access)).body?.getReader()
    for (let read = 0; read < 64 * 1024 ** 2; ) read += (await reader?.read())?.value?.byteLength ?? 0
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 ** 2)
    await reader?.cancel()
  })

  test('an empty file, and one with an odd name', async () => {
    const access = await started(Buffer.alloc(0), 'ren"ta\n€.csv')
    const response = await at.get(access)
    expect([response.status, await response.text(), response.headers.get('content-length')]).toEqual([200, '', '0'])
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="ren_ta__.csv"; filename*=UTF-8\'\'ren%22ta%0A%E2%82%AC.csv')
  })

  test('a file that was changed or removed under us is not passed off as the version', async () => {
    const access = await started()
    await writeFile(access.version.path, csv.replace('7', '8'))
    const later = new Date(Date.now() + 60_000)
    await utimes(access.version.path, later, later)
    expect(await code(await at.get(access))).toEqual([410, 'gone'])
    expect(await code(await at.get(access, '?format=json'))).toEqual([410, 'gone'])
    await rm(access.version.path)
    expect(await code(await at.get(access))).toEqual([410, 'gone'])
    expect(await at.records(access.transferId, 'data.permitted')).toEqual([])
  })

  test('a file that was only touched is still the version', async () => {
    const access = await started()
    const later = new Date(Date.now() + 60_000)
    await utimes(access.version.path, later, later)
    expect((await at.get(access)).status).toBe(200)
  })
})

describe('formats', () => {
  const json = [{ week: 1, amount: 12.5 }, { week: 2, amount: 7 }]

  test.each([
    ['?format=json', {}],
    ['', { accept: 'application/json' }],
    ['', { accept: 'text/csv;q=0.5, application/json, */*;q=0.1' }],
    ['', { accept: 'text/csv;q=0, application/json;q=0.1' }],
  ])('JSON by %j %j', async (query, headers: Record<string, string>) => {
    const response = await at.get(await started(), query, headers)
    expect([response.status, response.headers.get('content-type'), response.headers.get('vary')]).toEqual([200, 'application/json', 'Accept, Prefer'])
    expect(await response.json()).toEqual(json)
  })

  test('CSV, NDJSON and Parquet; the digest and the rows are recorded', async () => {
    const access = await started()
    expect(await (await at.get(access, '?format=csv')).text()).toBe('week,amount\n1,12.5\n2,7.0\n')
    const lines = (await (await at.get(access, '', { accept: 'application/x-ndjson' })).text()).trim().split('\n')
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(json)
    const parquet = Buffer.from(await (await at.get(access, '?format=parquet')).arrayBuffer())
    expect(parquet.subarray(0, 4).toString()).toBe('PAR1')
    const released = await at.records(access.transferId, 'data.released')
    expect(released.map(({ rows }) => rows)).toEqual([2, 2, 2])
    expect(released.at(-1)).toMatchObject({ sha256: sha256(parquet), bytes: parquet.length })
  })

  test('an export is the same bytes again, and by ranges', async () => {
    const access = await started()
    const [first, second] = await Promise.all([at.get(access, '?format=parquet'), at.get(access, '?format=parquet')])
    const whole = Buffer.from(await first.arrayBuffer())
    expect(Buffer.from(await second.arrayBuffer()).equals(whole)).toBe(true)
    const etag = first.headers.get('etag') ?? ''
    const rest = await at.get(access, '?format=parquet', { range: 'bytes=100-', 'if-range': etag })
    expect(rest.status).toBe(206)
    expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(100))).toBe(true)
    expect(rest.headers.get('repr-digest')).toBe(digestField(sha256(whole)))
  })

  test('what is not known is refused with what is', async () => {
    const access = await started()
    expect(await code(await at.get(access, '?sort=week'))).toEqual([400, 'invalid-query'])
    expect(await code(await at.get(access, '?format=xml'))).toEqual([400, 'bad-request'])
    expect(await code(await at.get(access, '?format=csv&format=json'))).toEqual([400, 'invalid-query'])
    expect(await code(await at.get(access, '?version=0'))).toEqual([400, 'bad-request'])
    expect(await code(await at.get(access, '?version=7'))).toEqual([404, 'not-found'])
    expect(await code(await at.get(access, '', { accept: 'image/png' }))).toEqual([406, 'not-acceptable'])
    expect(await code(await at.get(access, '/below'))).toEqual([404, 'not-found'])
    expect(await code(await fetch(access.url, { method: 'DELETE', headers: { authorization: `Bearer ${access.token}` } }))).toEqual([405, 'method-not-allowed'])
    expect(await code(await fetch(access.url, { method: 'POST', headers: { authorization: `Bearer ${access.token}` } }))).toEqual([405, 'method-not-allowed'])
    expect((await at.get(access, '?version=1')).status).toBe(200)
    const refused = await (await at.get(access, '?sort=eq.week')).json()
    expect(refused).toMatchObject({ code: 'unknown-column', allowed: ['week', 'amount'] })
  })

  test('a browser’s preflight is answered without a token', async () => {
    const response = await fetch(`${at.url}/data/x`, { method: 'OPTIONS', headers: { origin: 'https://a.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization,range' } })
    expect([response.status, response.headers.get('access-control-allow-headers'), response.headers.get('access-control-allow-credentials')]).toEqual([204, 'authorization,range', null])
  })
})

describe('tokens', () => {
  test('none, a wrong one, one of another transfer: 401 and a record', async () => {
    const access = await started()
    const other = await started()
    const none = await fetch(access.url)
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await code(await at.get({ ...access, token: randomBytes(32).toString('base64url') }))).toEqual([401, 'unauthenticated'])
    expect(await code(await at.get({ ...access, token: other.token }))).toEqual([401, 'unauthenticated'])
    expect((await at.records(other.transferId, 'data.denied'))[0]).toMatchObject({ decision: 'deny', code: 'unauthenticated', caller: expect.stringContaining('127.0.0.1'), partner: consumer })
    expect(await at.records(access.transferId)).toEqual([])
  })

  test('the token alone, without Bearer', async () => {
    const access = await started()
    expect((await fetch(access.url, { headers: { authorization: access.token } })).status).toBe(200)
  })

  test('a flood of denials makes few records with an exact count', async () => {
    await at.plane.settle()
    const access = await started()
    const before = (await at.audit.entries({ limit: 10_000, type: 'data.denied' })).length
    const began = performance.now()
    await Promise.all(Array.from({ length: 200 }, () => fetch(access.url)))
    await at.plane.settle()
    const denied = (await at.audit.entries({ limit: 10_000, type: 'data.denied' })).slice(before)
    expect(denied.reduce((sum, { count }) => sum + Number(count), 0)).toBe(200)
    // Two at most for each second that it takes.
    expect(denied.length).toBeLessThan(20 + (performance.now() - began) / 500)
  })

  test('expiry, revocation and a transfer that is not started', async () => {
    const access = await started()
    expect((await at.get(access)).status).toBe(200)
    const real = now
    now = new Date(real.getTime() + 3_600_000)
    expect((await at.get(access)).status).toBe(401)
    now = real
    await database.transaction((tx) => at.plane.revokeTokens(tx, access.transferId))
    expect((await at.get(access)).status).toBe(401)
    const partner = await started()
    expect((await at.get(partner)).status).toBe(200)
    await database.transaction((tx) => at.plane.revokePartner(tx, consumer))
    expect((await at.get(partner)).status).toBe(401)
    const suspended = await started()
    at.change(suspended.transferId, { state: 'SUSPENDED' })
    expect(await code(await at.get(suspended))).toEqual([403, 'forbidden'])
    const without = await started()
    at.change(without.transferId, { agreementId: undefined })
    expect(await code(await at.get(without))).toEqual([403, 'forbidden'])
    expect(await at.records(without.transferId, 'data.permitted')).toEqual([])
  })

  test('a revocation that is rolled back changes nothing', async () => {
    const access = await started()
    const undone = database.transaction(async (tx) => {
      await at.plane.revokeTokens(tx, access.transferId)
      throw new Error('rolled back')
    })
    await expect(undone).rejects.toThrow('rolled back')
    expect((await at.get(access)).status).toBe(200)
  })

  test('a token for the inbox does not fetch', async () => {
    const access = await started()
    const address = await database.transaction((tx) => at.plane.openInbox(tx, { transferId: access.transferId, partner: consumer }))
    const token = address.endpointProperties?.find(({ name }) => name === 'authorization')?.value ?? ''
    expect((await at.get({ ...access, token })).status).toBe(401)
  })
})

describe('record before release', () => {
  test('no record, no byte: 503', async () => {
    const access = await started()
    onRecord = ({ type }) => {
      if (type === 'data.permitted') throw new ProblemError('record-unavailable', 'The record is full.')
    }
    const response = await at.get(access)
    onRecord = () => undefined
    expect(await code(response)).toEqual([503, 'record-unavailable'])
    expect(response.headers.get('content-digest')).toBeNull()
    expect((await at.get(access)).status).toBe(200)
  })

  test('the record is there before the first byte', async () => {
    const access = await started()
    const asked = Promise.withResolvers<void>()
    const allow = Promise.withResolvers<void>()
    onRecord = async ({ type }) => {
      if (type !== 'data.permitted') return
      asked.resolve()
      await allow.promise
    }
    const socket = connect(Number(new URL(at.url).port), '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString()))
    socket.write(`GET ${new URL(access.url).pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${access.token}\r\n\r\n`)
    await asked.promise
    await new Promise((resolve) => setImmediate(resolve))
    expect(received).toBe('')
    onRecord = () => undefined
    allow.resolve()
    await once(socket, 'close')
    expect(received).toContain('200 OK')
  })
})

describe('long downloads', () => {
  const large = Buffer.alloc(64 * 1024 * 1024, 'x')

  async function reading() {
    const access = await started(large, 'large.csv')
    const response = await at.get(access)
    const reader = response.body?.getReader()
    if (reader === undefined) throw new Error('no body')
    await reader.read()
    const drain = async () => {
      let bytes = 0
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return bytes
        bytes += value.byteLength
      }
    }
    return { access, reader, drain }
  }

  const aborted = (transferId: string) => until(() => at.records(transferId, 'data.aborted'), (records) => records.length === 1)

  test('revocation cuts them, and says how far they came', async () => {
    const { access, drain } = await reading()
    await database.transaction((tx) => at.plane.revokeTokens(tx, access.transferId))
    await expect(drain()).rejects.toThrow()
    const [record] = await aborted(access.transferId)
    expect(Number(record?.['bytes'])).toBeGreaterThan(0)
    expect(Number(record?.['bytes'])).toBeLessThan(large.length)
  })

  test('a revocation by another replica counts within about a second', async () => {
    const { access, drain } = await reading()
    // What another process does: the row is gone, and nobody here was told.
    await database.db.deleteFrom('access_token').where('transfer_id', '=', access.transferId).execute()
    await aborted(access.transferId)
    await expect(drain()).rejects.toThrow()
  })

  test('a reader that goes away is recorded', async () => {
    const { access, reader } = await reading()
    await reader.cancel()
    await aborted(access.transferId)
    expect(at.errors).toEqual([])
  })

  test('a whole one is released', async () => {
    const { access, drain } = await reading()
    await drain()
    expect((await at.records(access.transferId, 'data.released'))[0]).toMatchObject({ bytes: large.length, sha256: sha256(large) })
  })
})
