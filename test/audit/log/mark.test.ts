import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMarks } from '../../../src/audit/log/mark.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const key = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes))

test('a mark is a count and the beginning of the HMAC-SHA-256 of it and the text, whatever was marked before', () => {
  fc.assert(
    fc.property(key, fc.array(text, { minLength: 1, maxLength: 10 }), (secret, texts) => {
      const marks = createMarks(secret)
      for (const each of texts) {
        const mark = marks.make(each)
        const counted = mark.slice(0, 4)
        expect(mark.slice(4)).toBe(createHmac('sha256', secret).update(counted + each).digest().subarray(0, 8).toString('base64url'))
        expect(marks.fits(each, mark)).toBe(true)
      }
    }),
  )
})

test('no two marks are alike, not even of one text', () => {
  const marks = createMarks(Buffer.from('secret'))
  const made = Array.from({ length: 5000 }, () => marks.make('the same'))
  expect(new Set(made).size).toBe(5000)
})

test('a mark fits neither another text, nor another count, nor under another key', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const marks = createMarks(Buffer.from('secret'))
      const [mark, next] = [marks.make(one), marks.make(one)]
      expect(marks.fits(other, mark)).toBe(one === other)
      expect(marks.fits(one, next.slice(0, 4) + mark.slice(4))).toBe(false)
      expect(createMarks(Buffer.from('another')).fits(one, mark)).toBe(false)
      for (const broken of [null, '', mark.slice(4), mark.slice(0, 4), `${mark}A`]) expect(marks.fits(one, broken)).toBe(false)
    }),
  )
})

test('a key that would be hashed first is refused', () => {
  expect(() => createMarks(Buffer.alloc(65))).toThrow('65 bytes')
})
