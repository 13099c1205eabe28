import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMark } from '../../../src/audit/log/mark.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const key = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes))

test('a mark is the beginning of the HMAC-SHA-256, whatever was marked before', () => {
  fc.assert(
    fc.property(key, fc.array(text, { minLength: 1, maxLength: 10 }), (secret, texts) => {
      const mark = createMark(secret)
      for (const each of texts) expect(mark(each)).toBe(createHmac('sha256', secret).update(each).digest().subarray(0, 8).toString('base64url'))
    }),
  )
})

test('a key that would be hashed first is refused', () => {
  expect(() => createMark(Buffer.alloc(65))).toThrow('65 bytes')
})
