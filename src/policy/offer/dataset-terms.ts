import { spanOf } from '../calendar.ts'
import { constraintText } from '../compare/constraint-text.ts'
import { atomicConstraints, directConstraints, firstText, valueText } from '../direct-constraints.ts'
import type { DirectConstraint } from '../direct-constraints.ts'
import { constraintsOf, firstFault, permittedActions } from '../read/faults.ts'
import type { Fault } from '../read/faults.ts'
import { numberOf, quoted } from '../read/literals.ts'
import { parseMask } from '../terms/masks.ts'
import type { AtomicConstraint, Policy, PolicyRule } from '../model.ts'
import { operandOf, xsdIri } from '../profile.ts'
import { permitsRows } from '../terms/restriction-of.ts'
import type { DatasetFacts, Mask } from '../restriction.ts'

/** What of a policy cannot be enforced on a dataset, or undefined when all of it can. */
export function datasetFault(policy: Policy, dataset: DatasetFacts): Fault | undefined {
  return firstFault(policy.rules, (rule) => firstFault(constraintsOf(rule).flatMap(atomicConstraints), (constraint) => sourceFault(constraint, dataset)) ?? (rule.kind === 'permission' ? permissionFault(rule, dataset) : undefined))
}

const ofHttp = new Set(['path', 'method', 'parameter'])
const ofTables = new Set(['fileFormat', 'rows', 'rowsPerDay'])

/** Terms that only make sense of one kind of source. */
function sourceFault(constraint: AtomicConstraint, dataset: DatasetFacts): Fault | undefined {
  const row = operandOf(constraint.leftOperand)?.row
  if (row === undefined) return undefined
  const at = `${constraint.at}/leftOperand`
  if (dataset.kind === 'http') {
    return row.place === 'query' || ofTables.has(row.term) ? { at, message: `${row.term} cannot be enforced on an HTTP API, whose answers are passed through. Take path, method and parameter, or queries and bytes.` } : undefined
  }
  if (ofHttp.has(row.term)) return { at, message: `${row.term} can be enforced on HTTP APIs only, and the dataset is ${dataset.kind === 'file' ? 'a file' : 'a table'}.` }
  if (dataset.columns.length === 0 && (row.place === 'query' || row.term === 'rows' || row.term === 'rowsPerDay')) return { at, message: `${row.term} can be enforced on tables only, and the dataset has no columns.` }
  return undefined
}

function permissionFault(permission: PolicyRule, dataset: DatasetFacts): Fault | undefined {
  if (dataset.columns.length === 0 && !permitsRows(permission) && permittedActions(permission).length > 0) {
    return { at: `${permission.at}/action`, message: 'permits aggregates only, which cannot be enforced on a dataset without columns. Permit use or read, or offer a table.' }
  }
  return firstFault(directConstraints(permission).filter(({ row }) => row.place === 'query'), (each) => queryFault(each, dataset))
}

function queryFault(direct: DirectConstraint, dataset: DatasetFacts): Fault | undefined {
  const { constraint, row, about = '' } = direct
  switch (row.term) {
    case 'rowScope':
      return nameFault(constraint, about, { what: 'dimension', names: dataset.dimensions }) ?? scopeFault(constraint, typeOf(dataset, about))
    case 'column':
      return firstFault(constraint.rightOperand.map(valueText), (name) => nameFault(constraint, name, { what: 'column', names: columnsOf(dataset), place: 'rightOperand' }))
    case 'mask':
      return nameFault(constraint, about, { what: 'column', names: columnsOf(dataset) }) ?? maskFault(constraint, about, dataset)
    case 'minGroupSize':
    case 'largestShare':
      return unitFault(direct, dataset)
    case 'rounding':
      return direct.about === undefined ? undefined : nameFault(constraint, about, { what: 'column with numbers', names: dataset.columns.filter(({ type }) => isNumeric(type)).map(({ name }) => name) })
    default:
      return undefined
  }
}

function columnsOf({ columns }: DatasetFacts): string[] {
  return columns.map(({ name }) => name)
}

function typeOf({ columns }: DatasetFacts, name: string): string | undefined {
  return columns.find((column) => column.name === name)?.type
}

function isNumeric(type: string): boolean {
  return type === 'integer' || type === 'number'
}

interface Known {
  readonly what: string
  readonly names: readonly string[]
  readonly place?: 'rightOperand'
}

function nameFault({ at }: AtomicConstraint, name: string, { what, names, place }: Known): Fault | undefined {
  if (names.includes(name)) return undefined
  return { at: `${at}/${place ?? 'leftOperand'}`, message: `the dataset has no ${what} ${quoted(name)}. ${names.length === 0 ? 'It has none.' : `It has: ${names.join(', ')}.`}` }
}

function unitFault({ constraint, row, about = '' }: DirectConstraint, { protectedUnits }: DatasetFacts): Fault | undefined {
  const unknown = nameFault(constraint, about, { what: 'protected unit', names: protectedUnits.map(({ name }) => name) })
  const unit = protectedUnits.find(({ name }) => name === about)
  if (unknown !== undefined || unit === undefined || row.term === 'minGroupSize' || unit.counts === 'distinct') return unknown
  return { at: `${constraint.at}/leftOperand`, message: `the largest share of one ${about} cannot be told: ${unit.column} counts them and does not tell them apart.` }
}

function scopeFault(constraint: AtomicConstraint, type: string | undefined): Fault | undefined {
  const at = `${constraint.at}/rightOperand`
  if (type === undefined) return undefined
  if (type === 'object') return { at: `${constraint.at}/leftOperand`, message: 'the dimension holds objects, which cannot be compared.' }
  if (type === 'boolean' && !['eq', 'neq', 'isAnyOf', 'isNoneOf'].includes(constraint.operator)) return { at: `${constraint.at}/operator`, message: 'true and false have no order.' }
  const wrong = constraint.rightOperand.map(valueText).find((text) => !fits(text, type))
  return wrong === undefined ? undefined : { at, message: `${quoted(wrong)} is not a value of ${constraintText(constraint).split(' ', 1)[0] ?? ''}, which holds values of type ${type}.` }
}

function fits(text: string, type: string): boolean {
  switch (type) {
    case 'integer':
      return numberOf(text) !== undefined && /^[+-]?\d+$/.test(text)
    case 'number':
      return numberOf(text) !== undefined
    case 'boolean':
      return text === 'true' || text === 'false'
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) && isTime(text)
    case 'datetime':
      return isTime(text)
    case 'time':
      return /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(text)
    default:
      return true
  }
}

function isTime(text: string): boolean {
  return spanOf({ value: text, datatype: `${xsdIri}dateTime` }) !== undefined
}

const fitting: Readonly<Record<Mask['kind'], readonly string[] | undefined>> = {
  drop: undefined,
  hash: ['string', 'integer', 'number', 'boolean', 'date', 'datetime', 'time'],
  truncate: ['string'],
  period: ['date', 'datetime'],
  grid: ['integer', 'number'],
}

function maskFault(constraint: AtomicConstraint, column: string, dataset: DatasetFacts): Fault | undefined {
  const mask = parseMask(firstText(constraint))
  const type = typeOf(dataset, column)
  if (mask === undefined || type === undefined) return undefined
  if (fitting[mask.kind]?.includes(type) === false) return { at: `${constraint.at}/rightOperand`, message: `the mask ${quoted(firstText(constraint))} does not fit ${column}, which holds values of type ${type}. ${masksFor(type)}` }
  return undefined
}

function masksFor(type: string): string {
  if (isNumeric(type)) return 'It can be dropped, hashed, or brought to a grid such as grid:0.01.'
  if (type === 'date' || type === 'datetime') return 'It can be dropped, hashed, or brought to year, month, week or day.'
  return type === 'string' ? 'It can be dropped, hashed, or cut such as truncate:3.' : 'It can be dropped or hashed.'
}
