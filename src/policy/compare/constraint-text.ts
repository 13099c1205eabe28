import { valueText } from '../direct-constraints.ts'
import type { Constraint } from '../model.ts'
import { dpvIri, odrlIri, profileIri } from '../profile.ts'

/** A name as messages show it: terms of ODRL and the profile without their namespace. */
export function termOf(iri: string): string {
  const namespace = [odrlIri, profileIri, dpvIri].find((each) => iri.startsWith(each))
  return namespace === undefined ? iri : iri.slice(namespace.length)
}

/** A constraint in one line for messages: `minGroupSize#card gteq 10`. */
export function constraintText(constraint: Constraint): string {
  if (constraint.kind === 'logical') return `${constraint.operator}(${constraint.parts.map(constraintText).join(', ')})`
  const values = constraint.rightOperand.map((value) => termOf(valueText(value)))
  const unit = constraint.unit === undefined ? '' : ` (${constraint.unit})`
  return `${termOf(constraint.leftOperand)} ${constraint.operator} ${values.join(', ')}${unit}`
}
