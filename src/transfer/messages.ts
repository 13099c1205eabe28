import type { TransferState } from './state-machine.ts'

/** The one context of DSP 2025-1; always sent as an array, with nothing else in it (common protocol §1.2). */
export const dspContext = ['https://w3id.org/dspace/2025/1/context.jsonld'] as const

interface MessageBase {
  readonly '@context'?: unknown
  readonly '@id'?: string
}

/** Where data is fetched from or delivered to (DSP 2025-1, transfer §2.3.1). */
export interface DataAddress {
  readonly '@type': 'DataAddress'
  readonly endpointType: string
  readonly endpoint?: string
  readonly endpointProperties?: readonly { readonly '@type': 'EndpointProperty'; readonly name: string; readonly value: string }[]
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
