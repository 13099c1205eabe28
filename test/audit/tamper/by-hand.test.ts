import { execFileSync } from 'node:child_process'
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eraseRecords } from '../../../src/audit/personal/erase.ts'
import { openWholeGround } from './ground.ts'
import type { Ground } from './ground.ts'

let ground: Ground
beforeAll(async () => {
  ground = await openWholeGround()
})
afterAll(() => ground.database.close())
beforeEach(() => ground.restore('whole'))

describe('a stopped log', () => {
  const change = 'update audit_entry set decision = \'deny\' where index = 40'

  async function stopped(): Promise<void> {
    await ground.tamper(change)
    const audit = await ground.open()
    expect((await audit.keeping.check()).findings).toContainEqual(expect.objectContaining({ kind: 'entry-changed' }))
    await audit.close()
  }

  test('that somebody says is running stops again at the start', async () => {
    await stopped()
    await ground.tamper('update audit_head set stopped = false')
    const audit = await ground.open()
    await expect(audit.record({ type: 'connector.stopped' })).rejects.toMatchObject({ code: 'log-stopped' })
    await audit.close()
  })

  test('whose faults somebody calls resolved is not recovered: no record tells of it', async () => {
    await stopped()
    await ground.tamper('update audit_head set stopped = false', 'update audit_fault set resolved_at = now()')
    const audit = await ground.open()
    const report = await audit.keeping.check()
    expect(report.breaks).toEqual([])
    expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'entry-changed' }))
    await expect(audit.record({ type: 'connector.stopped' })).rejects.toMatchObject({ code: 'log-stopped' })
    await audit.close()
  })

  test('by what a witness has shown is not called whole by a check', async () => {
    const audit = await ground.open()
    await audit.log.stop({ log: '2026', kind: 'witness-ahead', detail: { witness: 'w', witnessed: 400 }, message: 'The witness w has cosigned 400 entries.' })
    expect((await audit.keeping.check()).findings).toEqual([expect.objectContaining({ kind: 'witness-ahead', message: 'The witness w has cosigned 400 entries.' })])
    await audit.close()
  })

  test('by what a witness has shown is recovered with the numbers that are lost on record', async () => {
    const audit = await ground.open()
    const here = await audit.size()
    await audit.log.stop({ log: '2026', kind: 'witness-ahead', detail: { witness: 'w', here, witnessed: here + 8 }, message: 'The witness w has cosigned more.' })
    const faults = await audit.keeping.faults()
    const { start } = await audit.keeping.recover({ reason: 'Looked at.', acknowledge: faults.map(({ id }) => id), actor: 'ops' })
    expect((await audit.entries({ after: start, limit: 1 }))[0]).toMatchObject({ type: 'log.recovered', lost: [`${here}-${here + 7}`] })
    await audit.close()
  })

  test('whose faults somebody removed stops again with the next check', async () => {
    await stopped()
    await ground.tamper('update audit_head set stopped = false', 'delete from audit_fault')
    const audit = await ground.open()
    expect((await audit.keeping.check()).findings).toContainEqual(expect.objectContaining({ kind: 'entry-changed' }))
    await audit.close()
  })

  test('with more faults than one record lists is recovered from all of them', async () => {
    await ground.tamper(`update audit_entry set rest = left(rest, 1) || '"partner":"did:web:partner.example",' || substr(rest, 2), partner = null where index between 20 and 260`)
    const audit = await ground.open()
    const { findings } = await audit.keeping.check()
    expect(findings).toHaveLength(241)
    await audit.keeping.recover({ reason: 'Looked at.', acknowledge: findings.map(({ id }) => id), actor: 'ops' })
    const after = await audit.keeping.check()
    expect({ findings: after.findings, breaks: after.breaks.length }).toEqual({ findings: [], breaks: 241 })
    await audit.close()
  })
})

describe('values of erasable fields', () => {
  const message = (entries: string, which: string) => `${entries} of log 2026 lost values of erasable fields (user), and no record tells of an erasure: ${which}. Removed from the database.`

  test.each([
    ['of an entry', 'delete from audit_opening where index = 70', message('One entry', '70')],
    ['of some entries', 'delete from audit_opening where index in (5, 6, 90)', message('3 entries', '5 to 6, 90')],
    ['of all', 'truncate audit_opening', message('300 entries', '1 to 300')],
  ])('%s that somebody removed', async (_what, statement, told) => {
    await ground.tamper(statement)
    const audit = await ground.open()
    expect((await audit.keeping.check()).findings).toEqual([expect.objectContaining({ kind: 'opening-missing', message: told })])
    await expect(audit.record({ type: 'connector.stopped' })).rejects.toMatchObject({ code: 'log-stopped' })
    await audit.close()
  })

  test('that were erased on record are not missed, and others still are', async () => {
    const audit = await ground.open()
    await eraseRecords({ database: ground.database, audit }, { find: { by: 'user', value: 'user-3' }, reason: 'A request.', actor: 'ops' })
    expect((await audit.keeping.check()).findings).toEqual([])
    await ground.tamper('delete from audit_opening where index = 9')
    expect((await audit.keeping.check()).findings).toEqual([expect.objectContaining({ kind: 'opening-missing', message: message('One entry', '9') })])
    await audit.close()
  })
})

describe('what stands in the folder log and is no file of ours', () => {
  const kinds = ['a folder', 'a pipe that nobody writes to', 'a file that is far too large', 'a file that is no text'] as const

  async function put(kind: (typeof kinds)[number], name: string): Promise<void> {
    const path = join(ground.directory, name)
    await rm(path, { force: true })
    if (kind === 'a folder') await mkdir(path)
    else if (kind === 'a pipe that nobody writes to') execFileSync('mkfifo', [path])
    else {
      await writeFile(path, Buffer.alloc(1000, 0xff))
      if (kind === 'a file that is far too large') await truncate(path, 3 * 1024 ** 3)
    }
  }

  test.each(kinds)('%s in place of the newest checkpoint stops the log, and the connector starts', async (kind) => {
    await put(kind, '2026_0.checkpoint')
    const audit = await ground.open()
    expect((await audit.log.status()).faults).toMatchObject([{ kind: 'checkpoint-changed', message: expect.stringContaining('The checkpoint of log 2026 in the file 2026_0.checkpoint was changed: ') }])
    await audit.close()
  })

  test.each(kinds)('%s in place of what else is kept is as if it were not there', async (kind) => {
    for (const name of [`2026_0_${'0'.repeat(32)}.cosigned`, '2026_0.recovered', `${'0'.repeat(64)}.witnessed`]) await put(kind, name)
    const audit = await ground.open()
    await audit.record({ type: 'connector.stopped' })
    expect((await audit.keeping.check()).findings).toEqual([])
    await audit.close()
  })
})
