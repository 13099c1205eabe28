import type { PolicyRequest, Truth, World } from '../../../src/policy/decision.ts'
import type { AtomicConstraint, Constraint, Policy, PolicyRule, PolicyValue, RefinedTerm } from '../../../src/policy/model.ts'

// Says what policies mean, as plainly as can be: nothing is compiled, nothing is remembered, nothing is left early.

const odrl = 'http://www.w3.org/ns/odrl/2/'
const day = 86_400_000
/** Actions of the generated policies and what they are part of. */
export const partOfAction: Readonly<Record<string, readonly string[]>> = {
  [`${odrl}use`]: [],
  [`${odrl}transfer`]: [],
  [`${odrl}read`]: [`${odrl}use`],
  [`${odrl}modify`]: [`${odrl}use`, `${odrl}write`],
  [`${odrl}write`]: [`${odrl}use`, `${odrl}modify`],
  [`${odrl}display`]: [`${odrl}play`, `${odrl}use`],
  [`${odrl}play`]: [`${odrl}use`],
  [`${odrl}sell`]: [`${odrl}transfer`],
}

type Value = string | number | boolean | Date

const all = (truths: readonly Truth[]): Truth => (truths.includes(false) ? false : truths.includes(null) ? null : true)
const some = (truths: readonly Truth[]): Truth => (truths.includes(true) ? true : truths.includes(null) ? null : false)
const not = (truth: Truth): Truth => (truth === null ? null : !truth)

function equal(left: Value, right: PolicyValue): Truth {
  return ordered(left, right, (low, high, value) => value >= low && value <= high, true)
}

/** Compares by a number that stands for the value: of a day, its first and last millisecond. */
function ordered(left: Value, right: PolicyValue, holds: (low: number, high: number, value: number) => boolean, isEqual = false): Truth {
  const type = 'iri' in right ? 'string' : right.datatype.split('#')[1]
  const text = 'iri' in right ? right.iri : right.value
  if (type === 'date' || type === 'dateTime') {
    const value = left instanceof Date ? left.getTime() : typeof left === 'string' ? Date.parse(left) : Number.NaN
    const low = Date.parse(text)
    return Number.isNaN(value) ? null : holds(low, type === 'date' ? low + day - 1 : low, value)
  }
  if (type === 'integer' || type === 'decimal') {
    const value = typeof left === 'number' ? left : typeof left === 'string' && /^-?\d+(\.\d+)?$/.test(left) ? Number(left) : Number.NaN
    return Number.isNaN(value) ? null : holds(Number(text), Number(text), value)
  }
  // Texts are equal or not; they have no order.
  return typeof left === 'string' && isEqual ? left === text : null
}

function isWithin(member: Value, whole: PolicyValue, world: World): Truth {
  return typeof member === 'string' ? world.partOf(member).has('iri' in whole ? whole.iri : whole.value) : null
}

/** What all say, or unknown when they differ. */
function unanimous(truths: readonly Truth[]): Truth {
  return truths.length > 0 && truths.every((each) => each === truths[0]) ? (truths[0] ?? null) : null
}

function atomic({ leftOperand, operator, rightOperand }: AtomicConstraint, request: PolicyRequest, world: World): Truth {
  const given = request.context.get(leftOperand) ?? (leftOperand === `${odrl}dateTime` ? world.now : undefined)
  const [first] = rightOperand
  if (first === undefined) return null
  if (given === undefined) {
    if (leftOperand !== `${odrl}elapsedTime` || world.agreedAt === undefined || !('value' in first)) return null
    const end = world.agreedAt.getTime() + Number(/^P(\d+)D$/.exec(first.value)?.[1]) * day
    return operator === 'lt' ? world.now.getTime() < end : world.now.getTime() <= end
  }
  const values: readonly Value[] = Array.isArray(given) ? given : [given]
  const among = (right: PolicyValue) => some(values.map((value) => equal(value, right)))
  const order = (holds: (low: number, high: number, value: number) => boolean): Truth => (values.length === 1 && values[0] !== undefined ? ordered(values[0], first, holds) : null)
  switch (operator) {
    case 'eq':
    case 'isAnyOf':
      return some(rightOperand.map(among))
    case 'neq':
    case 'isNoneOf':
      return not(some(rightOperand.map(among)))
    case 'isAllOf':
      return all(rightOperand.map(among))
    case 'isA':
    case 'isPartOf':
      return unanimous(values.map((value) => some(rightOperand.map((right) => isWithin(value, right, world)))))
    case 'hasPart':
      return values.every((value) => typeof value === 'string') ? unanimous(rightOperand.map((right) => some(values.map((value) => isWithin('iri' in right ? right.iri : right.value, { iri: value }, world))))) : null
    case 'lt':
      return order((low, _high, value) => value < low)
    case 'lteq':
      return order((_low, high, value) => value <= high)
    case 'gt':
      return order((_low, high, value) => value > high)
    case 'gteq':
      return order((low, _high, value) => value >= low)
  }
}

export function truthOf(constraint: Constraint, request: PolicyRequest, world: World): Truth {
  if (constraint.kind === 'atomic') return atomic(constraint, request, world)
  const truths = constraint.parts.map((part) => truthOf(part, request, world))
  if (constraint.operator === 'or') return some(truths)
  if (constraint.operator !== 'xone') return all(truths)
  const holding = truths.filter((each) => each === true).length
  if (holding > 1) return false
  return truths.includes(null) ? null : holding === 1
}

function about(terms: readonly RefinedTerm[], asked: string | undefined, [request, world, isMeant]: [PolicyRequest, World, (iri: string) => boolean]): Truth {
  if (terms.length === 0) return true
  return some(terms.map(({ iri, refinements }) => all([asked === undefined ? null : isMeant(iri), ...refinements.map((each) => truthOf(each, request, world))])))
}

/** Whether a duty does not stand in the way. */
function settled(duty: PolicyRule, request: PolicyRequest, world: World): Truth {
  const has = (ids: ReadonlySet<string>, { id, at }: PolicyRule) => ids.has(id) || ids.has(at)
  const done = has(world.fulfilled, duty)
  if (has(world.violated, duty)) return done && duty.consequences.length > 0 && duty.consequences.every((each) => has(world.fulfilled, each) && !has(world.violated, each))
  if (done) return true
  const applies = all(duty.constraints.map((each) => truthOf(each, request, world)))
  return applies === null ? null : !applies
}

export function holds(rule: PolicyRule, request: PolicyRequest, world: World): Truth {
  return all([
    about(rule.actions, request.action, [request, world, (iri) => request.action === iri || (partOfAction[request.action] ?? []).includes(iri)]),
    about(rule.targets, request.target, [request, world, (iri) => request.target !== undefined && world.partOf(request.target).has(iri)]),
    about(rule.assignees, request.assignee, [request, world, (iri) => request.assignee !== undefined && world.partOf(request.assignee).has(iri)]),
    ...rule.constraints.map((each) => truthOf(each, request, world)),
    ...rule.duties.map((each) => settled(each, request, world)),
  ])
}

/** Whether a policy permits a request: the place of the permission that does, or why none does. */
export function decideNaively(policy: Policy, request: PolicyRequest, world: World): string {
  const permission = policy.rules.find((rule) => rule.kind === 'permission' && holds(rule, request, world) === true)
  const prohibition = policy.rules.find((rule) => rule.kind === 'prohibition' && holds(rule, request, world) !== false)
  if (permission !== undefined && (prohibition === undefined || policy.conflict === 'perm')) return permission.at
  if (prohibition !== undefined) return permission !== undefined && policy.conflict === 'invalid' ? 'conflict' : 'prohibited'
  return 'no-permission'
}
