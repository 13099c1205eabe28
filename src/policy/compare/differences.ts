import { actionsAbove } from '../decide/actions.ts'
import { constraintText, termOf } from './constraint-text.ts'
import { implies, isSame } from './implication.ts'
import type { PartOf } from './implication.ts'
import type { Constraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'
import { isSameRule, uncovered, widening } from './narrows.ts'
import { purposesAbove } from '../purposes.ts'

/** Whether a change leaves less or more than before. `unclear`: neither can be shown, so it counts as more. */
export type Effect = 'narrows' | 'widens' | 'same' | 'unclear'

/** Something that two policies do not share. */
export interface PolicyDifference {
  readonly change: 'added' | 'removed' | 'changed'
  readonly what: 'conflict' | 'rule' | 'action' | 'target' | 'assignee' | 'constraint' | 'duty' | 'consequence' | 'remedy'
  /** JSON pointers in the first and the second policy; null where it is not in one. */
  readonly at: readonly [string | null, string | null]
  readonly before: string | null
  readonly after: string | null
  readonly effect: Effect
}

/** How the second policy differs from the first. */
export interface PolicyDifferences {
  readonly differences: readonly PolicyDifference[]
  /** What all of it comes to. */
  readonly effect: Effect
  /** Why the second policy permits more than the first, if it may. */
  readonly widening: string | null
}

/** What is added, removed and changed from one policy to another, and what each of it does. */
export function policyDifferences(before: Policy, after: Policy, partOf: PartOf = purposesAbove): PolicyDifferences {
  const reason = widening(after, before, partOf)
  const back = widening(before, after, partOf)
  const differences = [...conflictDifference(before, after), ...(['permission', 'prohibition', 'obligation'] as const).flatMap((kind) => ruleDifferences(ofKind(before, kind), ofKind(after, kind), { what: 'rule', partOf }))]
  return { differences, effect: effectOf(reason === undefined, back === undefined), widening: reason ?? null }
}

function ofKind({ rules }: Policy, kind: PolicyRule['kind']): PolicyRule[] {
  return rules.filter((rule) => rule.kind === kind)
}

function effectOf(narrows: boolean, widens: boolean): Effect {
  if (narrows) return widens ? 'same' : 'narrows'
  return widens ? 'widens' : 'unclear'
}

const strictness = { perm: 0, prohibit: 1, invalid: 2 } as const

function conflictDifference(before: Policy, after: Policy): PolicyDifference[] {
  if (before.conflict === after.conflict) return []
  const effect = strictness[after.conflict] > strictness[before.conflict] ? 'narrows' : 'widens'
  return [{ change: 'changed', what: 'conflict', at: ['/conflict', '/conflict'], before: before.conflict, after: after.conflict, effect }]
}

interface RulesPlace {
  readonly what: 'rule' | 'duty' | 'consequence' | 'remedy'
  readonly partOf: PartOf
}

function ruleDifferences(before: readonly PolicyRule[], after: readonly PolicyRule[], place: RulesPlace): PolicyDifference[] {
  const removed = before.filter((rule) => !after.some((other) => isSameRule(rule, other)))
  const added = after.filter((rule) => !before.some((other) => isSameRule(rule, other)))
  const pairs = paired(removed, added)
  const single = (rule: PolicyRule, change: 'added' | 'removed'): PolicyDifference => ({
    change,
    what: place.what,
    at: change === 'added' ? [null, rule.at] : [rule.at, null],
    before: change === 'removed' ? ruleText(rule) : null,
    after: change === 'added' ? ruleText(rule) : null,
    effect: (rule.kind === 'permission') === (change === 'added') ? 'widens' : 'narrows',
  })
  return [
    ...removed.filter((rule) => !pairs.some(([a]) => a === rule)).map((rule) => single(rule, 'removed')),
    ...pairs.flatMap(([a, b]) => withinRule(a, b, place.partOf)),
    ...added.filter((rule) => !pairs.some(([, b]) => b === rule)).map((rule) => single(rule, 'added')),
  ]
}

/** Which rules are told as one that changed: those that share the most, and an action at least. */
function paired(removed: readonly PolicyRule[], added: readonly PolicyRule[]): [PolicyRule, PolicyRule][] {
  const left = new Set(added)
  return removed.flatMap((rule): [PolicyRule, PolicyRule][] => {
    const [best] = [...left].map((other) => ({ other, shared: shared(rule, other) })).filter(({ shared }) => shared > 0).toSorted((a, b) => b.shared - a.shared)
    if (best === undefined) return []
    left.delete(best.other)
    return [[rule, best.other]]
  })
}

function shared(first: PolicyRule, second: PolicyRule): number {
  const operands = (rule: PolicyRule) => rule.constraints.map((each) => (each.kind === 'atomic' ? each.leftOperand : each.operator))
  const same = first.constraints.filter((each) => second.constraints.some((other) => isSame(each, other))).length
  const actions = first.actions.filter(({ iri }) => second.actions.some((other) => other.iri === iri)).length
  const alike = operands(first).filter((each) => operands(second).includes(each)).length
  return actions * 100 + same * 10 + alike
}

function withinRule(before: PolicyRule, after: PolicyRule, partOf: PartOf): PolicyDifference[] {
  const nested = (['duties', 'consequences', 'remedies'] as const).flatMap((field) => ruleDifferences(before[field], after[field], { what: field === 'duties' ? 'duty' : field === 'consequences' ? 'consequence' : 'remedy', partOf }))
  return [...termDifferences(before, after, partOf), ...constraintDifferences(before, after, partOf), ...nested]
}

const terms = [
  ['actions', 'action'],
  ['targets', 'target'],
  ['assignees', 'assignee'],
] as const

function termDifferences(before: PolicyRule, after: PolicyRule, partOf: PartOf): PolicyDifference[] {
  return terms.flatMap(([field, what]) => {
    const [a, b] = [before[field], after[field]]
    if (termsText(a) === termsText(b)) return []
    const above = what === 'action' ? actionsAbove : (iri: string) => new Set([iri])
    const narrows = uncovered(b, a, { above, partOf }) === undefined
    const widens = uncovered(a, b, { above, partOf }) === undefined
    return [{ change: 'changed', what, at: [`${before.at}/${what}`, `${after.at}/${what}`], before: termsText(a), after: termsText(b), effect: effectIn(after, narrows, widens) } as const]
  })
}

/** A prohibition of less permits more; what is to be done can be compared only where it is the same. */
function effectIn({ kind }: PolicyRule, narrows: boolean, widens: boolean): Effect {
  if (kind === 'permission') return effectOf(narrows, widens)
  return kind === 'prohibition' ? effectOf(widens, narrows) : 'unclear'
}

function constraintDifferences(before: PolicyRule, after: PolicyRule, partOf: PartOf): PolicyDifference[] {
  const removed = before.constraints.filter((each) => !after.constraints.some((other) => isSame(each, other)))
  const left = new Set(after.constraints.filter((each) => !before.constraints.some((other) => isSame(each, other))))
  const changed = removed.map((constraint) => {
    const other = [...left].find((each) => isAlike(each, constraint))
    if (other === undefined) return difference(after, [constraint, undefined], effectIn(after, implies(after.constraints, constraint, partOf), true))
    left.delete(other)
    return difference(after, [constraint, other], effectIn(after, implies([other], constraint, partOf), implies([constraint], other, partOf)))
  })
  return [...changed, ...[...left].map((constraint) => difference(after, [undefined, constraint], effectIn(after, true, implies(before.constraints, constraint, partOf))))]
}

function isAlike(first: Constraint, second: Constraint): boolean {
  return first.kind === 'atomic' && second.kind === 'atomic' ? first.leftOperand === second.leftOperand : first.kind === second.kind
}

function difference({ at }: PolicyRule, [before, after]: readonly [Constraint | undefined, Constraint | undefined], effect: Effect): PolicyDifference {
  return {
    change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    what: 'constraint',
    at: [before?.at ?? null, after?.at ?? (before === undefined ? at : null)],
    before: before === undefined ? null : constraintText(before),
    after: after === undefined ? null : constraintText(after),
    effect,
  }
}

function termsText(some: readonly RefinedTerm[]): string {
  if (some.length === 0) return 'any'
  return some.map(({ iri, refinements }) => (refinements.length === 0 ? termOf(iri) : `${termOf(iri)} (${refinements.map(constraintText).join('; ')})`)).toSorted().join(', ')
}

/** A rule in one line. */
function ruleText({ kind, actions, constraints }: PolicyRule): string {
  const held = constraints.length === 0 ? '' : `: ${constraints.map(constraintText).join('; ')}`
  return `${kind} ${termsText(actions)}${held}`
}
