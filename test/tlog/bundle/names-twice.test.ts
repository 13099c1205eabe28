import { expect, test } from 'vitest'
import { hasNameTwice } from '../../../src/tlog/bundle/names-twice.ts'

test.each([
  ['{"a":1,"a":2}', true],
  [String.raw`{"a":1,"\u0061":2}`, true],
  ['{"b":[{"a":1,"c":[],"a" \n : {}}]}', true],
  ['{"a":{"a":{"a":["a","a"]}},"b":"a"}', false],
  ['[{"a":1},{"a":1}]', false],
  [String.raw`{"a\"":1,"a":"\",\"a\":","b":":"}`, false],
  ['["a","a"]', false],
  ['"a"', false],
  ['{"":1,"":2}', true],
  ['{"__proto__":1,"constructor":2}', false],
])('%s', (text, expected) => {
  expect(hasNameTwice(text)).toBe(expected)
})
