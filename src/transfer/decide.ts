import type { Agreement } from '../agreements/store.ts'
import type { TransferAct } from './state-machine.ts'
import type { Transfer } from './transfer.ts'

/** What is known when our next step is decided. */
export interface Situation {
  readonly transfer: Transfer
  readonly agreement: Agreement
  /** Why the agreement permits nothing now; undefined when it may. */
  readonly denied?: string
}

/** Our next step, or none for now, and why. */
export type Decision = { readonly act: TransferAct; readonly reason: string; readonly code?: string } | { readonly act?: undefined; readonly reason: string }

/** Decides our next step after the counterparty's. Pure: a function of what is known. */
export type TransferDecider = (situation: Situation) => Decision

/** Leaves every step to a person. */
export const manual: TransferDecider = () => ({ reason: 'A person decides.' })

/**
 * Starts what a finalized agreement allows as far as can be told before there is a request, and gives a consumer that resumes a new address (DSP 2025-1, transfer §2.3:
 * a start for pull carries an address; the old one ended with the suspension).
 */
export const automatic: TransferDecider = ({ transfer, agreement, denied }) => {
  if (transfer.role === 'consumer') return { reason: 'The other side is next.' }
  if (agreement.finalizedAt === null) return { act: 'terminate', reason: 'The agreement is not final.' }
  if (denied !== undefined) return { act: 'terminate', reason: denied, code: 'not-permitted' }
  if (transfer.state === 'REQUESTED') return { act: 'start', reason: 'The agreement allows it.' }
  return { act: 'start', reason: 'The consumer resumed.' }
}
