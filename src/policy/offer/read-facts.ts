import { isObject, isText, listAt, objectAt, textAt, wrong } from '../read/json-document.ts'
import type { DatasetFacts, ProtectedUnit } from '../restriction.ts'

const kinds = ['file', 'postgresql', 'http'] as const
const counts = ['distinct', 'sum', 'max'] as const
const known = new Set(['kind', 'columns', 'dimensions', 'protectedUnits'])

/**
 * Reads what policies may refer to in a dataset: `{"kind", "columns": [{"name", "type"}], "dimensions", "protectedUnits": [{"name", "column", "counts"}]}`,
 * or the whole dataset as the management API shows it.
 */
export function readDatasetFacts(document: unknown): DatasetFacts {
  const facts = shownFacts(objectAt(document, ''))
  const extra = Object.keys(facts).find((key) => !known.has(key))
  if (extra !== undefined) return wrong(`/${extra}`, `is not known; a dataset has ${[...known].join(', ')}`)
  const columns = list(facts['columns'], '/columns').map((column, index) => ({ name: textAt(field(column, 'name'), `/columns/${index}/name`), type: textAt(field(column, 'type'), `/columns/${index}/type`) }))
  const names = new Set(columns.map(({ name }) => name))
  const dimensions = list(facts['dimensions'], '/dimensions').map((name, index) => columnAt(names, name, `/dimensions/${index}`))
  const protectedUnits = list(facts['protectedUnits'], '/protectedUnits').map((unit, index): ProtectedUnit => {
    const at = `/protectedUnits/${index}`
    return { name: textAt(field(unit, 'name'), `${at}/name`), column: columnAt(names, field(unit, 'column'), `${at}/column`), counts: oneOf(counts, field(unit, 'counts'), `${at}/counts`) }
  })
  return { kind: oneOf(kinds, facts['kind'] ?? 'file', '/kind'), columns, dimensions, protectedUnits }
}

function shownFacts(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { metadata, source } = document
  if (!isObject(metadata) || !isObject(source)) return document
  const { columns, dimensions, protectedUnits } = metadata
  return { kind: source['type'], columns, dimensions, protectedUnits }
}

function list(value: unknown, at: string): readonly unknown[] {
  return value === undefined ? [] : listAt(value, at)
}

function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

function columnAt(names: ReadonlySet<string>, value: unknown, at: string): string {
  const name = textAt(value, at)
  return names.has(name) ? name : wrong(at, `must be one of the columns: ${[...names].join(', ')}`)
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, at: string): T {
  const found = isText(value) ? allowed.find((each) => each === value) : undefined
  return found ?? wrong(at, `must be ${allowed.join(', ')}`)
}
