import type { Delivery } from '../outbox/outbox.ts'
import type { DataAddress } from './messages.ts'
import type { Transfers, TransferView } from './transfers.ts'

/** What a try to deliver data brought. */
export type PushResult = { readonly delivered: true } | { readonly delivered: false; readonly retry: boolean; readonly reason: string }

/** What pushing needs: the transfer's state, and the data plane that moves the bytes. */
export interface PushDeps {
  readonly transfers: Pick<Transfers, 'pushAddress' | 'complete' | 'fail'>
  readonly push: (transfer: TransferView, address: DataAddress) => Promise<PushResult>
}

/** Delivers the data of a started push transfer, and completes the transfer; a transfer that is not started any more is left alone. */
export async function deliverPush(deps: PushDeps, transferId: string): Promise<Delivery> {
  const started = await deps.transfers.pushAddress(transferId)
  if (started === undefined) return { kind: 'delivered' }
  const result = await deps.push(started.transfer, started.address)
  if (result.delivered) {
    // Suspended or ended while the last bytes went: that state stands.
    if ((await deps.transfers.pushAddress(transferId)) !== undefined) await deps.transfers.complete(transferId, { reason: 'The data was delivered.' })
    return { kind: 'delivered' }
  }
  if (result.retry) return { kind: 'again', reason: result.reason }
  await deps.transfers.fail(transferId, { reason: result.reason, tell: true })
  return { kind: 'refused', reason: result.reason }
}
