import { actionsBelow, actionsProhibitedWith } from './actions.ts'
import { compileConstraint } from './compile-constraint.ts'
import type { CompiledConstraint, Compiling } from './compile-constraint.ts'
import type { ConstraintReport, DutyReport, PolicyRequest, RuleReport, Truth, World } from '../decision.ts'
import type { Constraint, PolicyRule, RefinedTerm } from '../model.ts'
import { odrlIri } from '../profile.ts'
import { allOf, always, anyOf } from './truth.ts'
import type { Test } from './truth.ts'

/** A rule that can be tested, and told about. */
export interface CompiledRule {
  readonly rule: PolicyRule
  readonly action: Test
  readonly target: Test
  readonly party: Test
  readonly constraints: readonly CompiledConstraint[]
  readonly refinements: readonly CompiledConstraint[]
  readonly duties: readonly CompiledDuty[]
  /** Whether the rule is about the request, its constraints hold and its duties are fulfilled. */
  readonly holds: Test
}

export interface CompiledDuty {
  readonly rule: PolicyRule
  /** Whether it has to be done at all. */
  readonly applies: Test
  /** Whether the time in which it has to be done is not over. */
  readonly inTime: Test
  /** Whether nothing of it stands in the way. */
  readonly settled: Test
  readonly constraints: readonly CompiledConstraint[]
  readonly consequences: readonly CompiledDuty[]
}

/** When duties of a permission have to be fulfilled: before, or some time, so that only a violated one stands in the way. */
export type DutyTiming = 'before' | 'eventually'

/** Compiles a permission, prohibition or obligation. */
export function compileRule(compiling: Compiling, rule: PolicyRule, timing: DutyTiming): CompiledRule {
  const below = rule.kind === 'prohibition' ? actionsProhibitedWith : actionsBelow
  const terms = [...rule.actions, ...rule.targets, ...rule.assignees]
  const refined = new Map(terms.map((term) => [term, term.refinements.map((each) => compileConstraint(compiling, each))]))
  const refinementOf = (term: RefinedTerm) => allOf((refined.get(term) ?? []).map(({ test }) => test))
  const about = (some: readonly RefinedTerm[], match: (iri: string) => Test) => (some.length === 0 ? always : anyOf(some.map((term) => withRefinement(match(term.iri), term, refinementOf(term)))))
  const action = about(rule.actions, (iri) => {
    const meant = below(iri)
    return (request) => meant.has(request.action)
  })
  const target = about(rule.targets, (iri) => (request, world) => belongs(request.target, iri, world))
  const party = about(rule.assignees, (iri) => (request, world) => belongs(request.assignee, iri, world))
  const constraints = rule.constraints.map((each) => compileConstraint(compiling, each))
  const duties = rule.duties.map((each) => compileDuty(compiling, each, timing))
  const refinements = [...new Set(refined.values())].flat()
  const holds = allOf([action, party, target, ...constraints.map(({ test }) => test), ...duties.map(({ settled }) => settled)])
  return { rule, action, target, party, constraints, refinements, duties, holds }
}

function withRefinement(match: Test, { refinements }: RefinedTerm, refinement: Test): Test {
  return refinements.length === 0 ? match : allOf([match, refinement])
}

/** Whether what a request is about is a thing, or belongs to it. */
function belongs(asked: string | undefined, iri: string, world: World): Truth {
  if (asked === undefined) return null
  return asked === iri || world.partOf(asked).has(iri)
}

function compileDuty(compiling: Compiling, rule: PolicyRule, timing: DutyTiming): CompiledDuty {
  const constraints = rule.constraints.map((each) => compileConstraint(compiling, each))
  const conjuncts = rule.constraints.flatMap(conjunctsOf)
  const allHold = (some: readonly Constraint[]) => allOf(some.map((each) => compileConstraint(compiling, each).test))
  // A duty "before May" does not go away in May: what bounds it in time is when it has to be done, not whether.
  const applies = allHold(conjuncts.filter((each) => !isDeadline(each)))
  const inTime = allHold(conjuncts.filter(isDeadline))
  const consequences = rule.consequences.map((each) => compileDuty(compiling, each, timing))
  const settled: Test = (request, world) => {
    const state = stateOf({ rule, applies, inTime, consequences }, request, world)
    if (state === 'violated') return false
    if (state === 'pending') return timing === 'eventually' ? true : (applies(request, world) === null ? null : false)
    return true
  }
  return { rule, applies, inTime, settled, constraints, consequences }
}

function conjunctsOf(constraint: Constraint): Constraint[] {
  return constraint.kind === 'logical' && constraint.operator === 'and' ? constraint.parts.flatMap(conjunctsOf) : [constraint]
}

const times = new Set(['dateTime', 'elapsedTime', 'delayPeriod'].map((term) => odrlIri + term))

function isDeadline(constraint: Constraint): boolean {
  return constraint.kind === 'atomic' && times.has(constraint.leftOperand) && (constraint.operator === 'lt' || constraint.operator === 'lteq')
}

function isIn(set: ReadonlySet<string>, { id, at }: PolicyRule): boolean {
  return set.has(id) || set.has(at)
}

/** Where a duty stands. One that was violated is made good by doing it and its consequences (vocabulary, `consequence`). */
function stateOf(duty: Pick<CompiledDuty, 'rule' | 'applies' | 'inTime' | 'consequences'>, request: PolicyRequest, world: World): DutyReport['state'] {
  const done = isIn(world.fulfilled, duty.rule)
  const applies = duty.applies(request, world)
  const isViolated = isIn(world.violated, duty.rule) || (!done && applies !== false && duty.inTime(request, world) === false)
  if (isViolated) {
    const madeGood = done && duty.consequences.length > 0 && duty.consequences.every((each) => stateOf(each, request, world) === 'fulfilled')
    return madeGood ? 'fulfilled' : 'violated'
  }
  if (done) return 'fulfilled'
  return applies === false ? 'inactive' : 'pending'
}

/** Everything about a rule. An unknown prohibition counts as active; anything else must be known to hold. */
export function reportRule(compiled: CompiledRule, request: PolicyRequest, world: World): RuleReport {
  const { rule } = compiled
  const holds = compiled.holds(request, world)
  const refinements = reports(compiled.refinements, request, world)
  const report: RuleReport = {
    id: rule.id,
    kind: rule.kind,
    active: rule.kind === 'prohibition' ? holds !== false : holds === true,
    target: compiled.target(request, world),
    party: compiled.party(request, world),
    action: compiled.action(request, world),
    constraints: reports(compiled.constraints, request, world),
    duties: compiled.duties.map((duty) => reportDuty(duty, request, world)),
    ...(refinements.length === 0 ? {} : { refinements }),
  }
  return report
}

function reports(constraints: readonly CompiledConstraint[], request: PolicyRequest, world: World): ConstraintReport[] {
  return constraints.flatMap(({ report }) => report(request, world) ?? [])
}

function reportDuty(duty: CompiledDuty, request: PolicyRequest, world: World): DutyReport {
  const state = stateOf(duty, request, world)
  return {
    id: duty.rule.id,
    kind: duty.rule.kind,
    active: duty.applies(request, world) !== false,
    state,
    // A duty is not about what is asked, but about something else that is to be done.
    target: null,
    party: null,
    action: null,
    constraints: reports(duty.constraints, request, world),
    duties: duty.consequences.map((each) => reportDuty(each, request, world)),
  }
}
