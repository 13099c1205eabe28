import type { BoundedCache } from '../../identity/bounded-cache.ts'
import { boundedCache } from '../../identity/bounded-cache.ts'
import { atomicConstraints, valueText } from '../../policy/direct-constraints.ts'
import type { AtomicConstraint, Policy, PolicyRule } from '../../policy/model.ts'
import { operandIri, operandOf } from '../../policy/profile.ts'
import { policyDigest } from '../../policy/policy-digest.ts'
import { readPolicy } from '../../policy/read/read.ts'
import type { CounterLimit, QueryRestriction } from '../../policy/restriction.ts'
import type { Terms } from '../../policy/terms/terms.ts'
import { termsOf } from '../../policy/terms/terms.ts'
import type { ReleasedTransfer } from '../release.ts'
import type { ToldTerm } from './told-terms.ts'
import { besideDecision } from './told-terms.ts'

/** The terms of an agreement, with what of them concerns requests to HTTP sources. */
export interface AgreementTerms {
  readonly terms: Terms
  /** SHA-256 of the agreement's policy, hex. */
  readonly digest: string
  /** Query parameters that its terms name. */
  readonly parameters: readonly string[]
  /** Patterns of paths that its terms name. */
  readonly paths: readonly string[]
  /** Whether any of its permissions leaves something out of whole datasets, so that they are not given as they are. */
  readonly restricted: boolean
  of(permission: PolicyRule): PermissionTerms
}

/** What a permission leaves to be enforced beside the decision. */
export interface PermissionTerms {
  readonly restriction: QueryRestriction
  /** Whether the restriction leaves anything out. */
  readonly restricted: boolean
  readonly limits: readonly CounterLimit[]
  /** The terms of both, as they are told. */
  readonly told: readonly ToldTerm[]
}

/** How many agreements' terms are kept compiled. */
const kept = 10_000

/** Reads and compiles the terms of agreements once: a finalized agreement does not change. */
export function createAgreementTerms(): (transfer: ReleasedTransfer) => AgreementTerms | undefined {
  const cache: BoundedCache<AgreementTerms> = boundedCache(kept, () => 0)
  return ({ agreementId, agreement }) => {
    if (agreementId === undefined || agreement === undefined) return undefined
    const known = cache.get(agreementId)
    if (known !== undefined) return known
    const read = agreementTerms(readPolicy(agreement), policyDigest(agreement))
    cache.set(agreementId, read, 1)
    return read
  }
}

function agreementTerms(policy: Policy, digest: string): AgreementTerms {
  const terms = termsOf(policy)
  const atomic = policy.rules.flatMap(constraintsOf)
  const path = operandIri('path')
  const parameters = atomic.flatMap(({ leftOperand }) => {
    const operand = operandOf(leftOperand)
    return operand?.row.term === 'parameter' && operand.about !== undefined ? [operand.about] : []
  })
  const permissions = new Map(policy.rules.filter(({ kind }) => kind === 'permission').map((rule) => [rule.at, permissionTerms(terms, rule)]))
  return {
    terms,
    digest,
    parameters: [...new Set(parameters)],
    paths: [...new Set(atomic.filter(({ leftOperand }) => leftOperand === path).flatMap(({ rightOperand }) => rightOperand.map(valueText)))],
    restricted: [...permissions.values()].some(({ restricted, limits }) => restricted || limits.some(({ counter }) => counter === 'rows')),
    of: (permission) => permissions.get(permission.at) ?? permissionTerms(terms, permission),
  }
}

function permissionTerms(terms: Terms, rule: PolicyRule): PermissionTerms {
  const restriction = terms.restriction(rule)
  const { aggregatesOnly, rows, columns, masks, minGroupSizes, largestShares, rounding, maxRows } = restriction
  const restricted = aggregatesOnly || columns !== null || maxRows !== null || rows.length + masks.length + minGroupSizes.length + largestShares.length + rounding.length > 0
  return { restriction, restricted, limits: terms.counters(rule), told: besideDecision(rule) }
}

function constraintsOf(rule: PolicyRule): AtomicConstraint[] {
  const terms = [...rule.actions, ...rule.targets, ...rule.assignees]
  return [...[...rule.constraints, ...terms.flatMap(({ refinements }) => refinements)].flatMap(atomicConstraints), ...[...rule.duties, ...rule.consequences, ...rule.remedies].flatMap(constraintsOf)]
}
