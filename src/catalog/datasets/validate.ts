import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import type { Source } from '../../dataplane/sources/source.ts'
import { ProblemError } from '../../errors.ts'
import type { ProblemCode } from '../../errors.ts'
import { isStorable } from '../../persistence/storable-text.ts'
import type { MetadataInput } from './dataset.ts'

const ajv = new Ajv({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  formats: { 'http-url': isHttpUrl, 'iso-date': isIsoDate, email: /^[^\s@]{1,100}@[^\s@]{1,200}$/ },
})

const language = { type: 'string', pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$' }
const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength })
const perLanguage = (value: object) => ({ type: 'object', propertyNames: language, minProperties: 1, maxProperties: 50, additionalProperties: value })
const url = { type: 'string', maxLength: 2000, format: 'http-url' }
const date = { type: 'string', format: 'iso-date' }

function record(properties: Record<string, object>, required: readonly string[] = []): object {
  return { type: 'object', properties, required, additionalProperties: false }
}

const column = record(
  {
    name: text(500),
    type: { enum: ['string', 'integer', 'number', 'boolean', 'date', 'datetime', 'time', 'object'] },
    nullable: { type: 'boolean' },
    unit: text(100),
    description: perLanguage(text(5000)),
  },
  ['name'],
)

const protectedUnit = record({ name: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_-]{0,99}$' }, column: text(500), counts: { enum: ['distinct', 'sum', 'max'] } }, ['name', 'column', 'counts'])

const metadata = record(
  {
    title: perLanguage(text(500)),
    description: perLanguage(text(20_000)),
    publisher: text(500),
    theme: { type: 'array', items: text(500), maxItems: 100 },
    keywords: perLanguage({ type: 'array', items: text(200), maxItems: 200 }),
    license: text(1000),
    period: record({ start: date, end: date }),
    area: text(1000),
    contact: record({ name: text(500), email: { type: 'string', format: 'email' }, url }),
    landingPage: url,
    updateFrequency: text(200),
    columns: { type: 'array', items: column, maxItems: 5000 },
    dimensions: { type: 'array', items: text(500), maxItems: 200 },
    protectedUnits: { type: 'array', items: protectedUnit, maxItems: 50 },
    geometry: record({ longitude: text(500), latitude: text(500) }, ['longitude', 'latitude']),
  },
  ['title'],
)

const headerName = { type: 'string', pattern: '^[A-Za-z0-9!#$%&\'*+.^_`|~-]{1,100}$' }
const sources: Readonly<Record<Source['type'], ValidateFunction<Source>>> = {
  file: ajv.compile<Source>(record({ type: { const: 'file' } }, ['type'])),
  postgresql: ajv.compile<Source>(record({ type: { const: 'postgresql' }, connection: text(100), table: text(200) }, ['type', 'connection', 'table'])),
  http: ajv.compile<Source>(
    record(
      {
        type: { const: 'http' },
        baseUrl: url,
        methods: { type: 'array', items: { enum: ['GET', 'HEAD', 'POST'] }, minItems: 1, uniqueItems: true },
        paths: { type: 'array', items: { type: 'string', pattern: '^/', maxLength: 500 }, minItems: 1, maxItems: 200 },
        requestHeaders: { type: 'array', items: headerName, maxItems: 50 },
        secrets: { type: 'array', maxItems: 20, items: record({ header: headerName, secret: text(100) }, ['header', 'secret']) },
      },
      ['type', 'baseUrl', 'methods', 'paths', 'requestHeaders', 'secrets'],
    ),
  ),
}

const acceptsMetadata = ajv.compile<MetadataInput>(metadata)

/** Gives `value` as metadata, or refuses it ('bad-request') naming the place. */
export function requireMetadata(value: unknown): MetadataInput {
  if (!acceptsMetadata(value)) throw refusal('bad-request', '/metadata', acceptsMetadata)
  if (!isStorable(value)) throw new ProblemError('bad-request', '/metadata: texts must be valid Unicode without NUL.')
  const { start, end } = value.period ?? {}
  if (start !== undefined && end !== undefined && Date.parse(start) > Date.parse(end)) throw new ProblemError('bad-request', '/metadata/period: must not end before it starts.')
  const names = (value.columns ?? []).map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new ProblemError('bad-request', `/metadata/columns: names the column ${twice} twice.`)
  return value
}

/** Gives `value` as a source, or refuses it ('invalid-source') naming the place. */
export function requireSource(value: unknown): Source {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  if (type !== 'file' && type !== 'postgresql' && type !== 'http') throw new ProblemError('invalid-source', '/source/type: must be file, postgresql or http.')
  const accepts = sources[type]
  if (!accepts(value)) throw refusal('invalid-source', '/source', accepts)
  if (!isStorable(value)) throw new ProblemError('invalid-source', '/source: texts must be valid Unicode without NUL.')
  return value
}

const idPattern = /^[A-Za-z0-9._~:@/-]{1,200}$/

/** Refuses an id that a person may not choose. */
export function requireId(id: string): string {
  if (!idPattern.test(id)) throw new ProblemError('bad-request', '/id: may have 1 to 200 letters, digits and . _ ~ : @ / - only.')
  return id
}

function refusal(code: ProblemCode, at: string, accepts: ValidateFunction): ProblemError {
  const [error] = accepts.errors ?? []
  const extra = error?.params['additionalProperty'] ?? error?.params['propertyName']
  return new ProblemError(code, `${at}${error?.instancePath ?? ''}: ${error?.message ?? 'is not valid'}${typeof extra === 'string' ? ` (${extra.slice(0, 100)})` : ''}.`)
}

function isHttpUrl(value: string): boolean {
  const parsed = URL.parse(value)
  return parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:') && parsed.username === '' && parsed.password === ''
}

function isIsoDate(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(value) && !Number.isNaN(Date.parse(value))
}
