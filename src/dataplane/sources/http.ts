import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform, Writable } from 'node:stream'
import { stream } from 'undici'
import type { Dispatcher } from 'undici'
import { isProblem, ProblemError } from '../../errors.ts'
import type { OutboundHttp } from '../../http/guarded-fetch.ts'
import { checkPath, matchesPattern } from './http-path.ts'
import type { HttpSource } from './source.ts'

/** A consumer's request that may be passed to the source. */
export interface ProxyRequest {
  readonly url: URL
  readonly method: HttpSource['methods'][number]
  readonly headers: Record<string, string>
  /** Names of the headers that carry secrets, and the secrets: neither is ever in an answer. */
  readonly hidden: { readonly names: ReadonlySet<string>; readonly values: readonly string[] }
}

export interface ProxyOutcome {
  readonly bytes: number
  readonly complete: boolean
  readonly sha256?: string
  readonly status?: number
}

// RFC 9110 §7.6.1, and what belongs to one hop or to one site.
const neverSent = new Set(['authorization', 'cookie', 'host', 'connection', 'keep-alive', 'proxy-authorization', 'proxy-authenticate', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'content-length', 'expect', 'forwarded', 'via'])
const neverReturned = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authentication-info', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'set-cookie', 'set-cookie2', 'alt-svc', 'strict-transport-security', 'www-authenticate', 'authorization', 'server', 'clear-site-data',
  // What only the data plane itself says of an answer.
  'concordat-record', 'concordat-receipt', 'concordat-withheld'])

/** Checks method and path against what the source allows, and makes the request for the source. `path` is as it came, without its query. */
export async function prepareProxy(source: HttpSource, request: IncomingMessage, target: { path: string; query: string }, secret: (name: string) => Promise<string | undefined>): Promise<ProxyRequest> {
  const method = source.methods.find((method) => method === request.method)
  if (method === undefined) throw new ProblemError('method-not-allowed', `The source allows ${source.methods.join(', ')}.`)
  const path = target.path === '' ? '/' : target.path
  const segments = checkPath(path)
  if (!source.paths.some((pattern) => matchesPattern(segments, pattern))) throw new ProblemError('invalid-path', 'The agreement does not cover this path of the source.')
  const base = new URL(source.baseUrl)
  const prefix = base.pathname.replace(/\/$/, '')
  const url = new URL(prefix + path + target.query, base.origin)
  if (url.origin !== base.origin || url.pathname !== prefix + path) throw new ProblemError('invalid-path', 'The path is not in its normal form.')
  const headers: Record<string, string> = {}
  const hop = connectionNames(request.headers.connection)
  for (const wanted of source.requestHeaders) {
    const name = wanted.toLowerCase()
    const value = request.headers[name]
    if (value !== undefined && !neverSent.has(name) && !hop.has(name) && !name.startsWith('x-forwarded-')) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const values: string[] = []
  for (const { header, secret: name } of source.secrets) {
    const value = await secret(name)
    if (value === undefined) throw new ProblemError('source-failed', 'The source needs a secret that the provider has not set.')
    headers[header.toLowerCase()] = value
    values.push(value)
  }
  return { url, method, headers, hidden: { names: new Set(source.secrets.map(({ header }) => header.toLowerCase())), values: values.filter((value) => value.length >= 8) } }
}

/** Passes the request to the source and its answer to the consumer. A refusal is thrown only while nothing was sent. */
export async function proxy(http: OutboundHttp, prepared: ProxyRequest, exchange: { request: IncomingMessage; response: ServerResponse; maxRequestBytes: number }): Promise<ProxyOutcome> {
  const { request, response } = exchange
  if (response.destroyed) return { bytes: 0, complete: false }
  // undici takes an emitter for a signal; an AbortController for each request costs more than the rest of this function.
  const abort = new EventEmitter()
  const sent = sentBytes(response)
  const onClose = () => {
    if (!response.writableFinished) abort.emit('abort')
  }
  response.once('close', onClose)
  response.on('error', onClose)
  const options = {
    dispatcher: http.dispatcher,
    method: prepared.method,
    headers: prepared.headers,
    signal: abort,
    body: bodyOf(prepared, request, exchange.maxRequestBytes),
  }
  try {
    http.check(prepared.url.href)
    await stream(prepared.url, options, (answer) => {
      beginAnswer(prepared, response, answer)
      return sent.writable
    })
    return { bytes: sent.bytes, complete: true, sha256: sent.hash.digest('hex'), status: response.statusCode }
  } catch (error) {
    if (!response.headersSent && !response.destroyed) throw failure(error)
    // Once it has begun, an answer that breaks off must not look complete.
    response.destroy()
    return { bytes: sent.bytes, complete: false, status: response.statusCode }
  } finally {
    response.off('close', onClose)
  }
}

interface SentBytes {
  readonly writable: Writable
  readonly hash: Hash
  bytes: number
}

// Hands chunks to the response as fast as it takes them, counting and hashing.
function sentBytes(response: ServerResponse): SentBytes {
  const gone = () => new Error('The consumer is gone')
  const writable = new Writable({
    highWaterMark: 256 * 1024,
    write(chunk: Buffer, _encoding, done) {
      if (response.destroyed) return done(gone())
      sent.bytes += chunk.length
      sent.hash.update(chunk)
      // The last chunk goes out together with the end, and with the head when it is the only one.
      if (sent.bytes === Number(response.getHeader('content-length'))) {
        response.end(chunk)
        return done()
      }
      if (response.write(chunk)) return done()
      const settle = () => {
        response.off('drain', settle)
        response.off('close', settle)
        done()
      }
      response.on('drain', settle)
      response.on('close', settle)
    },
    final(done) {
      // The listener ends the connection after some answers as soon as they are sent.
      if (response.writableFinished) return done()
      if (response.destroyed) return done(gone())
      // A consumer that leaves now ends the wait as well.
      const onClose = () => (response.writableFinished ? undefined : done(gone()))
      response.once('close', onClose)
      response.once('finish', () => {
        response.off('close', onClose)
        done()
      })
      if (!response.writableEnded) response.end()
    },
  })
  const sent: SentBytes = { writable, hash: createHash('sha256'), bytes: 0 }
  return sent
}

function beginAnswer(prepared: ProxyRequest, response: ServerResponse, answer: Pick<Dispatcher.StreamFactoryData, 'statusCode' | 'headers'>): void {
  const { statusCode, headers } = answer
  if (statusCode >= 300 && statusCode < 400 && statusCode !== 304) throw new ProblemError('source-failed', 'The source redirects elsewhere, which is not followed.')
  if (response.destroyed) throw new Error('The consumer is gone')
  const hop = connectionNames(first(headers['connection']))
  response.statusCode = statusCode
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || neverReturned.has(name) || hop.has(name) || prepared.hidden.names.has(name) || name.startsWith('access-control-')) continue
    const values = Array.isArray(value) ? value : [value]
    if (prepared.hidden.values.some((secret) => values.some((text) => text.includes(secret)))) continue
    response.setHeader(name, value)
  }
  // What a source calls HTML must not run as a page of ours.
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
}

function bodyOf(prepared: ProxyRequest, request: IncomingMessage, maxBytes: number): Transform | null {
  if (prepared.method !== 'POST') return null
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) throw new ProblemError('too-large', `A request body may have at most ${maxBytes} bytes.`)
  let size = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > maxBytes) done(new ProblemError('too-large', `A request body may have at most ${maxBytes} bytes.`))
      else done(null, chunk)
    },
  })
  bounded.on('error', () => request.unpipe(bounded))
  request.once('error', (error) => bounded.destroy(error))
  request.once('aborted', () => bounded.destroy(new Error('The consumer is gone')))
  return request.pipe(bounded)
}

function failure(error: unknown): unknown {
  if (isProblem(error) && error.code !== 'address-refused') return error
  return new ProblemError('source-failed', 'The source cannot be reached or broke off.', { cause: error })
}

function connectionNames(value: string | undefined): Set<string> {
  return new Set((value ?? '').split(',').map((name) => name.trim().toLowerCase()))
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value
}
