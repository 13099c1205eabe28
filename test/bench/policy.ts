import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { newEnforcer, newModelFromString } from 'casbin'
import { compilePolicy } from '../../src/policy/decide/compile.ts'
import type { CompiledPolicy } from '../../src/policy/decide/compile.ts'
import type { PolicyRequest, World } from '../../src/policy/decision.ts'
import { odrlIri, profileIri } from '../../src/policy/profile.ts'
import { purposesAbove } from '../../src/policy/purposes.ts'
import { readPolicy } from '../../src/policy/read/read.ts'
import type { Bench } from './dataspace.ts'
import { interleaved, row } from './measure.ts'
import type { Row } from './measure.ts'

const dataset = 'urn:dataset:spending'
const lab = 'did:web:lab.example'
const [from, until] = ['2026-01-01T00:00:00Z', '2027-12-31T23:59:59Z']
const purposes = ['dpv:ProvideOfficialStatistics', 'dpv:ScientificResearch']
const now = new Date('2026-03-02T10:00:00Z')

/** Eight constraints beside party, target and action: as an agreement for statistics has them. */
function agreement(number: number): object {
  const hour = { unit: 'Europe/Madrid' }
  return {
    '@id': `urn:agreement:${number}`, '@type': 'Agreement', 'target': `${dataset}:${number}`, 'assigner': 'did:web:city.example', 'assignee': lab, 'odrl:conflict': 'odrl:prohibit',
    'permission': [
      {
        action: 'use',
        constraint: [
          { leftOperand: 'purpose', operator: 'isAnyOf', rightOperand: purposes.map((iri) => ({ '@id': iri })) },
          { leftOperand: `${profileIri}role`, operator: 'isAnyOf', rightOperand: ['analyst', 'auditor'] },
          { leftOperand: 'dateTime', operator: 'gteq', rightOperand: { '@value': from, '@type': 'xsd:dateTime' } },
          { leftOperand: 'dateTime', operator: 'lteq', rightOperand: { '@value': until, '@type': 'xsd:dateTime' } },
          { leftOperand: `${profileIri}dayOfWeek`, operator: 'isAnyOf', rightOperand: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'], ...hour },
          { leftOperand: `${profileIri}hourOfDay`, operator: 'gteq', rightOperand: 8, ...hour },
          { leftOperand: `${profileIri}hourOfDay`, operator: 'lt', rightOperand: 18, ...hour },
          { leftOperand: `${profileIri}legalBasis`, operator: 'eq', rightOperand: { '@id': 'urn:law:statistics' } },
        ],
      },
    ],
    'prohibition': [{ action: 'distribute' }],
  }
}

function request(number: number, role: string): PolicyRequest {
  const context = new Map([[`${odrlIri}purpose`, 'https://w3id.org/dpv#ScientificResearch'], [`${profileIri}role`, role], [`${profileIri}legalBasis`, 'urn:law:statistics']])
  return { action: `${odrlIri}read`, target: `${dataset}:${number}`, assignee: lab, context }
}

const world: World = { now, partOf: purposesAbove, fulfilled: new Set(), violated: new Set() }

/** What decides the policy of agreement 0: whether an analyst (even rounds) or a clerk (odd rounds) may. */
type Decide = (round: number) => boolean

/** Microseconds that a decision takes: half of them permit, half deny. */
function microseconds(decide: Decide, count: number): number {
  let permitted = 0
  const begun = performance.now()
  for (let round = 0; round < count; round++) if (decide(round)) permitted++
  const took = performance.now() - begun
  if (permitted !== Math.ceil(count / 2)) throw new Error(`${permitted} of ${count} were permitted`)
  return (took * 1000) / count
}

/** Decisions of compiled agreements beside engines that are known, all in this process. */
export async function benchPolicy(bench: Bench): Promise<Row[]> {
  const [rounds, scale] = bench.quick ? [2, 100] : [9, 1]
  const many = Math.ceil(10_000 / scale)
  bench.say(`${many} agreements are compiled`)
  const agreements = new Map(Array.from({ length: many }, (_none, number) => [`urn:agreement:${number}`, compilePolicy(readPolicy(agreement(number)))]))
  const sides = { ours: ours(agreements.get('urn:agreement:0')), casbin: await casbinSide(), cedar: cedarSide() } as const
  const counts = { ours: 1_000_000 / scale, casbin: 20_000 / scale, cedar: 4000 / scale } as const
  const names = ['ours', 'casbin', 'cedar'] as const
  const measured = await interleaved(rounds, {
    ours: async () => microseconds(sides.ours, counts.ours),
    casbin: async () => microseconds(sides.casbin, counts.casbin),
    cedar: async () => microseconds(sides.cedar, counts.cedar),
  }, names)
  const values = (name: (typeof names)[number]) => measured.get(name) ?? []
  const permits = Array.from({ length: rounds }, () => permitted(agreements.get('urn:agreement:0'), 1_000_000 / scale))
  const cold = Array.from({ length: rounds }, () => coldDecisions(agreements, 200_000 / scale))
  const grown = Array.from({ length: Math.min(rounds, 3) }, () => growth(sides.ours, 1_000_000 / scale))
  return [
    row({ bench: 'policy', what: 'a decision that permits, hot', unit: 'µs', note: '8 constraints' }, { ours: permits }, { of: 'ours', atMost: 1 }),
    row({ bench: 'policy', what: 'a decision, hot, every other one denied with its reasons', unit: 'µs', note: 'floor: casbin' }, { ours: values('ours'), floor: values('casbin') }, { of: 'ratio', atMost: 1 }),
    row({ bench: 'policy', what: 'a decision, hot, every other one denied with its reasons', unit: 'µs', note: 'floor: cedar-wasm, parsed before' }, { ours: values('ours'), floor: values('cedar') }, { of: 'ratio', atMost: 1 }),
    row({ bench: 'policy', what: `a decision, cold among ${many} agreements`, unit: 'µs' }, { ours: cold }, { of: 'ours', atMost: 10 }),
    row({ bench: 'policy', what: 'memory that 1,000,000 decisions leave', unit: 'MiB' }, { ours: grown }, { of: 'ours', atMost: 1 }),
  ]
}

function ours(compiled: CompiledPolicy | undefined): Decide {
  const asked = [request(0, 'analyst'), request(0, 'clerk')] as const
  if (compiled === undefined) throw new Error('There is no agreement')
  return (round) => compiled.decide(round % 2 === 0 ? asked[0] : asked[1], world).permitted
}

function permitted(compiled: CompiledPolicy | undefined, count: number): number {
  const asked = request(0, 'analyst')
  let permits = 0
  const begun = performance.now()
  for (let round = 0; round < count; round++) if (compiled?.decide(asked, world).permitted === true) permits++
  const took = performance.now() - begun
  if (permits !== count) throw new Error('A request was denied')
  return (took * 1000) / count
}

/** Agreements in an order that leaves nothing in the processor's caches; each request permits. */
function coldDecisions(agreements: ReadonlyMap<string, CompiledPolicy>, count: number): number {
  const asked = Array.from({ length: agreements.size }, (_none, number) => ({ id: `urn:agreement:${number}`, request: request(number, 'analyst') }))
  // What a clock remembers of its time zone counts as compiled.
  for (const { id, request: first } of asked) agreements.get(id)?.decide(first, world)
  const order = Array.from({ length: count }, (_none, round) => asked[(round * 7919) % asked.length])
  let permits = 0
  const begun = performance.now()
  for (const next of order) if (next !== undefined && agreements.get(next.id)?.decide(next.request, world).permitted === true) permits++
  const took = performance.now() - begun
  if (permits !== count) throw new Error(`${count - permits} requests were denied`)
  return (took * 1000) / count
}

/** Mebibytes of the heap that decisions do not give back. */
function growth(decide: Decide, count: number): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed / 1024 ** 2
  }
  microseconds(decide, Math.min(count, 10_000))
  const before = used()
  microseconds(decide, count)
  return Math.max(0, used() - before)
}

const model = `
[request_definition]
r = party, target, action, purpose, role, basis, now, day, hour
[policy_definition]
p = party, target, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.party == p.party && r.target == p.target && isUse(r.action) && r.action != "distribute" && isPurpose(r.purpose) && isRole(r.role) && r.now >= 1767225600000 && r.now <= 1830297599000 && isWorkday(r.day) && r.hour >= 8 && r.hour < 18 && r.basis == "urn:law:statistics"
`

async function casbinSide(): Promise<Decide> {
  const enforcer = await newEnforcer(newModelFromString(model))
  await enforcer.addPolicy(lab, `${dataset}:0`, 'allow')
  const isIn = (...names: readonly string[]) => {
    const set = new Set<unknown>(names)
    return (value: unknown) => set.has(value)
  }
  await enforcer.addFunction('isUse', isIn('read', 'use', 'display'))
  await enforcer.addFunction('isPurpose', isIn('ProvideOfficialStatistics', 'ScientificResearch'))
  await enforcer.addFunction('isRole', isIn('analyst', 'auditor'))
  await enforcer.addFunction('isWorkday', isIn('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'))
  const ask = (role: string) => enforcer.enforceSync(lab, `${dataset}:0`, 'read', 'ScientificResearch', role, 'urn:law:statistics', now.getTime(), 'Monday', 11)
  return (round) => ask(round % 2 === 0 ? 'analyst' : 'clerk')
}

const cedarPolicy = `
permit (principal == Party::"${lab}", action in Action::"use", resource == Dataset::"${dataset}:0")
when {
  ["ProvideOfficialStatistics", "ScientificResearch"].contains(context.purpose) && ["analyst", "auditor"].contains(context.role) && context.now >= 1767225600000 && context.now <= 1830297599000 &&
  ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"].contains(context.day) && context.hour >= 8 && context.hour < 18 && context.basis == "urn:law:statistics"
};
forbid (principal, action in Action::"distribute", resource);`

function cedarSide(): Decide {
  const parsed = cedar.preparsePolicySet('agreement', { staticPolicies: cedarPolicy })
  if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
  const use = { type: 'Action', id: 'use' }
  const entities = ['read', 'distribute'].map((id) => ({ uid: { type: 'Action', id }, attrs: {}, parents: [use] }))
  const ask = (role: string) => {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: 'Party', id: lab }, action: { type: 'Action', id: 'read' }, resource: { type: 'Dataset', id: `${dataset}:0` }, preparsedPolicySetId: 'agreement', entities, validateRequest: false,
      context: { purpose: 'ScientificResearch', role, basis: 'urn:law:statistics', now: now.getTime(), day: 'Monday', hour: 11 },
    })
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
    return answer.response.decision === 'allow'
  }
  return (round) => ask(round % 2 === 0 ? 'analyst' : 'clerk')
}
