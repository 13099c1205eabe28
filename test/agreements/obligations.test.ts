import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertObligations } from '../../src/agreements/obligations/store.ts'
import { createObligations } from '../../src/agreements/obligations.ts'
import type { Obligations } from '../../src/agreements/obligations.ts'
import { insertAgreement } from '../../src/agreements/store.ts'
import type { Audit } from '../../src/audit/audit.ts'
import type { Database } from '../../src/persistence/database.ts'
import type { PolicyRule } from '../../src/policy/model.ts'
import { openTestAudit } from '../helpers/audit.ts'
import { openTestDatabase } from '../helpers/database.ts'

const now = new Date('2026-03-02T09:30:00Z')
const actor = 'Ada'
let database: Database
let audit: Audit
let obligations: Obligations

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database, { clock: () => now })
  obligations = createObligations({ database, audit, clock: () => now })
  await keep('a', 'did:web:one', true)
  await keep('b', 'did:web:two', true)
  await keep('unfinished', 'did:web:one', false)
})
afterAll(() => database.close())

const rule = (id: string, at: string): PolicyRule => ({ id, at, kind: 'duty', actions: [], targets: [], assigners: [], assignees: [], constraints: [], duties: [], consequences: [], remedies: [], functions: {} })

/** An agreement with seven obligations; the last two are two actions of one rule. */
async function keep(agreementId: string, counterparty: string, final: boolean): Promise<void> {
  const agreement = { '@id': agreementId, '@type': 'Agreement', target: 'd', assigner: 'p', assignee: 'c', timestamp: now.toISOString() } as const
  await insertAgreement(database.db, { id: agreementId, role: 'provider', negotiationId: agreementId, counterparty, assigner: 'p', assignee: 'c', datasetId: 'd', message: '{}', messageSha256: '', agreement, signedAt: now.toISOString(), createdAt: now, ...(final ? { finalizedAt: now } : {}) })
  const row = (n: number) => {
    const place = `/obligation/${Math.min(n, 5)}`
    return { id: `${agreementId}-${n}`, agreementId, role: 'provider', counterparty, place, kind: 'obligation', action: 'http://www.w3.org/ns/odrl/2/delete', assignee: null, dueAt: null, rule: rule(`urn:rule:${agreementId}:${Math.min(n, 5)}`, place), state: 'open', note: null, createdAt: new Date(now.getTime() + Math.floor(n / 2)), updatedAt: now } as const
  }
  await insertObligations(database.db, [0, 1, 2, 3, 4, 5, 6].map(row))
}

async function listed(query: Parameters<Obligations['list']>[0]): Promise<string[]> {
  const page = await obligations.list(query)
  const rest = page.next === undefined ? [] : await listed({ ...query, after: page.next })
  return [...page.items.map(({ id }) => id), ...rest]
}

test('lists come in pages, in one order, with the obligations of agreements that count', async () => {
  const all = await listed({ limit: 3 })
  expect(all).toHaveLength(14)
  expect(new Set(all).size).toBe(14)
  expect(all).toEqual(await listed({ limit: 100 }))
  expect(await listed({ limit: 2, agreement: 'a' })).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'a-6'])
  expect(await listed({ limit: 100, partner: 'did:web:two' })).toHaveLength(7)
  expect(await listed({ limit: 100, agreement: 'unfinished' })).toEqual([])
  await expect(obligations.get('unfinished-0')).rejects.toMatchObject({ code: 'not-found' })
  await expect(obligations.get('a\0')).rejects.toMatchObject({ code: 'not-found' })
  await expect(obligations.list({ limit: 1, after: 'x' })).rejects.toMatchObject({ code: 'invalid-cursor' })
  expect(await obligations.count('a')).toBe(7)
})

test('what a person says is kept once, can be corrected, and is recorded with who said it', async () => {
  expect(await obligations.fulfil('a-0', { note: 'Certificate 12', actor })).toMatchObject({ state: 'fulfilled', note: 'Certificate 12', updatedAt: now })
  await expect(obligations.fulfil('a-0', { actor })).rejects.toMatchObject({ code: 'conflict' })
  await expect(obligations.fulfil('none', { actor })).rejects.toMatchObject({ code: 'not-found' })
  await expect(obligations.fulfil('a-1', { note: 'a\0b', actor })).rejects.toMatchObject({ code: 'bad-request' })
  expect(await obligations.violate('a-0', { actor })).toMatchObject({ state: 'violated', note: null })
  const records = await audit.entries({ limit: 10, agreement: 'a' })
  expect(records).toMatchObject([
    { type: 'obligation.fulfilled', obligation: 'a-0', place: '/obligation/0', note: 'Certificate 12', actor, partner: 'did:web:one' },
    { type: 'obligation.violated', obligation: 'a-0', actor },
  ])
  expect(await listed({ limit: 100, agreement: 'a', state: 'open' })).toHaveLength(6)
})

test('of two who say the same at once, one is told that it is known', async () => {
  const answers = await Promise.allSettled([obligations.fulfil('a-2', { actor }), obligations.fulfil('a-2', { actor })])
  expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('a rule counts as done by its id and its place, once all its actions are', async () => {
  await obligations.fulfil('b-5', { actor })
  await obligations.fulfil('b-4', { actor })
  await obligations.violate('b-3', { actor })
  expect(await obligations.settled('b')).toEqual({ fulfilled: new Set(['/obligation/4', 'urn:rule:b:4']), violated: new Set(['/obligation/3', 'urn:rule:b:3']) })
  await obligations.fulfil('b-6', { actor })
  expect((await obligations.settled('b')).fulfilled).toContain('/obligation/5')
})
