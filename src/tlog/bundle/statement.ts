import { createPublicKey, hash, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { BundleKey } from './form.ts'
import { isObject } from './json.ts'
import type { JsonObject } from './json.ts'

/** What a signed statement says of one request. */
export interface StatementClaims {
  readonly id: string
  readonly issuer: string
  readonly audience: string
  readonly agreement: string
  readonly transfer: string
  /** Digest of the request. */
  readonly request: string
}

export type StatementOutcome = { readonly kind: 'valid'; readonly claims: StatementClaims } | { readonly kind: 'key-unknown' } | { readonly kind: 'wrong'; readonly why: string }

/** RFC 8037 and RFC 7518 §3.4, with the keys that go with them. */
const algorithms: Readonly<Record<string, { readonly crv: string; readonly digest: string | null }>> = { EdDSA: { crv: 'Ed25519', digest: null }, ES256: { crv: 'P-256', digest: 'sha256' } }
const type = 'concordat-statement+jwt'

/** Verifies statements (compact JWS, RFC 7515) with the keys of their issuers. Times are not looked at: they were when it came. */
export function createStatementVerifier(keys: readonly BundleKey[]): (jws: string) => StatementOutcome {
  // A participant may change its key and leave it its name.
  const byKid = Map.groupBy(
    keys.flatMap(({ name, jwk }) => (jwk === undefined ? [] : [{ name, crv: jwk['crv'], key: keyObject(jwk) }])),
    ({ name }) => name,
  )
  return (jws) => {
    const [, head, body, encoded = ''] = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/.exec(jws) ?? []
    const [header, payload] = [partOf(head), partOf(body)]
    const signature = Buffer.from(encoded, 'base64url')
    // One way of writing a signature counts.
    if (header === undefined || payload === undefined || signature.toString('base64url') !== encoded) return wrong('form')
    const named = keyNamedIn(header)
    if (named === undefined) return wrong('header')
    const claims = claimsIn(payload)
    if (claims === undefined || !named.kid.startsWith(`${claims.issuer}#`)) return wrong('claims')
    const known = byKid.get(named.kid)
    if (known === undefined) return { kind: 'key-unknown' }
    const usable = known.flatMap(({ crv, key }) => (crv === named.crv && key !== undefined ? [key] : []))
    if (usable.length === 0) return wrong('key')
    return usable.some((key) => isSigned({ key, digest: named.digest }, `${head}.${body}`, signature)) ? { kind: 'valid', claims } : wrong('signature')
  }
}

/** The key that a header names, and how it signs; undefined when it is not the header of a statement. */
function keyNamedIn({ alg, typ, crit, b64, kid }: JsonObject): { kid: string; crv: string; digest: string | null } | undefined {
  const algorithm = typeof alg === 'string' && Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
  if (algorithm === undefined || typ !== type || crit !== undefined || b64 !== undefined || typeof kid !== 'string') return undefined
  return { kid, ...algorithm }
}

function keyObject(jwk: JsonObject): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    // What node:crypto cannot use is no key of a statement.
    return undefined
  }
}

function isSigned({ key, digest }: { key: KeyObject; digest: string | null }, text: string, signature: Buffer): boolean {
  return verify(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function wrong(why: string): StatementOutcome {
  return { kind: 'wrong', why }
}

function partOf(part: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function claimsIn({ jti, iss, aud, agreement, transfer, request }: JsonObject): StatementClaims | undefined {
  if (typeof jti !== 'string' || typeof iss !== 'string' || typeof aud !== 'string' || typeof agreement !== 'string' || typeof transfer !== 'string' || typeof request !== 'string') return undefined
  return { id: jti, issuer: iss, audience: aud, agreement, transfer, request }
}

/** The digest of a request as it is recorded, in the form that statements are bound to. */
export function recordedRequestDigest(request: unknown): string | undefined {
  if (!isObject(request)) return undefined
  const { method, path = '', query = '', accept = null, range = null, prefer = null } = request
  const parts = [method, path, query, accept, range, prefer]
  if (!parts.every((part) => part === null || typeof part === 'string')) return undefined
  return hash('sha256', JSON.stringify(['concordat-request-1', ...parts]), 'base64url')
}
