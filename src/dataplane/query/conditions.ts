import { ProblemError } from '../../errors.ts'
import type { ComparisonOperator, Condition } from './query.ts'
import type { Scanner } from './scanner.ts'
import { atEnd, list, malformed, match, passes, quoted } from './scanner.ts'

const comparisons: Readonly<Record<string, ComparisonOperator>> = { eq: 'eq', neq: 'neq', gt: 'gt', gte: 'gteq', lt: 'lt', lte: 'lteq', like: 'like', ilike: 'ilike' }
const tests = ['null', 'not_null', 'true', 'false', 'unknown'] as const
const operatorNames = [...Object.keys(comparisons), 'in', 'is'].join(', ')

/** The most values of a list, conditions of a query, and levels of parentheses. */
export const bounds = { listed: 10_000, conditions: 1_000, depth: 30 } as const

/** Counts what a query asks, so that it ends early when it is too much. */
export interface Budget {
  conditions: number
}

/** One filter, as it is written for a column: `week=gte.2026-W10`, `week=not.in.(a,b)`. */
export function readFilter(column: string, text: string, budget: Budget): Condition {
  spend(budget, column)
  const scanner: Scanner = { text, position: 0 }
  const negated = passes(scanner, 'not.')
  const condition = readOperation(scanner, { column, negated, parameter: column }, () => {
    const rest = scanner.text.slice(scanner.position)
    scanner.position = scanner.text.length
    return rest
  })
  if (!atEnd(scanner)) throw malformed(column, text, 'Something follows the filter.')
  return condition
}

/** What is in the parentheses of `and=(…)` or `or=(…)`. */
export function readLogic(kind: 'and' | 'or', text: string, options: { negated: boolean; budget: Budget }): Condition {
  const scanner: Scanner = { text, position: 0 }
  const condition = readParts(scanner, kind, { negated: options.negated, budget: options.budget, depth: 0 })
  if (!atEnd(scanner)) throw malformed(kind, text, 'Something follows the closing parenthesis.')
  return condition
}

interface Nesting {
  readonly negated: boolean
  readonly budget: Budget
  readonly depth: number
}

const nested = /(not\.)?(and|or)(?=\()/y

function readParts(scanner: Scanner, kind: 'and' | 'or', { negated, budget, depth }: Nesting): Condition {
  if (depth > bounds.depth) throw new ProblemError('query-too-large', `${kind}: conditions may be nested ${bounds.depth} levels deep.`, { fields: { parameter: kind } })
  if (!passes(scanner, '(')) throw malformed(kind, scanner.text, 'Conditions are written in parentheses: or=(a.eq.1,b.lt.2).')
  const parts: Condition[] = []
  do {
    spend(budget, kind)
    const inner = match(scanner, nested)
    parts.push(
      inner === undefined
        ? readOne(scanner, kind)
        : readParts(scanner, inner[2] === 'and' ? 'and' : 'or', { negated: inner[1] !== undefined, budget, depth: depth + 1 }),
    )
  } while (passes(scanner, ','))
  if (!passes(scanner, ')')) throw malformed(kind, scanner.text, 'A condition is not closed, or a value with a comma or parenthesis is not in double quotes.')
  return { kind, parts, negated }
}

// A column whose own name has an operator between dots in it is written in double quotes.
const columnBefore = /([^,()"]+?)(?=\.(?:not\.)?(?:eq|neq|gt|gte|lt|lte|like|ilike|in|is)\.)/y
const untilSign = /[^,)]*/y

function readOne(scanner: Scanner, parameter: string): Condition {
  const column = quoted(scanner) ?? match(scanner, columnBefore)?.[1]
  if (column === undefined || !passes(scanner, '.')) throw malformed(parameter, scanner.text.slice(scanner.position), `A condition is column.operator.value, where the operator is one of ${operatorNames}.`)
  const negated = passes(scanner, 'not.')
  return readOperation(scanner, { column, negated, parameter }, () => quoted(scanner) ?? match(scanner, untilSign)?.[0] ?? '')
}

const operatorName = /([a-z]+)(?:\((any|all)\))?\./y

function readOperation(scanner: Scanner, { column, negated, parameter }: { column: string; negated: boolean; parameter: string }, value: () => string): Condition {
  const found = match(scanner, operatorName)
  const name = found?.[1] ?? ''
  if (found?.[2] !== undefined) throw malformed(parameter, scanner.text, 'any and all are not supported; write in.(…), or=(…) or and=(…).')
  if (name === 'in') return { kind: 'in', column, negated, values: list(scanner, parameter, bounds.listed) }
  if (name === 'is') {
    const text = value().toLowerCase()
    const test = tests.find((known) => known === text)
    if (test === undefined) throw malformed(parameter, scanner.text, `is compares with ${tests.join(', ')}.`)
    return { kind: 'is', column, negated, value: test }
  }
  const operator = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined
  if (operator === undefined) throw malformed(parameter, scanner.text, `A filter is operator.value, where the operator is one of ${operatorNames}, or not. and one of them.`)
  return { kind: 'compare', column, operator, negated, value: value() }
}

function spend(budget: Budget, parameter: string): void {
  budget.conditions += 1
  if (budget.conditions > bounds.conditions) throw new ProblemError('query-too-large', `A query may have ${bounds.conditions} conditions at most.`, { fields: { parameter } })
}
