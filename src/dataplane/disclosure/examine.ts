import { ProblemError } from '../../errors.ts'
import type { ResultRow, TableEngine } from '../query/engine.ts'
import type { PieceTest } from '../sources/sql/groupings.ts'
import { emptyGroupsStatement, groupCountStatement, groupKeysStatement, missingStatement } from '../sources/sql/groups.ts'
import { besideStatement, failingStatement } from '../sources/sql/pieces.ts'
import type { ProtectionRules } from './rules.ts'
import type { ReleasedShape, Shape } from './shape.ts'
import { withoutRepeats } from './shape.ts'

/** Which groups come out, told by the shorter list, and how many there are. */
export interface ExaminedGroups {
  readonly form: 'except' | 'only'
  readonly keys: readonly string[]
  readonly total: number
  readonly released: number
}

export interface Examination {
  readonly engine: TableEngine
  readonly hashKey: string
  readonly shape: Shape
  readonly rules: ProtectionRules
  readonly ledger: readonly ReleasedShape[]
  /** What is left out from the start. */
  readonly left: readonly ReleasedShape['released'][]
  /** Whether nothing else is left out. */
  readonly decided: boolean
}

/** One way to look at the rows: all of them, or those that have a value of a measure. */
interface Look {
  readonly measure: string | null
  readonly earlier: readonly ReleasedShape[]
  readonly test: PieceTest
}

const mostGroups = 250_000
// Each round withholds at least one group; more rounds than this come from queries made to cause them.
const mostRounds = 60

/** Withholds groups until every piece of rows that could be told apart passes every test. */
export async function examineGroups(examination: Examination): Promise<ExaminedGroups> {
  const looks = examination.decided ? [] : await looksOf(examination)
  const withheld = new Set(await withoutValues(examination, looks))
  let rounds = 0
  for (let at = 0, passed = 0; passed < looks.length; at++) {
    const look = looks[at % looks.length]
    if (look === undefined) break
    const found = await failing(examination, look, withheld)
    if (found.length === 0) {
      passed++
      continue
    }
    passed = 0
    at--
    for (const key of found) withheld.add(key)
    if (++rounds > mostRounds) throw new ProblemError('withheld', 'What this query would tell together with earlier ones cannot be examined. Ask for larger groups.')
  }
  return outcome(examination, withheld)
}

async function looksOf({ engine, rules, shape, ledger }: Examination): Promise<Look[]> {
  const units: PieceTest = { kind: 'units', units: rules.units }
  const of = (measure: string) => withoutRepeats(ledger.filter(({ measures }) => measures.includes(measure)))
  const partly = rules.units.length === 0 ? [] : await partlyFilled(engine, shape)
  return [
    ...(rules.units.length === 0 ? [] : [{ measure: null, earlier: withoutRepeats(ledger), test: units }]),
    // A sum is about those only that have a value.
    ...partly.map((measure) => ({ measure, earlier: of(measure), test: units })),
    ...shape.measures.flatMap((measure) => rules.shares.map(({ unit, atMost }): Look => ({ measure, earlier: of(measure), test: { kind: 'share', measure, unit, atMost } }))),
  ]
}

async function partlyFilled(engine: TableEngine, shape: Shape): Promise<readonly string[]> {
  if (shape.measures.length === 0) return []
  const [row] = await engine.rows(missingStatement(engine, shape.view, shape.measures))
  return shape.measures.filter((_measure, index) => Number(row?.[`n${index}`]) !== 0)
}

// Whether nobody in a group has a value, or too few have, looks alike.
async function withoutValues({ engine, hashKey, shape, left }: Examination, looks: readonly Look[]): Promise<string[]> {
  const measures = [...new Set(looks.flatMap(({ measure, test }) => (measure !== null && test.kind === 'units' ? [measure] : [])))]
  if (measures.length === 0) return []
  const rows = await engine.rows(emptyGroupsStatement(engine, hashKey, { ...shape, left, measures }), mostGroups)
  return rows.map((row) => text(row, 'key'))
}

// First the groups that fail themselves; what is then left over of earlier ones may be large enough.
async function failing({ engine, hashKey, shape, left }: Examination, look: Look, withheld: ReadonlySet<string>): Promise<string[]> {
  const candidate = { ...shape, left: [...left, { form: 'except' as const, keys: [...withheld] }] }
  const input = { hashKey, earlier: look.earlier, candidate, measure: look.measure, test: look.test }
  const rows = await engine.rows(failingStatement(engine, input), mostGroups)
  const bad = rows.filter((row) => row['cell'] !== null)
  if (bad.length > 0 || rows.length === 0) return bad.map((row) => text(row, 'cell'))
  return (await engine.rows(besideStatement(engine, input), mostGroups)).map((row) => text(row, 'cell'))
}

async function outcome({ engine, hashKey, shape, left }: Examination, withheld: ReadonlySet<string>): Promise<ExaminedGroups> {
  const candidate = { ...shape, left: [...left, { form: 'except' as const, keys: [...withheld] }] }
  const [counts] = await engine.rows(groupCountStatement(engine, hashKey, candidate))
  const total = Number(counts?.['total'])
  const released = Number(counts?.['released'])
  if (!Number.isSafeInteger(total) || !Number.isSafeInteger(released)) throw new Error('The groups were not counted')
  if (released === total) return { form: 'except', keys: [], total, released }
  const out = released <= total - released
  const rows = await engine.rows(groupKeysStatement(engine, hashKey, { ...candidate, out }), mostGroups)
  return { form: out ? 'only' : 'except', keys: rows.map((row) => text(row, 'key')).toSorted(), total, released }
}

function text(row: ResultRow, name: string): string {
  const value = row[name]
  if (typeof value !== 'string') throw new Error(`${name} is not a key of a group`)
  return value
}
