import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '../../src/management/contract.ts'
import { partner, startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
let operations: readonly Operation[]
beforeAll(async () => {
  management = await startManagement()
  await management.call('POST', '/partners', { json: { id: partner, name: 'Partner' } })
  // The stream of events never ends by itself once it is open.
  operations = management.contract.operations.filter(({ id }) => id !== 'streamEvents')
})
afterAll(async () => {
  await management.close()
  expect(management.logged.filter((line) => line.includes('"level":50'))).toEqual([])
})

const fill = (path: string, value: string) => path.replaceAll(/\{\w+\}/g, value)
const matching = { 'if-match': '*' }

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The examples that the document gives for an operation's body. */
function examples(operation: Operation): Record<string, unknown>[] {
  const item = at(management.contract.document, 'paths', operation.path, operation.method, 'requestBody', 'content', 'application/json')
  if (!isObject(item)) return []
  const several = isObject(item['examples']) ? Object.values(item['examples']).map((example) => at(example, 'value')) : []
  return [item['example'], ...several].filter(isObject)
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, part) => (isObject(current) ? current[part] : undefined), value)
}

/** A body with the value at one place, however deep, replaced. */
function variants(value: unknown, replacement: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => [replacement, ...variants(item, replacement)].map((changed) => value.toSpliced(index, 1, changed)))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, item]) => [replacement, ...variants(item, replacement)].map((changed) => ({ ...value, [key]: changed })))
}

describe('Every operation', () => {
  test('refuses query parameters that it does not know', async () => {
    for (const { id, method, path, parameters } of operations) {
      const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required).map(({ name }) => `&${name}=1`)
      const { status, body } = await management.call(method.toUpperCase(), `${fill(path, '1')}?unheard=1${needed.join('')}`, { headers: matching })
      expect([id, status]).toEqual([id, 400])
      if (method !== 'head') expect(body).toMatchObject({ code: 'bad-request', detail: expect.stringContaining('unheard') })
    }
  })

  test('refuses times that no clock or database has', async () => {
    const timed = operations.filter(({ parameters }) => parameters.some(({ name, in: place }) => place === 'query' && name === 'since'))
    expect(timed.length).toBeGreaterThan(2)
    for (const { id, path } of timed) {
      for (const time of ['2026-06-30T23:59:60Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-02-30T00:00:00Z', '2026-03-02T24:00:00Z', '2026-03-02', '2026-03-02T09:30:00']) {
        const { status, body } = await management.call('GET', `${path}?since=${time}`)
        expect([id, time, status]).toEqual([id, time, 400])
        expect(body).toMatchObject({ detail: expect.stringContaining('must be a time with its zone') })
      }
      expect((await management.call('GET', `${path}?since=2026-03-02T10:30:00%2B01:00`)).status).toBe(200)
    }
  })

  test('survives paths made to break it', async () => {
    const values = ['%00', '%ff', '%ED%A0%80', '..%2F..%2Fetc', "1'%20or%20'1'='1", 'x'.repeat(1500), '%2525', '__proto__', 'constructor', '-1', '99999999999999999999', '%F0%9F%92%A9']
    for (const { id, method, path } of operations.filter((operation) => operation.path.includes('{'))) {
      for (const value of values) {
        const { status } = await management.call(method.toUpperCase(), fill(path, value), { headers: matching })
        expect([id, value, status < 500]).toEqual([id, value, true])
      }
    }
  })

  test('refuses pages that cannot be', async () => {
    for (const { id, path } of operations.filter(({ parameters }) => parameters.some(({ name }) => name === 'cursor'))) {
      const address = fill(path, encodeURIComponent(partner))
      for (const query of ['limit=0', 'limit=-1', 'limit=1001', 'limit=abc', 'limit=1.5', 'limit=1&limit=2', 'limit=', 'cursor=', `cursor=${'x'.repeat(5000)}`]) {
        const { status, body } = await management.call('GET', `${address}?${query}`)
        expect([id, query, status]).toEqual([id, query, 400])
        expect(body).toMatchObject({ code: 'bad-request' })
      }
      if (id.startsWith('listNegotiations') || id === 'listTransfers') continue
      for (const cursor of ['x', '%00', 'AAAA', Buffer.from('["x","y"]').toString('base64url'), Buffer.from('n99999999999999999999').toString('base64url')]) {
        const { status, body } = await management.call('GET', `${address}?cursor=${cursor}`)
        // A dataset that is not there is found out first.
        if (status !== 404) expect([id, cursor, status, at(body, 'code')]).toEqual([id, cursor, 400, cursor === '%00' ? at(body, 'code') : 'invalid-cursor'])
      }
    }
  })

  test('that takes JSON refuses every body that is not what it takes', async () => {
    const deep = `${'['.repeat(100)}${']'.repeat(100)}`
    const bodies: [string, string][] = [
      ['null', 'bad-request'],
      ['[]', 'bad-request'],
      ['"x"', 'bad-request'],
      ['{"unheard":1}', 'bad-request'],
      ['{', 'malformed-json'],
      ['{"name":1,"name":2}', 'duplicate-key'],
      [`{"name":${deep}}`, 'too-deep'],
      [`{"name":"${'x'.repeat(5_000_000)}"}`, 'too-large'],
    ]
    for (const { id, method, path } of operations.filter(({ bodyKind }) => bodyKind === 'json' || bodyKind === 'optional-json')) {
      const send = (raw: string, type = 'application/json') => management.call(method.toUpperCase(), fill(path, '1'), { raw, headers: { ...matching, 'content-type': type } })
      for (const [raw, code] of bodies) expect([id, raw.slice(0, 30), at((await send(raw)).body, 'code')]).toEqual([id, raw.slice(0, 30), code])
      expect([id, (await send('{}', 'text/plain')).status]).toEqual([id, 415])
    }
  })

  test('that takes no body refuses one', async () => {
    for (const { id, method, path } of operations.filter(({ bodyKind, method }) => bodyKind === 'none' && method === 'post')) {
      const { status } = await management.call(method.toUpperCase(), fill(path, '1'), { json: {} })
      expect([id, status]).toEqual([id, 400])
    }
  })

  test('refuses, and never fails on, a good body in which any one value is something else', async () => {
    const replacements: unknown[] = [null, 7, -1.5, true, '', '\u0000', '\ud800', 'x'.repeat(20_000), [], {}, [[]], { __proto__: 1, constructor: 2 }, ['\u0000']]
    for (const operation of operations) {
      for (const example of examples(operation)) {
        for (const json of replacements.flatMap((replacement) => variants(example, replacement))) {
          const { status, body } = await management.call(operation.method.toUpperCase(), fill(operation.path, 'a'), { json, headers: matching })
          expect([operation.id, JSON.stringify(json).slice(0, 200), status < 500]).toEqual([operation.id, JSON.stringify(json).slice(0, 200), true])
          if (status >= 400) expect(typeof at(body, 'code')).toBe('string')
        }
      }
    }
  })
})
