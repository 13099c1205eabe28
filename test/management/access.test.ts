import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { managementRoles, mayCall } from '../../src/management/roles.ts'
import { operatorToken, startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
const tokens = new Map<string, string>()
/** The roles of the API, and some of the gateway, of which two are names that every object has. */
const roles = [...managementRoles, 'analyst', 'constructor', 'operators']

beforeAll(async () => {
  management = await startManagement()
  for (const role of roles) tokens.set(role, (await createToken({ name: role, role })).token)
})
afterAll(() => management.close())

async function createToken(json: object): Promise<{ id: string; token: string }> {
  const { status, text } = await management.call('POST', '/tokens', { json })
  expect(status).toBe(201)
  const created: { id: string; token: string } = JSON.parse(text)
  return created
}

describe('Every operation', () => {
  test('is refused without a token, and to every role that the table does not list', async () => {
    for (const { id, method, path, open } of management.contract.operations) {
      if (open) continue
      const address = path.replaceAll(/\{\w+\}/g, '1')
      const verb = method.toUpperCase()
      expect([id, (await management.call(verb, address, { token: '' })).status]).toEqual([id, 401])
      for (const role of roles) {
        if (mayCall(role, id)) continue
        const refused = await management.call(verb, address, { token: tokens.get(role) ?? '' })
        expect([id, role, refused.status]).toEqual([id, role, 403])
        if (verb !== 'HEAD') expect(refused.body).toMatchObject({ code: 'forbidden' })
      }
    }
  })

  test('is open to the roles that the table lists', async () => {
    for (const { id, method, path, open } of management.contract.operations) {
      // The stream of events does not end by itself; it has tests of its own.
      if (open || id === 'streamEvents') continue
      for (const role of roles.filter((candidate) => mayCall(candidate, id))) {
        const { status } = await management.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '1'), { token: tokens.get(role) ?? '' })
        expect([id, role, [401, 403].includes(status)]).toEqual([id, role, false])
      }
    }
  })

  test('An auditor reads records and nothing else', () => {
    const mine = management.contract.operations.filter(({ id, open }) => !open && mayCall('auditor', id))
    // What she may set going changes nothing but what is known of the log.
    const started = ['askWitnesses', 'checkLog']
    expect(mine.filter(({ method, id }) => method !== 'get' && !started.includes(id))).toEqual([])
    expect(management.contract.operations.filter(({ id, method, path }) => method === 'get' && path.startsWith('/audit/') && !mayCall('auditor', id))).toEqual([])
    const others = mine.filter(({ path }) => !path.startsWith('/audit/')).map(({ id }) => id)
    expect(others.filter((id) => id !== 'getEvidence').toSorted()).toEqual(['explainAgreement', 'getAgreement', 'getAgreementMessage', 'getObligation', 'getSelf', 'listAgreements', 'listObligations', 'streamEvents'])
  })
})

describe('Tokens', () => {
  test('are shown once, stored hashed, and end when they are revoked', async () => {
    const { id, token } = await createToken({ name: 'Anna', role: 'auditor' })
    const rows = await management.deps.database.db.selectFrom('api_token').select(['token_sha256']).where('id', '=', id).execute()
    expect(rows).toEqual([{ token_sha256: createHash('sha256').update(token).digest('hex') }])
    const listed = await management.call('GET', '/tokens')
    expect(listed.text).not.toContain(token)
    expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 200, body: { token: { name: 'Anna', role: 'auditor' } } })
    expect(await management.call('DELETE', `/tokens/${encodeURIComponent(id)}`)).toMatchObject({ status: 204 })
    expect(await management.call('DELETE', `/tokens/${encodeURIComponent(id)}`)).toMatchObject({ status: 204 })
    expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    const revoked = await management.deps.audit.entries({ limit: 10, type: 'token.revoked' })
    expect(revoked).toMatchObject([{ token: id, actor: 'operator' }])
    expect(await management.call('DELETE', '/tokens/urn%3Auuid%3Anone')).toMatchObject({ status: 404 })
  })

  test('end when they expire', async () => {
    expect(await management.call('POST', '/tokens', { json: { name: 'x', role: 'auditor', expiresAt: '2020-01-01T00:00:00Z' } })).toMatchObject({ status: 400, body: { code: 'bad-request' } })
    const { id, token } = await createToken({ name: 'x', role: 'auditor', expiresAt: '2999-01-01T00:00:00Z' })
    expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 200 })
    await management.deps.database.db.updateTable('api_token').set({ expires_at: new Date(0) }).where('id', '=', id).execute()
    expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 401 })
  })

  test('The last operator token stays', async () => {
    const listed: { items: { id: string; role: string }[] } = JSON.parse((await management.call('GET', '/tokens')).text)
    const operators = listed.items.filter(({ role }) => role === 'operator')
    expect(operators).toHaveLength(2)
    const results = await Promise.all(operators.map(({ id }) => management.call('DELETE', `/tokens/${encodeURIComponent(id)}`)))
    expect(results.map(({ status }) => status).filter((status) => status === 204)).toHaveLength(1)
    // The client of this test is put back: who writes in the database alone cannot.
    await management.deps.database.db.updateTable('api_token').set({ revoked_at: null }).where('role', '=', 'operator').execute()
    await rm(join(management.folder, 'revoked'), { recursive: true })
  })

  test('are listed in pages, newest first', async () => {
    const all: { items: { id: string }[] } = JSON.parse((await management.call('GET', '/tokens')).text)
    const paged: string[] = []
    let cursor = ''
    for (;;) {
      const page: { items: { id: string }[]; next: string | null } = JSON.parse((await management.call('GET', `/tokens?limit=2${cursor}`)).text)
      paged.push(...page.items.map(({ id }) => id))
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(paged).toEqual(all.items.map(({ id }) => id))
    expect(await management.call('GET', '/tokens?cursor=abc')).toMatchObject({ status: 400, body: { code: 'invalid-cursor' } })
  })

  test('None of them is in the log, and no wrong one either', async () => {
    await management.call('GET', '/self?x=secret-in-query', { token: 'concordat_wrong_token_of_somebody' })
    const log = management.logged.join('')
    // Whose it was is told by its id: nobody is erased from the program's log.
    const { items }: { items: { id: string; name: string }[] } = JSON.parse((await management.call('GET', '/tokens')).text)
    expect(log).toContain(`"token":"${items.find(({ name }) => name === 'operator')?.id ?? ''}"`)
    expect(log).toContain('"route":"/self"')
    for (const token of [operatorToken, ...tokens.values(), 'concordat_wrong_token_of_somebody', 'secret-in-query']) expect(log).not.toContain(token)
  })

  test('Wrong ones are slowed down; a valid one is let in all the same', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 40; attempt++) statuses.push((await management.call('GET', '/self', { token: `wrong${attempt}` })).status)
    expect(statuses.at(-1)).toBe(429)
    expect(await management.call('GET', '/self', { token: 'wrong' })).toMatchObject({ body: { code: 'too-many-requests' } })
    expect(await management.call('GET', '/self')).toMatchObject({ status: 200 })
  })
})
