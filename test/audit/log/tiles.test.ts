import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveTree } from '../../../src/audit/log/store.ts'
import { createTrees } from '../../../src/audit/log/tiles.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { createEdge } from '../../../src/tlog/edge.ts'
import { tileWidth } from '../../../src/tlog/tiles.ts'
import { openTestDatabase } from '../../helpers/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const hashesOf = (name: string, level: number, index: number) => Buffer.alloc(tileWidth * 32, `${name} ${level} ${index}`)

test('each tile that is asked for comes in its place, whatever others share its level or its number', async () => {
  for (const name of ['2026', '2026-2']) {
    const tiles = [[0, 0], [0, 1], [0, 7], [1, 0], [1, 1]].map(([level = 0, index = 0]) => ({ level, index, hashes: hashesOf(name, level, index) }))
    await saveTree(database.db, name, { tiles, size: 0, checkpoint: '' })
  }
  const log = { name: '2026', start: 0 }
  const read = createTrees(database.db).reader(log, createEdge(0, () => Buffer.alloc(0)))
  const wanted = [{ level: 1, index: 0, width: 256 }, { level: 0, index: 7, width: 3 }, { level: 0, index: 1, width: 256 }]
  const expected = wanted.map(({ level, index, width }) => hashesOf('2026', level, index).subarray(0, width * 32))
  expect(await read(wanted)).toEqual(expected)
  // From memory, too.
  expect(await read(wanted.toReversed())).toEqual(expected.toReversed())
  await expect(read([...wanted, { level: 1, index: 7, width: 256 }])).rejects.toThrow('is not there')
})
