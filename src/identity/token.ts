import { createPublicKey, hash, randomUUID } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { ProblemError } from '../errors.ts'
import { boundedCache } from './bounded-cache.ts'
import type { Resolver } from './did-web.ts'
import { isDidWeb } from './did-web.ts'
import { tokenSeconds } from './keys.ts'
import type { Keyring } from './keys.ts'
import { algorithms, issuerKey, timeFault } from './signed-claims.ts'
import type { OnKey } from './signed-claims.ts'

const maxTokenLength = 8 * 1024
const reuseMs = 60_000
const verifiedMs = 30_000

/** Makes header values for calling others. One value serves an audience for up to a minute. */
export function createMinter(deps: { id: string; keys: Keyring; clock: () => Date }): (audience: string) => Promise<string> {
  const now = () => deps.clock().getTime()
  const minted = boundedCache<Promise<string>>(1_000, now)
  return (audience) => {
    const key = deps.keys.current()
    const place = `${key.thumbprint} ${audience}`
    const ready = minted.get(place)
    if (ready !== undefined) return ready
    const issuedAt = Math.floor(now() / 1000)
    const signing = new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: `${deps.id}#${key.thumbprint}` })
      .setIssuer(deps.id)
      .setSubject(deps.id)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + tokenSeconds)
      .sign(key.signing)
    const value = signing.then((token) => `Bearer ${token}`)
    minted.set(place, value, now() + reuseMs)
    value.catch(() => minted.delete(place))
    return value
  }
}

export interface VerifierDeps {
  /** Our DID: the only audience that is accepted. */
  readonly id: string
  readonly resolver: Resolver
  readonly clock: () => Date
  /** Whether somebody is worth resolving; without it, everybody is. */
  readonly isPartner?: ((id: string) => Promise<boolean>) | undefined
  /** Told of each key under which something verified. */
  readonly onKey?: OnKey | undefined
}

/** Verifies header values. A verified token is remembered for up to 30 s, so that a burst costs one verification. */
export function createVerifier(deps: VerifierDeps): (authorization: string | undefined) => Promise<string> {
  const now = () => deps.clock().getTime()
  const verified = boundedCache<string>(10_000, now)
  return async (authorization) => {
    const token = tokenIn(authorization)
    const digest = hash('sha256', token, 'base64url')
    const known = verified.get(digest)
    if (known !== undefined) return known
    const { issuer, expiresAt } = await verify(deps, token)
    verified.set(digest, issuer, Math.min(expiresAt * 1000, now() + verifiedMs))
    return issuer
  }
}

function unauthenticated(why: string, cause?: unknown): ProblemError {
  return new ProblemError('unauthenticated', why, { cause })
}

function tokenIn(authorization: string | undefined): string {
  const value = authorization ?? ''
  if (value.length > maxTokenLength) throw unauthenticated(`The token is longer than ${maxTokenLength} characters.`)
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(value)?.[1]
  if (token === undefined) throw unauthenticated('The request must carry a signed token: Authorization: Bearer …')
  return token
}

async function verify(deps: VerifierDeps, token: string): Promise<{ issuer: string; expiresAt: number }> {
  const { header, payload } = decoded(token)
  const { alg = '', kid = '' } = header
  const wanted = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
  if (wanted === undefined) throw unauthenticated('The token must be signed with EdDSA or ES256.')
  // RFC 7515 §4.1.11: an extension that is critical and not understood ends it. None is understood here.
  if (header.crit !== undefined) throw unauthenticated('The token has critical extensions, which are not supported.')
  const issuer = checkParties(payload, deps.id)
  // Before anything is fetched: a key of another DID never counts, whatever that DID's document says.
  if (!kid.startsWith(`${issuer}#`)) throw unauthenticated('The kid of the token must be a DID URL of its issuer.')
  const expiresAt = checkTimes(payload, Math.floor(deps.clock().getTime() / 1000))
  if (deps.isPartner !== undefined && !(await deps.isPartner(issuer))) throw unauthenticated('The token is not one of a registered partner.')
  const jwk = await issuerKey(deps.resolver, { issuer, kid }, (fault, cause) =>
    fault === 'missing' ? unauthenticated('The key of the token is not in the DID document of its issuer.') : unauthenticated(`The DID document of ${issuer} cannot be read.`, cause),
  )
  if (jwk.kty !== wanted.kty || jwk.crv !== wanted.crv) throw unauthenticated('The key of the token does not go with its algorithm.')
  try {
    await compactVerify(token, createPublicKey({ key: { ...jwk }, format: 'jwk' }), { algorithms: [alg] })
  } catch (cause) {
    throw unauthenticated('The signature of the token is not valid.', cause)
  }
  deps.onKey?.({ owner: issuer, kid, jwk })
  return { issuer, expiresAt }
}

function decoded(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) }
  } catch (cause) {
    throw unauthenticated('The token cannot be read.', cause)
  }
}

function checkParties(payload: JWTPayload, audience: string): string {
  const { iss, sub, aud, jti } = payload
  if (typeof iss !== 'string' || !isDidWeb(iss) || sub !== iss) throw unauthenticated('The iss and the sub of the token must be the same DID.')
  const only = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  if (only !== audience) throw unauthenticated(`The token is for another audience; this is ${audience}.`)
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw unauthenticated('The token must have a jti.')
  return iss
}

function checkTimes({ iat, exp, nbf }: JWTPayload, now: number): number {
  if (typeof iat !== 'number' || typeof exp !== 'number') throw unauthenticated('The token must have iat and exp.')
  const fault = timeFault({ iat, exp, nbf }, { now, longest: tokenSeconds })
  if (fault !== undefined) throw unauthenticated(timeFaults[fault])
  return exp
}

const timeFaults = {
  expired: 'The token has expired.',
  future: 'The token was issued in the future.',
  early: 'The token is not valid yet.',
  long: `The token must be valid for ${tokenSeconds} seconds at most.`,
} as const
