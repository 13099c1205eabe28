import { isProblem, ProblemError } from '../errors.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import { parseJson } from '../http/json-body.ts'
import { boundedCache } from './bounded-cache.ts'
import { readDocument } from './did-document.ts'
import type { ResolvedDocument } from './did-document.ts'

/** How long a document counts, how long a failure does, and how often one DID is fetched again for a key that is not in it. */
const documentMs = 300_000
const failureMs = 5_000
/** A host that cannot be reached, or says that it is not ready, may be in the next moment: this only holds off floods. */
const unreachableMs = 1_000
const againMs = 5_000
const capacity = 1_000
const fetchesAtOnce = 64

/** Finds DID documents. */
export interface Resolver {
  /** The document of somebody who calls us. With `kid`, one that has this key, if a fetch that is due brings it. 'peer-failed' when there is none. */
  resolve(did: string, kid?: string): Promise<ResolvedDocument>
  /** The document of `did`, for work in the background; one that `suffices`, if a fetch that is due brings it. */
  resolveFor(did: string, suffices: (document: ResolvedDocument) => boolean): Promise<ResolvedDocument>
  /** The document of a partner whom we call for a person or a process: that it could not be reached a moment ago does not count. */
  reach(did: string): Promise<ResolvedDocument>
}

/** The DID of a connector whose public address is `publicUrl` (did:web §2.4.1). */
export function didOf(publicUrl: string): string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new ProblemError('bad-request', `The public address '${publicUrl}' must be an http or https address without query, such as https://data.example.org`)
  }
  const segments = url.pathname.split('/').filter((segment) => segment !== '')
  const did = ['did', 'web', url.host.replace(':', '%3A'), ...segments.map((segment) => segment.replaceAll(':', '%3A'))].join(':')
  if (partsOf(did) === undefined) throw new ProblemError('bad-request', `The public address '${publicUrl}' cannot be written as did:web. Use a host name, and a plain path.`)
  return did
}

/** `host[:port][/path]` of a participant's public address, as its did:web tells: what the names of its logs and of its witness begin with. */
export function rootOf(did: string): string {
  const { host, segments } = requireParts(did)
  return [host, ...segments.map((segment) => segment.replaceAll(/%3A/gi, ':'))].join('/')
}

/** Where on its host the document of `did` is served (did:web §2.5.2). */
export function documentPath(did: string): string {
  const { segments } = requireParts(did)
  return segments.length === 0 ? '/.well-known/did.json' : `/${segments.join('/')}/did.json`
}

/** Whether `id` is a DID that can be resolved. */
export function isDidWeb(id: string): boolean {
  return partsOf(id) !== undefined
}

interface DidParts {
  readonly host: string
  readonly segments: readonly string[]
}

function partsOf(did: string): DidParts | undefined {
  if (did.length > 500) return undefined
  const [scheme, method, host = '', ...segments] = did.split(':')
  if (scheme !== 'did' || method !== 'web' || !/^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?(?:%3A\d{1,5})?$/i.test(host)) return undefined
  if (!segments.every(isPlainSegment)) return undefined
  const authority = decodeURIComponent(host)
  return URL.canParse(`https://${authority}`) ? { host: authority, segments } : undefined
}

// A segment must stay one: neither dots nor an encoded slash may lead to another path of the host.
function isPlainSegment(segment: string): boolean {
  if (!/^(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+$/.test(segment)) return false
  return !/%(?:2f|5c|00|25)/i.test(segment) && !/^\.{1,2}$/.test(segment.replaceAll(/%2e/gi, '.'))
}

function requireParts(did: string): DidParts {
  const parts = partsOf(did)
  if (parts === undefined) throw new ProblemError('bad-request', `'${did.slice(0, 100)}' is not a did:web identifier, such as did:web:data.example.org`)
  return parts
}

interface Cached {
  readonly document: ResolvedDocument
  readonly fetchedAt: number
}

/** A resolver with a cache of its own. */
export function createResolver(deps: { http: OutboundHttp; clock: () => Date }): Resolver {
  const now = () => deps.clock().getTime()
  const documents = boundedCache<Cached>(capacity, now)
  // Apart from the documents, so that made-up DIDs do not push out the partners'.
  const failures = boundedCache<ProblemError>(capacity, now)
  // Of callers and of our own work apart: that our work came too early must not turn a caller away.
  const unreachable = { callers: boundedCache<ProblemError>(capacity, now), work: boundedCache<ProblemError>(capacity, now) }
  const again = boundedCache<true>(capacity, now)
  const running = new Map<string, Promise<ResolvedDocument>>()

  async function load(did: string, by: Asking): Promise<ResolvedDocument> {
    try {
      const document = await fetchDocument(deps.http, did)
      documents.set(did, { document, fetchedAt: now() }, now() + documentMs)
      failures.delete(did)
      return document
    } catch (cause) {
      const failure = new ProblemError('peer-failed', `The DID document of ${did} cannot be read.`, { cause })
      if (!mayPass(cause)) failures.set(did, failure, now() + failureMs)
      else if (by !== 'acting') unreachable[by].set(did, failure, now() + unreachableMs)
      throw failure
    } finally {
      again.set(did, true, now() + againMs)
      running.delete(did)
    }
  }
  function fetchOnce(did: string, by: Asking): Promise<ResolvedDocument> {
    const already = running.get(did)
    if (already !== undefined) return already
    if (running.size >= fetchesAtOnce) throw new ProblemError('too-many-requests', 'Too many DID documents are being fetched. Try again in a moment.')
    const loading = load(did, by)
    running.set(did, loading)
    return loading
  }
  async function find(did: string, by: Asking, suffices: (document: ResolvedDocument) => boolean): Promise<ResolvedDocument> {
    requireParts(did)
    const cached = documents.get(did)
    if (cached !== undefined) {
      if (suffices(cached.document) || (again.get(did) === true && !running.has(did))) return cached.document
      // The key may be new. Should the host not answer now, what it said before still counts.
      return fetchOnce(did, by).catch(() => cached.document)
    }
    const failure = failures.get(did) ?? (by === 'acting' ? undefined : unreachable[by].get(did))
    if (failure !== undefined) throw failure
    return fetchOnce(did, by)
  }
  return {
    resolve: (did, kid) => find(did, 'callers', ({ keys }) => kid === undefined || keys.has(kid)),
    resolveFor: (did, suffices) => find(did, 'work', suffices),
    reach: (did) => find(did, 'acting', () => true),
  }
}

/** On whose behalf a document is fetched. */
type Asking = 'callers' | 'work' | 'acting'

class HostNotReady extends Error {
  override readonly name = 'HostNotReady'
}

/** Whether a failure says that the host is not there now, rather than what it answers. */
function mayPass(error: unknown): boolean {
  return Error.isError(error) && (error.name === 'HostNotReady' || (isProblem(error) && (error.code === 'peer-failed' || error.code === 'peer-timeout')))
}

async function fetchDocument(http: OutboundHttp, did: string): Promise<ResolvedDocument> {
  const { host } = requireParts(did)
  // did:web §2.5.2 asks for https. Plain http is for hosts that the address rules open for it.
  const schemes = allows(http, `http://${host}/`) ? ['http', 'https'] : ['https']
  const failures: unknown[] = []
  for (const scheme of schemes) {
    try {
      const answer = await http.fetch(`${scheme}://${host}${documentPath(did)}`, { headers: { Accept: 'application/did+json, application/json' }, timeoutMs: 5_000, maxBytes: 256 * 1024 })
      if (answer.status >= 500 || answer.status === 429) throw new HostNotReady(`The host answered with status ${answer.status}`)
      if (answer.status !== 200) throw new Error(`The host answered with status ${answer.status}`)
      const document = readDocument(did, parseJson(answer.body.toString('utf8')))
      if (document === undefined) throw new Error('The document is about another DID')
      return document
    } catch (error) {
      failures.push(error)
    }
  }
  throw failures[0]
}

function allows(http: OutboundHttp, url: string): boolean {
  try {
    http.check(url)
    return true
  } catch {
    return false
  }
}
