import type { OperandRow } from '../profile.ts'

/** What values of an operand have beyond their datatype: a pattern that JSON Schema and the engine both know, and how it is told. */
export interface ValueLimit {
  readonly pattern: string
  readonly wanted: string
}

const text: ValueLimit = { pattern: String.raw`\S`, wanted: 'a text that is not empty' }
const count: ValueLimit = { pattern: '^(?:0|[1-9][0-9]{0,14})$', wanted: 'a whole number from 0' }
const atLeastOne: ValueLimit = { pattern: '^[1-9][0-9]{0,14}$', wanted: 'a whole number from 1' }

const limits: Readonly<Record<string, ValueLimit>> = {
  dayOfWeek: { pattern: '^(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)$', wanted: 'a day from Monday to Sunday' },
  hourOfDay: { pattern: '^(?:[0-9]|1[0-9]|2[0-4])$', wanted: 'an hour from 0 to 24, the end of the day' },
  rowsPerAnswer: atLeastOne,
  minGroupSize: atLeastOne,
  largestShare: { pattern: String.raw`^(?:0?\.[0-9]*[1-9][0-9]*|1(?:\.0+)?)$`, wanted: 'a share above 0 and up to 1' },
  rounding: { pattern: String.raw`^(?=[0-9.]*[1-9])[0-9]{1,15}(?:\.[0-9]{1,9})?$`, wanted: 'a number above 0' },
  payAmount: { pattern: String.raw`^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?$`, wanted: 'a number from 0' },
  mask: { pattern: String.raw`^(?:drop|hash|year|month|week|day|truncate:(?:0|[1-9][0-9]{0,3})|grid:(?=[0-9.]*[1-9])[0-9]{1,9}(?:\.[0-9]{1,9})?)$`, wanted: 'a mask: drop, hash, truncate:3, year, month, week, day or grid:0.01' },
}

/** The limit on values of an operand, if it has one beyond its datatype. */
export function limitOf({ term, datatype }: OperandRow): ValueLimit | undefined {
  const own = Object.hasOwn(limits, term) ? limits[term] : undefined
  if (own !== undefined) return own
  if (datatype === 'integer') return count
  return datatype === 'string' || datatype === 'dimensionValue' ? text : undefined
}

/** What a unit must look like; whether a time zone exists is another question. */
export const unitLimits = {
  timeZone: { pattern: '^(?:UTC|[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+)$', wanted: 'a time zone such as Europe/Madrid' },
  currency: { pattern: '^[A-Z]{3}$', wanted: 'a currency of ISO 4217, such as EUR' },
} as const satisfies Record<NonNullable<OperandRow['unit']>, ValueLimit>

/** Whether a text keeps to a limit. */
export function keeps(limit: ValueLimit, value: string): boolean {
  return new RegExp(limit.pattern, 'u').test(value)
}
