import { firstNumber, valueText } from '../direct-constraints.ts'
import { intervalOf } from '../compare/implication.ts'
import type { PartOf } from '../compare/implication.ts'
import type { AtomicConstraint, Constraint } from '../model.ts'
import { operandOf } from '../profile.ts'
import { isEmpty, windowOfConstraint } from '../terms/validity.ts'
import type { Window } from '../terms/validity.ts'

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
  let left = domain
  return same.find((constraint) => {
    const holds = holding(constraint, above)
    left = left.filter(holds)
    return left.length === 0
  })
}

const hours = Array.from({ length: 24 }, (_value, hour) => String(hour))

/** All values that there can be, where a constraint lists them. */
function listed(same: readonly AtomicConstraint[]): string[] | undefined {
  return same.find(({ operator }) => operator === 'eq' || operator === 'isAnyOf')?.rightOperand.map(valueText)
}

/** Tells whether a constraint may hold for a value. */
function holding(constraint: AtomicConstraint, above: (iri: string) => ReturnType<PartOf> | undefined): (value: string) => boolean {
  const texts = constraint.rightOperand.map(valueText)
  const numeric = isNumeric(constraint)
  const values: ReadonlySet<string | number> = new Set<string | number>(numeric ? texts.map(Number) : texts)
  const isListed = (value: string) => values.has(numeric ? Number(value) : value)
  switch (constraint.operator) {
    case 'eq':
    case 'isAnyOf':
      return isListed
    case 'neq':
    case 'isNoneOf':
      return (value) => !isListed(value)
    case 'isA':
    case 'isPartOf':
      return (value) => {
        const broader = above(value)
        return broader === undefined || texts.some((each) => broader.has(each))
      }
    default:
      return (value) => !numeric || isInside(constraint, Number(value))
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
  let held: Window = { from: -Infinity, until: Infinity }
  return direct.find((constraint) => {
    const { from, until } = windowOfConstraint(constraint, undefined)
    held = { from: Math.max(held.from, from), until: Math.min(held.until, until) }
    return isEmpty(held)
  })
}

/** A constraint of an `or` or `xone` of which no part can hold. */
export function isImpossible(constraint: Constraint, above: (iri: string) => ReturnType<PartOf> | undefined): boolean {
  if (constraint.kind === 'atomic') return contradiction([constraint], above) !== undefined
  if (constraint.operator === 'or' || constraint.operator === 'xone') return constraint.parts.every((part) => isImpossible(part, above))
  return constraint.parts.some((part) => isImpossible(part, above)) || contradiction(constraint.parts, above) !== undefined
}

