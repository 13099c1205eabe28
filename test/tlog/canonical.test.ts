import { describe, expect, test } from 'vitest'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { canonicalJson, quotesIfCanonical } from '../../src/tlog/canonical.ts'

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

/** Whether a text is canonical JSON, or no JSON at all. */
function isCanonicalIfJson(text: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return true
  }
  try {
    return canonicalize(value) === text
  } catch {
    return false
  }
}

const plainNames = fc.oneof(fc.string({ maxLength: 2 }), fc.constantFrom('__proto__', 'toJSON', '10', '9', 'a', 'ab', 'b', 'é', '\u{1f600}', '\ufb33', ''))
const plainTexts = fc.oneof(fc.stringMatching(/^[a-z{}[\]:, é\u{1f600}]{0,6}$/u), fc.constantFrom('committed', '\u2028', '\u007f'))
const { value: plainValues } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, plainTexts, fc.maxSafeInteger(), fc.integer({ min: -10, max: 10 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.array(fc.tuple(plainNames, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries))),
}))

describe('the look at a text that may be canonical JSON', () => {
  test('never takes for canonical what is not, whatever somebody wrote', () => {
    const put = fc.constantFrom('"', '{', '}', '[', ']', ',', ':', ' ', '\n', '\\', '-', '0', '1', '.', 'e', 'E', '1e3', '-0', 'true', '"a":1,', '"a":1,"a":2', '\ud800', '"\ud800"', '\u00a0')
    const written = fc.oneof(
      values.map((value) => JSON.stringify(value)),
      plainValues.map((value) => JSON.stringify(value)),
      fc.tuple(plainValues, fc.nat(), fc.nat({ max: 2 }), put).map(([value, place, left, added]) => {
        const text = canonicalize(value) ?? ''
        return text.slice(0, place % (text.length + 1)) + added + text.slice((place % (text.length + 1)) + left)
      }),
    )
    fc.assert(
      fc.property(written, (text) => {
        const quotes = quotesIfCanonical(text)
        if (quotes === -1) return
        expect(isCanonicalIfJson(text)).toBe(true)
        expect(quotes).toBe(text.split('"').length - 1)
      }),
      { numRuns: 10_000 },
    )
  })

  test('knows what has nothing escaped in it and whole numbers', () => {
    const whole = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, plainTexts, fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.array(fc.tuple(fc.stringMatching(/^[a-zé]{0,3}$/), tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries))),
    }))
    fc.assert(
      fc.property(whole.value, (value) => {
        const text = canonicalize(value) ?? ''
        expect(quotesIfCanonical(text)).toBe(text.split('"').length - 1)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['{"a":1,"a":1}'],
    ['{"b":1,"a":1}'],
    ['{"a":{"c":1,"b":1}}'],
    ['{"ab":1,"a":1}'],
    ['{"b":{"a":1},"a":1}'],
    ['[{"b":1,"a":1}]'],
    ['{"a": 1}'],
    ['{"a":1.0}'],
    ['[-0]'],
    ['[1e1]'],
    ['[1E1]'],
    ['[9007199254740993]'],
    ['["\\u0041"]'],
    ['["\ud800"]'],
    ['"a'],
  ])('says nothing of %s', (text) => {
    expect(quotesIfCanonical(text)).toBe(-1)
  })

  test('says nothing of what is nested deep', () => {
    expect(quotesIfCanonical('['.repeat(50) + ']'.repeat(50))).toBe(0)
    expect(quotesIfCanonical('['.repeat(51) + ']'.repeat(51))).toBe(-1)
  })
})
