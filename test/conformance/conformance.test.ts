import { afterAll, beforeAll, expect, test } from 'vitest'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabaseLocation } from '../helpers/database.ts'
import { startDriver } from '../tck/driver.ts'
import type { Driver } from '../tck/driver.ts'
import { allTests, testedParticipant } from '../tck/script.ts'
import { openKit } from './kit.ts'
import type { Kit } from './kit.ts'
import { messageChecker } from './message-schemas.ts'
import { runAll } from './run.ts'

let folder: string
let driver: Driver
let kit: Kit
let results: ReadonlyMap<string, Promise<unknown>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-conformance-'))
  driver = await startDriver({ dataDirectory: join(folder, 'data'), database: await testDatabaseLocation(), publicPort: 0, initiatePort: 0 })
  const { connector, initiate } = driver
  const target = {
    participantId: testedParticipant,
    baseUrl: connector.publicUrl,
    dspAddress: connector.dspAddress,
    negotiationInitiateUrl: initiate.negotiationUrl,
    transferInitiateUrl: initiate.transferUrl,
  }
  kit = await openKit(target, await messageChecker())
  // The tests wait most of the time, so they are played side by side.
  results = runAll(kit, { atOnce: 20 })
})

afterAll(async () => {
  await Promise.all(results.values())
  await kit.close()
  await driver.close()
  await rm(folder, { recursive: true, force: true })
})

test.each(allTests)('%s', async (id) => {
  expect(await results.get(id)).toBeUndefined()
})

test('there are 67 tests, as in the kit', () => {
  expect(new Set(allTests).size).toBe(67)
})
