import type { Key } from './keys.ts'

/** A public key as JWK (RFC 7517). */
export interface PublicJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y?: string
}

export interface VerificationMethod {
  readonly id: string
  readonly type: string
  readonly controller: string
  readonly publicKeyJwk: PublicJwk
}

export interface DidService {
  readonly id: string
  readonly type: string
  readonly serviceEndpoint: string
}

/** A DID document as we publish it (DID Core §5). */
export interface DidDocument {
  readonly '@context': readonly string[]
  readonly id: string
  readonly verificationMethod: readonly VerificationMethod[]
  readonly authentication: readonly string[]
  readonly assertionMethod: readonly string[]
  readonly service: readonly DidService[]
}

/** What we need of another's DID document: its keys by their DID URL, and its services. */
export interface ResolvedDocument {
  readonly keys: ReadonlyMap<string, PublicJwk>
  readonly services: readonly DidService[]
}

const contexts = ['https://www.w3.org/ns/did/v1', 'https://www.w3.org/ns/cid/v1', 'https://w3id.org/dspace/2025/1/context.jsonld']

/** Our document. `root` is our public address without a trailing slash. */
export function ownDocument(id: string, root: string, keys: readonly Key[]): DidDocument {
  const methods = keys.map((key) => ({ id: `${id}#${key.thumbprint}`, type: 'JsonWebKey', controller: id, publicKeyJwk: key.publicJwk }))
  const ids = methods.map((method) => method.id)
  return {
    '@context': contexts,
    id,
    verificationMethod: methods,
    authentication: ids,
    assertionMethod: ids,
    service: [
      // DSP 2025-1, common protocol: a CatalogService's endpoint ends in /catalog, a DataService's names the version endpoint.
      { id: `${id}#catalog`, type: 'CatalogService', serviceEndpoint: `${root}/dsp/2025-1/catalog` },
      { id: `${id}#dsp`, type: 'DataService', serviceEndpoint: `${root}/.well-known/dspace-version` },
      { id: `${id}#data`, type: 'DataPlane', serviceEndpoint: `${root}/data` },
    ],
  }
}

/** Reads a document; undefined when it is not one of `did`. Parts that we cannot use are passed over. */
export function readDocument(did: string, value: unknown): ResolvedDocument | undefined {
  // DID Core §7.1.3 with did:web §2.5.2: the document must be about the DID that was resolved.
  if (!isObject(value) || value['id'] !== did) return undefined
  const methods = new Map(list(value['verificationMethod']).flatMap((method) => readMethod(did, method)))
  const keys = new Map<string, PublicJwk>()
  for (const entry of [...list(value['authentication']), ...list(value['assertionMethod'])]) {
    if (typeof entry !== 'string') for (const [id, jwk] of readMethod(did, entry)) keys.set(id, jwk)
    else {
      const id = absolute(did, entry)
      const jwk = methods.get(id)
      if (jwk !== undefined) keys.set(id, jwk)
    }
  }
  return { keys, services: list(value['service']).flatMap((service) => readService(did, service)) }
}

function readMethod(did: string, method: unknown): [string, PublicJwk][] {
  if (!isObject(method) || typeof method['id'] !== 'string' || !isObject(method['publicKeyJwk'])) return []
  const id = absolute(did, method['id'])
  // A method that somebody else controls does not speak for this DID.
  if (!id.startsWith(`${did}#`) || (method['controller'] !== undefined && method['controller'] !== did)) return []
  const { kty, crv, x, y, use, key_ops: operations } = method['publicKeyJwk']
  if (typeof kty !== 'string' || typeof crv !== 'string' || typeof x !== 'string' || (use !== undefined && use !== 'sig')) return []
  if (Array.isArray(operations) && !operations.includes('verify')) return []
  return [[id, typeof y === 'string' ? { kty, crv, x, y } : { kty, crv, x }]]
}

function readService(did: string, service: unknown): DidService[] {
  if (!isObject(service) || typeof service['id'] !== 'string') return []
  const endpoint = list(service['serviceEndpoint']).find((item) => typeof item === 'string')
  return list(service['type']).flatMap((type) => (typeof type === 'string' && endpoint !== undefined ? [{ id: absolute(did, String(service['id'])), type, serviceEndpoint: endpoint }] : []))
}

// DID Core §3.2.2: an id that begins with # is relative to the document's DID.
function absolute(did: string, id: string): string {
  return id.startsWith('#') ? `${did}${id}` : id
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}
