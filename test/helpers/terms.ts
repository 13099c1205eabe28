import { odrlIri, profileIri, xsdIri } from '../../src/policy/profile.ts'
import type { JsonValue, PolicyTerms } from '../../src/policy/odrl.ts'

/** A constraint as it goes over the wire. `operand`: a term of ODRL, or after `our:` one of our profile. */
export function constraint(operand: string, operator: string, rightOperand: JsonValue): JsonValue {
  const leftOperand = operand.startsWith('our:') ? profileIri + operand.slice(4) : odrlIri + operand
  return { leftOperand, operator, rightOperand }
}

/** A permission to use under all of these constraints. */
export function permitted(...constraints: readonly JsonValue[]): PolicyTerms {
  return { profile: profileIri, permission: [{ action: 'use', constraint: constraints }] }
}

export const dateTime = (time: Date | string): JsonValue => ({ '@value': typeof time === 'string' ? time : time.toISOString(), '@type': `${xsdIri}dateTime` })
export const until = (time: Date | string): JsonValue => constraint('dateTime', 'lteq', dateTime(time))
export const integer = (value: number): JsonValue => ({ '@value': String(value), '@type': `${xsdIri}integer` })
export const duration = (value: string): JsonValue => ({ '@value': value, '@type': `${xsdIri}duration` })
