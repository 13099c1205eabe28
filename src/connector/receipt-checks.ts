import type { Logger } from 'pino'
import type { Audit } from '../audit/audit.ts'
import { createReceiptChecks } from '../dataplane/receipts/checks.ts'
import type { ReceiptChecks } from '../dataplane/receipts/checks.ts'
import type { Identity, Transparency } from '../identity/identity.ts'
import type { Metrics } from '../management/metrics.ts'
import type { Database } from '../persistence/database.ts'
import { signatureTypes } from '../tlog/keys.ts'
import { vkeysOf } from './witnessing.ts'

/** Checks the receipts of partners with the log keys of their DID documents, and tells operators of what is wrong. */
export function connectReceiptChecks(deps: {
  readonly database: Database
  readonly audit: Pick<Audit, 'record'>
  readonly identity: Pick<Identity, 'transparency'>
  readonly clock: () => Date
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'receipt'>
  readonly onError: (error: unknown) => void
}): ReceiptChecks {
  const { identity, log, metrics } = deps
  return createReceiptChecks({
    ...deps,
    logKeys: async ({ partner, origin }, suffice) => {
      const keysIn = ({ logKeys }: Transparency) => vkeysOf(origin, signatureTypes.ed25519, logKeys)
      return keysIn(await identity.transparency(partner, (found) => suffice(keysIn(found))))
    },
    onChecked: ({ state, problem }, { record, partner, transfer }) => {
      metrics.receipt(state)
      if (state === 'invalid') log.error({ partner, transfer, record, problem }, 'the receipt of a provider proves nothing')
    },
  })
}
