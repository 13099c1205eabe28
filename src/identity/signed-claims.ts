import { isProblem } from '../errors.ts'
import type { PublicJwk } from './did-document.ts'
import type { Resolver } from './did-web.ts'
import { skewSeconds } from './keys.ts'

// What tokens and statements of participants have in common: who may sign how, with which key, and for how long it counts.

/** The algorithms that are accepted, each with the one kind of key it goes with, and the digest that is signed (RFC 7518 §3.4, RFC 8037 §3.1). All are asymmetric. */
export const algorithms: Readonly<Record<string, { readonly kty: string; readonly crv: string; readonly digest: string | null }>> = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519', digest: null },
  ES256: { kty: 'EC', crv: 'P-256', digest: 'sha256' },
}

/** Is told of a key of another participant under which something verified; it must not wait. */
export type OnKey = (key: { readonly owner: string; readonly kid: string; readonly jwk: PublicJwk }) => void

/** The key of `kid` in the DID document of its issuer. `refused` words why there is none: the document cannot be read, or does not have it. */
export async function issuerKey(resolver: Resolver, { issuer, kid }: { readonly issuer: string; readonly kid: string }, refused: (fault: 'unreadable' | 'missing', cause?: unknown) => Error): Promise<PublicJwk> {
  try {
    const { keys } = await resolver.resolve(issuer, kid)
    const jwk = keys.get(kid)
    if (jwk !== undefined) return jwk
  } catch (cause) {
    if (isProblem(cause) && cause.code === 'too-many-requests') throw cause
    throw refused('unreadable', cause)
  }
  throw refused('missing')
}

/** What is wrong with the times of claims (RFC 7519 §4.1.4 to §4.1.6), in seconds since 1970; clocks may differ by a little. */
export function timeFault({ iat, exp, nbf }: { readonly iat: number; readonly exp: number; readonly nbf: unknown }, { now, longest }: { readonly now: number; readonly longest: number }): 'expired' | 'future' | 'early' | 'long' | undefined {
  if (exp + skewSeconds <= now) return 'expired'
  if (iat - skewSeconds > now) return 'future'
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf - skewSeconds > now)) return 'early'
  return exp <= iat || exp - iat > longest ? 'long' : undefined
}
