import type { DataAddress } from '../dataplane/data-address.ts'
import type { dspContext } from '../policy/dsp-context.ts'
import type { TransferState } from './state-machine.ts'

export type { DataAddress } from '../dataplane/data-address.ts'

interface MessageBase {
  readonly '@context'?: unknown
  readonly '@id'?: string
}

export interface TransferRequestMessage extends MessageBase {
  readonly '@type': 'TransferRequestMessage'
  readonly consumerPid: string
  readonly agreementId: string
  readonly format: string
  readonly callbackAddress: string
  /** Only for push: where to deliver. */
  readonly dataAddress?: DataAddress
}

export interface TransferStartMessage extends MessageBase {
  readonly '@type': 'TransferStartMessage'
  readonly providerPid: string
  readonly consumerPid: string
  readonly dataAddress?: DataAddress
}

export interface TransferSuspensionMessage extends MessageBase {
  readonly '@type': 'TransferSuspensionMessage'
  readonly providerPid: string
  readonly consumerPid: string
  readonly code?: string
  readonly reason?: readonly unknown[]
}

export interface TransferCompletionMessage extends MessageBase {
  readonly '@type': 'TransferCompletionMessage'
  readonly providerPid: string
  readonly consumerPid: string
}

export interface TransferTerminationMessage extends MessageBase {
  readonly '@type': 'TransferTerminationMessage'
  readonly providerPid: string
  readonly consumerPid: string
  readonly code?: string
  readonly reason?: readonly unknown[]
}

/** Every message about a transfer that exists already. */
export type TransferMessage = TransferStartMessage | TransferSuspensionMessage | TransferCompletionMessage | TransferTerminationMessage

/** A transfer as the other side may see it. */
export interface TransferProcess {
  readonly '@context': typeof dspContext
  readonly '@type': 'TransferProcess'
  readonly providerPid: string
  readonly consumerPid: string
  readonly state: TransferState
}
