import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/errors.ts'
import type { Database } from '../../../src/persistence/database.ts'
import type { JsonValue } from '../../../src/policy/odrl.ts'
import { policyDigest } from '../../../src/policy/policy-digest.ts'
import { checkOpening, isCommitment } from '../../../src/tlog/commitment.ts'
import { parseProof } from '../../../src/tlog/proof.ts'
import { leafHash } from '../../../src/tlog/tree.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { openTestDataPlane, sha256 } from '../../helpers/data-plane.ts'
import type { TestDataPlane } from '../../helpers/data-plane.ts'
import { until } from '../../helpers/until.ts'
import { provenBy } from './proven.ts'

const csv = 'week,amount\n2026-W01,12\n2026-W02,7\n'

let database: Database
let at: TestDataPlane
let origin: Server
let originUrl: string
let down: ProblemError | undefined

beforeAll(async () => {
  database = await openTestDatabase()
  at = await openTestDataPlane({
    database,
    onRecord: () => {
      if (down !== undefined) throw down
    },
  })
  origin = createServer((_request, response) => response.writeHead(200, { 'concordat-record': '1', 'concordat-receipt': 'Zm9yZ2Vk', 'concordat-withheld': 'nothing' }).end('from the source')).listen(0, '127.0.0.1')
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
  down = undefined
})

async function started() {
  const { dataset } = await at.file(csv, 'spending.csv')
  return at.start(dataset)
}

async function proxied() {
  const dataset = `urn:uuid:${crypto.randomUUID()}`
  at.datasets.set(dataset, { source: { type: 'http', baseUrl: originUrl, methods: ['GET', 'POST'], paths: ['/**'], requestHeaders: [], secrets: [] }, columns: [], title: 'An API' })
  return at.start(dataset)
}

describe('what goes out proves its record', () => {
  test('a file, a part of it, what was not changed, and HEAD', async () => {
    const access = await started()
    const whole = await at.get(access)
    expect(await whole.text()).toBe(csv)
    expect(await provenBy(at.audit, whole)).toMatchObject({ type: 'data.permitted', transfer: access.transferId, reserved: { bytes: csv.length }, policySha256: policyDigest({ '@id': '', '@type': 'Agreement', target: '', assigner: '', assignee: '', timestamp: '', permission: [{ action: 'use' }] }) })
    const part = await at.get(access, '', { range: 'bytes=0-3' })
    expect([part.status, await part.text()]).toEqual([206, 'week'])
    expect(await provenBy(at.audit, part)).toMatchObject({ request: { range: 'bytes=0-3' }, reserved: { bytes: 4 } })
    const same = await at.get(access, '', { 'if-none-match': whole.headers.get('etag') ?? '' })
    expect([same.status, (await provenBy(at.audit, same)).reserved]).toEqual([304, { bytes: 0 }])
    const head = await fetch(access.url, { method: 'HEAD', headers: { authorization: access.token } })
    expect(await provenBy(at.audit, head)).toMatchObject({ type: 'data.permitted', request: { method: 'HEAD' } })
    const records = [whole, part, same, head].map(({ headers }) => headers.get('concordat-record'))
    expect(new Set(records).size).toBe(4)
    expect(whole.headers.get('concordat-receipt')?.length).toBeLessThan(2048)
  })

  test('the answer to a query, whose record has its digest', async () => {
    const access = await started()
    const answer = await at.get(access, '?select=week&amount=gt.7')
    const body = await answer.text()
    expect(await provenBy(at.audit, answer)).toMatchObject({ rows: 1, bytes: Buffer.byteLength(body), sha256: sha256(body), request: { query: '?select=week&amount=gt.7' } })
  })

  test('what an HTTP source answers, whatever it says of records itself', async () => {
    const access = await proxied()
    const answer = await at.get(access, '/stations')
    expect([answer.status, await answer.text(), answer.headers.get('concordat-withheld')]).toEqual([200, 'from the source', null])
    expect(await provenBy(at.audit, answer)).toMatchObject({ type: 'data.permitted', transfer: access.transferId, reserved: { bytes: null } })
  })
})

describe('refusals prove their record, too', () => {
  test.each([
    ['a query that cannot be read', '?select=(', {}, 'invalid-query'],
    ['a column that is not there', '?select=other', {}, 'unknown-column'],
    ['a path below a table', '/below', {}, 'not-found'],
    ['a version that is not there', '?version=7', {}, 'not-found'],
    ['a method that reads nothing', '', { method: 'DELETE' }, 'method-not-allowed'],
    ['a POST to a table', '', { method: 'POST' }, 'method-not-allowed'],
    ['a range beyond the end', '', { headers: { range: 'bytes=1000-' } }, 'range-not-satisfiable'],
  ])('%s', async (_what, more, init, code) => {
    const access = await started()
    const answer = await fetch(access.url + more, { ...init, headers: { authorization: access.token, ...('headers' in init ? init.headers : {}) } })
    expect(await answer.json()).toMatchObject({ code })
    expect(await provenBy(at.audit, answer)).toMatchObject({ type: 'data.denied', decision: 'deny', code, transfer: access.transferId, agreement: 'urn:uuid:agreement', count: 1 })
  })

  test('no token, and a transfer that is not started', async () => {
    const access = await started()
    const none = await fetch(access.url)
    expect([none.status, (await provenBy(at.audit, none)).code]).toEqual([401, 'unauthenticated'])
    at.change(access.transferId, { state: 'SUSPENDED' })
    const suspended = await at.get(access)
    expect([suspended.status, (await provenBy(at.audit, suspended)).code]).toEqual([403, 'not-started'])
  })

  test('those of one moment share the record of the first, and the rest is counted exactly', async () => {
    const access = await started()
    await at.plane.settle()
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 50 }, (_each, place) => at.get(access, `?select=c${place}`)))
    for (const answer of answers.slice(0, 3)) expect((await provenBy(at.audit, answer)).type).toBe('data.denied')
    const denied = await at.records(access.transferId, 'data.denied')
    expect(denied.reduce((sum, { count }) => sum + Number(count), 0)).toBe(50)
    // Two at most for each second that it takes.
    expect(denied.length).toBeLessThan(20 + (performance.now() - began) / 500)
    const firsts = denied.filter(({ count, first }) => count === 1 && first === undefined).map(({ index }) => index)
    const records = new Set(answers.map(({ headers }) => Number(headers.get('concordat-record'))))
    expect([...records].toSorted((left, right) => left - right)).toEqual(firsts)
    expect(firsts).toContain(denied.find(({ first }) => first !== undefined)?.first)
  })

  test('a preflight asks for no data: it has no record', async () => {
    const access = await started()
    const answer = await fetch(access.url, { method: 'OPTIONS' })
    expect([answer.status, answer.headers.get('concordat-record')]).toEqual([204, null])
  })
})

describe('without the record', () => {
  test.each(['record-unavailable', 'log-stopped'] as const)('%s: 503 and nothing else, for whoever asks; counts are made up for, and it recovers', async (code) => {
    const access = await started()
    const other = await started()
    down = new ProblemError(code, 'There is no record.')
    for (const refused of [await at.get(access), await fetch(other.url), await at.get(other, '?select=(')]) {
      expect([refused.status, refused.headers.get('concordat-receipt'), (await refused.text()).includes('week')]).toEqual([503, null, false])
    }
    down = undefined
    await at.plane.settle()
    await at.plane.tick()
    expect((await at.get(access)).status).toBe(200)
    const denied = await at.records(other.transferId, 'data.denied')
    expect(denied.map((record) => [record.code, record.count])).toEqual([['invalid-query', 1]])
    at.errors.length = 0
  })

  test('a refusal whose own record cannot be written still goes out, without receipt', async () => {
    const access = await started()
    down = new ProblemError('too-large', 'It does not fit.')
    const refused = await at.get(access, '?select=(')
    expect([refused.status, refused.headers.get('concordat-record')]).toEqual([400, null])
    down = undefined
    at.errors.length = 0
  })
})

describe('a record and its receipt afterwards', () => {
  const fetchReceipt = (access: { url: string; token: string }, record: string | number | null) => at.get(access, `/receipts/${record}`)

  test('has the bytes of the leaf, what opens it, and the proof', async () => {
    const access = await started()
    for (const answer of [await at.get(access, '?select=week'), await at.get(access, '?select=none')]) {
      await answer.text()
      const document: { record: number; entry: string; openings: Record<string, { salt: string; value: unknown }>; receipt: string } = JSON.parse(await (await fetchReceipt(access, answer.headers.get('concordat-record'))).text())
      expect(String(document.record)).toBe(answer.headers.get('concordat-record'))
      expect(parseProof(document.receipt).extra).toEqual(leafHash(Buffer.from(document.entry)))
      const entry: { request: { query: JsonValue } } = JSON.parse(document.entry)
      const { query } = entry.request
      const opening = document.openings['request.query']
      if (!isCommitment(query) || opening === undefined) throw new Error('The query is not committed')
      expect(checkOpening(query.committed, { salt: opening.salt, value: String(opening.value) })).toBe(true)
      expect(String(opening.value)).toMatch(/^\?select=(week|none)$/)
    }
  })

  test('is told to the transfer that it is of, and to nobody else', async () => {
    const access = await started()
    const other = await started()
    const record = (await at.get(access)).headers.get('concordat-record')
    expect((await fetchReceipt(access, record)).status).toBe(200)
    expect((await fetchReceipt(other, record)).status).toBe(404)
    expect((await fetchReceipt({ ...access, token: other.token }, record)).status).toBe(401)
    expect((await fetchReceipt(access, 999_999_999)).status).toBe(404)
    expect((await fetchReceipt(access, 0)).status).toBe(404)
    expect((await fetchReceipt(access, `0${record}`)).status).toBe(404)
  })
})

test('the record of a permission and that of its end have what was asked, what decided, and what went out', async () => {
  const access = await started()
  const answer = await at.get(access, '?select=week')
  const body = await answer.text()
  const [permitted, released] = await until(() => at.records(access.transferId, 'data.permitted', 'data.released'), ({ length }) => length === 2)
  expect(permitted).toMatchObject({ agreement: 'urn:uuid:agreement', request: { query: '?select=week' }, sha256: createHash('sha256').update(body).digest('hex') })
  expect(released).toMatchObject({ permitted: permitted?.index, bytes: body.length, rows: 2, sha256: permitted?.sha256 })
  expect(released).not.toHaveProperty('policySha256')
})
