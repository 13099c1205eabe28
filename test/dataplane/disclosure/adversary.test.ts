import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { isProblem } from '../../../src/errors.ts'
import type { Column } from '../../../src/dataplane/sources/source.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import type { Asked } from './ask.ts'
import { ask, factsOf } from './ask.ts'
import { eliminate } from './combinations.ts'
import type { Loaded, TestTable } from './engines.ts'
import { duckdbTable, postgresqlTable } from './engines.ts'

const columns: Column[] = ['x', 'y', 'z', 'card', 'people'].map((name) => ({ name, type: name === 'people' ? 'integer' : 'string', nullable: true }))
const dimensions = ['x', 'y', 'z'] as const
const k = 3

let database: Database
let agreements = 0

beforeAll(async () => {
  database = await openTestDatabase()
})

afterAll(() => database.close())

type Row = readonly [x: string | null, y: string | null, z: string | null, card: string | null, people: number | null]
type Counts = 'distinct' | 'sum' | 'max'

const value = fc.constantFrom<string | null>('a', 'b', 'c', null)
const row: fc.Arbitrary<Row> = fc.tuple(value, value, fc.constantFrom<string | null>('a', 'b'), fc.option(fc.nat(12).map((n) => `card${n}`), { nil: null, freq: 8 }), fc.option(fc.integer({ min: -1, max: 5 }), { nil: null, freq: 8 }))

interface Filter {
  readonly text: string
  holds(row: Row): boolean | null
}

const place = (name: string) => ({ x: 0, y: 1, z: 2 })[name] ?? 0
const not = (truth: boolean | null) => (truth === null ? null : !truth)

const comparison: fc.Arbitrary<Filter> = fc.record({ name: fc.constantFrom(...dimensions), how: fc.constantFrom('eq', 'neq', 'gt', 'in', 'is'), negated: fc.boolean(), values: fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }) }).map(({ name, how, negated, values }) => {
  const first = values[0] ?? 'a'
  const operand = how === 'in' ? `in.(${values.join(',')})` : how === 'is' ? 'is.null' : `${how}.${first}`
  return {
    text: `${name}.${negated ? 'not.' : ''}${operand}`,
    holds(row) {
      const actual = row[place(name)] ?? null
      if (how === 'is') return (actual === null) !== negated
      if (typeof actual !== 'string') return null
      const truth = how === 'eq' ? actual === first : how === 'neq' ? actual !== first : how === 'gt' ? actual > first : values.includes(actual)
      return truth !== negated
    },
  }
})

const logic = (parts: readonly Filter[], kind: 'and' | 'or', negated: boolean): Filter => ({
  text: `${negated ? 'not.' : ''}${kind}(${parts.map(({ text }) => text).join(',')})`,
  holds(row) {
    const truths = parts.map((part) => part.holds(row))
    const decisive = kind === 'or'
    const truth = truths.includes(decisive) ? decisive : truths.includes(null) ? null : !decisive
    return negated ? not(truth) : truth
  },
})

const filter = fc.oneof(comparison, fc.tuple(fc.array(comparison, { minLength: 1, maxLength: 3 }), fc.constantFrom('and' as const, 'or' as const), fc.boolean()).map((args) => logic(...args)))
const query = fc.record({ filter: fc.option(filter, { freq: 3 }), by: fc.subarray([...dimensions]) })
type Query = typeof query extends fc.Arbitrary<infer T> ? T : never

const addressOf = ({ filter, by }: Query) => {
  const wrapped = filter === null ? '' : filter.text.startsWith('not.and(') || filter.text.startsWith('not.or(') || /^(and|or)\(/.test(filter.text) ? filter.text.replace('(', '=(') : `and=(${filter.text})`
  return `select=${[...by, 'count()', 'people.sum()'].join(',')}${wrapped === '' ? '' : `&${wrapped}`}`
}

function unitsOf(rows: readonly Row[], counts: Counts): number {
  if (counts === 'distinct') return new Set(rows.flatMap(([, , , card]) => card ?? [])).size
  const people = rows.map((row) => Math.max(row[4] ?? 0, 0))
  return counts === 'sum' ? people.reduce((sum, n) => sum + n, 0) : Math.max(0, ...people)
}

/** The sets of rows whose totals a query told, found in the raw rows: what it gave back, and what the filter means. */
async function toldSets(asked: Asked, rows: readonly Row[], query: Query): Promise<{ set: boolean[]; count: unknown }[]> {
  try {
    const told = await ask(asked, addressOf(query))
    return told.rows.map((group) => ({
      set: rows.map((row) => (query.filter === null || query.filter.holds(row) === true) && query.by.every((name) => (group[name] ?? null) === row[place(name)])),
      count: group['count'],
    }))
  } catch (error) {
    if (isProblem(error) && error.code === 'withheld') return []
    throw error
  }
}

function askedBy(engine: Loaded, counts: Counts): Asked {
  return {
    engine,
    db: database.db,
    facts: factsOf(engine, { dimensions: [...dimensions], protectedUnits: [{ name: 'unit', column: counts === 'distinct' ? 'card' : 'people', counts }] }),
    restriction: { minGroupSizes: [{ unit: 'unit', atLeast: k }] },
    agreement: `adversary-${++agreements}`,
  }
}

const chosen = (rows: readonly Row[], set: readonly boolean[]) => rows.filter((_row, index) => set[index])

describe.each([
  ['duckdb', 'distinct'],
  ['duckdb', 'sum'],
  ['duckdb', 'max'],
  ['postgresql', 'distinct'],
] as const)('%s, units counted by %s', (dialect, counts) => {
  let engine: Loaded

  beforeAll(async () => {
    const empty: TestTable = { columns, rows: [] }
    engine = dialect === 'duckdb' ? await duckdbTable(empty) : await postgresqlTable(database, empty)
  })

  afterAll(() => engine.close())

  test('no combination of answers is about fewer than the terms ask for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 15, maxLength: 70 }), fc.array(query, { minLength: 2, maxLength: 7 }), fc.infiniteStream(fc.nat(1_000_000)), async (rows, queries, random) => {
        await engine.replace(rows)
        const asked = askedBy(engine, counts)
        const sets: boolean[][] = []
        for (const query of queries) {
          for (const { set, count } of await toldSets(asked, rows, query)) {
            // The answer is about the rows that we think it is about.
            expect(count).toBe(chosen(rows, set).length)
            sets.push(set)
          }
        }
        // Rows with the same place in everything told cannot be told apart: each such piece is large enough.
        const pieces = new Map<string, Row[]>()
        rows.forEach((row, index) => {
          const signature = sets.map((set) => (set[index] === true ? '1' : '0')).join('')
          if (signature.includes('1')) pieces.set(signature, [...(pieces.get(signature) ?? []), row])
        })
        for (const piece of pieces.values()) {
          expect(unitsOf(piece, counts)).toBeGreaterThanOrEqual(k)
          // A sum is about those only that have a value.
          const summed = piece.filter(([, , , , people]) => people !== null)
          if (summed.length > 0) expect(unitsOf(summed, counts)).toBeGreaterThanOrEqual(k)
        }
        // And so is what comes out of adding and subtracting, in whatever order.
        for (let attempt = 0; attempt < 3; attempt++) {
          const order = rows.map((_row, index) => ({ index, key: random.next().value ?? 0 })).toSorted((one, other) => one.key - other.key).map(({ index }) => index)
          for (const set of eliminate(sets, order)) expect(unitsOf(chosen(rows, set), counts)).toBeGreaterThanOrEqual(k)
        }
      }),
      { numRuns: 8 },
    )
    // Refusing everything would be safe, and no use: what is about enough is told, whatever the runs above happened to ask.
    const many = Array.from({ length: 4 * k }, (_each, n): Row => ['a', 'b', 'a', `card${n}`, k])
    await engine.replace(many)
    expect(await toldSets(askedBy(engine, counts), many, { filter: null, by: ['x'] })).toEqual([{ set: many.map(() => true), count: many.length }])
  })
})

test('the adversary of these tests finds what a plain threshold would tell', () => {
  const sets = [[true, true, true, true], [true, true, true, false]]
  expect(eliminate(sets, [0, 1, 2, 3])).toContainEqual([false, false, false, true])
  expect(eliminate([[true, true, false], [false, true, true], [true, false, true]], [0, 1, 2])).toEqual([[true, false, false], [false, true, false], [false, false, true]])
})
