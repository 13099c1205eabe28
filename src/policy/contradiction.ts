import { firstNumber, valueText } from './direct-constraints.ts'
import { intervalOf } from './implication.ts'
import type { PartOf } from './implication.ts'
import type { AtomicConstraint, Constraint } from './model.ts'
import { operandOf } from './profile.ts'
import { isEmpty, windowOfConstraint } from './validity.ts'

/** Operands of which a request has one value at a time. */
const single = new Set(['role', 'purpose', 'legalBasis', 'recipient', 'method', 'path', 'dayOfWeek', 'hourOfDay', 'fileFormat', 'rowScope'])
const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/**
 * The constraint that cannot hold together with the ones before it, or by itself, whatever a request says; undefined when none is
 * found. `above` gives what a purpose belongs to; where it says nothing, purposes are only compared by name.
 */
export function contradiction(constraints: readonly Constraint[], above: (iri: string) => ReturnType<PartOf> | undefined): AtomicConstraint | undefined {
  const direct = constraints.flatMap(conjuncts)
  return [...Map.groupBy(direct.filter(({ leftOperand }) => single.has(operandOf(leftOperand)?.row.term ?? '')), ({ leftOperand, unit }) => `${leftOperand} ${unit ?? ''}`).values()]
    .map((same) => contradictory(same, above))
    .find((found) => found !== undefined) ?? emptyWindow(direct)
}

function conjuncts(constraint: Constraint): AtomicConstraint[] {
  if (constraint.kind === 'atomic') return [constraint]
  return constraint.operator === 'and' ? constraint.parts.flatMap(conjuncts) : []
}

function contradictory(same: readonly AtomicConstraint[], above: (iri: string) => ReturnType<PartOf> | undefined): AtomicConstraint | undefined {
  const [first] = same
  const term = first === undefined ? undefined : operandOf(first.leftOperand)?.row.term
  const domain = term === 'dayOfWeek' ? days : term === 'hourOfDay' ? hours : listed(same)
  if (domain === undefined) return undefined
  const left = (count: number) => domain.filter((value) => same.slice(0, count).every((constraint) => mayHold(constraint, value, above)))
  return same.find((_constraint, index) => left(index + 1).length === 0)
}

const hours = Array.from({ length: 24 }, (_value, hour) => String(hour))

/** All values that there can be, where a constraint lists them. */
function listed(same: readonly AtomicConstraint[]): string[] | undefined {
  return same.find(({ operator }) => operator === 'eq' || operator === 'isAnyOf')?.rightOperand.map(valueText)
}

function mayHold(constraint: AtomicConstraint, value: string, above: (iri: string) => ReturnType<PartOf> | undefined): boolean {
  const values = constraint.rightOperand.map(valueText)
  switch (constraint.operator) {
    case 'eq':
    case 'isAnyOf':
      return isNumeric(constraint) ? values.some((each) => Number(each) === Number(value)) : values.includes(value)
    case 'neq':
    case 'isNoneOf':
      return isNumeric(constraint) ? !values.some((each) => Number(each) === Number(value)) : !values.includes(value)
    case 'isA':
    case 'isPartOf': {
      const broader = above(value)
      return broader === undefined || values.some((each) => broader.has(each))
    }
    default:
      return !isNumeric(constraint) || isInside(constraint, Number(value))
  }
}

function isNumeric({ leftOperand }: AtomicConstraint): boolean {
  return operandOf(leftOperand)?.row.datatype === 'integer'
}

function isInside(constraint: AtomicConstraint, value: number): boolean {
  const interval = intervalOf(constraint.operator, firstNumber(constraint))
  if (interval === undefined) return true
  const { from, until, openFrom, openUntil } = interval
  return (openFrom ? value > from : value >= from) && (openUntil ? value < until : value <= until)
}

function emptyWindow(direct: readonly AtomicConstraint[]): AtomicConstraint | undefined {
  const windows = direct.map((constraint) => windowOfConstraint(constraint, undefined))
  return direct.find((_constraint, index) => {
    const held = windows.slice(0, index + 1)
    return isEmpty({ from: Math.max(...held.map(({ from }) => from)), until: Math.min(...held.map(({ until }) => until)) })
  })
}

/** A constraint of an `or` or `xone` of which no part can hold. */
export function isImpossible(constraint: Constraint, above: (iri: string) => ReturnType<PartOf> | undefined): boolean {
  if (constraint.kind === 'atomic') return contradiction([constraint], above) !== undefined
  if (constraint.operator === 'or' || constraint.operator === 'xone') return constraint.parts.every((part) => isImpossible(part, above))
  return constraint.parts.some((part) => isImpossible(part, above)) || contradiction(constraint.parts, above) !== undefined
}

