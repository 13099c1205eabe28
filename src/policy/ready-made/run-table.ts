import type { ConstraintReport, PolicyDecision, World } from '../decision.ts'
import type { TableRow } from './decision-table.ts'
import { isObject } from '../read/json-document.ts'
import type { Policy, PolicyRule } from '../model.ts'
import { odrlTerm } from '../odrl.ts'
import { operandOf } from '../profile.ts'
import { purposesAbove } from '../purposes.ts'
import type { CounterLimit } from '../restriction.ts'
import { termsOf } from '../terms/terms.ts'
import type { Terms } from '../terms/terms.ts'

/** What came of a row. */
export interface RowResult {
  readonly case: string
  readonly expected: 'permit' | 'deny'
  readonly actual: 'permit' | 'deny'
  /** Operands that refused, `action` and parties among them, and why no rule permits; empty when permitted. */
  readonly because: readonly string[]
  /** What differs from what the row says, or undefined when all is as it says. */
  readonly mismatch: string | undefined
}

/** Decides every row of a table under a policy, and compares. */
export function runTable(policy: Policy, table: readonly TableRow[]): readonly RowResult[] {
  const terms = termsOf(policy)
  return table.map((row) => runRow(terms, row))
}

function runRow(terms: Terms, row: TableRow): RowResult {
  const decision = terms.compiled.decide(row.request, worldOf(row))
  const exceeded = decision.permitted ? terms.counters(decision.permission).filter((limit) => (row.counters.get(counterTerm(limit)) ?? 0) > limit.limit) : []
  const because = decision.permitted ? exceeded.map(counterTerm) : reasonsOf(decision)
  const actual = decision.permitted && exceeded.length === 0 ? 'permit' : 'deny'
  const mismatch = mismatchOf(row, { actual, because, permission: decision.permitted ? decision.permission : undefined }, terms)
  return { case: row.case.en, expected: row.decision, actual, because, mismatch }
}

function worldOf(row: TableRow): World {
  return {
    now: row.now,
    ...(row.agreedAt === undefined ? {} : { agreedAt: row.agreedAt }),
    partOf: purposesAbove,
    fulfilled: new Set(row.fulfilled),
    violated: new Set(),
  }
}

/** The operand of a counter. */
function counterTerm({ counter, window }: CounterLimit): string {
  if (window === 'hour') return `${counter}PerHour`
  if (window === 'day') return `${counter}PerDay`
  return counter === 'queries' ? 'count' : counter
}

function reasonsOf(decision: PolicyDecision & { permitted: false }): string[] {
  const operands = decision.failed.flatMap(failedOperands).map((iri) => operandOf(iri)?.row.term ?? odrlTerm(iri))
  return [...new Set([...operands, decision.reason])]
}

function failedOperands(report: ConstraintReport): string[] {
  if (report.satisfied === true && report.parts === undefined) return []
  if (report.parts !== undefined) return report.parts.flatMap(failedOperands)
  return report.leftOperand === undefined ? [] : [report.leftOperand]
}

interface Outcome {
  readonly actual: 'permit' | 'deny'
  readonly because: readonly string[]
  readonly permission: PolicyRule | undefined
}

function mismatchOf(row: TableRow, { actual, because, permission }: Outcome, terms: Terms): string | undefined {
  if (actual !== row.decision) return actual === 'permit' ? 'permitted' : `denied because of ${because.join(', ')}`
  if (row.because !== undefined && !because.includes(row.because)) return `denied because of ${because.join(', ')}, not of ${row.because}`
  if (row.restriction === undefined || permission === undefined) return undefined
  const restriction: Readonly<Record<string, unknown>> = { ...terms.restriction(permission) }
  const differs = Object.entries(row.restriction).find(([key, wanted]) => !contains(restriction[key], wanted))
  return differs === undefined ? undefined : `${differs[0]} is ${JSON.stringify(restriction[differs[0]])}`
}

/** Whether a value is as wanted: objects have at least the fields named. */
function contains(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return Array.isArray(actual) && actual.length === wanted.length && wanted.every((each, index) => contains(actual[index], each))
  if (isObject(wanted)) return isObject(actual) && Object.entries(wanted).every(([key, value]) => contains(actual[key], value))
  return actual === wanted
}
