import { describe, expect, test } from 'vitest'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Blank } from '../../src/policy/ready-made/blanks.ts'
import { readPolicy } from '../../src/policy/read/read.ts'
import { readyMadePolicies, readyMadePolicy } from '../../src/policy/ready-made/ready-made-list.ts'
import { fillPolicy } from '../../src/policy/ready-made/ready-made.ts'
import { requireProfile } from '../../src/policy/offer/require-profile.ts'
import { runReadyMade } from '../../src/policy/ready-made/run-ready-made.ts'
import { runTable } from '../../src/policy/ready-made/run-table.ts'
import { requireOfferable } from '../../src/policy/offer/offerable.ts'
import type { DatasetFacts } from '../../src/policy/restriction.ts'
import { termsOf } from '../../src/policy/terms/terms.ts'
import { writeDsp } from '../../src/policy/read/write.ts'
import { accidentsFacts, cardSpendingFacts, immigrantsFacts } from './dataset-facts.ts'

const now = new Date('2026-03-04T11:00:00Z')
const tripFacts: DatasetFacts = {
  kind: 'postgresql',
  columns: [{ name: 'zone', type: 'string' }, { name: 'vehicle', type: 'string' }, { name: 'minutes', type: 'number' }],
  dimensions: ['zone'],
  protectedUnits: [{ name: 'vehicle', column: 'vehicle', counts: 'distinct' }],
}
const contractFacts: DatasetFacts = {
  kind: 'postgresql',
  columns: [{ name: 'id', type: 'string' }, { name: 'Year', type: 'integer' }, { name: 'neighbourhood', type: 'string' }, { name: 'rent', type: 'number' }],
  dimensions: ['Year', 'neighbourhood'],
  protectedUnits: [{ name: 'contract', column: 'id', counts: 'distinct' }],
}
const apiFacts: DatasetFacts = { kind: 'http', columns: [], dimensions: [], protectedUnits: [] }
/** Datasets that policies with terms about columns, dimensions and units are made for; the others fit any. */
const madeFor: Readonly<Record<string, DatasetFacts>> = {
  'aggregates-only': cardSpendingFacts,
  research: accidentsFacts,
  'mobility-parking-zones': tripFacts,
  'rental-contracts': contractFacts,
  'http-api': apiFacts,
}

const byName = readyMadePolicies.map((each) => [each.id, each] as const)

test('all files are there by their names, twelve at least', () => {
  const files = readdirSync(join(import.meta.dirname, '../../policies/ready-made')).map((file) => file.replace(/\.json$/, ''))
  expect(readyMadePolicies.map(({ id }) => id).toSorted()).toEqual(files.toSorted())
  expect(files.length).toBeGreaterThanOrEqual(12)
})

describe.each(byName)('%s', (_name, readyMade) => {
  test.each(runReadyMade(readyMade, now).map((result) => [result.case, result] as const))('%s', (_case, result) => {
    expect(result.mismatch).toBeUndefined()
  })

  test('has eight rows at least, permits and denials among them, each for another case', () => {
    expect(readyMade.table.length).toBeGreaterThanOrEqual(8)
    expect(new Set(readyMade.table.map(({ decision }) => decision))).toEqual(new Set(['permit', 'deny']))
    expect(new Set(readyMade.table.map((row) => row.case.en)).size).toBe(readyMade.table.length)
  })

  test('filled, it has only terms of the profile and comes back the same from the wire', () => {
    const policy = readPolicy(fillPolicy(readyMade, readyMade.example, now))
    requireProfile(policy)
    const sent: unknown = JSON.parse(JSON.stringify(writeDsp(policy)))
    const received = readPolicy(sent)
    requireProfile(received)
    expect(writeDsp(received)).toEqual(sent)
    expect(runTable(received, readyMade.table.filter(({ values }) => values === undefined)).filter(({ mismatch }) => mismatch !== undefined)).toEqual([])
  })

  test('can be offered for a dataset that it is made for, and says what another one lacks', () => {
    const policy = readPolicy(fillPolicy(readyMade, readyMade.example, now))
    requireOfferable(policy, madeFor[readyMade.id] ?? immigrantsFacts)
    const isParticular = /rowScope|column|mask|minGroupSize|rowsPerAnswer|path/.test(JSON.stringify(policy))
    if (isParticular) expect(() => requireOfferable(policy, readyMade.id === 'http-api' ? immigrantsFacts : apiFacts)).toThrow(/^\/permission\/\d+/)
  })

  test('no blank is left without a word in every language, and the labels differ', () => {
    for (const text of [readyMade.title, readyMade.description, ...Object.values(readyMade.blanks).flatMap(({ label, why }: Blank) => [label, why])]) {
      for (const language of ['en', 'ca', 'es'] as const) expect(text[language].trim()).not.toBe('')
    }
    expect(readyMade.description.ca).not.toBe(readyMade.description.es)
  })
})

test('the table of a policy does not hold of another one', () => {
  const policy = readPolicy(fillPolicy(readyMadePolicy('open-data'), {}))
  const mismatches = runTable(policy, readyMadePolicy('aggregates-only').table).filter(({ mismatch }) => mismatch !== undefined)
  expect(mismatches.length).toBeGreaterThan(10)
})

test('open data is open; nothing else is', () => {
  expect(readyMadePolicies.filter((each) => termsOf(readPolicy(fillPolicy(each, each.example, now))).open).map(({ id }) => id)).toEqual(['open-data'])
})

test('what has to be done is told with its term: hand-over every month from the agreement on, deletion by a day', () => {
  const agreedAt = new Date('2026-01-31T09:00:00Z')
  const due = (id: string) => {
    const readyMade = readyMadePolicy(id)
    return termsOf(readPolicy(fillPolicy(readyMade, readyMade.example, now))).obligations.map((each) => [each.action.split('/').at(-1), each.assignee, each.dueAt(agreedAt)?.toISOString() ?? null])
  }
  expect(due('public-ownership')).toEqual([['transfer', 'did:web:contractor.example', '2026-02-28T09:00:00.000Z']])
  expect(due('no-onward-sharing')).toEqual([
    ['delete', null, '2028-01-31T22:59:59.999Z'],
    ['inform', null, '2026-02-01T09:00:00.000Z'],
  ])
  expect(due('paid-access')).toEqual([['compensate', null, null]])
})
