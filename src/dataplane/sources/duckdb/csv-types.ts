import type { ColumnType } from '../source.ts'
import { sqlText } from './sql.ts'

/** One way to read the text of a column: what its values look like, and how they become typed. */
interface Reading {
  readonly name: string
  readonly type: ColumnType
  /** SQL: whether the text `v` reads this way. */
  readonly fits: string
  /** SQL: whether `v` shows that no other reading is meant. A reading that has this needs one such value. */
  readonly shows?: string
  /** SQL: the typed value of `v`. */
  readonly value: string
}

const matches = (pattern: string) => `regexp_full_match(v, ${sqlText(pattern)})`

/**
 * The readings, in order of preference; a column has a reading when all its values have it. Numbers with leading zeros
 * (postal codes) and numbers that a 64-bit type would round stay text.
 */
export const readings: readonly Reading[] = [
  { name: 'boolean', type: 'boolean', fits: `lower(v) in ('true', 'false')`, value: `cast(lower(v) as boolean)` },
  { name: 'integer', type: 'integer', fits: matches('[+-]?(0|[1-9][0-9]{0,17})'), value: 'cast(v as bigint)' },
  {
    name: 'number',
    type: 'number',
    fits: `(${matches('[+-]?((0|[1-9][0-9]{0,14})([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?')})`,
    value: 'cast(v as double)',
  },
  {
    // 1.234,56: a comma that cannot separate thousands shows that it is the decimal sign.
    name: 'comma',
    type: 'number',
    fits: matches('[+-]?(0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}([.][0-9]{3})+)(,[0-9]+)?'),
    shows: `(contains(v, ',') and not ${matches('[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+')})`,
    value: `cast(replace(replace(v, '.', ''), ',', '.') as double)`,
  },
  {
    // 1,234.56
    name: 'thousands',
    type: 'number',
    fits: matches('[+-]?(0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}(,[0-9]{3})+)([.][0-9]+)?'),
    shows: matches('[+-]?[1-9][0-9]{0,2}((,[0-9]{3})+[.][0-9]+|(,[0-9]{3}){2,})'),
    value: `cast(replace(v, ',', '') as double)`,
  },
  { name: 'date', type: 'date', fits: `(${matches('[0-9]{4}-[0-9]{2}-[0-9]{2}')} and try_cast(v as date) is not null)`, value: 'cast(v as date)' },
  {
    // 31/12/2017: a day after the twelfth shows that the day comes first.
    name: 'day-first',
    type: 'date',
    fits: `(${matches('[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}')} and try_strptime(v, '%d/%m/%Y') is not null)`,
    shows: matches('(1[3-9]|2[0-9]|3[01])/.*'),
    value: `cast(strptime(v, '%d/%m/%Y') as date)`,
  },
  {
    name: 'datetime',
    type: 'datetime',
    fits: `(${matches('[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?')} and try_cast(v as timestamp) is not null)`,
    value: 'cast(v as timestamp)',
  },
  {
    name: 'instant',
    type: 'datetime',
    fits: `(${matches('[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)')} and try_cast(v as timestamptz) is not null)`,
    value: 'cast(v as timestamptz)',
  },
  { name: 'time', type: 'time', fits: `(${matches('([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?')} and try_cast(v as time) is not null)`, value: 'cast(v as time)' },
]

/** SQL: the text of a column without the blanks around it; nothing when it is empty. */
export function trimmed(column: string): string {
  return `nullif(trim(${column}, ${sqlText(' \t\u00A0')}), '')`
}

// English, Catalan and Spanish: unknown, not available, no data.
const notKnown = ['unknown', 'n/a', 'na', 'n.a.', 'null', 'nan', 'n.d.', 'n/d', 'nd', 's/d', 'no consta', 'desconegut', 'desconocido', '-', '--', '..', '...']

/** SQL: `text` without the words that say "not known"; only typed columns lose them. */
export function known(text: string): string {
  return `(case when lower(${text}) in (${notKnown.map((word) => sqlText(word)).join(', ')}) then null else ${text} end)`
}
