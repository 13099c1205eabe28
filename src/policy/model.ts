/**
 * An ODRL 2.2 policy, read and checked: names are full IRIs, compact forms are expanded (Information Model §2.7.1), nothing
 * in it is unknown. Everything that decides, explains or compares policies works on this.
 */
export interface Policy {
  readonly id: string
  readonly type: 'Set' | 'Offer' | 'Agreement'
  readonly profiles: readonly string[]
  /** What counts when a permission and a prohibition meet; ODRL's default voids the policy (Information Model §2.10). */
  readonly conflict: 'perm' | 'prohibit' | 'invalid'
  readonly inheritFrom: readonly string[]
  /** What a compact policy said once for all its rules (Information Model §2.7.1). The rules have it too, where they do not say otherwise. */
  readonly shared?: { readonly targets: readonly string[]; readonly assigners: readonly string[]; readonly assignees: readonly string[] }
  /** Permissions, prohibitions and obligations, in the order they are written. */
  readonly rules: readonly PolicyRule[]
}

export type RuleKind = 'permission' | 'prohibition' | 'obligation' | 'duty'

/** A rule. Where a list of actions, targets or assignees is empty, the rule is about all of them. */
export interface PolicyRule {
  /** The rule's own id, or its place in the policy. */
  readonly id: string
  /** JSON pointer of the rule, for messages: `/permission/0`. */
  readonly at: string
  readonly kind: RuleKind
  /** Any of these. */
  readonly actions: readonly RefinedTerm[]
  readonly targets: readonly RefinedTerm[]
  readonly assigners: readonly RefinedTerm[]
  readonly assignees: readonly RefinedTerm[]
  /** All of these. */
  readonly constraints: readonly Constraint[]
  /** Of a permission: must be fulfilled before. */
  readonly duties: readonly PolicyRule[]
  /** Of a duty or obligation: to be done as well when it was not fulfilled. */
  readonly consequences: readonly PolicyRule[]
  /** Of a prohibition: to be done when it was violated. */
  readonly remedies: readonly PolicyRule[]
  /** Of an obligation or duty: who is compensated or informed, where ODRL names it. */
  readonly functions: Readonly<Record<string, readonly string[]>>
}

/** An action, asset or party by its IRI, with what narrows it. */
export interface RefinedTerm {
  readonly iri: string
  readonly refinements: readonly Constraint[]
}

export type Constraint = AtomicConstraint | LogicalConstraint

export interface AtomicConstraint {
  readonly kind: 'atomic'
  readonly id: string
  readonly at: string
  /** Full IRI; of our profile perhaps with what it is about after a number sign: `…/minGroupSize#card`. */
  readonly leftOperand: string
  readonly operator: Operator
  /** One value, or several for the operators on sets. Never empty. */
  readonly rightOperand: readonly PolicyValue[]
  readonly unit?: string
}

export interface LogicalConstraint {
  readonly kind: 'logical'
  readonly id: string
  readonly at: string
  readonly operator: 'and' | 'or' | 'xone' | 'andSequence'
  readonly parts: readonly Constraint[]
}

/** ODRL's operators, by their terms. */
export const operators = ['eq', 'neq', 'gt', 'gteq', 'lt', 'lteq', 'isA', 'hasPart', 'isPartOf', 'isAllOf', 'isAnyOf', 'isNoneOf'] as const
export type Operator = (typeof operators)[number]

/** A right operand: an IRI, or a literal with its datatype as full IRI (`xsd:string` when none was given). */
export type PolicyValue = { readonly iri: string } | { readonly value: string; readonly datatype: string }
