import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listenOn } from '../tck/initiate.ts'
import type { CheckMessage } from './message-schemas.ts'

/** The connector that is tested, seen from outside. */
export interface Target {
  readonly participantId: string
  readonly baseUrl: string
  readonly dspAddress: string
  readonly negotiationInitiateUrl: string
  readonly transferInitiateUrl: string
}

export type Json = Readonly<Record<string, unknown>>

/** What a handler of the kit does with a message: answer, with a body or an empty one, or break the connection. */
export type Reply = { readonly status: number; readonly body?: Json } | 'reset'

/** An answer of the tested connector. */
export interface Answer {
  readonly status: number
  readonly body: Json | undefined
}

/** One test's part of the kit: an address of its own, where nothing is expected until it is said. */
export interface Session {
  /** Where the tested connector reaches this test; without a trailing slash. */
  readonly address: string
  /** Expects one message on a path (a pattern without this test's prefix). Other messages are answered with 404. */
  expect(path: RegExp, take: (message: Json, path: string) => Reply): void
  /** Sends a message; every answer must be JSON of the protocol or empty. */
  post(url: string, message: Json): Promise<Answer>
  get(url: string): Promise<Answer>
  /** Notes something that makes the test fail. */
  fault(what: string): void
  /** Throws when there was a fault. */
  requireFaultless(): void
}

/** Stands in for the official kit: listens for messages as it does, and as strictly. */
export interface Kit {
  readonly target: Target
  readonly check: CheckMessage
  open(): Session
  close(): Promise<void>
}

export async function openKit(target: Target, check: CheckMessage): Promise<Kit> {
  const listening = new Map<string, (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>>()
  const server = createServer((request, response) => {
    const [, key = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? []
    const take = listening.get(key)
    if (take === undefined) response.writeHead(404).end()
    else take(request, response, path).catch((error: unknown) => response.destroy(Error.isError(error) ? error : undefined))
  })
  const port = await listenOn(server, 0)
  return {
    target,
    check,
    open: () => {
      const key = randomUUID()
      const { session, take } = createSession(`http://127.0.0.1:${port}/${key}`, check)
      listening.set(key, take)
      return session
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Handler {
  readonly path: RegExp
  readonly take: (message: Json, path: string) => Reply
}

function createSession(address: string, check: CheckMessage) {
  const handlers: Handler[] = []
  const faults: string[] = []
  const fault = (what: string) => void faults.push(what)

  async function take(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const raw = await text(request)
    // The kit removes a trailing slash before it looks for a handler.
    const plain = path.replace(/\/$/, '')
    const handler = handlers.find((candidate) => candidate.path.test(plain))
    if (request.method !== 'POST' || handler === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('No handler registered on this endpoint')
      return
    }
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) fault(`${plain}: the content type is ${request.headers['content-type']}`)
    if (request.headers.authorization === undefined) fault(`${plain}: there is no Authorization header`)
    const message = objectOf(raw)
    const problem = check(String(message['@type']), message)
    if (problem !== '') fault(`${plain}: ${problem} in ${raw}`)
    const reply = handler.take(message, plain)
    if (reply === 'reset') {
      request.socket.destroy()
      return
    }
    handlers.splice(handlers.indexOf(handler), 1)
    answerAsKit(response, reply)
  }

  const session: Session = {
    address,
    expect: (path, handle) => void handlers.push({ path, take: handle }),
    post: (url, message) => call(url, { method: 'POST', body: asKitWrites(message) }, { check, fault }),
    get: (url) => call(url, { method: 'GET' }, { check, fault }),
    fault,
    requireFaultless: () => {
      if (faults.length > 0) throw new Error(faults.join('\n'))
    },
  }
  return { session, take }
}

// The kit's answers have no media type, and an empty one is chunked all the same.
function answerAsKit(response: ServerResponse, reply: Exclude<Reply, 'reset'>): void {
  response.writeHead(reply.status, { 'transfer-encoding': 'chunked' })
  response.end(reply.body === undefined ? undefined : asKitWrites(reply.body))
}

/** JSON as the kit writes it: an `@id` of its own, and the context last. */
function asKitWrites(message: Json): string {
  return JSON.stringify({ '@id': randomUUID(), ...message, '@context': ['https://w3id.org/dspace/2025/1/context.jsonld'] })
}

async function call(url: string, request: { method: string; body?: string }, { check, fault }: { check: CheckMessage; fault: (what: string) => void }): Promise<Answer> {
  const answer = await fetch(url, { ...request, headers: { authorization: 'Bearer tck', ...(request.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }) }, redirect: 'manual' })
  const raw = await answer.text()
  if (raw === '') return { status: answer.status, body: undefined }
  if (!(answer.headers.get('content-type') ?? '').startsWith('application/json')) fault(`${url}: the answer's content type is ${answer.headers.get('content-type')}`)
  const body = objectOf(raw)
  const problem = check(String(body['@type']), body)
  if (problem !== '') fault(`${url}: the answer is not valid: ${problem} in ${raw}`)
  return { status: answer.status, body }
}

export function objectOf(raw: string): Json {
  const value: unknown = JSON.parse(raw)
  if (!isObject(value)) throw new Error(`A JSON object is expected, not ${raw}`)
  return value
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
