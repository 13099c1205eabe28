import type { JsonValue } from '../policy/odrl.ts'
import { canonicalJson } from '../tlog/canonical.ts'
import { events } from './events/events.ts'
import type { EventInfo } from './events/field.ts'

/** What happened. Its time is added when it is written; its number is its place in the record. */
export interface AuditRecord {
  readonly type: string
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly role?: string
  readonly purpose?: string
  readonly decision?: string
  readonly [field: string]: JsonValue | undefined
}

/** Fields that are searched: they are kept in columns of their own, and not a second time in `rest`. */
export interface EntryKeys {
  readonly type: string
  readonly agreement: string | null
  readonly transfer: string | null
  readonly partner: string | null
  readonly dataset: string | null
  readonly role: string | null
  readonly purpose: string | null
  readonly decision: string | null
}

/** An entry as it is stored. Its text is put together from all of it, so that no column can say other than what was hashed. */
export interface StoredEntry extends EntryKeys {
  readonly time: Date
  /** Its number among the records of its agreement. */
  readonly seq: number | null
  /** The other fields, as JSON. */
  readonly rest: string
}

/** A record that is about to be numbered. */
export interface PendingEntry extends EntryKeys {
  readonly time: Date
  readonly rest: string
  /** The text that is hashed into the log, once the number among the records of its agreement is known. */
  text(seq: number | null): string
}

const keyNames = ['agreement', 'transfer', 'partner', 'dataset', 'role', 'purpose', 'decision'] as const satisfies readonly (keyof EntryKeys)[]

/** A field in the order of canonical JSON: RFC 8785 §3.2.3 orders members by code units. */
interface Member {
  readonly name: string
  /** What stands before its value. */
  readonly head: string
  /** Whether it stands before `seq`, which is not known yet. */
  readonly isBefore: boolean
  readonly isKey: boolean
}

function membersOf(names: Iterable<string>): readonly Member[] {
  return [...new Set([...names, 'time', 'type'])].toSorted().map((name) => ({ name, head: `,${JSON.stringify(name)}:`, isBefore: name < 'seq', isKey: keyNames.some((key) => key === name) }))
}

/** The fields that a type may have, in their order: putting those of each record in order would cost more than writing them. */
const membersOfType: ReadonlyMap<string, readonly Member[]> = new Map(Object.entries<EventInfo>(events).map(([type, { fields }]) => [type, membersOf(Object.keys(fields).map((path) => path.replace(/\..*/s, '')))]))

export function pendingEntry(record: AuditRecord, time: Date): PendingEntry {
  if (record['seq'] !== undefined || record['time'] !== undefined) throw new Error(`The record ${record.type} has a field that is given when it is written`)
  const keys = keysOf(record)
  const names = Object.keys(record).filter((name) => record[name] !== undefined)
  const known = writeMembers({ record, keys, time }, membersOfType.get(record.type) ?? [])
  const { before, after, rest } = known.count === names.length ? known : writeMembers({ record, keys, time }, membersOf(names))
  const [first, more] = [`{${before.slice(1)}`, `${after}}`]
  const whole = before === '' ? `{${more.slice(1)}` : first + more
  return { ...keys, type: record.type, time, rest: `{${rest.slice(1)}}`, text: (seq) => (seq === null ? whole : `${first}${before === '' ? '' : ','}"seq":${seq}${more}`) }
}

/** What stands before and after `seq`, and what has no column. `count`: how many fields of the record it has. */
function writeMembers({ record, keys, time }: { readonly record: AuditRecord; readonly keys: Omit<EntryKeys, 'type'>; readonly time: Date }, members: readonly Member[]): { readonly before: string; readonly after: string; readonly rest: string; readonly count: number } {
  let [before, after, rest] = ['', '', '']
  let count = 0
  for (const { name, head, isBefore, isKey: isSearched } of members) {
    const value = name === 'time' ? time.toISOString() : record[name]
    if (value === undefined) continue
    const member = head + canonicalOf(value)
    if (name !== 'time') count += 1
    if (name !== 'type' && name !== 'time' && !(isSearched && isKey(keys, name))) rest += member
    if (isBefore) before += member
    else after += member
  }
  return { before, after, rest, count }
}

/** The text that was hashed into the log: canonical JSON (RFC 8785). */
export function entryText(entry: StoredEntry): string {
  return canonicalOf(entryFields(entry))
}

/** The fields of an entry: those that are searched, and the others. */
export function entryFields({ rest, time, ...keys }: StoredEntry): AuditRecord & { readonly time: string } {
  const others: Readonly<Record<string, JsonValue>> = JSON.parse(rest)
  const { type, seq } = keys
  const found: Record<string, JsonValue> = {}
  for (const name of keyNames) {
    const value = keys[name]
    if (value !== null) found[name] = value
  }
  if (seq !== null) found['seq'] = seq
  return { ...others, ...found, type, time: time.toISOString() }
}

/** The entry whose text is `text`. */
export function storedEntry(text: string): StoredEntry {
  const { type, time, seq, ...fields }: AuditRecord & { readonly time: string; readonly seq?: number } = JSON.parse(text)
  const keys = keysOf({ type, ...fields })
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !isKey(keys, name)))
  return { ...keys, type, time: new Date(time), seq: seq ?? null, rest: JSON.stringify(rest) }
}

function keysOf(record: AuditRecord): Omit<EntryKeys, 'type'> {
  const { agreement, transfer, partner, dataset, role, purpose, decision } = record
  return {
    agreement: keyOf(agreement),
    transfer: keyOf(transfer),
    partner: keyOf(partner),
    dataset: keyOf(dataset),
    role: keyOf(role),
    purpose: keyOf(purpose),
    decision: keyOf(decision),
  }
}

// What PostgreSQL cannot store as text (U+0000, lone surrogates) stays with the others, in JSON.
function keyOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed() ? value : null
}

function isKey(keys: Omit<EntryKeys, 'type'>, name: string): boolean {
  for (const key of keyNames) if (key === name) return keys[key] !== null
  return false
}

function canonicalOf(value: JsonValue | undefined): string {
  const text = canonicalJson(value)
  if (text === undefined) throw new Error('A record is not JSON')
  return text
}
