import { ProblemError } from '../../errors.ts'
import type { Budget } from './conditions.ts'
import { readFilter, readLogic } from './conditions.ts'
import type { Condition, TableQuery } from './query.ts'
import { atEnd, quoted } from './scanner.ts'
import { readOrder, readSelect } from './select.ts'

const reserved = new Set(['select', 'order', 'limit', 'offset', 'format', 'version'])
const logic: Readonly<Record<string, { readonly kind: 'and' | 'or'; readonly negated: boolean }>> = {
  and: { kind: 'and', negated: false },
  or: { kind: 'or', negated: false },
  'not.and': { kind: 'and', negated: true },
  'not.or': { kind: 'or', negated: true },
}
const unsupported = new Set(['columns', 'on_conflict'])

/** A query and what else its address says. */
export interface ParsedQuery {
  readonly query: TableQuery
  /** Whether it asks for anything but the whole. */
  readonly asks: boolean
  readonly format: string | null
  readonly version: string | null
}

/** Reads the query of an address in PostgREST's grammar; 'invalid-query' or 'query-too-large' says what is wrong and where. */
export function parseQuery(text: string): ParsedQuery {
  const parameters = new URLSearchParams(text)
  for (const name of reserved) {
    if (parameters.getAll(name).length > 1) throw new ProblemError('invalid-query', `${name}: may be given once.`, { fields: { parameter: name } })
  }
  const budget: Budget = { conditions: 0 }
  const conditions: Condition[] = []
  for (const [name, value] of parameters) {
    if (reserved.has(name)) continue
    if (unsupported.has(name) || name === '') throw new ProblemError('invalid-query', `${JSON.stringify(name)}: is not supported. Known are ${[...reserved].join(', ')}, and, or, and filters by the names of columns.`, { fields: { parameter: name } })
    const known = Object.hasOwn(logic, name) ? logic[name] : undefined
    conditions.push(known === undefined ? readFilter(columnIn(name), value, budget) : readLogic(known.kind, value, { negated: known.negated, budget }))
  }
  const select = parameters.get('select')
  const order = parameters.get('order')
  return {
    query: {
      select: select === null || select === '' ? [{ kind: 'all' }] : readSelect(select),
      where: joined(conditions),
      order: order === null || order === '' ? [] : readOrder(order),
      limit: readNumber(parameters, 'limit'),
      offset: readNumber(parameters, 'offset') ?? 0,
    },
    asks: [...parameters.keys()].some((name) => name !== 'format' && name !== 'version'),
    format: parameters.get('format'),
    version: parameters.get('version'),
  }
}

// A column may be written in double quotes, as in select and order: "Part of the day"=eq.Night. Then it is never a word of the grammar.
function columnIn(name: string): string {
  const scanner = { text: name, position: 0 }
  const column = quoted(scanner)
  return column === undefined || !atEnd(scanner) ? name : column
}

function joined(conditions: readonly Condition[]): Condition | null {
  const [first] = conditions
  if (first === undefined) return null
  return conditions.length === 1 ? first : { kind: 'and', parts: conditions, negated: false }
}

function readNumber(parameters: URLSearchParams, name: string): number | null {
  const text = parameters.get(name)
  if (text === null || text === '') return null
  if (!/^\d{1,12}$/.test(text)) throw new ProblemError('invalid-query', `${name}: must be a whole number from 0 on.`, { fields: { parameter: name } })
  return Number(text)
}
