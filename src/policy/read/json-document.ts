import { ProblemError } from '../../errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Refuses a document ('bad-request') with the place of what is wrong as JSON pointer. */
export function wrong(at: string, message: string): never {
  throw new ProblemError('bad-request', `${at === '' ? 'The document' : at} ${message}.`, { fields: { at } })
}

/** The object at a place. */
export function objectAt(value: unknown, at: string): JsonObject {
  return isObject(value) ? value : wrong(at, 'must be an object')
}

/** The text at a place. */
export function textAt(value: unknown, at: string): string {
  return isText(value) && value !== '' ? value : wrong(at, 'must be a text')
}

/** The list at a place. */
export function listAt(value: unknown, at: string): readonly unknown[] {
  return Array.isArray(value) ? value : wrong(at, 'must be a list')
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}
