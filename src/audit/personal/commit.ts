import { randomBytes } from 'node:crypto'
import { ProblemError } from '../../errors.ts'
import { storable, wellFormed } from '../../persistence/storable-text.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import { canonicalJson } from '../../tlog/canonical.ts'
import { commitToText, isCommitment } from '../../tlog/commitment.ts'
import type { Opening } from '../../tlog/commitment.ts'
import type { AuditRecord } from '../audit.ts'
import { events } from '../events/events.ts'
import type { EventInfo, FieldInfo } from '../events/field.ts'

/** Values and salts of a record's committed fields, by their paths. */
export type Openings = Readonly<Record<string, Opening>>

/** A record as it enters the log, and what may be erased of it. */
export interface PreparedRecord {
  readonly record: AuditRecord
  readonly openings: Openings
  /** The openings as they are stored, JSON; null when there are none. */
  readonly written: string | null
}

/** How many bytes the canonical text of a record may have; what is added to it later stays below C2SP tlog-tiles' 65,535. */
export const mostRecordBytes = 60_000
const mostValueBytes = 1_000_000
// A UTF-16 code unit comes to three bytes of UTF-8 at most.
const mostBytesOfUnit = 3
const commitmentBytes = 64

// What records are found by is never committed to for its size.
const kept: ReadonlySet<string> = new Set(['type', 'agreement', 'transfer', 'partner', 'dataset', 'role', 'purpose', 'decision'])

const saltBytes = 32
const saltsAtOnce = 256

/** Salts, drawn many at once: one by one they would cost more than all else that is done to a record. Each is given once. */
export function createSalts(): () => Buffer {
  let drawn = Buffer.alloc(0)
  return () => {
    if (drawn.length === 0) drawn = randomBytes(saltBytes * saltsAtOnce)
    const salt = drawn.subarray(0, saltBytes)
    drawn = drawn.subarray(saltBytes)
    return salt
  }
}

/**
 * Replaces the values that the catalogue calls personal or bulky by salted commitments, and the largest ones of a record that would
 * be too large for an entry. A type or a field that is not in the catalogue is a bug of ours: it throws. What came in with a request
 * may have halves of surrogate pairs, and in what is kept as an opening U+0000: each becomes U+FFFD.
 */
export function prepareRecord(record: AuditRecord, salt: () => Buffer = () => randomBytes(32)): PreparedRecord {
  const places = placesOfType.get(record.type)
  if (places === undefined) throw new Error(`The catalogue of records has no type ${record.type}`)
  const openings: Record<string, Opening> = {}
  let opened = ''
  const written = JSON.stringify(record)
  // As the engine writes them, so that one look finds them wherever they are.
  const [hasHalves, hasNul] = [written.includes('\\ud'), written.includes('\\u0000')]
  const commit = (path: string, given: JsonValue): JsonValue => {
    const value = hasHalves || hasNul ? storable(given) : given
    const text = canonicalJson(value)
    if (text === undefined) throw new Error(`The field ${path} of the record ${record.type} is not JSON`)
    if (text.length > mostValueBytes / mostBytesOfUnit && Buffer.byteLength(text) > mostValueBytes) throw new ProblemError('too-large', `The field ${path} of the record ${record.type} has more than ${mostValueBytes} bytes, so it cannot be recorded. Ask for less at once.`)
    const drawn = salt()
    const saltText = drawn.toString('base64url')
    openings[path] = { salt: saltText, value }
    // The value was written already, to be committed to.
    opened += `,${JSON.stringify(path)}:{"salt":"${saltText}","value":${text}}`
    const { committed } = commitToText(text, drawn)
    return { committed }
  }
  const preparing: Preparing = { type: record.type, commit }
  const fields: Prepared = { type: record.type }
  for (const name of Object.keys(record)) {
    const value = record[name]
    if (value !== undefined && name !== 'type') fields[name] = prepareField(preparing, { path: name, place: places.get(name) }, hasHalves ? wellFormed(value) : value)
  }
  const mostBytes = written.length * mostBytesOfUnit + Object.keys(openings).length * commitmentBytes
  const prepared = mostBytes <= mostRecordBytes ? fields : shrink(fields, commit)
  return { record: prepared, openings, written: opened === '' ? null : `{${opened.slice(1)}}` }
}

type Prepared = { type: string; [field: string]: JsonValue | undefined }

interface Preparing {
  readonly type: string
  readonly commit: (path: string, value: JsonValue) => JsonValue
}

/** What the catalogue says of a field, or of the fields inside it. */
interface Place {
  readonly path: string
  readonly info: FieldInfo | undefined
  readonly inner: ReadonlyMap<string, Place>
}

function placesOf(fields: EventInfo['fields'], outer = ''): ReadonlyMap<string, Place> {
  const names = new Set(Object.keys(fields).flatMap((path) => (path.startsWith(outer) ? (path.slice(outer.length).split('.')[0] ?? []) : [])))
  return new Map(
    [...names].map((name) => {
      const path = outer + name
      return [name, { path, info: Object.hasOwn(fields, path) ? fields[path] : undefined, inner: placesOf(fields, `${path}.`) }]
    }),
  )
}

/** The catalogue by types, and names within them. */
const placesOfType: ReadonlyMap<string, ReadonlyMap<string, Place>> = new Map(Object.entries<EventInfo>(events).map(([type, { fields }]) => [type, placesOf(fields)]))

function prepareField(preparing: Preparing, { path, place }: { readonly path: string; readonly place: Place | undefined }, value: JsonValue): JsonValue {
  const { type, commit } = preparing
  if (place?.info === undefined) return prepareParts(preparing, { path, place }, value)
  const { info } = place
  if (info.json !== true && !isPlain(value)) throw new Error(`The catalogue of records does not say what is inside the field ${path} of ${type}`)
  return isHidden(info, value) ? commit(path, value) : value
}

function prepareParts(preparing: Preparing, { path, place }: { readonly path: string; readonly place: Place | undefined }, value: JsonValue): JsonValue {
  if (place === undefined || place.inner.size === 0 || !isObject(value)) throw new Error(`The catalogue of records has no field ${path} in ${preparing.type}`)
  const parts: Record<string, JsonValue> = {}
  for (const name of Object.keys(value)) {
    const part = value[name]
    const inner = place.inner.get(name)
    if (part !== undefined) parts[name] = prepareField(preparing, { path: inner?.path ?? `${path}.${name}`, place: inner }, part)
  }
  return parts
}

/** Nothing and an empty text tell nobody's secret. What looks like a commitment, and came from outside, must not pass for one of ours. */
function isHidden({ personal, bulky }: FieldInfo, value: JsonValue): boolean {
  return isCommitment(value) || ((personal === true || bulky === true) && value !== null && value !== '')
}

function isPlain(value: JsonValue): boolean {
  return Array.isArray(value) ? value.every((each) => typeof each !== 'object' || each === null) : typeof value !== 'object' || value === null
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// Canonical JSON differs from this in the order of names only.
function sizeOf(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value))
}

function shrink(fields: Prepared, commit: Preparing['commit']): AuditRecord {
  let size = sizeOf(fields)
  if (size <= mostRecordBytes) return fields
  const shrunk = { ...fields }
  const largest = Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined || kept.has(name) || isCommitment(value) ? [] : [{ name, value, bytes: sizeOf(value) }]))
    .toSorted((left, right) => right.bytes - left.bytes)
  for (const { name, value, bytes } of largest) {
    const committed = commit(name, value)
    shrunk[name] = committed
    size += sizeOf(committed) - bytes
    if (size <= mostRecordBytes) return shrunk
  }
  throw new ProblemError('too-large', `The record ${fields.type} has more than ${mostRecordBytes} bytes in what it is found by, so it cannot be recorded.`)
}

/** Puts values back in the places of their commitments; what was erased stays a commitment. */
export function openRecord<T extends AuditRecord>(record: T, openings: Openings): T {
  // An outer field may hold the commitments of inner ones.
  const paths = Object.keys(openings).toSorted((left, right) => left.split('.').length - right.split('.').length)
  let opened = record
  for (const path of paths) {
    const opening = openings[path]
    if (opening !== undefined) opened = { ...opened, ...replaced(opened, path.split('.'), opening.value) }
  }
  return opened
}

function replaced(holder: Readonly<Record<string, JsonValue | undefined>>, [name = '', ...inner]: readonly string[], value: JsonValue): Readonly<Record<string, JsonValue | undefined>> {
  const old = Object.hasOwn(holder, name) ? holder[name] : undefined
  if (old === undefined) return {}
  if (inner.length === 0) return isCommitment(old) ? { [name]: value } : {}
  return isObject(old) && !isCommitment(old) ? { [name]: { ...old, ...replaced(old, inner, value) } } : {}
}
