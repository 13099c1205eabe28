import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureOperatorToken } from '../../src/management/bootstrap.ts'
import { createRevocations, settleRevocations } from '../../src/management/revocations.ts'
import { createTokenMark, markOldTokens } from '../../src/management/token-marks.ts'
import { until } from '../helpers/until.ts'
import { startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

// Somebody can write in the database, and nowhere else.
let management: Management
beforeAll(async () => {
  management = await startManagement()
})
afterAll(() => management.close())

const tokens = () => management.deps.database.db
const refused = () => management.deps.audit.entries({ type: 'token.refused', limit: 100 })

async function create(role: string, more: Readonly<Record<string, unknown>> = {}): Promise<{ id: string; token: string }> {
  const { id, token }: { id: string; token: string } = JSON.parse((await management.call('POST', '/tokens', { json: { name: 'Anna', role, ...more } })).text)
  return { id, token }
}

test('the token of an auditor that is made one of an operator is refused, once on record, and is good again when it is put right', async () => {
  const { id, token } = await create('auditor')
  expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 200 })
  await tokens().updateTable('api_token').set({ role: 'operator' }).where('id', '=', id).execute()
  for (let time = 0; time < 3; time += 1) expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  // Nobody waits for the record.
  expect(await until(refused, (records) => records.length > 0)).toMatchObject([{ token: id, role: 'operator', caller: expect.any(String) }])
  await tokens().updateTable('api_token').set({ role: 'auditor' }).where('id', '=', id).execute()
  expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 200 })
})

test('nor does it help to let a token last longer, to give it purposes, the mark of another, none, or a row of one\'s own', async () => {
  const operator = await tokens().selectFrom('api_token').selectAll().where('role', '=', 'operator').executeTakeFirstOrThrow()
  const own = 'concordat_made-in-the-database'
  const row = { ...operator, id: `urn:uuid:${randomUUID()}`, purposes: null, token_sha256: createHash('sha256').update(own).digest('hex') }
  for (const mark of [operator.mark, null, '']) {
    await tokens().insertInto('api_token').values({ ...row, mark }).execute()
    expect(await management.call('GET', '/self', { token: own })).toMatchObject({ status: 401 })
    await tokens().deleteFrom('api_token').where('id', '=', row.id).execute()
  }
  const expiring = await create('auditor', { expiresAt: '2999-01-01T00:00:00Z' })
  await tokens().updateTable('api_token').set({ expires_at: null }).where('id', '=', expiring.id).execute()
  const analyst = await create('analyst', { purposes: ['https://w3id.org/dpv#ProvideOfficialStatistics'] })
  await tokens().updateTable('api_token').set({ purposes: null }).where('id', '=', analyst.id).execute()
  const unmarked = await create('auditor')
  await tokens().updateTable('api_token').set({ mark: null }).where('id', '=', unmarked.id).execute()
  for (const { token } of [expiring, analyst, unmarked]) expect(await management.call('GET', '/self', { token })).toMatchObject({ status: 401 })
})

test('tokens from before marks get theirs once, and the record says which those were', async () => {
  const { database, audit } = management.deps
  const [first, later] = [await create('auditor'), await create('steward')]
  await tokens().updateTable('api_token').set({ mark: null }).where('id', '=', first.id).execute()
  const folder = await mkdtemp(join(tmpdir(), 'concordat-marks-'))
  await tokens().deleteFrom('api_token').where('mark', 'is', null).where('id', '!=', first.id).execute()
  await markOldTokens({ database, audit, tokenMark: management.deps.tokenMark }, join(folder, 'tokens.marked'))
  expect(await audit.entries({ type: 'token.marked', limit: 10 })).toMatchObject([{ tokens: [{ token: first.id, role: 'auditor' }] }])
  expect(await management.call('GET', '/self', { token: first.token })).toMatchObject({ status: 200 })
  // Once only.
  await tokens().updateTable('api_token').set({ mark: null }).where('id', '=', later.id).execute()
  await markOldTokens({ database, audit, tokenMark: management.deps.tokenMark }, join(folder, 'tokens.marked'))
  expect(await management.call('GET', '/self', { token: later.token })).toMatchObject({ status: 401 })
  await rm(folder, { recursive: true })
})

describe('a revoked token', () => {
  const revoke = async (id: string) => expect(await management.call('DELETE', `/tokens/${encodeURIComponent(id)}`)).toMatchObject({ status: 204 })
  const reading = (token: string) => management.call('GET', '/self', { token })
  const sha256 = (token: string) => createHash('sha256').update(token).digest('hex')
  const revocationsOf = (id: string) => management.deps.audit.entries({ type: 'token.revoked', limit: 100 }).then((records) => records.filter(({ token }) => token === id))

  test('that the database has as valid again is refused, on record; so is its row written anew', async () => {
    const { id, token } = await create('auditor')
    const row = await tokens().selectFrom('api_token').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    await revoke(id)
    await tokens().updateTable('api_token').set({ revoked_at: null }).where('id', '=', id).execute()
    expect(await reading(token)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(await until(refused, (records) => records.some((record) => record['token'] === id))).toContainEqual(expect.objectContaining({ token: id, role: 'auditor' }))
    await tokens().deleteFrom('api_token').where('id', '=', id).execute()
    await tokens().insertInto('api_token').values({ ...row, purposes: null }).execute()
    expect(await reading(token)).toMatchObject({ status: 401 })
  })

  test('from before revocations were kept is kept at the start; one that the database forgot is revoked again', async () => {
    const [before, forgotten] = [await create('auditor'), await create('steward')]
    await revoke(before.id)
    await revoke(forgotten.id)
    await rm(join(management.folder, 'revoked', sha256(before.token)))
    await tokens().updateTable('api_token').set({ revoked_at: null }).where('id', '=', forgotten.id).execute()
    await settleRevocations(management.deps)
    expect(await readdir(join(management.folder, 'revoked'))).toEqual(expect.arrayContaining([sha256(before.token), sha256(forgotten.token)]))
    expect(await tokens().selectFrom('api_token').select('revoked_at').where('id', '=', forgotten.id).executeTakeFirstOrThrow()).toEqual({ revoked_at: expect.any(Date) })
    expect(await revocationsOf(forgotten.id)).toMatchObject([{ actor: 'operator' }, { actor: 'start' }])
    await settleRevocations(management.deps)
    expect(await revocationsOf(forgotten.id)).toHaveLength(2)
  })

  test('of which no record tells is refused for as long as the database says so, and no longer', async () => {
    const { id, token } = await create('auditor')
    await tokens().updateTable('api_token').set({ revoked_at: new Date() }).where('id', '=', id).execute()
    await settleRevocations(management.deps)
    expect(await reading(token)).toMatchObject({ status: 401 })
    await tokens().updateTable('api_token').set({ revoked_at: null }).where('id', '=', id).execute()
    expect(await reading(token)).toMatchObject({ status: 200 })
  })

  test('of the first operator is not made anew when its row is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'concordat-revoked-'))
    const revocations = createRevocations(join(folder, 'revoked'))
    await revocations.keep(sha256('concordat_first'))
    await ensureOperatorToken({ ...management.deps, revocations }, 'concordat_first', join(folder, 'tokens.marked'))
    expect(await reading('concordat_first')).toMatchObject({ status: 401 })
    await rm(folder, { recursive: true })
  })

  test('does not count as an operator, nor does a row that we did not write: the last one stays', async () => {
    const { items }: { items: { id: string; role: string; revokedAt: string | null }[] } = JSON.parse((await management.call('GET', '/tokens')).text)
    const last = items.find(({ role, revokedAt }) => role === 'operator' && revokedAt === null)?.id ?? ''
    const { id } = await create('operator')
    await revoke(id)
    await tokens().updateTable('api_token').set({ revoked_at: null }).where('id', '=', id).execute()
    const forged = await create('auditor')
    await tokens().updateTable('api_token').set({ role: 'operator' }).where('id', '=', forged.id).execute()
    expect(await management.call('DELETE', `/tokens/${encodeURIComponent(last)}`)).toMatchObject({ status: 409 })
  })
})

test('the first operator is let in also while the log is stopped and the database has lost its token: somebody must bring it back to work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-stopped-'))
  const { db } = management.deps.database
  await db.updateTable('audit_head').set({ stopped: true }).execute()
  await ensureOperatorToken(management.deps, 'concordat_put_back', join(folder, 'tokens.marked'))
  await ensureOperatorToken(management.deps, 'concordat_put_back', join(folder, 'tokens.marked'))
  expect(await management.call('GET', '/self', { token: 'concordat_put_back' })).toMatchObject({ status: 200, body: { token: { role: 'operator' } } })
  await db.updateTable('audit_head').set({ stopped: false }).execute()
  await rm(folder, { recursive: true })
})

test('another data folder gives another mark', () => {
  const token = { id: 'a', sha256: 'b', role: 'auditor', purposes: null, expiresAt: null }
  expect(createTokenMark(Buffer.alloc(32, 1))(token)).not.toBe(createTokenMark(Buffer.alloc(32, 2))(token))
})
