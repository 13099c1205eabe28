import { describe, expect, test } from 'vitest'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import type { AuditRecord } from '../../../src/audit/audit.ts'
import { mostRecordBytes, openRecord, prepareRecord } from '../../../src/audit/personal/commit.ts'
import { checkOpening, commitTo, isCommitment } from '../../../src/tlog/commitment.ts'

const asked: AuditRecord = {
  type: 'data.permitted',
  agreement: 'urn:a',
  transfer: 'urn:t',
  partner: 'did:web:b',
  dataset: 'spending',
  role: 'analyst',
  user: 'pseudonym-of-ana',
  request: { method: 'GET', path: '', query: '?nif=12345678Z', format: 'json' },
  decision: 'permit',
  reason: 'The transfer is started.',
}

const text = (record: AuditRecord) => canonicalize(record) ?? ''

describe('preparing a record', () => {
  test('personal values are not in the text, and come back with their openings', () => {
    const { record, openings } = prepareRecord(asked)
    expect(text(record)).not.toMatch(/of-ana|12345678Z/)
    expect(Object.keys(openings).toSorted()).toEqual(['request.query', 'user'])
    expect(record['request']).toMatchObject({ method: 'GET', path: '', format: 'json', query: { committed: expect.any(String) } })
    expect(openRecord(record, openings)).toEqual(asked)
  })

  test('a commitment is the SHA-256 of the salt and the canonical value', () => {
    const salt = Buffer.alloc(32, 5)
    const { record, openings } = prepareRecord({ type: 'data.received', actor: 'Ána' }, () => salt)
    const expected = createHash('sha256').update(Buffer.concat([salt, Buffer.from('"Ána"')])).digest('base64url')
    expect(record['actor']).toEqual({ committed: expected })
    expect(openings['actor']).toEqual({ salt: salt.toString('base64url'), value: 'Ána' })
  })

  test('the same value is committed to differently each time', () => {
    const [one, other] = [prepareRecord(asked), prepareRecord(asked)]
    expect(one.record['user']).not.toEqual(other.record['user'])
  })

  test('what was erased stays a commitment, and the rest comes back', () => {
    const { record, openings } = prepareRecord(asked)
    const { user: _user, ...left } = openings
    expect(openRecord(record, left)).toEqual({ ...asked, user: record['user'] })
  })

  test.each([
    [{ type: 'data.invented' }, 'no type data.invented'],
    [{ type: 'data.permitted', invented: 1 }, 'no field invented in data.permitted'],
    [{ type: 'data.permitted', request: { invented: 1 } }, 'no field request.invented'],
    [{ type: 'data.permitted', request: 'all' }, 'no field request in'],
    [{ type: 'data.permitted', role: { of: 'Ana' } }, 'what is inside the field role'],
    [{ type: 'data.permitted', role: [{ of: 'Ana' }] }, 'what is inside the field role'],
    [JSON.parse('{"type":"data.permitted","__proto__":{"user":"Ana"}}'), 'no field __proto__'],
    [{ type: 'constructor' }, 'no type constructor'],
    [{ type: 'data.permitted', constructor: 'x' }, 'no field constructor'],
  ])('what the catalogue does not have is refused: %j', (record, message) => {
    expect(() => prepareRecord(record)).toThrow(message)
  })

  test('what looks like a commitment is committed to: it cannot pass for an erased value', () => {
    const fake = { committed: 'A'.repeat(43) }
    const { record, openings } = prepareRecord({ type: 'data.refused', wanted: fake })
    expect(record['wanted']).not.toEqual(fake)
    expect(openRecord(record, openings)).toEqual({ type: 'data.refused', wanted: fake })
  })
})

describe('large records', () => {
  const datasets = Array.from({ length: 3000 }, (_, n) => `dataset-${n}-${'x'.repeat(20)}`)

  test('their largest fields are committed to until they fit, but not what they are found by', () => {
    const large = { type: 'offer.created', dataset: 'd', offer: 'o', datasets, audience: ['did:web:a'], decision: 'automatic' }
    const { record, openings } = prepareRecord(large)
    expect(Object.keys(openings)).toEqual(['datasets'])
    expect(Buffer.byteLength(text(record))).toBeLessThan(mostRecordBytes)
    expect(openRecord(record, openings)).toEqual(large)
  })

  test('a field that holds commitments already is opened from the outside in', () => {
    const large = { type: 'data.requested', request: { method: 'GET', query: '?a=b', prefer: 'x'.repeat(70_000) } }
    const { record, openings } = prepareRecord(large)
    expect(isCommitment(record['request'])).toBe(true)
    expect(openRecord(record, openings)).toEqual(large)
    const { 'request.query': _query, ...left } = openings
    expect(openRecord(record, left)).toMatchObject({ request: { method: 'GET', query: { committed: expect.any(String) } } })
  })

  test('a value that is far too large is refused', () => {
    expect(() => prepareRecord({ type: 'data.delivered', receipt: 'x'.repeat(1_000_001) })).toThrow('receipt')
  })

  test('a record that is large in what it is found by is refused', () => {
    expect(() => prepareRecord({ type: 'dataset.removed', dataset: 'x'.repeat(70_000) })).toThrow('found by')
  })
})

describe('openings', () => {
  const value = fc.jsonValue().map((json) => JSON.parse(JSON.stringify(json)))
  const salt = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))

  test('of any value fit, also after a database has put its names in another order', () => {
    fc.assert(
      fc.property(value, salt, (json, bytes) => {
        const { committed } = commitTo(json, bytes)
        expect(checkOpening(committed, { salt: bytes.toString('base64url'), value: json })).toBe(true)
      }),
    )
  })

  test('of another value, salt or commitment do not', () => {
    fc.assert(
      fc.property(value, value, salt, fc.nat(31), (json, other, bytes, at) => {
        fc.pre(canonicalize(json) !== canonicalize(other))
        const { committed } = commitTo(json, bytes)
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ 1
        expect(checkOpening(committed, { salt: bytes.toString('base64url'), value: other })).toBe(false)
        expect(checkOpening(committed, { salt: changed.toString('base64url'), value: json })).toBe(false)
        expect(checkOpening(committed.slice(1), { salt: bytes.toString('base64url'), value: json })).toBe(false)
      }),
    )
  })

  test('a salt that runs into the value is none', () => {
    const bytes = Buffer.alloc(32, 7)
    const { committed } = commitTo(12, bytes)
    const longer = Buffer.concat([bytes, Buffer.from('1')]).toString('base64url')
    expect(checkOpening(committed, { salt: longer, value: 2 })).toBe(false)
    const text = bytes.toString('base64url')
    expect(checkOpening(committed, { salt: `${text.slice(0, -1)}d`, value: 12 })).toBe(false)
    expect(checkOpening(committed, { salt: text, value: 12 })).toBe(true)
  })
})
