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
