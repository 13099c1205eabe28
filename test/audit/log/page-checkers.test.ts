import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkPage, textsOf } from '../../../src/audit/log/check/page-check.ts'
import { openPageCheckers } from '../../../src/audit/log/check/page-checkers.ts'
import { createEntryChecks } from '../../../src/audit/log/check/entries.ts'
import { readRows } from '../../../src/audit/log/check/store.ts'
import { treeFindings } from '../../../src/audit/log/check/tree-findings.ts'
import { walkLog } from '../../../src/audit/log/check/walk.ts'
import type { LogFault } from '../../../src/audit/log/log.ts'
import { readHead, readLogs } from '../../../src/audit/log/store.ts'
import type { Queries } from '../../../src/persistence/database.ts'
import { parseCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { parseNote } from '../../../src/tlog/note.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

const database = await openTestDatabase()
const count = 2600
const scriptOf = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`)

beforeAll(async () => {
  const audit = await openTestAudit(database)
  for (let from = 0; from < count; from += 650) {
    const records = Array.from({ length: 650 }, (_none, place) => ({ type: 'data.permitted', agreement: `urn:a:${place % 7}`, partner: 'did:web:partner.example', decision: 'permit', rows: from + place, ...(place % 2 === 0 ? { user: `user-${place}`, request: { method: 'GET', path: '', query: `?a=${place}` } } : {}) }))
    await database.transaction((tx) => audit.append(tx, ...records))
  }
  await audit.settle()
  await audit.close()
})
const shared = openPageCheckers(count, { fewest: 0, threads: 2 })
afterAll(async () => {
  await shared?.close()
  await database.close()
})

type Open = Parameters<typeof walkLog>[3]

/** What a walk through the log finds, and which pages other threads found right. */
async function walk(db: Queries, open: Open): Promise<{ faults: LogFault[]; roots: boolean[] }> {
  const [head, [log]] = [await readHead(db), await readLogs(db)]
  if (log === undefined) throw new Error('There is no log')
  const faults: LogFault[] = []
  const entries = createEntryChecks({ db, kind: 'postgresql' }, head, (fault) => faults.push(fault))
  const { size, root } = parseCheckpoint(parseNote(log.checkpoint ?? '').text)
  const walking = { name: log.name, start: log.start, size: head.size, sealed: log.sealed, signed: [{ where: 'the database', size, root }] }
  const walked = await walkLog(db, walking, (batch) => entries.see(log.name, batch), open)
  faults.push(...(await treeFindings(db, walking, walked)))
  await entries.end(log.name)
  return { faults, roots: walked.compared.map((each) => each.ofEntries?.equals(each.root) === true && each.ofTiles?.equals(each.root) === true) }
}

function withThreads(verdicts: boolean[]): Open {
  return () => {
    if (shared === undefined) throw new Error('There are no threads')
    return {
      check: async (texts) => {
        const verdict = await shared.check(texts)
        verdicts.push(verdict.isRight)
        return verdict
      },
      close: () => Promise.resolve(),
    }
  }
}

class Undone extends Error {}

/** Runs `work` on a database that is changed by `statements`, and takes them back. */
async function tampered(statements: readonly string[], work: (db: Queries) => Promise<void>): Promise<void> {
  const undone = database.transaction(async ({ db }) => {
    for (const statement of statements) await db.executeQuery(sql.raw(statement).compile(db))
    await work(db)
    throw new Undone()
  })
  await expect(undone).rejects.toBeInstanceOf(Undone)
}

describe('Pages that other threads look at', () => {
  test('are found right where they are, and the tree above them is the same', async () => {
    const verdicts: boolean[] = []
    const found = await walk(database.db, withThreads(verdicts))
    expect(verdicts).toEqual([true, true])
    expect(found).toEqual({ faults: [], roots: [true] })
    expect(await walk(database.db, () => undefined)).toEqual(found)
  })

  const cases: [string, string[]][] = [
    ['a field changed', [`update audit_entry set rest = replace(rest, '"rows":1100', '"rows":1') where index = 1101`]],
    ['fields in another order', [`update audit_entry set rest = '{"user":1,"rows":1}' where index = 1101`]],
    ['what is no JSON', [`update audit_entry set rest = '{"rows"' where index = 1101`]],
    ['a column changed', [`update audit_entry set partner = 'did:web:other.example' where index = 1500`]],
    ['a column that takes in the next field', [`update audit_entry set decision = 'permit","partner":"did:web:partner.example', partner = null where index = 1500`]],
    ['a column moved into the others', [`update audit_entry set rest = '{"decision":"permit",' || substr(rest, 2), decision = null where index = 1500`]],
    ['another time', [`update audit_entry set time = time + interval '1 second' where index = 1500`]],
    ['a time that is none', [`update audit_entry set time = 'infinity' where index = 1500`]],
    ['another number', [`update audit_entry set seq = 999999 where index = 1500`]],
    ['two entries with each other\'s places', [`update audit_entry set index = -1 where index = 1500`, `update audit_entry set index = 1500 where index = 1700`, `update audit_entry set index = 1700 where index = -1`]],
    ['an entry gone', [`delete from audit_entry where index = 1500`]],
    ['the last entries gone', [`delete from audit_entry where index > 2500`]],
    ['an opening gone', [`delete from audit_opening where index = 1501`]],
    ['an opening changed', [`update audit_opening set fields = replace(fields::text, 'user-', 'person-')::json where index in (1501, 1503)`]],
    ['an opening of nothing', [`update audit_opening set fields = replace(fields::text, '"user"', '"rows"')::json where index = 1501`]],
    ['an opening in the place of another', [`update audit_opening set fields = (select fields from audit_opening where index = 1503) where index = 1501`]],
    ['an opening of an entry that has none', [`insert into audit_opening select 1502, fields from audit_opening where index = 1501`]],
    ['a tile changed', [`update audit_tile set hashes = overlay(hashes placing '\\x00'::bytea from 40) where level = 0 and index = 5`]],
    ['a tile gone', [`delete from audit_tile where level = 0 and index = 5`]],
    ['a tile cut off', [`update audit_tile set hashes = substr(hashes, 1, 64) where level = 0 and index = 5`]],
    ['a counter', [`update audit_sequence set next = next + 1 where agreement_id = 'urn:a:1'`]],
  ]
  test.each(cases)('do not hide %s: it is told as it is without them', async (_what, statements) => {
    await tampered(statements, async (db) => {
      const alone = await walk(db, () => undefined)
      expect(alone.faults.length).toBeGreaterThan(0)
      expect(await walk(db, withThreads([]))).toEqual(alone)
    })
  })

  test.each([
    ['throws', `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('It broke') })`, 'It broke'],
    ['ends', `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(0))`, 'ended with 0'],
    ['cannot start', `import 'none:at-all'`, 'none:'],
  ])('are not right when a thread %s: the check fails', async (_what, script, message) => {
    await expect(walk(database.db, (entries) => openPageCheckers(entries, { fewest: 0, threads: 1, script: scriptOf(script) }))).rejects.toThrow(message)
  })

  test('are given to no thread when there are few, or no other processor', () => {
    expect(openPageCheckers(100)).toBeUndefined()
    expect(openPageCheckers(1_000_000, { threads: 0 })).toBeUndefined()
  })

  test('are not right when there are more entries than hashes', async () => {
    const rows = await readRows(database.db, 0, 3)
    const texts = textsOf(rows, new Map(), Buffer.alloc(64))
    expect(checkPage(texts)).toEqual({ isRight: false })
  })
})
