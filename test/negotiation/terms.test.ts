import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { updatePartner } from '../../src/identity/store.ts'
import { policiesMatch } from '../../src/policy/compare/policies-match.ts'
import { odrlIri, profileIri } from '../../src/policy/profile.ts'
import type { PolicyTerms } from '../../src/policy/odrl.ts'
import { bearerIdentity, isObject, startCounterparty } from '../helpers/counterparty.ts'
import type { Counterparty, Json } from '../helpers/counterparty.ts'
import { acquaint, startDataspace, startTestConnector } from '../helpers/dataspace.ts'
import type { TestConnector } from '../helpers/dataspace.ts'
import { constraint, dateTime, duration, integer, permitted, until as validUntil } from '../helpers/terms.ts'
import { until } from '../helpers/until.ts'

const own = 'did:web:own.example'
const partnerId = 'did:web:partner.example'
const start = new Date('2026-03-02T09:30:00Z')
const end = '2027-01-01T00:00:00Z'
const statistics = permitted(constraint('our:role', 'isAnyOf', ['analyst', 'planner']), validUntil(end), constraint('our:hourOfDay', 'lt', integer(20)))
const narrower = permitted(constraint('our:role', 'isAnyOf', ['analyst']), validUntil(end), constraint('our:hourOfDay', 'lt', integer(18)))
const wider = permitted(constraint('our:role', 'isAnyOf', ['analyst', 'planner', 'vendor']), validUntil(end), constraint('our:hourOfDay', 'lt', integer(20)))

let connector: TestConnector
let partner: Counterparty
let now = start

beforeAll(async () => {
  connector = await startTestConnector({ overrides: { identity: bearerIdentity(own), clock: () => now } })
  partner = await startCounterparty(partnerId)
  await acquaint(connector, { id: partnerId, dspAddress: partner.address })
  for (const decision of ['automatic', 'manual'] as const) await offered(decision, statistics, decision)
}, 60_000)
afterEach(() => {
  now = start
})
afterAll(async () => {
  await connector.close()
  await partner.close()
})

async function offered(id: string, policy: PolicyTerms, decision: 'automatic' | 'manual' = 'automatic'): Promise<void> {
  const { catalog } = connector.services
  await catalog.createDataset({
    id: `${id}-data`,
    metadata: { title: { en: id }, columns: [{ name: 'district' }], dimensions: ['district'] },
    source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'], requestHeaders: [], secrets: [] },
  })
  await catalog.createOffer({ id, datasets: [`${id}-data`], policy, decision, audience: null })
}

const ask = (id: string, policy: PolicyTerms, data = id) =>
  partner.send(`${connector.dspAddress}/negotiations/request`, { '@type': 'ContractRequestMessage', consumerPid: randomUUID(), callbackAddress: partner.address, offer: { '@id': id, '@type': 'Offer', target: `${data}-data`, ...policy } })

async function asked(id: string, policy: PolicyTerms, data = id) {
  const { status, body } = await ask(id, policy, data)
  expect(status).toBe(201)
  return connector.services.negotiations.get(String(body['providerPid']))
}

async function agreementOf(consumerPid: string | null): Promise<Json> {
  const { message } = await partner.next(`/negotiations/${consumerPid}/agreement`)
  return isObject(message['agreement']) ? message['agreement'] : {}
}

describe('as provider', () => {
  test('a request that equals the offer is agreed, however its terms are spelled, and what goes out is in full', async () => {
    const spelled = JSON.parse(JSON.stringify(statistics).replaceAll(odrlIri, 'odrl:').replaceAll('"action":"use"', `"action":"${odrlIri}use"`))
    const negotiation = await asked('automatic', { ...spelled, prohibition: [] })
    expect(negotiation).toMatchObject({ state: 'AGREED', reason: 'The request equals the current offer.' })
    const agreement = await agreementOf(negotiation.counterpartyPid)
    expect(policiesMatch(agreement, statistics)).toBe(true)
    expect(agreement).toMatchObject({ profile: profileIri, assigner: own, assignee: partnerId, target: 'automatic-data' })
    // DSP 2025-1: neither bare numbers nor booleans, no target in rules.
    expect(JSON.stringify(agreement)).not.toMatch(/"rightOperand":(\d|true|false)/)
    expect(JSON.stringify(agreement['permission'])).not.toContain('target')
  })

  test('a request that only narrows the offer is agreed as it was asked', async () => {
    const negotiation = await asked('automatic', narrower)
    expect(negotiation).toMatchObject({ state: 'AGREED', reason: 'The request only narrows the current offer.' })
    expect(policiesMatch(await agreementOf(negotiation.counterpartyPid), narrower)).toBe(true)
  })

  test.each([
    ['queriesPerDay', constraint('our:queriesPerDay', 'lteq', integer(10))],
    ['elapsedTime', constraint('elapsedTime', 'lteq', duration('P30D'))],
  ])('a second agreement, under which %s would begin anew, waits for a person, however many ask at once', async (term, limit) => {
    await offered(term, permitted(limit))
    // One under terms that keep nothing is no reason to wait.
    await connector.services.catalog.createOffer({ id: `${term}-none`, datasets: [`${term}-data`], policy: permitted(validUntil(end)), decision: 'automatic', audience: null })
    const free = () => asked(`${term}-none`, permitted(validUntil(end)), term)
    expect([await free(), await free()]).toMatchObject([{ state: 'AGREED' }, { state: 'AGREED' }])
    const together = await Promise.all([1, 2, 3].map(() => asked(term, permitted(limit))))
    expect(together.map(({ state }) => state).toSorted()).toEqual(['AGREED', 'REQUESTED', 'REQUESTED'])
    const waiting = together.find(({ state }) => state === 'REQUESTED')
    expect(waiting?.reason).toContain(`under a second one ${term} would begin anew`)
    expect(await connector.services.negotiations.approve(waiting?.id ?? '')).toMatchObject({ state: 'AGREED' })
  })

  test('a request that goes beyond the offer waits for a person, who is told where', async () => {
    const negotiation = await asked('automatic', wider)
    expect(negotiation).toMatchObject({ state: 'REQUESTED', reason: expect.stringMatching(/^The request goes beyond the offer: .*\/permission\/0/) })
    expect(await connector.services.negotiations.approve(negotiation.id)).toMatchObject({ state: 'AGREED', reason: 'Approved by a person.' })
  })

  test.each([
    ['nobody named', {}],
    ['the provider', { assignee: own }],
  ])('a request that obliges %s waits for a person, wherever the duty stands', async (_name, who) => {
    const duty = { action: `${odrlIri}inform`, ...who }
    const [permission] = narrower.permission ?? []
    const strange = { action: 'use', assignee: own, constraint: permission?.constraint ?? [] }
    const requests: PolicyTerms[] = [
      { ...narrower, obligation: [duty] },
      { ...narrower, permission: [{ action: 'use', constraint: permission?.constraint ?? [], duty: [duty] }] },
      { ...narrower, permission: [...(narrower.permission ?? []), strange], obligation: [duty] },
      { ...narrower, prohibition: [{ action: `${odrlIri}distribute`, 'odrl:remedy': [duty] }] },
    ]
    for (const policy of requests) expect(await asked('automatic', policy)).toMatchObject({ state: 'REQUESTED', reason: expect.stringContaining('goes beyond the offer') })
  })

  test('a request by which who asks takes on more is agreed', async () => {
    const permission = (narrower.permission ?? []).map((rule) => ({ ...rule, assignee: partnerId }))
    expect(await asked('automatic', { ...narrower, permission, obligation: [{ action: `${odrlIri}inform`, assignee: partnerId }] })).toMatchObject({ state: 'AGREED' })
  })

  test('a manual offer is never agreed by itself', async () => {
    expect(await asked('manual', narrower)).toMatchObject({ state: 'REQUESTED' })
  })

  test('a counter-request is judged against the offer, and our own counter-offer is not undone by it', async () => {
    const first = await asked('automatic', wider)
    const counter = (offer: Json) => partner.send(`${connector.dspAddress}/negotiations/${encodeURIComponent(first.id)}/request`, { '@type': 'ContractRequestMessage', providerPid: first.id, consumerPid: first.counterpartyPid, offer: { '@type': 'Offer', target: 'automatic-data', ...offer } })
    await connector.services.negotiations.counter(first.id, { '@id': 'urn:uuid:stricter', '@type': 'Offer', target: 'automatic-data', ...narrower })
    await partner.next(`/negotiations/${first.counterpartyPid}/offers`)
    expect((await counter({ '@id': 'urn:uuid:stricter', ...statistics })).status).toBe(200)
    expect(await connector.services.negotiations.get(first.id)).toMatchObject({ state: 'REQUESTED', reason: expect.stringContaining('no longer current') })
  })

  test.each([
    ['a term nobody knows', permitted(constraint('our:phaseOfMoon', 'eq', 'full')), '/offer/permission/0/constraint/0'],
    ['a profile nobody knows', { ...permitted(), profile: 'https://example.org/profile' }, '/offer/profile'],
    ['an action nobody knows', { permission: [{ action: 'juggle' }] }, '/offer/permission/0/action'],
    ['a dimension the dataset does not declare', permitted(constraint('our:rowScope#street', 'eq', 'Sants')), '/offer'],
    ['terms that are over', permitted(validUntil('2026-03-01T00:00:00Z')), '/offer'],
    ['terms for somebody else', permitted(constraint('recipient', 'eq', { '@id': 'did:web:other.example' })), '/offer'],
  ] as const)('a request with %s is refused at once', async (_name, policy, place) => {
    const before = (await connector.services.negotiations.list({ limit: 1000 })).items.length
    const { status, body } = await ask('automatic', policy)
    expect([status, body['code']]).toEqual([400, expect.stringMatching(/^(unsupported|invalid)-policy$/)])
    expect(JSON.stringify(body['reason'])).toContain(place)
    expect((await connector.services.negotiations.list({ limit: 1000 })).items).toHaveLength(before)
  })

  test('an offer that is over, or for others, does not exist', async () => {
    await offered('over', permitted(validUntil('2026-04-01T00:00:00Z')))
    await offered('grouped', permitted(constraint('our:partnerGroup', 'isAnyOf', ['municipalities'])))
    const forGroup = permitted(constraint('our:partnerGroup', 'isAnyOf', ['municipalities']))
    expect((await ask('grouped', forGroup)).body).toMatchObject({ code: 'unknown-offer' })
    await updatePartner(connector.services.database.db, partnerId, { groups: ['municipalities'] }, start)
    expect(await asked('grouped', forGroup)).toMatchObject({ state: 'AGREED' })
    now = new Date('2026-04-01T00:00:00.001Z')
    const answers = [await ask('over', permitted(validUntil('2026-04-01T00:00:00Z'))), await ask('nothing', statistics)]
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body['code'], body['reason']]))).size).toBe(1)
  })

  test('nothing is agreed after it has become unenforceable, whoever decides', async () => {
    const scoped = permitted(constraint('our:rowScope#district', 'eq', 'Sants'))
    // HTTP sources have no rows to scope: it is a table's facts that change here.
    const { catalog, negotiations } = connector.services
    await catalog.createDataset({ id: 'table-data', metadata: { title: { en: 'Table' } }, source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/a', '/b'], requestHeaders: [], secrets: [] } })
    await catalog.createOffer({ id: 'table', datasets: ['table-data'], policy: permitted(validUntil('2026-06-01T00:00:00Z')), decision: 'manual', audience: null })
    const waiting = await asked('table', permitted(validUntil('2026-06-01T00:00:00Z')))
    now = new Date('2026-06-01T00:00:01Z')
    await expect(negotiations.approve(waiting.id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('This cannot be agreed: /offer: nothing is permitted any more') })
    await expect(negotiations.counter(waiting.id, { '@id': 'urn:uuid:c', '@type': 'Offer', target: 'table-data', ...scoped })).rejects.toMatchObject({ code: 'unsupported-policy', message: expect.stringContaining('/offer/permission/0/constraint/0') })
    expect(await negotiations.get(waiting.id)).toMatchObject({ state: 'REQUESTED' })
  })
})

describe('as consumer', () => {
  const theirs = (policy: PolicyTerms) => ({ '@id': 'their-offer', '@type': 'Offer', target: 'their-data', ...policy }) as const

  async function asking(policy: PolicyTerms) {
    const { negotiations } = connector.services
    const { id } = await negotiations.request({ partner: partnerId, offer: theirs(policy) })
    const { counterpartyPid } = await until(() => negotiations.get(id), (negotiation) => negotiation.counterpartyPid !== null)
    const pids = { consumerPid: id, providerPid: counterpartyPid }
    const tell = (path: string, message: Json) => partner.send(`${connector.dspAddress}/negotiations/${encodeURIComponent(id)}/${path}`, { ...pids, ...message })
    return { id, tell, now: () => negotiations.get(id) }
  }
  const agreement = (policy: PolicyTerms, more: Json = {}) => ({ '@type': 'ContractAgreementMessage', agreement: { '@id': `urn:uuid:${randomUUID()}`, '@type': 'Agreement', target: 'their-data', assigner: partnerId, assignee: own, timestamp: start.toISOString(), ...policy, ...more } })

  test('asks for no terms that it does not know', async () => {
    await expect(connector.services.negotiations.request({ partner: partnerId, offer: theirs(permitted(constraint('our:phaseOfMoon', 'eq', 'full'))) })).rejects.toMatchObject({ code: 'unsupported-policy' })
  })

  test('accepts an offer that equals what was asked; anything else waits, narrower too', async () => {
    const same = await asking(statistics)
    await same.tell('offers', { '@type': 'ContractOfferMessage', offer: theirs(statistics) })
    expect(await same.now()).toMatchObject({ state: 'ACCEPTED' })
    for (const other of [narrower, wider]) {
      const differing = await asking(statistics)
      await differing.tell('offers', { '@type': 'ContractOfferMessage', offer: theirs(other) })
      expect(await differing.now()).toMatchObject({ state: 'OFFERED', reason: expect.stringContaining('differs') })
    }
    const unknown = await asking(statistics)
    expect((await unknown.tell('offers', { '@type': 'ContractOfferMessage', offer: theirs(permitted(constraint('our:phaseOfMoon', 'eq', 'full'))) })).body).toMatchObject({ code: 'unsupported-policy' })
    expect(await unknown.now()).toMatchObject({ state: 'REQUESTED' })
  })

  test('keeps an agreement that says the same in other words, with its end and what is to be done', async () => {
    const policy: PolicyTerms = {
      ...permitted(validUntil(end), constraint('elapsedTime', 'lteq', duration('P30D'))),
      obligation: [{ action: `${odrlIri}delete`, assignee: own, constraint: [constraint('dateTime', 'lteq', dateTime('2026-12-01T00:00:00Z'))] }],
    }
    const { tell, id } = await asking(policy)
    const compact = JSON.parse(JSON.stringify(policy).replaceAll(odrlIri, 'odrl:'))
    expect((await tell('agreement', agreement(compact))).status).toBe(200)
    expect(await connector.services.negotiations.get(id)).toMatchObject({ state: 'VERIFIED' })
    await tell('events', { '@type': 'ContractNegotiationEventMessage', eventType: 'FINALIZED' })
    const { agreementId } = await connector.services.negotiations.get(id)
    expect(await connector.services.agreements.get(agreementId ?? '')).toMatchObject({ endsAt: new Date(start.getTime() + 30 * 86_400_000) })
    const { items } = await connector.services.obligations.list({ limit: 10, agreement: agreementId ?? '' })
    expect(items).toMatchObject([{ role: 'consumer', counterparty: partnerId, place: '/obligation/0', kind: 'obligation', action: `${odrlIri}delete`, assignee: own, dueAt: new Date('2026-12-01T00:00:00Z'), state: 'open' }])
  })

  test.each([
    ['less', narrower],
    ['more', wider],
    ['a term nobody knows', permitted(constraint('our:phaseOfMoon', 'eq', 'full'))],
  ] as const)('refuses an agreement that says %s', async (_name, policy) => {
    const { tell, now: state } = await asking(statistics)
    expect((await tell('agreement', agreement(policy))).status).toBe(200)
    expect(await state()).toMatchObject({ state: 'TERMINATED', agreementId: null })
  })
})

test('both sides store the same end and the same obligations, and the record says so', async () => {
  await using space = await startDataspace()
  const { provider, consumer } = space
  const { catalog } = provider.services
  await catalog.createDataset({ id: 'data', metadata: { title: { en: 'Data' } }, source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'], requestHeaders: [], secrets: [] } })
  const policy: PolicyTerms = { profile: profileIri, permission: [{ action: 'use', duty: [{ action: `${odrlIri}inform` }] }], obligation: [{ action: `${odrlIri}delete`, constraint: [constraint('delayPeriod', 'lteq', duration('P90D'))] }] }
  const offer = await catalog.createOffer({ id: 'urn:uuid:offer', datasets: ['data'], policy, decision: 'automatic', audience: null })
  const { id } = await consumer.services.negotiations.request({ partner: provider.id, offer: { '@id': 'urn:uuid:offer', '@type': 'Offer', target: 'data', ...offer.policy } })
  await space.settle()
  const { agreementId, state, error } = await consumer.services.negotiations.get(id)
  expect([state, error]).toEqual(['FINALIZED', null])
  const lists = await Promise.all([provider, consumer].map(async ({ services }) => (await services.obligations.list({ limit: 10 })).items))
  for (const [index, items] of lists.entries()) {
    const { signedAt } = await consumer.services.agreements.get(agreementId ?? '')
    expect(items).toHaveLength(2)
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ agreementId, role: index === 0 ? 'provider' : 'consumer', kind: 'duty', action: `${odrlIri}inform`, place: '/permission/0/duty/0', state: 'open', dueAt: null }),
        expect.objectContaining({ agreementId, kind: 'obligation', action: `${odrlIri}delete`, dueAt: new Date(Date.parse(signedAt) + 90 * 86_400_000) }),
      ]),
    )
  }
  expect((await provider.services.audit.entries({ limit: 10, type: 'agreement.stored' })).at(-1)).toMatchObject({ obligations: 2 })
}, 60_000)

test('a record tells why its step was taken, not why the one before it was', async () => {
  const { id, counterpartyPid } = await asked('automatic', statistics)
  const agreementId = String((await agreementOf(counterpartyPid))['@id'])
  expect((await partner.send(`${connector.dspAddress}/negotiations/${id}/agreement/verification`, { '@type': 'ContractAgreementVerificationMessage', consumerPid: counterpartyPid, providerPid: id })).status).toBe(200)
  const records = await until(() => connector.services.audit.entries({ agreement: agreementId, limit: 10 }), (entries) => entries.some(({ type }) => type === 'negotiation.finalized'))
  const [offer] = await connector.services.audit.entries({ type: 'offer.created', limit: 1 })
  // What was offered is what was agreed.
  expect(records.find(({ type }) => type === 'agreement.stored')).toMatchObject({ policySha256: offer?.['policySha256'], messageSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  const reasons = records.flatMap(({ type, by, reason }) => (type.startsWith('negotiation.') ? [[type, by, reason]] : []))
  expect(reasons).toEqual([
    ['negotiation.agreed', 'self', 'The request equals the current offer.'],
    ['negotiation.verified', 'partner', undefined],
    ['negotiation.finalized', 'self', 'The agreement was verified.'],
  ])
})
