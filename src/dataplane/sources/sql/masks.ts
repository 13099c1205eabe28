import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { ProblemError } from '../../../errors.ts'
import type { Mask } from '../../../policy/restriction.ts'
import type { ColumnType } from '../source.ts'
import type { Sql, SqlDialect } from './statement.ts'

/** The type of a column's values under a mask; undefined when the column is gone. A mask that the type does not take is refused. */
export function maskedType(type: ColumnType, mask: Mask, column: string): ColumnType | undefined {
  const masked = takes(type, mask)
  if (masked === undefined) throw new ProblemError('unsupported-policy', `The mask ${mask.kind} cannot be put on the column ${JSON.stringify(column)}, which has values of type ${type}.`)
  return masked === 'gone' ? undefined : masked
}

function takes(type: ColumnType, mask: Mask): ColumnType | 'gone' | undefined {
  switch (mask.kind) {
    case 'drop':
      return 'gone'
    case 'hash':
      return 'string'
    case 'truncate':
      return Number.isSafeInteger(mask.length) && mask.length >= 0 ? 'string' : undefined
    case 'period':
      return type === 'date' || type === 'datetime' ? type : undefined
    case 'grid':
      return gridType(type, mask.step)
  }
}

function gridType(type: ColumnType, step: number): ColumnType | undefined {
  if (!Number.isFinite(step) || step <= 0) return undefined
  if (type === 'integer') return Number.isSafeInteger(step) ? 'integer' : 'number'
  return type === 'number' ? 'number' : undefined
}

/** What a mask is put on. */
export interface Masked {
  readonly dialect: SqlDialect
  readonly type: ColumnType
  readonly value: Sql
  readonly hashKey: string
}

/** The SQL of a masked value; undefined when the column is gone. */
export function maskSql(masked: Masked, mask: Mask): Sql | undefined {
  const { value, type } = masked
  switch (mask.kind) {
    case 'drop':
      return undefined
    case 'truncate':
      return sql`left(cast(${value} as text), cast(${String(mask.length)} as integer))`
    case 'hash':
      return hashSql(masked)
    case 'period': {
      const truncated = sql`date_trunc(${sql.lit(mask.to)}, ${value})`
      return type === 'date' ? sql`cast(${truncated} as date)` : truncated
    }
    case 'grid':
      return multipleSql({ ...masked, to: mask.step, down: true })
  }
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
