import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import type { Audit } from '../../../src/audit/audit.ts'
import { createReleaseDesk } from '../../../src/dataplane/desk/release-desk.ts'
import type { DeskAnswer, DeskItem, ReleaseDesk } from '../../../src/dataplane/desk/release-desk.ts'
import type { Database, DatabaseLocation } from '../../../src/persistence/database.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { CounterLimit } from '../../../src/policy/restriction.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { onPostgresql, testDatabaseLocation } from '../../helpers/database.ts'

let location: DatabaseLocation
let database: Database
let directory: string
let audit: Audit
const audits = new Map<Database, Audit>()
let now = new Date('2026-03-10T10:30:00Z')
const clock = () => now
const errors: unknown[] = []

beforeAll(async () => {
  location = await testDatabaseLocation()
  database = await openDatabase(location)
  directory = await auditFolder()
  audit = await openTestAudit(database, { directory, clock })
  audits.set(database, audit)
})
afterAll(async () => {
  await closeBehindDesks(database)
  expect(errors).toEqual([])
})

/** A second replica, where the database can have two. */
async function openOther(): Promise<Database> {
  if (!onPostgresql) return database
  const other = await openDatabase(location)
  audits.set(other, await openTestAudit(other, { directory, clock }))
  return other
}

const desks: ReleaseDesk[] = []

function openDesk(on: Database = database, change: Partial<Parameters<typeof createReleaseDesk>[0]> = {}): ReleaseDesk {
  const desk = createReleaseDesk({ database: on, audit: audits.get(on) ?? audit, clock, onError: (error) => errors.push(error), ...change })
  desks.push(desk)
  return desk
}

/** What desks sweep in the background is done before their database goes. */
async function closeBehindDesks(on: Database): Promise<void> {
  for (const desk of desks) await desk.settle()
  await on.close()
}

const queries = (limit: number, window: CounterLimit['window'] = null): CounterLimit => ({ counter: 'queries', window, timeZone: 'Europe/Madrid', limit })

function item(agreement: string, change: Partial<DeskItem> = {}): DeskItem {
  return { agreement, limits: [], amounts: { queries: 1, rows: 10, bytes: 100 }, record: ({ retry, quota }) => ({ type: 'data.permitted', agreement, ...(retry ? { retry } : {}), quota }), ...change }
}

function codeOf(answer: DeskAnswer): string {
  return answer.kind === 'refused' ? answer.problem.code : answer.kind
}

const tally = (answers: readonly DeskAnswer[]) => answers.map(codeOf).reduce<Record<string, number>>((sum, code) => ({ ...sum, [code]: (sum[code] ?? 0) + 1 }), {})
const used = async (agreement: string) => Object.fromEntries((await database.db.selectFrom('quota_counter').select(['counter', 'starts', 'amount']).where('agreement_id', '=', agreement).execute()).map(({ counter, starts, amount }) => [`${counter} ${starts}`.trim(), amount]))
const recorded = async (agreement: string) => audit.entries({ limit: 1000, agreement })

describe('quotas', () => {
  test('are exact under 64 parallel requests and two replicas: each permitted one is debited and recorded, no other', async () => {
    const agreement = randomUUID()
    const other = await openOther()
    const desks = [openDesk(), openDesk(other)]
    const answers = await Promise.all(Array.from({ length: 64 }, (_none, place) => desks[place % 2]?.release(item(agreement, { limits: [queries(37), queries(1000, 'day')] })) ?? Promise.reject(new Error('no desk'))))
    if (other !== database) await closeBehindDesks(other)
    expect(tally(answers)).toEqual({ 'permitted': 37, 'quota-exceeded': 27 })
    expect(await used(agreement)).toEqual({ 'queries': 37, 'queries/day/Europe/Madrid 2026-03-10': 37 })
    const entries = await recorded(agreement)
    expect(entries.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(answers.flatMap((answer) => (answer.kind === 'permitted' ? [answer.index] : [])).toSorted((a, b) => a - b))
    expect(new Set(entries.map(({ quota }) => Object(quota).count))).toEqual(new Set(Array.from({ length: 37 }, (_none, place) => place + 1)))
  })

  test('many agreements in one batch, in any order, on two replicas', async () => {
    const agreements = Array.from({ length: 8 }, () => randomUUID())
    const other = await openOther()
    const desks = [openDesk(), openDesk(other)]
    const order = (side: number) => (side === 0 ? agreements : agreements.toReversed())
    const answers = await Promise.all(desks.flatMap((desk, side) => Array.from({ length: 5 }, () => order(side)).flat().map((agreement) => desk.release(item(agreement, { limits: [queries(7)] })))))
    if (other !== database) await closeBehindDesks(other)
    expect(tally(answers)).toEqual({ 'permitted': 56, 'quota-exceeded': 24 })
    for (const agreement of agreements) expect(await used(agreement)).toEqual({ queries: 7 })
  })

  test('the refusal names term, limit and when it starts again, in the zone of the limit; the next day it does', async () => {
    const agreement = randomUUID()
    const desk = openDesk()
    const limits = [queries(1, 'day')]
    await desk.release(item(agreement, { limits }))
    const refused = await desk.release(item(agreement, { limits }))
    expect(refused).toMatchObject({ kind: 'refused', problem: { code: 'quota-exceeded', status: 429, fields: { term: 'queriesPerDay', limit: 1, window: 'day', resetsAt: '2026-03-10T23:00:00.000Z' } } })
    expect(desk.usedUp(agreement, limits)?.fields).toMatchObject({ term: 'queriesPerDay' })
    const before = now
    now = new Date('2026-03-10T23:00:00Z')
    expect(desk.usedUp(agreement, limits)).toBeUndefined()
    expect(await desk.release(item(agreement, { limits }))).toMatchObject({ kind: 'permitted', debit: { quota: { queriesPerDay: 1 } } })
    await desk.settle()
    now = before
  })

  test('hours begin with the hour, and the days on which clocks change have 23 and 25 of them', async () => {
    const desk = openDesk()
    const before = now
    for (const [at, resets, window] of [['2026-03-10T10:30:00Z', '2026-03-10T11:00:00.000Z', 'hour'], ['2026-03-28T23:00:00Z', '2026-03-29T22:00:00.000Z', 'day'], ['2026-10-24T22:00:00Z', '2026-10-25T23:00:00.000Z', 'day'], ['2028-02-28T23:30:00Z', '2028-02-29T23:00:00.000Z', 'day']] as const) {
      now = new Date(at)
      const agreement = randomUUID()
      expect(await desk.release(item(agreement, { limits: [queries(0, window)] }))).toMatchObject({ problem: { fields: { resetsAt: resets } } })
    }
    await desk.settle()
    now = before
  })

  test('rows and bytes: what does not fit is refused and not debited; what is not known yet needs something left', async () => {
    const agreement = randomUUID()
    const desk = openDesk()
    const limits: CounterLimit[] = [{ counter: 'rows', window: null, timeZone: 'UTC', limit: 25 }, { counter: 'bytes', window: 'day', timeZone: 'UTC', limit: 150 }]
    const take = (rows: number | null, bytes: number | null, after = false) => desk.release(item(agreement, { limits, after, amounts: { queries: 1, rows, bytes } }))
    expect(codeOf(await take(10, 100))).toBe('permitted')
    expect(codeOf(await take(16, 10))).toBe('quota-exceeded')
    expect(codeOf(await take(1, 51))).toBe('quota-exceeded')
    expect(codeOf(await take(null, null))).toBe('permitted')
    expect(codeOf(await take(0, 500, true))).toBe('permitted')
    expect(codeOf(await take(null, null))).toBe('quota-exceeded')
    expect(await used(agreement)).toEqual({ 'rows': 10, 'bytes/day/UTC 2026-03-10': 600 })
  })
})

describe('idempotency keys', () => {
  test('a retry is recorded and not debited again, also beyond the limit, also at once; another request is refused', async () => {
    const agreement = randomUUID()
    const desk = openDesk()
    const keyed = (key: string, request: string) => item(agreement, { limits: [queries(2)], idempotency: { key, request } })
    const answers = await Promise.all([desk.release(keyed('a', 'x')), desk.release(keyed('a', 'x')), openDesk().release(keyed('a', 'x')), desk.release(keyed('b', 'y'))])
    expect(tally(answers)).toEqual({ permitted: 4 })
    expect(await used(agreement)).toEqual({ queries: 2 })
    expect(await desk.release(keyed('a', 'x'))).toMatchObject({ debit: { retry: true, quota: {} } })
    expect(codeOf(await desk.release(keyed('a', 'y')))).toBe('idempotency-key-reused')
    expect(codeOf(await desk.release(keyed('c', 'x')))).toBe('quota-exceeded')
    // A key whose request was refused is free again.
    expect(await database.db.selectFrom('debited_request').select('key').where('agreement_id', '=', agreement).orderBy('key').execute()).toEqual([{ key: 'a' }, { key: 'b' }])
    expect((await recorded(agreement)).filter(({ retry }) => retry === true).length).toBe(3)
    const elsewhere = randomUUID()
    expect(await desk.release(item(elsewhere, { idempotency: { key: 'a', request: 'z' } }))).toMatchObject({ debit: { retry: false } })
  })

  test('a key is for what broke off, not for asking again and again: retries are few where they are limited, exactly, on two replicas', async () => {
    const agreement = randomUUID()
    const [one, other] = [openDesk(), openDesk()]
    const keyed = () => item(agreement, { limits: [queries(1)], idempotency: { key: 'a', request: 'x', retries: 5 } })
    const answers = await Promise.all(Array.from({ length: 32 }, (_each, index) => (index % 2 === 0 ? one : other).release(keyed())))
    expect(tally(answers)).toEqual({ 'permitted': 6, 'idempotency-key-reused': 26 })
    expect(codeOf(await one.release(keyed()))).toBe('idempotency-key-reused')
    expect(await used(agreement)).toEqual({ queries: 1 })
    const unlimited = () => item(agreement, { limits: [queries(1)], idempotency: { key: 'a', request: 'x' } })
    expect(await other.release(unlimited())).toMatchObject({ debit: { retry: true } })
  })

  test('of two requests of one batch under one key, the first that passes has it', async () => {
    const agreement = randomUUID()
    const desk = openDesk()
    const busy = desk.release(item(randomUUID()))
    const key = randomUUID()
    const [large, small] = await Promise.all([
      desk.release(item(agreement, { limits: [queries(1)], amounts: { queries: 2, rows: 0, bytes: 0 }, idempotency: { key, request: 'large' } })),
      desk.release(item(agreement, { limits: [queries(1)], idempotency: { key, request: 'small' } })),
      busy,
    ])
    expect([codeOf(large), codeOf(small)]).toEqual(['quota-exceeded', 'permitted'])
    expect(codeOf(await desk.release(item(agreement, { idempotency: { key, request: 'large' } })))).toBe('idempotency-key-reused')
    expect(await desk.release(item(agreement, { idempotency: { key, request: 'small' } }))).toMatchObject({ debit: { retry: true } })
  })
})

test('a statement counts once, whichever replica sees it', async () => {
  const agreement = randomUUID()
  const statement = { id: randomUUID(), expiresAt: new Date(now.getTime() + 60_000) }
  const other = await openOther()
  const desks = [openDesk(), openDesk(other)]
  const answers = await Promise.all(Array.from({ length: 20 }, (_none, place) => desks[place % 2]?.release(item(agreement, { statement, limits: [queries(5)] })) ?? Promise.reject(new Error('no desk'))))
  if (other !== database) await closeBehindDesks(other)
  expect(tally(answers)).toEqual({ 'permitted': 1, 'statement-refused': 19 })
  expect(await used(agreement)).toEqual({ queries: 1 })
})

describe('what a release writes itself', () => {
  test('goes with the record; when it does not fit, nothing of the item is written and its statement may come again', async () => {
    const agreement = randomUUID()
    const desk = openDesk()
    const statement = { id: randomUUID(), expiresAt: new Date(now.getTime() + 60_000) }
    let fits = false
    const governed = item(agreement, { limits: [queries(5)], statement, idempotency: { key: 'k', request: 'x' }, commit: async () => fits })
    expect(await desk.release(governed)).toEqual({ kind: 'again' })
    expect(await used(agreement)).toEqual({ queries: 0 })
    expect(await recorded(agreement)).toEqual([])
    fits = true
    expect(await desk.release(governed)).toMatchObject({ kind: 'permitted', debit: { retry: false, quota: { count: 1 } } })
  })

  test('is not written for what is refused', async () => {
    let called = 0
    const refused = await openDesk().release(item(randomUUID(), { limits: [queries(0)], commit: async () => ((called += 1), true) }))
    expect([codeOf(refused), called]).toEqual(['quota-exceeded', 0])
  })
})

test('a transaction that breaks leaves neither debit nor record nor spent statement, and nothing is released', async () => {
  const agreement = randomUUID()
  const statement = { id: randomUUID(), expiresAt: new Date(now.getTime() + 60_000) }
  const governed = item(agreement, { limits: [queries(5)], statement, idempotency: { key: 'k', request: 'x' } })
  const broken = openDesk(database, { audit: { sealed: (index) => audit.sealed(index), appendNumbered: (tx, records, written) => {
    audit.appendNumbered(tx, records, written)
    tx.atEnd({ statement: (db) => db.updateTable('audit_head').set({ id: 2 ** 40 }).compile(), committed: () => undefined })
  } } })
  await expect(broken.release(governed)).rejects.toMatchObject({ code: 'record-unavailable' })
  expect([await used(agreement), await recorded(agreement)]).toEqual([{}, []])
  expect(await openDesk().release(governed)).toMatchObject({ kind: 'permitted', debit: { retry: false, quota: { count: 1 } } })
})

test('what no longer counts is removed', async () => {
  const before = now
  const agreement = randomUUID()
  const statement = { id: randomUUID(), expiresAt: new Date(now.getTime() + 60_000) }
  await openDesk().release(item(agreement, { limits: [queries(5), queries(5, 'day')], statement, idempotency: { key: 'k', request: 'x' } }))
  now = new Date(now.getTime() + 4 * 24 * 3_600_000)
  const desk = openDesk()
  await desk.release(item(randomUUID()))
  await desk.settle()
  now = before
  expect(await used(agreement)).toEqual({ queries: 1 })
  expect(await database.db.selectFrom('spent_statement').select('id').where('id', '=', statement.id).execute()).toEqual([])
  expect(await database.db.selectFrom('debited_request').select('key').where('agreement_id', '=', agreement).execute()).toEqual([])
})
