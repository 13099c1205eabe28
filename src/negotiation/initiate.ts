import { ProblemError } from '../errors.ts'
import type { Transaction } from '../persistence/database.ts'
import type { MessageOffer } from '../policy/odrl.ts'
import { advance, changeOf, save, takeStep } from './change.ts'
import type { NegotiationDeps } from './change.ts'
import type { DecisionMode, Negotiation } from './negotiation.ts'
import { readTerms, requireTerms, termsFault } from './offered-terms.ts'
import { newNegotiation } from './receive.ts'
import { nextState } from './state-machine.ts'
import type { NegotiationAct } from './state-machine.ts'
import { findNegotiation, lockNegotiation, lockOverdue } from './store.ts'

/** We as consumer ask a provider for an offer of its catalog. */
export interface RequestInput {
  readonly partner: string
  readonly offer: MessageOffer
  /** The provider's base address; by default what the register or its DID document says. */
  readonly address?: string
  readonly decision?: DecisionMode
  /** Who of us does it. */
  readonly actor?: string
}

/** We as provider put an offer of ours to a consumer, unasked. */
export interface OfferInput {
  readonly partner: string
  readonly offerId: string
  readonly datasetId?: string
  readonly address?: string
  /** Who of us does it. */
  readonly actor?: string
}

export async function request(deps: NegotiationDeps, input: RequestInput): Promise<Negotiation> {
  readTerms(input.offer)
  const address = await addressOf(deps, input)
  const negotiation = newNegotiation(deps, { partner: input.partner, pid: null, callbackAddress: address, role: 'consumer', offer: input.offer, ...(input.decision === undefined ? {} : { decision: input.decision }) })
  return begin(deps, 'request', { negotiation, actor: input.actor })
}

export async function offer(deps: NegotiationDeps, input: OfferInput): Promise<Negotiation> {
  const address = await addressOf(deps, input)
  const current = await deps.currentOffer(deps.database.db, input.partner, input.offerId, input.datasetId)
  if (current === undefined) throw new ProblemError('unknown-offer', `There is no offer ${input.offerId} that ${input.partner} may see. "concordat offer list" shows the offers.`)
  const message: MessageOffer = { '@id': current.offerId, '@type': 'Offer', target: current.datasetId, ...current.policy }
  const negotiation = newNegotiation(deps, { partner: input.partner, pid: null, callbackAddress: address, role: 'provider', offer: message, current })
  return begin(deps, 'offer', { negotiation, actor: input.actor })
}

async function begin(deps: NegotiationDeps, act: 'request' | 'offer', { negotiation, actor }: { negotiation: Negotiation; actor: string | undefined }): Promise<Negotiation> {
  const begun = await deps.database.transaction(async (tx) => {
    const change = changeOf(negotiation, true)
    takeStep(deps, change, { act, reason: 'Begun here.', from: 'START', actor })
    await save(deps, tx, change)
    return change.negotiation
  })
  deps.outbox.wake()
  return begun
}

/** Takes a step that a person chose. Refuses one that the state does not allow ('conflict'). */
export async function act(deps: NegotiationDeps, id: string, step: { act: NegotiationAct; reason?: string; code?: string; offer?: MessageOffer; actor?: string | undefined }): Promise<Negotiation> {
  const after = await deps.database.transaction(async (tx) => {
    const negotiation = await lockNegotiation(tx.db, id)
    if (negotiation === undefined) throw missing(id)
    if (nextState(negotiation.state, step.act, negotiation.role) === undefined) {
      throw new ProblemError('conflict', `The ${negotiation.role} cannot ${step.act} while the negotiation is ${negotiation.state}. "concordat negotiation show ${id}" tells what is next.`)
    }
    const change = changeOf(negotiation)
    await requireAgreeableStep(deps, tx, negotiation, step)
    const patch = step.offer === undefined ? {} : counterOffer(negotiation, step.offer)
    takeStep(deps, change, { act: step.act, reason: step.reason ?? 'Decided by a person.', patch, actor: step.actor, ...(step.code === undefined ? {} : { code: step.code }) })
    await save(deps, tx, change)
    return change.negotiation
  })
  deps.outbox.wake()
  return after
}

// Whoever decides: nothing is put forward or agreed that could not be enforced.
async function requireAgreeableStep(deps: NegotiationDeps, tx: Transaction, negotiation: Negotiation, step: { act: NegotiationAct; offer?: MessageOffer }): Promise<void> {
  const { role, counterparty: partner, datasetId } = negotiation
  if (step.offer !== undefined) {
    if (role === 'provider') await requireTerms(deps, tx.db, { partner, datasetId, offer: step.offer })
    else readTerms(step.offer)
  }
  if (step.act !== 'agree') return
  const fault = await termsFault(deps, tx.db, { partner, datasetId, offer: negotiation.offer })
  if (fault !== undefined) throw new ProblemError('conflict', `This cannot be agreed: ${fault} Counter or terminate.`)
}

function counterOffer(negotiation: Negotiation, terms: MessageOffer): Partial<Negotiation> {
  return { offer: { ...terms, '@type': 'Offer', target: negotiation.datasetId }, offerId: terms['@id'], offeredBy: negotiation.role }
}

const approvals: Readonly<Record<string, NegotiationAct>> = {
  'provider REQUESTED': 'agree',
  'provider ACCEPTED': 'agree',
  'provider VERIFIED': 'finalize',
  'consumer OFFERED': 'accept',
  'consumer AGREED': 'verify',
}

/** Takes whatever step waits for a person. */
export async function approve(deps: NegotiationDeps, id: string, actor?: string): Promise<Negotiation> {
  const negotiation = await findNegotiation(deps.database.db, id)
  if (negotiation === undefined) throw missing(id)
  const next = approvals[`${negotiation.role} ${negotiation.state}`]
  if (next === undefined) throw new ProblemError('conflict', `Nothing waits for approval: the negotiation is ${negotiation.state}.`)
  return act(deps, id, { act: next, reason: 'Approved by a person.', actor })
}

/** Ends a negotiation that cannot go on: the counterparty refused a message, or ended it without telling. */
export async function fail(deps: NegotiationDeps, id: string, failure: { reason: string; tell: boolean }): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const negotiation = await lockNegotiation(tx.db, id)
    if (negotiation === undefined || nextState(negotiation.state, 'terminate', negotiation.role) === undefined) return
    const change = changeOf(negotiation)
    takeStep(deps, change, { act: 'terminate', reason: failure.reason, code: 'failed' })
    // Without its process id the counterparty cannot be told, and one that has ended need not be.
    if (!failure.tell || negotiation.counterpartyPid === null) change.messages.length = 0
    await save(deps, tx, change)
  })
  deps.outbox.wake()
}

/**
 * The provider finalized before our termination came, and refuses it: the agreement counts there, so it counts here. What
 * we had not verified counts for nobody, whatever the provider says; our own record tells.
 */
export async function giveWay(deps: NegotiationDeps, id: string): Promise<void> {
  const { agreementId } = (await findNegotiation(deps.database.db, id)) ?? { agreementId: null }
  if (agreementId === null) return
  const verified = await deps.audit.entries({ agreement: agreementId, type: 'negotiation.verified', limit: 10 })
  if (!verified.some((entry) => entry['negotiation'] === id && entry['by'] === 'self')) return
  await deps.database.transaction(async (tx) => {
    const negotiation = await lockNegotiation(tx.db, id)
    if (negotiation === undefined || negotiation.role !== 'consumer' || negotiation.state !== 'TERMINATED') return
    const change = changeOf(negotiation)
    // Our termination is taken back: finalizing leads on from the state in which we verified.
    advance(deps, change, { act: 'finalize', by: 'provider', from: 'VERIFIED', patch: { error: null, reason: 'Finalized by the partner before our termination came.' } })
    change.finalized = agreementId
    await save(deps, tx, change)
  })
}

/** Ends the negotiations that made no progress until their deadline. Gives how many. */
export async function endOverdue(deps: NegotiationDeps): Promise<number> {
  const ended = await deps.database.transaction(async (tx) => {
    const overdue = await lockOverdue(tx.db, deps.clock(), 100)
    for (const negotiation of overdue) {
      const change = changeOf(negotiation)
      takeStep(deps, change, { act: 'terminate', reason: 'No progress until the deadline.', code: 'deadline' })
      await save(deps, tx, change)
    }
    return overdue.length
  })
  if (ended > 0) deps.outbox.wake()
  return ended
}

async function addressOf(deps: NegotiationDeps, input: { partner: string; address?: string }): Promise<string> {
  const address = input.address ?? (await deps.partnerAddress(input.partner))
  deps.checkAddress(address)
  return address.replace(/\/+$/, '')
}

export function missing(id: string): ProblemError {
  return new ProblemError('not-found', `There is no negotiation ${id}.`)
}
