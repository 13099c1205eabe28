import { expect, test } from 'vitest'
import { decideDocument } from '../../../src/policy/decide/decide-document.ts'

// What the ODRL Information Model 2.2 and the Community Group's formal semantics show in their examples, written anew from what the text says of them.

const odrl = 'http://www.w3.org/ns/odrl.jsonld'
const ex = 'http://example.com/'

interface Asked {
  readonly action: string
  readonly target?: string
  readonly assignee?: string
  readonly context?: Record<string, unknown>
}

async function decide(policy: object, request: Asked, world: object = {}): Promise<string> {
  const { decision } = await decideDocument({ policy: { '@context': odrl, ...policy }, request, world: { now: '2017-06-01T12:00:00Z', ...world } })
  return decision
}

test('a set: anybody may use the asset, and nothing else (example 1)', async () => {
  const policy = { '@type': 'Set', 'uid': `${ex}policy:1010`, 'permission': [{ target: `${ex}asset:9898.movie`, action: 'use' }] }
  expect(await decide(policy, { action: 'play', target: `${ex}asset:9898.movie` })).toBe('permit')
  expect(await decide(policy, { action: 'sell', target: `${ex}asset:9898.movie` })).toBe('deny')
  expect(await decide(policy, { action: 'play', target: `${ex}asset:1.movie` })).toBe('deny')
})

test('an offer and an agreement to play a movie (examples 2 and 3)', async () => {
  const offer = { '@type': 'Offer', 'uid': `${ex}policy:1011`, 'permission': [{ target: `${ex}asset:9898.movie`, assigner: `${ex}party:org:abc`, action: 'play' }] }
  expect(await decide(offer, { action: 'display', target: `${ex}asset:9898.movie` })).toBe('permit')
  const agreement = { ...offer, '@type': 'Agreement', 'permission': [{ ...offer.permission[0], assignee: `${ex}party:person:billie` }] }
  expect(await decide(agreement, { action: 'play', target: `${ex}asset:9898.movie`, assignee: `${ex}party:person:billie` })).toBe('permit')
  expect(await decide(agreement, { action: 'play', target: `${ex}asset:9898.movie`, assignee: `${ex}party:person:bob` })).toBe('deny')
  expect(await decide(agreement, { action: 'play', target: `${ex}asset:9898.movie` })).toBe('deny')
})

test('a collection narrowed by the length of its assets (asset refinement)', async () => {
  const policy = { '@type': 'Set', 'permission': [{ action: 'play', target: { '@type': 'AssetCollection', 'source': `${ex}archive1011`, 'refinement': [{ leftOperand: 'absoluteSize', operator: 'lt', rightOperand: { '@value': '60', '@type': 'xsd:integer' }, unit: 'http://dbpedia.org/resource/Minute' }] } }] }
  const world = { partOf: [[`${ex}movie`, `${ex}archive1011`]] }
  const size = (minutes: number) => decide(policy, { action: 'play', target: `${ex}movie`, context: { absoluteSize: minutes } }, world)
  expect([await size(59), await size(60), await decide(policy, { action: 'play', target: `${ex}movie` }, world), await decide(policy, { action: 'play', target: `${ex}movie`, context: { absoluteSize: 59 } })]).toEqual(['permit', 'deny', 'deny', 'deny'])
})

test('to print in low resolution only (action refinement; B1)', async () => {
  const policy = { '@type': 'Set', 'permission': [{ target: `${ex}document:1234`, assigner: `${ex}party:616`, action: [{ 'rdf:value': { '@id': 'odrl:print' }, 'refinement': [{ leftOperand: 'resolution', operator: 'lteq', rightOperand: { '@value': '1200', '@type': 'xsd:integer' }, unit: 'http://dbpedia.org/resource/Dots_per_inch' }] }] }] }
  const print = (resolution: number) => decide(policy, { action: 'print', target: `${ex}document:1234`, context: { resolution } })
  expect([await print(1200), await print(2400)]).toEqual(['permit', 'deny'])
})

test('to distribute before 2018 (constraint; A1)', async () => {
  const policy = { '@type': 'Set', 'permission': [{ target: `${ex}document:1234`, action: 'distribute', constraint: [{ leftOperand: 'dateTime', operator: 'lt', rightOperand: { '@value': '2018-01-01', '@type': 'xsd:date' } }] }] }
  const on = (now: string) => decide(policy, { action: 'distribute', target: `${ex}document:1234` }, { now })
  expect([await on('2017-12-31T23:59:59Z'), await on('2018-01-01T00:00:00Z')]).toEqual(['permit', 'deny'])
})

test('either of two constraints, not both (logical constraint)', async () => {
  const policy = { '@type': 'Set', 'permission': [{ action: 'reproduce', constraint: [{ xone: { '@list': [{ '@id': `${ex}c1`, 'leftOperand': 'elapsedTime', 'operator': 'eq', 'rightOperand': { '@value': 'P30D', '@type': 'xsd:duration' } }, { '@id': `${ex}c2`, 'leftOperand': 'media', 'operator': 'eq', 'rightOperand': 'online' }] } }] }] }
  const under = (context: Record<string, unknown>) => decide(policy, { action: 'reproduce', context })
  expect([await under({ elapsedTime: 'P30D', media: 'print' }), await under({ elapsedTime: 'P30D', media: 'online' }), await under({ elapsedTime: 'P1D', media: 'online' }), await under({ media: 'online' })]).toEqual(['permit', 'deny', 'permit', 'deny'])
})

test('to play after paying five euros (duty; C1)', async () => {
  const policy = { '@type': 'Agreement', 'permission': [{ assigner: `${ex}assigner:sony`, assignee: `${ex}people/billie`, target: `${ex}music/1999.mp3`, action: 'play', duty: [{ '@id': `${ex}condition/1`, 'action': [{ 'rdf:value': { '@id': 'odrl:compensate' }, 'refinement': [{ leftOperand: 'payAmount', operator: 'eq', rightOperand: { '@value': '5.00', '@type': 'xsd:decimal' }, unit: 'http://dbpedia.org/resource/Euro' }] }] }] }] }
  const asked = { action: 'play', target: `${ex}music/1999.mp3`, assignee: `${ex}people/billie` }
  expect([await decide(policy, asked), await decide(policy, asked, { fulfilled: [`${ex}condition/1`] })]).toEqual(['deny', 'permit'])
})

test('to pay on Sundays only (condition with a constraint; C2)', async () => {
  const policy = { '@type': 'Agreement', 'permission': [{ target: `${ex}music/1999.mp3`, action: 'play', duty: [{ '@id': `${ex}condition/1`, 'action': 'compensate', 'constraint': [{ leftOperand: 'https://w3id.org/concordat/policy/v1/dayOfWeek', operator: 'eq', rightOperand: 'Sunday' }] }] }] }
  const on = (now: string, fulfilled: string[] = []) => decide(policy, { action: 'play', target: `${ex}music/1999.mp3` }, { now, fulfilled })
  expect([await on('2025-08-30T15:00:00Z'), await on('2025-08-31T15:00:00Z'), await on('2025-08-31T15:00:00Z', [`${ex}condition/1`])]).toEqual(['permit', 'deny', 'permit'])
})

test('to display but not archive, where a permission would win (conflict)', async () => {
  const policy = { '@type': 'Agreement', 'conflict': 'perm', 'permission': [{ target: `${ex}photoAlbum:55`, action: 'display', assignee: `${ex}assignee:55` }], 'prohibition': [{ target: `${ex}photoAlbum:55`, action: 'archive', assignee: `${ex}assignee:55` }] }
  const asked = (action: string) => decide(policy, { action, target: `${ex}photoAlbum:55`, assignee: `${ex}assignee:55` })
  expect([await asked('display'), await asked('archive')]).toEqual(['permit', 'deny'])
})

test('one permission for each of two assignees (compact policy)', async () => {
  const policy = { '@type': 'Set', 'uid': `${ex}policy:8888`, 'target': `${ex}music/1999.mp3`, 'assigner': `${ex}org/sony-music`, 'action': 'play', 'permission': [{ assignee: `${ex}people/billie` }, { assignee: `${ex}people/murphy` }] }
  const plays = (assignee: string) => decide(policy, { action: 'play', target: `${ex}music/1999.mp3`, assignee: `${ex}people/${assignee}` })
  expect([await plays('billie'), await plays('murphy'), await plays('alice')]).toEqual(['permit', 'permit', 'deny'])
})

test('what does not say is not permitted: a policy of obligations only', async () => {
  expect(await decide({ '@type': 'Agreement', 'obligation': [{ action: 'delete', target: `${ex}d`, assignee: `${ex}a` }] }, { action: 'delete', target: `${ex}d`, assignee: `${ex}a` })).toBe('deny')
})
