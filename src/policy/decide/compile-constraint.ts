import { isTimeZone } from '../calendar.ts'
import type { ConstraintReport, ContextValue, PolicyRequest, Truth, World } from '../decision.ts'
import { valueText } from '../direct-constraints.ts'
import { addDuration, parseDuration } from '../duration.ts'
import { literalKind } from '../read/literals.ts'
import type { AtomicConstraint, Constraint, LogicalConstraint, PolicyValue } from '../model.ts'
import { odrlIri, operandIri } from '../profile.ts'
import { scalarTest } from '../read/scalar.ts'
import type { Comparison, Scalar, ScalarTest } from '../read/scalar.ts'
import { allOf, always, anyOf, negated, oneOf } from './truth.ts'
import type { Test } from './truth.ts'
import { createZoneClock } from './zone-clock.ts'
import type { ZoneClock } from './zone-clock.ts'

/** A constraint that can be tested, and told about. */
export interface CompiledConstraint {
  readonly test: Test
  /** Undefined for one that was left out. */
  readonly report: (request: PolicyRequest, world: World) => ConstraintReport | undefined
}

/** What constraints of one policy share while they are compiled. */
export interface Compiling {
  readonly leaveOut: (constraint: AtomicConstraint) => boolean
  /** The clock of a time zone. */
  readonly clock: (timeZone: string) => ZoneClock
}

export function createCompiling(leaveOut: (constraint: AtomicConstraint) => boolean): Compiling {
  const clocks = new Map<string, ZoneClock>()
  return {
    leaveOut,
    clock: (timeZone) => {
      const clock = clocks.get(timeZone) ?? createZoneClock(timeZone)
      clocks.set(timeZone, clock)
      return clock
    },
  }
}

/** Compiles a constraint to closures. */
export function compileConstraint(compiling: Compiling, constraint: Constraint): CompiledConstraint {
  return constraint.kind === 'atomic' ? compileAtomic(compiling, constraint) : compileLogical(compiling, constraint)
}

function compileLogical(compiling: Compiling, { id, at, operator, parts }: LogicalConstraint): CompiledConstraint {
  const compiled = parts.map((part) => compileConstraint(compiling, part))
  const tests = compiled.map(({ test }) => test)
  // A sequence is agreed by its parts; that they came about in this order is nothing a request could show.
  const test = operator === 'or' ? anyOf(tests) : (operator === 'xone' ? oneOf(tests) : allOf(tests))
  return {
    test,
    report: (request, world) => ({ id, at, satisfied: test(request, world), operator, parts: compiled.flatMap((part) => part.report(request, world) ?? []) }),
  }
}

function compileAtomic(compiling: Compiling, constraint: AtomicConstraint): CompiledConstraint {
  if (compiling.leaveOut(constraint)) return { test: always, report: () => undefined }
  const { id, at, leftOperand, operator, rightOperand } = constraint
  const value = valueOf(compiling, constraint)
  const compared = comparisonOf(constraint)
  const plain: Test = (request, world) => {
    const left = value(request, world)
    return left === undefined ? null : compared(left, world)
  }
  const test = leftOperand === elapsedTime ? elapsedTest(constraint, plain) : plain
  const right = rightOperand.map(valueText)
  return {
    test,
    report: (request, world) => {
      const left = value(request, world)
      return { id, at, satisfied: test(request, world), leftOperand, operator, rightOperand: right, ...(left === undefined ? {} : { value: shown(left) }) }
    },
  }
}

function shown(value: ContextValue): string | readonly string[] {
  return isList(value) ? value.map(scalarText) : scalarText(value)
}

function scalarText(value: Scalar): string {
  return typeof value === 'object' ? (Number.isNaN(value.getTime()) ? 'not a time' : value.toISOString()) : String(value)
}

const dateTime = `${odrlIri}dateTime`
const elapsedTime = `${odrlIri}elapsedTime`
const dayOfWeek = operandIri('dayOfWeek')
const hourOfDay = operandIri('hourOfDay')

type Value = (request: PolicyRequest, world: World) => ContextValue | undefined

function zoneOf({ unit }: AtomicConstraint): string {
  return unit !== undefined && isTimeZone(unit) ? unit : 'UTC'
}

/** The value of the left operand: that of the request, else of the clock. */
function valueOf(compiling: Compiling, constraint: AtomicConstraint): Value {
  const { leftOperand } = constraint
  if (leftOperand === dateTime) return (request, world) => request.context.get(dateTime) ?? world.now
  if (leftOperand !== dayOfWeek && leftOperand !== hourOfDay) return (request) => request.context.get(leftOperand)
  const { unit } = constraint
  // Without the zone that was agreed nothing is known of the hour.
  if (unit !== undefined && !isTimeZone(unit)) return () => undefined
  const clock = compiling.clock(zoneOf(constraint))
  if (leftOperand === dayOfWeek) return (request, world) => request.context.get(dayOfWeek) ?? clock.day(world.now.getTime())
  return (request, world) => request.context.get(hourOfDay) ?? clock.hour(world.now.getTime())
}

/** Time since the agreement, unless the request says how much has elapsed: months count by the calendar. */
function elapsedTest({ operator, rightOperand }: AtomicConstraint, plain: Test): Test {
  const [right] = rightOperand
  const duration = right === undefined ? undefined : parseDuration(valueText(right))
  if (duration === undefined || rightOperand.length > 1 || !isComparison(operator)) return plain
  let agreed = Number.NaN
  let end = 0
  return (request, world) => {
    if (world.agreedAt === undefined || request.context.has(elapsedTime)) return plain(request, world)
    const from = world.agreedAt.getTime()
    if (from !== agreed) {
      end = addDuration(world.agreedAt, duration).getTime()
      agreed = from
    }
    return compare(operator, world.now.getTime(), end)
  }
}

function compare(operator: Comparison, left: number, right: number): Truth {
  if (Number.isNaN(left) || Number.isNaN(right)) return null
  switch (operator) {
    case 'eq':
      return left === right
    case 'lt':
      return left < right
    case 'lteq':
      return left <= right
    case 'gt':
      return left > right
    case 'gteq':
      return left >= right
  }
}

function isComparison(operator: string): operator is Comparison {
  return operator === 'eq' || operator === 'lt' || operator === 'lteq' || operator === 'gt' || operator === 'gteq'
}

type Compared = (left: ContextValue, world: World) => Truth

function comparisonOf(constraint: AtomicConstraint): Compared {
  const { operator, rightOperand } = constraint
  const tests = (comparison: Comparison) => rightOperand.map((right) => scalarTest(comparison, right, zoneOf(constraint)))
  switch (operator) {
    case 'eq':
    case 'isAnyOf':
      return someOf(rightOperand, tests('eq'))
    case 'neq':
    case 'isNoneOf': {
      const some = someOf(rightOperand, tests('eq'))
      return (left, world) => negated(some(left, world))
    }
    case 'isAllOf':
      return everyOf(tests('eq'))
    case 'isA':
    case 'isPartOf':
      return partOf(rightOperand)
    case 'hasPart':
      return hasPart(rightOperand)
    default:
      return onlyOne(tests(operator))
  }
}

/** Any of the values equals any of the right operands. */
function someOf(rightOperand: readonly PolicyValue[], tests: readonly ScalarTest[]): Compared {
  const texts = textsOf(rightOperand)
  if (texts === undefined) return (left) => (isList(left) ? someOfList(left, tests) : someTest(left, tests))
  const set = new Set(texts)
  const has = (left: Scalar) => (typeof left === 'string' ? set.has(left) : null)
  return (left) => (isList(left) ? someOfList(left, [has]) : has(left))
}

function isList(value: ContextValue): value is readonly Scalar[] {
  return Array.isArray(value)
}

function someTest(left: Scalar, tests: readonly ScalarTest[]): Truth {
  let truth: Truth = false
  for (const test of tests) {
    const each = test(left)
    if (each === true) return true
    if (each === null) truth = null
  }
  return truth
}

function someOfList(left: readonly Scalar[], tests: readonly ScalarTest[]): Truth {
  let truth: Truth = false
  for (const value of left) {
    const each = someTest(value, tests)
    if (each === true) return true
    if (each === null) truth = null
  }
  return truth
}

/** Every right operand is among the values. */
function everyOf(tests: readonly ScalarTest[]): Compared {
  return (left) => {
    let truth: Truth = true
    for (const test of tests) {
      const each = isList(left) ? someOfList(left, [test]) : test(left)
      if (each === false) return false
      if (each === null) truth = null
    }
    return truth
  }
}

/** An order compares one value with one. */
function onlyOne(tests: readonly ScalarTest[]): Compared {
  const [test] = tests
  if (test === undefined || tests.length > 1) return () => null
  return (left) => {
    if (!isList(left)) return test(left)
    const [only] = left
    return only === undefined || left.length > 1 ? null : test(only)
  }
}

/** The texts of right operands that are all texts or IRIs. */
function textsOf(rightOperand: readonly PolicyValue[]): string[] | undefined {
  const texts = rightOperand.flatMap((value) => ('iri' in value || literalKind(value.datatype) === 'text' ? [valueText(value)] : []))
  return texts.length === rightOperand.length ? texts : undefined
}

/** Every value belongs to one of the right operands. When only some do, it is not known: that neither permits nor lifts a prohibition. */
function partOf(rightOperand: readonly PolicyValue[]): Compared {
  const texts = textsOf(rightOperand)
  if (texts === undefined) return () => null
  const belongs = (value: Scalar, world: World) => (typeof value === 'string' ? belongsTo(value, texts, world) : null)
  return (left, world) => (isList(left) ? agreed(left.map((value) => belongs(value, world))) : belongs(left, world))
}

/** Every right operand belongs to one of the values. */
function hasPart(rightOperand: readonly PolicyValue[]): Compared {
  const texts = textsOf(rightOperand)
  if (texts === undefined) return () => null
  return (left, world) => {
    const values = isList(left) ? left : [left]
    const wholes = values.filter((value) => typeof value === 'string')
    return wholes.length < values.length ? null : agreed(texts.map((text) => belongsTo(text, wholes, world)))
  }
}

function belongsTo(member: string, wholes: readonly string[], world: World): boolean {
  for (const whole of wholes) if (member === whole) return true
  const above = world.partOf(member)
  for (const whole of wholes) if (above.has(whole)) return true
  return false
}

/** What all of them say; unknown when they differ or there are none. */
function agreed(truths: readonly Truth[]): Truth {
  const [first] = truths
  return first !== undefined && truths.every((each) => each === first) ? first : null
}
