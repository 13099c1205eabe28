import { readDataAddress } from '../dataplane/data-address.ts'
import type { TransferView } from '../transfer/transfers.ts'
import type { DeliveryView, ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { cut, pageOf, pageWith } from './page.ts'
import { etag } from './precondition.ts'
import type { RelayDeps } from './relay.ts'
import { relayData } from './transfer-data.ts'

type TransferHandlers = Pick<
  Handlers,
  | 'listTransfers'
  | 'requestTransfer'
  | 'getTransfer'
  | 'startTransfer'
  | 'suspendTransfer'
  | 'resumeTransfer'
  | 'completeTransfer'
  | 'terminateTransfer'
  | 'getDataAddress'
  | 'downloadData'
  | 'inspectData'
  | 'listDeliveries'
>

export function transferHandlers(deps: Pick<ManagementDeps, 'transfers' | 'deliveries'> & RelayDeps): TransferHandlers {
  const { transfers } = deps
  const answer = async (work: Promise<TransferView>) => {
    const transfer = await work
    return { status: 200, headers: { ETag: etag(transfer.version) }, body: show(transfer) } as const
  }
  return {
    listTransfers: async ({ query }) => {
      const { cursor: _cursor, limit: _limit, ...conditions } = query
      return { status: 200, body: pageWith(await transfers.list({ ...conditions, ...pageOf(query) }), show) }
    },
    requestTransfer: async ({ body, caller }) => {
      const transfer = await transfers.request({ agreementId: body.agreement, format: body.format ?? 'HttpData-PULL', actor: caller.name })
      return { status: 201, headers: { Location: `/transfers/${encodeURIComponent(transfer.id)}`, ETag: etag(transfer.version) }, body: show(transfer) }
    },
    getTransfer: async ({ path }) => answer(transfers.get(path.transferId)),
    startTransfer: async ({ path, caller }) => answer(transfers.start(path.transferId, { actor: caller.name })),
    suspendTransfer: async ({ path, body, caller }) => answer(transfers.suspend(path.transferId, { ...body, actor: caller.name })),
    resumeTransfer: async ({ path, caller }) => answer(transfers.resume(path.transferId, { actor: caller.name })),
    completeTransfer: async ({ path, caller }) => answer(transfers.complete(path.transferId, { actor: caller.name })),
    terminateTransfer: async ({ path, body, caller }) => answer(transfers.terminate(path.transferId, { ...body, actor: caller.name })),
    getDataAddress: async ({ path }) => {
      const { endpoint, authorization = '' } = readDataAddress(await transfers.dataAddress(path.transferId))
      return { status: 200, headers: { 'Cache-Control': 'no-store' }, body: { endpoint, authorization } }
    },
    downloadData: (call) => relayData(deps, 'GET', call),
    inspectData: (call) => relayData(deps, 'HEAD', call),
    listDeliveries: async ({ path, query }) => {
      await transfers.get(path.transferId)
      const page = cut(await deps.deliveries(path.transferId), query, (_, index) => index)
      return { status: 200, body: { items: page.items.map(showDelivery), next: page.next } }
    },
  }
}

function show(transfer: TransferView): Schemas['Transfer'] {
  const { id, role, state, format, suspendedBy, reason, error, version } = transfer
  return {
    id,
    role,
    partner: transfer.counterparty,
    partnerPid: transfer.counterpartyPid,
    partnerAddress: transfer.counterpartyAddress,
    state,
    agreement: transfer.agreementId,
    dataset: transfer.datasetId,
    format,
    suspendedBy,
    reason,
    error,
    version,
    createdAt: transfer.createdAt.toISOString(),
    updatedAt: transfer.updatedAt.toISOString(),
  }
}

function showDelivery(delivery: DeliveryView): Schemas['Delivery'] {
  const { role, fileName, bytes, sha256, path, receipt = null } = delivery
  return { role, fileName, bytes, sha256, path, receipt, completedAt: delivery.completedAt.toISOString() }
}
