import type { OutboundHttp, OutboundStream } from '../http/guarded-fetch.ts'
import type { Endpoint } from './data-address.ts'
import { checkPath } from './sources/http-path.ts'

/** What a consumer asks of the provider's data plane. */
export interface DataRequest {
  readonly method: 'GET' | 'HEAD'
  /** With its question mark, or empty. */
  readonly query?: string
  /** Path below the endpoint, for HTTP sources: empty, or with its first slash. */
  readonly path?: string
  readonly headers?: Readonly<Partial<Record<'range' | 'if-range' | 'if-none-match' | 'accept', string>>>
  readonly signal?: AbortSignal
}

/** Fetches from a provider's data plane, by stream. The endpoint's own query is kept. */
export async function fetchData(http: OutboundHttp, from: Pick<Endpoint, 'endpoint' | 'authorization'>, request: DataRequest): Promise<OutboundStream> {
  const url = new URL(from.endpoint)
  if (request.path !== undefined && request.path !== '') {
    checkPath(request.path)
    url.pathname = url.pathname.replace(/\/$/, '') + request.path
  }
  for (const [name, value] of new URLSearchParams(request.query ?? '')) url.searchParams.append(name, value)
  return http.stream(url.href, {
    method: request.method,
    headers: { accept: '*/*', ...request.headers, ...(from.authorization === undefined ? {} : { authorization: from.authorization }) },
    timeoutMs: 15 * 60_000,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}
