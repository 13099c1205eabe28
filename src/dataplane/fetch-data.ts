import type { OutboundHttp, OutboundStream } from '../http/guarded-fetch.ts'
import type { Endpoint } from './data-address.ts'
import { checkPath } from './sources/http-path.ts'

/** How long a provider may take until it answers, and between two pieces: it may have to prepare a large file. */
export const dataTimeoutMs = 15 * 60_000

/** What a consumer asks of the provider's data plane. */
export interface DataRequest {
  readonly method: 'GET' | 'HEAD'
  /** With its question mark, or empty. It is sent as it is. */
  readonly query?: string
  /** Path below the endpoint, for HTTP sources: empty, or with its first slash. */
  readonly path?: string
  readonly headers?: Readonly<Partial<Record<'range' | 'if-range' | 'if-none-match' | 'accept', string>>>
  readonly signal?: AbortSignal
}

/** Where a request goes, and its parts as the provider gets them: a signed statement is bound to these. */
export interface DataRequestAddress {
  readonly url: string
  /** Below the endpoint. */
  readonly path: string
  /** The whole query, the endpoint's own before ours, with its question mark; empty when there is none. */
  readonly query: string
}

/** The address of a request below an endpoint. The endpoint's own query is kept, and nothing is encoded anew. */
export function requestAddress(endpoint: string, asked: Pick<DataRequest, 'path' | 'query'>): DataRequestAddress {
  const url = new URL(endpoint)
  url.hash = ''
  const base = url.pathname.replace(/\/$/, '')
  const { path = '', query = '' } = asked
  if (path !== '') {
    checkPath(path)
    url.pathname = base + path
  }
  const added = query.replace(/^\?/, '')
  if (added !== '') url.search = url.search === '' ? `?${added}` : `${url.search}&${added}`
  return { url: url.href, path: path === '' ? '' : url.pathname.slice(base.length), query: url.search }
}

/** Fetches from a provider's data plane, by stream. */
export async function fetchData(http: Pick<OutboundHttp, 'stream'>, from: Pick<Endpoint, 'endpoint' | 'authorization'>, request: DataRequest): Promise<OutboundStream> {
  return http.stream(requestAddress(from.endpoint, request).url, {
    method: request.method,
    headers: { accept: '*/*', ...request.headers, ...(from.authorization === undefined ? {} : { authorization: from.authorization }) },
    timeoutMs: dataTimeoutMs,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}
