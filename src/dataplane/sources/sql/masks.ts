import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { Mask } from '../../../policy/restriction.ts'
import type { ColumnType } from '../source.ts'
import type { Sql, SqlDialect } from './statement.ts'

/** Refuses a mask that means nothing for a column's values. */
export function requireMaskable(type: ColumnType, mask: Mask, column: string): void {
  if (takes(type, mask)) return
  throw new ProblemError('unsupported-policy', `The mask ${mask.kind} cannot be put on the column ${JSON.stringify(column)}, which has values of type ${type}.`)
}

function takes(type: ColumnType, mask: Mask): boolean {
  switch (mask.kind) {
    case 'drop':
    case 'hash':
      return true
    case 'truncate':
      return Number.isSafeInteger(mask.length) && mask.length >= 0 && mask.length < 2 ** 31
    case 'period':
      return type === 'date' || type === 'datetime'
    case 'grid':
      return (type === 'number' || type === 'integer') && Number.isFinite(mask.step) && mask.step > 0
  }
}

// Years, months, ISO weeks and days as text: 2026, 2026-03, 2026-W10, 2026-03-04.
const periods = {
  duckdb: { year: '%Y', month: '%Y-%m', week: '%G-W%V', day: '%Y-%m-%d' },
  postgresql: { year: 'YYYY', month: 'YYYY-MM', week: 'IYYY-"W"IW', day: 'YYYY-MM-DD' },
} as const

/** What a mask is put on. */
export interface Masked {
  readonly dialect: SqlDialect
  readonly type: ColumnType
  readonly value: Sql
  readonly hashKey: string
}

/** The SQL of a masked value. */
export function maskSql(masked: Masked, mask: Mask): Sql {
  const { value } = masked
  switch (mask.kind) {
    case 'drop':
      return sql`null`
    case 'truncate':
      return sql`left(cast(${value} as text), cast(${String(mask.length)} as integer))`
    case 'hash':
      return hashSql(masked)
    case 'period':
      return masked.dialect === 'duckdb' ? sql`strftime(${value}, ${sql.lit(periods.duckdb[mask.to])})` : sql`to_char(${value}, ${sql.lit(periods.postgresql[mask.to])})`
    case 'grid':
      return gridSql(masked, mask.step)
  }
}

// Whole numbers stay whole, down from a multiple that is not.
function gridSql(masked: Masked, step: number): Sql {
  const multiple = multipleSql({ ...masked, to: step, down: true })
  return masked.type === 'integer' && !Number.isSafeInteger(step) ? sql`cast(floor(${multiple}) as bigint)` : multiple
}

/**
 * A number down, or to the nearest, multiple of `to`. Whole numbers stay exact. Others are divided as doubles and lose the error of
 * the division (0.29 / 0.01 is 28.999…) before they are cut, and are given the decimals of the step afterwards, so that both engines
 * give the same double.
 */
export function multipleSql({ dialect, type, value, to, down }: { readonly dialect: SqlDialect; readonly type: ColumnType; readonly value: Sql; readonly to: number; readonly down: boolean }): Sql {
  if (type === 'integer' && Number.isSafeInteger(to)) return wholeMultiple(dialect, value, { to, down })
  const step = sql`cast(${String(to)} as double precision)`
  const decimals = sql.lit(decimalsOf(to))
  const parts = sql`(cast(${value} as double precision) / ${step})`
  if (dialect === 'duckdb') {
    const whole = down ? sql`floor(round(${parts}, 6))` : sql`round(${parts})`
    return sql`(case when isfinite(cast(${value} as double precision)) then round(${whole} * ${step}, ${decimals}) + 0.0 end)`
  }
  const exact = sql`cast(${parts} as numeric)`
  const whole = down ? sql`floor(round(${exact}, 6))` : sql`round(${exact})`
  const finite = sql`cast(${value} as double precision) not in ('NaN', 'Infinity', '-Infinity')`
  return sql`(case when ${finite} then cast(round(${whole} * cast(${String(to)} as numeric), ${decimals}) as double precision) end)`
}

function wholeMultiple(dialect: SqlDialect, value: Sql, { to, down }: { readonly to: number; readonly down: boolean }): Sql {
  // Wider than 64 bits, so that nothing near the ends of the range overflows.
  const wide = dialect === 'duckdb' ? sql`hugeint` : sql`numeric`
  const step = sql`cast(${String(to)} as ${wide})`
  const number = sql`cast(${value} as ${wide})`
  if (down) return sql`cast(${number} - ((${number} % ${step}) + ${step}) % ${step} as ${wide})`
  const raised = sql`(abs(${number}) + cast(${String(Math.floor(to / 2))} as ${wide}))`
  return sql`(cast(sign(${number}) as ${wide}) * (${raised} - ${raised} % ${step}))`
}

function decimalsOf(step: number): number {
  const [digits = '', exponent = '0'] = String(step).split('e')
  return Math.min(Math.max((digits.split('.')[1]?.length ?? 0) - Number(exponent), 0), 15)
}

/**
 * HMAC-SHA-256 (RFC 2104) of the value's text, hex. Neither engine has HMAC built in, both have SHA-256; the two padded keys are made
 * here and bound.
 */
function hashSql({ dialect, value, hashKey }: Masked): Sql {
  if (hashKey === '') throw new ProblemError('unsupported-policy', 'A column is to be hashed, but there is no key for it.')
  const bytes = Buffer.from(hashKey, 'utf8')
  const key = Buffer.concat([bytes.length > 64 ? createHash('sha256').update(bytes).digest() : bytes, Buffer.alloc(64)]).subarray(0, 64)
  const inner = Buffer.from(key.map((byte) => byte ^ 0x36)).toString('hex')
  const outer = Buffer.from(key.map((byte) => byte ^ 0x5c)).toString('hex')
  const text = sql`cast(${value} as text)`
  if (dialect === 'duckdb') return sql`sha256(unhex(${outer}) || unhex(sha256(unhex(${inner}) || encode(${text}))))`
  return sql`encode(sha256(decode(${outer}, 'hex') || sha256(decode(${inner}, 'hex') || convert_to(${text}, 'UTF8'))), 'hex')`
}
