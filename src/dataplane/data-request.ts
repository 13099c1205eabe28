import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../errors.ts'
import type { TabularFormat } from './sources/source.ts'
import { tabularFormats } from './sources/source.ts'

/** How data is given: one of the tabular formats, or the file as it was published. */
export type DataFormat = TabularFormat | 'original'

const known = ['format', 'version']
const formats: readonly DataFormat[] = [...tabularFormats, 'original']

const byMediaType: Readonly<Record<string, DataFormat>> = {
  'text/csv': 'csv',
  'text/*': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/json': 'json',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/octet-stream': 'original',
}

/** Reads the query of a request for a file or table; `unformatted` is what is given when no format is wanted. */
export function readDataRequest(request: IncomingMessage, query: string, unformatted: DataFormat): { format: DataFormat; version: number | undefined } {
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) {
    if (!known.includes(name)) throw new ProblemError('bad-request', `The query parameter ${JSON.stringify(name.slice(0, 100))} is not known. Known are: ${known.join(', ')}.`)
    if (parameters.getAll(name).length > 1) throw new ProblemError('bad-request', `The query parameter ${name} may be given once.`)
  }
  return { format: wantedFormat(parameters.get('format'), request.headers.accept, unformatted), version: wantedVersion(parameters.get('version')) }
}

function wantedVersion(text: string | null): number | undefined {
  if (text === null) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ProblemError('bad-request', 'The query parameter version must be the number of a version: 1, 2, ...')
  return Number(text)
}

function wantedFormat(parameter: string | null, accept: string | undefined, unformatted: DataFormat): DataFormat {
  if (parameter !== null) {
    const format = formats.find((format) => format === parameter)
    if (format === undefined) throw new ProblemError('bad-request', `The format ${JSON.stringify(parameter.slice(0, 100))} is not known. Known are: ${formats.join(', ')}.`)
    return format
  }
  for (const type of acceptedTypes(accept ?? '*/*')) {
    if (type === '*/*' || type === 'application/*') return unformatted
    const format = Object.hasOwn(byMediaType, type) ? byMediaType[type] : undefined
    if (format !== undefined) return format
  }
  throw new ProblemError('not-acceptable', 'None of the accepted media types is available. Available are: text/csv, application/x-ndjson, application/json, application/vnd.apache.parquet, application/octet-stream.')
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
