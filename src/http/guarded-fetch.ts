import { lookup as systemLookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { Agent, buildConnector } from 'undici'
import type { Dispatcher } from 'undici'
import { isProblem, ProblemError } from '../errors.ts'
import { createAddressCheck } from './address-rules.ts'
import type { AddressCheck, AddressRules } from './address-rules.ts'

export type { AddressRules } from './address-rules.ts'

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | Readable
  /** How long the answer's head may take, and then each pause in its body; 30 s unless told. */
  readonly timeoutMs?: number
  /** The largest body that is read; 10 MiB unless told. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface OutboundStream {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Readable
}

/** The only way out: every address is checked as it is written and again as it resolves. Redirects are never followed. */
export interface OutboundHttp {
  /** Refuses an address that may not be called ('address-refused'). What a name resolves to is checked when it is called. */
  check(url: string): URL
  /** Gives the whole answer. 'address-refused', 'peer-failed', 'peer-timeout', 'too-large'. */
  fetch(url: string, request?: OutboundRequest): Promise<OutboundAnswer>
  /** Gives the answer's head, and its body as a stream. */
  stream(url: string, request?: OutboundRequest): Promise<OutboundStream>
  /** The guarded agent itself; addresses must be checked before it is used. */
  readonly dispatcher: Dispatcher
  close(): Promise<void>
}

/** Resolves a name to all its addresses; `node:dns` unless a test passes another. */
export type Lookup = (host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void

const resolveAll: Lookup = (host, done) => systemLookup(host, { all: true }, (error, addresses) => done(error, addresses))
const defaultTimeoutMs = 30_000
const defaultMaxBytes = 10 * 1024 * 1024
const connectionsPerOrigin = 128

export function createOutboundHttp(rules: AddressRules, lookup: Lookup = resolveAll): OutboundHttp {
  const check = createAddressCheck(rules)
  const dispatcher = new Agent({ connect: guardedConnect(check, lookup), connections: connectionsPerOrigin, pipelining: 1, keepAliveTimeout: 30_000 })
  const open = async (url: string, request: OutboundRequest) => {
    const target = check.url(url)
    try {
      return await dispatcher.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
        ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        headersTimeout: request.timeoutMs ?? defaultTimeoutMs,
        bodyTimeout: request.timeoutMs ?? defaultTimeoutMs,
      })
    } catch (error) {
      throw failure(error, target)
    }
  }
  return {
    check: check.url,
    fetch: async (url, request = {}) => {
      const answer = await open(url, request)
      const body = await readAll(answer.body, request.maxBytes ?? defaultMaxBytes, new URL(url))
      return { status: answer.statusCode, headers: flat(answer.headers), body }
    },
    stream: async (url, request = {}) => {
      const answer = await open(url, request)
      return { status: answer.statusCode, headers: present(answer.headers), body: answer.body }
    },
    dispatcher,
    close: () => dispatcher.destroy(),
  }
}

// The name is resolved once, every address is checked, and the connection is made to a checked one: an answer of the name
// server that changes between check and use (DNS rebinding) changes nothing.
function guardedConnect(check: AddressCheck, lookup: Lookup): buildConnector.connector {
  const connect = buildConnector({ timeout: 10_000 })
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    const name = host.replace(/\.$/, '').toLowerCase()
    const port = Number(options.port === '' ? (options.protocol === 'https:' ? 443 : 80) : options.port)
    const connectTo = (address: string) => connect({ ...options, hostname: address, servername: isIP(host) === 0 ? name : '' }, callback)
    const refuse = () => callback(new ProblemError('address-refused', `The address ${host} resolves to a place that may not be called. An operator can allow it with CONCORDAT_ALLOW_ADDRESSES.`), null)
    if (isIP(host) !== 0) return check.resolved(host, name, port) ? connectTo(host) : refuse()
    lookup(host, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) return callback(error ?? new Error(`${host} has no address`), null)
      if (!addresses.every(({ address }) => check.resolved(address, name, port))) return refuse()
      // IPv4 first: a loopback listener is often bound to it alone.
      connectTo((addresses.find(({ family }) => family === 4) ?? first).address)
    })
  }
}

async function readAll(body: Readable, maxBytes: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      const bytes: Buffer = chunk
      size += bytes.length
      if (size > maxBytes) throw new ProblemError('peer-failed', `${url.host} answered with more than ${maxBytes} bytes.`)
      chunks.push(bytes)
    }
  } catch (error) {
    throw failure(error, url)
  }
  return Buffer.concat(chunks)
}

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])

function failure(error: unknown, url: URL): unknown {
  if (isProblem(error)) return error
  const code = Error.isError(error) && 'code' in error ? String(error.code) : ''
  if (timeouts.has(code)) return new ProblemError('peer-timeout', `${url.host} did not answer in time.`, { cause: error })
  return new ProblemError('peer-failed', `${url.host} cannot be reached${code === '' ? '' : ` (${code})`}.`, { cause: error })
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]])))
}

function present(headers: Dispatcher.ResponseData['headers']): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
