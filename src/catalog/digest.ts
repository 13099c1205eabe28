import canonicalize from 'canonicalize'
import { createHash } from 'node:crypto'

/** SHA-256 of something as canonical JSON (RFC 8785), hex. */
export function digestOf(value: object): string {
  const text = canonicalize(value)
  if (text === undefined) throw new Error('What is digested must be JSON')
  return createHash('sha256').update(text).digest('hex')
}
