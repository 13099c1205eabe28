import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { profileIri } from '../../src/policy/profile.ts'
import { readPolicy } from '../../src/policy/read/read.ts'
import { requireProfile } from '../../src/policy/offer/require-profile.ts'
import { startTestConnector } from '../helpers/dataspace.ts'
import type { TestConnector } from '../helpers/dataspace.ts'
import { createRandom } from '../helpers/random.ts'
import { createFuzzer } from './fuzzer.ts'
import { prepareGoverned } from './governed.ts'
import type { GovernedGround } from './governed.ts'
import { prepareGround } from './ground.ts'
import type { FuzzGround } from './ground.ts'
import { prepareLogs } from './log.ts'
import type { LogFuzz } from './log.ts'
import { checkHeld } from './offering.ts'
import { facts } from './policies.ts'
import { judgePolicy } from './policy-rules.ts'

// A small part of `npm run fuzz`, the same at every run. Seeds that once found a fault are kept here.

let connector: TestConnector
let asking: TestConnector
let ground: FuzzGround
let governed: GovernedGround
let logs: LogFuzz
const target = (started: TestConnector) => ({ ...started, lastWords: () => '' })

beforeAll(async () => {
  ;[connector, asking] = await Promise.all([startTestConnector(), startTestConnector()])
  ground = await prepareGround(target(connector))
  governed = await prepareGoverned(target(connector), target(asking), ground)
  logs = await prepareLogs(target(connector), ground)
})
afterAll(async () => {
  await ground.close()
  await Promise.all([connector.close(), asking.close()])
})

test.each([1, 7])('120 mutated messages, seed %d: no 5xx, nothing withheld, no gap in the record, and it still works', async (seed) => {
  const fuzzer = createFuzzer({ connector: target(connector), asking: target(asking), ground, governed, logs, random: createRandom(seed) })
  await ground.replenish()
  let left = 120
  const worker = async () => {
    while (left-- > 0) await fuzzer.sendOne()
  }
  await Promise.all(Array.from({ length: 12 }, worker))
  await fuzzer.close()
  expect(fuzzer.tally.faults).toEqual([])
  await ground.negotiate()
  const entries = await connector.services.audit.entries({ limit: 100_000 })
  expect(entries.map(({ index }) => index)).toEqual(entries.map((_, place) => place))
  expect((await checkHeld(target(connector))).faults).toEqual([])
})

describe('policies that once were a fault', () => {
  const until = (unit: string) => ({ leftOperand: 'dateTime', operator: 'lteq', rightOperand: { '@value': '2031-12-31', '@type': 'xsd:date' }, unit })
  const permission = (...constraint: readonly object[]) => ({ action: 'use', constraint })
  const roles = (operator: string, values: readonly string[]) => ({ leftOperand: `${profileIri}role`, operator, rightOperand: values })
  const named = (count: number) => Array.from({ length: count }, (_, index) => `role-${index}`)
  const faults: readonly (readonly [string, object])[] = [
    ['a zone that is none, where times are explained', { permission: [permission(until('+25:00'))] }],
    ['thousands of rules with times of distant zones', { permission: Array.from({ length: 1_500 }, () => permission(until('Europe/Madrid'))) }],
    ['a rule with thousands of them', { permission: [permission(...Array.from({ length: 1_500 }, () => until('Europe/Madrid')))] }],
    ['values by the thousand, excluded one by one', { profile: profileIri, permission: [permission(roles('isAnyOf', named(5_000)), ...Array.from({ length: 3_000 }, () => roles('neq', ['x'])))] }],
    ['long lists, each within the other', { profile: profileIri, permission: [permission(roles('isAnyOf', named(2_000)), roles('isAnyOf', named(2_000).toReversed()))] }],
    ['many rules that are all within each other', { permission: Array.from({ length: 99 }, () => permission(until('UTC'))) }],
    ['an action that is named by the hundred, each refined', { permission: [{ action: Array.from({ length: 500 }, () => ({ 'rdf:value': { '@id': 'odrl:use' }, 'refinement': [until('UTC')] })) }] }],
    ['a context with a term that is called like a method', { '@context': ['http://www.w3.org/ns/odrl.jsonld', { ex: 'http://example.com/', hasOwnProperty: { x: true } }], 'permission': [{ action: 'use' }] }],
  ]
  test.each(faults)('%s', async (_what, document) => {
    expect((await judgePolicy(document, facts)).fault).toBeUndefined()
    const { status } = await fetch(`${connector.managementUrl}/offers`, { method: 'POST', headers: { 'authorization': `Bearer ${connector.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ datasets: [ground.datasets[0]], policy: document, decision: 'manual' }) })
    expect([201, 400, 413]).toContain(status)
  })

  test('what may be agreed has a size', () => {
    const sized = (rules: number, constraints: number) => () => requireProfile(readPolicy({ permission: Array.from({ length: rules }, () => permission(...Array.from({ length: constraints }, () => until('UTC')))) }))
    expect(sized(100, 5)).not.toThrow()
    expect(sized(101, 1)).toThrow('The policy: has more than 100 rules')
    expect(sized(1, 501)).toThrow('The policy: has more than 500 constraints')
    expect(() => requireProfile(readPolicy({ profile: profileIri, permission: [permission(roles('isAnyOf', named(5_001)))] }))).toThrow('The policy: has more than 5000 values')
  })
})
