import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { odrlIri, profileIri } from '../../src/policy/profile.ts'
import { commandFor, jsonFrom as json, runCommand } from '../helpers/command.ts'
import { startDataspace } from '../helpers/dataspace.ts'
import type { Dataspace } from '../helpers/dataspace.ts'
import { constraint, duration, integer } from '../helpers/terms.ts'

let dataspace: Dataspace
let folder: string
let provider: ReturnType<typeof commandFor>
let consumer: ReturnType<typeof commandFor>

beforeAll(async () => {
  dataspace = await startDataspace()
  folder = await mkdtemp(join(tmpdir(), 'concordat-cli-terms-'))
  provider = commandFor(dataspace.provider)
  consumer = commandFor(dataspace.consumer)
})
afterAll(async () => {
  await dataspace.close()
  await rm(folder, { recursive: true })
})

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const declared = ['--dimension', 'district', '--dimension', 'week', '--protected-unit', 'card=cards:sum', '--geometry', 'lon,lat']

test('from facts and groups to an agreement under terms, what it asks for, and its revocation', async () => {
  const spending = await file('spending.csv', 'district,week,cards,lon,lat\nSants,2026-W01,12,2.13,41.37\n')
  const dataset = await json(provider, 'dataset', 'add', '--file', spending, '--title', 'Spending', ...declared)
  expect(dataset.metadata).toMatchObject({ dimensions: ['district', 'week'], protectedUnits: [{ name: 'card', column: 'cards', counts: 'sum' }], geometry: { longitude: 'lon', latitude: 'lat' } })
  expect((await provider('dataset', 'show', dataset.id)).out).toContain('district, week')

  const policy = {
    profile: profileIri,
    permission: [{ action: `${profileIri}queryAggregate`, constraint: [constraint('our:partnerGroup', 'isAnyOf', ['cities']), constraint('our:minGroupSize#card', 'gteq', integer(10)), constraint('elapsedTime', 'lteq', duration('P30D'))] }],
    obligation: [{ action: `${odrlIri}delete`, constraint: [constraint('delayPeriod', 'lteq', duration('P40D'))] }],
  }
  const offer = await json(provider, 'offer', 'add', dataset.id, '--policy', await file('policy.json', JSON.stringify(policy)))
  expect(offer.policy.permission[0].constraint).toHaveLength(3)
  expect((await json(consumer, 'catalog', dataspace.provider.id, '--all')).items).toEqual([])
  expect(await json(provider, 'partner', 'update', dataspace.consumer.id, '--group', 'cities')).toMatchObject({ groups: ['cities'] })
  const [found] = (await json(consumer, 'catalog', dataspace.provider.id, '--all')).items
  const negotiation = await json(consumer, 'negotiate', dataspace.provider.id, found.hasPolicy[0]['@id'])
  expect(negotiation.state).toBe('FINALIZED')
  const agreement = String(negotiation.agreement)

  const refused = await provider('dataset', 'update', dataset.id, '--dimension', 'week', '--protected-unit', 'card=cards:max', '--clear', 'protectedUnits')
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(`The offer ${offer.id} could not be enforced after this change`) })

  const shown = await json(provider, 'agreement', 'show', agreement)
  expect(shown).toMatchObject({ obligations: 1, endsAt: new Date(Date.parse(shown.signedAt) + 30 * 86_400_000).toISOString() })
  expect((await consumer('agreement', 'show', agreement, '--lang', 'es')).out).toMatch(/\b10\b.*card.*\[[^\]]+\]$/m)

  const transfer = await json(consumer, 'transfer', 'start', agreement)
  for (const side of [provider, consumer]) {
    const { items } = await json(side, 'obligation', 'list', '--agreement', agreement, '--state', 'open')
    expect(items).toMatchObject([{ kind: 'obligation', action: `${odrlIri}delete`, overdue: false }])
    expect(await json(side, 'obligation', 'show', items[0].id)).toMatchObject({ id: items[0].id })
    expect((await side('obligation', 'list')).out).toContain(items[0].id)
  }
  const [{ id }] = (await json(provider, 'obligation', 'list')).items
  expect(await json(provider, 'obligation', 'fulfil', id, '--note', 'Certificate')).toMatchObject({ state: 'fulfilled', note: 'Certificate' })
  expect(await json(provider, 'obligation', 'violate', id)).toMatchObject({ state: 'violated' })

  expect(await consumer('agreement', 'revoke', agreement)).toMatchObject({ code: 1, err: expect.stringContaining('its provider revokes it') })
  expect(Date.parse((await json(provider, 'agreement', 'revoke', agreement, '--reason', 'The purpose has changed')).endsAt)).toBeLessThanOrEqual(Date.now())
  await dataspace.settle()
  expect(await json(consumer, 'transfer', 'show', transfer.id)).toMatchObject({ state: 'TERMINATED', error: expect.stringContaining('The purpose has changed') })
  expect((await json(provider, 'audit', 'list', '--type', 'agreement.revoked')).items).toMatchObject([{ agreement, reason: 'The purpose has changed', actor: 'operator' }])
})

test.each([
  [['dataset', 'add', '--title', 'T', '--file', 'x', '--protected-unit', 'card=cards'], '--protected-unit takes name=column:distinct'],
  [['dataset', 'add', '--title', 'T', '--file', 'x', '--geometry', 'lon'], '--geometry takes two columns'],
  [['partner', 'update', 'did:web:x'], 'Nothing is to be changed'],
])('%j is wrong usage', async (args, message) => {
  expect(await runCommand([...args, '--url', 'http://127.0.0.1:9', '--token', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining(message) })
})
