import { ProblemError } from '../../errors.ts'
import { actionsProhibitedWith } from '../decide/actions.ts'
import { constraintText } from '../compare/constraint-text.ts'
import { contradiction, isImpossible } from './contradiction.ts'
import { datasetFault } from './dataset-terms.ts'
import { directConstraints, firstNumber, firstText } from '../direct-constraints.ts'
import type { DirectConstraint } from '../direct-constraints.ts'
import { parseDuration } from '../duration.ts'
import { firstFault, permittedActions } from '../read/faults.ts'
import type { Fault } from '../read/faults.ts'
import { implies } from '../compare/implication.ts'
import { coarsest, parseMask } from '../terms/masks.ts'
import type { Policy, PolicyRule } from '../model.ts'
import { purposesAbove } from '../purposes.ts'
import { requireProfile } from './require-profile.ts'
import { countersOf, restrictionOf } from '../terms/restriction-of.ts'
import type { DatasetFacts } from '../restriction.ts'
import { isEmpty, windowOf } from '../terms/validity.ts'

/**
 * Refuses a policy ('unsupported-policy') that cannot be enforced as it stands: what the profile does not have, what contradicts itself,
 * and, of a dataset, what it does not have. Terms that nobody here can check are accepted; they are shown as attested.
 */
export function requireOfferable(policy: Policy, dataset: DatasetFacts, at = ''): void {
  requireConsistent(policy, at)
  refuse(datasetFault(policy, dataset), at)
}

/** Refuses a policy ('unsupported-policy') that no dataset can be offered under: what the profile does not have, and what contradicts itself. */
export function requireConsistent(policy: Policy, at = ''): void {
  requireProfile(policy, at)
  refuse(ruleFault(policy.rules) ?? policyFault(policy), at)
}

function refuse(fault: Fault | undefined, at: string): void {
  if (fault !== undefined) throw new ProblemError('unsupported-policy', `${at}${fault.at}: ${fault.message}`)
}

function ruleFault(rules: readonly PolicyRule[]): Fault | undefined {
  return firstFault(rules, (rule) => valuesFault(rule) ?? timeFault(rule) ?? constraintsFault(rule) ?? combinationFault(rule) ?? ruleFault([...rule.duties, ...rule.consequences, ...rule.remedies]))
}

function valuesFault(rule: PolicyRule): Fault | undefined {
  return firstFault(directConstraints(rule), boundFault) ?? counterFault(rule)
}

/** Values that are of the operand, and yet leave nothing to enforce. */
function boundFault({ constraint, row }: DirectConstraint): Fault | undefined {
  const at = `${constraint.at}/rightOperand`
  if (row.term === 'minGroupSize' && firstNumber(constraint) < 2) return { at, message: 'minGroupSize must be at least 2: a group of one shows the one.' }
  if (row.term === 'payAmount' && constraint.unit === undefined) return { at: constraint.at, message: 'payAmount needs its currency as unit, such as EUR.' }
  return row.term === 'timeInterval' && isNothing(firstText(constraint)) ? { at, message: 'timeInterval must be longer than nothing.' } : undefined
}

function isNothing(duration: string): boolean {
  const read = parseDuration(duration)
  return read === undefined || (read.months === 0 && read.milliseconds === 0)
}

function counterFault(rule: PolicyRule): Fault | undefined {
  return firstFault(directConstraints(rule).filter(({ row }) => row.place === 'counter'), ({ constraint, row }) => {
    const [limit] = countersOf({ ...rule, constraints: [constraint] })
    return limit === undefined || limit.limit < 1 ? { at: `${constraint.at}/rightOperand`, message: `${row.term} must leave at least 1.` } : undefined
  })
}

function timeFault(rule: PolicyRule): Fault | undefined {
  if (rule.kind === 'prohibition' || !isEmpty(windowOf(rule, undefined))) return undefined
  return { at: rule.at, message: `can never hold: it ends before it begins (${rule.constraints.map(constraintText).join('; ')}).` }
}

function constraintsFault(rule: PolicyRule): Fault | undefined {
  if (rule.kind === 'prohibition') return undefined
  const found = contradiction(rule.constraints, purposesAbove)
  if (found !== undefined) return { at: found.at, message: `${constraintText(found)} can never hold here: it contradicts what stands before it, or there is no such value.` }
  return firstFault(rule.constraints, (constraint) => (constraint.kind === 'logical' && isImpossible(constraint, purposesAbove) ? { at: constraint.at, message: `${constraintText(constraint)} can never hold.` } : undefined))
}

/** Of several terms about the same thing both must be possible at once. */
function combinationFault(rule: PolicyRule): Fault | undefined {
  if (rule.kind !== 'permission') return undefined
  const direct = directConstraints(rule)
  const { columns, rounding } = restrictionOf(rule)
  const last = (term: string, about?: string) => direct.findLast((each) => each.row.term === term && (about === undefined || each.about === about))?.constraint.at ?? rule.at
  if (columns?.length === 0) return { at: last('column'), message: 'leaves no column at all, together with the other lists of columns.' }
  const masks = Map.groupBy(direct.filter(({ row }) => row.term === 'mask'), ({ about }) => about ?? '')
  const clash = [...masks].find(([, same]) => {
    const read = same.flatMap(({ constraint }) => parseMask(firstText(constraint)) ?? [])
    return coarsest(read).kind === 'drop' && !read.some(({ kind }) => kind === 'drop')
  })
  if (clash !== undefined) return { at: last('mask', clash[0]), message: `masks ${clash[0]} in a way that does not go together with its other mask. Keep one of them.` }
  const vast = rounding.find(({ to }) => !Number.isFinite(to) || to > 1e15)
  return vast === undefined ? undefined : { at: last('rounding', vast.measure ?? undefined), message: 'does not go together with the other rounding: their least common multiple is too large.' }
}

function policyFault(policy: Policy): Fault | undefined {
  const permissions = policy.rules.filter(({ kind }) => kind === 'permission')
  const prohibitions = policy.rules.filter(({ kind }) => kind === 'prohibition')
  if (permissions.length === 0) return { at: '/permission', message: 'there is no permission, so nothing would ever be permitted.' }
  if (!permissions.some((permission) => permittedActions(permission).length > 0)) return { at: permissions[0]?.at ?? '/permission', message: 'permits nothing that can be asked of a connector. Permit use, read, or concordat:queryAggregate.' }
  if (policy.conflict === 'perm') return undefined
  return firstFault(permissions, (permission) => {
    const over = prohibitions.find((prohibition) => isAlwaysProhibited(permission, prohibition))
    return over === undefined ? undefined : { at: permission.at, message: `can never permit: ${over.at} always prohibits the same.` }
  })
}

function isAlwaysProhibited(permission: PolicyRule, prohibition: PolicyRule): boolean {
  const actions = permittedActions(permission)
  const prohibits = (action: string) => prohibition.actions.some(({ iri, refinements }) => refinements.length === 0 && actionsProhibitedWith(iri).has(action))
  const within = (field: 'targets' | 'assignees') => prohibition[field].length === 0 || (permission[field].length > 0 && permission[field].every(({ iri }) => prohibition[field].some((other) => other.iri === iri && other.refinements.length === 0)))
  return actions.length > 0 && actions.every(prohibits) && within('targets') && within('assignees') && prohibition.constraints.every((each) => implies(permission.constraints, each, purposesAbove))
}
