import type { ContextValue, PolicyRequest, World } from '../../../src/policy/decision.ts'
import type { Constraint, Policy, PolicyRule, PolicyValue, RefinedTerm, RuleKind } from '../../../src/policy/model.ts'
import { partOfAction } from './naive.ts'

const odrl = 'http://www.w3.org/ns/odrl/2/'
const xsd = 'http://www.w3.org/2001/XMLSchema#'

/** Whole numbers below a bound, always the same ones for a seed (mulberry32). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export type Random = ReturnType<typeof createRandom>

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[random(from.length)]
  if (found === undefined) throw new Error('There is nothing to pick from')
  return found
}

/** Sometimes none, sometimes a few. */
function few<T>(random: Random, most: number, make: (index: number) => T): T[] {
  return Array.from({ length: random(most + 1) }, (_none, index) => make(index))
}

const actions = Object.keys(partOfAction)
const things = ['urn:x', 'urn:y', 'urn:all']
const parties = ['urn:alice', 'urn:bob', 'urn:city']
const concepts = ['urn:statistics', 'urn:research', 'urn:marketing', 'urn:public']
const above: Readonly<Record<string, readonly string[]>> = { 'urn:x': ['urn:all'], 'urn:alice': ['urn:city'], 'urn:statistics': ['urn:research', 'urn:public'], 'urn:research': ['urn:public'] }
const times = ['2026-01-31T00:00:00Z', '2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00Z', '2026-03-01T01:30:00+02:00']
const days = ['2026-02-28', '2026-03-01', '2028-02-29']
const numbers = ['3', '5', '5.5', '-1', '0']
const duties = ['urn:duty', '/permission/0/duty/0', 'urn:fine']

const literal = (value: string, type: string): PolicyValue => ({ value, datatype: xsd + type })

function atomicConstraint(random: Random, at: string): Constraint {
  const base = { kind: 'atomic', id: at, at } as const
  const order = pick(random, ['eq', 'neq', 'lt', 'lteq', 'gt', 'gteq'] as const)
  const sets = pick(random, ['isAnyOf', 'isNoneOf', 'isAllOf', 'isA', 'isPartOf', 'hasPart'] as const)
  const concept = (): PolicyValue => ({ iri: pick(random, concepts) })
  switch (random(7)) {
    case 0:
      return { ...base, leftOperand: `${odrl}dateTime`, operator: order, rightOperand: [random(2) === 0 ? literal(pick(random, times), 'dateTime') : literal(pick(random, days), 'date')] }
    case 1:
      return { ...base, leftOperand: `${odrl}count`, operator: order, rightOperand: [literal(pick(random, numbers), 'decimal')] }
    case 2:
      return { ...base, leftOperand: `${odrl}elapsedTime`, operator: pick(random, ['lt', 'lteq'] as const), rightOperand: [literal(pick(random, ['P0D', 'P28D', 'P400D']), 'duration')] }
    case 3:
      return { ...base, leftOperand: `${odrl}percentage`, operator: sets, rightOperand: [literal(pick(random, numbers), 'decimal'), literal(pick(random, numbers), 'decimal')] }
    case 4:
      return { ...base, leftOperand: `${odrl}purpose`, operator: order, rightOperand: [concept()] }
    default:
      return { ...base, leftOperand: `${odrl}${pick(random, ['purpose', 'language'])}`, operator: sets, rightOperand: [concept(), ...few(random, 2, concept)] }
  }
}

export function randomConstraint(random: Random, at: string, depth = 0): Constraint {
  if (depth >= 3 || random(3) > 0) return atomicConstraint(random, at)
  const operator = pick(random, ['and', 'or', 'xone', 'andSequence'] as const)
  const parts = [0, ...few(random, 3, (index) => index + 1)].map((index) => randomConstraint(random, `${at}/${operator}/${index}`, depth + 1))
  return { kind: 'logical', id: at, at, operator, parts }
}

function terms(random: Random, from: readonly string[], at: string): RefinedTerm[] {
  return few(random, random(3), (index) => ({ iri: pick(random, from), refinements: random(8) === 0 ? [randomConstraint(random, `${at}/${index}/refinement/0`)] : [] }))
}

const empty = { targets: [], assigners: [], assignees: [], duties: [], consequences: [], remedies: [], functions: {} }

export function randomRule(random: Random, kind: RuleKind, at: string): PolicyRule {
  return {
    ...empty,
    id: at,
    at,
    kind,
    actions: terms(random, actions, `${at}/action`),
    targets: terms(random, things, `${at}/target`),
    assignees: terms(random, parties, `${at}/assignee`),
    constraints: few(random, 2, (index) => randomConstraint(random, `${at}/constraint/${index}`)),
    duties: kind === 'permission' && random(4) === 0 ? few(random, 2, (index) => randomDuty(random, `${at}/duty/${index}`)) : [],
  }
}

function randomDuty(random: Random, at: string): PolicyRule {
  // What bounds a duty in time is its deadline, which the random ones have not.
  const constraints = few(random, 1, (index): Constraint => ({ kind: 'atomic', id: `${at}/constraint/${index}`, at: `${at}/constraint/${index}`, leftOperand: `${odrl}purpose`, operator: 'isA', rightOperand: [{ iri: pick(random, concepts) }] }))
  const action = [{ iri: `${odrl}compensate`, refinements: [] }]
  const consequence: PolicyRule = { ...empty, id: 'urn:fine', at: `${at}/consequence/0`, kind: 'duty', actions: action, constraints: [] }
  return { ...empty, id: random(2) === 0 ? 'urn:duty' : at, at, kind: 'duty', actions: action, constraints, consequences: random(2) === 0 ? [consequence] : [] }
}

export function randomPolicy(random: Random): Policy {
  const rules = (['permission', 'prohibition', 'obligation'] as const).flatMap((kind) => few(random, kind === 'permission' ? 3 : 1, (index) => randomRule(random, kind, `/${kind}/${index}`)))
  return { id: 'urn:p', type: 'Set', profiles: [], conflict: pick(random, ['perm', 'prohibit', 'invalid'] as const), inheritFrom: [], rules }
}

export function randomRequest(random: Random): PolicyRequest {
  const context = new Map<string, ContextValue>()
  const sometimes = (term: string, value: () => ContextValue) => void (random(3) > 0 && context.set(odrl + term, value()))
  const concept = () => (random(4) === 0 ? few(random, 2, () => pick(random, concepts)) : random(12) === 0 ? 7 : pick(random, concepts))
  sometimes('purpose', concept)
  sometimes('language', concept)
  sometimes('count', () => (random(3) === 0 ? pick(random, numbers) : random(8)))
  sometimes('percentage', () => (random(3) === 0 ? [3, 5] : random(8)))
  if (random(4) === 0) context.set(`${odrl}dateTime`, random(2) === 0 ? pick(random, times) : new Date(pick(random, times)))
  return {
    action: pick(random, actions),
    ...(random(8) === 0 ? {} : { target: pick(random, things) }),
    ...(random(8) === 0 ? {} : { assignee: pick(random, parties) }),
    context,
  }
}

function partOf(member: string): ReadonlySet<string> {
  return new Set([member, ...(above[member] ?? [])])
}

export function randomWorld(random: Random): World {
  return {
    now: new Date(pick(random, times)),
    ...(random(3) === 0 ? {} : { agreedAt: new Date('2026-02-01T00:00:00Z') }),
    partOf,
    fulfilled: new Set(few(random, 2, () => pick(random, duties))),
    violated: new Set(random(4) === 0 ? [pick(random, duties)] : []),
  }
}
