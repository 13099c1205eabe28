import { ProblemError } from '../../errors.ts'

const maxDepth = 100
const maxValues = 300_000
const maxText = 8192
const pollution = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Refuses a document ('invalid-policy') that is nested too deeply, has too much in it, or keys that programs trip over. It walks
 * without recursion, so that depth cannot exhaust the stack.
 */
export function requireBounded(document: unknown, at = ''): void {
  const waiting: { value: unknown; at: string; depth: number }[] = [{ value: document, at, depth: 0 }]
  let seen = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    seen++
    if (seen > maxValues) throw refusal(at, `has more than ${maxValues} values. Split it.`)
    if (typeof next.value === 'string' && next.value.length > maxText) throw refusal(next.at, `is longer than ${maxText} characters.`)
    if (typeof next.value !== 'object' || next.value === null) continue
    if (next.depth >= maxDepth) throw refusal(next.at, `is nested more than ${maxDepth} levels deep.`)
    for (const [key, value] of Object.entries(next.value)) {
      if (pollution.has(key)) throw refusal(next.at, `has a key ${key}, which no policy has.`)
      if (key.length > maxText) throw refusal(next.at, `has a key longer than ${maxText} characters.`)
      waiting.push({ value, at: `${next.at}/${pointerPart(key)}`, depth: next.depth + 1 })
    }
  }
}

/** A key as part of a JSON pointer, never long. */
export function pointerPart(key: string): string {
  return key.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}

function refusal(at: string, message: string): ProblemError {
  // Deep places have long pointers; their beginning tells enough.
  const place = at.length > 200 ? `${at.slice(0, 200)}…` : at
  return new ProblemError('invalid-policy', `${place === '' ? 'The policy' : place}: ${message}`)
}
