import type { Agreement } from '../agreements/store.ts'
import { ProblemError } from '../errors.ts'
import { cutPage, decodeCursor } from '../persistence/cursor.ts'
import type { Role } from '../persistence/schema.ts'
import type { TransferDeps } from './change.ts'
import { endOutlived, revokeAgreement } from './end.ts'
import type { Revocation } from './end.ts'
import { act, fail, get, giveWay, request } from './initiate.ts'
import type { RequestInput } from './initiate.ts'
import type { DataAddress, TransferMessage, TransferProcess, TransferRequestMessage } from './messages.ts'
import { receive, receiveRequest } from './receive.ts'
import type { TransferState } from './state-machine.ts'
import { findTransfer, learnCounterpartyPid, selectTransfers } from './store.ts'
import { toTransferProcess } from './transfer.ts'
import type { Transfer } from './transfer.ts'

/** A transfer as our own people see it: without the data address, which holds a token. */
export type TransferView = Omit<Transfer, 'dataAddress'>

interface Why {
  /** Who of us does it. */
  readonly actor?: string
  readonly code?: string
  readonly reason?: string
}

/** Transfer processes, in both roles (DSP 2025-1, transfer). */
export interface Transfers {
  receiveRequest(partner: { id: string }, message: TransferRequestMessage): Promise<TransferProcess>
  receive(partner: { id: string }, pid: string, message: TransferMessage): Promise<void>
  /** What a partner may see of a transfer with it; 'not-found' for all others. */
  find(partner: { id: string }, pid: string): Promise<TransferProcess>
  /** We ask, as consumer. */
  request(input: RequestInput): Promise<TransferView>
  /** We start, as provider, what waits for a person. */
  start(id: string, why?: Pick<Why, 'actor'>): Promise<TransferView>
  suspend(id: string, why?: Why): Promise<TransferView>
  resume(id: string, why?: Pick<Why, 'actor'>): Promise<TransferView>
  complete(id: string, why?: Why): Promise<TransferView>
  terminate(id: string, why?: Why): Promise<TransferView>
  get(id: string): Promise<TransferView>
  /** Newest first. */
  list(query: { after?: string; limit: number; state?: TransferState; role?: Role; partner?: string; agreement?: string }): Promise<{ items: TransferView[]; next?: string }>
  /** Consumer of a started pull transfer: where to fetch. 'conflict' when there is nothing to fetch from now. */
  dataAddress(id: string): Promise<DataAddress>
  /** The transfer, if we are its provider. */
  provided(id: string): Promise<TransferView | undefined>
  /** Provider of a push transfer: where to deliver, while it is started. */
  pushAddress(id: string): Promise<{ transfer: TransferView; address: DataAddress } | undefined>
  /** What came back for our first message: the counterparty's process id. */
  acknowledge(id: string, counterpartyPid: string): Promise<void>
  /** Ends a transfer that cannot go on; `tell` sends the counterparty a termination. */
  fail(id: string, failure: { reason: string; tell: boolean }): Promise<void>
  /** The counterparty ended the transfer before it saw our last message: its end counts. */
  giveWay(id: string, to: 'COMPLETED' | 'TERMINATED'): Promise<void>
  /** Ends the transfers whose agreement has ended, in both roles. Gives how many. */
  endOutlived(): Promise<number>
  /** We as provider end an agreement now, with its transfers. 'conflict' when it has ended, or is not ours to end. */
  revokeAgreement(id: string, revocation: Revocation): Promise<Agreement>
}

export function createTransfers(deps: TransferDeps): Transfers {
  const { db } = deps.database
  const show = async (transfer: Promise<Transfer>) => viewOf(await transfer)
  return {
    receiveRequest: (partner, message) => receiveRequest(deps, partner, message),
    receive: (partner, pid, message) => receive(deps, partner, pid, message),
    find: async (partner, pid) => {
      const transfer = await findTransfer(db, pid)
      if (transfer === undefined || transfer.counterparty !== partner.id) throw new ProblemError('not-found', `There is no transfer ${pid}.`)
      return toTransferProcess(transfer)
    },
    request: (input) => show(request(deps, input)),
    start: (id, why) => show(act(deps, id, { act: 'start', only: 'REQUESTED', ...why })),
    suspend: (id, why) => show(act(deps, id, { act: 'suspend', ...why })),
    resume: (id, why) => show(act(deps, id, { act: 'start', only: 'SUSPENDED', ...why })),
    complete: (id, why) => show(act(deps, id, { act: 'complete', ...why })),
    terminate: (id, why) => show(act(deps, id, { act: 'terminate', ...why })),
    get: (id) => show(get(deps, id)),
    list: async ({ after, limit, partner, ...conditions }) => {
      const rows = await selectTransfers(db, {
        ...conditions,
        limit: limit + 1,
        ...(after === undefined ? {} : { after: decodeCursor(after) }),
        ...(partner === undefined ? {} : { counterparty: partner }),
      })
      const { items, ...more } = cutPage(rows, limit)
      return { items: items.map(viewOf), ...more }
    },
    dataAddress: async (id) => addressToFetch(await get(deps, id)),
    provided: async (id) => {
      const transfer = await findTransfer(db, id)
      return transfer?.role === 'provider' ? viewOf(transfer) : undefined
    },
    pushAddress: async (id) => {
      const transfer = await findTransfer(db, id)
      if (transfer === undefined || transfer.state !== 'STARTED' || transfer.dataAddress === null) return undefined
      return { transfer: viewOf(transfer), address: parseAddress(transfer.dataAddress) }
    },
    acknowledge: (id, counterpartyPid) => learnCounterpartyPid(db, id, counterpartyPid),
    fail: (id, failure) => fail(deps, id, failure),
    giveWay: (id, to) => giveWay(deps, id, to),
    endOutlived: () => endOutlived(deps),
    revokeAgreement: (id, revocation) => revokeAgreement(deps, id, revocation),
  }
}

function addressToFetch(transfer: Transfer): DataAddress {
  if (transfer.role !== 'consumer') throw new ProblemError('conflict', 'We are the provider of this transfer: its consumer fetches.')
  if (transfer.state !== 'STARTED') throw new ProblemError('conflict', `The transfer is ${transfer.state}: data can be fetched only while it is STARTED.`)
  if (transfer.dataAddress === null) throw new ProblemError('conflict', 'The provider has given no address to fetch from yet.')
  return parseAddress(transfer.dataAddress)
}

function parseAddress(text: string): DataAddress {
  const address: DataAddress = JSON.parse(text)
  return address
}

function viewOf({ dataAddress: _secret, ...view }: Transfer): TransferView {
  return view
}
