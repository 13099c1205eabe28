import { spanOf } from '../calendar.ts'
import { parseDuration } from '../duration.ts'
import { xsdIri } from '../profile.ts'

/** What literals are compared as. */
export type LiteralKind = 'text' | 'number' | 'boolean' | 'time' | 'duration'

const kinds: ReadonlyMap<string, LiteralKind> = new Map(
  (
    [
      ['text', ['string', 'normalizedString', 'token', 'language', 'anyURI']],
      ['number', ['integer', 'decimal', 'double', 'float', 'long', 'int', 'short', 'byte', 'nonNegativeInteger', 'positiveInteger', 'nonPositiveInteger', 'negativeInteger', 'unsignedLong', 'unsignedInt', 'unsignedShort', 'unsignedByte']],
      ['boolean', ['boolean']],
      ['time', ['dateTime', 'dateTimeStamp', 'date']],
      ['duration', ['duration', 'dayTimeDuration', 'yearMonthDuration']],
    ] as const
  ).flatMap(([kind, terms]) => terms.map((term) => [xsdIri + term, kind] as const)),
)

/** What a datatype is compared as; undefined when it is not known here. */
export function literalKind(datatype: string): LiteralKind | undefined {
  return kinds.get(datatype)
}

const integer = /^[+-]?\d+$/
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/
const double = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[Ee][+-]?\d{1,3})?$/
const withZone = /(?:Z|[+-]\d\d:\d\d)$/
const fractional = new Set(['decimal', 'double', 'float'].map((term) => xsdIri + term))

/** The number of a text, or undefined: no NaN, no infinity, and nothing that a double cannot hold to its last digit. */
export function numberOf(text: string): number | undefined {
  if (!double.test(text)) return undefined
  const value = Number(text)
  if (!Number.isFinite(value)) return undefined
  return integer.test(text) ? (Number.isSafeInteger(value) ? value : undefined) : (digitsOf(text) <= 15 ? value : undefined)
}

function digitsOf(text: string): number {
  return text.replace(/[Ee].*$/, '').replace(/[+\-.]/g, '').replace(/^0+/, '').length
}

/** Why a literal is not one of its datatype; undefined when it is. */
export function literalFault(value: string, datatype: string): string | undefined {
  switch (literalKind(datatype)) {
    case undefined:
      return `has the datatype ${shortened(datatype)}, which is not known here; known are those of XML Schema for texts, numbers, booleans, dates, times and durations`
    case 'text':
      return undefined
    case 'boolean':
      return /^(?:true|false|1|0)$/.test(value) ? undefined : `${quoted(value)} is neither true nor false`
    case 'number':
      return numberFault(value, datatype)
    case 'duration':
      return durationFault(value, datatype)
    case 'time':
      return timeFault(value, datatype)
  }
}

function numberFault(value: string, datatype: string): string | undefined {
  const pattern = datatype === `${xsdIri}decimal` ? decimal : (fractional.has(datatype) ? double : integer)
  const number = pattern.test(value) ? numberOf(value) : undefined
  if (number === undefined) return `${quoted(value)} is not a number of datatype ${shortened(datatype)} with at most 15 digits`
  const term = datatype.slice(xsdIri.length)
  const least = /^(?:nonNegative|unsigned)/.test(term) ? 0 : (term === 'positiveInteger' ? 1 : -Infinity)
  const most = term === 'negativeInteger' ? -1 : (term === 'nonPositiveInteger' ? 0 : Infinity)
  return number < least || number > most ? `${quoted(value)} is out of the range of ${shortened(datatype)}` : undefined
}

function durationFault(value: string, datatype: string): string | undefined {
  const duration = parseDuration(value)
  if (duration === undefined) return `${quoted(value)} is not a duration such as P1M (a month), P30D or PT60M (sixty minutes)`
  if (datatype === `${xsdIri}dayTimeDuration` && duration.months > 0) return `${quoted(value)} has years or months, which ${shortened(datatype)} cannot have`
  if (datatype === `${xsdIri}yearMonthDuration` && duration.milliseconds > 0) return `${quoted(value)} has days or times, which ${shortened(datatype)} cannot have`
  return undefined
}

function timeFault(value: string, datatype: string): string | undefined {
  const isDate = datatype === `${xsdIri}date`
  if (spanOf({ value, datatype }) === undefined || value.includes('T') === isDate) {
    return `${quoted(value)} is not a ${isDate ? 'day such as 2026-12-31' : 'time such as 2026-12-31T23:59:59Z'} that exists`
  }
  return datatype === `${xsdIri}dateTimeStamp` && !withZone.test(value) ? `${quoted(value)} has no time zone` : undefined
}

/** Whether a date or time tells its own time zone. */
export function hasZone(value: string): boolean {
  return withZone.test(value)
}

/** A text of somebody else in a message: never long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

function shortened(datatype: string): string {
  return datatype.startsWith(xsdIri) ? `xsd:${datatype.slice(xsdIri.length, xsdIri.length + 80)}` : quoted(datatype)
}
