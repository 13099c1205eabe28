import { afterAll, beforeAll, expect, test } from 'vitest'
import { deletePartner, findPartner, insertPartner, listPartners, updatePartner } from '../../src/identity/store.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase } from '../helpers/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const now = new Date('2026-03-01T12:00:00Z')
const later = new Date('2026-03-02T12:00:00Z')

test('a partner is added once, found, changed and removed', async () => {
  const { db } = database
  const added = await insertPartner(db, { id: 'did:web:a', name: 'A', address: null }, now)
  expect(added).toEqual({ id: 'did:web:a', name: 'A', address: null, groups: [], version: 1, createdAt: now, updatedAt: now })
  expect(await findPartner(db, 'did:web:a')).toEqual(added)
  await expect(insertPartner(db, { id: 'did:web:a', name: 'B', address: null }, now)).rejects.toMatchObject({ code: 'already-exists' })
  expect(await updatePartner(db, 'did:web:a', { address: 'https://a/dsp', ifVersion: 1 }, later)).toEqual({ ...added, address: 'https://a/dsp', version: 2, updatedAt: later })
  await expect(updatePartner(db, 'did:web:a', { name: 'C', ifVersion: 1 }, later)).rejects.toMatchObject({ code: 'precondition-failed' })
  expect(await updatePartner(db, 'did:web:a', { name: 'C', address: null }, later)).toMatchObject({ name: 'C', address: null, version: 3 })
  await expect(deletePartner(db, 'did:web:a', 2)).rejects.toMatchObject({ code: 'precondition-failed' })
  await deletePartner(db, 'did:web:a', 3)
  expect(await findPartner(db, 'did:web:a')).toBeUndefined()
  await expect(deletePartner(db, 'did:web:a')).rejects.toMatchObject({ code: 'not-found' })
  await expect(updatePartner(db, 'did:web:a', { name: 'C' }, later)).rejects.toMatchObject({ code: 'not-found' })
})

test('of two changes from one version, one counts', async () => {
  await insertPartner(database.db, { id: 'did:web:race', name: 'A', address: null }, now)
  const results = await Promise.allSettled(['B', 'C'].map((name) => updatePartner(database.db, 'did:web:race', { name, ifVersion: 1 }, later)))
  expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await deletePartner(database.db, 'did:web:race')
})

test('partners are listed page by page', async () => {
  for (const id of ['c', 'a', 'e', 'b', 'd']) await insertPartner(database.db, { id: `did:web:${id}`, name: id, address: null }, now)
  const names: string[][] = []
  let after: string | undefined
  for (;;) {
    const page = await listPartners(database.db, { after, limit: 2 })
    if (page.length === 0) break
    names.push(page.map((partner) => partner.name))
    after = page.at(-1)?.id
  }
  expect(names).toEqual([['a', 'b'], ['c', 'd'], ['e']])
})

test('SQL and NUL in an id find nothing', async () => {
  expect(await findPartner(database.db, "' or true --")).toBeUndefined()
  expect(await findPartner(database.db, 'did:web:a\0')).toBeUndefined()
})
