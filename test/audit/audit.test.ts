import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Audit } from '../../src/audit/audit.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestAudit } from '../helpers/audit.ts'
import { openTestDatabase } from '../helpers/database.ts'

let database: Database
let audit: Audit

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database, { clock: () => new Date('2026-11-21T10:00:00.000Z') })
})
afterAll(() => database.close())

test('entries are canonical JSON, numbered without gaps, also after a roll-back', async () => {
  const before = await audit.size()
  await audit.record({ type: 'test.one', partner: 'did:web:city', b: 1, a: { d: 1, c: 'ü' } })
  await expect(
    database.transaction(async (tx) => {
      await audit.append(tx, { type: 'test.lost' })
      throw new Error('rolled back')
    }),
  ).rejects.toThrow('rolled back')
  await database.transaction((tx) => audit.append(tx, { type: 'test.two' }))
  const entries = await audit.entries({ after: before - 1, limit: 10 })
  expect(entries.map(({ index, type }) => [index, type])).toEqual([
    [before, 'test.one'],
    [before + 1, 'test.two'],
  ])
  const [row] = await audit.log.leaves('2026', before, 1)
  expect(row?.entry).toBe('{"a":{"c":"ü","d":1},"b":1,"partner":"did:web:city","time":"2026-11-21T10:00:00.000Z","type":"test.one"}')
})

test('many at once are written together, each with a number of its own', async () => {
  const before = await audit.size()
  const numbers = await Promise.all(Array.from({ length: 700 }, (_, n) => audit.record({ type: 'test.many', n })))
  // Two groups may be on their way at once, and either may come first.
  expect(numbers.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 700 }, (_, n) => before + n))
  expect(await audit.size()).toBe(before + 700)
  const entries = await audit.entries({ after: before - 1, limit: 1000 })
  expect(entries.map((entry) => entry['n'])).toEqual(numbers.map((number, n) => ({ number, n })).toSorted((left, right) => left.number - right.number).map(({ n }) => n))
})

test('listeners hear of what was committed, and only of that', async () => {
  let heard = 0
  const end = audit.onAppended(() => {
    heard += 1
  })
  await audit.record({ type: 'test.heard' })
  await database
    .transaction(async (tx) => {
      await audit.append(tx, { type: 'test.unheard' })
      throw new Error('no')
    })
    .catch(() => undefined)
  end()
  await audit.record({ type: 'test.after' })
  expect(heard).toBe(1)
})

test('when the store is gone, recording is refused and works again later', async () => {
  const other = await openTestDatabase()
  const broken = await openTestAudit(other)
  await other.close()
  await expect(broken.record({ type: 'test.refused' })).rejects.toMatchObject({ code: 'record-unavailable', status: 503 })
})
