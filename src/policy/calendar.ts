import type { PolicyValue } from './model.ts'

/** From the first to the last millisecond that something names. */
export interface Span {
  readonly first: Date
  readonly last: Date
}

const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?$/
const dayLength = 86_400_000

/** Whether `name` is a time zone of the IANA database. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** What a date or time names: a date the whole day. Without an offset of its own it is read in `timeZone`. Undefined when it is neither, or there is no such zone. */
export function spanOf(value: PolicyValue, timeZone = 'UTC'): Span | undefined {
  const match = 'value' in value ? pattern.exec(value.value) : null
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => (part === undefined ? undefined : Number(part)))
  if (year === undefined || month === undefined || day === undefined || !isDay(year, month, day)) return undefined
  const at = instantsIn(match[8], timeZone)
  if (at === undefined) return undefined
  if (hour === undefined || minute === undefined || second === undefined) {
    const start = Date.UTC(year, month - 1, day)
    return { first: new Date(at(start)), last: new Date(at(start + dayLength) - 1) }
  }
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const instant = new Date(at(Date.UTC(year, month - 1, day, hour, minute, second, millisecondsOf(match[7]))))
  return { first: instant, last: instant }
}

function millisecondsOf(fraction = ''): number {
  return Number(fraction.slice(0, 3).padEnd(3, '0'))
}

/** Tells when a local time is, given as if it were UTC; undefined when there is no such zone. */
function instantsIn(offset: string | undefined, timeZone: string): ((local: number) => number) | undefined {
  if (offset !== undefined || timeZone === 'UTC') return (local) => local - offsetOf(offset ?? 'Z')
  if (!isTimeZone(timeZone)) return undefined
  const format = localFormat(timeZone)
  return (local) => inZone(local, format)
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return year >= 1000 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6))
  return (text.startsWith('-') ? -minutes : minutes) * 60_000
}

/** The first instant whose local time in the zone is at or after `local`, given as if it were UTC. */
function inZone(local: number, format: Intl.DateTimeFormat): number {
  let before = local - dayLength
  let after = local + dayLength
  const offset = localTime(format, before) - before
  // Formatting is slow, and on most days no clock is changed. Between two changes that cancel each other lie weeks.
  if (localTime(format, after) - after === offset) return local - offset
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (localTime(format, middle) >= local) after = middle
    else before = middle
  }
  return after
}

/** Tells local times of a zone; takes long to make and much memory, so it is not kept. */
export function localFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
}

/** The local time of an instant, as if it were UTC. */
export function localTime(format: Intl.DateTimeFormat, instant: number): number {
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const whole = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
  return whole + (((instant % 1000) + 1000) % 1000)
}
