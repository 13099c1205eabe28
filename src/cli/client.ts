import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { exitCodes, Failure } from './failure.ts'
import { addressOf, routes } from './operations.ts'
import type { Answer, Input, Item, Operation, PagedOperation } from './operations.ts'
import { header, send, textOf } from './send.ts'

/** Where the connector is and what opens it. */
export interface Connection {
  readonly url: string
  readonly token: string
}

/** The management API of one connector. */
export interface Client {
  /** Calls an operation; the answer is its JSON body. */
  call<Id extends Operation>(id: Id, input: Input<Id>): Promise<Answer<Id>>
  /** As `call`, with the `ETag` of the answer. */
  read<Id extends Operation>(id: Id, input: Input<Id>): Promise<{ value: Answer<Id>; etag: string }>
  /** Posts a file as it is read. */
  upload<Id extends 'uploadFile' | 'addDatasetVersion'>(id: Id, input: Input<Id>, body: Readable): Promise<Answer<Id>>
  /** The answer with its body still to come; `accept` are statuses that the caller handles although they are not 2xx. */
  open(id: Operation, input: { path?: unknown; query?: unknown; headers?: Readonly<Record<string, string>> }, more?: { accept?: readonly number[]; signal?: AbortSignal }): Promise<IncomingMessage>
  /** One page, or with `all` every item from there on. */
  list<Id extends PagedOperation>(id: Id, input: Input<Id>, all: boolean): Promise<{ items: Item<Id>[]; next: string | null }>
}

interface Request {
  readonly id: Operation
  readonly input: { path?: unknown; query?: unknown; body?: unknown; headers?: Readonly<Record<string, string>> }
  readonly stream?: Readable
  readonly accept?: readonly number[]
  readonly signal?: AbortSignal
}

// Long enough for a connector that asks a slow partner, or reads a large file, before it answers.
const answerTimeoutMs = 600_000

export function createClient(connection: Connection): Client {
  async function exchange({ id, input, stream, accept = [], signal }: Request): Promise<IncomingMessage> {
    const url = new URL(connection.url.replace(/\/+$/, '') + addressOf(id, input))
    const method = routes[id][0]
    const body = stream ?? (input.body === undefined ? undefined : JSON.stringify(input.body))
    const headers = {
      authorization: `Bearer ${connection.token}`,
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      ...(typeof body === 'string' ? { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) } : {}),
      ...input.headers,
    }
    const answer = await send({ method, url, headers, ...(body === undefined ? {} : { body }), ...(signal === undefined ? {} : { signal }) }).catch((error: unknown) => {
      throw unreachable(connection.url, error)
    })
    const status = answer.statusCode ?? 0
    if ((status < 200 || status > 299) && !accept.includes(status)) throw await refused(answer)
    return answer
  }

  async function read<Id extends Operation>(request: Request & { readonly id: Id }): Promise<{ value: Answer<Id>; etag: string }> {
    const answer = await exchange({ signal: AbortSignal.timeout(answerTimeoutMs), ...request })
    const text = await textOf(answer).catch((error: unknown) => {
      throw unreachable(connection.url, error)
    })
    return { value: jsonIn(text), etag: header(answer, 'etag') ?? '*' }

    // The edge: the document says what an answer holds, and the connector is checked against it.
    function jsonIn(body: string): Answer<Id> {
      try {
        return JSON.parse(body === '' ? 'null' : body)
      } catch (error) {
        throw new Failure(exitCodes.failed, 'The answer is not JSON. Does --url name the management address of a connector?', error)
      }
    }
  }

  return {
    call: async (id, input) => (await read({ id, input })).value,
    read: (id, input) => read({ id, input }),
    upload: async (id, input, stream) => (await read({ id, input, stream, signal: new AbortController().signal })).value,
    open: (id, input, more = {}) => exchange({ id, input, ...more }),
    list: async <Id extends PagedOperation>(id: Id, input: Input<Id>, all: boolean) => {
      let page: Page<Item<Id>> = (await read<Operation>({ id, input })).value
      const items = [...page.items]
      if (!all) return { items, next: page.next }
      while (page.next !== null) {
        page = (await read<Operation>({ id, input: { ...input, query: { ...input.query, cursor: page.next } } })).value
        items.push(...page.items)
      }
      return { items, next: null }
    },
  }
}

interface Page<Each> {
  readonly items: readonly Each[]
  readonly next: string | null
}

/** The connector did not answer, or stopped in the middle of it. */
export function unreachable(url: string, cause: unknown): Failure {
  const why = Error.isError(cause) ? ('code' in cause ? String(cause.code) : cause.message) : String(cause)
  return new Failure(exitCodes.unreachable, `The connector at ${url} does not answer (${why}). Start it with "concordat start", or name another with --url.`, cause)
}

const exitCodeOf: Readonly<Record<number, number>> = { 401: exitCodes.notAllowed, 403: exitCodes.notAllowed, 404: exitCodes.notFound, 410: exitCodes.notFound }
const nextStep: Readonly<Record<number, string>> = {
  401: 'Name a valid token with --token-file or CONCORDAT_TOKEN.',
  412: 'Look at it again, and repeat the command.',
}

async function refused(answer: IncomingMessage): Promise<Failure> {
  const status = answer.statusCode ?? 0
  const text = await textOf(answer).catch(() => '')
  const problem = problemIn(text)
  const message = problem ?? `The connector answered ${status}.`
  return new Failure(exitCodeOf[status] ?? exitCodes.failed, [message, nextStep[status]].filter((part) => part !== undefined).join(' '))
}

function problemIn(text: string): string | undefined {
  try {
    const problem: { title?: string; detail?: string; code?: string } | null = JSON.parse(text)
    const said = problem?.detail ?? problem?.title
    return said === undefined ? undefined : `${said}${problem?.code === undefined ? '' : ` (${problem.code})`}`
  } catch {
    return undefined
  }
}
