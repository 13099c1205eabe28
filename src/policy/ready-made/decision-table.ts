import { spanOf } from '../calendar.ts'
import type { ContextValue, PolicyRequest } from '../decision.ts'
import { isText, listAt, objectAt, textAt, wrong } from '../read/json-document.ts'
import type { JsonObject } from '../read/json-document.ts'
import { termIri } from '../read/names.ts'
import { operandOf, operandTable, xsdIri } from '../profile.ts'

/** One line of a decision table: a request, when it is made, and what must come of it. */
export interface TableRow {
  readonly case: { readonly en: string }
  /** Blanks that are filled otherwise than by their defaults in this row. */
  readonly values?: Readonly<Record<string, string | readonly string[]>>
  readonly request: PolicyRequest
  /** What counters would show if the request were answered, by the operand's term. */
  readonly counters: ReadonlyMap<string, number>
  readonly now: Date
  readonly agreedAt: Date | undefined
  /** Places of duties that were done. */
  readonly fulfilled: readonly string[]
  readonly decision: 'permit' | 'deny'
  /** Why it is denied: the term of an operand that refuses, `action`, `assignee`, or `no-permission`, `prohibited`, `conflict`. */
  readonly because?: string
  /** What the permission leaves to the query; what is not named is not looked at. */
  readonly restriction?: JsonObject
}

/** Reads the rows of a decision table; what is wrong is refused with its place ('bad-request'). */
export function readRows(value: unknown, at: string): readonly TableRow[] {
  return listAt(value, at).map((row, index) => readRow(objectAt(row, `${at}/${index}`), `${at}/${index}`))
}

const rowKeys = ['case', 'values', 'request', 'now', 'agreedAt', 'fulfilled', 'decision', 'because', 'restriction']

function readRow(row: JsonObject, at: string): TableRow {
  const unknown = Object.keys(row).find((key) => !rowKeys.includes(key))
  if (unknown !== undefined) wrong(`${at}/${unknown}`, `is not known here; there are ${rowKeys.join(', ')}`)
  const { values, decision, because, restriction, fulfilled = [] } = row
  if (decision !== 'permit' && decision !== 'deny') return wrong(`${at}/decision`, 'must be permit or deny')
  const request = objectAt(row['request'], `${at}/request`)
  const { context, counters } = readContext(objectAt(request['context'] ?? {}, `${at}/request/context`), `${at}/request/context`)
  return {
    case: { en: textAt(objectAt(row['case'], `${at}/case`)['en'], `${at}/case/en`) },
    ...(values === undefined ? {} : { values: readValues(objectAt(values, `${at}/values`), `${at}/values`) }),
    request: {
      action: termIri(textAt(request['action'], `${at}/request/action`)),
      ...(isText(request['target']) ? { target: request['target'] } : {}),
      ...(isText(request['assignee']) ? { assignee: request['assignee'] } : {}),
      context,
    },
    counters,
    now: readTime(row['now'], `${at}/now`),
    agreedAt: row['agreedAt'] === undefined ? undefined : readTime(row['agreedAt'], `${at}/agreedAt`),
    fulfilled: listAt(fulfilled, `${at}/fulfilled`).map((each, index) => textAt(each, `${at}/fulfilled/${index}`)),
    decision,
    ...(because === undefined ? {} : { because: textAt(because, `${at}/because`) }),
    ...(restriction === undefined ? {} : { restriction: objectAt(restriction, `${at}/restriction`) }),
  }
}

/** Values of blanks: texts and lists of texts. */
export function readValues(values: JsonObject, at: string): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isText(value) ? value : listAt(value, `${at}/${name}`).map((each, index) => textAt(each, `${at}/${name}/${index}`))]),
  )
}

function readTime(value: unknown, at: string): Date {
  const text = textAt(value, at)
  const span = /(Z|[+-]\d\d:\d\d)$/.test(text) ? spanOf({ value: text, datatype: `${xsdIri}dateTime` }) : undefined
  return span?.first ?? wrong(at, 'must be a time with its offset, such as 2026-03-02T09:30:00+01:00')
}

function readContext(given: JsonObject, at: string): { context: Map<string, ContextValue>; counters: Map<string, number> } {
  const context = new Map<string, ContextValue>()
  const counters = new Map<string, number>()
  for (const [key, value] of Object.entries(given)) {
    const place = `${at}/${key}`
    const operand = operandOf(operandKey(key)) ?? wrong(place, `is not an operand; there are ${operandTable.map(({ term }) => term).join(', ')}`)
    if (operand.row.place === 'counter') counters.set(operand.row.term, typeof value === 'number' ? value : wrong(place, 'must be a number: what the counter shows when this request is answered'))
    else context.set(operandKey(key), readValue(value, operand.row.datatype, place))
  }
  return { context, counters }
}

function operandKey(key: string): string {
  const [term = '', about] = key.split('#')
  const row = operandTable.find((each) => each.term === term)
  return row === undefined ? termIri(key) : `${row.iri}${about === undefined ? '' : `#${about}`}`
}

function readValue(value: unknown, datatype: string, at: string): ContextValue {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map((each, index) => (isText(each) ? readText(each, datatype) : wrong(`${at}/${index}`, 'must be a text')))
  return readText(textAt(value, at), datatype)
}

function readText(text: string, datatype: string): string {
  return datatype === 'iri' ? termIri(text) : text
}
