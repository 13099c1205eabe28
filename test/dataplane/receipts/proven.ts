import { expect } from 'vitest'
import type { Audit, AuditEntry } from '../../../src/audit/audit.ts'
import { verifyReceipt } from '../../../src/dataplane/receipts/verify-receipt.ts'

/** Whose the log of a test's data plane is. */
export const logOwner = 'did:web:connector.example'

/** What keys of a log a partner's DID document would tell. */
export const keysOf = (audit: Audit) => async () => (await audit.log.logs()).map(({ vkey }) => vkey)

/** The record that an answer names, once its receipt proves that very record. */
export async function provenBy(audit: Audit, { headers }: Pick<Response, 'headers'>): Promise<AuditEntry> {
  const index = Number(headers.get('concordat-record') ?? 'none')
  expect(index).toBeGreaterThan(0)
  const verified = await verifyReceipt(keysOf(audit))(logOwner, headers.get('concordat-receipt') ?? '')
  if (verified.state !== 'verified') throw new Error(verified.problem)
  const { leafHash, leafIndex } = await audit.log.inclusion(index)
  expect([verified.proof.leafIndex, verified.proof.leafHash.equals(leafHash)]).toEqual([leafIndex, true])
  const [entry] = await audit.entries({ after: index - 1, limit: 1 })
  if (entry?.index !== index) throw new Error(`There is no record ${index}`)
  return entry
}
