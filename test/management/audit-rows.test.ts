import { expect, test } from 'vitest'
import { auditColumns, csvWriter } from '../../src/management/audit-rows.ts'

const entry = (more: object) => ({ index: 1, time: '2026-03-02T09:30:00.000Z', type: 'data.permitted', ...more })
const asked = (more: object) => auditColumns('UTC').find(({ name }) => name === 'asked')?.cell(entry(more))

test('the question has a column, as it was sent', () => {
  expect(asked({ request: { method: 'GET', path: '/stations/1', query: '?select=a%3Db', accept: 'text/csv' } })).toBe('GET /stations/1?select=a%3Db')
  expect(asked({ request: { method: 'GET', query: { committed: 'x'.repeat(43) } } })).toBe('GET erased')
  expect([asked({}), asked({ request: null }), asked({ request: 'x' })]).toEqual([undefined, undefined, undefined])
})

test('no question becomes a formula', () => {
  const { line } = csvWriter(auditColumns('UTC'), 'people')
  expect(line(entry({ request: { query: '=1+1' } }))).toContain(",'=1+1,")
})
