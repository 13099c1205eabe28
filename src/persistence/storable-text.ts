import type { JsonValue } from '../policy/odrl.ts'

/**
 * Whether every string in `value` can be stored: PostgreSQL takes neither NUL in `text` nor a lone surrogate in `jsonb`,
 * and answers both with an error. Keys count as strings.
 */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every((item) => isStorable(item))
  return Object.entries(value).every(([key, item]) => isStorable(key) && isStorable(item))
}

/** What stands in the place of what is no text (Unicode §3.9). */
const replacement = '\uFFFD'

/** `value` without halves of surrogate pairs: RFC 8785 §3.2.2.2 has no text for them. */
export function wellFormed(value: JsonValue): JsonValue {
  return isStorable(value) ? value : textsReplaced(value, (text) => text.toWellFormed())
}

/** `value` as PostgreSQL takes it, in `text` and in `jsonb`. */
export function storable(value: JsonValue): JsonValue {
  return isStorable(value) ? value : textsReplaced(value, (text) => text.toWellFormed().replaceAll('\0', replacement))
}

function textsReplaced(value: JsonValue | undefined, replaced: (text: string) => string): JsonValue {
  if (typeof value === 'string') return replaced(value)
  if (typeof value !== 'object' || value === null) return value ?? null
  if (Array.isArray(value)) return value.map((each: JsonValue) => textsReplaced(each, replaced))
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (each === undefined ? [] : [[replaced(name), textsReplaced(each, replaced)] as const])))
}
