import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveProgram } from '../tck/program.ts'
import type { ServedConnector } from '../tck/program.ts'
import { allTests } from '../tck/script.ts'
import { openKit } from './kit.ts'
import type { Kit } from './kit.ts'
import { messageChecker } from './message-schemas.ts'
import { runAll } from './run.ts'

// The same tests against a connector in a process of its own, which knows nothing of this one but its address.
let served: ServedConnector
let kit: Kit
let results: ReadonlyMap<string, Promise<unknown>>

beforeAll(async () => {
  served = await serveProgram()
  kit = await openKit(served.target, await messageChecker())
  results = runAll(kit, { atOnce: 20 })
})

afterAll(async () => {
  await Promise.all(results.values())
  await kit.close()
  await served.end()
})

test.each(allTests)('%s', async (id) => {
  expect(await results.get(id)).toBeUndefined()
})
