import { spanOf } from '../calendar.ts'
import { valueText } from '../direct-constraints.ts'
import { numberOf } from '../read/literals.ts'
import type { AtomicConstraint, PolicyValue } from '../model.ts'
import type { Language } from './operand-texts.ts'
import { xsdIri } from '../profile.ts'
import { purposeLabel } from '../purposes.ts'
import type { Sentences } from './sentences.ts'

/** How a language writes values. */
export interface Writing {
  readonly language: Language
  readonly sentences: Sentences
}

// English as Europe writes it: the day before the month.
const locales = { en: 'en-GB', ca: 'ca', es: 'es' } as const satisfies Record<Language, string>

/** Values joined by the language's "or". */
export function oneOfThem({ language }: Writing, texts: readonly string[]): string {
  return new Intl.ListFormat(locales[language], { type: 'disjunction' }).format(texts)
}

/** Values joined by the language's "and". */
export function allOfThem({ language }: Writing, texts: readonly string[]): string {
  return new Intl.ListFormat(locales[language], { type: 'conjunction' }).format(texts)
}

/** A number as the language writes it, or the text as it is when it is none. */
export function numberText({ language }: Writing, text: string): string {
  const number = numberOf(text)
  return number === undefined ? text : new Intl.NumberFormat(locales[language], { maximumFractionDigits: 15, useGrouping: 'always' }).format(number)
}

/** A share from 0 to 1, as percentage. */
export function percentText({ language }: Writing, text: string): string {
  const number = numberOf(text)
  return number === undefined ? text : new Intl.NumberFormat(locales[language], { style: 'percent', maximumFractionDigits: 10 }).format(number)
}

/** An amount with its currency. */
export function amountText(writing: Writing, text: string, currency: string | undefined): string {
  const number = numberOf(text)
  const code = currency === undefined ? undefined : lastPart(currency)
  if (number === undefined || code === undefined || !/^[A-Z]{3}$/.test(code)) return [numberText(writing, text), code].filter((each) => each !== undefined).join(' ')
  return new Intl.NumberFormat(locales[writing.language], { style: 'currency', currency: code, currencyDisplay: 'code', useGrouping: 'always' }).format(number).replaceAll('\u00a0', ' ')
}

/** A day, or a time with its time zone. */
export function instantText({ language, sentences }: Writing, value: PolicyValue, unit: string | undefined): string {
  const text = valueText(value)
  const span = spanOf(value, unit)
  if (span === undefined) return text
  const zone = unit ?? 'UTC'
  const isDay = 'value' in value && value.datatype === `${xsdIri}date`
  if (!isDay) return sentences.inZone(plainSpaces(new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeStyle: 'medium', hourCycle: 'h23', timeZone: zone }).format(span.first)), zone)
  const day = new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${text.slice(0, 10)}T00:00:00Z`))
  return sentences.inZone(plainSpaces(day), /[Z+]|-\d\d:\d\d$/.test(text.slice(10)) ? `UTC${text.slice(10).replace('Z', '')}` : zone)
}

function plainSpaces(text: string): string {
  return text.replaceAll(/[\u00a0\u202f]/g, ' ')
}

const monday = Date.UTC(2024, 0, 1)
const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** A weekday's name. */
export function weekdayText({ language }: Writing, name: string): string {
  const index = dayNames.indexOf(name)
  return index === -1 ? name : new Intl.DateTimeFormat(locales[language], { weekday: 'long', timeZone: 'UTC' }).format(new Date(monday + index * 86_400_000))
}

const durationUnits = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const

/** A duration in the language's words: `P1Y6M` is one year and six months. */
export function durationText(writing: Writing, text: string): string {
  const match = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text)
  if (match === null) return text
  const parts = durationUnits.flatMap((unit, index) => {
    const amount = match[index + 1]
    return amount === undefined ? [] : [new Intl.NumberFormat(locales[writing.language], { style: 'unit', unit, unitDisplay: 'long' }).format(Number(amount))]
  })
  return parts.length === 0 ? text : allOfThem(writing, parts)
}

/** A purpose by its label, anything else by the last part of its IRI, unless it is one that is read as a whole. */
export function conceptText({ language }: Writing, value: PolicyValue): string {
  const text = valueText(value)
  const label = purposeLabel(text, language)
  return label === text && /^https?:/.test(text) ? `${lastPart(text)} (${text})` : label
}

/** What stands after the last slash or number sign. */
export function lastPart(iri: string): string {
  const parts = iri.split(/[/#]/).filter((part) => part !== '')
  return parts.at(-1) ?? iri
}

/** The texts of a constraint's right operands, each as `write` has it. */
export function textsOf(constraint: AtomicConstraint, write: (text: string) => string): string[] {
  return constraint.rightOperand.map((value) => write(valueText(value)))
}
