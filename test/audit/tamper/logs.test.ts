import { afterAll, expect, test } from 'vitest'
import { openTestAudit } from '../../helpers/audit.ts'
import { openGround, write } from './ground.ts'
import type { Ground } from './ground.ts'

const grounds: Ground[] = []
afterAll(async () => {
  for (const { database } of grounds) await database.close()
})
const newGround = async () => {
  const ground = await openGround()
  grounds.push(ground)
  return ground
}

test('a key is changed, a year begins, and the chain of logs is whole', async () => {
  const ground = await newGround()
  const audit = await ground.open()
  await write(ground, audit, 40)
  const first = await audit.log.checkpoint()
  expect(await audit.keeping.rotate('ops')).toMatchObject({ log: '2026-2' })
  await write(ground, audit, 20)
  await audit.keeping.beginYear()
  expect((await audit.log.logs()).map(({ name }) => name)).toEqual(['2026', '2026-2'])
  ground.clock.now = new Date('2027-01-01T00:00:00.000Z')
  const replica = await openTestAudit(ground.database, { directory: ground.directory, clock: () => ground.clock.now })
  await Promise.all([audit.keeping.beginYear(), replica.keeping.beginYear()])
  await write(ground, audit, 20)
  const logs = await audit.log.logs()
  expect(logs.map(({ name, start, size }) => ({ name, start, size }))).toEqual([
    { name: '2026', start: 0, size: 42 },
    { name: '2026-2', start: 42, size: 22 },
    { name: '2027', start: 64, size: null },
  ])
  const keyOf = (place: number) => logs[place]?.vkey.split('+').at(-1)
  expect(keyOf(0)).not.toBe(keyOf(1))
  expect(keyOf(1)).toBe(keyOf(2))
  expect(first?.size).toBe(41)
  const [closed, opened] = await audit.entries({ after: 40, limit: 2 })
  expect(closed).toMatchObject({ type: 'log.closed', reason: 'key', next: '2026-2', nextVkey: logs[1]?.vkey, actor: 'ops' })
  expect(opened).toMatchObject({ type: 'log.opened', reason: 'key', previous: '2026', previousCheckpoint: (await audit.log.checkpoint('2026'))?.note })
  const report = await audit.keeping.check()
  expect(report.findings).toEqual([])
  expect(report.entries).toBe(64 + 21)
  await replica.close()
  await audit.close()
})

test('whoever changes a link of the chain is found', async () => {
  const ground = await newGround()
  const audit = await ground.open()
  await write(ground, audit, 20)
  await audit.keeping.rotate('ops')
  await audit.close()
  await ground.save('chained')
  const messages = async (...statements: string[]) => {
    await ground.restore('chained')
    await ground.tamper(...statements)
    const broken = await ground.open()
    const { findings } = await broken.keeping.check()
    await broken.close()
    return findings.map(({ message }) => message)
  }
  expect(await messages()).toEqual([])
  expect(await messages("update audit_log set size = size - 1 where name = '2026'")).toContain('Log 2026-2 does not go on from the one before it: it begins at entry 22, and log 2026 ends before entry 21.')
  expect(await messages("delete from audit_log where name = '2026'")).toContain('Log 2026-2 does not go on from the one before it: its first entry names the log 2026 before it, and the list of logs none.')
  expect((await messages("update audit_log set origin = 'other.example/log/2026-2' where name = '2026-2'")).join('\n')).toContain('Log 2026-2 does not go on')
})
