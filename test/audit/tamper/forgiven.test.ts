import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pruneLog } from '../../../src/audit/retention/prune.ts'
import type { Audit } from '../../../src/audit/audit.ts'
import { openWholeGround, write } from './ground.ts'
import type { Ground } from './ground.ts'

// What somebody who can write in the database does so that what was changed is not told of.
let ground: Ground
beforeAll(async () => {
  ground = await openWholeGround()
})
afterAll(() => ground.database.close())
beforeEach(() => ground.restore('whole'))

const change = `update audit_entry set rest = regexp_replace(rest, '"rows":[0-9]+', '"rows":9999') where index = 101`
const entryChanged = expect.stringContaining('Entry 101 (data.permitted')

/** What the start and then a check of the whole record say. */
async function found(): Promise<{ start: string[]; check: string[]; state: string }> {
  const audit = await ground.open()
  const start = (await audit.keeping.faults()).filter(({ resolvedAt }) => resolvedAt === null).map(({ message }) => message)
  const { findings } = await audit.keeping.check()
  const { state } = await audit.log.status()
  await audit.close()
  return { start, check: findings.map(({ message }) => message), state }
}

async function recover(audit: Audit): Promise<void> {
  await audit.keeping.check()
  const faults = (await audit.keeping.faults()).filter(({ resolvedAt }) => resolvedAt === null)
  await audit.keeping.recover({ reason: 'Looked at.', acknowledge: faults.map(({ id }) => id), actor: 'ops' })
}

async function rotate(audit: Audit): Promise<void> {
  await audit.keeping.rotate('ops')
  await write(ground, audit, 20)
}

const prune = (audit: Audit, log: string) => pruneLog({ database: ground.database, audit, clock: () => ground.clock.now, years: undefined }, { log, reason: 'Their time is over.', actor: 'ops' })

describe('a log that somebody calls pruned', () => {
  const unrecorded = (log: string) => `The list of logs says that the entries of log ${log} were removed after their time, and no record says so.`

  test('while it takes the entries stops the log, and the connector starts', async () => {
    await ground.tamper(change, 'update audit_log set pruned_at = now()')
    const { start, check, state } = await found()
    expect(start).toEqual([unrecorded('2026')])
    expect(check).toEqual(expect.arrayContaining([unrecorded('2026'), entryChanged]))
    expect(state).toBe('stopped')
  })

  test('after it was closed is gone through all the same', async () => {
    const audit = await ground.open()
    await rotate(audit)
    await audit.close()
    await ground.tamper(change, `update audit_log set pruned_at = now() where name = '2026'`)
    expect((await found()).check).toEqual(expect.arrayContaining([unrecorded('2026'), entryChanged]))
  })

  test('in an entry of its own is gone through all the same', async () => {
    const audit = await ground.open()
    await rotate(audit)
    await audit.close()
    await ground.tamper(change, `update audit_log set pruned_at = now() where name = '2026'`, `update audit_entry set type = 'log.pruned', rest = '{"name":"2026"}' where index = 90`)
    expect((await found()).check).toEqual(expect.arrayContaining([unrecorded('2026'), entryChanged, expect.stringContaining('Entry 90 (log.pruned')]))
  })

  test('in an entry of a log that was pruned itself is gone through all the same', async () => {
    const audit = await ground.open()
    await rotate(audit)
    await rotate(audit)
    await prune(audit, '2026-2')
    await audit.close()
    await ground.tamper(change, `update audit_log set pruned_at = now() where name = '2026'`, `insert into audit_entry (index, time, type, rest) values (310, now(), 'log.pruned', '{"name":"2026"}')`)
    expect((await found()).check).toEqual(expect.arrayContaining([unrecorded('2026'), entryChanged]))
  })

  test('takes no entries any more', async () => {
    const audit = await ground.open()
    await rotate(audit)
    await prune(audit, '2026')
    await audit.close()
    await ground.tamper('delete from audit_opening where index between 310 and 312', `insert into audit_entry (index, time, type, rest) values (40, now(), 'audit.erased', '{"records":["310-312"],"fields":["user"]}')`)
    expect(await found()).toMatchObject({ check: expect.arrayContaining([expect.stringMatching(/^Entry 40 \(audit\.erased, .*\) is in the database, but log 2026 never had it: its own entries were removed after their time\.$/)]), state: 'stopped' })
  })
})

describe('an entry before the first one', () => {
  const before = (type: string) => expect.stringMatching(new RegExp(`^Entry -5 \\(${type}, .*\\) is in the database, but no log ever had it: the record begins at 0\\.$`))

  test('is found at the start', async () => {
    await ground.tamper(`insert into audit_entry (index, time, type, agreement_id, rest) values (-5, now(), 'data.denied', 'urn:a:1', '{}')`)
    const { start, check, state } = await found()
    expect({ start, check, state }).toEqual({ start: [before('data.denied')], check: [before('data.denied')], state: 'stopped' })
  })

  test('that tells of an erasure does not hide that values were removed', async () => {
    await ground.tamper('delete from audit_opening where index between 50 and 60', `insert into audit_entry (index, time, type, rest) values (-5, now(), 'audit.erased', '{"records":["50-60"],"fields":["user"]}')`)
    expect(await found()).toMatchObject({ check: expect.arrayContaining([before('audit.erased')]), state: 'stopped' })
  })
})

describe('a recovery', () => {
  test('that somebody wrote into the database forgives nothing', async () => {
    await ground.tamper(change)
    await found()
    for (let time = 0; time < 2; time += 1) {
      const ids = (await ground.database.db.selectFrom('audit_fault').select('id').execute()).map(({ id }) => id)
      await ground.tamper(
        'delete from audit_entry where index < 0',
        `insert into audit_log (name, origin, vkey, start, opened_at, closed_at, size) values ('1999', 'x/log/1999', 'x', -10, now(), now(), 0) on conflict do nothing`,
        `insert into audit_entry (index, time, type, rest) values (-9, now(), 'log.recovered', '${JSON.stringify({ others: ids })}')`,
        'update audit_fault set resolved_at = now()',
        'update audit_head set stopped = false',
      )
      const { start, check, state } = await found()
      expect(start).toContainEqual(entryChanged)
      expect(check).toContainEqual(entryChanged)
      expect(state).toBe('stopped')
    }
  })

  test('whose values somebody changed forgives no more than it did', async () => {
    await ground.tamper(`update audit_entry set rest = left(rest, 1) || '"partner":"did:web:partner.example",' || substr(rest, 2), partner = null`)
    const audit = await ground.open()
    await recover(audit)
    await write(ground, audit, 20)
    await audit.close()
    await ground.tamper(`update audit_entry set rest = regexp_replace(rest, '"rows":[0-9]+', '"rows":9999') where index = 1000010`)
    await found()
    const ids = (await ground.database.db.selectFrom('audit_fault').select('id').execute()).map(({ id }) => id)
    await ground.tamper(
      `update audit_opening set fields = '${JSON.stringify({ faults: { salt: 'A', value: ids.map((id) => ({ id })) }, others: { salt: 'A', value: ids } })}' where index = 1000001`,
      'update audit_fault set resolved_at = now()',
      'update audit_head set stopped = false',
    )
    expect(await found()).toMatchObject({ start: expect.arrayContaining([expect.stringContaining('Log 2026-2 has another tree than was signed')]), state: 'stopped' })
  })

  test('still counts when the log that tells of it is pruned, with the prunings that it told of', async () => {
    await ground.tamper('delete from audit_opening where index = 5')
    const audit = await ground.open()
    await recover(audit)
    await rotate(audit)
    await prune(audit, '2026')
    await rotate(audit)
    for (const log of ['2026-2', '2026-3']) await prune(audit, log)
    await audit.close()
    expect(await found()).toEqual({ start: [], check: [], state: 'running' })
  })
})
