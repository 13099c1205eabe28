import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError } from '../../errors.ts'
import type { AnswerFormat } from './engine.ts'
import { parseQuery } from './parse.ts'
import type { TableQuery } from './query.ts'

/** What a request for a tabular dataset wants, from its address and its headers. */
export interface TableRequest {
  readonly query: TableQuery
  /** Whether it asks for anything but the whole dataset in some format. */
  readonly asks: boolean
  /** null: the asker does not mind. */
  readonly format: AnswerFormat | 'original' | null
  readonly version: number | null
  /** `Prefer: count=exact`: how many rows there are without limit and offset. */
  readonly countExact: boolean
  /** `Accept: application/vnd.pgrst.object+json`: one object, not a list. */
  readonly singular: boolean
  /** `Prefer: concordat-metadata`: the answer tells about itself in its body. */
  readonly metadata: boolean
}

const formats: readonly (AnswerFormat | 'original')[] = ['json', 'csv', 'ndjson', 'parquet', 'geojson', 'original']

const byMediaType: Readonly<Record<string, AnswerFormat | 'original' | 'singular'>> = {
  'application/json': 'json',
  'application/vnd.pgrst.array+json': 'json',
  'application/vnd.pgrst.object+json': 'singular',
  'application/vnd.pgrst.object': 'singular',
  'text/csv': 'csv',
  'text/*': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/geo+json': 'geojson',
  'application/octet-stream': 'original',
}

/** Reads a request for a tabular dataset; refuses what it cannot read ('invalid-query', 'not-acceptable', …). */
export function readTableRequest(headers: IncomingHttpHeaders, query: string): TableRequest {
  const parsed = parseQuery(query)
  const accepted = wantedFormat(parsed.format, headers.accept)
  const singular = accepted === 'singular'
  const preferences = preferencesOf(headers['prefer'])
  const range = wantedRange(headers)
  const countExact = preferences.has('count=exact')
  const metadata = preferences.has('concordat-metadata')
  const paged = range === null || parsed.query.limit !== null || parsed.query.offset > 0 ? parsed.query : { ...parsed.query, ...range }
  return {
    query: paged,
    asks: parsed.asks || singular || countExact || metadata || range !== null || accepted === 'geojson',
    format: singular ? 'json' : accepted,
    version: wantedVersion(parsed.version),
    countExact,
    singular,
    metadata,
  }
}

function wantedVersion(text: string | null): number | null {
  if (text === null) return null
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ProblemError('bad-request', 'The query parameter version must be the number of a version: 1, 2, ...')
  return Number(text)
}

function wantedFormat(parameter: string | null, accept: string | undefined): AnswerFormat | 'original' | 'singular' | null {
  if (parameter !== null) {
    const format = formats.find((known) => known === parameter)
    if (format === undefined) throw new ProblemError('bad-request', `The format ${JSON.stringify(parameter.slice(0, 100))} is not known. Known are: ${formats.join(', ')}.`)
    return format
  }
  for (const type of acceptedTypes(accept ?? '*/*')) {
    if (type === '*/*' || type === 'application/*') return null
    const format = Object.hasOwn(byMediaType, type) ? byMediaType[type] : undefined
    if (format !== undefined) return format
  }
  throw new ProblemError('not-acceptable', 'None of the accepted media types is available. Available are: application/json, text/csv, application/x-ndjson, application/vnd.apache.parquet, application/geo+json (where the dataset declares a place), application/vnd.pgrst.object+json, application/octet-stream.')
}

// RFC 9110 §12.5.1: by weight, then as written; weight 0 is not wanted.
function acceptedTypes(accept: string): string[] {
  return accept
    .split(',')
    .slice(0, 50)
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) }
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ type }) => type)
}

// RFC 7240 §2: preferences that are not known are passed over.
function preferencesOf(header: string | string[] | undefined): ReadonlySet<string> {
  return new Set(
    [header ?? []]
      .flat()
      .flatMap((line) => line.split(/[,;]/))
      .map((part) => part.trim().toLowerCase().replaceAll(/\s*=\s*"?([^"]*)"?/g, '=$1')),
  )
}

// PostgREST's ranges of rows: `Range: 0-24`, with or without `Range-Unit: items`. Ranges of bytes are for files.
function wantedRange(headers: IncomingHttpHeaders): { limit: number | null; offset: number } | null {
  const found = /^(?:items=)?(\d{1,12})-(\d{1,12})?$/.exec(headers.range?.trim() ?? '')
  if (found === null) return null
  const offset = Number(found[1])
  const last = found[2] === undefined ? null : Number(found[2])
  if (last !== null && last < offset) throw new ProblemError('range-not-satisfiable', 'Range: the last row comes before the first.')
  return { offset, limit: last === null ? null : last - offset + 1 }
}
