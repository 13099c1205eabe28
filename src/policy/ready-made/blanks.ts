import { isTimeZone, spanOf } from '../calendar.ts'
import { parseDuration } from '../duration.ts'
import type { Language } from '../explain/operand-texts.ts'
import { xsdIri } from '../profile.ts'
import { purposeIri } from '../purposes.ts'

export type LocalText = Readonly<Record<Language, string>>

/** What a blank may be filled with. Those in the plural take several values. */
export const blankTypes = [
  'integer', 'decimal', 'string', 'strings', 'date', 'dateTime', 'duration', 'purpose', 'timeZone', 'currency',
  'role', 'roles', 'unit', 'dimension', 'column', 'columns', 'iri',
] as const
export type BlankType = (typeof blankTypes)[number]
export type BlankValue = string | readonly string[]

/** A place in a ready-made policy that is left to whoever uses it. */
export interface Blank {
  readonly type: BlankType
  readonly label: LocalText
  /** What the choice changes, so that somebody can make it. */
  readonly why: LocalText
  /** Absent: it must be filled. `endOf` is the last day of a year as seen from the day of filling. */
  readonly default?: BlankValue | { readonly endOf: 'thisYear' | 'nextYear' }
  /** Of numbers. */
  readonly minimum?: number
  readonly maximum?: number
  /** Of texts: the only values there are. */
  readonly allowed?: readonly string[]
}

/** What is wrong with a value, or the value as the policy takes it. */
export type Checked = { readonly value: BlankValue } | { readonly wrong: string }

const several = new Set<BlankType>(['strings', 'roles', 'columns'])
const most = 100

/** Whether a blank takes several values. */
export function takesSeveral(type: BlankType): boolean {
  return several.has(type)
}

/** Checks what a blank is to be filled with. */
export function checkBlank(blank: Blank, given: BlankValue): Checked {
  const values = typeof given === 'string' ? [given] : given
  if (!takesSeveral(blank.type)) {
    const [only] = values
    if (only === undefined || values.length > 1) return { wrong: 'it takes one value' }
    return checkOne(blank, only)
  }
  if (values.length === 0) return { wrong: 'it takes one value or more' }
  if (values.length > most) return { wrong: `it takes at most ${most} values` }
  if (new Set(values).size !== values.length) return { wrong: 'it names a value twice' }
  const taken: string[] = []
  for (const each of values) {
    const checked = checkOne(blank, each)
    if ('wrong' in checked) return { wrong: `${JSON.stringify(each)}: ${checked.wrong}` }
    taken.push(checked.value)
  }
  return { value: taken }
}

type CheckedOne = { readonly value: string } | { readonly wrong: string }

function checkOne(blank: Blank, text: string): CheckedOne {
  if (text.length === 0 || text.length > 200 || text.trim() !== text || !text.isWellFormed() || /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text)) {
    return { wrong: 'it must be a text of 1 to 200 characters, without blanks around it and without control characters' }
  }
  if (blank.allowed !== undefined && !blank.allowed.includes(text)) return { wrong: `it must be one of ${blank.allowed.join(', ')}` }
  return checks[blank.type](text, blank)
}

const asIs = (text: string): CheckedOne => ({ value: text })

function matching(pattern: RegExp, wrong: string): (text: string) => CheckedOne {
  return (text) => (pattern.test(text) ? { value: text } : { wrong })
}

function number(pattern: RegExp, name: string): (text: string, blank: Blank) => CheckedOne {
  return (text, { minimum, maximum }) => {
    const value = Number(text)
    if (!pattern.test(text) || (minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) {
      const range = [minimum === undefined ? '' : ` from ${minimum}`, maximum === undefined ? '' : ` up to ${maximum}`].join('')
      return { wrong: `it must be ${name}${range}` }
    }
    return { value: text }
  }
}

function date(text: string): CheckedOne {
  const exists = !text.includes('T') && spanOf({ value: text, datatype: `${xsdIri}date` }) !== undefined
  return exists && text.length === 10 ? { value: text } : { wrong: 'it must be a day that exists, such as 2027-12-31' }
}

function dateTime(text: string): CheckedOne {
  const exists = /T.*(Z|[+-]\d\d:\d\d)$/.test(text) && spanOf({ value: text, datatype: `${xsdIri}dateTime` }) !== undefined
  return exists ? { value: text } : { wrong: 'it must be a time with its offset, such as 2027-12-31T23:59:59+01:00' }
}

function timeZone(text: string): CheckedOne {
  // Offsets pass as zones as well, but know no summer time.
  return /^[A-Za-z]/.test(text) && isTimeZone(text) ? { value: text } : { wrong: 'it must be a time zone of the IANA database, such as Europe/Madrid' }
}

function purpose(text: string): CheckedOne {
  const iri = purposeIri(text)
  return iri === undefined ? { wrong: 'it must be a purpose of the Data Privacy Vocabulary, such as dpv:ProvideOfficialStatistics' } : { value: iri }
}

function duration(text: string): CheckedOne {
  const length = parseDuration(text)
  const isSome = length !== undefined && length.months + length.milliseconds > 0
  return isSome ? { value: text } : { wrong: 'it must be an ISO 8601 duration, such as P3M (three months) or PT24H (a day)' }
}

// Names go to the policy as they are; whether the dataset has them is checked when the policy is offered.
const checks: Readonly<Record<BlankType, (text: string, blank: Blank) => CheckedOne>> = {
  integer: number(/^(?:0|[1-9][0-9]{0,14})$/, 'a whole number'),
  // At most 15 digits, so that a double holds it to the last one.
  decimal: number(/^(?!(?:\.?[0-9]){16})(?:0|[1-9][0-9]*)(?:\.[0-9]{1,9})?$/, 'a number of at most 15 digits'),
  string: asIs,
  strings: asIs,
  date,
  dateTime,
  duration,
  purpose,
  timeZone,
  currency: matching(/^[A-Z]{3}$/, 'it must be a currency of ISO 4217, such as EUR'),
  role: asIs,
  roles: asIs,
  unit: asIs,
  dimension: asIs,
  column: asIs,
  columns: asIs,
  iri: matching(/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+$/, 'it must be an absolute IRI, such as did:web:data.example.org'),
}
