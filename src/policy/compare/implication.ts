import { firstNumber, firstText, valueText } from '../direct-constraints.ts'
import { parseDuration } from '../duration.ts'
import { isCoarser, isMultiple, parseMask } from '../terms/masks.ts'
import type { AtomicConstraint, Constraint } from '../model.ts'
import { operandOf } from '../profile.ts'
import type { OperandRow } from '../profile.ts'
import { isEmpty, windowOfConstraint } from '../terms/validity.ts'

/** Everything a concept belongs to, itself included. */
export type PartOf = (member: string) => ReadonlySet<string>

/**
 * Whether `wanted` surely holds when all of `given` do. Only what can be shown counts: false means that it may or may not. It holds in
 * three-valued logic too: where `wanted` is not known, some constraint of `given` is not known or not true.
 */
export function implies(given: readonly Constraint[], wanted: Constraint, partOf: PartOf): boolean {
  if (wanted.kind === 'logical') {
    if (wanted.operator === 'and') return wanted.parts.every((part) => implies(given, part, partOf))
    if (wanted.operator === 'or' && wanted.parts.some((part) => implies(given, part, partOf))) return true
  }
  return given.some((each) => impliesAlone(each, wanted, partOf))
}

function impliesAlone(given: Constraint, wanted: Constraint, partOf: PartOf): boolean {
  if (given.kind === 'atomic') return wanted.kind === 'atomic' ? atomicImplies(given, wanted, partOf) : false
  if (isSame(given, wanted)) return true
  if (given.operator === 'and') return implies(given.parts, wanted, partOf)
  return (given.operator === 'or' || given.operator === 'xone') && given.parts.length > 0 && given.parts.every((part) => implies([part], wanted, partOf))
}

/** Whether two constraints say the same, in whatever order. */
export function isSame(first: Constraint, second: Constraint): boolean {
  return canonical(first) === canonical(second)
}

function canonical(constraint: Constraint): string {
  if (constraint.kind === 'atomic') {
    const values = constraint.rightOperand.map((value) => JSON.stringify('iri' in value ? [value.iri] : [value.value, value.datatype])).toSorted()
    return JSON.stringify([constraint.leftOperand, constraint.operator, unitOf(constraint), values])
  }
  const parts = constraint.parts.map(canonical)
  return JSON.stringify([constraint.operator, constraint.operator === 'andSequence' ? parts : parts.toSorted()])
}

function unitOf({ leftOperand, unit }: AtomicConstraint): string {
  return unit ?? (operandOf(leftOperand)?.row.unit === 'timeZone' ? 'UTC' : '')
}

function atomicImplies(given: AtomicConstraint, wanted: AtomicConstraint, partOf: PartOf): boolean {
  if (isSame(given, wanted)) return true
  const [a, b] = [operandOf(given.leftOperand), operandOf(wanted.leftOperand)]
  if (a === undefined || b === undefined) return false
  if (hidesColumn(given, b.row.term, b.about)) return true
  if (a.row !== b.row || (a.about !== b.about && !(a.row.term === 'rounding' && a.about === undefined))) return false
  if (a.row.datatype === 'dateTime') return isWithin(given, wanted)
  if (unitOf(given) !== unitOf(wanted)) return false
  return a.row.operators.includes('isA') ? isNarrowerConcept(given, wanted, partOf) : impliesOfType(given, wanted, a.row)
}

function impliesOfType(given: AtomicConstraint, wanted: AtomicConstraint, { datatype, term }: OperandRow): boolean {
  switch (datatype) {
    case 'duration':
      return isNoLonger(given, wanted)
    case 'integer':
    case 'decimal':
      return term === 'rounding' ? isMultiple(firstNumber(given), firstNumber(wanted)) : isTighter(given, wanted)
    case 'mask':
      return isCoarserMask(given, wanted)
    case 'dimensionValue':
      return isSubset(given, wanted) || isTighterText(given, wanted)
    default:
      return isSubset(given, wanted)
  }
}

/** A list of columns masks every column it leaves out. */
function hidesColumn(given: AtomicConstraint, term: string, column: string | undefined): boolean {
  return term === 'mask' && column !== undefined && operandOf(given.leftOperand)?.row.term === 'column' && !given.rightOperand.some((value) => valueText(value) === column)
}

function isWithin(given: AtomicConstraint, wanted: AtomicConstraint): boolean {
  const bounds = new Set(['eq', 'lt', 'lteq', 'gt', 'gteq'])
  if (!bounds.has(given.operator) || !bounds.has(wanted.operator)) return false
  const [a, b] = [windowOfConstraint(given, undefined), windowOfConstraint(wanted, undefined)]
  const isRead = [a, b].every((window) => window.from !== -Infinity || window.until !== Infinity)
  return isRead && !isEmpty(a) && a.from >= b.from && a.until <= b.until
}

const monthLeast = 28 * 86_400_000
const monthMost = 31 * 86_400_000

function isNoLonger(given: AtomicConstraint, wanted: AtomicConstraint): boolean {
  const [a, b] = [parseDuration(firstText(given)), parseDuration(firstText(wanted))]
  if (a === undefined || b === undefined || !isUpper(given) || !isUpper(wanted)) return false
  if (a.months === b.months && a.milliseconds === b.milliseconds) return wanted.operator === 'lteq' || given.operator === 'lt'
  if (a.months <= b.months && a.milliseconds <= b.milliseconds) return true
  return a.months * monthMost + a.milliseconds < b.months * monthLeast + b.milliseconds
}

function isUpper({ operator }: AtomicConstraint): boolean {
  return operator === 'lt' || operator === 'lteq'
}

/** Numbers that compare so with a bound, as an interval. */
interface Interval {
  readonly from: number
  readonly until: number
  readonly openFrom: boolean
  readonly openUntil: boolean
}

/** Numbers for which a comparison holds, or undefined when they are no interval. */
export function intervalOf(operator: AtomicConstraint['operator'], bound: number): Interval | undefined {
  if (Number.isNaN(bound)) return undefined
  const all: Interval = { from: -Infinity, until: Infinity, openFrom: false, openUntil: false }
  switch (operator) {
    case 'eq':
      return { ...all, from: bound, until: bound }
    case 'lt':
    case 'lteq':
      return { ...all, until: bound, openUntil: operator === 'lt' }
    case 'gt':
    case 'gteq':
      return { ...all, from: bound, openFrom: operator === 'gt' }
    default:
      return undefined
  }
}

function isTighter(given: AtomicConstraint, wanted: AtomicConstraint): boolean {
  const a = intervalOf(given.operator, firstNumber(given))
  const bound = firstNumber(wanted)
  if (a === undefined || given.rightOperand.length !== 1 || wanted.rightOperand.length !== 1) return false
  if (wanted.operator === 'neq') return bound < a.from || bound > a.until || (bound === a.from && a.openFrom) || (bound === a.until && a.openUntil)
  const b = intervalOf(wanted.operator, bound)
  return b !== undefined && isInterval(a, b)
}

/** Whether everything in `inner` is in `outer`. */
function isInterval(inner: Interval, outer: Interval): boolean {
  const from = inner.from > outer.from || (inner.from === outer.from && (inner.openFrom || !outer.openFrom))
  return from && (inner.until < outer.until || (inner.until === outer.until && (inner.openUntil || !outer.openUntil)))
}

function isCoarserMask(given: AtomicConstraint, wanted: AtomicConstraint): boolean {
  const [a, b] = [parseMask(firstText(given)), parseMask(firstText(wanted))]
  return a !== undefined && b !== undefined && isCoarser(a, b)
}

// A row scope's values are numbers, dates or text by the column's type, which is not known here. Where two values differ in digits
// only, all of them order alike.
function isTighterText(given: AtomicConstraint, wanted: AtomicConstraint): boolean {
  const [a, b] = [firstText(given), firstText(wanted)]
  const shape = (text: string) => text.replaceAll(/[0-9]/g, '0')
  if (given.rightOperand.length !== 1 || wanted.rightOperand.length !== 1 || !/^\w/.test(a) || shape(a) !== shape(b)) return false
  const order = a === b ? 0 : a < b ? -1 : 1
  const [inner, outer] = [intervalOf(given.operator, order), intervalOf(wanted.operator, 0)]
  return inner !== undefined && outer !== undefined && isInterval(inner, outer)
}

function isPositive({ operator }: AtomicConstraint): boolean {
  return operator === 'eq' || operator === 'isAnyOf'
}

function isNegative({ operator }: AtomicConstraint): boolean {
  return operator === 'neq' || operator === 'isNoneOf'
}

// Of several values that hold together one may be among those wanted and another among those excluded, so what is wanted never shows
// that nothing is excluded.
function isSubset(given: AtomicConstraint, wanted: AtomicConstraint): boolean {
  const a = new Set(given.rightOperand.map(valueText))
  const b = new Set(wanted.rightOperand.map(valueText))
  if (isPositive(given) && wanted.operator === 'isAnyOf') return isWithinSet(a, b)
  return isNegative(given) && isNegative(wanted) && isWithinSet(b, a)
}

function isWithinSet(inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean {
  return [...inner].every((value) => outer.has(value))
}

// isA and isPartOf are reflexive, and hold for everything narrower.
function isNarrowerConcept(given: AtomicConstraint, wanted: AtomicConstraint, partOf: PartOf): boolean {
  if (wanted.operator !== 'isA' && wanted.operator !== 'isPartOf') return isSubset(given, wanted)
  const [above, ...others] = wanted.rightOperand.map(valueText)
  const isAbout = isPositive(given) || ((given.operator === 'isA' || given.operator === 'isPartOf') && given.rightOperand.length === 1)
  return isAbout && above !== undefined && others.length === 0 && given.rightOperand.every((value) => partOf(valueText(value)).has(above))
}
