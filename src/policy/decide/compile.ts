import { createCompiling } from './compile-constraint.ts'
import { compileRule, reportRule } from './compile-rule.ts'
import type { CompiledRule, DutyTiming } from './compile-rule.ts'
import type { ConstraintReport, DecisionReport, PolicyDecision, PolicyRequest, Truth, World } from '../decision.ts'
import type { AtomicConstraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'
import { odrlIri } from '../profile.ts'

/** A policy that decides requests. */
export interface CompiledPolicy {
  readonly policy: Policy
  /** Whether a request is permitted: by the first permission that holds, if no prohibition does. What is unknown does not permit, and prohibits. */
  decide(request: PolicyRequest, world: World): PolicyDecision
  /** The decision with every rule's state and every constraint's truth. */
  report(request: PolicyRequest, world: World): DecisionReport
  /** Denies only what is denied whatever the values are that are not known. */
  possible(request: PolicyRequest, world: World): PolicyDecision
}

export interface CompileOptions {
  /** Constraints that are enforced elsewhere: they count as true, and are not in reports. */
  readonly leaveOut?: (constraint: AtomicConstraint) => boolean
  readonly dutyTiming?: DutyTiming
}

interface Permission {
  readonly compiled: CompiledRule
  readonly permit: PolicyDecision
}

/** Compiles a policy to closures. Offers and sets decide as if they were agreed. */
export function compilePolicy(policy: Policy, options: CompileOptions = {}): CompiledPolicy {
  const compiling = createCompiling(options.leaveOut ?? (() => false))
  const rules = policy.rules.map((rule) => compileRule(compiling, rule, options.dutyTiming ?? 'before'))
  const permissions = rules.filter(({ rule }) => rule.kind === 'permission').map((compiled): Permission => ({ compiled, permit: { permitted: true, permission: compiled.rule } }))
  const prohibitions = rules.filter(({ rule }) => rule.kind === 'prohibition')
  const strategy = policy.conflict
  const decide = (request: PolicyRequest, world: World): PolicyDecision => {
    const permission = firstPermission(permissions, request, world)
    if (permission !== undefined && (strategy === 'perm' || prohibitions.length === 0)) return permission.permit
    const prohibition = firstProhibition(prohibitions, request, world)
    if (prohibition !== undefined) return prohibited(prohibition, { voids: strategy === 'invalid' && permission !== undefined, request, world })
    return permission === undefined ? notPermitted(permissions, request, world) : permission.permit
  }
  return {
    policy,
    decide,
    report: (request, world) => ({ decision: decide(request, world).permitted ? 'permit' : 'deny', rules: rules.map((rule) => reportRule(rule, request, world)) }),
    possible: (request, world) => {
      const permission = permissions.find(({ compiled }) => compiled.holds(request, world) !== false)
      const prohibition = prohibitions.find(({ holds }) => holds(request, world) === true)
      if (permission === undefined) return notPermitted(permissions, request, world)
      // Which permission it will be is not known, so the first that may hold cannot be overruled by a prohibition that is overruled.
      return prohibition === undefined || strategy === 'perm' ? permission.permit : prohibited(prohibition, { voids: strategy === 'invalid', request, world })
    },
  }
}

function firstPermission(permissions: readonly Permission[], request: PolicyRequest, world: World): Permission | undefined {
  for (const permission of permissions) if (permission.compiled.holds(request, world) === true) return permission
  return undefined
}

function firstProhibition(prohibitions: readonly CompiledRule[], request: PolicyRequest, world: World): CompiledRule | undefined {
  for (const prohibition of prohibitions) if (prohibition.holds(request, world) !== false) return prohibition
  return undefined
}

function prohibited({ rule, constraints }: CompiledRule, { voids, request, world }: { voids: boolean; request: PolicyRequest; world: World }): PolicyDecision {
  const failed = constraints.flatMap(({ report }) => report(request, world) ?? [])
  return { permitted: false, reason: voids ? 'conflict' : 'prohibited', rule, failed }
}

/** Why no permission permits: what fails of the one that came closest, which is first of all one about the request. */
function notPermitted(permissions: readonly Permission[], request: PolicyRequest, world: World): PolicyDecision {
  let closest: { rule: PolicyRule; failed: readonly ConstraintReport[]; distance: number } | undefined
  for (const { compiled } of permissions) {
    const { about, failed } = failures(compiled, request, world)
    const distance = about.length * 1_000_000 + failed.length
    if (closest === undefined || distance < closest.distance) closest = { rule: compiled.rule, failed: [...about, ...failed], distance }
  }
  return { permitted: false, reason: 'no-permission', rule: closest?.rule, failed: closest?.failed ?? [] }
}

function failures(compiled: CompiledRule, request: PolicyRequest, world: World): { about: ConstraintReport[]; failed: ConstraintReport[] } {
  const { rule } = compiled
  const told = ({ report }: { report: (request: PolicyRequest, world: World) => ConstraintReport | undefined }) => report(request, world) ?? []
  const refinements = compiled.refinements.flatMap(told).filter(({ satisfied }) => satisfied !== true)
  const parts = [
    { part: 'action', terms: rule.actions, satisfied: compiled.action(request, world), value: request.action },
    { part: 'assignee', terms: rule.assignees, satisfied: compiled.party(request, world), value: request.assignee },
    { part: 'target', terms: rule.targets, satisfied: compiled.target(request, world), value: request.target },
  ]
  const about = parts.filter(({ satisfied }) => satisfied !== true).map((part) => aboutReport(rule, part))
  const constraints = compiled.constraints.flatMap(told).filter(({ satisfied }) => satisfied !== true)
  const duties = compiled.duties.filter(({ settled }) => settled(request, world) !== true).map((duty) => dutyReport(duty.rule, duty.settled(request, world)))
  return { about, failed: [...(about.length > 0 ? refinements : []), ...constraints, ...duties] }
}

interface About {
  readonly part: string
  readonly terms: readonly RefinedTerm[]
  readonly satisfied: Truth
  readonly value: string | undefined
}

/** What a rule is about, told as a constraint would be. */
function aboutReport(rule: PolicyRule, { part, terms, satisfied, value }: About): ConstraintReport {
  const at = `${rule.at}/${part}`
  return { id: at, at, satisfied, leftOperand: odrlIri + part, operator: 'isAnyOf', rightOperand: terms.map(({ iri }) => iri), ...(value === undefined ? {} : { value }) }
}

/** A duty that is not done, told as a constraint would be. */
function dutyReport({ id, at, actions }: PolicyRule, satisfied: Truth): ConstraintReport {
  return { id, at, satisfied, leftOperand: `${odrlIri}duty`, operator: 'eq', rightOperand: actions.map(({ iri }) => iri) }
}
