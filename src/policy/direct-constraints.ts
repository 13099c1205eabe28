import { numberOf } from './read/literals.ts'
import type { AtomicConstraint, Constraint, PolicyRule, PolicyValue } from './model.ts'
import { operandOf } from './profile.ts'
import type { OperandRow } from './profile.ts'

/** A constraint with the row of its operand, and what it is about. */
export interface DirectConstraint {
  readonly constraint: AtomicConstraint
  readonly row: OperandRow
  readonly about: string | undefined
}

/** The constraints of a rule that have to hold whatever else does: its own and those inside a direct `and`, of which the profile has the operand. */
export function directConstraints(rule: PolicyRule): readonly DirectConstraint[] {
  return rule.constraints.flatMap(conjuncts).flatMap((constraint) => {
    const operand = operandOf(constraint.leftOperand)
    return operand === undefined ? [] : [{ constraint, row: operand.row, about: operand.about }]
  })
}

function conjuncts(constraint: Constraint): AtomicConstraint[] {
  if (constraint.kind === 'atomic') return [constraint]
  return constraint.operator === 'and' ? constraint.parts.flatMap(conjuncts) : []
}

/** Every atomic constraint of a constraint, at whatever depth. */
export function atomicConstraints(constraint: Constraint): AtomicConstraint[] {
  return constraint.kind === 'atomic' ? [constraint] : constraint.parts.flatMap(atomicConstraints)
}

/** A right operand as text: its IRI, or its lexical form. */
export function valueText(value: PolicyValue): string {
  return 'iri' in value ? value.iri : value.value
}

/** The first right operand of a constraint as text. */
export function firstText(constraint: AtomicConstraint): string {
  const [value] = constraint.rightOperand
  return value === undefined ? '' : valueText(value)
}

/** The first right operand as a number; NaN when it is none. */
export function firstNumber(constraint: AtomicConstraint): number {
  return numberOf(firstText(constraint)) ?? Number.NaN
}

/** Whether an operand's term is enforced beside the decision: in the query, or by a counter. */
export function isBesideDecision(constraint: AtomicConstraint): boolean {
  const place = operandOf(constraint.leftOperand)?.row.place
  return place === 'query' || place === 'counter'
}
