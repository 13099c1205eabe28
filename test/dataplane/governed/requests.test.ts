import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { ask, constraint, integer, openGoverned, permission, purpose, refusal, rows, spending, start, started, stated } from './fixture.ts'
import type { Access, Governed } from './fixture.ts'

let governed: Governed
let dataset = ''
beforeAll(async () => {
  governed = await openGoverned()
  dataset = await spending(governed)
})
afterAll(async () => {
  expect(governed.at.errors).toEqual([])
  await governed.close()
})
beforeEach(() => governed.clock.forward((start - governed.clock().getTime()) / 1000))

const statistics = permission(
  'use',
  constraint('purpose', 'isA', purpose('ResearchAndDevelopment')),
  constraint('role', 'isAnyOf', ['analyst', 'auditor']),
  constraint('hourOfDay', 'gteq', integer(8), 'Europe/Madrid'),
  constraint('hourOfDay', 'lt', integer(18), 'Europe/Madrid'),
  constraint('dateTime', 'lteq', { '@value': '2026-12-31T23:59:59Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' }),
  constraint('minGroupSize#card', 'gteq', integer(10)),
  constraint('queriesPerDay', 'lteq', integer(1000), 'Europe/Madrid'),
)
const analyst = { purpose: purpose('AcademicResearch'), role: 'analyst', user: 'k3yed-hash' }
const query = '?select=district,sector,amount.sum(),cards.sum()&order=amount.sum.desc'

test('an analyst asks for statistics: permitted groups, what was withheld, and who asked under which terms in the record', async () => {
  const access = await started(governed, dataset, statistics)
  const response = await ask(governed, access, { query, says: analyst, headers: { accept: 'application/json' } })
  const body: unknown = await response.json()
  expect([response.status, body]).toEqual([200, expect.arrayContaining([{ 'district': 'Sants', 'sector': 'food', 'amount.sum': 402, 'cards.sum': 82 }])])
  expect(JSON.stringify(body)).not.toContain('jewels')
  expect(response.headers.get('concordat-withheld')).toBe('groups=<5; reason=minGroupSize')
  const [permitted] = await governed.at.records(access.transferId, 'data.permitted')
  expect(response.headers.get('concordat-record')).toBe(String(permitted?.index))
  expect(permitted).toMatchObject({ agreement: access.agreement, role: 'analyst', purpose: analyst.purpose, user: 'k3yed-hash', rule: '/permission/0', rows: 6, withheld: { groups: 1, reasons: ['minGroupSize'] }, quota: { queriesPerDay: 1 }, request: { method: 'GET', query, format: 'json' } })
  expect(permitted?.['terms']).toEqual(expect.arrayContaining([
    { term: 'role', at: '/permission/0/constraint/1', operator: 'isAnyOf', wanted: ['analyst', 'auditor'], value: 'analyst', satisfied: true, source: 'statement' },
    { term: 'minGroupSize#card', at: '/permission/0/constraint/5', operator: 'gteq', wanted: ['10'], satisfied: true, source: 'query' },
    { term: 'queriesPerDay', at: '/permission/0/constraint/6', operator: 'lteq', wanted: ['1000'], satisfied: true, source: 'counter' },
  ]))
})

describe('refusals', () => {
  const refuses = async (access: Access, says: object | undefined, more = {}) => ask(governed, access, { query, headers: { accept: 'application/json' }, ...(says === undefined ? {} : { says }), ...more })

  test('name the term and what would be needed, and say nothing of the data', async () => {
    const access = await started(governed, dataset, statistics)
    const role = await refuses(access, { ...analyst, role: 'visitor' })
    const body: unknown = await role.json()
    expect(body).toMatchObject({ status: 403, code: 'not-permitted', term: 'role', at: '/permission/0/constraint/1', operator: 'isAnyOf', wanted: ['analyst', 'auditor'], value: 'visitor' })
    expect(Object(body).detail).toBe('The agreement permits this only where role is one of analyst, auditor (/permission/0/constraint/1); the request has visitor.')
    expect(await refusal(await refuses(access, { ...analyst, purpose: purpose('Marketing') }))).toEqual([403, 'not-permitted', 'purpose'])
    expect(await refusal(await refuses(access, { role: 'analyst' }))).toEqual([403, 'not-permitted', 'purpose'])
    governed.clock.forward(7 * 3600)
    expect(await refusal(await refuses(access, analyst))).toEqual([403, 'not-permitted', 'hourOfDay'])
    const denied = await governed.at.records(access.transferId, 'data.denied')
    expect(denied.map(({ code, role, count }) => [code, role, count])).toEqual([['not-permitted', 'visitor', 1], ['not-permitted', 'analyst', 1], ['not-permitted', 'analyst', 1], ['not-permitted', 'analyst', 1]])
    expect(denied[0]).toMatchObject({ agreement: access.agreement, user: 'k3yed-hash', request: { query }, terms: [{ term: 'role', value: 'visitor', satisfied: false, source: 'statement' }] })
    expect(await governed.at.records(access.transferId, 'data.permitted')).toEqual([])
  })

  test('the end of the agreement', async () => {
    const access = await started(governed, dataset, permission('use', constraint('dateTime', 'lteq', { '@value': '2026-03-10T12:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' })))
    expect((await ask(governed, access, { query })).status).toBe(200)
    governed.clock.forward(3601)
    expect(await refusal(await ask(governed, access, { query }))).toEqual([403, 'not-permitted', 'dateTime'])
  })

  test('a request without a statement is told which terms need one', async () => {
    const access = await started(governed, dataset, statistics)
    const response = await refuses(access, undefined)
    const body: unknown = await response.json()
    expect(body).toMatchObject({ status: 403, code: 'statement-required', needed: ['purpose', 'role'] })
  })

  test('statements for another request, agreement or transfer, of another issuer, expired, replayed, forged, several', async () => {
    const access = await started(governed, dataset, statistics)
    const other = await started(governed, dataset, statistics)
    const accept = { accept: 'application/json' }
    const send = async (headers: Record<string, string>, more = query) => refusal(await fetch(access.url + more, { headers: { authorization: `Bearer ${access.token}`, ...accept, ...headers } }))
    const refused = [403, 'statement-refused']
    expect(await send(await stated(governed, access, { query: '?select=count()', headers: accept, says: analyst }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, headers: { accept: 'text/csv' }, says: analyst }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, method: 'HEAD', headers: accept, says: analyst }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, headers: { ...accept, prefer: 'count=exact' }, says: analyst }))).toEqual(refused)
    expect(await send(await stated(governed, other, { query, headers: accept, says: analyst }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, headers: accept, says: { ...analyst, agreement: other.agreement } }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, headers: accept, says: { ...analyst, transfer: other.transferId } }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, headers: accept, says: { ...analyst, audience: 'did:web:elsewhere.example' } }))).toEqual(refused)
    expect(await send(await stated(governed, access, { query, headers: accept, says: analyst, signer: governed.stranger }))).toEqual(refused)
    expect(await send({ 'concordat-statement': 'a.b.c' })).toEqual(refused)
    expect(await send({ 'concordat-statement': '' })).toEqual(refused)
    const good = await stated(governed, access, { query, headers: accept, says: analyst })
    const [header = '', payload = '', signature = ''] = (good['concordat-statement'] ?? '').split('.')
    const claims = Buffer.from(payload, 'base64url').toString().replace('analyst', 'auditor')
    expect(await send({ 'concordat-statement': [header, Buffer.from(claims).toString('base64url'), signature].join('.') })).toEqual(refused)
    const response = await fetch(access.url + query, { headers: { authorization: `Bearer ${access.token}`, ...accept, ...good } })
    expect(response.status).toBe(200)
    await response.text()
    expect(await send(good)).toEqual(refused)
    const late = await stated(governed, access, { query, headers: accept, says: analyst })
    governed.clock.forward(3600)
    expect(await send(late)).toEqual(refused)
    expect((await governed.at.records(access.transferId, 'data.permitted')).length).toBe(1)
  })

  test('a replay at the same time is released once', async () => {
    const access = await started(governed, dataset, statistics)
    const headers = await stated(governed, access, { query, headers: { accept: 'application/json' }, says: analyst })
    const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(access.url + query, { headers: { authorization: `Bearer ${access.token}`, accept: 'application/json', ...headers } })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 11 }, () => 403)])
  })

  test('rows, other filters and casts of what is protected, in the same words whatever the data', async () => {
    const access = await started(governed, dataset, statistics)
    const codes = async (asked: string) => refusal(await ask(governed, access, { query: asked, headers: { accept: 'application/json' }, says: analyst }))
    expect(await codes('?select=district,amount')).toEqual([403, 'not-permitted', 'minGroupSize'])
    expect(await codes('')).toEqual([403, 'not-permitted', 'minGroupSize'])
    const found = await ask(governed, access, { query: '?select=sector,cards.sum()&sector=eq.jewels', says: analyst, headers: { accept: 'application/json' } })
    const none = await ask(governed, access, { query: '?select=sector,cards.sum()&sector=eq.yachts', says: analyst, headers: { accept: 'application/json' } })
    const [few, empty] = [await found.text(), await none.text()]
    expect([found.status, few]).toEqual([none.status, empty])
    // To look is debited, also where nothing comes out.
    const [row] = await governed.database.db.selectFrom('quota_counter').select('amount').where('agreement_id', '=', access.agreement).execute()
    expect(row?.amount).toBe(2)
  })

  test('of one kind are counted while they come fast', async () => {
    const access = await started(governed, dataset, statistics)
    const began = performance.now()
    await Promise.all(Array.from({ length: 50 }, async () => (await refuses(access, undefined)).text()))
    const denied = await governed.at.records(access.transferId, 'data.denied')
    expect(denied.reduce((sum, { count }) => sum + Number(count), 0)).toBe(50)
    // Two at most for each second that it takes.
    expect(denied.length).toBeLessThan(10 + (performance.now() - began) / 500)
  })

  test('an agreement whose terms cannot be read permits nothing', async () => {
    const access = await started(governed, dataset, permission('use', { leftOperand: 'https://elsewhere.example/mood', operator: 'eq', rightOperand: 'good' }))
    expect(await refusal(await ask(governed, access))).toEqual([403, 'not-permitted'])
    const without = await started(governed, dataset, { permission: [{ action: 'use' }] }, { agreement: undefined })
    expect(await refusal(await ask(governed, without))).toEqual([403, 'not-permitted'])
  })

  test('statistics only: rows are refused with what to ask for', async () => {
    const access = await started(governed, dataset, permission('https://w3id.org/concordat/policy/v1/queryAggregate'))
    expect((await ask(governed, access, { query: '?select=amount.sum()' })).status).toBe(200)
    const response = await ask(governed, access, { query: '?select=amount' })
    expect(Object(await response.json()).detail).toContain('statistics only')
    expect(await refusal(await ask(governed, access))).toEqual([403, 'not-permitted', 'action'])
  })
})

describe('quotas', () => {
  test('exactly so many of 64 parallel requests are answered; the others are told when to come again', async () => {
    const access = await started(governed, dataset, permission('use', constraint('queriesPerDay', 'lteq', integer(20), 'Europe/Madrid')))
    const answers = await Promise.all(Array.from({ length: 64 }, () => ask(governed, access)))
    expect(answers.filter(({ status }) => status === 200).length).toBe(20)
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.headers.get('retry-after')).toBe(String(12 * 3600))
    expect(await refused?.json()).toMatchObject({ code: 'quota-exceeded', term: 'queriesPerDay', limit: 20, window: 'day', resetsAt: '2026-03-10T23:00:00.000Z' })
    expect((await governed.at.records(access.transferId, 'data.permitted')).length).toBe(20)
    governed.clock.forward(12 * 3600)
    expect((await ask(governed, access)).status).toBe(200)
  })

  test('a retry under the same key is answered and not debited; another request under it is refused', async () => {
    const access = await started(governed, dataset, permission('use', constraint('count', 'lteq', integer(1))))
    const keyed = (asked: string) => ask(governed, access, { query: asked, headers: { 'idempotency-key': 'once' } })
    expect([(await keyed('?select=week')).status, (await keyed('?select=week')).status]).toEqual([200, 200])
    expect(await refusal(await keyed('?select=sector'))).toEqual([422, 'idempotency-key-reused'])
    expect(await refusal(await ask(governed, access, { query: '?select=week' }))).toEqual([429, 'quota-exceeded', 'count'])
    expect((await governed.at.records(access.transferId, 'data.permitted')).map(({ retry }) => retry)).toEqual([undefined, true])
  })

  test('rows are counted as they come out, bytes as they are sent; HEAD takes nothing and tells nothing', async () => {
    const access = await started(governed, dataset, permission('use', constraint('rows', 'lteq', integer(20)), constraint('bytes', 'lteq', integer(100_000))))
    const whole = await ask(governed, access, { headers: { accept: 'text/csv' } })
    const bytes = (await whole.text()).length
    expect([whole.status, (await governed.at.records(access.transferId, 'data.permitted'))[0]]).toMatchObject([200, { quota: { rows: rows.length, bytes: expect.any(Number) }, rows: rows.length }])
    expect(bytes).toBeGreaterThan(100)
    const head = await ask(governed, access, { method: 'HEAD', query: '?district=eq.Sants', headers: { prefer: 'count=exact' } })
    expect([head.status, head.headers.get('content-length'), head.headers.get('content-range'), head.headers.get('repr-digest')]).toEqual([200, null, null, null])
    expect(await refusal(await ask(governed, access))).toEqual([429, 'quota-exceeded', 'rows'])
    expect((await ask(governed, access, { query: '?limit=7' })).status).toBe(200)
    expect(await refusal(await ask(governed, access, { query: '?limit=1' }))).toEqual([429, 'quota-exceeded', 'rows'])
    const other = await started(governed, dataset, permission('use', constraint('bytes', 'lteq', integer(100))))
    expect((await ask(governed, other, { headers: { range: 'bytes=0-99' } })).status).toBe(206)
    expect(await refusal(await ask(governed, other, { headers: { range: 'bytes=100-100' } }))).toEqual([429, 'quota-exceeded', 'bytes'])
  })
})

test('what ends while an answer is prepared is not released: it is decided again before the record', async () => {
  const ending = await spending(governed)
  const found = governed.at.datasets.get(ending)
  if (found === undefined || typeof found === 'function') throw new Error('no dataset')
  const access = await started(governed, ending, permission('use', constraint('dateTime', 'lt', { '@value': '2026-03-10T12:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' })))
  governed.at.datasets.set(ending, (version) => {
    // Asked for once the request is permitted.
    if (version !== undefined) governed.clock.forward(3600)
    return found
  })
  expect(await refusal(await ask(governed, access, { query: '?version=2&select=week' }))).toEqual([403, 'not-permitted', 'dateTime'])
  expect((await governed.at.records(access.transferId)).map(({ type, code }) => [type, code])).toEqual([['data.denied', 'not-permitted']])
})

describe('answers', () => {
  test('a restricted dataset is given whole as far as it is permitted; its original is not', async () => {
    const access = await started(governed, dataset, permission('use', constraint('rowScope#district', 'eq', 'Sants'), constraint('column', 'isAnyOf', ['week', 'district', 'amount']), constraint('mask#week', 'eq', 'truncate:4')))
    const whole = await ask(governed, access)
    expect(await whole.text()).toBe(`week,district,amount\n${Array.from({ length: 4 }, () => '2026,Sants,201.0').join('\n')}\n`)
    expect(await refusal(await ask(governed, access, { query: '?format=original' }))).toEqual([403, 'not-permitted', 'rowScope#district'])
    expect(await refusal(await ask(governed, access, { query: '?select=sector' }))).toMatchObject([400, 'unknown-column'])
    expect(await refusal(await ask(governed, access, { query: '?sector=eq.jewels' }))).toMatchObject([400, 'unknown-column'])
    expect(await (await ask(governed, access, { query: '?district=eq.Les Corts' })).json()).toEqual([])
  })

  test('formats are a term like others, by short name or media type', async () => {
    const access = await started(governed, dataset, permission('use', constraint('fileFormat', 'isAnyOf', ['text/csv', 'json'])))
    expect((await ask(governed, access, { headers: { accept: 'text/csv' } })).status).toBe(200)
    expect((await ask(governed, access, { query: '?select=week' })).status).toBe(200)
    expect((await ask(governed, access)).status).toBe(200)
    expect(await refusal(await ask(governed, access, { query: '?format=parquet' }))).toEqual([403, 'not-permitted', 'fileFormat'])
    expect(await refusal(await ask(governed, access, { query: '?format=ndjson&select=week' }))).toEqual([403, 'not-permitted', 'fileFormat'])
  })

  test('pages, counts, one object, and an answer that tells of itself', async () => {
    const access = await started(governed, dataset, permission('use'))
    const page = await ask(governed, access, { query: '?select=week&order=week&limit=2&offset=4', headers: { prefer: 'count=exact' } })
    expect([page.status, page.headers.get('content-range'), page.headers.get('range-unit')]).toEqual([206, `4-5/${rows.length}`, 'items'])
    const ranged = await ask(governed, access, { query: '?select=week', headers: { 'range': '0-2', 'range-unit': 'items' } })
    expect([ranged.status, ranged.headers.get('content-range')]).toEqual([200, '0-2/*'])
    const text = await (await ask(governed, access, { query: '?select=week' })).text()
    const digest = createHash('sha256').update(text).digest('base64')
    expect((await ask(governed, access, { query: '?select=week' })).headers.get('repr-digest')).toBe(`sha-256=:${digest}:`)
    const object = await ask(governed, access, { query: '?select=amount&sector=eq.jewels', headers: { accept: 'application/vnd.pgrst.object+json' } })
    expect([object.headers.get('content-type'), await object.text()]).toEqual(['application/vnd.pgrst.object+json; charset=utf-8', '{"amount":98765.5}'])
    for (const sector of ['food', 'yachts']) expect(await refusal(await ask(governed, access, { query: `?select=amount&sector=eq.${sector}`, headers: { accept: 'application/vnd.pgrst.object+json' } }))).toEqual([406, 'not-acceptable'])
    const told = await started(governed, dataset, statistics)
    const answer = await ask(governed, told, { query, says: analyst, headers: { prefer: 'concordat-metadata', accept: 'application/json' } })
    const body: unknown = await answer.json()
    expect(body).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ district: 'Sants' })]), metadata: { agreement: told.agreement, rows: 6, withheld: { groups: '<5', reasons: ['minGroupSize'] }, record: Number(answer.headers.get('concordat-record')) } })
    expect(Object(body).metadata.terms).toEqual(expect.arrayContaining([{ term: 'role', operator: 'isAnyOf', wanted: ['analyst', 'auditor'], at: '/permission/0/constraint/1' }]))
  })
})

describe('agreements without terms', () => {
  test('a statement is verified, recorded and spent all the same', async () => {
    const access = await started(governed, dataset, { permission: [{ action: 'use' }] })
    const headers = await stated(governed, access, { says: analyst })
    const send = () => fetch(access.url, { headers: { authorization: `Bearer ${access.token}`, accept: '*/*', ...headers } })
    expect((await send()).status).toBe(200)
    expect(await refusal(await send())).toEqual([403, 'statement-refused'])
    const [permitted] = await governed.at.records(access.transferId, 'data.permitted')
    expect(permitted).toMatchObject({ role: 'analyst', user: 'k3yed-hash' })
    expect(permitted).not.toHaveProperty('quota')
  })

  test('a transfer that was ended answers nothing more', async () => {
    const access = await started(governed, dataset, statistics)
    const headers = await stated(governed, access, { query, headers: { accept: 'application/json' }, says: analyst })
    await governed.database.transaction((tx) => governed.at.plane.revokeTokens(tx, access.transferId))
    expect(await refusal(await fetch(access.url + query, { headers: { authorization: `Bearer ${access.token}`, accept: 'application/json', ...headers } }))).toEqual([401, 'unauthenticated'])
  })
})

test('a query that cannot be read is recorded with who asked it; a statement for something else tells nobody', async () => {
  const access = await started(governed, dataset, statistics)
  const unread = '?select=week%22x'
  expect(await refusal(await ask(governed, access, { query: unread, says: analyst }))).toEqual([400, 'invalid-query'])
  expect(await refusal(await ask(governed, access, { query: unread, says: { ...analyst, user: 'another' } }))).toEqual([400, 'invalid-query'])
  expect(await refusal(await ask(governed, access, { query: unread, says: { ...analyst, request: 'x'.repeat(43) } }))).toEqual([400, 'invalid-query'])
  const denied = await governed.at.records(access.transferId, 'data.denied')
  expect(denied.slice(0, 2)).toMatchObject([{ code: 'invalid-query', ...analyst, signed: expect.any(String), count: 1 }, { ...analyst, user: 'another', count: 1 }])
  expect(denied[2]).toMatchObject({ code: 'invalid-query', count: 1 })
  expect(denied[2]).not.toHaveProperty('role')
})
