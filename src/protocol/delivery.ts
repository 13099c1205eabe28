import type { Negotiations } from '../negotiation/negotiations.ts'
import type { Delivery, DueMessage } from '../outbox/outbox.ts'
import { pidToCome } from '../outbox/pid-to-come.ts'
import type { Transfers } from '../transfer/transfers.ts'

/** What a counterparty answered to a message. */
export interface Answer {
  readonly status: number
  /** The body, when it is JSON. */
  readonly body?: unknown
}

/** What the delivery of protocol messages needs. */
export interface DeliveryDeps {
  readonly negotiations: Pick<Negotiations, 'get' | 'acknowledge' | 'fail' | 'giveWay'>
  readonly transfers: Pick<Transfers, 'get' | 'acknowledge' | 'fail' | 'giveWay'>
  /** Sends a message; network failures are thrown ('peer-failed', 'peer-timeout'). */
  readonly post: (message: { recipient: string; url: string; body: string }) => Promise<Answer>
  /** Reads the counterparty's view of a process: its state, or undefined when it does not tell. */
  readonly peerState: (process: { recipient: string; url: string }) => Promise<string | undefined>
}

// A refusal may be a message that overtook the receiver's own bookkeeping, so it is tried a few times before it counts.
const triesAfterRefusal = 4
const retryAfterRefusalMs = 150
// EDC answers 409 while it still holds the process of our last answer; it lets go within milliseconds, under load within
// seconds. What it means by 409 for good, its own state tells.
const triesAfterConflict = 60
const quickConflicts = 20
const retryAfterConflictMs = 50
const laterAfterConflictMs = 500
const mostRemembered = 10_000

/**
 * Gives what delivers protocol messages and says what is to become of each. How often a message was refused is remembered
 * here, apart from how often it was tried: the tries of an outage say nothing about the refusal after it.
 */
export function createDelivery(deps: DeliveryDeps): (due: DueMessage) => Promise<Delivery> {
  const refusals = new Map<string, number>()
  return async (due) => {
    const delivery = await deliver(deps, due, refusals.get(due.id) ?? 0)
    refusals.delete(due.id)
    if (delivery.refusals === undefined) return delivery
    refusals.set(due.id, delivery.refusals)
    // Messages that are dropped meanwhile do not come again; the oldest make room.
    for (const [id] of refusals) {
      if (refusals.size <= mostRemembered) break
      refusals.delete(id)
    }
    return delivery
  }
}

async function deliver(deps: DeliveryDeps, due: DueMessage, refusedBefore: number): Promise<Delivery & { refusals?: number }> {
  const message = await withKnownPid(deps, due)
  if (message === undefined) return { kind: 'again', reason: 'The other side has not named its process id yet.', afterMs: 1000 }
  const answer = await deps.post(message)
  if (answer.status >= 200 && answer.status < 300) return acknowledged(deps, message, answer)
  const reason = `${message.name} was answered with ${answer.status}${detailOf(answer.body)}`
  if (isPassing(answer.status)) return { kind: 'again', reason, refusals: refusedBefore }
  const known = await reconcile(deps, message)
  if (known !== undefined) return known
  const refusals = refusedBefore + 1
  if (refusals < (answer.status === 409 ? triesAfterConflict : triesAfterRefusal)) return { kind: 'again', reason, refusals, afterMs: waitAfter(answer.status, refusals) }
  await serviceOf(deps, message).fail(message.processId, { reason, tell: true })
  return { kind: 'refused', reason }
}

function waitAfter(status: number, refusals: number): number {
  if (status !== 409) return retryAfterRefusalMs
  return refusals <= quickConflicts ? retryAfterConflictMs : laterAfterConflictMs
}

// 401 and 403: the partner may not have us in its register yet. 408, 425, 429 and 5xx: later.
function isPassing(status: number): boolean {
  return status >= 500 || [401, 403, 408, 425, 429].includes(status)
}

async function acknowledged(deps: DeliveryDeps, message: DueMessage, answer: Answer): Promise<Delivery> {
  const ours = isTransfer(message) || message.name === 'ContractRequestMessage' ? 'providerPid' : 'consumerPid'
  const pid = isFirst(message) ? field(answer.body, ours) : undefined
  if (pid !== undefined) await serviceOf(deps, message).acknowledge(message.processId, pid)
  return { kind: 'delivered' }
}

/** Asks the counterparty where the process stands, after it refused a message. */
async function reconcile(deps: DeliveryDeps, message: DueMessage): Promise<Delivery | undefined> {
  if (isFirst(message)) return undefined
  const url = message.url.replace(/(\/(?:negotiations|transfers)\/[^/]+)\/.*$/, '$1')
  const state = await deps.peerState({ recipient: message.recipient, url })
  if (state === undefined) return undefined
  if (isTransfer(message) && message.name !== 'TransferTerminationMessage' && (state === 'TERMINATED' || state === 'COMPLETED')) {
    await deps.transfers.giveWay(message.processId, state)
    return { kind: 'delivered' }
  }
  if (message.name === 'ContractNegotiationTerminationMessage' && state === 'FINALIZED') {
    await deps.negotiations.giveWay(message.processId)
    return { kind: 'delivered' }
  }
  if (state === 'TERMINATED') {
    await serviceOf(deps, message).fail(message.processId, { reason: 'The partner ended the process.', tell: false })
    return { kind: 'delivered' }
  }
  return hasReached(message, state) ? { kind: 'delivered' } : undefined
}

const ranks: Readonly<Record<string, number>> = { ACCEPTED: 1, AGREED: 2, VERIFIED: 3, FINALIZED: 4 }

// A request and an offer can be followed by each other again, so for them only the very state counts.
function hasReached(message: DueMessage, state: string): boolean {
  const aims = aimsOf(message)
  const rank = ranks[state]
  return aims.some((aim) => {
    const wanted = ranks[aim]
    return state === aim || (wanted !== undefined && rank !== undefined && rank >= wanted)
  })
}

function aimsOf(message: DueMessage): readonly string[] {
  switch (message.name) {
    case 'ContractRequestMessage':
      return ['REQUESTED']
    case 'ContractOfferMessage':
      return ['OFFERED']
    case 'ContractAgreementMessage':
      return ['AGREED']
    case 'ContractAgreementVerificationMessage':
      return ['VERIFIED']
    case 'ContractNegotiationEventMessage':
      return message.body.includes('"eventType":"FINALIZED"') ? ['FINALIZED'] : ['ACCEPTED']
    case 'TransferStartMessage':
      return ['STARTED', 'COMPLETED']
    case 'TransferSuspensionMessage':
      return ['SUSPENDED', 'COMPLETED']
    case 'TransferCompletionMessage':
      return ['COMPLETED']
    default:
      return ['TERMINATED']
  }
}

/** The message with the counterparty's process id in it, or undefined while that is not known. */
async function withKnownPid(deps: DeliveryDeps, message: DueMessage): Promise<DueMessage | undefined> {
  if (!message.url.includes(encodeURIComponent(pidToCome))) return message
  const { counterpartyPid } = await serviceOf(deps, message).get(message.processId)
  if (counterpartyPid === null) return undefined
  return {
    ...message,
    url: message.url.replace(encodeURIComponent(pidToCome), encodeURIComponent(counterpartyPid)),
    body: message.body.replace(JSON.stringify(pidToCome), JSON.stringify(counterpartyPid)),
  }
}

function serviceOf(deps: DeliveryDeps, message: DueMessage): DeliveryDeps['negotiations'] | DeliveryDeps['transfers'] {
  return isTransfer(message) ? deps.transfers : deps.negotiations
}

function isTransfer(message: DueMessage): boolean {
  return message.name.startsWith('Transfer')
}

function isFirst(message: DueMessage): boolean {
  return /\/(?:negotiations\/(?:request|offers)|transfers\/request)$/.test(message.url)
}

function field(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value
  return typeof value === 'string' && value !== '' ? value : undefined
}

function detailOf(body: unknown): string {
  const code = field(body, 'code')
  const reasons = typeof body === 'object' && body !== null && 'reason' in body ? JSON.stringify(body.reason) : undefined
  const detail = [code, reasons].filter((part) => part !== undefined).join(' ')
  return detail === '' ? '' : `: ${detail.slice(0, 500)}`
}
