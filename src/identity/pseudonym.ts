import { createHmac, hkdfSync } from 'node:crypto'

/** What a user is called towards a partner: the same each time, told to nobody else, and nothing to be computed from the name alone. */
export type Pseudonym = (partner: string, subject: readonly string[]) => string

/**
 * Keyed hashes (HMAC-SHA-256) with a key derived from `secret`. Each partner gets another, so that two of them cannot find out
 * by comparing that they serve the same person.
 */
export function createPseudonyms(secret: Buffer): Pseudonym {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'concordat pseudonyms of users', 32))
  return (partner, subject) => createHmac('sha256', key).update(JSON.stringify([partner, ...subject])).digest('base64url')
}
