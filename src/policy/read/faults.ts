import { actionsAbove } from '../decide/actions.ts'
import type { Constraint, PolicyRule } from '../model.ts'
import { odrlIri, profileActions } from '../profile.ts'

/** What is wrong with a policy, and where in it. */
export interface Fault {
  /** JSON pointer within the policy. */
  readonly at: string
  readonly message: string
}

/** The first fault that any of them has. */
export function firstFault<T>(items: readonly T[], faultOf: (item: T) => Fault | undefined): Fault | undefined {
  for (const item of items) {
    const fault = faultOf(item)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Every constraint a rule has, those of its refinements included. */
export function constraintsOf(rule: PolicyRule): Constraint[] {
  return [...rule.constraints, ...[...rule.actions, ...rule.targets, ...rule.assigners, ...rule.assignees].flatMap(({ refinements }) => refinements)]
}

/** What a request can ask to do. */
const asked = [`${odrlIri}read`, profileActions.queryAggregate]

/** What of it a request can ask to do that a permission is about. */
export function permittedActions({ actions }: PolicyRule): string[] {
  return asked.filter((action) => actions.length === 0 || actions.some(({ iri }) => actionsAbove(action).has(iri)))
}
