import { ProblemError } from '../errors.ts'
import { pidsOf } from '../outbox/process.ts'
import type { Role } from '../persistence/schema.ts'
import { dspContext } from '../policy/dsp-context.ts'
import type { TransferProcess } from './messages.ts'
import type { TransferState } from './state-machine.ts'

/** A transfer process as we hold it. `id` is our process id. */
export interface Transfer {
  readonly id: string
  readonly role: Role
  readonly counterparty: string
  readonly counterpartyPid: string | null
  readonly counterpartyAddress: string
  readonly state: TransferState
  readonly agreementId: string
  readonly datasetId: string
  readonly format: string
  /** A DSP DataAddress as JSON: for the consumer of a pull where to fetch, for the provider of a push where to deliver. */
  readonly dataAddress: string | null
  readonly suspendedBy: Role | null
  readonly reason: string | null
  readonly error: string | null
  /** Counts changes. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** How data moves under a format: fetched by the consumer, or delivered by the provider. */
export type Direction = 'pull' | 'push'

/** The formats of this connector (DSP 2025-1 leaves their names to the parties; these are those of EDC). */
export function directionOf(format: string): Direction | undefined {
  if (format === 'HttpData-PULL') return 'pull'
  return format === 'HttpData-PUSH' ? 'push' : undefined
}

/** The transfer as the other side may see it. */
export function toTransferProcess(transfer: Transfer): TransferProcess {
  return { '@context': dspContext, '@type': 'TransferProcess', ...pidsOf(transfer), state: transfer.state }
}

/** A refusal about a known transfer: carries both process ids, so that the answer can name them. */
export function refusal(code: 'invalid-state' | 'pid-mismatch' | 'invalid-message' | 'conflict', transfer: Transfer, message: string): ProblemError {
  return new ProblemError(code, message, { fields: pidsOf(transfer) })
}
