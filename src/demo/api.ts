import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { operations, paths } from '../../openapi/management.d.ts'
import { StepFailure } from './screen.ts'

const routes = {
  getSelf: ['GET', '/self'],
  addPartner: ['POST', '/partners'],
  getPartner: ['GET', '/partners/{partnerId}'],
  uploadFile: ['POST', '/uploads'],
  createDataset: ['POST', '/datasets'],
  getDataset: ['GET', '/datasets/{datasetId}'],
  createOffer: ['POST', '/offers'],
  getOffer: ['GET', '/offers/{offerId}'],
  readPartnerCatalog: ['GET', '/partners/{partnerId}/catalog'],
  requestNegotiation: ['POST', '/negotiations'],
  getNegotiation: ['GET', '/negotiations/{negotiationId}'],
  approveNegotiation: ['POST', '/negotiations/{negotiationId}/approve'],
  listAgreements: ['GET', '/agreements'],
  revokeAgreement: ['POST', '/agreements/{agreementId}/revoke'],
  createToken: ['POST', '/tokens'],
  listTransfers: ['GET', '/transfers'],
  requestTransfer: ['POST', '/transfers'],
  getTransfer: ['GET', '/transfers/{transferId}'],
  completeTransfer: ['POST', '/transfers/{transferId}/complete'],
  listAuditEntries: ['GET', '/audit/entries'],
  askWitnesses: ['POST', '/audit/witnesses'],
} as const satisfies Partial<Record<keyof operations, readonly [method: string, path: keyof paths]>>

type Operation = keyof typeof routes
type JsonOf<T> = T extends { content: { 'application/json': infer Body } } ? Body : never
/** What the answer to an operation holds when it went well. */
export type Answer<Id extends Operation> = JsonOf<operations[Id]['responses'][keyof operations[Id]['responses'] & (200 | 201)]>
type Input<Id extends Operation> = {
  readonly query?: operations[Id]['parameters']['query']
  readonly body?: operations[Id] extends { requestBody?: infer Body } ? JsonOf<NonNullable<Body>> : never
} & (operations[Id]['parameters'] extends { path: infer Path } ? { readonly path: Path } : { readonly path?: never })

/** The management API of a running connector. */
export interface Api {
  call<Id extends Operation>(id: Id, input: Input<Id>): Promise<Answer<Id>>
  /** As `call`; undefined when there is no such thing. */
  find<Id extends Operation>(id: Id, input: Input<Id>): Promise<Answer<Id> | undefined>
  /** Uploads a file as it is read; gives the id that a dataset then names. */
  upload(file: string, mediaType: string): Promise<string>
  /** The data of a started transfer, as they come. */
  download(transferId: string, format: 'original' | 'parquet'): Promise<{ body: Readable; headers: Headers }>
  /** Follows what is recorded of this type from now on. Resolves once the stream is open. */
  follow(type: string): Promise<Following>
}

/** Entries of the record as they are written, until it is closed. */
export interface Following {
  readonly entries: AsyncGenerator<Readonly<Record<string, unknown>>>
  close(): void
}

export function createApi(managementUrl: string, token: string): Api {
  async function ask(path: string, init: RequestInit & { duplex?: 'half' }, accept: readonly number[] = []): Promise<Response> {
    const method = init.method ?? 'GET'
    const headers = { authorization: `Bearer ${token}`, ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}), ...Object.fromEntries(new Headers(init.headers)) }
    const answer = await fetch(managementUrl + path, { ...init, headers, redirect: 'error' })
    if (answer.ok || accept.includes(answer.status)) return answer
    throw new StepFailure(`${method} ${path} was answered with ${answer.status}: ${reasonIn(await answer.text())}`)
  }

  async function call<Id extends Operation>(id: Id, input: Input<Id>, accept: readonly number[] = []): Promise<{ status: number; value: Answer<Id> }> {
    const body = input.body === undefined ? {} : { body: JSON.stringify(input.body), headers: { 'content-type': 'application/json' } }
    const answer = await ask(addressOf(id, input), { method: routes[id][0], ...body }, accept)
    return { status: answer.status, value: JSON.parse(await answer.text()) }
  }

  return {
    call: async (id, input) => (await call(id, input)).value,
    find: async (id, input) => {
      const { status, value } = await call(id, input, [404])
      return status === 404 ? undefined : value
    },
    upload: async (file, mediaType) => {
      const { size } = await stat(file)
      const headers = { 'content-type': mediaType, 'content-length': String(size), 'content-disposition': `attachment; filename="${basename(file)}"` }
      const answer = await ask('/uploads', { method: 'POST', headers, body: Readable.toWeb(createReadStream(file)), duplex: 'half' })
      const received: Answer<'uploadFile'> = JSON.parse(await answer.text())
      return received.id
    },
    download: async (transferId, format) => {
      const answer = await ask(`/transfers/${encodeURIComponent(transferId)}/data?format=${format}`, { headers: { 'accept-encoding': 'identity' } })
      if (answer.body === null) throw new StepFailure('The download has no body.')
      return { body: Readable.fromWeb(answer.body), headers: answer.headers }
    },
    follow: async (type) => {
      // A connection of its own, which ends with the stream: fetch would put a new one in its place, for requests that never come.
      const request = get(`${managementUrl}/events?type=${encodeURIComponent(type)}`, { agent: false, headers: { authorization: `Bearer ${token}` } })
      const [answer]: IncomingMessage[] = await once(request, 'response')
      if (answer?.statusCode !== 200) throw new StepFailure(`GET /events was answered with ${answer?.statusCode}.`)
      const closing = new AbortController()
      const close = () => {
        closing.abort()
        answer.destroy()
      }
      return { entries: entriesIn(answer.setEncoding('utf8'), closing.signal), close }
    },
  }
}

function reasonIn(text: string): string {
  try {
    const problem: { title?: string; detail?: string } | null = JSON.parse(text)
    return problem?.detail ?? problem?.title ?? text
  } catch {
    return text
  }
}

function addressOf(id: Operation, input: { path?: unknown; query?: unknown }): string {
  const values = new Map<string, unknown>(Object.entries(input.path ?? {}))
  const path = routes[id][1].replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(values.get(name))))
  const query = new URLSearchParams(Object.fromEntries(Object.entries(input.query ?? {}).map(([name, value]) => [name, String(value)])))
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

// Server-sent events: blocks of lines, each ended by an empty line; `data` holds the entry.
async function* entriesIn(texts: AsyncIterable<string>, closing: AbortSignal): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let rest = ''
  try {
    for await (const text of texts) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = block.split('\n').find((line) => line.startsWith('data:'))
        if (data !== undefined) yield JSON.parse(data.slice(5))
      }
    }
  } catch (error) {
    // A stream that we closed ends; any other break is one.
    if (!closing.aborted) throw error
  }
}
