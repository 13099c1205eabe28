import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { partner, startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
beforeAll(async () => {
  management = await startManagement()
})
afterAll(() => management.close())

const add = (key: string, id: string, token?: string) =>
  management.call('POST', '/partners', { json: { id, name: 'Partner' }, headers: { 'idempotency-key': key }, ...(token === undefined ? {} : { token }) })

describe('An Idempotency-Key', () => {
  test('gives the stored answer to the same request, and refuses another one', async () => {
    const key = randomUUID()
    const first = await add(key, partner)
    const again = await add(key, partner)
    expect(first.status).toBe(201)
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    expect(again).toMatchObject({ status: 201, text: first.text, headers: { 'idempotency-replayed': 'true', etag: first.headers['etag'], location: first.headers['location'] } })
    expect(await add(key, 'did:web:other.example')).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } })
    expect(await management.call('POST', '/keys/rotate', { headers: { 'idempotency-key': key } })).toMatchObject({ status: 422 })
    expect(await management.deps.audit.entries({ limit: 10, type: 'partner.added' })).toHaveLength(1)
  })

  test('counts once among requests that come together', async () => {
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 8 }, () => add(key, 'did:web:together.example')))
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(201)
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([])
    expect(answers.filter(({ status, headers }) => status === 201 && headers['idempotency-replayed'] === undefined)).toHaveLength(1)
    for (const { status, body } of answers) if (status === 409) expect(body).toMatchObject({ code: 'conflict' })
    expect(await add(key, 'did:web:together.example')).toMatchObject({ status: 201, headers: { 'idempotency-replayed': 'true' } })
  })

  test('belongs to the token that sent it', async () => {
    const key = randomUUID()
    await add(key, 'did:web:mine.example')
    const { token }: { token: string } = JSON.parse((await management.call('POST', '/tokens', { json: { name: 'second', role: 'operator' } })).text)
    expect(await add(key, 'did:web:theirs.example', token)).toMatchObject({ status: 201 })
  })

  test('may try again after a refusal, because nothing happened', async () => {
    const key = randomUUID()
    const request = () => management.call('POST', '/offers', { json: { datasets: ['urn:uuid:none'] }, headers: { 'idempotency-key': key } })
    const { status } = await request()
    expect(status).toBeGreaterThanOrEqual(400)
    const again = await request()
    expect(again.status).toBe(status)
    expect(again.headers['idempotency-replayed']).toBeUndefined()
  })

  test('never gives a token twice, nor stores it', async () => {
    const request = () => management.call('POST', '/tokens', { json: { name: 'once', role: 'auditor' }, headers: { 'idempotency-key': 'token-key' } })
    const { status, text } = await request()
    expect(status).toBe(201)
    const { token }: { token: string } = JSON.parse(text)
    expect(await request()).toMatchObject({ status: 409, body: { code: 'conflict' } })
    const rows = await management.deps.database.db.selectFrom('idempotency').select(['body', 'headers', 'key']).execute()
    expect(JSON.stringify(rows)).not.toContain(token)
    expect(rows.find(({ key }) => key === 'token-key')?.body).toBeNull()
  })

  test('of an upload covers the content', async () => {
    const send = (raw: string) => management.call('POST', '/uploads', { raw, headers: { 'idempotency-key': 'upload-key', 'content-disposition': 'attachment; filename=a.csv' } })
    const first = await send('a,b\n')
    expect(first.status).toBe(201)
    expect(await send('a,b\n')).toMatchObject({ status: 201, text: first.text })
    expect(await send('a,c\n')).toMatchObject({ status: 422 })
  })

  test('is forgotten after 24 hours', async () => {
    await add('old-key', 'did:web:old.example')
    await management.deps.database.db.updateTable('idempotency').set({ created_at: new Date(Date.now() - 25 * 3_600_000) }).where('key', '=', 'old-key').execute()
    expect(await add('old-key', 'did:web:new.example')).toMatchObject({ status: 201 })
  })

  test('must be visible ASCII of a sane length', async () => {
    expect(await add('x'.repeat(201), 'did:web:long.example')).toMatchObject({ status: 400, body: { code: 'bad-request' } })
  })
})
