import { spanOf } from '../calendar.ts'
import type { Truth } from '../decision.ts'
import { addDuration, parseDuration } from '../duration.ts'
import type { Duration } from '../duration.ts'
import { literalKind, numberOf } from './literals.ts'
import type { Operator, PolicyValue } from '../model.ts'
import { xsdIri } from '../profile.ts'

export type Scalar = string | number | boolean | Date

/** Compares one value of a request with one right operand. */
export type ScalarTest = (left: Scalar) => Truth

export type Comparison = Extract<Operator, 'eq' | 'gt' | 'gteq' | 'lt' | 'lteq'>

/** How a value compares with `right`: values of another type do not compare, which is unknown, not unequal. */
export function scalarTest(operator: Comparison, right: PolicyValue, timeZone: string): ScalarTest {
  if ('iri' in right) return textTest(operator, right.iri)
  switch (literalKind(right.datatype)) {
    case 'number':
      return numberTest(operator, numberOf(right.value))
    case 'boolean':
      return booleanTest(operator, right.value === 'true' || right.value === '1')
    case 'time':
      return timeTest(operator, right, timeZone)
    case 'duration':
      return durationTest(operator, parseDuration(right.value))
    case 'text':
      return textTest(operator, right.value)
    case undefined:
      return () => null
  }
}

// Texts have no order that both sides would agree on.
function textTest(operator: Comparison, right: string): ScalarTest {
  return operator === 'eq' ? (left) => (typeof left === 'string' ? left === right : null) : () => null
}

function booleanTest(operator: Comparison, right: boolean): ScalarTest {
  if (operator !== 'eq') return () => null
  return (left) => {
    if (typeof left === 'boolean') return left === right
    if (left === 'true' || left === '1') return right
    return left === 'false' || left === '0' ? !right : null
  }
}

function numberTest(operator: Comparison, right: number | undefined): ScalarTest {
  if (right === undefined) return () => null
  return (left) => {
    const number = typeof left === 'number' ? (Number.isFinite(left) ? left : undefined) : (typeof left === 'string' ? numberOf(left) : undefined)
    return number === undefined ? null : ordered(operator, number, { first: right, last: right })
  }
}

// A day is all of it: what is after a day is after its last instant, and equal to a day is what lies in it.
function timeTest(operator: Comparison, right: PolicyValue, timeZone: string): ScalarTest {
  const span = spanOf(right, timeZone)
  if (span === undefined) return () => null
  const bounds = { first: span.first.getTime(), last: span.last.getTime() }
  return (left) => {
    const instant = instantOf(left, timeZone)
    return instant === undefined || Number.isNaN(instant) ? null : ordered(operator, instant, bounds)
  }
}

/** The instant of a value of a request: of a day, its beginning. */
function instantOf(left: Scalar, timeZone: string): number | undefined {
  if (typeof left === 'object') return left.getTime()
  return typeof left === 'string' ? spanOf({ value: left, datatype: `${xsdIri}dateTime` }, timeZone)?.first.getTime() : undefined
}

function ordered(operator: Comparison, left: number, { first, last }: { first: number; last: number }): boolean {
  switch (operator) {
    case 'eq':
      return left >= first && left <= last
    case 'lt':
      return left < first
    case 'lteq':
      return left <= last
    case 'gt':
      return left > last
    case 'gteq':
      return left >= first
  }
}

function durationTest(operator: Comparison, right: Duration | undefined): ScalarTest {
  if (right === undefined) return () => null
  return (left) => {
    const duration = typeof left === 'string' ? parseDuration(left) : undefined
    return duration === undefined ? null : compareDurations(operator, duration, right)
  }
}

// Months differ in length: durations are in order when they are from each of these (XML Schema 1.0 part 2, §3.2.6.2).
const anchors = ['1696-09-01', '1697-02-01', '1903-03-01', '1903-07-01'].map((day) => new Date(`${day}T00:00:00Z`))

function compareDurations(operator: Comparison, left: Duration, right: Duration): Truth {
  const answers = anchors.map((anchor) => {
    const instant = addDuration(anchor, right).getTime()
    return ordered(operator, addDuration(anchor, left).getTime(), { first: instant, last: instant })
  })
  if (answers.every((each) => each)) return true
  return answers.some((each) => each) ? null : false
}
