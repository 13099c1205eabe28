import type { OutboxMessage } from '../outbox/outbox.ts'
import { pidToCome } from '../outbox/pid-to-come.ts'
import { pidsOf } from '../outbox/process.ts'
import { dspContext } from '../policy/dsp-context.ts'
import type { DataAddress, TransferMessage, TransferRequestMessage } from './messages.ts'
import type { TransferAct } from './state-machine.ts'
import type { Transfer } from './transfer.ts'

/** What a message needs beyond the transfer itself. */
export interface Sending {
  readonly messageId: string
  /** Our base address, without a trailing slash. */
  readonly callbackAddress: string
  /** In `request`: where to push to. In `start`: where to pull from. */
  readonly dataAddress?: DataAddress
  /** In `suspend` and `terminate`: why. */
  readonly code?: string
  readonly reason?: string
}

/** The message that tells the counterparty of our `act`; `transfer` is as it is after the act. */
export function outgoingMessage(transfer: Transfer, act: TransferAct, sending: Sending): OutboxMessage {
  const message = messageFor(transfer, act, sending)
  return {
    id: sending.messageId,
    kind: 'dsp',
    processId: transfer.id,
    name: message['@type'],
    recipient: transfer.counterparty,
    url: transfer.counterpartyAddress + pathFor(transfer, act),
    body: JSON.stringify({ '@context': dspContext, '@id': sending.messageId, ...message }),
  }
}

// DSP 2025-1, transfer HTTPS binding §2.2 and §2.3: the receiver's paths, by its own process id.
function pathFor(transfer: Transfer, act: TransferAct): string {
  if (act === 'request') return '/transfers/request'
  const paths = { start: 'start', suspend: 'suspension', complete: 'completion', terminate: 'termination' } as const
  return `/transfers/${encodeURIComponent(transfer.counterpartyPid ?? pidToCome)}/${paths[act]}`
}

function messageFor(transfer: Transfer, act: TransferAct, sending: Sending): TransferMessage | TransferRequestMessage {
  const pids = pidsOf({ ...transfer, counterpartyPid: transfer.counterpartyPid ?? pidToCome })
  const address = sending.dataAddress === undefined ? {} : { dataAddress: sending.dataAddress }
  const why = { ...(sending.code === undefined ? {} : { code: sending.code }), ...(sending.reason === undefined ? {} : { reason: [sending.reason] }) }
  switch (act) {
    case 'request':
      return { '@type': 'TransferRequestMessage', consumerPid: transfer.id, agreementId: transfer.agreementId, format: transfer.format, callbackAddress: sending.callbackAddress, ...address }
    case 'start':
      return { '@type': 'TransferStartMessage', ...pids, ...address }
    case 'suspend':
      return { '@type': 'TransferSuspensionMessage', ...pids, ...why }
    case 'complete':
      return { '@type': 'TransferCompletionMessage', ...pids }
    case 'terminate':
      return { '@type': 'TransferTerminationMessage', ...pids, ...why }
  }
}
