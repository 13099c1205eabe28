import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PageQuery } from '../../src/catalog/catalog.ts'
import { httpSource, open, openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'

const [city, region] = ['did:web:city.example', 'did:web:region.example']
const metadata = { title: { en: 'Data' } }
const address = 'https://p.example/dsp/2025-1'
const two = (n: number) => String(n).padStart(3, '0')

let t: TestCatalog
beforeAll(async () => {
  t = await openTestCatalog()
  await t.addPartner(city)
  await t.addPartner(region)
  // 120 datasets: every third for the city only, every fourth for the region only, the others for all.
  for (let n = 0; n < 120; n++) {
    const { id } = await t.catalog.createDataset({ id: `d${two(n)}`, metadata, source: httpSource })
    const audience = n % 3 === 0 ? [city] : n % 4 === 0 ? [region] : null
    await t.catalog.createOffer({ id: `o${two(n)}`, datasets: [id], policy: open, decision: 'automatic', audience })
  }
  await t.catalog.createDataset({ id: 'unoffered', metadata, source: httpSource })
})
afterAll(() => t.close())

const page = (partner: string, query: Partial<PageQuery> = {}) => t.catalog.page(partner, { filter: undefined, limit: 50, address, ...query })
const idsOf = (result: { datasets: { '@id': string }[] }) => result.datasets.map((dataset) => dataset['@id'])
const cityIds = Array.from({ length: 120 }, (_, n) => n).filter((n) => n % 3 === 0 || n % 4 !== 0).map((n) => `d${two(n)}`)

describe('who sees what', () => {
  test('each partner sees what is for it and for all, in one order, and nothing else', async () => {
    expect(idsOf(await page(city, { limit: 200 }))).toEqual(cityIds)
    const regionIds = idsOf(await page(region, { limit: 200 }))
    expect(regionIds).toHaveLength(120 - 40)
    expect(regionIds).not.toContain('d003')
    expect(regionIds).toContain('d004')
  })

  test('what a partner may not see does not exist for it', async () => {
    expect(await t.catalog.visibleDataset(city, 'd004', address)).toBeUndefined()
    expect(await t.catalog.visibleDataset(region, 'd003', address)).toBeUndefined()
    expect(await t.catalog.visibleDataset(city, 'unoffered', address)).toBeUndefined()
    expect(await t.catalog.visibleDataset(city, 'a\0b', address)).toBeUndefined()
    expect(await t.catalog.visibleDataset(city, 'd003', address)).toMatchObject({ '@id': 'd003', hasPolicy: [{ '@id': 'o003', '@type': 'Offer', permission: [{ action: 'use' }] }] })
    const { db } = t.database
    expect(await t.catalog.currentOffer(db, region, 'o003')).toBeUndefined()
    expect(await t.catalog.currentOffer(db, city, 'o003')).toEqual({ offerId: 'o003', datasetId: 'd003', policy: open, decision: 'automatic' })
    expect(await t.catalog.currentOffer(db, city, 'o003', 'd001')).toBeUndefined()
    expect(await t.catalog.currentOffer(db, city, 'o\0')).toBeUndefined()
    expect(await t.catalog.currentOffer(db, "' or '1'='1", "' or '1'='1")).toBeUndefined()
  })

  test('a dataset under several offers appears once, with the offers the partner sees', async () => {
    await t.catalog.createDataset({ id: 'many', metadata, source: httpSource })
    await t.catalog.createOffer({ id: 'many-all', datasets: ['many'], policy: open, decision: 'automatic', audience: null })
    await t.catalog.createOffer({ id: 'many-city', datasets: ['many'], policy: open, decision: 'manual', audience: [city, city] })
    const offers = async (partner: string) => (await t.catalog.visibleDataset(partner, 'many', address))?.hasPolicy.map((offer) => offer['@id'])
    expect(await offers(city)).toEqual(['many-all', 'many-city'])
    expect(await offers(region)).toEqual(['many-all'])
    expect(idsOf(await page(city, { limit: 200 })).filter((id) => id === 'many')).toEqual(['many'])
    await t.catalog.removeOffer('many-all')
    expect(await offers(region)).toBeUndefined()
    await t.catalog.removeOffer('many-city')
    await t.catalog.removeDataset('many')
  })
})

describe('pages', () => {
  test('forward and back again through 120 datasets', async () => {
    const forward = [await page(city, { limit: 20 })]
    for (let next = forward[0]?.next; next !== undefined; next = forward.at(-1)?.next) forward.push(await page(city, { limit: 20, cursor: next }))
    expect(forward.flatMap(idsOf)).toEqual(cityIds)
    expect(forward[0]).not.toHaveProperty('previous')
    const back = [forward.at(-1) ?? { datasets: [] }]
    for (let previous = back[0]?.previous; previous !== undefined; previous = back[0]?.previous) back.unshift(await page(city, { limit: 20, cursor: previous }))
    expect(back.flatMap(idsOf)).toEqual(cityIds)
    expect(idsOf(await page(city, { limit: 20, ...cursor(back[0]?.next) }))).toEqual(cityIds.slice(idsOf(back[0] ?? { datasets: [] }).length).slice(0, 20))
  })

  test('page tokens say nothing and cannot be made up', async () => {
    const { next = '' } = await page(city, { limit: 1 })
    expect(next).toMatch(/^[\w-]{22}$/)
    for (const wrong of ['', 'x', `${next}A`, next.replace(/^./, next.startsWith('A') ? 'B' : 'A'), Buffer.from('1').toString('base64url'), '%00', "' or 1=1"]) {
      await expect(page(city, { cursor: wrong })).rejects.toMatchObject({ code: 'invalid-cursor' })
    }
  })

  test('a full last page leads nowhere', async () => {
    const all = await page(city, { limit: cityIds.length })
    expect(all.datasets).toHaveLength(cityIds.length)
    expect(all).not.toHaveProperty('next')
  })
})

const spec = (more: object) => [{ '@type': 'QuerySpec', limit: 50, offset: 0, sortOrder: 'ASC', filterExpression: [], ...more }]

describe('filter', () => {
  const criterion = (operandLeft: string, operator: string, operandRight: unknown) => spec({ filterExpression: [{ '@type': 'Criterion', operandLeft, operator, operandRight }] })
  const edcId = 'https://w3id.org/edc/v0.0.1/ns/id'

  test('absent, empty, and as EDC sends it with every request', async () => {
    const first = cityIds.slice(0, 50)
    expect(idsOf(await page(city))).toEqual(first)
    expect(idsOf(await page(city, { filter: [] }))).toEqual(first)
    const edc = await page(city, { filter: spec({}), limit: 10 })
    expect(idsOf(edc)).toEqual(first)
    expect(edc.next).toBeDefined()
  })

  test('limit and offset', async () => {
    expect(idsOf(await page(city, { filter: spec({ limit: 5, offset: 10 }) }))).toEqual(cityIds.slice(10, 15))
    expect(idsOf(await page(city, { filter: spec({ offset: 1000 }) }))).toEqual([])
    expect(idsOf(await page(city, { filter: spec({ limit: 2_147_483_647 }) }))).toEqual(cityIds)
    // A page that follows is asked for with the same body: the token counts, not the offset.
    const { next } = await page(city, { filter: spec({ limit: 5, offset: 10 }) })
    expect(idsOf(await page(city, { filter: spec({ limit: 5, offset: 10 }), ...cursor(next) }))).toEqual(cityIds.slice(15, 20))
  })

  test('criteria on the dataset id', async () => {
    expect(idsOf(await page(city, { filter: criterion(edcId, '=', 'd001') }))).toEqual(['d001'])
    expect(idsOf(await page(city, { filter: criterion(edcId, '=', 'd004') }))).toEqual([])
    expect(idsOf(await page(city, { filter: criterion('id', 'in', ['d001', 'd004', 'd002']) }))).toEqual(['d001', 'd002'])
    expect(idsOf(await page(city, { filter: criterion('@id', 'like', 'd00%') }))).toEqual(cityIds.filter((id) => id.startsWith('d00')))
    expect(idsOf(await page(city, { filter: criterion('@id', 'like', '%\\') }))).toEqual([])
    expect(idsOf(await page(city, { filter: criterion('@id', '=', "d001' or '1'='1") }))).toEqual([])
    expect(idsOf(await page(city, { filter: criterion('@id', '=', 'a\0') }))).toEqual([])
    expect(idsOf(await page(city, { filter: criterion('@id', 'in', []) }))).toEqual([])
  })

  test.each([
    [['text']],
    [[{}, {}]],
    [[{ '@type': 'Other' }]],
    [[{ something: 1 }]],
    [spec({ limit: 0 })],
    [spec({ limit: -1 })],
    [spec({ offset: 1.5 })],
    [spec({ sortField: 'title' })],
    [spec({ sortOrder: 'UP' })],
    [criterion('title', '=', 'x')],
    [criterion(edcId, '<', 'x')],
    [criterion(edcId, '=', 5)],
    [criterion(edcId, 'in', 'x')],
    [criterion(edcId, '__proto__', 'x')],
    [spec({ filterExpression: ['x'] })],
    [spec({ __proto__: null, constructor: 1 })],
  ])('%j is refused', async (filter) => {
    await expect(page(city, { filter })).rejects.toMatchObject({ code: 'unsupported-filter', status: 400 })
  })
})

describe('offers', () => {
  test('an offer over several datasets has an id for each', async () => {
    const offer = await t.catalog.createOffer({ id: 'joined', datasets: ['d001', 'd002'], policy: open, decision: 'manual', audience: [region] })
    expect(offer.datasets).toEqual([
      { id: 'd001', offerId: 'joined:1' },
      { id: 'd002', offerId: 'joined:2' },
    ])
    expect(await t.catalog.getOffer('joined')).toEqual(offer)
    expect((await t.catalog.listOffers({ limit: 10, dataset: 'd002' })).items.map(({ id }) => id)).toEqual(['o002', 'joined'])
    expect(await t.catalog.currentOffer(t.database.db, region, 'joined:2')).toMatchObject({ datasetId: 'd002', decision: 'manual' })
    await expect(t.catalog.removeOffer('joined', 2)).rejects.toMatchObject({ code: 'precondition-failed' })
    await t.catalog.removeOffer('joined', 1)
    await expect(t.catalog.getOffer('joined')).rejects.toMatchObject({ code: 'not-found' })
  })

  test('terms that are not enforced are not offered', async () => {
    const policy = { permission: [{ action: 'use', constraint: [{ leftOperand: 'phaseOfMoon', operator: 'eq', rightOperand: 'full' }] }] }
    await expect(t.catalog.createOffer({ datasets: ['d001'], policy, decision: 'automatic', audience: null })).rejects.toMatchObject({ code: 'unsupported-policy' })
  })

  test('unknown datasets, strangers, empty lists and taken ids are refused', async () => {
    const offer = { datasets: ['d001'], policy: open, decision: 'automatic' as const, audience: null }
    await expect(t.catalog.createOffer({ ...offer, datasets: ['nowhere'] })).rejects.toThrow('there is no dataset nowhere')
    await expect(t.catalog.createOffer({ ...offer, datasets: [] })).rejects.toMatchObject({ code: 'bad-request' })
    await expect(t.catalog.createOffer({ ...offer, datasets: ['a\0'] })).rejects.toMatchObject({ code: 'bad-request' })
    await expect(t.catalog.createOffer({ ...offer, audience: ['did:web:stranger.example'] })).rejects.toThrow('concordat partner add')
    await expect(t.catalog.createOffer({ ...offer, audience: [] })).rejects.toMatchObject({ code: 'bad-request' })
    await expect(t.catalog.createOffer({ ...offer, id: 'o001' })).rejects.toMatchObject({ code: 'already-exists' })
  })

  test('lists of offers go page by page', async () => {
    const ids: string[] = []
    let after: string | undefined
    do {
      const found: Awaited<ReturnType<typeof t.catalog.listOffers>> = await t.catalog.listOffers({ limit: 50, ...(after === undefined ? {} : { after }) })
      ids.push(...found.items.map(({ id }) => id))
      after = found.next
    } while (after !== undefined)
    expect(ids.toSorted()).toEqual(Array.from({ length: 120 }, (_, n) => `o${two(n)}`))
    await expect(t.catalog.listOffers({ limit: 5, after: 'x' })).rejects.toMatchObject({ code: 'invalid-cursor' })
  })
})

function cursor(token: string | undefined): { cursor?: string } {
  return token === undefined ? {} : { cursor: token }
}
