import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Audit } from '../../../src/audit/audit.ts'
import { createUnfinished } from '../../../src/dataplane/unfinished/unfinished.ts'
import type { Unfinished } from '../../../src/dataplane/unfinished/unfinished.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { testClock } from '../../identity/participant.ts'
import type { TestClock } from '../../identity/participant.ts'

let database: Database
let audit: Audit
let clock: TestClock
let errors: unknown[]

beforeAll(async () => {
  database = await openTestDatabase()
  clock = testClock()
  audit = await openTestAudit(database, { clock: () => clock() })
})
afterAll(() => database.close())
beforeEach(async () => {
  errors = []
  await database.db.deleteFrom('running_release').execute()
  await database.db.deleteFrom('release_process').execute()
})

const start = (process: string = randomUUID()) => createUnfinished({ database, audit, clock, process, onError: (error) => errors.push(error) })
const about = () => ({ transfer: randomUUID(), partner: 'did:web:consumer.example', dataset: 'd' })

async function begin(unfinished: Unfinished, upTo: number | null = 100) {
  await unfinished.ready()
  const facts = about()
  const index = await audit.record({ type: 'data.permitted', ...facts, reserved: { bytes: upTo }, bytes: 7, decision: 'permit', reason: 'It is.' })
  unfinished.begin({ index, facts, upTo })
  const end = () => unfinished.end([index], async (remove) => database.transaction(async (tx) => {
    await remove?.(tx.db)
    await audit.append(tx, { type: 'data.released', ...facts, permitted: index, bytes: 3 })
  }))
  return { index, facts, end }
}

const noted = async () => (await database.db.selectFrom('running_release').select('record_index').orderBy('record_index').execute()).map((row) => row.record_index)
const endsOf = async ({ facts }: { facts: { transfer: string } }) => (await audit.entries({ limit: 100, transfer: facts.transfer })).filter(({ type }) => type !== 'data.permitted')

/** Time goes by, and what is due is done. */
async function wait(seconds: number, ...processes: readonly Unfinished[]) {
  for (let left = seconds; left > 0; left -= 6) {
    clock.forward(Math.min(6, left))
    for (const each of processes) await each.tick()
  }
}

test('a short release is never noted; a long one is, until its end is recorded', async () => {
  const process = start()
  const short = await begin(process)
  const long = await begin(process)
  await wait(4, process)
  await short.end()
  await wait(6, process)
  expect(await noted()).toEqual([long.index])
  await long.end()
  expect(await noted()).toEqual([])
  expect((await endsOf(long)).map(({ type }) => type)).toEqual(['data.released'])
  expect(errors).toEqual([])
})

test('a stream that is open for a day keeps its lease, and is left alone', async () => {
  const process = start()
  const day = await begin(process)
  await wait(8, process)
  for (let seconds = 0; seconds < 24 * 3600; seconds += 58) {
    clock.forward(58)
    await process.tick()
  }
  clock.forward(58)
  await start().tick()
  expect([await noted(), await endsOf(day)]).toEqual([[day.index], []])
  await day.end()
  expect((await endsOf(day)).map(({ type }) => type)).toEqual(['data.released'])
})

test('what a crashed process left is closed once, whoever comes first: noted or too short to be', async () => {
  const crashed = start()
  const before = await begin(crashed)
  await before.end()
  const long = await begin(crashed, 1_000_000)
  await wait(50, crashed)
  const finished = await begin(crashed)
  await finished.end()
  const short = await begin(crashed, null)
  const [one, two] = [start(), start()]
  const running = await begin(one, 5)
  await wait(59, one, two)
  expect([await endsOf(long), await endsOf(short)]).toEqual([[], []])
  for (let round = 0; round < 8; round++) {
    clock.forward(10)
    await Promise.all([one.tick(), two.tick()])
  }
  expect(await endsOf(long)).toMatchObject([{ type: 'data.aborted', permitted: long.index, upTo: 1_000_000, reason: 'process ended', partner: 'did:web:consumer.example', dataset: 'd' }])
  // The answer's own size counts where nothing was reserved.
  expect(await endsOf(short)).toMatchObject([{ type: 'data.aborted', permitted: short.index, upTo: 7, reason: 'process ended' }])
  expect([(await endsOf(finished)).length, (await endsOf(before)).length, (await endsOf(running)).length]).toEqual([1, 1, 0])
  expect(await noted()).toEqual([running.index])
  const processes = await database.db.selectFrom('release_process').select('process').execute()
  expect(processes).toHaveLength(2)
  await running.end()
  expect(errors).toEqual([])
})

test('the next start closes it at once when the lease is over', async () => {
  const crashed = start()
  const short = await begin(crashed)
  clock.forward(61)
  const next = start()
  await next.tick()
  expect(await endsOf(short)).toMatchObject([{ type: 'data.aborted', permitted: short.index }])
})

test('what somebody noted in the database is not put on record: no such permission, one that ended, another end than the permission says', async () => {
  const process = start()
  const ended = await begin(process)
  await ended.end()
  const open = await begin(process)
  const size = await audit.size()
  const forged = { type: 'data.aborted', partner: 'did:web:victim.example', bytes: 1e9, nonsense: true }
  const rows = [ended.index, open.index, 0, size + 1000, -1].map((index) => ({ record_index: index, process: 'forged', record: JSON.stringify(forged), lease_until: new Date(0) }))
  await database.db.insertInto('running_release').values(rows).onConflict((conflict) => conflict.column('record_index').doNothing()).execute()
  await start().tick()
  expect(await noted()).toEqual([])
  expect((await endsOf(ended)).map(({ type }) => type)).toEqual(['data.released'])
  expect(await endsOf(open)).toMatchObject([{ type: 'data.aborted', permitted: open.index, partner: 'did:web:consumer.example', upTo: 100 }])
  expect(await audit.size()).toBe(size + 1)
  expect(errors).toEqual([])
})

test('what is looked for begins at the mark, which moves on', async () => {
  const process = start('marked')
  await process.ready()
  const mark = async () => (await database.db.selectFrom('release_process').select('mark').where('process', '=', 'marked').executeTakeFirstOrThrow()).mark
  const first = await mark()
  await (await begin(process)).end()
  await wait(44, process)
  const second = await mark()
  expect(second).toBeGreaterThan(first)
  const open = await begin(process)
  clock.forward(3)
  await process.tick()
  expect(await mark()).toBeLessThanOrEqual(open.index)
})

test('an end that cannot be recorded is tried again, once', async () => {
  const process = start()
  for (const long of [false, true]) {
    const release = await begin(process)
    if (long) await wait(8, process)
    let fails = 2
    await process.end([release.index], async (remove) => {
      if (fails-- > 0) throw new Error('There is no database')
      await database.transaction(async (tx) => {
        await remove?.(tx.db)
        await audit.append(tx, { type: 'data.released', ...release.facts, permitted: release.index, bytes: 1 })
      })
    })
    expect(await endsOf(release)).toEqual([])
    await process.tick().catch(() => undefined)
    await process.tick()
    await process.tick()
    expect([long, (await endsOf(release)).length, await noted()]).toEqual([long, 1, []])
  }
})

test('a process that closes leaves nothing behind, unless an end is not recorded', async () => {
  const [clean, open] = [start('clean'), start('open')]
  await (await begin(clean)).end()
  await begin(open)
  await clean.close()
  await open.close()
  const left = await database.db.selectFrom('release_process').select('process').execute()
  expect(left).toEqual([{ process: 'open' }])
})

test('after a time without the database others get the time to renew theirs', async () => {
  const [one, two] = [start(), start()]
  const running = await begin(two)
  await wait(10, one, two)
  clock.forward(300)
  await one.tick()
  await two.tick()
  await wait(70, one, two)
  expect(await endsOf(running)).toEqual([])
  await running.end()
})
