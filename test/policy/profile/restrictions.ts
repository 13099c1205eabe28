import { isMultiple } from '../../../src/policy/terms/masks.ts'
import type { QueryRestriction } from '../../../src/policy/restriction.ts'

/** What can be told from each period, itself included. */
const told: Readonly<Record<string, readonly string[]>> = { day: ['day', 'week', 'month', 'year'], week: ['week'], month: ['month', 'year'], year: ['year'] }

/** What of `wider` the other restriction does not keep. Told independently of how policies are compared. */
export function masksNothingMore(wider: QueryRestriction, narrower: QueryRestriction): string[] {
  const lost: string[] = []
  if (wider.aggregatesOnly && !narrower.aggregatesOnly) lost.push('aggregates only')
  for (const { unit, atLeast } of wider.minGroupSizes) if (!narrower.minGroupSizes.some((each) => each.unit === unit && each.atLeast >= atLeast)) lost.push(`groups of ${atLeast} ${unit}`)
  if (wider.columns !== null && !(narrower.columns ?? ['?']).every((column) => wider.columns?.includes(column))) lost.push('columns')
  for (const { to } of wider.rounding) if (!narrower.rounding.some((each) => isMultiple(each.to, to))) lost.push(`rounding to ${to}`)
  for (const { column, mask } of wider.masks) {
    const isGone = narrower.columns !== null && !narrower.columns.includes(column)
    const kept = narrower.masks.some((each) => each.column === column && (each.mask.kind === 'drop' || (each.mask.kind === 'period' && mask.kind === 'period' && told[mask.to]?.includes(each.mask.to) === true)))
    if (!isGone && !kept) lost.push(`mask of ${column}`)
  }
  return lost
}
