import { ProblemError } from '../../errors.ts'
import { quoted } from './literals.ts'
import type { Constraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'

const maxParents = 100

/**
 * The policy with the rules of all it inherits from, after its own, and theirs (Information Model §2.9). Done when a policy is saved:
 * what was agreed does not change when a parent does. Refused ('invalid-policy') when a parent is not among `parents`, when they
 * inherit from each other in a circle, and when they say differently what counts when rules conflict (§2.10).
 */
export function resolveInheritance(policy: Policy, parents: ReadonlyMap<string, Policy>): Policy {
  const found = new Map<string, Policy>()
  collect(policy, { parents, found, path: policy.id === '' ? [] : [policy.id] })
  const ancestors = [...found.values()]
  const other = ancestors.find(({ conflict }) => conflict !== policy.conflict)
  if (other !== undefined) throw refusal('/conflict', `is "${policy.conflict}", but that of ${quoted(other.id)}, from which it inherits, is "${other.conflict}". Policies that inherit from each other must say the same.`)
  const rules = renumbered([...policy.rules, ...ancestors.flatMap((each) => each.rules)])
  return { ...policy, inheritFrom: [], profiles: [...new Set([policy, ...ancestors].flatMap(({ profiles }) => profiles))], rules }
}

interface Collecting {
  readonly parents: ReadonlyMap<string, Policy>
  readonly found: Map<string, Policy>
  /** Ids from the policy down to where it is. */
  readonly path: readonly string[]
}

function collect(policy: Policy, { parents, found, path }: Collecting): void {
  for (const [index, id] of policy.inheritFrom.entries()) {
    if (path.includes(id)) throw refusal('/inheritFrom', `goes in a circle: ${[...path, id].map(quoted).join(' inherits from ')}.`)
    if (found.has(id)) continue
    const parent = parents.get(id)
    if (parent === undefined) throw refusal(`/inheritFrom/${index}`, `${quoted(id)} is not known here. Save it first, or write its rules out.`)
    if (found.size >= maxParents) throw refusal('/inheritFrom', `leads to more than ${maxParents} policies.`)
    found.set(id, parent)
    collect(parent, { parents, found, path: [...path, id] })
  }
}

/** Rules with places of the policy that now has them. */
function renumbered(rules: readonly PolicyRule[]): PolicyRule[] {
  const counts = new Map<string, number>()
  return rules.map((rule) => {
    const index = counts.get(rule.kind) ?? 0
    counts.set(rule.kind, index + 1)
    return moved(rule, rule.at, `/${rule.kind}/${index}`)
  })
}

/** A rule whose place, and that of everything in it, begins with `to` instead of `from`. */
function moved(rule: PolicyRule, from: string, to: string): PolicyRule {
  const placed = <T extends { readonly id: string; readonly at: string }>(thing: T): T => {
    const at = thing.at.startsWith(from) ? to + thing.at.slice(from.length) : thing.at
    return { ...thing, at, id: thing.id === thing.at ? at : thing.id }
  }
  const constraint = (each: Constraint): Constraint => (each.kind === 'atomic' ? placed(each) : { ...placed(each), parts: each.parts.map(constraint) })
  const terms = (some: readonly RefinedTerm[]) => some.map((term) => ({ ...term, refinements: term.refinements.map(constraint) }))
  const within = (some: readonly PolicyRule[]) => some.map((each) => moved(each, from, to))
  return {
    ...placed(rule),
    actions: terms(rule.actions),
    targets: terms(rule.targets),
    assigners: terms(rule.assigners),
    assignees: terms(rule.assignees),
    constraints: rule.constraints.map(constraint),
    duties: within(rule.duties),
    consequences: within(rule.consequences),
    remedies: within(rule.remedies),
  }
}

function refusal(at: string, message: string): ProblemError {
  return new ProblemError('invalid-policy', `${at}: ${message}`)
}
