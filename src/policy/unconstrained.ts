import { ProblemError } from '../errors.ts'
import type { PolicyTerms } from './odrl.ts'
import { odrlTerm } from './odrl.ts'

/** The one policy that can be offered: whoever may see the dataset may use it. */
export const unconstrained = { permission: [{ action: 'use' }] } as const satisfies PolicyTerms

const known = new Set(['@id', '@type', '@context', 'target', 'assigner', 'assignee', 'timestamp', 'permission', 'prohibition', 'obligation', 'profile'])

/**
 * Gives `policy` as the unconstrained policy, or refuses it ('unsupported-policy') naming the term that this connector
 * does not enforce. A term that is not enforced is never ignored.
 */
export function requireUnconstrained(policy: unknown, at: string): PolicyTerms {
  const found = firstUnsupported(policy, at)
  if (found !== undefined) {
    throw new ProblemError('unsupported-policy', `${found} Only the unconstrained policy {"permission":[{"action":"use"}]} can be agreed for now.`)
  }
  return unconstrained
}

/** Why `policy` cannot be agreed, or undefined when it is the unconstrained one. */
export function firstUnsupported(policy: unknown, at: string): string | undefined {
  if (!isObject(policy)) return `${at}: must be a policy object.`
  const extra = Object.keys(policy).find((key) => !known.has(key))
  if (extra !== undefined) return `${at}/${extra}: this term is not enforced here.`
  for (const kind of ['prohibition', 'obligation', 'profile'] as const) {
    if (!isEmpty(policy[kind])) return `${at}/${kind}: this term is not enforced here.`
  }
  const permissions = policy['permission']
  if (!Array.isArray(permissions) || permissions.length === 0) return `${at}/permission: must have at least one rule.`
  for (const [index, rule] of permissions.entries()) {
    const reason = firstUnsupportedOfRule(rule, `${at}/permission/${index}`)
    if (reason !== undefined) return reason
  }
  return undefined
}

function firstUnsupportedOfRule(rule: unknown, at: string): string | undefined {
  if (!isObject(rule)) return `${at}: must be a rule object.`
  if (typeof rule['action'] !== 'string' || odrlTerm(rule['action']) !== 'use') return `${at}/action: only "use" is enforced here.`
  const extra = Object.keys(rule).find((key) => key !== 'action' && !isEmpty(rule[key]))
  return extra === undefined ? undefined : `${at}/${extra}: this term is not enforced here.`
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
