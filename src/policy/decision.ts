import type { PolicyRule } from './model.ts'

/** A value of an operand in a request: one, or several that hold together. */
export type ContextValue = string | number | boolean | Date | readonly (string | number | boolean | Date)[]

/** What somebody asks to do. */
export interface PolicyRequest {
  /** Full IRI of the action. */
  readonly action: string
  readonly target?: string
  /** Who asks. */
  readonly assignee?: string
  /** Values of operands, by full IRI. What is absent is unknown. */
  readonly context: ReadonlyMap<string, ContextValue>
}

/** What is known of the world when a request is decided. */
export interface World {
  readonly now: Date
  /** When the policy was agreed, for terms that count from then. */
  readonly agreedAt?: Date
  /** Everything that `member` belongs to, itself included, all the way up: collections, groups, broader concepts. */
  readonly partOf: (member: string) => ReadonlySet<string>
  /** Ids of duties that were done. */
  readonly fulfilled: ReadonlySet<string>
  /** Ids of prohibitions and duties known as violated. */
  readonly violated: ReadonlySet<string>
}

/** true, false, or null: not known. Kleene's logic. */
export type Truth = boolean | null

/**
 * What was decided. The permission that permits, or why none does: `failed` names what would have to hold, first the
 * permission that came closest.
 */
export type PolicyDecision =
  | { readonly permitted: true; readonly permission: PolicyRule }
  | { readonly permitted: false; readonly reason: 'no-permission' | 'prohibited' | 'conflict'; readonly rule: PolicyRule | undefined; readonly failed: readonly ConstraintReport[] }

export interface DecisionReport {
  readonly decision: 'permit' | 'deny'
  readonly rules: readonly RuleReport[]
}

export interface RuleReport {
  readonly id: string
  readonly kind: 'permission' | 'prohibition' | 'obligation' | 'duty'
  /** Whether the rule applies: all it is about and all its constraints hold, and its duties are fulfilled. */
  readonly active: boolean
  /** Whether the request is about the rule's target, party and action. */
  readonly target: Truth
  readonly party: Truth
  readonly action: Truth
  readonly constraints: readonly ConstraintReport[]
  readonly duties: readonly DutyReport[]
  /** Constraints on the rule's actions, targets and assignees, if there are any. */
  readonly refinements?: readonly ConstraintReport[]
}

export interface ConstraintReport {
  readonly id: string
  readonly at: string
  readonly satisfied: Truth
  /** Of an atomic constraint. */
  readonly leftOperand?: string
  readonly operator?: string
  readonly rightOperand?: readonly string[]
  /** The value that was compared; absent when it was unknown. */
  readonly value?: string | readonly string[]
  /** Of a logical constraint. */
  readonly parts?: readonly ConstraintReport[]
}

export interface DutyReport extends RuleReport {
  readonly state: 'fulfilled' | 'violated' | 'pending' | 'inactive'
}
