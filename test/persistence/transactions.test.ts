import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase } from '../helpers/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const now = new Date('2026-11-21T10:00:00.000Z')
const secret = (name: string) => ({ name, sealed: 'sealed', created_at: now })

async function names(): Promise<string[]> {
  const rows = await database.db.selectFrom('secret').select('name').orderBy('name').execute()
  return rows.map(({ name }) => name)
}

describe('the end of a transaction', () => {
  test('comes after all that was written before, and tells its rows once they are committed', async () => {
    const told: string[] = []
    await database.transaction(async (tx) => {
      tx.afterCommit(() => told.push('after'))
      tx.atEnd({ statement: (db) => db.insertInto('secret').values(secret('end-2')).returning('name').compile(), committed: (rows) => told.push(...rows.map(({ name }) => name)) })
      await tx.db.insertInto('secret').values(secret('end-1')).execute()
      expect(told).toEqual([])
    })
    expect(told).toEqual(['end-2', 'after'])
    expect(await names()).toEqual(['end-1', 'end-2'])
  })

  test('takes everything with it when it fails, and the connection stays usable', async () => {
    const told: string[] = []
    for (let time = 0; time < 25; time++) {
      const failing = database.transaction(async (tx) => {
        await tx.db.insertInto('secret').values(secret('lost')).execute()
        tx.afterCommit(() => told.push('after'))
        tx.atEnd({ statement: (db) => db.insertInto('secret').values(secret('lost')).compile(), committed: () => told.push('committed') })
      })
      await expect(failing).rejects.toMatchObject({ code: '23505' })
    }
    expect(told).toEqual([])
    expect(await names()).not.toContain('lost')
    await database.transaction((tx) => tx.db.insertInto('secret').values(secret('found')).execute())
    expect(await names()).toContain('found')
  })

  test('is not reached when the work before it fails, with or without a statement', async () => {
    for (const before of [0, 1]) {
      const failing = database.transaction(async (tx) => {
        if (before === 1) await tx.db.insertInto('secret').values(secret('never')).execute()
        tx.atEnd({ statement: (db) => db.insertInto('secret').values(secret('never-either')).compile(), committed: () => undefined })
        throw new Error('changed its mind')
      })
      await expect(failing).rejects.toThrow('changed its mind')
    }
    expect(await names()).not.toContain('never')
    expect(await names()).not.toContain('never-either')
  })

  test('a constraint that is checked at the commit fails the transaction', async () => {
    await sql`create table late (id integer primary key, other integer references late (id) deferrable initially deferred)`.execute(database.db)
    const failing = database.transaction(async (tx) => {
      tx.atEnd({ statement: (db) => sql`insert into late (id, other) values (1, 2)`.compile(db), committed: () => undefined })
    })
    await expect(failing).rejects.toMatchObject({ code: '23503' })
    const { rows } = await sql`select id from late`.execute(database.db)
    expect(rows).toEqual([])
  })
})

test('a transaction without statements begins and ends nothing', async () => {
  expect(await database.transaction(async () => 'nothing')).toBe('nothing')
  await database.transaction((tx) => tx.db.insertInto('secret').values(secret('later')).execute())
  expect(await names()).toContain('later')
})

test('a statement that fails in between rolls back what came before it', async () => {
  const failing = database.transaction(async (tx) => {
    await tx.db.insertInto('secret').values(secret('half')).execute()
    await tx.db.insertInto('secret').values(secret('half')).execute()
  })
  await expect(failing).rejects.toMatchObject({ code: '23505' })
  expect(await names()).not.toContain('half')
})

test('many variants of a statement are answered as one', async () => {
  for (let length = 1; length < 60; length++) {
    const values = Array.from({ length }, (_, place) => place)
    const { rows } = await sql<{ sum: number }>`select sum(n)::integer as sum from unnest(array[${sql.join(values)}]::integer[]) as n`.execute(database.db)
    expect(rows).toEqual([{ sum: (length * (length - 1)) / 2 }])
  }
})
