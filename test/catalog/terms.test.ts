import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertPartner, updatePartner } from '../../src/identity/store.ts'
import { createCatalog } from '../../src/catalog/catalog.ts'
import { policiesMatch } from '../../src/policy/compare/policies-match.ts'
import { profileIri } from '../../src/policy/profile.ts'
import { httpSource, open, openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'
import { constraint, duration, permitted, until } from '../helpers/terms.ts'

const [city, region] = ['did:web:city.example', 'did:web:region.example']
const metadata = { title: { en: 'Data' } }
const address = 'https://p.example/dsp/2025-1'
const start = new Date('2026-03-02T09:30:00Z')
const forGroup = (...groups: string[]) => permitted(constraint('our:partnerGroup', 'isAnyOf', groups))
const forRecipient = (id: string) => permitted(constraint('recipient', 'eq', { '@id': id }))

let t: TestCatalog
let now = start
let catalog: TestCatalog['catalog']
beforeAll(async () => {
  t = await openTestCatalog()
  catalog = createCatalog({
    database: t.database,
    audit: t.audit,
    clock: () => now,
    newId: () => crypto.randomUUID(),
    dataDirectory: t.data,
    sourceFolders: [t.sources],
    inspectFile: async () => ({ columns: [] }),
    inspectTable: async () => ({ columns: [] }),
    retention: { versions: 1 },
  })
  await insertPartner(t.database.db, { id: city, name: 'City', address: null, groups: ['municipalities'] }, start)
  await insertPartner(t.database.db, { id: region, name: 'Region', address: null }, start)
})
afterAll(() => t.close())

async function offer(id: string, policy: unknown, audience: string[] | null = null) {
  await catalog.createDataset({ id, metadata, source: httpSource })
  return catalog.createOffer({ id: `offer-${id}`, datasets: [id], policy, decision: 'automatic', audience })
}
const seen = async (partner: string) => (await catalog.page(partner, { filter: undefined, limit: 1000, address })).datasets.map((dataset) => dataset['@id'])
const current = async (partner: string, id: string) => (await catalog.currentOffer(t.database.db, partner, `offer-${id}`)) !== undefined
async function shown(partner: string, id: string): Promise<boolean> {
  const answers = [(await seen(partner)).includes(id), (await catalog.visibleDataset(partner, id, address)) !== undefined, await current(partner, id)]
  expect(new Set(answers).size).toBe(1)
  return answers[0] === true
}

describe('offers are kept as they go out', () => {
  test('in full, whichever way they were written, and said so', async () => {
    const asW3c = { '@context': 'http://www.w3.org/ns/odrl.jsonld', '@type': 'Offer', uid: 'http://example.com/policy', profile: profileIri, permission: [{ action: 'odrl:use', constraint: [{ leftOperand: 'dateTime', operator: 'odrl:lt', rightOperand: { '@value': '2027-01-01T00:00:00Z', '@type': 'xsd:dateTime' } }] }] }
    const { policy } = await offer('as-w3c', asW3c)
    expect(policiesMatch(policy, permitted(constraint('dateTime', 'lt', { '@value': '2027-01-01T00:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' })))).toBe(true)
    expect(JSON.stringify(policy)).toContain('http://www.w3.org/ns/odrl/2/dateTime')
    expect(await catalog.getOffer('offer-as-w3c')).toMatchObject({ policy })
    expect(await catalog.visibleDataset(city, 'as-w3c', address)).toMatchObject({ hasPolicy: [policy] })
  })

  test.each([
    ['an unknown operand', permitted(constraint('our:phaseOfMoon', 'eq', 'full')), 'unsupported-policy', '/policy/permission/0/constraint/0'],
    ['a dimension that was not declared', permitted(constraint('our:rowScope#district', 'isAnyOf', ['Sants'])), 'unsupported-policy', '/policy/permission/0/constraint/0'],
    ['an end that is over', permitted(until('2026-03-01T00:00:00Z')), 'invalid-policy', '/policy: nothing is permitted any more since 2026-03-01'],
    ['an unknown profile', { profile: 'https://example.org/profile', permission: [{ action: 'use' }] }, 'unsupported-policy', '/policy/profile'],
    ['rules that nobody knows', { ...open, inheritFrom: 'urn:uuid:nowhere' }, 'invalid-policy', '/policy/inheritFrom'],
    ['nothing', {}, 'invalid-policy', '/policy'],
    ['text with a NUL', permitted(constraint('our:role', 'eq', 'a\0b')), 'invalid-policy', '/policy'],
  ] as const)('%s is refused with its place', async (_name, policy, code, place) => {
    const { id } = await catalog.createDataset({ metadata, source: httpSource })
    await expect(catalog.createOffer({ datasets: [id], policy, decision: 'automatic', audience: null })).rejects.toMatchObject({ code, message: expect.stringContaining(place) })
  })

  test('with the rules they inherit written out, so that a change of the other does not reach them', async () => {
    await catalog.createDataset({ id: 'heir', metadata, source: httpSource })
    const make = (id: string, policy: unknown) => catalog.createOffer({ id, datasets: ['heir'], policy, decision: 'automatic', audience: null })
    await make('urn:uuid:parent', permitted(until('2027-01-01T00:00:00Z')))
    const { policy } = await make('urn:uuid:child', { ...permitted(constraint('our:role', 'eq', 'analyst')), inheritFrom: 'urn:uuid:parent' })
    expect(policy.permission).toHaveLength(2)
    expect(policy).not.toHaveProperty('inheritFrom')
  })
})

describe('an offer whose terms have nothing for a partner', () => {
  test('does not exist for it: by recipient, by group, by assignee, by prohibition', async () => {
    await offer('for-region', forRecipient(region))
    await offer('for-group', forGroup('municipalities', 'provinces'))
    await offer('for-assignee', { permission: [{ action: 'use', assignee: city }] })
    await offer('not-city', { ...open, profile: profileIri, prohibition: [{ action: 'use', constraint: [constraint('recipient', 'eq', { '@id': city })] }], 'odrl:conflict': 'odrl:prohibit' })
    expect([await shown(city, 'for-region'), await shown(region, 'for-region')]).toEqual([false, true])
    expect([await shown(city, 'for-group'), await shown(region, 'for-group')]).toEqual([true, false])
    expect([await shown(city, 'for-assignee'), await shown(region, 'for-assignee')]).toEqual([true, false])
    expect([await shown(city, 'not-city'), await shown(region, 'not-city')]).toEqual([false, true])
  })

  test('appears when the partner joins the group, and goes when it leaves', async () => {
    await offer('joined', forGroup('statistics'))
    expect(await shown(region, 'joined')).toBe(false)
    await updatePartner(t.database.db, region, { groups: ['statistics'] }, start)
    expect(await shown(region, 'joined')).toBe(true)
    await updatePartner(t.database.db, region, { groups: [] }, start)
    expect(await shown(region, 'joined')).toBe(false)
  })

  test('shows when only its requests could be refused: by purpose, by hour, or not before a day', async () => {
    await offer('by-request', permitted(constraint('our:role', 'eq', 'analyst'), constraint('our:dayOfWeek', 'eq', 'Sunday'), constraint('dateTime', 'gteq', { '@value': '2026-06-01T00:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' })))
    await offer('pilot', permitted(constraint('elapsedTime', 'lteq', duration('P30D'))))
    expect([await shown(city, 'by-request'), await shown(city, 'pilot')]).toEqual([true, true])
  })

  test('goes at the moment when its validity is over', async () => {
    const end = new Date('2026-03-10T00:00:00Z')
    await offer('ending', permitted(until(end)))
    now = end
    expect(await shown(city, 'ending')).toBe(true)
    now = new Date(end.getTime() + 1)
    expect(await shown(city, 'ending')).toBe(false)
    now = start
  })
})

test('pages, offsets and ways back are right whatever is hidden between', async () => {
  // Of 120 datasets every second is hidden from the region; one of them is under another offer, too.
  const ids = Array.from({ length: 120 }, (_, n) => `p${String(n).padStart(3, '0')}`)
  for (const [n, id] of ids.entries()) await offer(id, n % 2 === 0 ? forRecipient(city) : open, n % 3 === 0 ? null : [city, region])
  await catalog.createOffer({ id: 'also', datasets: ['p010'], policy: open, decision: 'automatic', audience: [region] })
  const expected = (await seen(region)).filter((id) => id.startsWith('p0') || id.startsWith('p1'))
  expect(expected).toEqual(ids.filter((id, n) => n % 2 === 1 || id === 'p010'))
  const all = await seen(region)
  const forward: string[][] = []
  let page = await catalog.page(region, { filter: undefined, limit: 7, address })
  for (;;) {
    forward.push(page.datasets.map((dataset) => dataset['@id']))
    if (page.next === undefined) break
    page = await catalog.page(region, { filter: undefined, limit: 7, address, cursor: page.next })
  }
  expect(forward.flat()).toEqual(all)
  expect(forward.slice(0, -1).every((ids7) => ids7.length === 7)).toBe(true)
  const back: string[][] = [forward.at(-1) ?? []]
  while (page.previous !== undefined) {
    page = await catalog.page(region, { filter: undefined, limit: 7, address, cursor: page.previous })
    back.unshift(page.datasets.map((dataset) => dataset['@id']))
  }
  expect(back).toEqual(forward)
  for (const offset of [0, 5, 23, all.length - 2]) {
    const { datasets } = await catalog.page(region, { filter: [{ '@type': 'QuerySpec', offset, limit: 10 }], limit: 50, address })
    expect(datasets.map((dataset) => dataset['@id'])).toEqual(all.slice(offset, offset + 10))
  }
  const also = await catalog.visibleDataset(region, 'p010', address)
  expect(also?.hasPolicy.map((each) => each['@id'])).toEqual(['also'])
})
