import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Audit } from '../../../src/audit/audit.ts'
import { openGround, write } from './ground.ts'
import type { Ground } from './ground.ts'

let ground: Ground
let week: Date
beforeAll(async () => {
  ground = await openGround()
  const audit = await ground.open()
  await write(ground, audit, 300)
  await audit.close()
  await ground.save('lastweek')
  week = ground.clock.now
  ground.clock.now = new Date(week.getTime() + 7 * 86_400_000)
  const again = await ground.open()
  await write(ground, again, 320)
  await again.close()
  await ground.save('whole')
})
afterAll(() => ground.database.close())
beforeEach(() => ground.restore('whole'))

/** The time of an entry. */
const timeOf = async (index: number) => (await ground.database.db.selectFrom('audit_entry').select('time').where('index', '=', index).executeTakeFirstOrThrow()).time.toISOString()
const hash = String.raw`[A-Za-z0-9+/]{43}=`

/** What the start and then a check of the whole record say. */
async function found(): Promise<{ audit: Audit; start: string[]; check: string[] }> {
  const audit = await ground.open()
  const start = (await audit.keeping.faults()).filter(({ resolvedAt }) => resolvedAt === null).map(({ message }) => message)
  const report = await audit.keeping.check()
  return { audit, start, check: report.findings.map(({ message }) => message) }
}

/** Nothing is recorded on top of it; a recovery brings the log back to work, and afterwards a check is clean and names the break. */
async function refusesAndRecovers(audit: Audit): Promise<void> {
  const before = await audit.size()
  const signed = (await audit.log.logs()).at(-1)
  await expect(audit.record({ type: 'connector.stopped' })).rejects.toMatchObject({ code: 'log-stopped' })
  expect(await audit.size()).toBe(before)
  const faults = (await audit.keeping.faults()).filter(({ resolvedAt }) => resolvedAt === null)
  await expect(audit.keeping.recover({ reason: 'Looked at.', acknowledge: faults.slice(1).map(({ id }) => id), actor: 'ops' })).rejects.toMatchObject({ code: 'conflict' })
  const recovery = await audit.keeping.recover({ reason: 'The disk was restored.', acknowledge: faults.map(({ id }) => id), actor: 'ops' })
  expect(recovery).toMatchObject({ start: 1_000_000, log: '2026-2' })
  expect(await audit.record({ type: 'connector.started', version: '1' })).toBe(recovery.start + 2)
  const [opened, recovered] = await audit.entries({ after: recovery.start - 1, limit: 2 })
  expect(opened).toMatchObject({ type: 'log.opened', reason: 'break', actor: 'ops', ...(signed === undefined ? {} : { previous: signed.name }) })
  expect(recovered).toMatchObject({ type: 'log.recovered', reason: 'The disk was restored.', faults: faults.map(({ id, message }) => ({ id, message })) })
  const report = await audit.keeping.check()
  expect(report.findings).toEqual([])
  expect(report.breaks.map(({ id }) => id).toSorted()).toEqual(faults.map(({ id }) => id).toSorted())
  expect((await audit.log.status()).state).toBe('running')
  await audit.close()
  const restarted = await ground.open()
  expect((await restarted.log.status()).state).toBe('running')
  await restarted.close()
}

test('a log that nobody touched is clean', async () => {
  const { audit, start, check } = await found()
  expect({ start, check }).toEqual({ start: [], check: [] })
  expect((await audit.log.status()).state).toBe('running')
  await audit.close()
})

describe('an entry', () => {
  test('that was changed', async () => {
    await ground.tamper(`update audit_entry set rest = regexp_replace(rest, '"rows":[0-9]+', '"rows":9999') where index = 101`)
    const { audit, check } = await found()
    expect(check).toContainEqual(expect.stringMatching(new RegExp(`^Entry 101 \\(data.permitted, ${await timeOf(101)}\\) of log 2026 was changed: its hash is ${hash}, and the log has ${hash}\\.$`)))
    await refusesAndRecovers(audit)
  })

  test.each([
    ['partner', `'did:web:other.example'`],
    ['time', `time + interval '1 day'`],
    ['decision', `'deny'`],
    ['agreement_id', `'urn:a:2'`],
  ])('whose column %s was changed', async (column, value) => {
    const before = await timeOf(77)
    await ground.tamper(`update audit_entry set ${column} = ${value} where index = 77`)
    const { audit, check } = await found()
    const after = await timeOf(77)
    expect(after === before).toBe(column !== 'time')
    expect(check.join('\n')).toContain(`Entry 77 (data.permitted, ${after}) of log 2026 was changed: its hash is`)
    await audit.close()
  })

  test('that is hidden from searches with the same text', async () => {
    await ground.tamper(`update audit_entry set rest = left(rest, 1) || '"partner":"did:web:partner.example",' || substr(rest, 2), partner = null where index = 50`)
    const { audit, check } = await found()
    expect(check).toEqual([`Entry 50 (data.permitted, ${await timeOf(50)}) of log 2026 is hidden from searches: its field partner was moved out of the column that is searched.`])
    await refusesAndRecovers(audit)
  })

  test('that is no record any more', async () => {
    await ground.tamper(`update audit_entry set rest = '{' where index = 300`)
    const { audit, check } = await found()
    expect(check).toContain('Entry 300 of log 2026 was changed: it is not a record any more.')
    await refusesAndRecovers(audit)
  })

  test('that was removed from the middle', async () => {
    await ground.tamper('delete from audit_entry where index = 200')
    const { audit, check } = await found()
    expect(check).toContain('Log 2026 lacks entry 200: removed from the database.')
    expect(check).toContain("Agreement urn:a:1 lacks its record number 199: entry 201 goes on behind it.")
    await refusesAndRecovers(audit)
  })

  test('that was removed from the end', async () => {
    await ground.tamper('delete from audit_entry where index >= 618')
    const { audit, start } = await found()
    expect(start).toContain('Log 2026 lacks entries 618 to 620: removed from the database.')
    await refusesAndRecovers(audit)
  })

  test('that was added behind the end', async () => {
    await ground.tamper(`insert into audit_entry (index, rest, time, type) values (621, '{}', '2026-11-27T12:00:00Z', 'test.forged')`)
    const { audit, start } = await found()
    expect(start).toEqual(['Entry 621 (test.forged, 2026-11-27T12:00:00.000Z) is in the database, but log 2026 never had it: its entries end at 620.'])
    await refusesAndRecovers(audit)
  })

  test('that was added behind the end, with the head', async () => {
    await ground.tamper(`insert into audit_entry (index, rest, time, type) values (621, '{}', '2026-11-27T12:00:00Z', 'test.forged')`, 'update audit_head set size = size + 1')
    const { audit, start } = await found()
    expect(start).toEqual(['Entry 621 (test.forged, 2026-11-27T12:00:00.000Z) is in the database, but no process of this connector wrote it as it is there.'])
    await refusesAndRecovers(audit)
  })

  test('that was added behind the end, with the mark of another one', async () => {
    await ground.tamper(
      `insert into audit_entry (index, rest, time, type, mark) select 621, rest, time + interval '1 day', type, mark from audit_entry where index = 620`,
      'update audit_head set size = size + 1',
    )
    const { audit, start } = await found()
    expect(start).toEqual([expect.stringMatching(/^Entry 621 \(.*no process of this connector wrote it as it is there\.$/)])
    await refusesAndRecovers(audit)
  })

  test('that was added behind the end, as a copy of one before', async () => {
    await ground.tamper(`insert into audit_entry select (jsonb_populate_record(copied, '{"index": 621}')).* from audit_entry copied where index = 610`, 'update audit_head set size = size + 1')
    const { audit, start } = await found()
    expect(start).toEqual([expect.stringMatching(/^Entry 621 \(.*\) is in the database, but it is a copy of entry 610\.$/)])
    await refusesAndRecovers(audit)
  })

  test('that was added behind the end twice, each a copy of the last', async () => {
    const copies = [621, 622].map((index) => `insert into audit_entry select (jsonb_populate_record(copied, '{"index": ${index}}')).* from audit_entry copied where index = 620`)
    await ground.tamper(...copies, 'update audit_head set size = size + 2')
    const { audit, start } = await found()
    expect(start).toEqual([expect.stringMatching(/^Entry 621 \(.*\) is in the database, but it is a copy of entry 620\.$/)])
    await refusesAndRecovers(audit)
  })

  test('that was put into the middle, with the head', async () => {
    await ground.tamper(
      'update audit_entry set index = -index - 1 where index >= 610',
      'update audit_entry set index = -index where index < 0',
      `insert into audit_entry (index, rest, time, type) values (610, '{}', '2026-11-27T12:00:00Z', 'test.forged')`,
      'update audit_head set size = size + 1',
    )
    const { audit, start, check } = await found()
    expect(start[0]).toMatch(new RegExp(`^Log 2026 has another tree than was signed: the root of its first 621 entries is ${hash}, and ${hash} was signed\\. "concordat audit check" says what was changed\\.$`))
    expect(check.join('\n')).toMatch(/What was changed is among the entries \d+ to 620 \(checkpoint in the (database|note file)\)\./)
    await refusesAndRecovers(audit)
  })

  test('and another that changed places', async () => {
    await ground.tamper('update audit_entry set index = -1 where index = 10', 'update audit_entry set index = 10 where index = 20', 'update audit_entry set index = 20 where index = -1')
    const { audit, check } = await found()
    expect(check).toContain(`Entry 10 (data.permitted, ${await timeOf(10)}) of log 2026 is in the wrong place: the log has it as entry 20.`)
    expect(check).toContain(`Entry 20 (data.permitted, ${await timeOf(20)}) of log 2026 is in the wrong place: the log has it as entry 10.`)
    await refusesAndRecovers(audit)
  })

  test('whose number among those of its agreement is there twice', async () => {
    await ground.tamper('update audit_entry set seq = 41 where index = 43')
    const { audit, check } = await found()
    expect(check).toContain('Agreement urn:a:1 has its record number 41 twice: entries 42 and 43.')
    await refusesAndRecovers(audit)
  })
})

describe('beside the entries', () => {
  test('a tile that was changed', async () => {
    await ground.tamper(`update audit_tile set hashes = set_byte(hashes, 320, (get_byte(hashes, 320) + 1) % 256) where level = 0 and index = 1`)
    const { audit, start, check } = await found()
    expect(start[0]).toMatch(/^Log 2026 has another tree than was signed/)
    expect(check).toContain(`Tile 0/1 of log 2026 was changed at its hash 10: entry 266 (data.permitted, ${await timeOf(266)}) fits the signed root, and the tile does not.`)
    await refusesAndRecovers(audit)
  })

  test('a tile that was removed', async () => {
    await ground.tamper(`delete from audit_tile where level = 0 and index = 0`)
    const { audit, check } = await found()
    expect(check).toContain('Tile 0/0 of log 2026 is missing.')
    await refusesAndRecovers(audit)
  })

  test('the value of an erasable field that was changed', async () => {
    await ground.tamper(`update audit_opening set fields = jsonb_set(fields::jsonb, '{user,value}', '"somebody"')::json where index = 30`)
    const { audit, check } = await found()
    expect(check).toEqual([`The value of the erasable field user of entry 30 (data.permitted, ${await timeOf(30)}) was changed: it does not fit what the log committed to.`])
    await refusesAndRecovers(audit)
  })

  test('the stored checkpoint that was changed', async () => {
    await ground.tamper(`update audit_log set checkpoint = replace(checkpoint, chr(8212), '-')`)
    const { audit, start } = await found()
    expect(start[0]).toMatch(/^The checkpoint of log 2026 in the database was changed: /)
    await refusesAndRecovers(audit)
  })

  test('the counter of the numbers of an agreement', async () => {
    await ground.tamper('update audit_sequence set next = 7')
    const { audit, check } = await found()
    expect(check).toEqual(['Agreement urn:a:1 has 620 records, and the counter of their numbers was set to 7.'])
    await refusesAndRecovers(audit)
  })
})

describe('the whole database', () => {
  test('of last week', async () => {
    await ground.restore('lastweek', { folder: false })
    const { audit, start } = await found()
    expect(start).toEqual([
      expect.stringMatching(new RegExp(`^Log 2026 was rewound: the database has 301 entries of it, the last of ${week.toISOString()}, but 621 were signed by .* \\((note file|journal)\\)\\. The database is older than what was signed: a backup, or a replica that lagged behind\\.$`)),
    ])
    await refusesAndRecovers(audit)
  })

  test('that is empty', async () => {
    for (const table of ['audit_entry', 'audit_log', 'audit_tile', 'audit_sequence', 'audit_opening']) await ground.tamper(`delete from ${table}`)
    await ground.tamper('update audit_head set size = 0, log = null')
    const { audit, start } = await found()
    expect(start).toEqual([expect.stringMatching(/^Log 2026 was rewound: the database does not know it \(its last entry is of an unknown time\), but 621 of its entries were signed by/)])
    await refusesAndRecovers(audit)
  })
})

describe('the key', () => {
  const keyFile = () => join(ground.directory, 'keys', 'log-000001.json')

  test('that is gone', async () => {
    await rm(keyFile())
    const { audit, start } = await found()
    expect(start).toEqual([`The key of log 2026 is gone: ${ground.directory}/keys has no log key. Restore the folder from its backup; without it the log cannot go on.`])
    await refusesAndRecovers(audit)
  })

  test('that is another', async () => {
    await rm(keyFile())
    await ground.otherKey()
    const { audit, start } = await found()
    expect(start).toEqual([expect.stringMatching(/^The key of log 2026 was replaced: the log was opened with connector.example\/log\/2026\+\S+, and the folder has connector.example\/log\/2026\+\S+\.$/)])
    await refusesAndRecovers(audit)
    expect((await readdir(join(ground.directory, 'keys'))).filter((name) => name.startsWith('log-'))).toHaveLength(2)
  })

  test('that is another, also in the database', async () => {
    await rm(keyFile())
    const vkey = await ground.otherKey()
    await ground.tamper(`update audit_log set vkey = '${vkey}'`)
    const { audit, start } = await found()
    expect(start).toEqual([expect.stringMatching(/^The key of log 2026 was replaced: its first entry names connector.example\/log\/2026\+\S+, and the database now says connector.example\/log\/2026\+\S+\.$/)])
    await refusesAndRecovers(audit)
  })
})
