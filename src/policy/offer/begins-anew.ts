import { atomicConstraints } from '../direct-constraints.ts'
import type { Constraint, Policy } from '../model.ts'
import { operandOf } from '../profile.ts'

// What is kept for each agreement: amounts used, groups released, and the time since it was agreed.
const keptTerms: ReadonlySet<string> = new Set(['minGroupSize', 'largestShare', 'elapsedTime'])

/** The first term of a policy whose effect would begin anew with another agreement: a quota, the protection of groups, a duration. Or undefined. */
export function beginsAnew(policy: Policy): string | undefined {
  const permissions = policy.rules.filter(({ kind }) => kind === 'permission')
  const constraints = permissions.flatMap((rule): readonly Constraint[] => [...rule.constraints, ...rule.actions.flatMap(({ refinements }) => refinements)])
  const rows = constraints.flatMap(atomicConstraints).flatMap(({ leftOperand }) => operandOf(leftOperand)?.row ?? [])
  return rows.find(({ place, term }) => place === 'counter' || keptTerms.has(term))?.term
}
