import { operators } from '../src/policy/model.ts'
import { operandText } from '../src/policy/explain/operand-texts.ts'
import { odrlIri, profileIri, xsdIri } from '../src/policy/profile.ts'
import type { OperandRow } from '../src/policy/profile.ts'
import { limitOf, unitLimits } from '../src/policy/offer/value-limits.ts'

type Schema = Readonly<Record<string, unknown>>

/** Operators that may have several values on the right. */
const manyValued = new Set<string>(['isA', 'isPartOf', 'hasPart', 'isAllOf', 'isAnyOf', 'isNoneOf'])

const digits = '(?:0|[1-9][0-9]{0,14})'
const durationPattern = '^P(?=[0-9T])(?:[0-9]{1,6}Y)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}W)?(?:[0-9]{1,6}D)?(?:T(?=[0-9])(?:[0-9]{1,8}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,10}(?:\\.[0-9]{1,3})?S)?)?$'
const datePattern = '^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])'
const timePattern = 'T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?$'
const iriPattern = '^[A-Za-z][A-Za-z0-9+.-]*:\\S+$'

const datatypes: Readonly<Record<OperandRow['datatype'], { readonly pattern: string; readonly types: readonly string[] }>> = {
  iri: { pattern: iriPattern, types: ['anyURI'] },
  string: { pattern: '\\S', types: ['string'] },
  integer: { pattern: `^${digits}$`, types: ['integer', 'nonNegativeInteger', 'positiveInteger'] },
  decimal: { pattern: `^${digits}(?:\\.[0-9]+)?$`, types: ['decimal', 'integer', 'double'] },
  dateTime: { pattern: `(?:${datePattern}$)|(?:${datePattern}${timePattern})`, types: ['dateTime', 'date'] },
  duration: { pattern: durationPattern, types: ['duration', 'dayTimeDuration', 'yearMonthDuration'] },
  dimensionValue: { pattern: '\\S', types: ['string', 'integer', 'decimal', 'double', 'boolean', 'date', 'dateTime'] },
  mask: { pattern: '\\S', types: ['string'] },
}

/** The JSON Schema of constraints with this operand, as they are written in policies. */
export function constraintSchema(row: OperandRow): Schema {
  const text = operandText(row, 'en')
  const several = row.operators.filter((operator) => manyValued.has(operator))
  const value = valueSchema(row)
  const values = { anyOf: [value, { type: 'array', items: value, minItems: 1, uniqueItems: true }] }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${profileIri}schemas/${row.term}`,
    title: text.name,
    description: text.definition,
    type: 'object',
    required: ['leftOperand', 'operator', 'rightOperand'],
    properties: {
      '@id': { type: 'string' },
      '@type': { const: 'Constraint' },
      uid: { type: 'string' },
      leftOperand: { type: 'string', pattern: leftPattern(row) },
      operator: operatorSchema(row.operators),
      rightOperand: several.length === 0 ? value : values,
      ...(row.unit === undefined ? {} : { unit: unitSchema(row.unit), 'odrl:unit': unitSchema(row.unit), [`${odrlIri}unit`]: unitSchema(row.unit) }),
    },
    // Several values only where the operator is one on sets.
    ...(several.length === 0 || several.length === row.operators.length ? {} : { anyOf: [{ properties: { operator: operatorSchema(several) } }, { properties: { rightOperand: { not: { type: 'array' } } } }] }),
    additionalProperties: false,
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)
}

function leftPattern(row: OperandRow): string {
  const isOdrl = row.iri.startsWith(odrlIri)
  const name = isOdrl ? `(?:${escaped(odrlIri)}|odrl:)?${row.term}` : `(?:${escaped(profileIri)}|concordat:)${row.term}`
  const about = row.about === undefined ? '' : `#[^\\s#]+`
  return `^${name}${row.aboutOptional === true ? `(?:${about})?` : about}$`
}

function operatorSchema(allowed: readonly string[]): Schema {
  return { enum: operators.filter((operator) => allowed.includes(operator)).flatMap((operator) => [operator, `odrl:${operator}`, `${odrlIri}${operator}`]) }
}

function valueSchema(row: OperandRow): Schema {
  const { pattern, types } = datatypes[row.datatype]
  const text = { type: 'string', pattern: limitOf(row)?.pattern ?? pattern }
  const typed = {
    type: 'object',
    required: ['@value'],
    properties: { '@value': text, '@type': { enum: types.flatMap((type) => [`xsd:${type}`, `${xsdIri}${type}`]) } },
    additionalProperties: false,
  }
  const reference = { type: 'object', required: ['@id'], properties: { '@id': { type: 'string', pattern: iriPattern } }, additionalProperties: false }
  return { anyOf: row.datatype === 'iri' ? [text, reference] : [text, typed] }
}

function unitSchema(unit: NonNullable<OperandRow['unit']>): Schema {
  return { type: 'string', pattern: unitLimits[unit].pattern }
}
