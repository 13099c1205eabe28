import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { unrestricted } from '../../../src/policy/restriction.ts'
import type { Mask, QueryRestriction, RowScope } from '../../../src/policy/restriction.ts'
import type { ResultRow, TableEngine } from '../../../src/dataplane/query/engine.ts'
import { permittedColumns } from '../../../src/dataplane/query/permitted-columns.ts'
import type { CheckedCondition, CheckedQuery, Output } from '../../../src/dataplane/query/query.ts'
import { answerStatement, countStatement } from '../../../src/dataplane/sources/sql/answer.ts'
import type { Column } from '../../../src/dataplane/sources/source.ts'
import { openTestEngines } from '../../helpers/table-engines.ts'
import type { TestEngines } from '../../helpers/table-engines.ts'
import { answerByHand, cellOf } from './by-hand.ts'
import type { Cell } from './by-hand.ts'

const realData = join(import.meta.dirname, '../../../../shared/data')
const hashKey = 'a key of an agreement'
let at: TestEngines

beforeAll(async () => {
  at = await openTestEngines()
})

afterAll(() => at.close())

interface Table {
  readonly engines: readonly TableEngine[]
  readonly columns: readonly Column[]
  readonly rows: readonly ResultRow[]
}

async function tableOf(content: string): Promise<Table> {
  const file = await at.ofFile(content)
  const copy = await at.copied(file)
  const rows = await file.rows({ sql: 'select * from data', parameters: [] })
  return { engines: copy === undefined ? [file] : [file, copy], columns: file.columns, rows }
}

const texts = ["x'; drop table data; --", '"quoted"', 'ünïcode 🦊', '100%', '_', 'a\\b', '$1', 'Aragó', '']

// What occurs in a column, and what does not.
function values(table: Table, column: Column, masked: boolean): fc.Arbitrary<string | number | boolean> {
  const found = [...new Set(table.rows.map((row) => cellOf(row[column.name])))].filter((cell) => cell !== null).slice(0, 200)
  const others: fc.Arbitrary<string | number | boolean> =
    column.type === 'integer' ? fc.integer({ min: -1000, max: 10_000 }) : column.type === 'number' ? fc.constantFrom(-1.5, 0, 41.4, 2.17, 700) : column.type === 'boolean' ? fc.boolean() : column.type === 'date' ? fc.constantFrom('2024-02-29', '2023-12-31') : column.type === 'datetime' ? fc.constantFrom('2024-05-30T23:30:00Z', '2024-01-01T00:00:00Z') : fc.constantFrom(...texts)
  return masked || found.length === 0 ? others : fc.oneof({ arbitrary: fc.constantFrom(...found), weight: 4 }, others)
}

function conditions(table: Table, columns: readonly Column[], isMasked: (name: string) => boolean): fc.Arbitrary<CheckedCondition> {
  const negated = fc.boolean()
  const leaf = fc.constantFrom(...columns).chain((column): fc.Arbitrary<CheckedCondition> => {
    const value = values(table, column, isMasked(column.name))
    const compare = fc.record({ kind: fc.constant('compare' as const), column: fc.constant(column), operator: fc.constantFrom('eq' as const, 'neq' as const, 'gt' as const, 'gteq' as const, 'lt' as const, 'lteq' as const), value, negated })
    const among = fc.record({ kind: fc.constant('in' as const), column: fc.constant(column), values: fc.oneof(fc.array(value, { maxLength: 4 }), fc.array(value, { minLength: 30, maxLength: 40 })), negated })
    const is = fc.record({ kind: fc.constant('is' as const), column: fc.constant(column), value: column.type === 'boolean' ? fc.constantFrom('null' as const, 'true' as const, 'false' as const, 'unknown' as const) : fc.constantFrom('null' as const, 'not_null' as const), negated })
    if (column.type !== 'string') return fc.oneof(compare, among, is)
    const part = value.map((text) => String(text).slice(0, 3).replaceAll(/[\\%_]/g, String.raw`\$&`))
    const pattern = fc.oneof(part.map((text) => `${text}%`), part.map((text) => `%${text}%`), part.map((text) => `_${text}%`))
    const like = fc.record({ kind: fc.constant('compare' as const), column: fc.constant(column), operator: fc.constantFrom('like' as const, 'ilike' as const), value: pattern, negated })
    return fc.oneof(compare, among, is, like)
  })
  const several = fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), parts: fc.array(leaf, { maxLength: 3 }), negated })
  return fc.oneof(leaf, several, fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), parts: fc.array(fc.oneof(leaf, several), { minLength: 1, maxLength: 3 }), negated }))
}

function scopes(table: Table): fc.Arbitrary<RowScope> {
  return fc.constantFrom(...table.columns).chain((column) => {
    const value = values(table, column, false).map(String)
    const one = fc.record({ dimension: fc.constant(column.name), operator: fc.constantFrom('eq' as const, 'neq' as const, 'lt' as const, 'lteq' as const, 'gt' as const, 'gteq' as const), values: fc.tuple(value) })
    return fc.oneof(one, fc.record({ dimension: fc.constant(column.name), operator: fc.constantFrom('isAnyOf' as const, 'isNoneOf' as const), values: fc.oneof(fc.array(value, { minLength: 1, maxLength: 5 }), fc.array(value, { minLength: 30, maxLength: 40 })) }))
  })
}

function masks(column: Column): fc.Arbitrary<Mask> {
  const any: fc.Arbitrary<Mask>[] = [fc.constant({ kind: 'drop' })]
  if (column.type === 'string') any.push(fc.constant({ kind: 'hash' }), fc.record({ kind: fc.constant('truncate' as const), length: fc.integer({ min: 0, max: 4 }) }))
  if (column.type === 'integer') any.push(fc.record({ kind: fc.constant('grid' as const), step: fc.constantFrom(1, 5, 1000) }))
  if (column.type === 'number') any.push(fc.record({ kind: fc.constant('grid' as const), step: fc.constantFrom(0.01, 0.3, 50) }))
  if (column.type === 'date' || column.type === 'datetime') any.push(fc.record({ kind: fc.constant('period' as const), to: fc.constantFrom('year' as const, 'month' as const, 'week' as const, 'day' as const) }))
  return fc.oneof(...any)
}

function restrictions(table: Table): fc.Arbitrary<QueryRestriction> {
  const mask = fc.constantFrom(...table.columns).chain((column) => masks(column).map((one) => ({ column: column.name, mask: one })))
  return fc.record({ rows: fc.array(scopes(table), { maxLength: 2 }), masks: fc.uniqueArray(mask, { maxLength: 2, selector: ({ column }) => column }), rounding: fc.constantFrom([], [], [{ measure: null, to: 5 }]) }).map((some) => ({ ...unrestricted, ...some }))
}

function outputs(columns: readonly Column[], aggregated: boolean): fc.Arbitrary<Output[]> {
  const column = fc.constantFrom(...columns).map((one): Output => ({ kind: 'column', name: one.name, column: one, cast: null }))
  const aggregate = fc.constantFrom(...columns).chain((one) =>
    fc.constantFrom(...(one.type === 'integer' || one.type === 'number' ? (['sum', 'avg', 'min', 'max', 'count', 'countDistinct'] as const) : (['min', 'max', 'count', 'countDistinct'] as const))).map((fn): Output => ({ kind: 'aggregate', name: `${one.name}.${fn}`, fn, column: one, cast: null })),
  )
  const all: Output = { kind: 'aggregate', name: 'count', fn: 'count', column: null, cast: null }
  const selector = ({ name }: Output) => name
  if (!aggregated) return fc.uniqueArray(column, { minLength: 1, maxLength: 5, selector })
  return fc.tuple(fc.uniqueArray(column, { maxLength: 2, selector }), fc.uniqueArray(fc.oneof(aggregate, fc.constant(all)), { minLength: 1, maxLength: 3, selector })).map(([groups, measures]) => [...groups, ...measures])
}

function cases(table: Table): fc.Arbitrary<{ restriction: QueryRestriction; query: CheckedQuery }> {
  return fc.tuple(restrictions(table), fc.boolean()).chain(([given, aggregated]) => {
    const restriction = aggregated ? given : { ...given, rounding: [] }
    const columns = permittedColumns(table.columns, restriction)
    const isMasked = (name: string) => restriction.masks.some((mask) => mask.column === name)
    return outputs(columns, aggregated).chain((chosen) =>
      fc.record({
        where: fc.option(conditions(table, columns, isMasked), { freq: 3 }),
        order: fc.array(fc.record({ by: fc.oneof(fc.constantFrom(...chosen).map(({ name }) => ({ output: name })), ...(aggregated ? [] : [fc.constantFrom(...columns).map((column) => ({ column }))])), descending: fc.boolean(), nulls: fc.constantFrom('first' as const, 'last' as const, null) }), { maxLength: 2 }),
        limit: fc.option(fc.integer({ min: 0, max: 30 })),
        offset: fc.constantFrom(0, 0, 3),
      }).map((some) => ({ restriction, query: { ...some, outputs: chosen, aggregated } })),
    )
  })
}

// Sums and averages of doubles depend on their order. Half-way between two numbers of nine digits the last bit would decide, and the
// average of two decimals often lies there: all numbers are put off that place by the same factor.
function comparable(cells: readonly Cell[]): string {
  return JSON.stringify(cells.map((cell) => (typeof cell === 'number' ? Number((cell * offHalves).toPrecision(9)) : cell)))
}
const offHalves = 1 + Math.PI * 1e-11

async function check(table: Table, { restriction, query }: { restriction: QueryRestriction; query: CheckedQuery }): Promise<void> {
  const options = { restriction, hashKey }
  const whole = answerByHand(table.rows, table.columns, { ...query, limit: null, offset: 0 }, options)
  const expected = answerByHand(table.rows, table.columns, query, options).map(comparable)
  // By sums of doubles, what is equal here may not be there.
  const isExact = query.order.every(({ by }) => !('output' in by) || !/\.(sum|avg)$/.test(by.output))
  const isPaged = query.limit !== null || query.offset > 0
  for (const engine of table.engines) {
    const rows = await engine.rows(answerStatement(engine, query, options))
    const found = rows.map((row) => comparable(query.outputs.map(({ name }) => cellOf(row[name]))))
    expect(await engine.rows(countStatement(engine, query, options))).toEqual([{ count: whole.length }])
    expect(found.length).toBe(expected.length)
    if (isPaged && !(isExact && (query.aggregated || query.order.length > 0))) {
      const left = whole.map(comparable)
      for (const row of found) {
        const index = left.indexOf(row)
        expect(index).toBeGreaterThanOrEqual(0)
        left.splice(index, 1)
      }
    } else expect(found.toSorted()).toEqual(expected.toSorted())
    if (isExact && query.aggregated) expect(found).toEqual(expected)
  }
}

const generated = [
  'id,"a ""b"" ünï",amount,n,day,open,"select",at',
  ...Array.from({ length: 400 }, (_, i) => {
    const text = texts[i % texts.length] ?? ''
    return [i, i % 7 === 0 ? '' : `"${text.replaceAll('"', '""')} ${i % 5}"`, i % 11 === 0 ? '' : ((i * 37) % 1000) / 8, i % 13 === 0 ? '' : (i * 7919) % 101, i % 17 === 0 ? '' : i % 19 === 0 ? '2021-01-01' : i % 23 === 0 ? '2024-12-30' : `202${i % 5}-0${1 + (i % 9)}-${10 + (i % 18)}`, i % 5 === 0 ? '' : i % 2 === 0, `k${i % 3}`, i % 29 === 0 ? '' : `2024-0${1 + (i % 9)}-28T23:${10 + (i % 50)}:00Z`].join(',')
  }),
].join('\n')

describe('what a statement gives equals the restriction and the query applied by hand to the raw rows', () => {
  test('generated rows: quotes and Unicode in names and values, nulls in every column', async () => {
    const table = await tableOf(generated)
    expect(table.columns.map(({ type }) => type)).toEqual(['integer', 'string', 'number', 'integer', 'date', 'boolean', 'string', 'datetime'])
    await fc.assert(fc.asyncProperty(cases(table), (one) => check(table, one)), { numRuns: 40 })
  })

  for (const name of ['accidents_2017.csv', 'average_rent_2016.csv']) {
    const testReal = existsSync(join(realData, name)) ? test : test.skip
    testReal(`${name} (needs ../shared/data)`, async () => {
      const content = await readFile(join(realData, name), 'latin1')
      const table = await tableOf(Buffer.from(content, 'latin1').toString('utf8').split('\n').slice(0, 800).join('\n'))
      await fc.assert(fc.asyncProperty(cases(table), (one) => check(table, one)), { numRuns: 20 })
    })
  }
})
