import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Ajv } from 'ajv'
import { isProblem, ProblemError } from '../errors.ts'
import type { OutboundAnswer, OutboundHttp } from '../http/guarded-fetch.ts'
import { parseJson } from '../http/json-body.ts'
import type { Identity } from '../identity/identity.ts'
import { dspContext } from '../policy/dsp-context.ts'
import { parseLinks } from './links.ts'
import { peerCatalogSchema, peerDatasetSchema, peerProcessSchema } from './peer-schemas.ts'

/** A partner as far as calling it goes. */
export interface Peer {
  readonly id: string
  /** Base address of its Dataspace Protocol; null: found through its DID document. */
  readonly address: string | null
}

/** A dataset as a partner describes it. */
export interface PeerDataset {
  readonly '@id': string
  readonly hasPolicy?: readonly { readonly '@id': string; readonly [term: string]: unknown }[]
  readonly distribution?: readonly { readonly format: string | { readonly '@id': string }; readonly accessService?: unknown }[]
  readonly [property: string]: unknown
}

/** A page of a partner's catalog. `next` and `previous` are passed back to read on. */
export interface PeerCatalogPage {
  readonly participantId?: string
  readonly datasets: readonly PeerDataset[]
  readonly next?: string
  readonly previous?: string
}

/** A process as a partner sees it. */
export interface PeerProcess {
  readonly providerPid: string
  readonly consumerPid: string
  readonly state: string
}

/** What a partner answered to a message. */
export interface PeerAnswer {
  readonly status: number
  /** The body, when it is JSON. */
  readonly body?: unknown
  readonly text: string
}

/** Calls partners over the Dataspace Protocol. Network failures are 'peer-failed' and 'peer-timeout'. */
export interface DspClient {
  /** One page of the catalog; `next` is a link that an earlier page gave. */
  catalog(partner: Peer, query: { filter?: readonly unknown[]; next?: string }): Promise<PeerCatalogPage>
  /** Every page, one after the other, until there is no more, a page is empty, or `maxPages` are read. */
  crawl(partner: Peer, query: { filter?: readonly unknown[]; maxPages?: number }): AsyncGenerator<PeerCatalogPage>
  dataset(partner: Peer, id: string): Promise<PeerDataset>
  /** What the partner says about a process, to compare it with ours; undefined when it does not tell. `address` is its base address. */
  negotiation(partner: { id: string }, pid: string, address: string): Promise<PeerProcess | undefined>
  transferProcess(partner: { id: string }, pid: string, address: string): Promise<PeerProcess | undefined>
  /** The state at the process's own address; undefined when the partner does not tell. */
  peerState(process: { recipient: string; url: string }): Promise<string | undefined>
  /** Sends a message. Any status is an answer. */
  post(message: { recipient: string; url: string; body: string }): Promise<PeerAnswer>
}

export interface DspClientDeps {
  readonly http: Pick<OutboundHttp, 'fetch'>
  readonly identity: Pick<Identity, 'authorization' | 'address'>
  /** How long a partner may take to answer; 30 s unless told. */
  readonly timeoutMs?: number
}

const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allowUnionTypes: true })
const isCatalog = ajv.compile<{ participantId?: string; dataset?: PeerDataset[] }>(peerCatalogSchema)
const isDataset = ajv.compile<PeerDataset>(peerDatasetSchema)
const isProcess = ajv.compile<PeerProcess>(peerProcessSchema)

const unpack = promisify(gunzip)
const maxBytes = 10 * 1024 * 1024
const maxDepth = 100
const defaultMaxPages = 1000

export function createDspClient(deps: DspClientDeps): DspClient {
  const client: DspClient = {
    catalog: (partner, query) => catalogPage(deps, partner, query),
    crawl: (partner, query) => crawl(client, partner, query),
    dataset: async (partner, id) => {
      const url = `${await baseOf(deps, partner)}/catalog/datasets/${encodeURIComponent(id)}`
      const answer = await call(deps, { recipient: partner.id, url })
      if (answer.status === 404) throw new ProblemError('not-found', `The partner ${partner.id} has no dataset ${id.slice(0, 200)} for us.`)
      const { body } = accepted(partner.id, answer)
      if (!isDataset(body)) throw new ProblemError('peer-failed', `The partner ${partner.id} answered something that is not a Dataset: ${ajv.errorsText(isDataset.errors)}.`)
      return body
    },
    negotiation: async (partner, pid, address) => processAt(deps, { recipient: partner.id, url: `${address}/negotiations/${encodeURIComponent(pid)}` }),
    transferProcess: async (partner, pid, address) => processAt(deps, { recipient: partner.id, url: `${address}/transfers/${encodeURIComponent(pid)}` }),
    peerState: async (process) => (await processAt(deps, process))?.state,
    post: (message) => call(deps, message),
  }
  return client
}

async function catalogPage(deps: DspClientDeps, partner: Peer, query: { filter?: readonly unknown[]; next?: string }): Promise<PeerCatalogPage> {
  const base = await baseOf(deps, partner)
  const url = query.next === undefined ? `${base}/catalog/request` : requireSameOrigin(query.next, base)
  // A page that follows is asked for with the same body (DSP 2025-1, catalog binding §2.4; so does EDC).
  const message = { '@context': dspContext, '@type': 'CatalogRequestMessage', ...(query.filter === undefined ? {} : { filter: query.filter }) }
  const answer = accepted(partner.id, await call(deps, { recipient: partner.id, url, body: JSON.stringify(message) }))
  const { body } = answer
  if (!isCatalog(body)) throw new ProblemError('peer-failed', `The partner ${partner.id} answered something that is not a Catalog: ${ajv.errorsText(isCatalog.errors)}.`)
  const links = parseLinks(answer.link, url)
  const datasets = body.dataset ?? []
  const next = links.get('next')
  // EDC writes `prev` where the specification says `previous`, and `next` also when nothing follows.
  const previous = links.get('previous') ?? links.get('prev')
  return {
    ...(body.participantId === undefined ? {} : { participantId: body.participantId }),
    datasets,
    ...(next === undefined || datasets.length === 0 ? {} : { next: next.href }),
    ...(previous === undefined ? {} : { previous: previous.href }),
  }
}

async function* crawl(client: Pick<DspClient, 'catalog'>, partner: Peer, query: { filter?: readonly unknown[]; maxPages?: number }): AsyncGenerator<PeerCatalogPage> {
  const filter = query.filter === undefined ? {} : { filter: query.filter }
  const seen = new Set<string>()
  let next: string | undefined
  for (let count = 0; count < (query.maxPages ?? defaultMaxPages); count++) {
    const page: PeerCatalogPage = await client.catalog(partner, { ...filter, ...(next === undefined ? {} : { next }) })
    yield page
    next = page.next
    // A partner that sends us in circles would keep us forever.
    if (next === undefined || seen.has(next)) return
    seen.add(next)
  }
}

async function processAt(deps: DspClientDeps, { recipient, url }: { recipient: string; url: string }): Promise<PeerProcess | undefined> {
  const { status, body } = await call(deps, { recipient, url })
  return isSuccess(status) && isProcess(body) ? body : undefined
}

interface Call {
  readonly recipient: string
  readonly url: string
  /** With a body it is a POST, without one a GET. */
  readonly body?: string
}

async function call(deps: DspClientDeps, { recipient, url, body }: Call): Promise<PeerAnswer & { link: string }> {
  const authorization = await deps.identity.authorization(recipient)
  const answer = await deps.http.fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization, accept: 'application/json', 'accept-encoding': 'gzip', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
    timeoutMs: deps.timeoutMs ?? 30_000,
    maxBytes,
  })
  const text = await textOf(answer, recipient)
  return { status: answer.status, text, link: answer.headers['link'] ?? '', ...jsonOf(text, recipient) }
}

async function textOf(answer: OutboundAnswer, partner: string): Promise<string> {
  if (!/\bgzip\b/i.test(answer.headers['content-encoding'] ?? '')) return answer.body.toString('utf8')
  try {
    return (await unpack(answer.body, { maxOutputLength: maxBytes })).toString('utf8')
  } catch (cause) {
    throw new ProblemError('peer-failed', `The partner ${partner} answered gzip that cannot be read, or that unpacks to more than ${maxBytes} bytes.`, { cause })
  }
}

// Answers often have no media type and no body at all; only what is JSON counts as one.
function jsonOf(text: string, partner: string): { body?: unknown } {
  if (text.trim() === '') return {}
  try {
    return { body: parseJson(text, maxDepth) }
  } catch (cause) {
    if (isProblem(cause) && cause.code === 'malformed-json') return {}
    throw new ProblemError('peer-failed', `The partner ${partner} answered JSON that is not taken: ${Error.isError(cause) ? cause.message : ''}`, { cause })
  }
}

function accepted<T extends PeerAnswer>(partner: string, answer: T): T {
  // DSP 2025-1 names one status for each answer; peers use others of the same class.
  if (isSuccess(answer.status)) return answer
  throw new ProblemError('peer-failed', `The partner ${partner} answered with ${answer.status}${reasonOf(answer.body)}.`)
}

function reasonOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return ''
  return `: ${JSON.stringify(body.reason).slice(0, 500)}`
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

async function baseOf(deps: DspClientDeps, partner: Peer): Promise<string> {
  return (partner.address ?? (await deps.identity.address(partner.id))).replace(/\/+$/, '')
}

// A link leads on in the partner's catalog, never to somebody else with our token.
function requireSameOrigin(link: string, base: string): string {
  const target = URL.parse(link, `${base}/catalog/request`)
  if (target === null || target.origin !== new URL(base).origin) throw new ProblemError('address-refused', 'The link to another page leads to another server than the partner. It is not followed.')
  return target.href
}
