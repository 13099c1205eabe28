import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import type { AuditRecord } from '../audit/audit.ts'
import { readDataAddress } from '../dataplane/data-address.ts'
import type { ProblemCode } from '../errors.ts'
import { ProblemError } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import type { QueryOf, StreamedAnswer } from './operation.ts'

interface DataRequest {
  readonly method: 'GET' | 'HEAD'
  readonly transferId: string
  readonly query: QueryOf<'downloadData'>
  readonly header: (name: string) => string | undefined
  /** Name of the token that asks. */
  readonly actor: string
}

type RelayDeps = Pick<ManagementDeps, 'transfers' | 'http' | 'audit' | 'log'>

const requestHeaders = ['accept', 'range', 'if-range', 'if-none-match'] as const
const answerHeaders = ['content-type', 'content-length', 'content-range', 'content-encoding', 'accept-ranges', 'etag', 'last-modified', 'content-digest', 'repr-digest', 'content-disposition'] as const
const passedOn = new Set([200, 203, 204, 206, 304])

/** Streams a transfer's data from the provider to our own user, and records both the question and what came. The provider's token stays here. */
export async function relayData(deps: RelayDeps, request: DataRequest): Promise<StreamedAnswer> {
  const { endpoint, authorization } = readDataAddress(await deps.transfers.dataAddress(request.transferId))
  const url = addressOf(endpoint, request.query)
  const wanted = requestHeaders.flatMap((name) => {
    const value = request.header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const headers = { ...Object.fromEntries(wanted), ...(authorization === undefined ? {} : { authorization }), 'accept-encoding': 'identity' }
  const facts = await factsOf(deps, request)
  const asked = request.method === 'GET' ? await deps.audit.record({ type: 'data.requested', ...facts, request: { method: request.method, ...request.query, ...rangeOf(request) } }) : undefined
  return {
    write: async (res) => {
      const gone = new AbortController()
      res.once('close', () => gone.abort())
      const answer = await deps.http.stream(url, { method: request.method, headers, signal: gone.signal })
      if (!passedOn.has(answer.status)) {
        answer.body.destroy()
        if (asked !== undefined) await deps.audit.record({ type: 'data.refused', ...facts, requested: asked, status: answer.status })
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
      const came = await relayBody(answer.body, res)
      if (asked !== undefined) await recordOutcome(deps, { ...facts, requested: asked, status: answer.status }, came)
    },
  }
}

async function factsOf({ transfers }: Pick<RelayDeps, 'transfers'>, request: DataRequest): Promise<Omit<AuditRecord, 'type'>> {
  const transfer = await transfers.get(request.transferId)
  return { transfer: transfer.id, agreement: transfer.agreementId, partner: transfer.counterparty, dataset: transfer.datasetId, role: 'consumer', actor: request.actor }
}

function rangeOf(request: DataRequest): { range?: string } {
  const range = request.header('range')
  return range === undefined ? {} : { range }
}

interface Came {
  readonly whole: boolean
  readonly bytes: number
  readonly sha256: string
}

async function relayBody(body: AsyncIterable<Buffer>, res: NodeJS.WritableStream & { destroy(): unknown }): Promise<Came> {
  const hash = createHash('sha256')
  let bytes = 0
  let whole = true
  try {
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          bytes += chunk.length
          yield chunk
        }
      },
      res,
    )
  } catch {
    // The status is out; a cut connection is the only way left to say that the data is not whole. The record says so too.
    whole = false
    res.destroy()
  }
  return { whole, bytes, sha256: hash.digest('hex') }
}

// The data is out already: a record that cannot be written now is told to the operator.
async function recordOutcome({ audit, log }: Pick<RelayDeps, 'audit' | 'log'>, facts: Omit<AuditRecord, 'type'>, came: Came): Promise<void> {
  const { whole, bytes, sha256 } = came
  try {
    await audit.record({ type: whole ? 'data.received' : 'data.aborted', ...facts, bytes, ...(whole ? { sha256 } : {}) })
  } catch (error) {
    log.error({ err: error }, 'the end of a download is not recorded')
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
