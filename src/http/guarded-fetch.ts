import { lookup as systemLookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { pipeline, Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { Agent, buildConnector, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { isProblem, ProblemError } from '../errors.ts'
import { addressCheck, targetOf } from './address-rules.ts'
import type { AddressCheck, AddressRules, Target } from './address-rules.ts'

export type { AddressRules } from './address-rules.ts'

/** One request to another machine. */
export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | Readable
  /** `fetch`: for the whole exchange. `stream`: to the headers, and between two pieces of the body. Default 30 s. */
  readonly timeoutMs?: number
  /** The largest body that is taken. `fetch`: default 10 MiB; `stream`: default none. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** An answer, read whole. A header that came several times is joined with `, `. Nothing is unpacked. */
export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** An answer whose body is still to be read. */
export interface OutboundStream {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Readable
}

/** The one way out: every call to an address that others may have chosen goes through here. */
export interface OutboundHttp {
  /** Checks what the text of `url` tells: its form, and its host when that is a literal address. 'address-refused' otherwise. */
  check(url: string): URL
  /** Calls `url`. Redirects are not followed: a 3xx is an answer like any other. 'peer-failed', 'peer-timeout', 'address-refused'. */
  fetch(url: string, request?: OutboundRequest): Promise<OutboundAnswer>
  /** Calls `url` and gives the body as it comes. */
  stream(url: string, request?: OutboundRequest): Promise<OutboundStream>
  /** The guarded agent itself, for `undici.stream`. It checks addresses as it connects; call `check` first all the same. */
  readonly dispatcher: Dispatcher
  close(): Promise<void>
}

/** Resolves a name to all its addresses. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>

const defaultTimeoutMs = 30_000
const defaultMaxBytes = 10 * 1024 * 1024
const maxUrlLength = 8192

/** Opens the guarded way out. `lookup` replaces the system's resolver. */
export function createOutboundHttp(rules: AddressRules, lookup: Lookup = resolve): OutboundHttp {
  const addresses = addressCheck(rules)
  const dispatcher = guardedAgent(addresses, lookup)
  const check = (url: string) => checkedUrl(addresses, url)
  const open: Open = async (url, request, signal) => send(dispatcher, check(url), request, signal)
  return {
    check,
    fetch: (url, request = {}) => fetchWhole(open, url, request),
    stream: async (url, request = {}) => {
      const { statusCode, headers, body } = await open(url, request, request.signal).catch((error: unknown) => failed(url, error, request.signal))
      // A body that is left, or breaks while nobody reads it, must not end the process; whoever reads it hears of it all the same.
      body.on('error', () => undefined)
      return { status: statusCode, headers: present(headers), body: request.maxBytes === undefined ? body : limited(body, url, request.maxBytes) }
    },
    dispatcher,
    close: () => dispatcher.destroy(),
  }
}

type Open = (url: string, request: OutboundRequest, signal: AbortSignal | undefined) => Promise<Dispatcher.ResponseData>

function checkedUrl(addresses: AddressCheck, text: string): URL {
  if (text.length > maxUrlLength || !URL.canParse(text)) throw refused('it is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('it is neither https nor http')
  if (url.username !== '' || url.password !== '') throw refused('it carries credentials')
  const refusal = addresses.refusal(targetOf(url))
  if (refusal !== undefined) throw refused(refusal)
  return url
}

function refused(why: string): ProblemError {
  return new ProblemError('address-refused', `The address may not be called: ${why}. An operator can allow it with CONCORDAT_ALLOW_ADDRESSES.`)
}

function guardedAgent(addresses: AddressCheck, lookup: Lookup): Agent {
  return new Agent({
    factory: (origin) => {
      const connect = guardedConnector(addresses, lookup, targetOf(new URL(origin)))
      // Messages to one partner come in bursts; with as many connections none of them queues behind another.
      return new Pool(origin, { connect, connections: 128, pipelining: 1, keepAliveTimeout: 10_000, keepAliveMaxTimeout: 60_000 })
    },
  })
}

/**
 * Connects to addresses that were checked, and to no other: the socket takes the answers of the lookup that was checked, so
 * a name that resolves differently a moment later (DNS rebinding) gains nothing. TLS still asks for the name.
 */
function guardedConnector(addresses: AddressCheck, lookup: Lookup, target: Target): buildConnector.connector {
  const refusal = (address: string) => {
    const why = addresses.refusalAt(target, address)
    return why === undefined ? undefined : refused(why)
  }
  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname).then(
      (found) => {
        const [first] = found
        if (first === undefined) return callback(new Error(`${hostname} has no address`), '')
        for (const { address } of found) {
          const problem = refusal(address)
          if (problem !== undefined) return callback(problem, '')
        }
        return options.all === true ? callback(null, [...found]) : callback(null, first.address, first.family)
      },
      (error: unknown) => callback(Error.isError(error) ? error : new Error('The name could not be resolved', { cause: error }), ''),
    )
  }
  const connect = buildConnector({ lookup: checkedLookup, autoSelectFamily: true, timeout: 10_000, allowH2: false })
  return (options, callback) => {
    // A literal address never reaches the lookup.
    const problem = isIP(options.hostname) === 0 ? undefined : refusal(options.hostname)
    if (problem === undefined) connect(options, callback)
    else callback(problem, null)
  }
}

function resolve(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((done, fail) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error === null ? done(addresses) : fail(error)))
  })
}

function send(dispatcher: Dispatcher, url: URL, request: OutboundRequest, signal: AbortSignal | undefined): Promise<Dispatcher.ResponseData> {
  const timeout = request.timeoutMs ?? defaultTimeoutMs
  return dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method ?? 'GET',
    headers: { ...request.headers },
    body: request.body ?? null,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    signal: signal ?? null,
  })
}

async function fetchWhole(open: Open, url: string, request: OutboundRequest): Promise<OutboundAnswer> {
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new ProblemError('peer-timeout', `${originOf(url)} did not answer within ${timeoutMs} ms.`)), timeoutMs)
  const onAbort = () => late.abort(request.signal?.reason)
  request.signal?.addEventListener('abort', onAbort, { once: true })
  if (request.signal?.aborted === true) onAbort()
  try {
    const { statusCode, headers, body } = await open(url, request, late.signal)
    return { status: statusCode, headers: joined(headers), body: await readWhole(body, url, request.maxBytes ?? defaultMaxBytes) }
  } catch (error) {
    return failed(url, error, late.signal)
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', onAbort)
  }
}

// Leaving the loop early destroys the body, and with it the connection: nothing more is read.
async function readWhole(body: AsyncIterable<Buffer>, url: string, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > maxBytes) throw tooLarge(url, maxBytes)
    pieces.push(piece)
  }
  return Buffer.concat(pieces, bytes)
}

function limited(body: Readable, url: string, maxBytes: number): Readable {
  let bytes = 0
  const limit = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      if (bytes > maxBytes) done(tooLarge(url, maxBytes))
      else done(null, chunk)
    },
  })
  // An error of either end reaches the reader through `limit`, which the pipeline destroys with it.
  return pipeline(body, limit, () => undefined)
}

function tooLarge(url: string, maxBytes: number): ProblemError {
  return new ProblemError('peer-failed', `${originOf(url)} answered more than ${maxBytes} bytes.`)
}

const timeouts: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])

function failed(url: string, error: unknown, signal: AbortSignal | undefined): never {
  if (isProblem(error)) throw error
  if (signal?.aborted === true) throw signal.reason
  const code = Error.isError(error) && 'code' in error ? String(error.code) : ''
  if (timeouts.has(code)) throw new ProblemError('peer-timeout', `${originOf(url)} did not answer in time.`, { cause: error })
  throw new ProblemError('peer-failed', `${originOf(url)} cannot be reached${code === '' ? '' : ` (${code})`}.`, { cause: error })
}

// Paths and queries may hold secrets; messages name the origin only.
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'The address'
}

function joined(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(present(headers)).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]))
}

function present(headers: Dispatcher.ResponseData['headers']): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
