import canonicalize from 'canonicalize'
import { createHash } from 'node:crypto'
import type { LogFault } from '../log.ts'

/** The id of a fault follows from what was found: the same finding has the same id, also after it was resolved. */
export function faultId({ log, kind, detail }: LogFault): string {
  const text = canonicalize({ log, kind, detail })
  if (text === undefined) throw new Error(`The detail of a fault of ${log} is not JSON`)
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
