import { ProblemError } from '../../errors.ts'
import { isTimeZone } from '../calendar.ts'
import { valueText } from '../direct-constraints.ts'
import { hasZone, literalKind, numberOf, quoted } from '../read/literals.ts'
import { parseMask } from '../terms/masks.ts'
import { constraintsOf } from '../read/faults.ts'
import type { AtomicConstraint, Constraint, Policy, PolicyRule, PolicyValue } from '../model.ts'
import { dpvIri, operandOf, operandTable, xsdIri } from '../profile.ts'
import type { OperandRow } from '../profile.ts'
import { isPurpose } from '../purposes.ts'
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
  requireSize(policy, at)
  for (const rule of policy.rules) requireRule(rule, at)
}

/** Terms are compared with each other before they are agreed, each with each: what a partner sends must not keep a connector busy. */
const most = { rules: 100, constraints: 500, values: 5_000 } as const

function requireSize({ rules }: Policy, at: string): void {
  const sizes = { rules: 0, constraints: 0, values: 0 }
  for (const { actions, ...rule } of rules.flatMap(withInner)) {
    // Where it goes out, a rule has one action, and what refines that one constrains the rule.
    for (const action of actions.length === 0 ? [undefined] : actions) {
      const constraints = constraintsOf({ ...rule, actions: action === undefined ? [] : [action] }).flatMap(withParts)
      sizes.rules += 1
      sizes.constraints += constraints.length
      sizes.values += constraints.reduce((sum, each) => sum + (each.kind === 'atomic' ? each.rightOperand.length : 0), 0)
      const over = (['rules', 'constraints', 'values'] as const).find((what) => sizes[what] > most[what])
      if (over !== undefined) refuse(at === '' ? 'The policy' : at, `has more than ${most[over]} ${over}, and no more can be enforced. Offer less at once, or list fewer values.`)
    }
  }
}

function withInner(rule: PolicyRule): PolicyRule[] {
  return [rule, ...[...rule.duties, ...rule.consequences, ...rule.remedies].flatMap(withInner)]
}

function withParts(constraint: Constraint): Constraint[] {
  return constraint.kind === 'atomic' ? [constraint] : [constraint, ...constraint.parts.flatMap(withParts)]
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

type Literal = Extract<PolicyValue, { value: string }>

/** What literals of a datatype must be; limits that operands have beyond it are in value-limits.ts. */
const literals: Readonly<Record<Exclude<OperandRow['datatype'], 'iri'>, { readonly wanted: string; readonly is: (literal: Literal) => boolean }>> = {
  string: { wanted: 'a text', is: ({ datatype }) => literalKind(datatype) === 'text' },
  integer: { wanted: 'a whole number (xsd:integer)', is: ({ value, datatype }) => literalKind(datatype) === 'number' && /^[+-]?\d+$/.test(value) && Number.isSafeInteger(numberOf(value) ?? Number.NaN) },
  decimal: { wanted: 'a number (xsd:decimal)', is: ({ value, datatype }) => literalKind(datatype) === 'number' && !/e/i.test(value) },
  duration: { wanted: 'a duration such as P1M or PT60M', is: ({ datatype }) => literalKind(datatype) === 'duration' },
  dateTime: { wanted: 'a dateTime or date', is: ({ datatype }) => literalKind(datatype) === 'time' },
  dimensionValue: { wanted: 'a text, number, date or boolean', is: ({ datatype }) => literalKind(datatype) !== undefined && literalKind(datatype) !== 'duration' },
  mask: { wanted: 'a mask: drop, hash, truncate:3, year, month, week, day or grid:0.01', is: ({ value, datatype }) => literalKind(datatype) === 'text' && parseMask(value) !== undefined },
}

function valueFault(row: OperandRow, value: PolicyValue, { unit }: AtomicConstraint): string | undefined {
  const not = (wanted: string) => `${quoted(valueText(value))} must be ${wanted} to be compared with ${row.term}`
  if (row.datatype === 'iri' && !('iri' in value)) return not('an IRI')
  // A purpose that the vocabulary does not have would be below nothing: no request could have it, or a prohibition of it never holds.
  if (row.term === 'purpose' && valueText(value).startsWith(dpvIri) && !isPurpose(valueText(value))) return not('a purpose of the Data Privacy Vocabulary 2.3, such as dpv:ProvideOfficialStatistics,')
  if (row.datatype === 'iri') return undefined
  const { wanted, is } = literals[row.datatype]
  if ('iri' in value || !is(value)) return not(wanted)
  const needsZone = row.datatype === 'dateTime' && value.datatype !== `${xsdIri}date` && unit === undefined
  return needsZone && !hasZone(value.value) ? `${quoted(value.value)} has no time zone. End it with Z or an offset such as +01:00, or name the zone as unit, such as Europe/Madrid` : undefined
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
