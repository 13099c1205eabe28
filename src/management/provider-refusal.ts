import type { ProblemCode } from '../errors.ts'
import { ProblemError, problems } from '../errors.ts'
import type { OutboundStream } from '../http/guarded-fetch.ts'
import { parseJson } from '../http/json-body.ts'
import type { JsonValue } from '../policy/odrl.ts'

/** Why a provider refused: for our user, and for the record. */
export interface Refusal {
  readonly problem: ProblemError
  readonly told: { readonly code?: string; readonly [field: string]: JsonValue | undefined }
}

/** Codes of a provider that mean the same to our user. Others, such as 'unauthenticated', would be taken for our own answer. */
const sameCodes: ReadonlySet<string> = new Set<ProblemCode>([
  'bad-request',
  'invalid-query',
  'unknown-column',
  'query-too-large',
  'invalid-path',
  'not-permitted',
  'withheld',
  'statement-required',
  'statement-refused',
  'not-found',
  'method-not-allowed',
  'not-acceptable',
  'gone',
  'too-large',
  'unsupported-media-type',
  'range-not-satisfiable',
  'idempotency-key-reused',
  'quota-exceeded',
  'too-many-requests',
  'source-failed',
  'record-unavailable',
  'query-timeout',
])

const byStatus = new Map<number, ProblemCode>([
  [400, 'bad-request'],
  [404, 'not-found'],
  [405, 'method-not-allowed'],
  [406, 'not-acceptable'],
  [410, 'gone'],
  [416, 'range-not-satisfiable'],
  [429, 'too-many-requests'],
])

/** Fields of a problem document that our user gets to see. */
const fieldNames = ['reason', 'at', 'term', 'operator', 'wanted', 'value', 'terms', 'needed', 'rule', 'parameter', 'column', 'allowed', 'position', 'limit', 'window', 'resetsAt'] as const

const maxBytes = 16 * 1024

/** Reads why the provider refused. Its text is shown as its own, cut to size and without what a terminal or a page would obey. */
export async function readRefusal(answer: OutboundStream, request: { readonly stated: boolean }): Promise<Refusal> {
  const document = await readDocument(answer)
  const code = codeOf(document, answer.status)
  if (code === undefined) return { problem: plainRefusal(answer.status, request.stated), told: {} }
  const fields = fieldsOf(document)
  const detail = textOf(document['detail'], 1000) ?? problems[code][1]
  return { problem: new ProblemError(code, `The provider refused: ${detail}`, { fields: { ...fields, provider: answer.status } }), told: { code, ...fields } }
}

function plainRefusal(status: number, stated: boolean): ProblemError {
  // To HEAD nothing is said but the status.
  if (status === 403 && stated) return new ProblemError('not-permitted', 'The provider answered 403: its terms do not permit this, or the access token is over. Ask with GET to hear why.')
  const hint = status === 401 || status === 403 ? ' Its access token may be over: "concordat transfer show" tells the state; a suspension and a new start give a new token.' : ''
  return new ProblemError(byStatus.get(status) ?? 'peer-failed', `The provider answered ${status}.${hint}`)
}

type Json = Readonly<Record<string, unknown>>

async function readDocument(answer: OutboundStream): Promise<Json> {
  const type = answer.headers['content-type']
  if (typeof type !== 'string' || !/^application\/(problem\+)?json\b/i.test(type)) {
    answer.body.destroy()
    return {}
  }
  const raw = await readBounded(answer)
  return raw === undefined ? {} : objectIn(raw)
}

async function readBounded({ body }: OutboundStream): Promise<string | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    // Leaving the loop early destroys the body: nothing more is read.
    for await (const piece of body) {
      if (!Buffer.isBuffer(piece)) return undefined
      bytes += piece.length
      if (bytes > maxBytes) return undefined
      pieces.push(piece)
    }
  } catch {
    // A refusal that broke off is one all the same; its status says it.
    return undefined
  }
  return Buffer.concat(pieces).toString('utf8')
}

function objectIn(raw: string): Json {
  try {
    const value = parseJson(raw, 10)
    return isObject(value) ? value : {}
  } catch {
    // What is no JSON says nothing.
    return {}
  }
}

function codeOf(document: Json, status: number): ProblemCode | undefined {
  const { code } = document
  return typeof code === 'string' && isCode(code) && sameCodes.has(code) && problems[code][0] === status ? code : undefined
}

function isCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

function fieldsOf(document: Json): { readonly [field: string]: JsonValue } {
  return Object.fromEntries(
    fieldNames.flatMap((name) => {
      const value = Object.hasOwn(document, name) ? plain(document[name], 3) : undefined
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

/** A value as far as it is small and plain. */
function plain(value: unknown, depth: number): JsonValue | undefined {
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  if (typeof value === 'string') return textOf(value, 500)
  if (depth === 0 || value === undefined) return undefined
  if (Array.isArray(value)) return value.slice(0, 100).flatMap((each) => plain(each, depth - 1) ?? [])
  if (!isObject(value)) return undefined
  const entries = Object.entries(value).slice(0, 20)
  return Object.fromEntries(entries.flatMap(([name, each]) => (/^\w{1,50}$/.test(name) && name !== '__proto__' ? [[name, plain(each, depth - 1) ?? null] as const] : [])))
}

function textOf(value: unknown, length: number): string | undefined {
  return typeof value === 'string' ? value.slice(0, length).replaceAll(/\p{C}/gu, '\uFFFD') : undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
