import { ProblemError } from '../../errors.ts'
import { canonicalJson, quotesIfCanonical } from '../canonical.ts'

/** An object of JSON whose members were not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Canonical JSON (RFC 8785); undefined when the value has none. */
export function canonicalText(value: unknown): string | undefined {
  try {
    return canonicalJson(value)
  } catch {
    // Not every number and not every text of JavaScript is one of JSON.
    return undefined
  }
}

/** Reads a text that must be canonical JSON: two readers of it can then read no two things. `isOrdered`: `quotesIfCanonical` said that it is, if it is JSON. */
export function readCanonical(text: string, what: string, isOrdered = quotesIfCanonical(text) !== -1): unknown {
  if (isOrdered) return parsedAnyhow(text, what)
  const value = parsed(text, what)
  if (canonicalText(value) !== text) throw new ProblemError('invalid-evidence', `${what} is not canonical JSON (RFC 8785).`)
  return value
}

export function parsed(text: string, what: string): unknown {
  const value = parsedAnyhow(text, what)
  if (isDeep(value)) throw new ProblemError('invalid-evidence', `${what} is nested more than ${mostLevels} levels deep.`)
  return value
}

function parsedAnyhow(text: string, what: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (cause) {
    throw new ProblemError('invalid-evidence', `${what} is not JSON.`, { cause })
  }
}

/** JSON can be read deeper than it can be written or walked through; no connector makes any of this depth. */
const mostLevels = 200

function isDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return Object.values(value).some((inner) => typeof inner === 'object' && inner !== null)
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null && isDeep(inner, levels - 1)) return true
  return false
}

/** An object of exactly these members; 'invalid-evidence' otherwise. */
export function membersOf(value: unknown, names: readonly string[], what: string): JsonObject {
  if (!isObject(value)) throw new ProblemError('invalid-evidence', `${what} is not an object.`)
  const found = Object.keys(value)
  if (found.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
    throw new ProblemError('invalid-evidence', `${what} must have exactly the members ${names.join(', ')}.`)
  }
  return value
}

export function textIn(object: JsonObject, name: string, what: string): string {
  const value = object[name]
  if (typeof value !== 'string') throw new ProblemError('invalid-evidence', `${name} of ${what} is not a text.`)
  return value
}

export function numberIn(object: JsonObject, name: string, what: string): number {
  const value = object[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new ProblemError('invalid-evidence', `${name} of ${what} is not a whole number.`)
  return value
}
