import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { factsOf } from '../../src/catalog/datasets/facts.ts'
import { openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'
import { constraint, integer, permitted } from '../helpers/terms.ts'

let t: TestCatalog
beforeAll(async () => {
  t = await openTestCatalog()
})
afterAll(() => t.close())

const title = { en: 'Spending' }
const file = { type: 'file' } as const
const units = [{ name: 'card', column: 'cards', counts: 'sum' }] as const
const text = 'district,week,cards,lon,lat\nSants,2026-W01,12,2,41\n'
const aggregates = permitted(constraint('our:minGroupSize#card', 'gteq', integer(10)), constraint('our:rowScope#district', 'isAnyOf', ['Sants']))

async function source(name: string, content = text) {
  const path = join(t.sources, name)
  await writeFile(path, content)
  return { path, fileName: name, keep: 'copy' } as const
}

async function spending(name: string) {
  const metadata = { title, dimensions: ['district', 'week'], protectedUnits: units, geometry: { longitude: 'lon', latitude: 'lat' } }
  return t.catalog.createDataset({ id: name, metadata, source: file, file: await source(`${name}.csv`) })
}

describe('what policies may refer to in a dataset', () => {
  test('is what was declared, and nothing when nothing was', async () => {
    const dataset = await spending('declared')
    expect(dataset.metadata).toMatchObject({ dimensions: ['district', 'week'], protectedUnits: units, geometry: { longitude: 'lon', latitude: 'lat' } })
    expect(factsOf(dataset)).toEqual({
      kind: 'file',
      columns: [{ name: 'district', type: 'string' }, { name: 'week', type: 'string' }, { name: 'cards', type: 'integer' }, { name: 'lon', type: 'integer' }, { name: 'lat', type: 'integer' }],
      dimensions: ['district', 'week'],
      protectedUnits: units,
    })
    const plain = await t.catalog.createDataset({ metadata: { title }, source: file, file: await source('plain.csv') })
    expect(factsOf(plain)).toMatchObject({ dimensions: [], protectedUnits: [] })
    expect(await t.catalog.datasetFacts(t.database.db, 'declared')).toEqual(factsOf(dataset))
    expect(await t.catalog.datasetFacts(t.database.db, 'nothing')).toBeUndefined()
  })

  test.each([
    [{ dimensions: ['barrio'] }, '/metadata/dimensions/0: there is no column barrio'],
    [{ dimensions: ['district', 'district'] }, '/metadata/dimensions/1: district is named twice'],
    [{ protectedUnits: [{ name: 'card', column: 'card', counts: 'sum' }] }, '/metadata/protectedUnits/0/column: there is no column card'],
    [{ protectedUnits: [{ name: 'card', column: 'district', counts: 'max' }] }, '/metadata/protectedUnits/0/column: "max" needs a column of whole numbers'],
    [{ protectedUnits: [...units, ...units] }, '/metadata/protectedUnits/1/name: card is named twice'],
    [{ protectedUnits: [{ name: '__proto__', column: 'cards', counts: 'sum' }] }, '/metadata/protectedUnits/0/name'],
    [{ geometry: { longitude: 'district', latitude: 'lat' } }, '/metadata/geometry/longitude: needs a column of numbers'],
    [{ geometry: { longitude: 'lat', latitude: 'lat' } }, '/metadata/geometry: longitude and latitude must be two columns'],
  ] as const)('%j is refused with its place', async (declared, message) => {
    await expect(t.catalog.createDataset({ metadata: { title, ...declared }, source: file, file: await source('wrong.csv') })).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining(message) })
  })
})

describe('a change of what an offer refers to', () => {
  test('is refused, naming the offer; the same change is taken once the offer is gone', async () => {
    await spending('offered')
    await t.catalog.createOffer({ id: 'of-groups', datasets: ['offered'], policy: aggregates, decision: 'automatic', audience: null })
    const refused = { code: 'conflict', message: expect.stringContaining('The offer of-groups could not be enforced after this change') }
    await expect(t.catalog.updateDataset('offered', { metadata: { title, dimensions: ['week'], protectedUnits: units } })).rejects.toMatchObject(refused)
    await expect(t.catalog.updateDataset('offered', { metadata: { title, dimensions: ['district'] } })).rejects.toMatchObject(refused)
    await expect(t.catalog.addVersion('offered', await source('less.csv', 'week,cards\n2026-W02,4\n'))).rejects.toMatchObject(refused)
    // Nothing of a refused change is left.
    expect(await t.catalog.listVersions('offered')).toHaveLength(1)
    expect(await t.catalog.updateDataset('offered', { metadata: { title: { en: 'Weekly' }, dimensions: ['district'], protectedUnits: units } })).not.toHaveProperty('stops')
    await t.catalog.removeOffer('of-groups')
    await t.catalog.addVersion('offered', await source('less.csv', 'week,cards\n2026-W02,4\n'))
    const { metadata } = await t.catalog.getDataset('offered')
    expect([metadata.dimensions, metadata.protectedUnits, metadata.geometry]).toEqual([[], units, undefined])
  })

  test('that stops an agreement is taken, and tells which', async () => {
    await spending('agreed')
    const now = new Date()
    const agreement = (id: string, endsAt: Date | null) => ({ id, role: 'provider' as const, negotiation_id: id, counterparty: 'did:web:c', assigner: 'did:web:p', assignee: 'did:web:c', dataset_id: 'agreed', message: '{}', message_sha256: '', agreement: JSON.stringify({ '@id': id, '@type': 'Agreement', target: 'agreed', assigner: 'did:web:p', assignee: 'did:web:c', timestamp: now.toISOString(), ...aggregates }), signed_at: now.toISOString(), created_at: now, finalized_at: now, ends_at: endsAt })
    await t.database.db.insertInto('agreement').values([agreement('a-running', null), agreement('a-over', new Date(0))]).execute()
    expect(await t.catalog.updateDataset('agreed', { metadata: { title } })).toMatchObject({ stops: ['a-running'] })
    expect((await t.audit.entries({ limit: 100, dataset: 'agreed', type: 'dataset.updated' })).at(-1)).toMatchObject({ stops: ['a-running'] })
  })

  test('cannot slip in beside an offer that is being made', async () => {
    await spending('raced')
    const offer = t.catalog.createOffer({ id: 'raced-offer', datasets: ['raced'], policy: aggregates, decision: 'automatic', audience: null })
    const change = t.catalog.updateDataset('raced', { metadata: { title } })
    const [offered, changed] = await Promise.allSettled([offer, change])
    expect([offered.status, changed.status].toSorted()).toEqual(['fulfilled', 'rejected'])
  })
})
