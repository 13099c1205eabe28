import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { unrestricted } from '../../../src/policy/restriction.ts'
import type { Mask, QueryRestriction, RowScope } from '../../../src/policy/restriction.ts'
import { readTableRequest } from '../../../src/dataplane/query/answer-request.ts'
import { checkQuery } from '../../../src/dataplane/query/check.ts'
import type { ResultRow, TableEngine } from '../../../src/dataplane/query/engine.ts'
import { answerColumns, answerStatement, countStatement } from '../../../src/dataplane/sources/sql/answer.ts'
import type { AnswerOptions } from '../../../src/dataplane/sources/sql/answer.ts'
import { multipleSql } from '../../../src/dataplane/sources/sql/masks.ts'
import { compileStatement } from '../../../src/dataplane/sources/sql/statement.ts'
import { readText } from '../../../src/dataplane/sources/sql/values.ts'
import { sql } from 'kysely'
import { openTestEngines } from '../../helpers/table-engines.ts'
import type { TestEngines } from '../../helpers/table-engines.ts'

const content = `id,district,amount,day,at,open
1,Eixample,10.5,2024-01-01,2024-01-01T23:30:00Z,true
2,Gràcia,20,2024-12-30,2024-06-01T10:00:00Z,false
3,,,,,
4,Eixample,0.29,2021-01-03,2024-06-01T10:00:01Z,true
`
let at: TestEngines
let engines: readonly TableEngine[]

beforeAll(async () => {
  at = await openTestEngines()
  const file = await at.ofFile(content)
  const table = await at.copied(file)
  engines = table === undefined ? [file] : [file, table]
})

afterAll(() => at.close())

const options = (some: Partial<QueryRestriction> = {}): AnswerOptions => ({ restriction: { ...unrestricted, ...some }, hashKey: 'key' })

function checked(engine: TableEngine, query: string, given: AnswerOptions) {
  const facts = { kind: 'file' as const, columns: engine.columns, dimensions: [], protectedUnits: [] }
  return checkQuery(readTableRequest({}, query).query, { columns: engine.columns, facts }, given.restriction)
}

async function ask(query: string, some: Partial<QueryRestriction> = {}): Promise<readonly ResultRow[]> {
  const given = options(some)
  const answers = await Promise.all(engines.map((engine) => engine.rows(answerStatement(engine, checked(engine, query, given), given))))
  for (const answer of answers) expect(answer).toEqual(answers[0])
  return answers[0] ?? []
}

const mask = (column: string, one: Mask) => ({ masks: [{ column, mask: one }] })

describe('restrictions', () => {
  test('a hash is HMAC-SHA-256 of the text, and filters compare it', async () => {
    const hashed = (text: string) => createHmac('sha256', 'key').update(text).digest('hex')
    expect(await ask('select=district&order=id', mask('district', { kind: 'hash' }))).toEqual([hashed('Eixample'), hashed('Gràcia'), null, hashed('Eixample')].map((district) => ({ district })))
    expect(await ask(`select=id&district=eq.${hashed('Gràcia')}`, mask('district', { kind: 'hash' }))).toEqual([{ id: 2 }])
    expect(await ask('select=id&district=eq.Eixample', mask('district', { kind: 'hash' }))).toEqual([])
    const [engine] = engines
    if (engine === undefined) throw new Error('no engine')
    const given = { ...options(mask('district', { kind: 'hash' })), hashKey: '' }
    expect(() => answerStatement(engine, checked(engine, 'select=district', given), given)).toThrow('there is no key')
  })

  test('periods of dates and times', async () => {
    for (const [to, expected] of [
      ['year', ['2024', '2024', null, '2021']],
      ['month', ['2024-01', '2024-12', null, '2021-01']],
      ['week', ['2024-W01', '2025-W01', null, '2020-W53']],
      ['day', ['2024-01-01', '2024-12-30', null, '2021-01-03']],
    ] as const) {
      expect(await ask('select=day&order=id', mask('day', { kind: 'period', to }))).toEqual(expected.map((day) => ({ day })))
    }
    expect(await ask('select=at,count()', mask('at', { kind: 'period', to: 'month' }))).toEqual([{ at: '2024-01', count: 1 }, { at: '2024-06', count: 2 }, { at: null, count: 1 }])
  })

  test('grids and roundings have no error of floating point', async () => {
    expect(await ask('select=amount&order=id', mask('amount', { kind: 'grid', step: 0.01 }))).toEqual([10.5, 20, null, 0.29].map((amount) => ({ amount })))
    expect(await ask('select=id&order=id', mask('id', { kind: 'grid', step: 2 }))).toEqual([0, 2, 2, 4].map((id) => ({ id })))
    expect(await ask('select=amount.sum(),count()', { rounding: [{ measure: null, to: 5 }] })).toEqual([{ 'amount.sum': 30, count: 5 }])
    expect(await ask('select=amount.sum(),count()', { rounding: [{ measure: 'amount', to: 0.1 }] })).toEqual([{ 'amount.sum': 30.8, count: 4 }])
    expect(await ask('select=id,amount&order=id&limit=1', { rounding: [{ measure: 'amount', to: 1 }] })).toEqual([{ id: 1, amount: 11 }])
    // What single rows show rounded cannot be found out by filters.
    for (const measure of ['amount', null]) {
      expect(await ask('select=id&amount=eq.10.5', { rounding: [{ measure, to: 1 }] })).toEqual([])
      // Nor by counting, or by making groups of them.
      expect(await ask('select=count()&amount=eq.10.5', { rounding: [{ measure, to: 1 }] })).toEqual([{ count: 0 }])
      expect(await ask('select=amount,count()&amount=gt.10.5&amount=lt.12', { rounding: [{ measure, to: 1 }] })).toEqual([{ amount: 11, count: 1 }])
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constantFrom(0.01, 0.1, 0.25, 1, 7), async (cents, to) => {
        const value = cents / 100
        const steps = Math.floor(Number((value / to).toFixed(6)))
        for (const engine of engines) {
          const statement = compileStatement(sql`select ${multipleSql({ dialect: engine.dialect, type: 'number', value: sql`cast(${String(value)} as double precision)`, to, down: true })} as v`)
          expect(await engine.rows(statement)).toEqual([{ v: Number((steps * to).toFixed(2)) + 0 }])
        }
      }),
      { numRuns: 40 },
    )
  })

  test('what a policy says that cannot hold is refused, whatever is asked', () => {
    const [engine] = engines
    if (engine === undefined) throw new Error('no engine')
    const scope = (dimension: string, operator: RowScope['operator'], ...values: string[]) => ({ rows: [{ dimension, operator, values }] })
    for (const some of [
      scope('id', 'eq', 'x'), scope('id', 'eq', '1', '2'), scope('id', 'lt'), scope('day', 'gt', '2024-02-30'), scope('at', 'gt', 'yesterday'), scope('open', 'eq', '1'), scope('amount', 'lt', 'NaN'),
      scope('nowhere', 'eq', 'x'), scope('district', 'eq', '\0'), mask('nowhere', { kind: 'drop' }), mask('district', { kind: 'grid', step: 1 }), mask('amount', { kind: 'grid', step: 0 }), mask('amount', { kind: 'grid', step: Number.NaN }),
      mask('district', { kind: 'period', to: 'year' }), mask('district', { kind: 'truncate', length: -1 }), { rounding: [{ measure: null, to: 0 }] }, { rounding: [{ measure: 'amount', to: Number.POSITIVE_INFINITY }] },
    ]) {
      const given = options(some)
      expect(() => answerStatement(engine, checked(engine, 'select=id,amount', options()), given)).toThrow(expect.objectContaining({ code: 'unsupported-policy' }))
    }
  })

  test('a scope of many values, and one of none', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => String(i + 3))
    expect(await ask('select=id&order=id', { rows: [{ dimension: 'id', operator: 'isAnyOf', values: many }] })).toEqual([{ id: 3 }, { id: 4 }])
    expect(await ask('select=id&order=id', { rows: [{ dimension: 'district', operator: 'isNoneOf', values: many }] })).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }])
    expect(await ask('select=id', { rows: [{ dimension: 'district', operator: 'isAnyOf', values: [] }] })).toEqual([])
    expect(await ask('select=id&order=id', { rows: [{ dimension: 'district', operator: 'isNoneOf', values: [] }] })).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }])
  })
})

describe('hostile queries', () => {
  const attacks = ["'; drop table data; --", "' or '1'='1", '") or ("1"="1', '$1', '$2; select 1', String.raw`\'; --`, "x' union select sql from sqlite_master --", '%27', '�', '/**/', '{"a":1}', 'null', 'Robert\'); DROP TABLE students;--']

  test('a value is a value in every place', async () => {
    for (const text of attacks) {
      const quoted = encodeURIComponent(`"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
      const plain = encodeURIComponent(text)
      expect(await ask(`select=id&district=eq.${plain}`)).toEqual([])
      expect(await ask(`select=id&district=in.(${quoted},${quoted})`)).toEqual([])
      expect(await ask(`select=id&or=(district.eq.${quoted},district.gt.${quoted})`)).toBeDefined()
      expect(await ask('select=id', { rows: [{ dimension: 'district', operator: 'eq', values: [text] }] })).toEqual([])
      for (const place of [`select=${plain}`, `select=id&order=${plain}`, `${plain}=eq.1`, `id=eq.${plain}`, `limit=${plain}`, `offset=${plain}`, `select=id::${plain}`, `select=amount.${plain}()`]) {
        expect(() => checked(engines[0] ?? failed(), place, options())).toThrow(expect.objectContaining({ name: 'ProblemError' }))
      }
    }
    expect(await ask('select=count()')).toEqual([{ count: 4 }])
  })

  test('an alias is a name, whatever is in it', async () => {
    for (const alias of ['x" from data; --', 'a', 'A', '"', 'ü🦊', 'x'.repeat(60)]) {
      for (const each of engines) {
        const column = each.columns[0] ?? failed()
        const query = { outputs: [{ kind: 'column' as const, name: alias, column, cast: null }, { kind: 'column' as const, name: 'Id', column, cast: null }], where: null, order: [], limit: 1, offset: 0, aggregated: false }
        const written = await each.write(answerStatement(each, query, options()), { format: 'json', columns: answerColumns(each, query, options()) })
        const answer: unknown = JSON.parse((await written.handle.readFile()).toString('utf8'))
        await written.handle.close()
        expect(answer).toEqual([{ [alias]: 1, Id: 1 }])
      }
    }
  })

  test('10,000 values in a list', async () => {
    const list = Array.from({ length: 10_000 }, (_, i) => i + 2).join(',')
    expect(await ask(`select=id&id=in.(${list})&order=id`)).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }])
    expect(await ask(`select=id&id=not.in.(${list})`)).toEqual([{ id: 1 }])
  })

  test('a pattern that takes long ends with the time allowed', async () => {
    const hurried = await openTestEngines({ timeoutMs: 300 })
    const engine = await hurried.ofFile(`a\n${`${'a'.repeat(30_000)}\n`.repeat(300)}`)
    const column = engine.columns[0] ?? failed()
    const where = { kind: 'compare' as const, column, operator: 'like' as const, value: `${'%a'.repeat(16)}%b`, negated: false }
    const query = { outputs: [{ kind: 'column' as const, name: 'a', column, cast: null }], where, order: [], limit: null, offset: 0, aggregated: false }
    const started = Date.now()
    await expect(engine.rows(answerStatement(engine, query, options()))).rejects.toMatchObject({ code: 'query-timeout' })
    expect(Date.now() - started).toBeLessThan(20_000)
    await hurried.close()
  })

  test('sums beyond 64 bits are exact', async () => {
    const engine = await at.ofFile(`n\n${'900000000000000000\n'.repeat(20)}`)
    expect(await engine.rows(answerStatement(engine, checked(engine, 'select=n.sum()', options()), options()))).toEqual([{ 'n.sum': '18000000000000000000' }])
    const written = await engine.write(answerStatement(engine, checked(engine, 'select=n.sum()', options()), options()), { format: 'ndjson', columns: [{ name: 'n.sum', type: 'integer', nullable: true }] })
    expect((await written.handle.readFile()).toString()).toBe('{"n.sum":18000000000000000000}\n')
    await written.handle.close()
  })
})

test('paging gives every row once, also where the order leaves rows equal', async () => {
  const lines = Array.from({ length: 500 }, (_, i) => `${i % 3},${i}`).join('\n')
  const file = await at.ofFile(`same,id\n${lines}\n`)
  const copy = await at.copied(file)
  for (const engine of copy === undefined ? [file] : [file, copy]) {
    const ids: unknown[] = []
    for (let offset = 0; offset < 500; offset += 50) {
      const rows = await engine.rows(answerStatement(engine, checked(engine, `select=id,same&order=same.desc&limit=50&offset=${offset}`, options()), options()))
      ids.push(...rows.map(({ id }) => id))
    }
    expect(new Set(ids).size).toBe(500)
    expect(await engine.rows(countStatement(engine, checked(engine, 'select=id&limit=3', options()), options()))).toEqual([{ count: 500 }])
  }
})

test('values of policies are read strictly', () => {
  expect(['2024-02-29', '2023-02-29', '0000-01-01', '24-1-1'].map((text) => readText('date', text))).toEqual(['2024-02-29', undefined, undefined, undefined])
  expect(['2024-01-01T10:00:00+02:00', '2024-01-01', '2024-01-01T10:00:00.123456Z', '2024-01-01T25:00', '2024-01-01 10:00'].map((text) => readText('datetime', text))).toEqual(['2024-01-01 08:00:00', '2024-01-01 00:00:00', '2024-01-01 10:00:00.123456', undefined, '2024-01-01 10:00:00'])
  expect(['9223372036854775807', '9223372036854775808', '1.0', '', ' 1', '-1'].map((text) => readText('integer', text))).toEqual(['9223372036854775807', undefined, undefined, undefined, undefined, '-1'])
  expect(['1e3', 'Infinity', '1e999', '.5', '0x10'].map((text) => readText('number', text))).toEqual(['1e3', undefined, undefined, '.5', undefined])
})

function failed(): never {
  throw new Error('not there')
}
