import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entryText, pendingEntry } from '../../../src/audit/entry.ts'
import type { AuditRecord } from '../../../src/audit/audit.ts'
import { opensWhole, quickEntry, quickLeaf } from '../../../src/audit/log/check/quick.ts'
import type { AuditRow } from '../../../src/audit/store.ts'
import type { JsonValue } from '../../../src/policy/odrl.ts'
import { canonicalJson } from '../../../src/tlog/canonical.ts'
import { commitTo } from '../../../src/tlog/commitment.ts'
import { leafHash } from '../../../src/tlog/tree.ts'

const plain = fc.stringMatching(/^[a-zé{}[\],: ]{0,8}$/)
const names = fc.constantFrom('a', 'agreement', 'b', 'committed', 'decision', 'm', 'seq', 'time', 'type', 'zone', 'ö')
const { value: json } = fc.letrec((tie) => ({ value: fc.oneof({ maxDepth: 3 }, fc.oneof(plain, fc.integer(), fc.boolean(), fc.constant(null), fc.constant('"\\')), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(names, tie('value'), { maxKeys: 3 })) }))
const columns = fc.record({ agreement: fc.option(plain), transfer: fc.option(plain), partner: fc.option(plain), dataset: fc.option(plain), role: fc.option(plain), purpose: fc.option(plain), decision: fc.option(plain), seq: fc.option(fc.nat()), type: fc.constantFrom('data.permitted', 'x'), time: fc.date({ noInvalidDate: true }) })

const none = { agreement: null, transfer: null, partner: null, dataset: null, role: null, purpose: null, decision: null, seq: null, type: 'x', time: new Date(0), rest: '{}' }
const row = (given: Omit<AuditRow, 'index'>): AuditRow => ({ index: 1, ...given })
const quickOf = (entry: AuditRow) => quickEntry(entry)?.hashed.slice(1)

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
        const quick = quickEntry(stored)
        if (!entry.text(seq).includes('\\')) expect(quick?.hashed).toBe(`\u0000${entry.text(seq)}`)
        if (quick !== undefined) expect(Buffer.from(quickLeaf(quick), 'latin1')).toEqual(leafHash(Buffer.from(entry.text(seq))))
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

  test('has the objects among its members, and no others', () => {
    const { objects } = quickEntry(row({ ...none, rest: '{"a":1,"b":{"c":{"d":2}},"m":["{"],"n":{},"o":"{}"}' })) ?? { objects: [] }
    expect(objects).toEqual([
      { name: 'b', text: '{"c":{"d":2}}' },
      { name: 'n', text: '{}' },
    ])
  })

  test.each([
    ['a quote in a column', { agreement: 'a","b":"c' }],
    ['an escape in a column', { partner: 'a\\u0041' }],
    ['an escape in the others', { rest: '{"a":"\\u0041"}' }],
    ['a field that has a column', { rest: '{"agreement":"x"}' }],
    ['a number of its own', { rest: '{"a":1,"seq":1}' }],
    ['a time that is none', { time: new Date(Number.NaN) }],
    ['no object', { rest: '[]' }],
    ['a value that does not end', { rest: '{"a":[1}' }],
    ['a name that does not end', { rest: '{"a}' }],
    ['no value', { rest: '{"a"}' }],
  ])('says nothing of %s', (_what, wrong) => {
    expect(quickEntry(row({ ...none, ...wrong }))).toBeUndefined()
  })

  test('is whole when each of its commitments has its opening, and there are no others', () => {
    const salt = Buffer.alloc(32, 7)
    const opened = (value: unknown, written = salt.toString('base64url')) => ({ salt: written, value })
    const terms = [{ held: true, value: '}},{' }]
    const rest = JSON.stringify({ bytes: 1, request: { path: '/x', query: commitTo('?a=1', salt) }, terms: commitTo(terms, salt), user: commitTo('me', salt) })
    const { objects } = quickEntry(row({ ...none, rest })) ?? { objects: [] }
    const all = { user: opened('me'), 'request.query': opened('?a=1'), terms: opened(terms) }
    const { user, terms: _terms, ...some } = all
    const cases: [boolean, unknown][] = [
      [true, all],
      [true, { terms: all.terms, 'request.query': all['request.query'], user }],
      [false, { ...some, user }],
      [false, {}],
      [false, { ...all, user: opened('you') }],
      [false, { ...all, user: opened('me', `${user.salt}A`) }],
      [false, { ...all, user: opened('me', `${user.salt.slice(0, -1)}d`) }],
      [false, { ...all, bytes: opened('1') }],
      [false, { ...some, terms: all.terms, 'request.path': user }],
      [false, { ...some, terms: all.terms, 'user.committed': user }],
      [false, { ...all, user: { ...user, more: 1 } }],
      [false, { ...all, user: { value: 'me', salt: user.salt } }],
    ]
    expect(cases.map(([, openings]) => opensWhole(rest, objects, JSON.stringify(openings)))).toEqual(cases.map(([whole]) => whole))
    const texts: [boolean, string | undefined][] = [
      [false, undefined],
      [false, ''],
      [false, JSON.stringify(all).replace(',', ', ')],
      // The same one twice, in place of another.
      [false, JSON.stringify({ ...some, user, terms: all.terms }).replace(/"terms":.*\}\}$/, `"user":${JSON.stringify(user)}}`)],
      [false, JSON.stringify(all).replace('"me"', '"m\\u0065"')],
    ]
    expect(texts.map(([, text]) => opensWhole(rest, objects, text))).toEqual(texts.map(([whole]) => whole))
    expect(opensWhole('{"bytes":1}', [], '{}')).toBe(true)
    expect(opensWhole('{"bytes":1}', [], undefined)).toBe(true)
  })

  test('is whole with what was written for it, whatever it commits to', () => {
    const values: fc.Arbitrary<JsonValue> = json.map((value) => JSON.parse(JSON.stringify(value)))
    const opening = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'm.n', 'm.o'), value: values, salt: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
    fc.assert(
      fc.property(fc.uniqueArray(opening, { selector: ({ name }) => name, maxLength: 4 }), (given) => {
        const fields: Record<string, JsonValue> = {}
        const inner: Record<string, JsonValue> = {}
        for (const { name, value, salt } of given) (name.startsWith('m.') ? inner : fields)[name.replace('m.', '')] = { ...commitTo(value, Buffer.from(salt)) }
        const rest = canonicalJson({ ...fields, m: inner }) ?? ''
        const written = `{${given.map(({ name, value, salt }) => `"${name}":{"salt":"${Buffer.from(salt).toString('base64url')}","value":${canonicalJson(value)}}`).join(',')}}`
        const { objects } = quickEntry(row({ ...none, rest })) ?? { objects: [] }
        const changed = written.replace(/"salt":"./, '"salt":"_')
        if (changed !== written) expect(opensWhole(rest, objects, changed)).toBe(false)
        if (!written.includes('\\')) expect(opensWhole(rest, objects, written)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
