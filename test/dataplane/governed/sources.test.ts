import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { PushResult } from '../../../src/dataplane/push.ts'
import type { PolicyTerms } from '../../../src/policy/odrl.ts'
import { profileIri } from '../../../src/policy/profile.ts'
import { ask, constraint, integer, openGoverned, permission, purpose, refusal, rows, spending, start, started } from './fixture.ts'
import type { Access, Governed } from './fixture.ts'

let governed: Governed
let origin: Server
let originUrl = ''
const asked: string[] = []
const delivered: string[] = []
let deliveryStatus = 201

beforeAll(async () => {
  governed = await openGoverned()
  origin = createServer((request, response) => {
    if (request.method === 'PUT') {
      let body = ''
      request.on('data', (chunk) => (body += String(chunk)))
      request.on('end', () => {
        delivered.push(body)
        response.writeHead(deliveryStatus).end('{}')
      })
      return
    }
    asked.push(`${request.method} ${request.url}`)
    response.end('x'.repeat(1000))
  }).listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const address = origin.address()
  originUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
afterAll(async () => {
  expect(governed.at.errors).toEqual([])
  await governed.close()
  origin.closeAllConnections()
  origin.close()
})
beforeEach(() => {
  governed.clock.forward((start - governed.clock().getTime()) / 1000)
  asked.length = 0
  delivered.length = 0
  deliveryStatus = 201
})

async function api(terms: PolicyTerms): Promise<Access> {
  const dataset = `urn:uuid:${randomUUID()}`
  governed.at.datasets.set(dataset, { source: { type: 'http', baseUrl: originUrl, methods: ['GET', 'HEAD', 'POST'], paths: ['/**'], requestHeaders: [], secrets: [] }, columns: [], title: 'An API' })
  return started(governed, dataset, terms)
}

describe('HTTP sources', () => {
  test('paths by pattern, methods and parameters', async () => {
    const access = await api(permission('use', constraint('path', 'isAnyOf', ['/stations/*', '/open/**']), constraint('method', 'eq', 'GET'), constraint('parameter#district', 'isAnyOf', ['sants', 'gracia'])))
    const code = async (path: string, query: string, method = 'GET') => {
      const response = await ask(governed, access, { path, query, method })
      return response.status === 200 ? (await response.text(), 200) : refusal(response)
    }
    expect(await code('/stations/12', '?district=sants')).toBe(200)
    expect(await code('/open/a/b', '?x=1&district=gracia')).toBe(200)
    expect(await code('/stations', '?district=sants')).toEqual([403, 'not-permitted', 'path'])
    expect(await code('/stations/12/secret', '?district=sants')).toEqual([403, 'not-permitted', 'path'])
    expect(await code('/open/a%2fsecret', '?district=sants')).toEqual([400, 'invalid-path'])
    expect(await code('/stations/12', '')).toEqual([403, 'not-permitted', 'parameter#district'])
    expect(await code('/stations/12', '?district=les-corts')).toEqual([403, 'not-permitted', 'parameter#district'])
    // Of two values nobody knows which one the source takes; an encoded name is the same name.
    expect(await code('/stations/12', '?district=sants&district=les-corts')).toEqual([403, 'not-permitted', 'parameter#district'])
    expect(await code('/stations/12', '?district=sants&%64istrict=les-corts')).toEqual([403, 'not-permitted', 'parameter#district'])
    expect(await code('/stations/12', '?district=sants', 'POST')).toEqual([403, 'not-permitted', 'method'])
    expect(asked).toEqual(['GET /stations/12?district=sants', 'GET /open/a/b?x=1&district=gracia'])
  })

  test('a prohibited path, and a body that may carry parameters', async () => {
    const prohibited = await api({ profile: profileIri, permission: [{ action: 'use' }], prohibition: [{ action: 'use', constraint: [constraint('path', 'isAnyOf', ['/private/**'])] }] })
    expect(await refusal(await ask(governed, prohibited, { path: '/private/a' }))).toEqual([403, 'not-permitted', 'path'])
    expect((await ask(governed, prohibited, { path: '/public/a' })).status).toBe(200)
    const posted = await api(permission('use', constraint('parameter#district', 'eq', 'sants')))
    expect((await ask(governed, posted, { path: '/a', query: '?district=sants' })).status).toBe(200)
    expect(await refusal(await ask(governed, posted, { path: '/a', query: '?district=sants', method: 'POST' }))).toEqual([403, 'not-permitted', 'parameter#district'])
  })

  test('purpose and role', async () => {
    const access = await api(permission('use', constraint('purpose', 'isA', purpose('ResearchAndDevelopment')), constraint('role', 'eq', 'analyst')))
    const says = { purpose: purpose('AcademicResearch'), role: 'analyst' }
    expect((await ask(governed, access, { path: '/a', query: '?b=c', says })).status).toBe(200)
    expect(await refusal(await ask(governed, access, { path: '/a', query: '?b=c', says: { ...says, role: 'clerk' } }))).toEqual([403, 'not-permitted', 'role'])
    expect(await refusal(await ask(governed, access, { path: '/a' }))).toEqual([403, 'statement-required'])
    expect(asked.length).toBe(1)
  })

  test('queries and bytes: bytes are debited when they are sent, and none begins once they are used up', async () => {
    const counted = await api(permission('use', constraint('queriesPerHour', 'lteq', integer(2))))
    const codes = []
    for (let time = 0; time < 3; time++) codes.push((await ask(governed, counted, { path: '/a' })).status)
    expect(codes).toEqual([200, 200, 429])
    const access = await api(permission('use', constraint('bytesPerDay', 'lteq', integer(1500))))
    for (const used of [1000, 2000]) {
      expect((await (await ask(governed, access, { path: '/a' })).text()).length).toBe(1000)
      await governed.at.plane.settle()
      expect(await governed.database.db.selectFrom('quota_counter').select('amount').where('agreement_id', '=', access.agreement).execute()).toEqual([{ amount: used }])
    }
    expect(await refusal(await ask(governed, access, { path: '/a' }))).toEqual([429, 'quota-exceeded', 'bytesPerDay'])
    const released = await governed.at.records(access.transferId, 'data.released')
    expect(released.map(({ bytes, quota }) => [bytes, quota])).toEqual([[1000, { bytesPerDay: 1000 }], [1000, { bytesPerDay: 2000 }]])
  })
})

describe('deliveries', () => {
  async function push(terms: PolicyTerms, format?: 'csv' | 'original'): Promise<{ result: PushResult; access: Access; again: () => Promise<PushResult> }> {
    const access = await started(governed, await spending(governed), terms)
    const job = { transferId: access.transferId, address: { '@type': 'DataAddress' as const, 'endpointType': 'https://w3id.org/idsa/v4.1/HTTP', 'endpoint': `${originUrl}/inbox`, 'endpointProperties': [{ '@type': 'EndpointProperty' as const, 'name': 'method', 'value': 'PUT' }] }, ...(format === undefined ? {} : { format }) }
    const again = () => governed.at.plane.push(job)
    return { result: await again(), access, again }
  }

  test('what is restricted is delivered as far as it is permitted, debited and recorded', async () => {
    const { result, access } = await push(permission('use', constraint('rowScope#district', 'eq', 'Sants'), constraint('rows', 'lteq', integer(10))))
    expect(result).toMatchObject({ delivered: true })
    expect(delivered[0]?.split('\n').length).toBe(6)
    expect(delivered[0]).not.toContain('Gràcia')
    const [permitted] = await governed.at.records(access.transferId, 'data.permitted')
    expect(permitted).toMatchObject({ rule: '/permission/0', quota: { rows: 4 }, request: { format: 'csv' } })
    expect((await push(permission('use', constraint('rowScope#district', 'eq', 'Sants')), 'original')).result).toMatchObject({ delivered: false, retry: false })
  })

  test('a delivery that is tried again is debited once', async () => {
    deliveryStatus = 503
    const { result, access, again } = await push(permission('use', constraint('count', 'lteq', integer(1))))
    expect(result).toMatchObject({ delivered: false, retry: true })
    deliveryStatus = 201
    expect(await again()).toMatchObject({ delivered: true })
    expect((await governed.at.records(access.transferId, 'data.delivered')).length).toBe(1)
    expect(delivered.at(-1)?.trim().split('\n').length).toBe(rows.length + 1)
    expect((await governed.at.records(access.transferId, 'data.permitted')).map(({ retry }) => retry)).toEqual([undefined, true])
  })

  test('nothing is delivered that needs a statement, lets out no rows, or is over; a quota that starts again is waited for', async () => {
    const needs = await push(permission('use', constraint('role', 'eq', 'analyst')))
    expect(needs.result).toMatchObject({ delivered: false, retry: false, reason: expect.stringContaining('role, which nobody states for a delivery') })
    expect((await governed.at.records(needs.access.transferId, 'data.denied'))[0]).toMatchObject({ code: 'statement-required', agreement: needs.access.agreement })
    expect((await push(permission('use', constraint('minGroupSize#card', 'gteq', integer(10))))).result).toMatchObject({ delivered: false, retry: false })
    expect((await push(permission('use', constraint('dateTime', 'lt', { '@value': '2026-01-02T00:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' })))).result).toMatchObject({ delivered: false, retry: false })
    expect((await push(permission('use', constraint('rowsPerDay', 'lteq', integer(1))))).result).toMatchObject({ delivered: false, retry: true })
    expect((await push(permission('use', constraint('rows', 'lteq', integer(1))))).result).toMatchObject({ delivered: false, retry: false })
    expect(delivered).toEqual([])
  })
})
