import { ProblemError } from '../errors.ts'

/** What a catalog `filter` asks for. */
export interface CatalogFilter {
  readonly limit?: number
  readonly offset: number
  /** Conditions on the dataset's id; all must hold. */
  readonly conditions: readonly IdCondition[]
}

/** `in`: the id is one of these. `like`: the id matches this SQL pattern. */
export type IdCondition = { readonly operator: 'in'; readonly ids: readonly string[] } | { readonly operator: 'like'; readonly pattern: string }

const everything: CatalogFilter = { offset: 0, conditions: [] }
const idNames = new Set(['id', '@id', 'edc:id', 'https://w3id.org/edc/v0.0.1/ns/id'])
const operators: Readonly<Record<string, (right: unknown) => IdCondition | undefined>> = {
  '=': (right) => (typeof right === 'string' ? { operator: 'in', ids: [right] } : undefined),
  in: (right) => (isStrings(right) ? { operator: 'in', ids: right } : undefined),
  like: (right) => (typeof right === 'string' && right.length <= 200 ? { operator: 'like', pattern: right } : undefined),
}
const maxConditions = 20
const maxIds = 1000

/**
 * Reads the `filter` of a CatalogRequestMessage. What it holds is up to the provider (DSP 2025-1, catalog §2.1.1): absent or
 * empty is everything, and Eclipse EDC's QuerySpec, which EDC sends with every request, is understood as far as it names
 * limit, offset and dataset ids. Anything else is refused ('unsupported-filter'), never ignored.
 */
export function parseFilter(filter: readonly unknown[] | undefined): CatalogFilter {
  if (filter === undefined || filter.length === 0) return everything
  const [spec] = filter
  if (filter.length > 1 || !isObject(spec)) throw refused('/filter', 'must be empty or hold one QuerySpec')
  for (const [name, value] of Object.entries(spec)) checkField(name, value)
  const limit = count(spec['limit'], '/filter/0/limit')
  if (limit === 0) throw refused('/filter/0/limit', 'must be at least 1')
  return { ...(limit === undefined ? {} : { limit }), offset: count(spec['offset'], '/filter/0/offset') ?? 0, conditions: conditions(spec['filterExpression']) }
}

const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  '@id': () => true,
  '@type': (value) => typeof value === 'string' && /(^|[:/])QuerySpec$/.test(value),
  limit: () => true,
  offset: () => true,
  // Without sortField it has no effect at EDC either, and the catalog has one order only.
  sortOrder: (value) => value === 'ASC' || value === 'DESC',
  filterExpression: () => true,
}

function checkField(name: string, value: unknown): void {
  if (isNothing(value)) return
  if (!Object.hasOwn(fields, name)) throw refused(`/filter/0/${name.slice(0, 100)}`, 'is not understood')
  if (fields[name]?.(value) === false) throw refused(`/filter/0/${name}`, 'has a value that is not understood')
}

function conditions(expression: unknown): IdCondition[] {
  if (isNothing(expression)) return []
  const criteria = Array.isArray(expression) ? expression : [expression]
  if (criteria.length > maxConditions) throw refused('/filter/0/filterExpression', `must have at most ${maxConditions} criteria`)
  return criteria.map((criterion: unknown, index) => {
    const at = `/filter/0/filterExpression/${index}`
    if (!isObject(criterion) || typeof criterion['operandLeft'] !== 'string') throw refused(at, 'must be a criterion')
    if (!idNames.has(criterion['operandLeft'])) throw refused(`${at}/operandLeft`, 'only the dataset id can be asked for')
    const read = operatorOf(criterion['operator'])
    if (read === undefined) throw refused(`${at}/operator`, 'must be =, in or like')
    const condition = read(criterion['operandRight'])
    if (condition === undefined) throw refused(`${at}/operandRight`, 'must be text, or for in a list of texts')
    return condition
  })
}

function operatorOf(name: unknown) {
  return typeof name === 'string' && Object.hasOwn(operators, name.toLowerCase()) ? operators[name.toLowerCase()] : undefined
}

function count(value: unknown, at: string): number | undefined {
  if (isNothing(value)) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw refused(at, 'must be a whole number')
  // EDC asks for "all" with the largest 32-bit integer.
  return Math.min(value, 2_147_483_647)
}

function refused(at: string, what: string): ProblemError {
  return new ProblemError('unsupported-filter', `${at}: ${what}. Without a filter, the catalog gives everything that you may see, page by page.`)
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxIds && value.every((item) => typeof item === 'string')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
