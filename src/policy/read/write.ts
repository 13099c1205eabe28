import { ProblemError } from '../../errors.ts'
import type { Constraint, Policy, PolicyRule, PolicyValue, RefinedTerm } from '../model.ts'
import type { JsonValue, PolicyTerms, Rule } from '../odrl.ts'
import { odrlIri, profileIri, xsdIri } from '../profile.ts'

/** An object that is written, without fields that say nothing. */
type Written = Record<string, JsonValue | undefined>

/**
 * Writes a policy as DSP 2025-1 carries it, without what a message says itself: its id, target and parties. There is one way to write
 * a policy. Terms that DSP's context does not have get the prefix `odrl:`, so that they survive JSON-LD. What cannot be said so is
 * refused ('unsupported-policy'): a target of a rule's own, or a rule without an action.
 */
export function writeDsp(policy: Policy): PolicyTerms {
  if (policy.inheritFrom.length > 0) return refuse('/inheritFrom', 'must be resolved before: what goes out has all rules in it.')
  const kind = (name: PolicyRule['kind']) => policy.rules.filter((rule) => rule.kind === name).flatMap((rule) => writeRule(policy, rule))
  const [permission, prohibition, obligation] = [kind('permission'), kind('prohibition'), kind('obligation')]
  const usesProfile = policy.profiles.includes(profileIri) || JSON.stringify([permission, prohibition, obligation]).includes(profileIri)
  return {
    ...(permission.length === 0 ? {} : { permission }),
    ...(prohibition.length === 0 ? {} : { prohibition }),
    ...(obligation.length === 0 ? {} : { obligation }),
    ...(usesProfile ? { profile: profileIri } : {}),
    ...(policy.conflict === 'invalid' ? {} : { 'odrl:conflict': { '@id': `odrl:${policy.conflict}` } }),
  }
}

function refuse(at: string, message: string): never {
  throw new ProblemError('unsupported-policy', `${at}: ${message}`)
}

/** A rule; one for each of its actions, because DSP carries one. */
function writeRule(policy: Policy, rule: PolicyRule): Rule[] {
  requireNoOwnTarget(policy, rule)
  if (rule.actions.length === 0) return refuse(rule.at, 'must have an action. In the Dataspace Protocol every rule has one.')
  if (rule.actions.length > 1 && (rule.kind === 'obligation' || rule.kind === 'duty')) return refuse(`${rule.at}/action`, 'has several actions. Write a rule for each, so that each can be done and recorded by itself.')
  const parties = {
    assigner: writeTerms(rule.assigners.filter(({ iri, refinements }) => refinements.length > 0 || policy.shared?.assigners.includes(iri) !== true)),
    assignee: writeTerms(rule.assignees.filter(({ iri, refinements }) => refinements.length > 0 || policy.shared?.assignees.includes(iri) !== true)),
  }
  const within = (rules: readonly PolicyRule[]) => list(rules.flatMap((each) => writeRule({ ...policy, shared: nothing }, each)))
  const functions = Object.fromEntries(Object.entries(rule.functions).map(([name, iris]) => [`odrl:${name}`, list(iris.map((iri) => ({ '@id': iri })))]))
  return rule.actions.map(({ iri, refinements }, index) => ({
    // Rules that come out of one cannot share its id.
    ...(index === 0 ? idOf(rule) : {}),
    action: writeAction(iri),
    ...plain({
      ...parties,
      // What refines the action constrains the rule as well: DSP's actions are texts.
      constraint: list([...rule.constraints, ...refinements].map(writeConstraint)),
      duty: within(rule.duties),
      'odrl:consequence': within(rule.consequences),
      'odrl:remedy': within(rule.remedies),
      ...functions,
    }),
  }))
}

const nothing = { targets: [], assigners: [], assignees: [] }

function requireNoOwnTarget(policy: Policy, { at, targets }: PolicyRule): void {
  const own = targets.find(({ iri, refinements }) => refinements.length > 0 || policy.shared?.targets.includes(iri) !== true)
  if (own !== undefined) refuse(`${at}/target`, 'a rule in the Dataspace Protocol has no target of its own: all of a policy is about the dataset that is offered. Leave the target out, or limit rows and columns by constraints.')
}

function idOf({ id, at }: { readonly id: string; readonly at: string }): { '@id'?: string } {
  return id === at ? {} : { '@id': id }
}

function writeAction(iri: string): string {
  if (iri === `${odrlIri}use`) return 'use'
  return iri.startsWith(odrlIri) ? `odrl:${iri.slice(odrlIri.length)}` : iri
}

function writeTerms(terms: readonly RefinedTerm[]): JsonValue | undefined {
  const written = terms.map(({ iri, refinements }): JsonValue => (refinements.length === 0 ? iri : { '@id': iri, 'odrl:refinement': refinements.map(writeConstraint) }))
  return written.length === 1 ? written[0] : list(written)
}

function writeConstraint(constraint: Constraint): JsonValue {
  if (constraint.kind === 'logical') return { ...idOf(constraint), [constraint.operator]: constraint.parts.map(writeConstraint) }
  const { leftOperand, operator, rightOperand, unit } = constraint
  const values = rightOperand.map(writeValue)
  return { ...idOf(constraint), ...plain({ leftOperand, operator, rightOperand: values.length === 1 ? values[0] : values, 'odrl:unit': unit }) }
}

function writeValue(value: PolicyValue): JsonValue {
  if ('iri' in value) return { '@id': value.iri }
  return value.datatype === `${xsdIri}string` ? value.value : { '@value': value.value, '@type': value.datatype }
}

function list<T extends JsonValue>(values: readonly T[]): readonly T[] | undefined {
  return values.length === 0 ? undefined : values
}

function plain(fields: Written): Written {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
