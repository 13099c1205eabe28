import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { ProblemError } from '../errors.ts'
import { isStorable } from '../persistence/storable-text.ts'
import { readDocuments } from './documents.ts'
import { isMoment } from './moment.ts'
import type { BodyOf, OperationId, PathOf, QueryOf } from './operation.ts'

/** An operation of the documents, as far as serving it needs. */
export interface Operation {
  readonly id: string
  readonly method: string
  /** As the document has it: `/partners/{partnerId}`. */
  readonly path: string
  /** Whether it is served without a token. */
  readonly open: boolean
  readonly roles: readonly string[]
  readonly bodyKind: 'none' | 'json' | 'optional-json' | 'file'
  readonly needsIfMatch: boolean
  /** Where the schema of its JSON body is. */
  readonly bodyPointer: string | undefined
  /** Where it is in the document, as a JSON pointer of its own. */
  readonly pointer: string
  readonly parameters: readonly Parameter[]
  readonly responses: Readonly<Record<string, unknown>>
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly pointer: string
}

/** What the management listener serves, and what fits it. */
export interface Contract {
  readonly operations: readonly Operation[]
  readonly document: unknown
  /** The path parameters; ProblemError('bad-request') naming the place when they do not fit. */
  path<K extends OperationId>(id: K, value: unknown): PathOf<K>
  query<K extends OperationId>(id: K, value: unknown): QueryOf<K>
  /** Refuses headers that do not fit; those that the document does not name are not looked at. */
  headers(id: OperationId, value: Readonly<Record<string, unknown>>): void
  /** The body: parsed JSON, or a received file. */
  body<K extends OperationId>(id: K, value: unknown): BodyOf<K>
  /** Why an answer does not fit the document; undefined when it does. For tests. */
  checkAnswer(request: { method: string; path: string }, answer: { status: number; headers: Readonly<Record<string, string>>; body: unknown }): string | undefined
}

type Json = Readonly<Record<string, unknown>>

/** Reads the documents. Validators are compiled when they are first needed, so that starting costs no time. */
export function loadContract(): Contract {
  const document = readDocuments()
  const operations = operationsOf(document)
  const bodies = ajvFor(document, {})
  // Parameters are text; numbers and lists are read out of it.
  const texts = ajvFor(document, { coerceTypes: 'array' })
  for (const operation of operations) {
    for (const place of places) texts.addSchema(parameterSchema(operation, place), `urn:concordat:${place}:${operation.id}`)
  }
  const bodySchemas = new Map(operations.map(({ id, bodyPointer }) => [id, bodyPointer]))
  bodies.addSchema({}, anything)
  return {
    operations,
    document,
    path: (id, value) => fit(texts.getSchema<PathOf<typeof id>>(`urn:concordat:path:${id}`), value, 'path'),
    query: (id, value) => fit(texts.getSchema<QueryOf<typeof id>>(`urn:concordat:query:${id}`), value, 'query'),
    headers: (id, value) => {
      fit(texts.getSchema(`urn:concordat:header:${id}`), value, 'header')
    },
    body: (id, value) => fit(bodies.getSchema<BodyOf<typeof id>>((value === undefined ? undefined : bodySchemas.get(id)) ?? anything), value, 'body'),
    checkAnswer: (request, answer) => checkAnswer({ document, operations, ajv: bodies }, request, answer),
  }
}

const places = ['path', 'query', 'header'] as const
const methods = ['get', 'head', 'put', 'post', 'patch', 'delete'] as const
const root = 'urn:concordat:management'
const anything = 'urn:concordat:anything'

function ajvFor(document: unknown, options: { coerceTypes?: 'array' }): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, ...options })
  addFormats.default(ajv)
  ajv.addFormat('date-time', { type: 'string', validate: isMoment })
  if (isObject(document)) ajv.addSchema(document, root)
  return ajv
}

function operationsOf(document: unknown): Operation[] {
  return Object.entries(member(document, 'paths')).flatMap(([path, item]) =>
    methods.filter((method) => isObject(member(item, method)) && Object.hasOwn(asObject(item), method)).map((method) => operationOf(document, { path, item: asObject(item), method })),
  )
}

function operationOf(document: unknown, { path, item, method }: { path: string; item: Json; method: string }): Operation {
  const at = `${root}#/paths/${escape(path)}`
  const pointer = `${at}/${method}`
  const operation = member(item, method)
  const parameters = [...parametersOf(document, item, at), ...parametersOf(document, operation, pointer)]
  return {
    id: String(operation['operationId']),
    method,
    path,
    open: Array.isArray(operation['security']) && operation['security'].length === 0,
    roles: asList(operation['x-roles']).map(String),
    ...bodyOf(resolve(document, operation['requestBody'], `${pointer}/requestBody`)),
    needsIfMatch: parameters.some(({ name }) => name === 'If-Match'),
    pointer,
    parameters,
    responses: member(operation, 'responses'),
  }
}

function parametersOf(document: unknown, owner: Json, pointer: string): Parameter[] {
  return asList(owner['parameters']).map((node, index) => {
    const found = resolve(document, node, `${pointer}/parameters/${index}`)
    return { name: String(found.value['name']), in: String(found.value['in']), required: found.value['required'] === true, pointer: found.pointer }
  })
}

function bodyOf(body: Resolved): Pick<Operation, 'bodyKind' | 'bodyPointer'> {
  const content = member(body.value, 'content')
  if (Object.hasOwn(content, '*/*')) return { bodyKind: 'file', bodyPointer: undefined }
  if (!Object.hasOwn(content, 'application/json')) return { bodyKind: 'none', bodyPointer: undefined }
  return { bodyKind: body.value['required'] === true ? 'json' : 'optional-json', bodyPointer: `${body.pointer}/content/application~1json/schema` }
}

/** The schema of all parameters in one place. Headers are in lower case, and a missing `If-Match` has its own refusal (428). */
function parameterSchema(operation: Operation, place: (typeof places)[number]): Json {
  const named = operation.parameters.filter((parameter) => parameter.in === place)
  const nameOf = (parameter: Parameter) => (place === 'header' ? parameter.name.toLowerCase() : parameter.name)
  return {
    type: 'object',
    properties: Object.fromEntries(named.map((parameter) => [nameOf(parameter), { $ref: `${parameter.pointer}/schema` }])),
    required: named.filter(({ required, name }) => required && name !== 'If-Match').map(nameOf),
    additionalProperties: place === 'header',
  }
}

function fit<T>(accepts: ValidateFunction<T> | undefined, value: unknown, place: string): T {
  if (accepts === undefined) throw new Error(`The document has no schema for this ${place}`)
  if (!accepts(value)) throw new ProblemError('bad-request', describe(accepts.errors?.[0], place))
  if (!isStorable(value)) throw new ProblemError('bad-request', `/${place}: texts must be valid Unicode without NUL.`)
  return value
}

function describe(error: ErrorObject | undefined, place: string): string {
  const extra: unknown = error?.params['additionalProperty'] ?? error?.params['propertyName']
  const allowed: unknown = error?.params['allowedValues']
  const named = typeof extra === 'string' ? ` (${extra.slice(0, 100)})` : ''
  const choice = Array.isArray(allowed) ? `: ${allowed.join(', ')}` : ''
  const isTime = error?.keyword === 'format' && error.params['format'] === 'date-time'
  const wanted = isTime ? 'must be a time with its zone, such as 2026-03-02T09:30:00Z or 2026-03-02T10:30:00+01:00' : (error?.message ?? 'is not valid')
  return `/${place}${error?.instancePath ?? ''}: ${wanted}${named}${choice}.`
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

function checkAnswer(contract: { document: unknown; operations: readonly Operation[]; ajv: Ajv2020 }, request: { method: string; path: string }, answer: Answer): string | undefined {
  const operation = contract.operations.find(({ method, path }) => method === request.method.toLowerCase() && pattern(path).test(request.path))
  const key = operation !== undefined && Object.hasOwn(operation.responses, String(answer.status)) ? String(answer.status) : 'default'
  // What no operation answers (404, 405) is a problem document all the same.
  const node = operation === undefined ? { $ref: '#/components/responses/Problem' } : operation.responses[key]
  const { value, pointer } = resolve(contract.document, node, `${operation?.pointer}/responses/${key}`)
  for (const [name, header] of Object.entries(member(value, 'headers'))) {
    const text = answer.headers[name.toLowerCase()]
    if (text === undefined) return `${key}: the header ${name} is missing`
    const { pointer: headerPointer } = resolve(contract.document, header, `${pointer}/headers/${name}`)
    const accepts = contract.ajv.getSchema(`${headerPointer}/schema`)
    if (accepts !== undefined && !accepts(text)) return `${key}: the header ${name} is ${text}`
  }
  if (key === 'default' && answer.status < 400) return `the status ${answer.status} is not described`
  return request.method === 'HEAD' ? undefined : checkContent(contract.ajv, { value, pointer }, answer)
}

function checkContent(ajv: Ajv2020, response: Resolved, answer: Answer): string | undefined {
  const content = member(response.value, 'content')
  const types = Object.keys(content)
  const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? ''
  if (types.length === 0) return answer.body === undefined || answer.body === '' ? undefined : 'there is a body where none is described'
  if (types.includes('*/*')) return undefined
  if (!types.includes(type)) return `the content type is ${type}, not ${types.join(' or ')}`
  const accepts = ajv.getSchema(`${response.pointer}/content/${escape(type)}/schema`)
  if (accepts === undefined || accepts(answer.body)) return undefined
  return `${describe(accepts.errors?.[0], 'answer')} ${JSON.stringify(answer.body).slice(0, 300)}`
}

/** Whether a path of a request is one of a path template. */
function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
}

/** A part of the document and where it is. */
interface Resolved {
  readonly value: Json
  readonly pointer: string
}

/** Follows a `$ref` within the document. */
function resolve(document: unknown, node: unknown, pointer: string): Resolved {
  const value = asObject(node)
  const ref = value['$ref']
  if (typeof ref !== 'string') return { value, pointer }
  const local = ref.slice(ref.indexOf('#'))
  const target = local
    .slice(2)
    .split('/')
    .reduce<unknown>((current, part) => asObject(current)[part], document)
  return resolve(document, target, `${root}${local}`)
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}

function member(value: unknown, name: string): Json {
  return asObject(asObject(value)[name])
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {}
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
