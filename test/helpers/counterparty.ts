import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { ProblemError } from '../../src/errors.ts'
import type { Identity } from '../../src/identity/identity.ts'

export type Json = Readonly<Record<string, unknown>>

/** A message of the connector, as its counterparty received it. */
export interface Received {
  readonly method: string
  /** Path and query below the counterparty's address. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly message: Json
}

/** What the counterparty answers; without a body the answer is empty, chunked and without a media type. */
export interface CounterpartyAnswer {
  readonly status: number
  readonly body?: Json
}

/** The other side of a test, whose every answer and message the test chooses. */
export interface Counterparty {
  readonly id: string
  readonly address: string
  readonly received: readonly Received[]
  /** Says what is answered from now on; `undefined` leaves a request to the default: a process for a request, else an empty 200. */
  answerWith(choose: (received: Received) => Promise<CounterpartyAnswer | undefined> | CounterpartyAnswer | undefined): void
  /** The first message whose path ends so, whether it came already or comes yet. */
  next(end: string): Promise<Received>
  /** Sends a message as this counterparty; the context is last, as other connectors write it. */
  send(url: string, message: Json, options?: SendOptions): Promise<Sent>
  get(url: string, options?: SendOptions): Promise<Sent>
  close(): Promise<void>
}

export interface SendOptions {
  /** Who the sender says it is; null: no token. */
  readonly as?: string | null
  readonly contentType?: string
}

export interface Sent {
  readonly status: number
  readonly body: Json
}

const context = ['https://w3id.org/dspace/2025/1/context.jsonld']

export async function startCounterparty(id: string): Promise<Counterparty> {
  const received: Received[] = []
  const arrived = new EventEmitter().setMaxListeners(0)
  let choose: Parameters<Counterparty['answerWith']>[0] = () => undefined
  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => response.destroy(Error.isError(error) ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${portOf(server.address())}/dsp`

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(request)
    const path = (request.url ?? '').replace(/^\/dsp/, '')
    const one: Received = { method: request.method ?? '', path, headers: request.headers, message: objectOf(raw) }
    received.push(one)
    arrived.emit('message')
    const answer = (await choose(one)) ?? usual(one)
    response.writeHead(answer.status, { 'transfer-encoding': 'chunked' })
    response.end(answer.body === undefined ? undefined : JSON.stringify({ ...answer.body, '@context': context }))
  }

  async function call(url: string, request: { method: string; body?: string }, { as = id, contentType = 'application/json; charset=utf-8' }: SendOptions = {}): Promise<Sent> {
    const headers = { ...(as === null ? {} : { authorization: `Bearer ${as}` }), ...(request.body === undefined ? {} : { 'content-type': contentType }) }
    const answer = await fetch(url, { ...request, headers })
    return { status: answer.status, body: objectOf(await answer.text()) }
  }

  return {
    id,
    address,
    received,
    answerWith: (next) => {
      choose = next
    },
    next: async (end) => {
      const signal = AbortSignal.timeout(60_000)
      for (;;) {
        const found = received.find(({ method, path }) => method === 'POST' && path.endsWith(end))
        if (found !== undefined) return found
        await once(arrived, 'message', { signal })
      }
    },
    send: (url, message, options) => call(url, { method: 'POST', body: JSON.stringify({ '@id': randomUUID(), ...message, '@context': context }) }, options),
    get: (url, options) => call(url, { method: 'GET' }, options),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function portOf(at: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (at === null || typeof at === 'string') throw new Error('The server has no port')
  return at.port
}

// A new process for a first request, and an empty answer for everything else.
function usual({ method, path, message }: Received): CounterpartyAnswer {
  if (method === 'GET') return { status: 404 }
  const type = path === '/negotiations/request' ? 'ContractNegotiation' : path === '/transfers/request' ? 'TransferProcess' : undefined
  if (type === undefined) return { status: 200 }
  return { status: 200, body: { '@type': type, providerPid: randomUUID(), consumerPid: message['consumerPid'], state: 'REQUESTED' } }
}

export function objectOf(raw: string): Json {
  if (raw === '') return {}
  const value: unknown = JSON.parse(raw)
  return isObject(value) ? value : {}
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An identity whose tokens are participant ids: `Bearer did:web:…`. */
export function bearerIdentity(id: string): Identity {
  const none = async (): Promise<never> => {
    throw new ProblemError('not-found', 'Nobody has a DID document here.')
  }
  return {
    id,
    caller: async (authorization) => {
      const [, caller] = /^Bearer (\S+)$/.exec(authorization ?? '') ?? []
      if (caller === undefined) throw new ProblemError('unauthenticated', 'The token cannot be read.')
      return caller
    },
    authorization: async () => `Bearer ${id}`,
    signStatement: none,
    readStatement: none,
    checkId: () => undefined,
    address: none,
    transparency: none,
    document: () => undefined,
    rotate: none,
  }
}
