import type { JsonValue } from '../../policy/odrl.ts'
import { checkOpeningText, isCommitment } from '../commitment.ts'
import type { OpeningLine, RecordLine } from './form.ts'
import { isObject, readCanonical } from './json.ts'
import type { JsonObject } from './json.ts'
import { ProblemError } from '../../errors.ts'

/** A record as its entry says it, with disclosed values put back in where they are what was committed to. */
export interface OpenedRecord {
  readonly line: RecordLine
  readonly entry: JsonObject
  /** Fields that stay closed, by their paths. */
  readonly closed: readonly string[]
  /** Openings that are not of what the record has. */
  readonly wrong: readonly string[]
}

/** Reads the entry of a line: canonical JSON of one record. */
export function readEntry(line: RecordLine): JsonObject {
  const entry = readCanonical(line.entry, `The entry of record ${line.record}`, line.isOrdered)
  if (!isObject(entry) || typeof entry['type'] !== 'string' || typeof entry['time'] !== 'string') throw new ProblemError('invalid-evidence', `The entry of record ${line.record} is not a record.`)
  return entry
}

/** Puts disclosed values back in. An outer value may hold commitments of its own, so that outer ones come first. */
export function openEntry(line: RecordLine, openings: readonly OpeningLine[]): OpenedRecord {
  const entry = readEntry(line)
  if (openings.length === 0 && !line.entry.includes('"committed"')) return { line, entry, closed: [], wrong: [] }
  const wrong: string[] = []
  let opened = entry
  for (const { field, salt, value, text } of openings.toSorted((one, other) => depthOf(one.field) - depthOf(other.field))) {
    const path = field.split('.')
    const found = valueAt(opened, path)
    const isRight = isJson(found) && isCommitment(found) && isJson(value) && checkOpeningText(found.committed, salt, text)
    if (isRight) opened = withValue(opened, path, value)
    else wrong.push(field)
  }
  return { line, entry: opened, closed: closedIn(opened, ''), wrong }
}

function depthOf(field: string): number {
  return field.split('.').length
}

// What was parsed from JSON is nothing else.
function isJson(value: unknown): value is JsonValue {
  return value !== undefined
}

function valueAt(holder: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), holder)
}

function withValue(holder: JsonObject, [name = '', ...inner]: readonly string[], value: JsonValue): JsonObject {
  const old = holder[name]
  return { ...holder, [name]: inner.length > 0 && isObject(old) ? withValue(old, inner, value) : value }
}

function closedIn(value: JsonObject, path: string): string[] {
  return Object.entries(value).flatMap(([name, part]) => {
    if (!isObject(part)) return []
    const here = path === '' ? name : `${path}.${name}`
    return isJson(part) && isCommitment(part) ? [here] : closedIn(part, here)
  })
}
