import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entryText, pendingEntry } from '../../../src/audit/entry.ts'
import type { AuditRecord } from '../../../src/audit/audit.ts'
import { membersOf, opensWhole, quickLeaf, quickText } from '../../../src/audit/log/check/quick.ts'
import type { AuditRow } from '../../../src/audit/store.ts'
import { canonicalJson } from '../../../src/tlog/canonical.ts'
import { commitTo } from '../../../src/tlog/commitment.ts'
import { leafHash } from '../../../src/tlog/tree.ts'

const plain = fc.stringMatching(/^[a-zé{}[\],: ]{0,8}$/)
const names = fc.constantFrom('a', 'agreement', 'b', 'committed', 'decision', 'm', 'seq', 'time', 'type', 'zone', 'ö')
const { value: json } = fc.letrec((tie) => ({ value: fc.oneof({ maxDepth: 3 }, fc.oneof(plain, fc.integer(), fc.boolean(), fc.constant(null), fc.constant('"\\')), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(names, tie('value'), { maxKeys: 3 })) }))
const columns = fc.record({ agreement: fc.option(plain), transfer: fc.option(plain), partner: fc.option(plain), dataset: fc.option(plain), role: fc.option(plain), purpose: fc.option(plain), decision: fc.option(plain), seq: fc.option(fc.nat()), type: fc.constantFrom('data.permitted', 'x'), time: fc.date({ noInvalidDate: true }) })

const row = (given: Omit<AuditRow, 'index'>): AuditRow => ({ index: 1, ...given })
const quickOf = (entry: AuditRow) => {
  const members = membersOf(entry.rest)
  return members && quickText(entry, members)
}

/** Whether a text is canonical JSON. */
function isCanonical(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text
  } catch {
    return false
  }
}

describe('An entry that is not read as JSON', () => {
  test('has the text that it has when it is read, wherever nothing is escaped in it', () => {
    const records = fc.tuple(fc.dictionary(names.filter((name) => name !== 'seq' && name !== 'time' && name !== 'type' && name !== 'agreement' && name !== 'decision'), json), columns)
    fc.assert(
      fc.property(records, ([fields, { time, seq, ...keys }]) => {
        const record: AuditRecord = JSON.parse(JSON.stringify(Object.fromEntries(Object.entries({ ...fields, ...keys }).filter(([, value]) => value !== null))))
        const entry = pendingEntry(record, time)
        const stored = row({ ...entry, seq })
        expect(entryText(stored)).toBe(entry.text(seq))
        if (!stored.rest.includes('\\')) expect(quickOf(stored)).toBe(entry.text(seq))
        expect(Buffer.from(quickLeaf(entry.text(seq)), 'latin1')).toEqual(leafHash(Buffer.from(entry.text(seq))))
      }),
      { numRuns: 500 },
    )
  })

  test('never has the text of a record that it is not, whatever somebody wrote', () => {
    const written = fc.oneof(
      fc.dictionary(names, json).map((value) => JSON.stringify(value)),
      fc.tuple(fc.dictionary(names, json), fc.nat(), fc.constantFrom('"', '{', '}', '[', ']', ',', ':', ' ', '\\', '"a":1,', ',"agreement":"x"')).map(([value, place, put]) => {
        const text = JSON.stringify(value)
        return text.slice(0, place % (text.length + 1)) + put + text.slice(place % (text.length + 1))
      }),
    )
    fc.assert(
      fc.property(written, columns, (rest, keys) => {
        const entry = row({ ...keys, rest })
        const text = quickOf(entry)
        if (text === undefined || !isCanonical(text)) return
        expect(entryText(entry)).toBe(text)
        // Nothing that has a column is hidden from it.
        expect(Object.keys(JSON.parse(rest)).filter((name) => ['agreement', 'decision', 'seq', 'time', 'type'].includes(name))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('is whole when each of its commitments has its opening, and there are no others', () => {
    const salt = Buffer.alloc(32, 7)
    const opened = (value: string) => ({ salt: salt.toString('base64url'), value })
    const rest = JSON.stringify({ bytes: 1, request: { path: '/x', query: commitTo('?a=1', salt) }, user: commitTo('me', salt) })
    const members = membersOf(rest) ?? new Map()
    const [user, query] = [opened('me'), opened('?a=1')]
    const cases: [boolean, Parameters<typeof opensWhole>[2]][] = [
      [true, { user, 'request.query': query }],
      [true, { 'request.query': query, user }],
      [false, { user }],
      [false, {}],
      [false, { user: opened('you'), 'request.query': query }],
      [false, { user: { ...user, salt: `${user.salt}A` }, 'request.query': query }],
      [false, { user, 'request.query': query, bytes: opened('1') }],
      [false, { user, 'request.path': query }],
      [false, { user, 'user.committed': query }],
    ]
    expect(cases.map(([, openings]) => opensWhole(rest, members, openings))).toEqual(cases.map(([whole]) => whole))
    expect(opensWhole('{"bytes":1}', membersOf('{"bytes":1}') ?? new Map(), {})).toBe(true)
  })
})
