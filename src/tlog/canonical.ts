import canonicalize from 'canonicalize'

/**
 * Canonical JSON (RFC 8785); undefined for what is no JSON value, and it throws for numbers and texts that JSON has not. What comes
 * out is `canonicalize`'s to the letter. The values of a record are small and mostly in order already, so that putting them in order
 * and leaving the writing to the engine takes a third of the time.
 */
export function canonicalJson(value: unknown): string | undefined {
  const ordered = inOrder(value)
  if (ordered === unordered) return canonicalize(value)
  const text: string | undefined = JSON.stringify(ordered)
  // A lone surrogate would have been escaped, where RFC 8785 §3.2.2.2 has it refused.
  return text !== undefined && text.includes('\\ud') ? canonicalize(value) : text
}

/** Stands for what the engine does not write as RFC 8785 has it. */
const unordered = Symbol('unordered')

/** The value with all members in the order of their names' code units; the very same where they are in order. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : unordered
  if (!isObject(value)) return value
  if (Array.isArray(value)) return itemsInOrder(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype && !('toJSON' in value) ? membersInOrder(value) : unordered
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function itemsInOrder(items: readonly unknown[]): unknown {
  if ('toJSON' in items) return unordered
  let changed: unknown[] | undefined
  for (const [place, item] of items.entries()) {
    const ordered = inOrder(item)
    if (ordered === unordered) return unordered
    if (ordered !== item) (changed ??= [...items])[place] = ordered
  }
  return changed ?? items
}

function membersInOrder(object: Readonly<Record<string, unknown>>): unknown {
  const names = Object.keys(object)
  let isSorted = true
  let before = ''
  let changed: Map<string, unknown> | undefined
  for (const name of names) {
    const member = object[name]
    const ordered = isObject(member) || typeof member === 'number' ? inOrder(member) : member
    if (ordered === unordered || isSpecial(name)) return unordered
    if (ordered !== member) (changed ??= new Map()).set(name, ordered)
    isSorted &&= before <= name
    before = name
  }
  if (isSorted && changed === undefined) return object
  const sorted: Record<string, unknown> = {}
  for (const name of isSorted ? names : names.toSorted()) sorted[name] = changed?.get(name) ?? object[name]
  return sorted
}

/** An engine keeps names that are numbers of an array before all others, whatever the order in which they come; one name it takes for the prototype. */
function isSpecial(name: string): boolean {
  const code = name.charCodeAt(0)
  return (code >= 0x30 && code <= 0x39) || name === '__proto__'
}

const [quote, comma, minus, zero, nine, colon] = [0x22, 0x2c, 0x2d, 0x30, 0x39, 0x3a] as const
const openings: ReadonlySet<number> = new Set([0x5b, 0x7b])
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d])
const [letterA, letterZ] = [0x61, 0x7a] as const
/** Deeper than any record, and less deep than what readers refuse. */
const mostLevels = 50

/**
 * One look at a text that may be JSON: how many quotes it has where, if it is JSON at all, it is canonical, because nothing in it is
 * escaped, nothing stands between its parts, members are in order, and numbers are whole; -1 says nothing. Writing it anew to compare
 * would take several times as long.
 */
export function quotesIfCanonical(text: string): number {
  if (text.includes('\\') || !text.isWellFormed()) return -1
  /** Where the last member's name begins and ends, in this object and then in those around it. */
  const around: number[] = []
  let [from, to] = [0, 0]
  let quotes = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = text.indexOf('"', at + 1)
      if (end === -1) return -1
      quotes += 2
      if (text.charCodeAt(end + 1) === colon) {
        if (!isInOrder(text, [from, to], [at + 1, end])) return -1
        from = at + 1
        to = end
      }
      at = end
    } else if (openings.has(code)) {
      around.push(from, to)
      to = 0
    } else if (closings.has(code)) {
      to = around.pop() ?? 0
      from = around.pop() ?? 0
    } else at = lastOfOther(text, at, code)
    if (at === -1 || around.length > 2 * mostLevels) return -1
  }
  return quotes
}

/** Where a number ends, or a letter of `true`, `false` or `null`, or what stands between values; -1 for anything else. */
function lastOfOther(text: string, at: number, code: number): number {
  if (code === minus || isDigit(code)) return lastOfNumber(text, at)
  return code === comma || code === colon || (letterA <= code && code <= letterZ) ? at : -1
}

/** Whether a name comes before another in code units, or there is none before it; the same twice is in no order. */
function isInOrder(text: string, [from, to]: readonly [number, number], [nextFrom, nextTo]: readonly [number, number]): boolean {
  if (to === 0) return true
  let at = 0
  while (from + at < to && nextFrom + at < nextTo) {
    const difference = text.charCodeAt(nextFrom + at) - text.charCodeAt(from + at)
    if (difference !== 0) return difference > 0
    at += 1
  }
  return from + at === to && nextFrom + at < nextTo
}

/** Where a whole number ends that is written as RFC 8785 §3.2.2.3 has it; -1 for another, or one of more digits than are exact. */
function lastOfNumber(text: string, from: number): number {
  const first = text.charCodeAt(from) === minus ? from + 1 : from
  let end = first
  while (isDigit(text.charCodeAt(end))) end += 1
  const isWhole = end > first && end - first <= mostDigits && (text.charCodeAt(first) !== zero || end - from === 1)
  const behind = text.charCodeAt(end)
  // A fraction or an exponent.
  return isWhole && behind !== 0x2e && behind !== 0x65 && behind !== 0x45 ? end - 1 : -1
}

const mostDigits = 15
const isDigit = (code: number) => zero <= code && code <= nine
