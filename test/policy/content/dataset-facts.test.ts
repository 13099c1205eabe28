import { describe, expect, test } from 'vitest'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDatasetFacts } from '../../../src/policy/offer/read-facts.ts'
import { cardSpendingFacts, fileFacts, weeklySpendingFacts } from '../dataset-facts.ts'

const realData = join(import.meta.dirname, '../../../../shared/data')

test('a dataset as the management API shows it is read as well', () => {
  const { kind, ...has } = cardSpendingFacts
  const shown = { id: 'urn:x', metadata: { title: { en: 'Spending' }, ...has }, source: { type: kind }, latest: null, version: 1 }
  expect(readDatasetFacts(shown)).toEqual(cardSpendingFacts)
  expect(() => readDatasetFacts({ ...cardSpendingFacts, id: 'urn:x' })).toThrow('/id is not known')
})

describe('facts of the files that tests use', () => {
  test.each(Object.entries({ ...fileFacts, cardSpendingFacts, weeklySpendingFacts }))('of %s: dimensions and units are columns', (_name, facts) => {
    const columns = facts.columns.map(({ name }) => name)
    expect(columns).toEqual(expect.arrayContaining([...facts.dimensions, ...facts.protectedUnits.map(({ column }) => column)]))
    expect(new Set(columns).size).toBe(columns.length)
  })

  const real = existsSync(realData) ? test : test.skip
  if (!existsSync(realData)) process.stderr.write(`${realData} is absent: facts are not compared with the files.\n`)
  real.each(Object.entries(fileFacts))('of %s: columns are those of the file', (name, facts) => {
    const [header = ''] = readFileSync(join(realData, `${name}.csv`), 'utf8').split(/\r?\n/, 1)
    expect(facts.columns.map((column) => column.name)).toEqual(header.split(',').map((field) => field.replace(/^"|"$/g, '')))
  })
})
