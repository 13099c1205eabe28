import { compilePolicy } from '../decide/compile.ts'
import type { PolicyDecision, World } from '../decision.ts'
import type { AtomicConstraint, Constraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'
import { odrlIri, operandOf, profileActions, profileIri } from '../profile.ts'

/** A partner as policies may name it. */
export interface Party {
  readonly id: string
  readonly groups: readonly string[]
}

/** What a policy has for a party, whatever a request says of itself. */
export type Addressing = (party: Party) => PolicyDecision

/** What was done of what an agreement asks for. */
export type Settled = Pick<World, 'now' | 'fulfilled' | 'violated'>

/** Whether it makes a difference to a policy who asks. */
export function isAddressed(policy: Policy): boolean {
  return policy.rules.some((rule) => rule.kind !== 'obligation' && (rule.assignees.length > 0 || rule.constraints.some((constraint) => leaves(constraint).some(isOfParty))))
}

/**
 * Decides whether a policy has anything for a party. Only what depends on the party counts: of the rest a permission is taken to be
 * met, and a prohibition not to apply. So a denial is certain, and a permit says no more than that requests may be made. Duties count
 * when it is told which were done.
 */
export function addressingOf(policy: Policy, settled?: Settled): Addressing {
  const rules = policy.rules.flatMap(ofParty)
  const compiled = compilePolicy({ ...policy, rules: settled === undefined ? rules.map((rule) => ({ ...rule, duties: [] })) : rules })
  const target = policy.rules.flatMap(({ targets }) => targets.map(({ iri }) => iri)).at(0)
  return (party) => {
    const context = new Map<string, string | readonly string[]>([
      [`${odrlIri}recipient`, party.id],
      [`${profileIri}partnerGroup`, party.groups],
    ])
    const known: World = { now: new Date(0), fulfilled: new Set(), violated: new Set(), ...settled, partOf: (member) => new Set([member]) }
    const ask = (action: string) => compiled.possible({ action, assignee: party.id, context, ...(target === undefined ? {} : { target }) }, known)
    const read = ask(`${odrlIri}read`)
    return read.permitted ? read : ask(profileActions.queryAggregate)
  }
}

function ofParty(rule: PolicyRule): PolicyRule[] {
  if (rule.kind === 'permission') {
    const plain = { actions: rule.actions.map(unrefined), targets: rule.targets.map(unrefined), assignees: rule.assignees.map(unrefined) }
    return [{ ...rule, ...plain, constraints: rule.constraints.flatMap(keptOf) }]
  }
  const refined = [...rule.actions, ...rule.targets, ...rule.assignees].some(({ refinements }) => refinements.length > 0)
  const certain = !refined && rule.constraints.every((constraint) => leaves(constraint).every(isOfParty))
  return rule.kind === 'prohibition' && certain ? [rule] : []
}

function unrefined(term: RefinedTerm): RefinedTerm {
  return { iri: term.iri, refinements: [] }
}

/** What is left of a permission's constraint when everything else about a request may turn out well. */
function keptOf(constraint: Constraint): Constraint[] {
  if (constraint.kind === 'atomic') return isOfParty(constraint) ? [constraint] : []
  if (constraint.operator === 'and') return [{ ...constraint, parts: constraint.parts.flatMap(keptOf) }].filter(({ parts }) => parts.length > 0)
  return leaves(constraint).every(isOfParty) ? [constraint] : []
}

function leaves(constraint: Constraint): AtomicConstraint[] {
  return constraint.kind === 'atomic' ? [constraint] : constraint.parts.flatMap(leaves)
}

function isOfParty(constraint: AtomicConstraint): boolean {
  return operandOf(constraint.leftOperand)?.row.source === 'register'
}
