import { ProblemError } from '../errors.ts'
import { isTimeZone } from './calendar.ts'
import { valueText } from './direct-constraints.ts'
import { hasZone, literalKind, numberOf, quoted } from './literals.ts'
import { parseMask } from './masks.ts'
import type { AtomicConstraint, Constraint, Policy, PolicyRule, PolicyValue } from './model.ts'
import { operandOf, operandTable, xsdIri } from './profile.ts'
import type { OperandRow } from './profile.ts'
import { keeps, limitOf, unitLimits } from './value-limits.ts'

/** Where a constraint stands, and so which operands it may have. */
interface Place {
  /** What messages put before places. */
  readonly prefix: string
  readonly within: 'permission' | 'prohibition' | 'duty'
  /** Whether it must hold whatever else does: not part of an `or` or `xone`, nor a refinement. */
  readonly direct: boolean
}

/**
 * Refuses a policy ('unsupported-policy') that has anything the profile does not: every operand must be in its table, with an operator
 * and datatype it has, at a place where it is enforced. The message names the place and what would be allowed.
 */
export function requireProfile(policy: Policy, at = ''): void {
  if (policy.inheritFrom.length > 0) refuse(`${at}/inheritFrom`, 'must be resolved before: the rules that are inherited have to be in the policy.')
  for (const rule of policy.rules) requireRule(rule, at)
}

function refuse(at: string, message: string): never {
  throw new ProblemError('unsupported-policy', `${at}: ${message}`)
}

function requireRule(rule: PolicyRule, prefix: string): void {
  if (rule.actions.length === 0) refuse(prefix + rule.at, 'must have an action.')
  const within = rule.kind === 'permission' || rule.kind === 'prohibition' ? rule.kind : 'duty'
  for (const constraint of rule.constraints) requireConstraint(constraint, { prefix, within, direct: true })
  for (const { refinements } of [...rule.actions, ...rule.targets, ...rule.assigners, ...rule.assignees]) {
    for (const refinement of refinements) requireConstraint(refinement, { prefix, within, direct: false })
  }
  for (const each of [...rule.duties, ...rule.consequences, ...rule.remedies]) requireRule(each, prefix)
}

function requireConstraint(constraint: Constraint, place: Place): void {
  if (constraint.kind === 'atomic') return requireAtomic(constraint, place)
  if (constraint.operator === 'andSequence') refuse(place.prefix + constraint.at, 'asks for an order in time, which nothing here enforces. Write "and".')
  const direct = place.direct && constraint.operator === 'and'
  for (const part of constraint.parts) requireConstraint(part, { ...place, direct })
}

function requireAtomic(constraint: AtomicConstraint, place: Place): void {
  const { leftOperand, operator } = constraint
  const at = place.prefix + constraint.at
  const row = operandOf(leftOperand)?.row
  if (row === undefined) return refuse(`${at}/leftOperand`, `${quoted(leftOperand)} is not enforced here. ${allowedAt(place)}`)
  requirePlace(row, at, place)
  if (!row.operators.includes(operator)) refuse(`${at}/operator`, `${row.term} cannot be compared with ${operator}; allowed is ${row.operators.join(', ')}.`)
  for (const [index, value] of constraint.rightOperand.entries()) {
    const fault = valueFault(row, value, constraint) ?? limitFault(row, value)
    if (fault !== undefined) refuse(constraint.rightOperand.length === 1 ? `${at}/rightOperand` : `${at}/rightOperand/${index}`, `${fault}.`)
  }
  requireUnit(row, constraint, at)
}

function requirePlace(row: OperandRow, at: string, place: Place): void {
  const isDuty = place.within === 'duty'
  if (row.place === 'obligation' && !isDuty) refuse(`${at}/leftOperand`, `${row.term} says how a duty is to be done and is not enforced in a ${place.within}. ${allowedAt(place)}`)
  if ((row.place === 'query' || row.place === 'counter') && (place.within !== 'permission' || !place.direct)) {
    const where = place.within === 'permission' ? 'within "or" or "xone", or as a refinement' : `in a ${place.within}`
    refuse(`${at}/leftOperand`, `${row.term} cannot be enforced ${where}: it must be a constraint of a permission itself. ${allowedAt(place)}`)
  }
}

function allowedAt({ within, direct }: Place): string {
  const rows = operandTable.filter(({ place }) => (place === 'decision' || (within === 'duty' ? place === 'obligation' : place !== 'obligation' && within === 'permission' && direct)))
  return `Allowed here: ${rows.map(({ term }) => term).join(', ')}.`
}

const days = new Set(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])

function valueFault(row: OperandRow, value: PolicyValue, { unit }: AtomicConstraint): string | undefined {
  const text = valueText(value)
  const kind = 'iri' in value ? undefined : literalKind(value.datatype)
  const not = (wanted: string) => `${quoted(text)} must be ${wanted} to be compared with ${row.term}`
  switch (row.datatype) {
    case 'iri':
      return 'iri' in value ? undefined : not('an IRI')
    case 'string':
      if (kind !== 'text') return not('a text')
      return row.term === 'dayOfWeek' && !days.has(text) ? not(`one of ${[...days].join(', ')}`) : undefined
    case 'integer':
      if (kind !== 'number' || !Number.isSafeInteger(numberOf(text) ?? Number.NaN) || !/^[+-]?\d+$/.test(text)) return not('a whole number (xsd:integer)')
      return row.term === 'hourOfDay' && (Number(text) < 0 || Number(text) > 23) ? not('from 0 to 23') : undefined
    case 'decimal':
      return kind === 'number' && !/e/i.test(text) ? undefined : not('a number (xsd:decimal)')
    case 'duration':
      return kind === 'duration' ? undefined : not('a duration such as P1M or PT60M')
    case 'dateTime':
      if (kind !== 'time') return not('a dateTime or date')
      return 'value' in value && value.datatype !== `${xsdIri}date` && !hasZone(text) && unit === undefined ? `${quoted(text)} has no time zone. End it with Z or an offset such as +01:00, or name the zone as unit, such as Europe/Madrid` : undefined
    case 'dimensionValue':
      return kind === undefined || kind === 'duration' ? not('a text, number, date or boolean') : undefined
    case 'mask':
      return kind === 'text' && parseMask(text) !== undefined ? undefined : not('a mask: drop, hash, truncate:3, year, month, week, day or grid:0.01')
  }
}

function limitFault(row: OperandRow, value: PolicyValue): string | undefined {
  const limit = limitOf(row)
  return limit === undefined || keeps(limit, valueText(value)) ? undefined : `${quoted(valueText(value))} must be ${limit.wanted} to be compared with ${row.term}`
}

function requireUnit(row: OperandRow, { unit }: AtomicConstraint, at: string): void {
  if (unit === undefined) return
  if (row.unit === undefined) refuse(`${at}/unit`, `${row.term} has no unit. Leave it out.`)
  if (row.unit === 'currency' && !keeps(unitLimits.currency, unit)) refuse(`${at}/unit`, `${quoted(unit)} must be ${unitLimits.currency.wanted}.`)
  if (row.unit === 'timeZone' && !isTimeZone(unit)) refuse(`${at}/unit`, `${quoted(unit)} is not a time zone such as Europe/Madrid.`)
}
