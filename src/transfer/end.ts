import { endAgreement, hasEnded, lockAgreement } from '../agreements/store.ts'
import type { Agreement } from '../agreements/store.ts'
import { ProblemError } from '../errors.ts'
import type { Transaction } from '../persistence/database.ts'
import { isStorable } from '../persistence/storable-text.ts'
import { reasonText } from '../outbox/process.ts'
import { changeOf, save, takeStep } from './change.ts'
import type { Change, TransferDeps } from './change.ts'
import type { TransferTerminationMessage } from './messages.ts'
import { lockOutlived, lockRunning } from './store.ts'
import type { Transfer } from './transfer.ts'

const batch = 100

/**
 * Ends the transfers whose agreement has ended, in both roles, and tells the partners. Replicas share the work: each takes what no
 * other holds, and none is ended twice. Gives how many.
 */
export async function endOutlived(deps: TransferDeps): Promise<number> {
  let ended = 0
  for (let found = batch; found === batch; ended += found) {
    found = await deps.database.transaction(async (tx) => {
      const transfers = await lockOutlived(tx.db, deps.clock(), batch)
      for (const transfer of transfers) await end(deps, tx, transfer, { reason: 'The agreement has ended.', code: 'agreement-ended' })
      return transfers.length
    })
  }
  if (ended > 0) deps.outbox.wake()
  return ended
}

async function end(deps: TransferDeps, tx: Transaction, transfer: Transfer, why: { reason: string; code: string }): Promise<void> {
  const change = changeOf(transfer)
  await takeStep(deps, tx, change, { act: 'terminate', failed: true, ...why })
  await save(deps, tx, change)
}

/** The code of a termination that ends the agreement as well. */
const revokedCode = 'agreement-revoked'

/** The provider ended the transfer because it revoked the agreement: ours is over, too. DSP 2025-1 has no message for that of its own. */
export async function noteRevoked(deps: Pick<TransferDeps, 'clock'>, tx: Transaction, change: Change, message: TransferTerminationMessage): Promise<void> {
  const { transfer } = change
  if (transfer.role !== 'consumer' || message.code !== revokedCode) return
  const agreement = await lockAgreement(tx.db, transfer.agreementId)
  const now = deps.clock()
  if (agreement === undefined || hasEnded(agreement, now)) return
  await endNow(tx, agreement.id, now)
  change.records.push({ type: 'agreement.revoked', agreement: agreement.id, partner: agreement.counterparty, dataset: agreement.datasetId, by: 'partner', reason: reasonText(message) })
}

// From this moment on, and it is the last moment that counts which is kept.
async function endNow(tx: Transaction, id: string, now: Date): Promise<Date> {
  const endsAt = new Date(now.getTime() - 1)
  await endAgreement(tx.db, id, endsAt)
  return endsAt
}

/** Why we end an agreement, and who of us does. */
export interface Revocation {
  readonly code?: string
  readonly reason?: string
  readonly actor: string
}

/** We as provider end an agreement now, with its transfers. */
export async function revokeAgreement(deps: TransferDeps, id: string, { code, reason, actor }: Revocation): Promise<Agreement> {
  if (!isStorable([id, code, reason])) throw new ProblemError('bad-request', '/reason: must be valid Unicode without NUL.')
  const revoked = await deps.database.transaction(async (tx) => {
    const agreement = await lockAgreement(tx.db, id)
    if (agreement === undefined) throw new ProblemError('not-found', `There is no agreement ${id.slice(0, 200)}.`)
    if (agreement.role !== 'provider') throw new ProblemError('conflict', 'We are the consumer under this agreement: its provider revokes it. End the transfers with: concordat transfer terminate')
    const now = deps.clock()
    if (hasEnded(agreement, now)) throw new ProblemError('conflict', `The agreement ended at ${agreement.endsAt?.toISOString()}.`)
    const endsAt = await endNow(tx, id, now)
    const transfers = await lockRunning(tx.db, id)
    const why = { reason: `The provider revoked the agreement${reason === undefined ? '.' : `: ${reason}`}`, code: revokedCode }
    for (const transfer of transfers) await end(deps, tx, transfer, why)
    await deps.audit.append(tx, {
      type: 'agreement.revoked',
      agreement: id,
      partner: agreement.counterparty,
      dataset: agreement.datasetId,
      transfers: transfers.length,
      actor,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    })
    return { ...agreement, endsAt }
  })
  deps.outbox.wake()
  return revoked
}
