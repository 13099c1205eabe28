import { createPublicKey, hash, randomUUID, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ProblemError } from '../errors.ts'
import { boundedCache } from './bounded-cache.ts'
import type { PublicJwk } from './did-document.ts'
import type { Resolver } from './did-web.ts'
import { isDidWeb } from './did-web.ts'
import { skewSeconds } from './keys.ts'
import type { Keyring } from './keys.ts'
import { algorithms, issuerKey, timeFault } from './signed-claims.ts'
import type { OnKey } from './signed-claims.ts'

/** The header that carries a statement. */
export const statementHeader = 'concordat-statement'
/** How long a statement counts, in seconds. */
export const statementSeconds = 60

const maxLength = 8 * 1024
const partnerMs = 30_000
const type = 'concordat-statement+jwt'

/** What the record says of a statement as it was signed. The digest stays when the statement is erased: whoever has a copy can show that it is the one. */
export function signedFacts(statement: string): { readonly signed: string; readonly signedSha256: string } {
  return { signed: statement, signedSha256: hash('sha256', statement) }
}

/** What a participant says of one request: who asks behind its connector, in which role and for what. */
export interface AccessStatement {
  /** Different in each statement of an issuer. */
  readonly id: string
  /** The consumer, by its DID. */
  readonly issuer: string
  /** The provider, by its DID. */
  readonly audience: string
  readonly issuedAt: Date
  /** From then on it is refused; until then, whoever takes statements once must remember it. */
  readonly expiresAt: Date
  readonly agreement: string
  /** The provider's id of the transfer process. */
  readonly transfer: string
  /** Full IRI. */
  readonly purpose?: string
  readonly role?: string
  readonly legalBasis?: string
  /** Pseudonym of the user. */
  readonly user?: string
  readonly spatial?: string
  readonly securityLevel?: string
  /** {@link requestDigest} of the one request that it is for. */
  readonly request: string
  readonly idempotencyKey?: string
}

/** What is stated; who states it and when is filled in. */
export type StatementInput = Omit<AccessStatement, 'id' | 'issuer' | 'issuedAt' | 'expiresAt'>

/** What of a request a statement is bound to. */
export interface StatedRequest {
  readonly method: string
  /** Below the endpoint: empty, or with its first slash. */
  readonly path: string
  /** As it is sent, with its question mark; empty when there is none. */
  readonly query: string
  readonly accept?: string | undefined
  readonly range?: string | undefined
  readonly prefer?: string | undefined
}

/** SHA-256 (base64url) of a request's parts. As a JSON array no part can run into the next, and what is absent differs from what is empty. */
export function requestDigest(request: StatedRequest): string {
  const { method, path, query, accept = null, range = null, prefer = null } = request
  return hash('sha256', JSON.stringify(['concordat-request-1', method, path, query, accept, range, prefer]), 'base64url')
}

/** Signs statements with our current key. Each is new: a provider takes it once. */
export function createStatementSigner(deps: { id: string; keys: Keyring; clock: () => Date }): (input: StatementInput) => Promise<string> {
  return async (input) => {
    const key = deps.keys.current()
    const iat = Math.floor(deps.clock().getTime() / 1000)
    const { audience, ...claims } = input
    const content = [{ alg: 'EdDSA', typ: type, kid: `${deps.id}#${key.thumbprint}` }, { iss: deps.id, aud: audience, jti: randomUUID(), iat, exp: iat + statementSeconds, ...claims }]
    const signed = content.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${signed}.${sign(null, Buffer.from(signed), key.signing).toString('base64url')}`
  }
}

/** What reading statements needs. */
export interface StatementReaderDeps {
  /** Our DID: the only audience that is accepted. */
  readonly id: string
  readonly resolver: Resolver
  readonly clock: () => Date
  /** Whether somebody is worth resolving; without it, everybody is. */
  readonly isPartner?: ((id: string) => Promise<boolean>) | undefined
  /** Told of each key under which a statement verified. */
  readonly onKey?: OnKey | undefined
}

/** Verifies statements: signature, audience, times and form. Whether one was used before, the caller asks its store. */
export function createStatementReader(deps: StatementReaderDeps): (jws: string) => Promise<AccessStatement> {
  // A resolver gives the same key while its document counts; what is dropped there goes from here too.
  const keys = new WeakMap<PublicJwk, KeyObject>()
  const keyObject = (jwk: PublicJwk) => {
    const known = keys.get(jwk)
    if (known !== undefined) return known
    const made = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    keys.set(jwk, made)
    return made
  }
  // Statements are new each time, their issuers are not. This guards against fetching for strangers; who is let in, access tokens say.
  const partners = boundedCache<true>(1_000, () => deps.clock().getTime())
  const isPartner = async (issuer: string) => {
    if (deps.isPartner === undefined || partners.get(issuer) === true) return true
    if (!(await deps.isPartner(issuer))) return false
    partners.set(issuer, true, deps.clock().getTime() + partnerMs)
    return true
  }
  return async (jws) => {
    const { header, payload, signed, signature } = partsOf(jws)
    const wanted = checkHeader(header)
    const statement = statementIn(payload, deps)
    const kid = header['kid']
    // Before anything is fetched: a key of another DID never counts, whatever that DID's document says.
    if (typeof kid !== 'string' || !kid.startsWith(`${statement.issuer}#`)) throw refused('its kid must be a DID URL of its issuer')
    if (!(await isPartner(statement.issuer))) throw refused('its issuer is not a registered partner')
    const { issuer } = statement
    const jwk = await issuerKey(deps.resolver, { issuer, kid }, (fault, cause) => (fault === 'missing' ? refused('its key is not in the DID document of its issuer') : refused(`the DID document of ${issuer} cannot be read`, cause)))
    if (jwk.kty !== wanted.kty || jwk.crv !== wanted.crv) throw refused('its key does not go with its algorithm')
    if (!(await isSignedBy(keyObject, jwk, { signed, signature, digest: wanted.digest }))) throw refused('its signature is not valid')
    deps.onKey?.({ owner: issuer, kid, jwk })
    return statement
  }
}

function refused(why: string, cause?: unknown): ProblemError {
  return new ProblemError('statement-refused', `The statement of the request does not count: ${why}. Sign a new one for each request.`, { cause })
}

type Json = Readonly<Record<string, unknown>>

function partsOf(jws: string): { header: Json; payload: Json; signed: Buffer; signature: Buffer } {
  if (jws.length > maxLength) throw refused(`it is longer than ${maxLength} characters`)
  const [, header, payload, signature] = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/.exec(jws) ?? []
  if (header === undefined || payload === undefined || signature === undefined) throw refused('it is not a signed token of three parts')
  return { header: objectIn(header), payload: objectIn(payload), signed: Buffer.from(`${header}.${payload}`), signature: Buffer.from(signature, 'base64url') }
}

function objectIn(part: string): Json {
  const value = parsed(Buffer.from(part, 'base64url').toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('its parts must be JSON objects')
  return { ...value }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refused('its parts must be JSON objects', cause)
  }
}

function checkHeader(header: Json): { kty: string; crv: string; digest: string | null } {
  const { alg, typ, crit } = header
  const wanted = typeof alg === 'string' && Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
  if (wanted === undefined) throw refused('it must be signed with EdDSA or ES256')
  // RFC 8725 §3.11: a token of another kind, such as the one in `Authorization`, never counts as a statement.
  if (typ !== type) throw refused(`its typ must be ${type}`)
  // RFC 7515 §4.1.11: an extension that is critical and not understood ends it. None is understood here.
  if (crit !== undefined || header['b64'] !== undefined) throw refused('it has critical extensions, which are not supported')
  return wanted
}

function statementIn(payload: Json, deps: StatementReaderDeps): AccessStatement {
  const { iss, aud } = payload
  if (typeof iss !== 'string' || !isDidWeb(iss)) throw refused('its iss must be a DID')
  if (aud !== deps.id) throw refused(`it is for another audience; this is ${deps.id}`)
  const times = timesOf(payload, Math.floor(deps.clock().getTime() / 1000))
  const request = text(payload, 'request')
  if (!/^[\w-]{43}$/.test(request)) throw refused('its request must be a SHA-256 in base64url')
  const stated = optionalClaims.flatMap((name) => (payload[name] === undefined ? [] : [[name, text(payload, name)] as const]))
  return { id: text(payload, 'jti'), issuer: iss, audience: deps.id, ...times, agreement: text(payload, 'agreement'), transfer: text(payload, 'transfer'), request, ...Object.fromEntries(stated) }
}

const optionalClaims = ['purpose', 'role', 'legalBasis', 'user', 'spatial', 'securityLevel', 'idempotencyKey'] as const

// It is recorded, so it must be text that can be stored and shown: nothing invisible, no halves of characters.
const plainText = /^[^\p{C}]{1,1000}$/u

function text(payload: Json, name: string): string {
  const value = payload[name]
  if (typeof value !== 'string' || !plainText.test(value)) throw refused(`its ${name} must be a text of 1 to 1000 visible characters`)
  return value
}

const timeFaults = {
  expired: 'it has expired',
  future: 'it was issued in the future',
  early: 'it is not valid yet',
  long: `it must be valid for ${statementSeconds} seconds at most`,
} as const

function timesOf({ iat, exp, nbf }: Json, now: number): { issuedAt: Date; expiresAt: Date } {
  if (typeof iat !== 'number' || typeof exp !== 'number' || !Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) throw refused('it must have iat and exp, in whole seconds')
  const fault = timeFault({ iat, exp, nbf }, { now, longest: statementSeconds })
  if (fault !== undefined) throw refused(timeFaults[fault])
  return { issuedAt: new Date(iat * 1000), expiresAt: new Date((exp + skewSeconds) * 1000) }
}

// Off the main thread: to verify a signature takes as long as everything else about a small request.
function isSignedBy(keyObject: (jwk: PublicJwk) => KeyObject, jwk: PublicJwk, { signed, signature, digest }: { signed: Buffer; signature: Buffer; digest: string | null }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const unusable = (cause: unknown) => reject(refused('its key cannot be used', cause))
    try {
      // RFC 7518 §3.4: the two numbers of an ECDSA signature one after the other. Ed25519 takes no notice.
      verify(digest, signed, { key: keyObject(jwk), dsaEncoding: 'ieee-p1363' }, signature, (error, isValid) => (error === null ? resolve(isValid) : unusable(error)))
    } catch (cause) {
      unusable(cause)
    }
  })
}
