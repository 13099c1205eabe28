import { afterAll, beforeAll, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Audit, AuditRecord } from '../../../src/audit/audit.ts'
import { events } from '../../../src/audit/events/events.ts'
import type { EventInfo } from '../../../src/audit/events/field.ts'
import { prepareRecord } from '../../../src/audit/personal/commit.ts'
import { noteReleases, takeLapsed } from '../../../src/dataplane/unfinished/store.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { storable, wellFormed } from '../../../src/persistence/storable-text.ts'
import type { JsonValue } from '../../../src/policy/odrl.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

let database: Database
let audit: Audit
beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database, { prepare: prepareRecord })
})
afterAll(() => database.close())

const unit = fc.oneof(fc.constantFrom('\0', '\uD800', '\uDFFF', '\uFFFF', '\u2028', '\\', '"', "'", '{', '😀', 'a', '1'), fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)))
const text = fc.string({ unit, maxLength: 12 })
const json: fc.Arbitrary<JsonValue> = fc.oneof(text, fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text, { maxLength: 3 })), { maxKeys: 3 }))
// Records of logs say where logs begin and end; the tests of logs write those.
const all: readonly (readonly [string, EventInfo])[] = Object.entries(events).filter(([type]) => !type.startsWith('log.'))

/** A record of any type with any texts in any of its fields. */
const record: fc.Arbitrary<AuditRecord> = fc.constantFrom(...all).chain(([type, { fields }]) => {
  const values = Object.fromEntries(Object.entries(fields).map(([path, { json: any }]) => [path, fc.option(any === true ? json : fc.oneof(text, fc.array(text, { maxLength: 3 })), { nil: undefined })] as const))
  return fc.record<Record<string, JsonValue | undefined>>(values).map((given) => ({ ...nested(given), type }))
})

function nested(given: Readonly<Record<string, JsonValue | undefined>>): Record<string, JsonValue | undefined> {
  const made: Record<string, JsonValue | undefined> = {}
  for (const [path, value] of Object.entries(given)) {
    const [name = '', inner] = path.split('.')
    if (value === undefined) continue
    if (inner === undefined) made[name] = value
    else made[name] = { ...Object.fromEntries(Object.entries(made[name] ?? {})), [inner]: value }
  }
  return made
}

test('any text in any field of any record is recorded, can be read and proven, and is the same in the check', async () => {
  await fc.assert(
    fc.asyncProperty(record, fc.array(record, { minLength: 2, maxLength: 4 }), async (alone, together) => {
      const index = await audit.record(alone)
      await database.transaction((tx) => audit.append(tx, ...together))
      await audit.sealed(index + together.length)
      const read = await audit.entries({ after: index - 1, limit: 1 + together.length })
      for (const [place, given] of [alone, ...together].entries()) {
        const { index: _index, time: _time, seq: _seq, ...fields } = read[place] ?? { index: 0, time: '', type: '' }
        expect(storable(fields)).toEqual(storable({ ...given }))
      }
      expect(await audit.log.receipt(index)).toContain('c2sp.org/tlog-proof@v1')
    }),
    { numRuns: 100 },
  )
  expect((await audit.keeping.check()).findings).toEqual([])
})

test('a release whose request has such texts is noted, and its end can be recorded', async () => {
  const strange: AuditRecord = { type: 'data.released', user: 'a\0b\uD800', request: { query: '?\0\uDFFF' } }
  await noteReleases(database.db, [{ index: 7, record: { type: strange.type, user: 'a\0b\uD800' } }], { process: 'p', until: new Date(0) })
  const [noted] = await database.db.selectFrom('running_release').select('record').where('record_index', '=', 7).execute()
  expect(noted?.record).toEqual({ type: 'data.released', user: 'a\uFFFDb\uFFFD' })
  expect(await takeLapsed(database.db, [7], new Date())).toEqual([7])
})

test('what is text already stays what it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
      const given: JsonValue = JSON.parse(JSON.stringify(value))
      expect(wellFormed(given)).toBe(given)
    }),
  )
  expect(wellFormed({ 'a\uD800': ['\uDFFF\uD800', 'a\0', 1, null] })).toEqual({ 'a\uFFFD': ['\uFFFD\uFFFD', 'a\0', 1, null] })
  expect(storable({ 'a\0': ['\0\uD800'] })).toEqual({ 'a\uFFFD': ['\uFFFD\uFFFD'] })
})
