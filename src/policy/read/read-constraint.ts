import { literalFault, literalKind, numberOf, quoted } from './literals.ts'
import type { Constraint, Operator, PolicyValue } from '../model.ts'
import { operators } from '../model.ts'
import { expandPrefix, odrlOperands, termIri } from './names.ts'
import { odrlIri, operandOf, profileIri, xsdIri } from '../profile.ts'
import type { Fields, Reading } from './reading.ts'
import { describe, fieldsOf, items, nameIn, ownId, refuse, single, termIn } from './reading.ts'

const logical = ['and', 'or', 'xone', 'andSequence'] as const
const known = new Set(['@id', '@type', 'leftOperand', 'operator', 'rightOperand', 'rightOperandReference', 'unit', 'dataType', ...logical])
const maxConstraints = 10_000
const maxLevels = 50
/** Operators that compare with one value; the others with a set. */
const singular = new Set<Operator>(['eq', 'neq', 'gt', 'gteq', 'lt', 'lteq'])

/** Reads the constraints or refinements at a place. */
export function readConstraints(reading: Reading, value: unknown, at: string, level = 0): Constraint[] {
  return items(value).map((item, index) => readConstraint(reading, item, { at: `${at}/${index}`, level }))
}

function readConstraint(reading: Reading, value: unknown, { at, level }: { at: string; level: number }): Constraint {
  reading.count.constraints++
  if (reading.count.constraints > maxConstraints) return refuse(reading, at, `is constraint number ${maxConstraints + 1}; a policy has at most ${maxConstraints}.`)
  if (level > maxLevels) return refuse(reading, at.slice(0, 120), `is nested more than ${maxLevels} levels deep, or contains itself.`)
  const fields = fieldsOf(reading, referred(reading, value, at), { at, what: 'a constraint', known })
  const id = ownId(reading, fields, at) ?? at
  const given = logical.filter((each) => fields.has(each))
  const [operator] = given
  if (operator === undefined) return readAtomic(reading, fields, { at, id })
  if (given.length > 1 || ['leftOperand', 'operator', 'rightOperand', 'unit'].some((each) => fields.has(each))) return refuse(reading, at, `must be either one of ${logical.join(', ')}, or a comparison.`)
  const parts = readConstraints(reading, fields.get(operator), `${at}/${operator}`, level + 1)
  return parts.length === 0 ? refuse(reading, `${at}/${operator}`, 'must have at least one constraint.') : { kind: 'logical', id, at, operator, parts }
}

/** The thing itself, when only its id stands at the place. */
export function referred(reading: Reading, value: unknown, at: string): unknown {
  const id = typeof value === 'string' ? value : (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 1 ? ('@id' in value ? value['@id'] : ('uid' in value ? value.uid : undefined)) : undefined)
  if (typeof id !== 'string') return value
  return reading.node(id) ?? refuse(reading, at, `refers to ${quoted(id)}, which is not in the document. Write it out.`)
}

function readAtomic(reading: Reading, fields: Fields, { at, id }: { at: string; id: string }): Constraint {
  if (fields.has('rightOperandReference')) return refuse(reading, `${at}/rightOperandReference`, 'is a value that would have to be fetched from elsewhere, where it may change. Give the value itself as rightOperand.', 'unsupported-policy')
  for (const needed of ['leftOperand', 'operator', 'rightOperand']) {
    if (!fields.has(needed)) return refuse(reading, at, `must have ${needed}.`)
  }
  const leftOperand = termIn(reading, single(fields.get('leftOperand')), `${at}/leftOperand`)
  if (!odrlOperands.has(leftOperand) && operandOf(leftOperand) === undefined) {
    return refuse(reading, `${at}/leftOperand`, `${quoted(leftOperand)} is not known here${aboutMissing(leftOperand)}. Known are the left operands of ODRL 2.2 and of the profile ${profileIri}.`, 'unsupported-policy')
  }
  const operator = readOperator(reading, fields.get('operator'), `${at}/operator`)
  const dataType = fields.has('dataType') ? termIn(reading, single(fields.get('dataType')), `${at}/dataType`) : undefined
  const values = items(fields.get('rightOperand'))
  const rightOperand = values.map((value, index) => readValue(reading, value, { at: values.length === 1 ? `${at}/rightOperand` : `${at}/rightOperand/${index}`, leftOperand, dataType }))
  if (rightOperand.length === 0) return refuse(reading, `${at}/rightOperand`, 'must have a value.')
  if (rightOperand.length > 1 && singular.has(operator)) return refuse(reading, `${at}/rightOperand`, `has ${rightOperand.length} values, but "${operator}" compares with one. For several there are isAnyOf, isAllOf and isNoneOf.`)
  const unit = readUnit(reading, fields.get('unit'), `${at}/unit`)
  return { kind: 'atomic', id, at, leftOperand, operator, rightOperand, ...(unit === undefined ? {} : { unit }) }
}

function aboutMissing(leftOperand: string): string {
  return operandOf(`${leftOperand}#x`) === undefined ? '' : ': it needs what it is about after a number sign, such as #district'
}

function readOperator(reading: Reading, value: unknown, at: string): Operator {
  const iri = termIn(reading, single(value), at)
  return operators.find((each) => odrlIri + each === iri) ?? refuse(reading, at, `${quoted(iri)} is not an operator. Operators are ${operators.join(', ')}.`, 'unsupported-policy')
}

function readUnit(reading: Reading, value: unknown, at: string): string | undefined {
  if (value === undefined) return undefined
  const only = single(value)
  const text = typeof only === 'object' && only !== null ? ('@id' in only ? only['@id'] : ('@value' in only ? only['@value'] : undefined)) : only
  return typeof text === 'string' && text !== '' ? expandPrefix(text) : refuse(reading, at, `must be a text or an IRI, not ${describe(value)}.`)
}

interface ValuePlace {
  readonly at: string
  readonly leftOperand: string
  readonly dataType: string | undefined
}

function readValue(reading: Reading, value: unknown, place: ValuePlace): PolicyValue {
  if (isScalar(value)) return readTyped(reading, { value, datatype: place.dataType }, place)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(reading, place.at, `must be a text, a typed value or an IRI, not ${describe(value)}.`)
  const entries = new Map<string, unknown>(Object.entries(value))
  const strange = [...entries.keys()].find((key) => key !== '@value' && key !== '@type' && key !== '@id')
  if (strange !== undefined) return refuse(reading, place.at, `has ${quoted(strange)}; a value has "@value" with "@type", or "@id".`)
  if (entries.has('@id')) return entries.size === 1 ? { iri: nameIn(reading, entries.get('@id'), place.at) } : refuse(reading, place.at, 'must be an IRI ("@id") or a literal ("@value"), not both.')
  const [inner, type] = [entries.get('@value'), entries.get('@type')]
  if (type !== undefined && typeof type !== 'string') return refuse(reading, place.at, `must have one datatype, not ${describe(type)}.`)
  if (!isScalar(inner)) return refuse(reading, place.at, `must have a text as "@value", not ${describe(inner)}.`)
  return readTyped(reading, { value: inner, datatype: type === undefined ? place.dataType : termIri(type.includes(':') ? type : `xsd:${type}`) }, place)
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function readTyped(reading: Reading, { value, datatype }: { value: string | number | boolean; datatype: string | undefined }, place: ValuePlace): PolicyValue {
  if (typeof value === 'string') return typed(reading, place, { text: value, datatype })
  return typed(reading, place, { text: String(value), datatype: datatype ?? (typeof value === 'number' ? numberType(value) : `${xsdIri}boolean`) })
}

function numberType(value: number): string {
  return `${xsdIri}${Number.isInteger(value) && Math.abs(value) < 1e21 ? 'integer' : (/e/i.test(String(value)) ? 'double' : 'decimal')}`
}

/** A literal with its datatype. A text without one has that which its operand compares with. */
function typed(reading: Reading, place: ValuePlace, { text, datatype }: { text: string; datatype: string | undefined }): PolicyValue {
  const expected = expectedOf(place.leftOperand)
  const isText = datatype === undefined || datatype === `${xsdIri}string`
  if (isText && expected === 'iri' && isIri(expandPrefix(text))) return { iri: expandPrefix(text) }
  const settled = isText ? xsdIri + untyped(text, expected) : datatype
  const fault = literalFault(text, settled)
  if (fault !== undefined) return refuse(reading, place.at, `${fault}.`, literalKind(settled) === undefined ? 'unsupported-policy' : 'invalid-policy')
  const kind = literalKind(settled)
  if ((expected === 'time' || expected === 'duration') && kind !== expected) {
    return refuse(reading, place.at, `${quoted(text)} is compared with ${place.leftOperand}, which needs ${expected === 'time' ? 'a dateTime or date' : 'a duration'}.`)
  }
  return { value: text, datatype: settled }
}

type Expected = 'iri' | 'integer' | 'decimal' | 'number' | 'time' | 'duration' | 'any'

function expectedOf(leftOperand: string): Expected {
  const datatype = operandOf(leftOperand)?.row.datatype
  if (datatype === 'iri' || datatype === 'integer' || datatype === 'decimal' || datatype === 'duration') return datatype
  if (datatype === 'dateTime') return 'time'
  const kind = datatype === undefined ? odrlOperands.get(leftOperand) : undefined
  return kind === undefined || kind === 'name' ? 'any' : kind
}

function untyped(text: string, expected: Expected): string {
  if (expected === 'time') return text.includes('T') ? 'dateTime' : 'date'
  if (expected === 'duration' || expected === 'integer' || expected === 'decimal') return expected
  if (expected === 'number' && numberOf(text) !== undefined) return /^[+-]?\d+$/.test(text) ? 'integer' : (/e/i.test(text) ? 'double' : 'decimal')
  return 'string'
}

const iriPattern = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s\p{Cc}\p{Cf}<>"{}|\\^`]+$/u

/** Whether a text is an absolute IRI. */
export function isIri(text: string): boolean {
  return iriPattern.test(text)
}
