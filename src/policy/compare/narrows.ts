import { actionsAbove } from '../decide/actions.ts'
import { constraintText, termOf } from './constraint-text.ts'
import { contradiction } from '../offer/contradiction.ts'
import { directConstraints, isBesideDecision } from '../direct-constraints.ts'
import { implies, isSame } from './implication.ts'
import type { PartOf } from './implication.ts'
import type { Constraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'
import { purposesAbove } from '../purposes.ts'
import { permitsRows } from '../terms/restriction-of.ts'

/**
 * Why `narrower` permits more, or asks for less, than `wider`; undefined when it surely does not. Rules are compared one by one: each
 * permission must be within one of the wider policy's, and each prohibition, obligation and duty of the wider policy must be kept.
 * What cannot be shown to narrow counts as widening.
 */
export function widening(narrower: Policy, wider: Policy, partOf: PartOf = purposesAbove): string | undefined {
  if (narrower.inheritFrom.length + wider.inheritFrom.length > 0) return '/inheritFrom: what is inherited must be resolved before policies can be compared.'
  return conflictWidening(narrower, wider) ?? lostProhibition(narrower, wider, partOf) ?? obligationWidening(narrower, wider) ?? permissionWidening(narrower, wider, partOf)
}

const strictness = { perm: 0, prohibit: 1, invalid: 2 } as const

function conflictWidening(narrower: Policy, wider: Policy): string | undefined {
  if (rulesOf(wider, 'prohibition').length === 0 || strictness[narrower.conflict] >= strictness[wider.conflict]) return undefined
  return `/conflict: must stay ${JSON.stringify(wider.conflict)}, so that what is prohibited stays prohibited.`
}

function rulesOf(policy: Policy, kind: PolicyRule['kind']): PolicyRule[] {
  return policy.rules.filter((rule) => rule.kind === kind)
}

function lostProhibition(narrower: Policy, wider: Policy, partOf: PartOf): string | undefined {
  const kept = rulesOf(narrower, 'prohibition')
  const lost = rulesOf(wider, 'prohibition').find((rule) => !kept.some((other) => outside(rule, other, partOf) === undefined && keepsDuties(other.remedies, rule.remedies)))
  return lost === undefined ? undefined : `${lost.at}: the prohibition is not kept as it is.`
}

function keepsDuties(kept: readonly PolicyRule[], wanted: readonly PolicyRule[]): boolean {
  return wanted.every((duty) => kept.some((other) => isSameRule(other, duty)))
}

/** Obligations stay as they are; more of them may only oblige who receives the data. */
function obligationWidening(narrower: Policy, wider: Policy): string | undefined {
  const [kept, wanted] = [rulesOf(narrower, 'obligation'), rulesOf(wider, 'obligation')]
  const lost = wanted.find((rule) => !kept.some((other) => isSameRule(other, rule)))
  if (lost !== undefined) return `${lost.at}: the obligation is not kept as it is.`
  const receivers = new Set([narrower, wider].flatMap((policy) => rulesOf(policy, 'permission')).flatMap(({ assignees }) => assignees.map(({ iri }) => iri)))
  const providers = new Set([narrower, wider].flatMap(({ rules }) => rules).flatMap(({ assigners }) => assigners.map(({ iri }) => iri)))
  const isOnReceiver = ({ assignees }: PolicyRule) => assignees.every(({ iri }) => receivers.has(iri) && !providers.has(iri))
  const added = kept.find((rule) => !wanted.some((other) => isSameRule(other, rule)) && !isOnReceiver(rule))
  return added === undefined ? undefined : `${added.at}: obliges somebody else than who receives the data.`
}

function permissionWidening(narrower: Policy, wider: Policy, partOf: PartOf): string | undefined {
  const [before, after] = [rulesOf(wider, 'permission'), rulesOf(narrower, 'permission')]
  for (const [index, permission] of after.entries()) {
    const within = before.filter((other) => outside(permission, other, partOf) === undefined && lostDuty(permission, other) === undefined)
    const kept = after.slice(0, index)
    const stepped = (other: PolicyRule) => steppedOver({ permission, earlier: before.slice(0, before.indexOf(other)), kept, partOf })
    if (within.some((other) => stepped(other) === undefined)) continue
    const [first] = before
    const [nearest] = within
    const why = (nearest === undefined ? undefined : stepped(nearest)) ?? (first === undefined ? undefined : (outside(permission, first, partOf) ?? lostDuty(permission, first))) ?? 'The other policy permits nothing.'
    return `${permission.at}: ${within.length === 0 && before.length > 1 ? 'This is within no permission of the other policy. ' : ''}${why}`
  }
  return undefined
}

/** Why `inner` is about something that `outer` is not, or holds when it does not; undefined when it is surely within it. Duties aside. */
function outside(inner: PolicyRule, outer: PolicyRule, partOf: PartOf): string | undefined {
  const action = uncovered(inner.actions, outer.actions, { above: actionsAbove, partOf })
  if (action !== undefined) return `The action ${termOf(action)} is not within ${outer.at}.`
  for (const field of ['targets', 'assignees'] as const) {
    const term = uncovered(inner[field], outer[field], { above: (iri) => new Set([iri]), partOf })
    if (term !== undefined) return `${term} is not among the ${field} of ${outer.at}.`
  }
  const missing = outer.constraints.find((constraint) => !implies(inner.constraints, constraint, partOf))
  return missing === undefined ? undefined : `The other policy asks for ${constraintText(missing)} (${missing.at}), which does not follow here.`
}

/** What of the one is not among the other, where an empty list is everything. */
export function uncovered(inner: readonly RefinedTerm[], outer: readonly RefinedTerm[], { above, partOf }: { above: PartOf; partOf: PartOf }): string | undefined {
  if (outer.length === 0) return undefined
  if (inner.length === 0) return 'everything'
  return inner.find(({ iri, refinements }) => !outer.some((other) => above(iri).has(other.iri) && other.refinements.every((each) => implies(refinements, each, partOf))))?.iri
}

function lostDuty(inner: PolicyRule, outer: PolicyRule): string | undefined {
  const lost = outer.duties.find((duty) => !inner.duties.some((other) => isSameRule(other, duty)))
  return lost === undefined ? undefined : `${lost.at}: the duty is not kept as it is.`
}

interface Step {
  readonly permission: PolicyRule
  /** Permissions of the wider policy that come before the one that `permission` is within. */
  readonly earlier: readonly PolicyRule[]
  /** Permissions of the narrower policy that come before `permission`. */
  readonly kept: readonly PolicyRule[]
  readonly partOf: PartOf
}

/**
 * The first permission that holds decides what is left to the query and what is counted. So an earlier one of the wider policy must not
 * be passed by: it cannot hold together with `permission`, or asks for nothing more of the query, or is kept.
 */
function steppedOver({ permission, earlier, kept, partOf }: Step): string | undefined {
  const over = earlier.find((before) => !isApart(permission, before) && !asksNoMore(permission, before, partOf) && !kept.some((rule) => outside(before, rule, partOf) === undefined && rule.duties.every((duty) => before.duties.some((other) => isSameRule(other, duty)))))
  return over === undefined ? undefined : `${over.at} would have come first, and leaves less of the data.`
}

function isApart(first: PolicyRule, second: PolicyRule): boolean {
  const overlap = first.actions.length === 0 || second.actions.length === 0 || first.actions.some((a) => second.actions.some((b) => actionsAbove(a.iri).has(b.iri) || actionsAbove(b.iri).has(a.iri)))
  return !overlap || contradiction([first, second].flatMap(directConstraints).map(({ constraint }) => constraint).filter((constraint) => !isBesideDecision(constraint)), () => undefined) !== undefined
}

function asksNoMore(permission: PolicyRule, before: PolicyRule, partOf: PartOf): boolean {
  const beside = directConstraints(before).filter(({ constraint }) => isBesideDecision(constraint))
  return (permitsRows(before) || !permitsRows(permission)) && beside.every(({ constraint }) => implies(permission.constraints, constraint, partOf))
}

/** Whether two rules say the same, wherever they stand. */
export function isSameRule(first: PolicyRule, second: PolicyRule): boolean {
  const sameTerms = (['actions', 'targets', 'assigners', 'assignees'] as const).every((field) => isSameSet(first[field], second[field], (a, b) => a.iri === b.iri && isSameConstraints(a.refinements, b.refinements)))
  const sameDuties = (['duties', 'consequences', 'remedies'] as const).every((field) => isSameSet(first[field], second[field], isSameRule))
  return first.kind === second.kind && sameTerms && sameDuties && isSameConstraints(first.constraints, second.constraints) && functionsText(first) === functionsText(second)
}

function functionsText({ functions }: PolicyRule): string {
  return JSON.stringify(Object.entries(functions).map(([name, parties]) => [name, parties.toSorted()] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function isSameConstraints(first: readonly Constraint[], second: readonly Constraint[]): boolean {
  return isSameSet(first, second, isSame)
}

function isSameSet<T>(first: readonly T[], second: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return first.length === second.length && first.every((a) => second.some((b) => same(a, b))) && second.every((b) => first.some((a) => same(a, b)))
}
