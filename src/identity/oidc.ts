import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JSONWebKeySet, JWTPayload } from 'jose'
import { ProblemError } from '../errors.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import { parseJson } from '../http/json-body.ts'
import { skewSeconds } from './keys.ts'

/** Whose access tokens are taken, and where they name the user and the roles. */
export interface OidcSettings {
  /** The issuer's identifier; its metadata are below it. */
  readonly issuer: string
  /** What a token must be for. */
  readonly audience: string
  /** A claim, or a path of claims joined with dots: `realm_access.roles`. */
  readonly roleClaim: string
  readonly userClaim: string
}

/** Who an access token is of. */
export interface OidcUser {
  readonly issuer: string
  readonly user: string
  readonly roles: readonly string[]
}

const maxLength = 16 * 1024
const keysMs = 600_000
/** How often the keys are fetched again for one that is not among them, and after a failure. */
const againMs = 10_000

// RFC 8725 §3.1: algorithms that are named here, all of them with public keys.
const algorithms = ['EdDSA', 'ES256', 'ES384', 'PS256', 'RS256']

/**
 * Verifies JWT access tokens (RFC 9068 §4) of one issuer, whose keys are found through its metadata (OpenID Connect
 * Discovery §4). 'unauthenticated' for every token that does not count.
 */
export function createOidc(deps: { http: OutboundHttp; clock: () => Date; settings: OidcSettings }): (token: string) => Promise<OidcUser> {
  const { settings, clock } = deps
  const keys = createKeys(deps)
  return async (token) => {
    const kid = checkHeader(token)
    const { payload } = await verified(token, await keys(kid), { settings, now: clock() })
    return { issuer: settings.issuer, user: userIn(payload, settings.userClaim), roles: rolesIn(payload, settings.roleClaim) }
  }
}

function refused(why: string, cause?: unknown): ProblemError {
  return new ProblemError('unauthenticated', `The access token does not count: ${why}.`, { cause })
}

// Before anything is fetched.
function checkHeader(token: string): string | undefined {
  if (token.length > maxLength) throw refused(`it is longer than ${maxLength} characters`)
  const { alg, typ, kid } = headerOf(token)
  // RFC 9068 §4: the typ tells access tokens from ID tokens, which anyone may have who ever signed in.
  if (!/^(application\/)?at\+jwt$/i.test(typ ?? '')) throw refused('its typ must be at+jwt (RFC 9068); the issuer may have to be told to write it')
  if (alg === undefined || !algorithms.includes(alg)) throw refused(`it must be signed with ${algorithms.join(', ')}`)
  return kid
}

function headerOf(token: string): { alg?: string; typ?: string; kid?: string } {
  try {
    return decodeProtectedHeader(token)
  } catch (cause) {
    throw refused('it cannot be read', cause)
  }
}

async function verified(token: string, keys: JSONWebKeySet, { settings, now }: { settings: OidcSettings; now: Date }): Promise<{ payload: JWTPayload }> {
  try {
    return await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms,
      issuer: settings.issuer,
      audience: settings.audience,
      currentDate: now,
      clockTolerance: skewSeconds,
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub'],
    })
  } catch (cause) {
    // The library's messages name the claim, never its value.
    throw refused(Error.isError(cause) && 'code' in cause && String(cause.code).startsWith('ERR_J') ? cause.message : 'its signature cannot be verified', cause)
  }
}

interface Fetched {
  readonly keys: JSONWebKeySet
  readonly at: number
}

/** The issuer's keys: fetched anew when they are old or lack the key that is asked for, but not for every made-up one. */
function createKeys(deps: { http: OutboundHttp; clock: () => Date; settings: OidcSettings }): (kid: string | undefined) => Promise<JSONWebKeySet> {
  let fetched: Fetched | undefined
  let tried = Number.NEGATIVE_INFINITY
  let running: Promise<Fetched> | undefined
  const now = () => deps.clock().getTime()

  function fetchOnce(): Promise<Fetched> {
    if (running !== undefined) return running
    tried = now()
    running = fetchKeys(deps.http, deps.settings.issuer)
      .then((keys) => (fetched = { keys, at: now() }))
      .finally(() => (running = undefined))
    return running
  }
  return async (kid) => {
    const age = fetched === undefined ? Number.POSITIVE_INFINITY : now() - fetched.at
    // Should the issuer not answer, what it said before still counts for a while.
    const usable = age < 2 * keysMs ? fetched?.keys : undefined
    if (age < keysMs && usable !== undefined && (kid === undefined || usable.keys.some((key) => key.kid === kid))) return usable
    const orElse = (cause?: unknown) => {
      if (usable === undefined) throw unreachable(deps.settings.issuer, cause)
      return usable
    }
    if (running === undefined && now() - tried < againMs) return orElse()
    return fetchOnce().then(({ keys }) => keys, orElse)
  }
}

function unreachable(issuer: string, cause?: unknown): ProblemError {
  return new ProblemError('peer-failed', `The keys of the issuer ${issuer} cannot be read. Try again in a moment; an operator checks CONCORDAT_OIDC_ISSUER.`, { cause })
}

async function fetchKeys(http: OutboundHttp, issuer: string): Promise<JSONWebKeySet> {
  const metadata = await fetchJson(http, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  // OpenID Connect Discovery §4.3: metadata of another issuer are not this one's, whoever serves them.
  if (metadata['issuer'] !== issuer) throw new ProblemError('peer-failed', 'The metadata are of another issuer.')
  const address = metadata['jwks_uri']
  if (typeof address !== 'string') throw new ProblemError('peer-failed', 'The metadata name no keys.')
  const { keys } = await fetchJson(http, address)
  if (!Array.isArray(keys)) throw new ProblemError('peer-failed', 'The keys cannot be read.')
  // Secrets have no place among public keys: whoever could read the set could sign with them.
  return { keys: keys.filter((key: unknown) => isObject(key) && typeof key['kty'] === 'string' && key['kty'] !== 'oct').slice(0, 100) }
}

async function fetchJson(http: OutboundHttp, url: string): Promise<Record<string, unknown>> {
  const answer = await http.fetch(http.check(url).href, { headers: { Accept: 'application/json' }, timeoutMs: 5_000, maxBytes: 256 * 1024 })
  const value = answer.status === 200 ? parseJson(answer.body.toString('utf8')) : undefined
  if (!isObject(value)) throw new ProblemError('peer-failed', `The issuer answered with status ${answer.status}, or with something that is no JSON object.`)
  return value
}

// It is recorded and goes into headers, so it must be plain text.
const plainText = /^[^\p{C}]{1,200}$/u

function userIn(payload: JWTPayload, claim: string): string {
  const user = claimOf(payload, claim)
  if (typeof user !== 'string' || !plainText.test(user)) throw refused(`its claim ${claim} names no user`)
  return user
}

function rolesIn(payload: JWTPayload, claim: string): string[] {
  const value = claimOf(payload, claim)
  const roles: readonly unknown[] = Array.isArray(value) ? value.slice(0, 200) : [value]
  return [...new Set(roles.flatMap((role) => (typeof role === 'string' && plainText.test(role) ? [role] : [])))]
}

/** A claim by its name; where there is none of that name, by its path. */
function claimOf(payload: JWTPayload, claim: string): unknown {
  if (Object.hasOwn(payload, claim)) return payload[claim]
  return claim.split('.').reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), payload)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
