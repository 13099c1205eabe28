import { afterAll, beforeAll, expect, test } from 'vitest'
import fc from 'fast-check'
import { CompiledQuery } from 'kysely'
import type { Database } from '../../src/persistence/database.ts'
import { integerArray, textArray } from '../../src/persistence/text-array.ts'
import { openTestDatabase } from '../helpers/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

async function read(texts: readonly (string | null)[], numbers: readonly number[]): Promise<unknown> {
  const { db, kind } = database
  const { rows } = await db.executeQuery(CompiledQuery.raw('select text, number from unnest($1::text[], $2::integer[]) with ordinality as item (text, number, place) order by place', [textArray(kind, texts), integerArray(numbers)]))
  return rows
}

const any = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\u0000', ''))

test('what goes into an array comes out of it', async () => {
  const item = fc.record({ text: fc.option(fc.oneof(any, fc.constantFrom('', 'NULL', '{}', '{"a":"b\\\\"}', ',', '"', 'à😀')), { nil: null }), number: fc.integer({ min: -2147483648, max: 2147483647 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 20 }), async (items) => {
      expect(await read(items.map(({ text }) => text), items.map(({ number }) => number))).toEqual(items)
    }),
    { numRuns: 60 },
  )
})

test('an empty array has nothing', async () => {
  expect(await read([], [])).toEqual([])
})
