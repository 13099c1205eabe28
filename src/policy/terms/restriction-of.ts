import { directConstraints, firstNumber, firstText, valueText } from '../direct-constraints.ts'
import type { DirectConstraint } from '../direct-constraints.ts'
import { coarsest, leastCommonMultiple, parseMask } from './masks.ts'
import type { PolicyRule } from '../model.ts'
import { odrlIri, profileIri } from '../profile.ts'
import type { ColumnMask, CounterLimit, LargestShare, MinGroupSize, QueryRestriction, Rounding, RowScope } from '../restriction.ts'

const rowActions = new Set([`${odrlIri}read`, `${odrlIri}use`])

/**
 * What a permission leaves to the query. Several constraints of a kind combine to the stricter. A value that cannot be read never
 * widens: `requireOfferable` refuses it, and here it leaves nothing.
 */
export function restrictionOf(permission: PolicyRule): QueryRestriction {
  const constraints = directConstraints(permission)
  const of = (term: string) => constraints.filter(({ row }) => row.term === term && row.iri.startsWith(profileIri))
  const minGroupSizes = minGroupSizesOf(of('minGroupSize'))
  const largestShares = largestSharesOf(of('largestShare'))
  return {
    aggregatesOnly: minGroupSizes.length > 0 || largestShares.length > 0 || !permitsRows(permission),
    rows: of('rowScope').flatMap(rowScopesOf),
    columns: columnsOf(of('column')),
    masks: masksOf(of('mask')),
    minGroupSizes,
    largestShares,
    rounding: roundingOf(of('rounding')),
    maxRows: maxRowsOf(of('rowsPerAnswer')),
  }
}

/** Whether single rows are among what a permission is about: it names reading or using, or no action at all. */
export function permitsRows(permission: PolicyRule): boolean {
  return permission.actions.length === 0 || permission.actions.some(({ iri }) => rowActions.has(iri))
}

function rowScopesOf({ constraint, about }: DirectConstraint): RowScope[] {
  const { operator } = constraint
  if (about === undefined) return []
  switch (operator) {
    case 'isA':
    case 'hasPart':
    case 'isPartOf':
    case 'isAllOf':
      return [{ dimension: about, operator: 'isAnyOf', values: [] }]
    default:
      return [{ dimension: about, operator, values: constraint.rightOperand.map(valueText) }]
  }
}

function columnsOf(constraints: readonly DirectConstraint[]): readonly string[] | null {
  const lists = constraints.map(({ constraint }) => constraint.rightOperand.map(valueText))
  const [first, ...others] = lists
  return first === undefined ? null : [...new Set(first)].filter((column) => others.every((list) => list.includes(column)))
}

function masksOf(constraints: readonly DirectConstraint[]): ColumnMask[] {
  return grouped(constraints).map(([column, same]) => ({ column, mask: coarsest(same.map(({ constraint }) => parseMask(firstText(constraint)) ?? { kind: 'drop' })) }))
}

function minGroupSizesOf(constraints: readonly DirectConstraint[]): MinGroupSize[] {
  return grouped(constraints).map(([unit, same]) => ({ unit, atLeast: Math.max(...same.map(({ constraint }) => orElse(firstNumber(constraint), Number.MAX_SAFE_INTEGER))) }))
}

function largestSharesOf(constraints: readonly DirectConstraint[]): LargestShare[] {
  return grouped(constraints).map(([unit, same]) => ({ unit, atMost: Math.min(...same.map(({ constraint }) => orElse(firstNumber(constraint), 0))) }))
}

/** A measure that is named is also rounded as all of them are. */
function roundingOf(constraints: readonly DirectConstraint[]): Rounding[] {
  const steps = (same: readonly DirectConstraint[]) => same.map(({ constraint }) => firstNumber(constraint)).map((step) => (step > 0 ? step : Number.MAX_SAFE_INTEGER))
  const all = steps(constraints.filter(({ about }) => about === undefined))
  const named = grouped(constraints.filter(({ about }) => about !== undefined)).map(([measure, same]) => ({ measure, to: [...all, ...steps(same)].reduce(leastCommonMultiple) }))
  return all.length === 0 ? named : [{ measure: null, to: all.reduce(leastCommonMultiple) }, ...named]
}

function maxRowsOf(constraints: readonly DirectConstraint[]): number | null {
  return constraints.length === 0 ? null : Math.min(...constraints.map(({ constraint }) => orElse(firstNumber(constraint), 0)))
}

function orElse(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value
}

/** By what they are about, in the order in which each is first named. */
function grouped(constraints: readonly DirectConstraint[]): [string, DirectConstraint[]][] {
  return [...Map.groupBy(constraints, ({ about }) => about ?? '')]
}

const counted: Readonly<Record<string, Pick<CounterLimit, 'counter' | 'window'>>> = {
  count: { counter: 'queries', window: null },
  queriesPerDay: { counter: 'queries', window: 'day' },
  queriesPerHour: { counter: 'queries', window: 'hour' },
  rowsPerDay: { counter: 'rows', window: 'day' },
  bytesPerDay: { counter: 'bytes', window: 'day' },
  rows: { counter: 'rows', window: null },
  bytes: { counter: 'bytes', window: null },
}

/** What of a permission is counted. Of several limits on the same count the smallest holds. */
export function countersOf(permission: PolicyRule): readonly CounterLimit[] {
  const limits = directConstraints(permission).flatMap(({ constraint, row }) => {
    const kind = row.place === 'counter' ? counted[row.term] : undefined
    if (kind === undefined) return []
    const bound = orElse(firstNumber(constraint), 0)
    return [{ ...kind, timeZone: constraint.unit ?? 'UTC', limit: constraint.operator === 'lt' ? Math.ceil(bound) - 1 : Math.floor(bound) }]
  })
  const same = Map.groupBy(limits, ({ counter, window, timeZone }) => `${counter} ${window ?? ''} ${timeZone}`)
  return [...same.values()].map((group) => group.reduce((least, each) => (each.limit < least.limit ? each : least)))
}
