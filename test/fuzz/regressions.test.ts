import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestConnector } from '../helpers/dataspace.ts'
import type { TestConnector } from '../helpers/dataspace.ts'
import { createRandom } from '../helpers/random.ts'
import { createFuzzer } from './fuzzer.ts'
import { prepareGround } from './ground.ts'
import type { FuzzGround } from './ground.ts'

// A small part of `npm run fuzz`, the same at every run. Seeds that once found a fault are kept here.

let connector: TestConnector
let ground: FuzzGround

beforeAll(async () => {
  connector = await startTestConnector()
  ground = await prepareGround({ ...connector, lastWords: () => '' })
}, 60_000)
afterAll(async () => {
  await ground.close()
  await connector.close()
})

test.each([1, 7])('600 mutated messages, seed %d: no 5xx, no gap in the record, and it still works', async (seed) => {
  const fuzzer = createFuzzer({ connector: { ...connector, lastWords: () => '' }, ground, random: createRandom(seed) })
  await ground.replenish()
  let left = 600
  const worker = async () => {
    while (left-- > 0) await fuzzer.sendOne()
  }
  await Promise.all(Array.from({ length: 12 }, worker))
  await fuzzer.close()
  expect(fuzzer.tally.faults).toEqual([])
  await ground.negotiate()
  const entries = await connector.services.audit.entries({ limit: 100_000 })
  expect(entries.map(({ index }) => index)).toEqual(entries.map((_, place) => place))
}, 60_000)
