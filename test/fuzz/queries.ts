import type { Random } from '../helpers/random.ts'
import { oddText } from './mutate.ts'

/** What a question for data is made of. */
export interface Question {
  /** With its question mark. */
  readonly query: string
  readonly method: 'GET' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
}

const names = ['week', 'district', 'street', 'card', 'amount', 'customers', 'secret', 'amount', 'district', 'week', 'rowid', 'filename', 'file_row_number', '*', 'WEEK', 'no such', 'sum', 'count', 'district.name', '"district"', '__proto__', 'constructor', 'ctid', 'xmin', 'select', '0', '']
const injections = [
  "'", "''", '"', '""', '\\', '\\"', ';', '--', '/*', '*/', '$1', '$$', '?', '%', '_', '(', ')', ')(', ',', ',,', '.', '..', ':', '::', '{', '}', '[', ']', '`', '|', '\u0000', '\n', '\r\n', '\t', '\u2028', '\ud83d', '\u{1f469}', '\u202e', '\ufb01', '\u00df', '\u0130', 'e\u0301',
  "' or 1=1 --", "north' union select secret from data --", '" ; drop table data; --', "'||secret||'", "north'); copy (select 1) to '/tmp/x'; --", "(select secret from data limit 1)", "read_csv('/etc/passwd')", "getenv('HOME')", 'current_setting(1)', "E'\\x27'", "U&'\\0027'", 'chr(39)', '%27%20or%201=1', '$(id)', '{{7*7}}', "x'; attach 'y'; --", "pragma version", 'now()', 'random()', 'null', 'NULL', 'NaN', 'nan', 'Infinity', '-Infinity', 'inf', '1e400', '-0', '0x10', '1_000', '1e5', '1.5', '99999999999999999999', '-9223372036854775808', '9223372036854775808', '2026-02-30', 'zq', 'zq%', '*zq*', '%zq%', 'Car', 'Car*', '*', '**', '***a***', 'north', 'south', 'east', 'true', 'f',
]
const operators = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'like', 'ilike', 'in', 'is', 'not.eq', 'not.in', 'not.is', 'not.like', 'not.not.eq', 'match', 'imatch', 'cs', 'cd', 'fts', 'plfts(english)', 'eq(any)', 'like(all)', 'isdistinct', 'EQ', '', 'ov']
const casts = ['text', 'integer', 'int', 'bigint', 'numeric', 'double', 'double precision', 'boolean', 'date', 'timestamp', 'json', 'bytea', 'varchar(10)', 'text[]', 'TEXT', 'regclass', '']
const functions = ['sum', 'avg', 'min', 'max', 'count', 'count(distinct)', 'stddev', 'string_agg', 'list', 'any_value', 'SUM', 'first', 'mode', 'hash']
const formats = ['json', 'csv', 'ndjson', 'parquet', 'geojson', 'original', 'xlsx', '', 'JSON']
const accepted = ['*/*', 'application/json', 'text/csv', 'application/x-ndjson', 'application/vnd.apache.parquet', 'application/geo+json', 'application/vnd.pgrst.object+json', 'application/octet-stream', 'text/html', 'text/csv;q=0, application/json', ';;;', 'x'.repeat(500)]

/** A question in PostgREST's grammar, or nearly so. */
export function anyQuestion(random: Random): Question {
  const parameters: [string, string][] = []
  if (random.chance(0.7)) parameters.push(['select', list(random, 4, () => selected(random))])
  for (let filters = random.pick([0, 0, 1, 1, 2, 3]); filters > 0; filters--) parameters.push(filter(random))
  if (random.chance(0.15)) parameters.push([random.pick(['and', 'or', 'not.and', 'not.or']), logic(random, random.pick([1, 1, 2, 3, 29, 31, 200]))])
  if (random.chance(0.3)) parameters.push(['order', list(random, 2, () => `${random.pick(names)}${random.pick(['', '.sum', '.count'])}${random.pick(['', '.asc', '.desc', '.desc.nullslast', '.nullsfirst', '.sideways', injected(random)])}`)])
  if (random.chance(0.3)) parameters.push(['limit', random.pick(['0', '1', '5', '1000', '999999999999', '9999999999999', '-1', '1.5', 'NaN', '', '1e3', injected(random)])])
  if (random.chance(0.15)) parameters.push(['offset', random.pick(['0', '1', '999999999999', '-1', 'NaN', injected(random)])])
  if (random.chance(0.3)) parameters.push(['format', random.pick(formats)])
  if (random.chance(0.05)) parameters.push([random.pick(['version', 'columns', 'on_conflict', 'select', 'limit', '', '__proto__']), random.pick(['1', '2', '', 'x'])])
  const text = parameters.map(([name, value]) => `${written(name, random)}=${written(value, random)}`).join('&')
  const query = random.chance(0.04) ? broken(text, random) : text
  return { query: query === '' ? '' : `?${query.slice(0, 60_000)}`, method: random.chance(0.04) ? 'HEAD' : 'GET', headers: headersOf(random) }
}

/** One that is right, so that its answers have data in them. */
export function plainQuestion(random: Random): Question {
  const query = random.pick([
    '', '?select=*', '?select=district,amount&order=amount.desc&limit=5', '?district=eq.north', '?district=neq.north', '?select=district,amount.sum(),count()&order=district', '?select=week,count()', '?select=count()', '?select=district,week,amount.sum()', '?select=amount.sum(),amount.avg()',
    '?select=street,count()', '?street=like.C*', '?street=ilike.*zq*', '?or=(district.eq.north,district.eq.zq)', '?district=not.in.(north,south)&select=count()', '?district=gt.a&select=district,count()', '?format=csv', '?format=ndjson', '?format=parquet', '?district=is.null', '?amount=gt.0&select=count()', '?select=week&week=in.(2026-W01,2026-W02)',
  ])
  return { query, method: 'GET', headers: { accept: random.pick(['*/*', 'application/json', 'text/csv']), ...(random.chance(0.2) ? { prefer: 'count=exact' } : {}) } }
}

function headersOf(random: Random): Record<string, string> {
  return {
    accept: random.chance(0.7) ? 'application/json' : random.pick(accepted),
    ...(random.chance(0.2) ? { prefer: random.pick(['count=exact', 'concordat-metadata', 'count=exact, concordat-metadata', 'count=planned', 'return=representation', 'x'.repeat(1_000), ',;,', 'count="exact"']) } : {}),
    ...(random.chance(0.1) ? { range: random.pick(['0-4', 'items=0-0', '5-1', '0-', 'bytes=0-9', 'bytes=-5', '999999999999-999999999999', '-', 'x']) } : {}),
  }
}

function list(random: Random, most: number, make: () => string): string {
  const items = Array.from({ length: random.chance(0.03) ? 501 : random.between(1, most) }, make)
  return items.join(',')
}

function selected(random: Random): string {
  const name = random.chance(0.85) ? random.pick(names) : injected(random)
  const alias = random.chance(0.15) ? `${random.chance(0.5) ? random.pick(['total', 'a b', 'district', '"x,y"', 'select', '__proto__']) : injected(random)}:` : ''
  const fn = random.chance(0.4) ? `.${random.pick(functions)}${random.chance(0.9) ? '()' : ''}`.replace('(distinct)()', '(distinct)') : ''
  const cast = random.chance(0.15) ? `::${random.pick(casts)}` : ''
  return random.chance(0.1) ? random.pick(['count()', 'count()::text', '*', 'count(*)', 'secret(*)', '...secret(*)', 'district->x', 'district->>x', '*::text']) : alias + name + fn + cast
}

function filter(random: Random): [string, string] {
  return [random.chance(0.9) ? random.pick(names) : injected(random), operation(random)]
}

function operation(random: Random): string {
  const operator = random.pick(operators)
  if (!operator.endsWith('in')) return `${operator}.${injected(random)}`
  const length = random.pick([0, 1, 3, 100, random.chance(0.2) ? 10_001 : 3])
  return `${operator}.(${Array.from({ length }, () => (length > 10 ? 'a' : random.chance(0.3) ? `"${injected(random)}"` : injected(random))).join(',')})`
}

function logic(random: Random, depth: number): string {
  const inner = depth > 1 ? `${random.pick(['and', 'or', 'not.and'])}${logic(random, depth - 1)}` : `${random.pick(names)}.${operation(random)}`
  return random.chance(0.95) ? `(${inner}${random.chance(0.5) ? `,${random.pick(names)}.${operation(random)}` : ''})` : `(${inner}`
}

function injected(random: Random): string {
  const text = random.chance(0.9) ? random.pick(injections) : oddText(random).slice(0, 2_000)
  return random.chance(0.2) ? random.pick(['north', '2026-W01', 'Car', '1']) + text : text
}

// Characters that an address can have as they are stay so at times.
function written(text: string, random: Random): string {
  const whole = text.toWellFormed()
  if (random.chance(0.3)) return whole.replaceAll(/[^A-Za-z0-9.,:()*_~'!;@$/-]/gu, encodeURIComponent)
  return random.chance(0.02) ? encodeURIComponent(encodeURIComponent(whole)) : encodeURIComponent(whole)
}

function broken(text: string, random: Random): string {
  const at = random.between(0, text.length)
  return text.slice(0, at) + random.pick(['%', '%zz', '%c0%af', '%ed%a0%80', '&&', '=', '&=', '?', '%00', '+', ';', '%26', '&a[b]=c', '&select', "'"]) + text.slice(at + random.between(0, 3))
}
