import { spanOf } from '../calendar.ts'
import type { Span } from '../calendar.ts'
import { firstText } from '../direct-constraints.ts'
import { addDuration, parseDuration } from '../duration.ts'
import type { AtomicConstraint, Constraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'
import { odrlIri } from '../profile.ts'

/** When something can hold, in milliseconds since 1970: both included, infinite where nothing bounds it, and empty when `from` is after `until`. */
export interface Window {
  readonly from: number
  readonly until: number
}

const always: Window = { from: -Infinity, until: Infinity }
const never: Window = { from: Infinity, until: -Infinity }

/** When a rule can hold at most, by its bounds on time: never too short. `agreedAt` undefined: as if it were agreed whenever. */
export function windowOf(rule: PolicyRule, agreedAt: Date | undefined): Window {
  const terms = [rule.targets, rule.assignees, rule.actions].map((some) => (some.length === 0 ? always : either(some.map((term) => refined(term, agreedAt)))))
  return both([both(rule.constraints.map((constraint) => windowOfConstraint(constraint, agreedAt))), ...terms])
}

function refined(term: RefinedTerm, agreedAt: Date | undefined): Window {
  return both(term.refinements.map((refinement) => windowOfConstraint(refinement, agreedAt)))
}

/** When a constraint can hold at most. */
export function windowOfConstraint(constraint: Constraint, agreedAt: Date | undefined): Window {
  if (constraint.kind === 'atomic') return windowOfAtomic(constraint, agreedAt)
  const parts = constraint.parts.map((part) => windowOfConstraint(part, agreedAt))
  return constraint.operator === 'or' || constraint.operator === 'xone' ? either(parts) : both(parts)
}

function windowOfAtomic(constraint: AtomicConstraint, agreedAt: Date | undefined): Window {
  if (counted.has(constraint.leftOperand)) {
    const duration = parseDuration(firstText(constraint))
    if (duration === undefined || agreedAt === undefined) return always
    const instant = addDuration(agreedAt, duration)
    // A duty that recurs or is delayed may be done before; it is never done too early.
    return boundedBy(constraint.operator === 'eq' ? 'lteq' : constraint.operator, { first: instant, last: instant })
  }
  if (constraint.leftOperand !== `${odrlIri}dateTime`) return always
  const spans = constraint.rightOperand.flatMap((value) => spanOf(value, constraint.unit) ?? [])
  return spans.length === constraint.rightOperand.length ? either(spans.map((span) => boundedBy(constraint.operator, span))) : always
}

/** Lengths of time that count from the agreement. */
const counted = new Set([`${odrlIri}elapsedTime`, `${odrlIri}delayPeriod`, `${odrlIri}timeInterval`])

function boundedBy(operator: AtomicConstraint['operator'], { first, last }: Span): Window {
  switch (operator) {
    case 'lt':
      return { from: -Infinity, until: first.getTime() - 1 }
    case 'lteq':
      return { from: -Infinity, until: last.getTime() }
    case 'eq':
      return { from: first.getTime(), until: last.getTime() }
    case 'gteq':
      return { from: first.getTime(), until: Infinity }
    case 'gt':
      return { from: last.getTime() + 1, until: Infinity }
    default:
      return always
  }
}

/** When all hold. */
function both(windows: readonly Window[]): Window {
  return windows.reduce((a, b) => ({ from: Math.max(a.from, b.from), until: Math.min(a.until, b.until) }), always)
}

/** From when any can hold until when any can. */
function either(windows: readonly Window[]): Window {
  return windows.filter((window) => !isEmpty(window)).reduce((a, b) => ({ from: Math.min(a.from, b.from), until: Math.max(a.until, b.until) }), never)
}

/** Whether there is no instant in it. */
export function isEmpty(window: Window): boolean {
  return window.from > window.until
}

/**
 * The last instant at which any permission can hold, or null when nothing ends it. Of an `or` the latest branch counts, so that
 * nothing ends too early; every request is decided by itself. A policy that can never permit ended when it was agreed.
 */
export function endsAt(policy: Policy, agreedAt: Date): Date | null {
  const permissions = policy.rules.filter(({ kind }) => kind === 'permission')
  const window = either(permissions.map((rule) => windowOf(rule, agreedAt)))
  const until = Math.min(window.until, ...policy.rules.filter((rule) => policy.conflict !== 'perm' && endsEverything(rule, policy)).map((rule) => windowOf(rule, agreedAt).from - 1))
  if (until === Infinity) return null
  return new Date(until === -Infinity ? agreedAt : until)
}

/** Whether from some instant on a prohibition forbids everything that can be asked: all its constraints are lower bounds of time. */
function endsEverything(rule: PolicyRule, { shared }: Policy): boolean {
  const forAll = isOfPolicy(rule.targets, shared?.targets) && isOfPolicy(rule.assignees, shared?.assignees) && (rule.actions.length === 0 || rule.actions.some(({ iri, refinements }) => refinements.length === 0 && iri === `${odrlIri}use`))
  return rule.kind === 'prohibition' && forAll && rule.constraints.every((each) => each.kind === 'atomic' && each.leftOperand === `${odrlIri}dateTime` && (each.operator === 'gt' || each.operator === 'gteq'))
}

/** Whether a rule names nothing beyond what the policy as a whole does: an agreement is only ever used for its target and between its parties. */
export function isOfPolicy(terms: readonly RefinedTerm[], ofPolicy: readonly string[] = []): boolean {
  return terms.every(({ iri, refinements }) => refinements.length === 0 && ofPolicy.includes(iri))
}
