import { describe, expect, test } from 'vitest'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { canonicalJson } from '../../src/tlog/canonical.ts'

const names = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'toJSON', 'constructor', '10', '9', '01', '-1', '4294967295', 'é', '\u{1f600}', '\ufb33', '\\ud800'))
const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('\\ud800', '\ud83d\ude00', '\u2028'))
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, texts, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries))),
}))

describe('canonical JSON', () => {
  test('is what the reference writes, whatever the value', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([[Number.NaN], [{ at: [Number.POSITIVE_INFINITY] }], ['\ud800'], [{ a: '\udc00 \\ud800' }], [{ '\ud800': 1 }]])('is refused of %j', (value) => {
    expect(() => canonicalJson(value)).toThrow()
    expect(() => canonicalize(value)).toThrow()
  })

  test('leaves out what has no value, and calls what says how it is written', () => {
    const value = { b: undefined, a: new Date(0), c: [undefined, 1] }
    expect(canonicalJson(value)).toBe(canonicalize(value))
    expect(canonicalJson(undefined)).toBeUndefined()
  })

  test('leaves the value as it is', () => {
    const value = { b: [{ d: 1, c: 2 }], a: 1 }
    expect(canonicalJson(value)).toBe('{"a":1,"b":[{"c":2,"d":1}]}')
    expect(JSON.stringify(value)).toBe('{"b":[{"d":1,"c":2}],"a":1}')
  })
})
