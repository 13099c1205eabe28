import { ProblemError } from '../../errors.ts'
import type { AggregateFunction, Cast, OrderItem, SelectItem } from './query.ts'
import type { Scanner } from './scanner.ts'
import { atEnd, malformed, match, passes, quoted } from './scanner.ts'

const functions: Readonly<Record<string, AggregateFunction>> = { sum: 'sum', avg: 'avg', min: 'min', max: 'max', count: 'count' }

const casts: Readonly<Record<string, Cast>> = {
  text: 'text',
  varchar: 'text',
  integer: 'integer',
  int: 'integer',
  int4: 'integer',
  bigint: 'bigint',
  int8: 'bigint',
  numeric: 'numeric',
  decimal: 'numeric',
  double: 'double',
  'double precision': 'double',
  float8: 'double',
  boolean: 'boolean',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
}

const mostItems = 500
const parameter = 'select'

/** What `select` asks for: `district,total:amount.sum(),cards.count(distinct)`. */
export function readSelect(text: string): SelectItem[] {
  const scanner: Scanner = { text, position: 0 }
  const items: SelectItem[] = []
  do {
    items.push(readItem(scanner))
    if (items.length > mostItems) throw new ProblemError('query-too-large', `${parameter}: may name ${mostItems} things at most.`, { fields: { parameter } })
  } while (passes(scanner, ','))
  if (!atEnd(scanner)) throw malformed(parameter, text.slice(scanner.position), 'Names are separated by commas; one with a comma, colon, quote or parenthesis is written in double quotes.')
  return items
}

const aliasBefore = /([^,:()"]+):(?!:)/y
const quotedAliasBefore = /"((?:[^"\\]|\\.)*)":(?!:)/sy
const bareCount = /count\(\)/y
const aggregate = /\.(sum|avg|min|max|count)\((distinct)?\)/y
// A name ends before an aggregate, a cast or the next name.
const bareName = /(?:(?!\.(?:sum|avg|min|max|count)\()[^,:()"])+/y
const castAfter = /::([a-z0-9 ]+)/y

function readItem(scanner: Scanner): SelectItem {
  if (passes(scanner, '*')) return { kind: 'all' }
  const alias = readAlias(scanner)
  if (match(scanner, bareCount) !== undefined) return { kind: 'aggregate', fn: 'count', column: null, cast: readCast(scanner), alias }
  const column = quoted(scanner) ?? match(scanner, bareName)?.[0]
  if (column === undefined) throw malformed(parameter, scanner.text.slice(scanner.position), 'A name is missing. Write column, alias:column, column.sum(), count() or *.')
  const found = match(scanner, aggregate)
  if (found === undefined) {
    if (scanner.text[scanner.position] === '(') throw malformed(parameter, scanner.text.slice(scanner.position), `Only sum(), avg(), min(), max(), count() and count(distinct) may follow a column, after a dot.`)
    return { kind: 'column', column, cast: readCast(scanner), alias }
  }
  return { kind: 'aggregate', fn: readFunction(found), column, cast: readCast(scanner), alias }
}

function readFunction([text, name = '', distinct]: RegExpExecArray): AggregateFunction {
  const fn = functions[name]
  if (fn === undefined || (distinct !== undefined && fn !== 'count')) throw malformed(parameter, text, 'Only count may be distinct.')
  return distinct === undefined ? fn : 'countDistinct'
}

function readAlias(scanner: Scanner): string | null {
  const inQuotes = match(scanner, quotedAliasBefore)?.[1]?.replaceAll(/\\(.)/gs, '$1')
  return checkedAlias(inQuotes ?? match(scanner, aliasBefore)?.[1] ?? null)
}

function readCast(scanner: Scanner): Cast | null {
  const found = match(scanner, castAfter)
  if (found === undefined) return null
  const name = (found[1] ?? '').trim()
  const cast = Object.hasOwn(casts, name) ? casts[name] : undefined
  if (cast === undefined) throw malformed(parameter, name, `The type of a cast is one of ${[...new Set(Object.values(casts))].join(', ')}.`)
  return cast
}

function checkedAlias(alias: string | null): string | null {
  if (alias === null) return null
  // Identifiers of PostgreSQL end at 63 bytes.
  if (alias === '' || Buffer.byteLength(alias) > 63 || /[\p{Cc}\p{Cs}]/u.test(alias)) throw malformed(parameter, alias, 'A new name has 1 to 63 bytes and no control characters.')
  return alias
}

const orderName = /([^,"]+?)((?:\.(?:asc|desc|nullsfirst|nullslast))*)(?=,|$)/y
const orderEnd = /((?:\.(?:asc|desc|nullsfirst|nullslast))*)(?=,|$)/y

/** What `order` asks for: `amount.sum.desc.nullslast,district`. */
export function readOrder(text: string): OrderItem[] {
  const scanner: Scanner = { text, position: 0 }
  const items: OrderItem[] = []
  do {
    const name = quoted(scanner)
    const found = match(scanner, name === undefined ? orderName : orderEnd)
    const [by, ends] = name === undefined ? [found?.[1], found?.[2]] : [name, found?.[1]]
    if (by === undefined || ends === undefined) throw malformed('order', text, 'Write column.asc or column.desc, then perhaps .nullsfirst or .nullslast, separated by commas.')
    items.push({ by: name ?? by.replace(/\(\)$/, '').replace(/\(distinct\)$/, 'Distinct'), descending: directionOf(ends, text), nulls: nullsOf(ends) })
    if (items.length > 100) throw new ProblemError('query-too-large', 'order: may name 100 things at most.', { fields: { parameter: 'order' } })
  } while (passes(scanner, ','))
  return items
}

function directionOf(ends: string, text: string): boolean {
  const parts = ends.split('.').filter((part) => part === 'asc' || part === 'desc')
  if (parts.length > 1) throw malformed('order', text, 'A direction is given once.')
  return parts[0] === 'desc'
}

function nullsOf(ends: string): 'first' | 'last' | null {
  if (ends.includes('.nullsfirst')) return 'first'
  return ends.includes('.nullslast') ? 'last' : null
}
