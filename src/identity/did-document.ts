import { thumbprintOf } from './keys.ts'
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
  /** What tokens and statements may be signed with. */
  readonly keys: ReadonlyMap<string, PublicJwk>
  /** What checkpoints of its logs are signed with; they never count for tokens. */
  readonly logKeys: readonly PublicJwk[]
  /** What its witness signs with; they never count for tokens. */
  readonly witnessKeys: readonly PublicJwk[]
  readonly services: readonly DidService[]
}

/** The keys of our logs and of our witness: base64url of 32 bytes (Ed25519) each. */
export interface TransparencyKeys {
  readonly log: readonly string[]
  readonly witness: readonly string[]
}

// The fragments of keys that are for the log and the witness. A key that signs checkpoints must not open doors, nor the other way round.
const logFragment = 'log-'
const witnessFragment = 'witness-'
const mostMethods = 50

const contexts = ['https://www.w3.org/ns/did/v1', 'https://www.w3.org/ns/cid/v1', 'https://w3id.org/dspace/2025/1/context.jsonld']

/** Our document. `root` is our public address without a trailing slash. */
export function ownDocument(id: string, root: string, keys: readonly Key[], transparency: TransparencyKeys = { log: [], witness: [] }): DidDocument {
  const methods = keys.map((key) => ({ id: `${id}#${key.thumbprint}`, type: 'JsonWebKey', controller: id, publicKeyJwk: key.publicJwk }))
  const ids = methods.map((method) => method.id)
  const apart = (fragment: string, x: string) => ({ id: `${id}#${fragment}${thumbprintOf(x).slice(0, 8)}`, type: 'JsonWebKey', controller: id, publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x } })
  return {
    '@context': contexts,
    id,
    verificationMethod: [...methods, ...transparency.log.map((x) => apart(logFragment, x)), ...transparency.witness.map((x) => apart(witnessFragment, x))],
    authentication: ids,
    assertionMethod: ids,
    service: [
      // DSP 2025-1, common protocol: a CatalogService's endpoint ends in /catalog, a DataService's names the version endpoint.
      { id: `${id}#catalog`, type: 'CatalogService', serviceEndpoint: `${root}/dsp/2025-1/catalog` },
      { id: `${id}#dsp`, type: 'DataService', serviceEndpoint: `${root}/.well-known/dspace-version` },
      { id: `${id}#data`, type: 'DataPlane', serviceEndpoint: `${root}/data` },
      ...(transparency.log.length === 0 ? [] : [{ id: `${id}#log`, type: 'TransparencyLog', serviceEndpoint: `${root}/log` }]),
      ...(transparency.witness.length === 0 ? [] : [{ id: `${id}#witness`, type: 'TlogWitness', serviceEndpoint: `${root}/witness` }]),
    ],
  }
}

/** Reads a document; undefined when it is not one of `did`. Parts that we cannot use are passed over. */
export function readDocument(did: string, value: unknown): ResolvedDocument | undefined {
  // DID Core §7.1.3 with did:web §2.5.2: the document must be about the DID that was resolved.
  if (!isObject(value) || value['id'] !== did) return undefined
  const methods = new Map(list(value['verificationMethod']).flatMap((method) => readMethod(did, method)))
  const apart = (fragment: string) => [...methods].flatMap(([method, jwk]) => (method.startsWith(`${did}#${fragment}`) ? [jwk] : [])).slice(0, mostMethods)
  const keys = new Map<string, PublicJwk>()
  for (const entry of [...list(value['authentication']), ...list(value['assertionMethod'])]) {
    if (typeof entry !== 'string') for (const [id, jwk] of readMethod(did, entry)) keys.set(id, jwk)
    else {
      const id = absolute(did, entry)
      const jwk = methods.get(id)
      if (jwk !== undefined) keys.set(id, jwk)
    }
  }
  // Wherever the document lists them: keys of logs and witnesses speak for those alone.
  for (const method of keys.keys()) if (method.startsWith(`${did}#${logFragment}`) || method.startsWith(`${did}#${witnessFragment}`)) keys.delete(method)
  return { keys, logKeys: apart(logFragment), witnessKeys: apart(witnessFragment), services: list(value['service']).flatMap((service) => readService(did, service)) }
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
