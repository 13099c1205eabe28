import { ProblemError } from '../../errors.ts'
import type { ConstraintReport, PolicyDecision, Truth } from '../../policy/decision.ts'
import { directConstraints, valueText } from '../../policy/direct-constraints.ts'
import type { PolicyRule } from '../../policy/model.ts'
import { odrlIri, operandOf, profileActions } from '../../policy/profile.ts'

/** A term of an agreement with what became of it, as records and refusals tell it. */
export interface ToldTerm {
  /** The operand's short name, and after a number sign what it is about. */
  readonly term: string
  /** JSON pointer of the term in the agreement. */
  readonly at: string
  readonly operator: string
  readonly wanted: readonly string[]
  /** What the request had; absent when that is not known. */
  readonly value?: string | readonly string[]
  readonly satisfied: Truth
  /** Where the value comes from, or what enforces the term. */
  readonly source: string
  readonly [field: string]: string | readonly string[] | Truth | undefined
}

// More are not told: a record stays small.
const mostTold = 50

/** The atomic terms of reports, those inside logical ones among them. */
export function toldTerms(reports: readonly ConstraintReport[]): ToldTerm[] {
  return reports.flatMap(leavesOf).slice(0, mostTold)
}

function leavesOf(report: ConstraintReport): ToldTerm[] {
  if (report.parts !== undefined) return report.parts.flatMap(leavesOf)
  const { at, satisfied, leftOperand = '', operator = '', rightOperand: wanted = [], value } = report
  const { source, term } = named(leftOperand)
  // In the order of canonical JSON (RFC 8785): records have them, and need not put them in order again.
  return [value === undefined ? { at, operator, satisfied, source, term, wanted } : { at, operator, satisfied, source, term, value, wanted }]
}

/** What follows an operand's name is the agreement's own text; it is the same in all its records. */
function named(leftOperand: string): Pick<ToldTerm, 'term' | 'source'> {
  const operand = operandOf(leftOperand)
  if (operand === undefined) return { term: leftOperand.startsWith(odrlIri) ? leftOperand.slice(odrlIri.length) : leftOperand, source: 'agreement' }
  return { term: operand.about === undefined ? operand.row.term : `${operand.row.term}#${operand.about}`, source: operand.row.source }
}

/** The terms of a permission that queries and counters enforce. They hold for whatever comes out. */
export function besideDecision(permission: PolicyRule): ToldTerm[] {
  const beside = directConstraints(permission).filter(({ row }) => row.place === 'query' || row.place === 'counter')
  return beside
    .map(({ constraint: { at, leftOperand, operator, rightOperand } }) => {
      const { source, term } = named(leftOperand)
      return { at, operator, satisfied: true, source, term, wanted: rightOperand.map(valueText) }
    })
    .slice(0, mostTold)
}

type Denial = Extract<PolicyDecision, { permitted: false }>

/** The refusal that a decision gives: which term refused, and what would be needed. It speaks of the agreement and the request alone. */
export function notPermitted(decision: Denial): { readonly problem: ProblemError; readonly terms: readonly ToldTerm[] } {
  const terms = toldTerms(decision.failed)
  const [first] = terms.filter(({ satisfied }) => (decision.reason === 'no-permission' ? satisfied !== true : satisfied !== false))
  const at = first?.at ?? decision.rule?.at
  const fields = { reason: decision.reason, ...(at === undefined ? {} : { at }), ...(first === undefined ? {} : { term: first.term, operator: first.operator, wanted: first.wanted, ...(first.value === undefined ? {} : { value: first.value }) }), terms }
  return { problem: new ProblemError('not-permitted', sentence(decision, first), { fields }), terms }
}

const words: Readonly<Record<string, string>> = { eq: 'is', neq: 'is not', lt: 'is before or below', lteq: 'is at most', gt: 'is after or above', gteq: 'is at least', isA: 'is a kind of', isPartOf: 'is part of', isAnyOf: 'is one of', isNoneOf: 'is none of', isAllOf: 'is all of', hasPart: 'includes' }

function sentence({ reason, rule, failed }: Denial, first: ToldTerm | undefined): string {
  const place = first?.at ?? rule?.at ?? 'the agreement'
  if (reason === 'conflict') return `The agreement permits and prohibits this, which voids it (${place}).`
  if (first === undefined) return reason === 'prohibited' ? `The agreement prohibits this (${place}).` : `The agreement has no permission for this request${failed.length === 0 ? '' : ` (${place})`}.`
  if (reason === 'prohibited') return `The agreement prohibits this where ${condition(first)} (${place})${had(first)}.`
  if (first.term === 'action') return actionSentence(first, place)
  if (first.term === 'duty') return `The agreement permits this only once a duty is done: ${first.wanted.join(', ')} (${place}). The provider notes when it was.`
  return `The agreement permits this only where ${condition(first)} (${place})${had(first)}.`
}

function actionSentence({ wanted, value }: ToldTerm, place: string): string {
  const aggregates = wanted.includes(profileActions.queryAggregate) && value !== profileActions.queryAggregate
  if (aggregates) return `The agreement permits statistics only (${place}): ask for aggregates, such as select=count().`
  return `The agreement permits only ${wanted.join(', ')} (${place}), and this request is ${String(value)}.`
}

function condition({ term, operator, wanted }: ToldTerm): string {
  return `${term} ${words[operator] ?? operator} ${wanted.slice(0, 20).join(', ')}`
}

function had({ term, value }: ToldTerm): string {
  return value === undefined ? `; the request says nothing of ${term}` : `; the request has ${[value].flat().join(', ')}`
}
