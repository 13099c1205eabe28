import { pipeline } from 'node:stream/promises'
import type { ProblemCode } from '../errors.ts'
import { ProblemError } from '../errors.ts'
import type { DataAddress } from '../transfer/messages.ts'
import type { ManagementDeps } from './deps.ts'
import type { QueryOf, StreamedAnswer } from './operation.ts'

/** Where to fetch, and with what header. */
export interface FetchAddress {
  readonly endpoint: string
  readonly authorization?: string
}

/**
 * Reads a DSP DataAddress. Eclipse EDC puts everything into endpointProperties, named by IRI or by plain name, so the last part
 * of a name counts.
 */
export function addressToFetch(address: DataAddress): FetchAddress {
  const property = (wanted: string) => address.endpointProperties?.find(({ name }) => name.split(/[/#:]/).at(-1) === wanted)?.value
  const endpoint = address.endpoint ?? property('endpoint')
  if (endpoint === undefined) throw new ProblemError('peer-failed', 'The provider started the transfer without saying where the data is. Ask it to suspend and start the transfer again.')
  const token = property('authorization')
  if (token === undefined) return { endpoint }
  const type = property('authType') ?? 'bearer'
  return { endpoint, authorization: token.includes(' ') || type.toLowerCase() !== 'bearer' ? token : `Bearer ${token}` }
}

interface DataRequest {
  readonly method: 'GET' | 'HEAD'
  readonly transferId: string
  readonly query: QueryOf<'downloadData'>
  readonly header: (name: string) => string | undefined
}

const requestHeaders = ['accept', 'range', 'if-range', 'if-none-match'] as const
const answerHeaders = ['content-type', 'content-length', 'content-range', 'content-encoding', 'accept-ranges', 'etag', 'last-modified', 'content-digest', 'repr-digest', 'content-disposition'] as const
const passedOn = new Set([200, 203, 204, 206, 304])

/** Streams a transfer's data from the provider to our own user. The provider's token stays here. */
export async function relayData(deps: Pick<ManagementDeps, 'transfers' | 'http'>, request: DataRequest): Promise<StreamedAnswer> {
  const { endpoint, authorization } = addressToFetch(await deps.transfers.dataAddress(request.transferId))
  const url = addressOf(endpoint, request.query)
  const wanted = requestHeaders.flatMap((name) => {
    const value = request.header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const headers = { ...Object.fromEntries(wanted), ...(authorization === undefined ? {} : { authorization }), 'accept-encoding': 'identity' }
  return {
    write: async (res) => {
      const gone = new AbortController()
      res.once('close', () => gone.abort())
      const answer = await deps.http.stream(url, { method: request.method, headers, signal: gone.signal })
      if (!passedOn.has(answer.status)) {
        answer.body.destroy()
        throw refusalOf(answer.status)
      }
      res.statusCode = answer.status
      for (const name of answerHeaders) {
        const value = answer.headers[name]
        if (value !== undefined) res.setHeader(name, value)
      }
      // What a partner sends must not run as a page of this origin.
      res.setHeader('Content-Security-Policy', "sandbox; default-src 'none'")
      if (!res.hasHeader('content-disposition')) res.setHeader('Content-Disposition', 'attachment')
      await relayBody(answer.body, res)
    },
  }
}

async function relayBody(body: NodeJS.ReadableStream, res: NodeJS.WritableStream & { destroy(): unknown }): Promise<void> {
  try {
    await pipeline(body, res)
  } catch {
    // The status is out; a cut connection is the only way left to say that the data is not whole.
    res.destroy()
  }
}

function addressOf(endpoint: string, query: QueryOf<'downloadData'>): string {
  if (!URL.canParse(endpoint)) throw new ProblemError('peer-failed', 'The provider gave an endpoint that is no address. Ask it to suspend and start the transfer again.')
  const url = new URL(endpoint)
  if (query.path !== undefined) append(url, query.path)
  if (query.format !== undefined) url.searchParams.set('format', query.format)
  if (query.version !== undefined) url.searchParams.set('version', String(query.version))
  return url.href
}

function append(url: URL, path: string): void {
  const [pathname = '', ...search] = path.split('?')
  if (pathname.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment)) || /[\\#]|%2f|%5c/i.test(pathname)) throw new ProblemError('invalid-path', '/query/path: may not leave the endpoint.')
  url.pathname = `${url.pathname.replace(/\/$/, '')}${pathname}`
  for (const [name, value] of new URLSearchParams(search.join('?'))) url.searchParams.append(name, value)
}

const sameRefusals = new Map<number, ProblemCode>([
  [400, 'bad-request'],
  [404, 'not-found'],
  [406, 'not-acceptable'],
  [410, 'gone'],
  [416, 'range-not-satisfiable'],
  [429, 'too-many-requests'],
])

function refusalOf(status: number): ProblemError {
  const code = sameRefusals.get(status) ?? 'peer-failed'
  const hint = status === 401 || status === 403 ? ' Its access token may be over: "concordat transfer show" tells the state; a suspension and a new start give a new token.' : ''
  return new ProblemError(code, `The provider answered ${status}.${hint}`)
}
