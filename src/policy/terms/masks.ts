import type { Mask } from '../restriction.ts'

const periods = ['day', 'week', 'month', 'year'] as const

/** Reads a mask as policies write it (`truncate:3`, `month`, `grid:0.01`, …), or undefined when it is none. */
export function parseMask(text: string): Mask | undefined {
  if (text === 'drop' || text === 'hash') return { kind: text }
  const period = periods.find((each) => each === text)
  if (period !== undefined) return { kind: 'period', to: period }
  const [, kind, amount = ''] = /^(truncate|grid):(.+)$/.exec(text) ?? []
  if (kind === 'truncate') return /^(0|[1-9]\d{0,3})$/.test(amount) ? { kind, length: Number(amount) } : undefined
  if (kind !== 'grid' || !/^\d{1,9}(\.\d{1,9})?$/.test(amount) || Number(amount) === 0) return undefined
  return { kind, step: Number(amount) }
}

/** A mask as policies write it. */
export function maskText(mask: Mask): string {
  if (mask.kind === 'truncate') return `truncate:${mask.length}`
  if (mask.kind === 'grid') return `grid:${mask.step}`
  return mask.kind === 'period' ? mask.to : mask.kind
}

/** Whether `coarser` leaves nothing that `finer` would not: everything it shows can be told from what `finer` shows. */
export function isCoarser(coarser: Mask, finer: Mask): boolean {
  if (coarser.kind === 'drop') return true
  if (coarser.kind === 'truncate' && finer.kind === 'truncate') return coarser.length <= finer.length
  if (coarser.kind === 'period' && finer.kind === 'period') return coarserPeriod(coarser.to, finer.to)
  if (coarser.kind === 'grid' && finer.kind === 'grid') return isMultiple(coarser.step, finer.step)
  return coarser.kind === finer.kind && coarser.kind === 'hash'
}

// A week may lie in two months or years, so neither of them can be told from it.
function coarserPeriod(coarser: string, finer: string): boolean {
  if (finer === 'week') return coarser === 'week'
  return periods.findIndex((each) => each === coarser) >= periods.findIndex((each) => each === finer)
}

/** The coarsest of masks on one column; where none of them covers the others, the column is dropped, for showing it any way would break one of them. */
export function coarsest(masks: readonly Mask[]): Mask {
  return masks.find((mask) => masks.every((other) => isCoarser(mask, other))) ?? { kind: 'drop' }
}

/** Whether `value` is a multiple of `step`, both decimals. */
export function isMultiple(value: number, step: number): boolean {
  if (!(value > 0 && step > 0)) return false
  const [a, b] = scaled(value, step)
  return b !== 0n && a % b === 0n
}

/** The least common multiple of decimals above 0. */
export function leastCommonMultiple(first: number, second: number): number {
  const [a, b, scale] = scaled(first, second)
  return Number((a / divisor(a, b)) * b) / scale
}

/** Both as whole numbers of the same decimal place, and how much they were multiplied by. */
function scaled(first: number, second: number): [bigint, bigint, number] {
  const places = Math.max(decimals(first), decimals(second))
  const whole = (value: number) => BigInt(value.toFixed(places).replace('.', ''))
  return [whole(first), whole(second), 10 ** places]
}

function decimals(value: number): number {
  for (let places = 0; places < 15; places += 1) if (Number(value.toFixed(places)) === value) return places
  return 15
}

function divisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : divisor(b, a % b)
}
