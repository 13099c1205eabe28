import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isProblem } from '../../../src/errors.ts'
import type { ResultRow } from '../../../src/dataplane/query/engine.ts'
import type { DatasetFacts } from '../../../src/policy/restriction.ts'
import type { Column } from '../../../src/dataplane/sources/source.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { accidentsFacts, immigrantsFacts, populationFacts, unemploymentFacts } from '../../policy/dataset-facts.ts'
import type { Asked, Told } from './ask.ts'
import { ask } from './ask.ts'
import type { Loaded } from './engines.ts'
import { duckdbFile } from './engines.ts'

const data = join(import.meta.dirname, '../../../../shared/data')
const k = 10

/** A query, and what it means for a raw row. */
interface Question {
  readonly by: readonly string[]
  readonly filter: string
  readonly holds: (row: ResultRow) => boolean
}

const all = (...by: string[]): Question => ({ by, filter: '', holds: () => true })
const where = (filter: string, holds: Question['holds'], ...by: string[]): Question => ({ by, filter, holds })

const files: { name: string; facts: DatasetFacts; measure: string; questions: Question[] }[] = [
  {
    name: 'immigrants_by_nationality.csv',
    facts: immigrantsFacts,
    measure: 'Number',
    questions: [
      all('Nationality'),
      all(),
      where('Nationality=neq.Spain', (row) => row['Nationality'] !== 'Spain'),
      all('Year', 'Nationality'),
      where('Nationality=in.(Spain,Andorra)', (row) => row['Nationality'] === 'Spain' || row['Nationality'] === 'Andorra', 'Year'),
      where('District.Name=not.in.("Ciutat Vella",Gràcia)&Year=gte.2016', (row) => row['District.Name'] !== 'Ciutat Vella' && row['District.Name'] !== 'Gràcia' && Number(row['Year']) >= 2016, 'Nationality'),
    ],
  },
  {
    name: 'population.csv',
    facts: populationFacts,
    measure: 'Number',
    questions: [all('Neighborhood.Name', 'Age'), where('Age=not.in.(0-4,5-9)', (row) => row['Age'] !== '0-4' && row['Age'] !== '5-9', 'Neighborhood.Name')],
  },
  {
    name: 'unemployment.csv',
    facts: unemploymentFacts,
    measure: 'Number',
    questions: [all('Year', 'Neighborhood.Name'), all('Month', 'Gender'), where('Gender=neq.Male', (row) => row['Gender'] !== 'Male', 'Neighborhood.Name', 'Month')],
  },
  {
    name: 'accidents_2017.csv',
    facts: accidentsFacts,
    measure: 'Victims',
    questions: [all('NeighborhoodName'), all('Hour'), where('Weekday=neq.Sunday', (row) => row['Weekday'] !== 'Sunday', 'DistrictName', 'Hour'), all('DistrictName', 'Weekday'), all()],
  },
]

function unitsOf(rows: readonly ResultRow[], { column, counts }: DatasetFacts['protectedUnits'][number]): number {
  const values = rows.map((row) => row[column])
  if (counts === 'distinct') return new Set(values.filter((value) => value !== null)).size
  return values.reduce<number>((most, value) => (counts === 'sum' ? most + Number(value) : Math.max(most, Number(value))), 0)
}

async function toldBy(asked: Asked, { by, filter }: Question, measure: string): Promise<Told> {
  try {
    return await ask(asked, `select=${[...by.map((name) => `"${name}"`), 'count()', `total:"${measure}".sum()`].join(',')}${filter === '' ? '' : `&${filter}`}`)
  } catch (error) {
    if (isProblem(error) && error.code === 'withheld') return { rows: [], groups: 0, reasons: [] }
    throw error
  }
}

describe.each(files)('$name', ({ name, facts, measure, questions }) => {
  const path = join(data, name)
  const testHere = existsSync(path) ? test : test.skip
  let database: Database
  let engine: Loaded

  beforeAll(async () => {
    database = await openTestDatabase()
    const columns = facts.columns.map((column): Column => ({ name: column.name, type: column.type === 'integer' ? 'integer' : 'string', nullable: true }))
    if (existsSync(path)) engine = await duckdbFile(path, columns)
  })

  afterAll(async () => {
    if (existsSync(path)) await engine.close()
    await database.close()
  })

  testHere(`no combination of answers is about fewer than ${k} (needs the shared data)`, async () => {
    const asked: Asked = { engine, db: database.db, facts, restriction: { minGroupSizes: facts.protectedUnits.map((unit) => ({ unit: unit.name, atLeast: k })) }, agreement: name }
    const rows = await engine.rows({ sql: 'select * from data', parameters: [] })
    const places = rows.map(() => '')
    let answered = 0
    for (const question of questions) {
      const told = await toldBy(asked, question, measure)
      const keyOf = (row: ResultRow) => JSON.stringify(question.by.map((column) => (typeof row[column] === 'bigint' ? Number(row[column]) : row[column])))
      const groups = new Map(told.rows.map((group) => [keyOf(group), group]))
      const counted = new Map<string, number>()
      rows.forEach((row, index) => {
        const key = keyOf(row)
        const inside = question.holds(row) && groups.has(key)
        places[index] += inside ? `|${key}` : '|'
        if (inside) counted.set(key, (counted.get(key) ?? 0) + 1)
      })
      for (const [key, group] of groups) expect(group['count']).toBe(counted.get(key))
      answered += groups.size
      const pieces = Map.groupBy(rows.map((row, index) => ({ row, place: places[index] ?? '' })), ({ place }) => place)
      for (const [place, piece] of pieces) {
        if (/^\|*$/.test(place)) continue
        for (const unit of facts.protectedUnits) expect(unitsOf(piece.map(({ row }) => row), unit)).toBeGreaterThanOrEqual(k)
      }
    }
    expect(answered).toBeGreaterThan(20)
  })
})
