import { ProblemError } from '../errors.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import { parseJson } from '../http/json-body.ts'
import { boundedCache } from './bounded-cache.ts'
import type { Resolver } from './did-web.ts'

const addressMs = 300_000
const versionPath = '/.well-known/dspace-version'

/** Finds where a participant's Dataspace Protocol endpoint is, and remembers it for some minutes. */
export function createAddresses(deps: { http: OutboundHttp; resolver: Resolver; clock: () => Date }): (id: string) => Promise<string> {
  const now = () => deps.clock().getTime()
  const found = boundedCache<string>(1_000, now)
  return async (id) => {
    const known = found.get(id)
    if (known !== undefined) return known
    const address = await findAddress(deps, id)
    found.set(id, address, now() + addressMs)
    return address
  }
}

// DSP 2025-1, common protocol: a DataService of the DID document names the version endpoint; a CatalogService, the catalog
// of one version. The first is better, for it tells the version.
async function findAddress(deps: { http: OutboundHttp; resolver: Resolver }, id: string): Promise<string> {
  const { services } = await deps.resolver.reach(id)
  const endpoints = (type: string) => services.filter((service) => service.type === type).map((service) => service.serviceEndpoint.replace(/\/+$/, ''))
  const root = endpoints('DataService').find((endpoint) => endpoint.endsWith(versionPath))
  if (root !== undefined) return versionAddress(deps.http, root.slice(0, -versionPath.length))
  const catalog = endpoints('CatalogService').find((endpoint) => endpoint.endsWith('/catalog'))
  if (catalog === undefined) throw new ProblemError('peer-failed', `The DID document of ${id} names no Dataspace Protocol service. Enter the partner's address in the register.`)
  return checked(deps.http, catalog.slice(0, -'/catalog'.length))
}

async function versionAddress(http: OutboundHttp, root: string): Promise<string> {
  const answer = await http.fetch(`${root}${versionPath}`, { headers: { Accept: 'application/json' }, timeoutMs: 10_000, maxBytes: 256 * 1024 })
  const path = answer.status === 200 ? pathIn(parse(answer.body.toString('utf8'))) : undefined
  if (path === undefined) throw new ProblemError('peer-failed', `${new URL(root).origin} does not offer the Dataspace Protocol 2025-1 over HTTPS.`)
  return checked(http, `${root}${path === '/' ? '' : path}`)
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function pathIn(document: unknown): string | undefined {
  const versions = member(document, 'protocolVersions')
  if (!Array.isArray(versions)) return undefined
  const ours = versions.filter((entry: unknown) => member(entry, 'version') === '2025-1' && member(entry, 'binding') === 'HTTPS')
  // An entry that asks for another way of authentication is the last choice.
  const entry: unknown = ours.find((candidate: unknown) => member(candidate, 'auth') === undefined) ?? ours[0]
  const path = member(entry, 'path')
  return typeof path === 'string' && /^\/(?![/\\])[^?#\\]*$/.test(path) ? path : undefined
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
}

function checked(http: OutboundHttp, address: string): string {
  return http.check(address).href.replace(/\/+$/, '')
}
