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
