import { compilePolicy } from '../decide/compile.ts'
import type { CompiledPolicy } from '../decide/compile.ts'
import { atomicConstraints, isBesideDecision } from '../direct-constraints.ts'
import type { Constraint, Policy, PolicyRule } from '../model.ts'
import { odrlIri, operandOf } from '../profile.ts'
import { countersOf, restrictionOf } from './restriction-of.ts'
import type { CounterLimit, QueryRestriction } from '../restriction.ts'
import { endsAt, isOfPolicy, windowOf } from './validity.ts'

/** A policy as it is enforced: what is decided, what is left to the query and to counters, when it ends, and what remains to be done. */
export interface Terms {
  readonly policy: Policy
  /** Decides requests; terms of the query and of counters are left out of it. */
  readonly compiled: CompiledPolicy
  /**
   * Whether there is nothing to enforce: permissions to use without anything more. What a policy as a whole says of its target and
   * assignee does not count, for an agreement is only ever used between its parties.
   */
  readonly open: boolean
  /** IRIs of the operands whose value comes with a signed statement. */
  readonly statementOperands: readonly string[]
  restriction(permission: PolicyRule): QueryRestriction
  counters(permission: PolicyRule): readonly CounterLimit[]
  /** The last instant at which any permission can hold, or null when nothing ends it. */
  endsAt(agreedAt: Date): Date | null
  /** What has to be done: the policy's obligations, and duties of its permissions. */
  readonly obligations: readonly ObligationTerm[]
}

/** Something that has to be done. */
export interface ObligationTerm {
  /** JSON pointer of the rule. */
  readonly at: string
  readonly kind: 'obligation' | 'duty'
  /** Full IRI. */
  readonly action: string
  /** Who has to do it, where the policy says. */
  readonly assignee: string | null
  readonly rule: PolicyRule
  /** Until when, where the policy says; of what recurs, the first time. */
  dueAt(agreedAt: Date): Date | null
}

/** What a policy means for those who enforce it. */
export function termsOf(policy: Policy): Terms {
  const restrictions = new Map(policy.rules.map((rule) => [rule.at, restrictionOf(rule)]))
  const counters = new Map(policy.rules.map((rule) => [rule.at, countersOf(rule)]))
  return {
    policy,
    compiled: compilePolicy(policy, { leaveOut: isBesideDecision }),
    open: isOpen(policy),
    statementOperands: statementOperands(policy),
    restriction: (permission) => restrictions.get(permission.at) ?? restrictionOf(permission),
    counters: (permission) => counters.get(permission.at) ?? countersOf(permission),
    endsAt: (agreedAt) => endsAt(policy, agreedAt),
    obligations: policy.rules.flatMap(obligationsOf),
  }
}

function isOpen({ rules, shared }: Policy): boolean {
  return rules.length > 0 && rules.every((rule) => isPermissionToUse(rule) && isOfPolicy(rule.targets, shared?.targets) && isOfPolicy(rule.assignees, shared?.assignees))
}

function isPermissionToUse({ kind, actions, constraints, duties }: PolicyRule): boolean {
  const [action, ...others] = actions
  return kind === 'permission' && others.length === 0 && action?.iri === `${odrlIri}use` && action.refinements.length === 0 && constraints.length + duties.length === 0
}

function statementOperands(policy: Policy): string[] {
  const operands = policy.rules.flatMap(constraintsOf).flatMap(atomicConstraints).flatMap(({ leftOperand }) => operandOf(leftOperand)?.row ?? [])
  return [...new Set(operands.filter(({ source, place }) => place === 'decision' && (source === 'statement' || source === 'attestation')).map(({ iri }) => iri))]
}

/** Every constraint that a decision about the rule may look at. */
function constraintsOf(rule: PolicyRule): Constraint[] {
  const terms = [...rule.actions, ...rule.targets, ...rule.assigners, ...rule.assignees]
  return [...rule.constraints, ...terms.flatMap(({ refinements }) => refinements), ...[...rule.duties, ...rule.consequences].flatMap(constraintsOf)]
}

function obligationsOf(rule: PolicyRule): ObligationTerm[] {
  if (rule.kind === 'permission') return rule.duties.flatMap((duty) => obligationTerms(duty, 'duty'))
  return rule.kind === 'obligation' ? obligationTerms(rule, 'obligation') : []
}

function obligationTerms(rule: PolicyRule, kind: ObligationTerm['kind']): ObligationTerm[] {
  const assignee = rule.assignees[0]?.iri ?? null
  const dueAt = (agreedAt: Date) => {
    const { until } = windowOf(rule, agreedAt)
    return Number.isFinite(until) ? new Date(until) : null
  }
  return rule.actions.map(({ iri }) => ({ at: rule.at, kind, action: iri, assignee, rule, dueAt }))
}
