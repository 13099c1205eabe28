import { ProblemError } from '../errors.ts'
import { cutPage, decodeCursor } from '../persistence/cursor.ts'
import type { Role } from '../persistence/schema.ts'
import type { MessageOffer } from '../policy/odrl.ts'
import type { NegotiationDeps } from './change.ts'
import { act, approve, endOverdue, fail, giveWay, missing, offer, request } from './initiate.ts'
import type { OfferInput, RequestInput } from './initiate.ts'
import type { ContractNegotiation, ContractOfferMessage, ContractRequestMessage, NegotiationMessage } from './messages.ts'
import { toContractNegotiation } from './negotiation.ts'
import type { Negotiation } from './negotiation.ts'
import { receive, receiveInitialOffer, receiveRequest } from './receive.ts'
import type { NegotiationState } from './state-machine.ts'
import { findNegotiation, learnCounterpartyPid, selectNegotiations } from './store.ts'

/** A negotiation as our own people see it. */
export type NegotiationView = Negotiation

/** Contract negotiations, in both roles (DSP 2025-1, negotiation). */
export interface Negotiations {
  /** A consumer's first request. */
  receiveRequest(partner: { id: string }, message: ContractRequestMessage): Promise<ContractNegotiation>
  /** A provider's first offer, unasked. */
  receiveInitialOffer(partner: { id: string }, message: ContractOfferMessage): Promise<ContractNegotiation>
  /** Every other message; `raw` is the body as it came. */
  receive(partner: { id: string }, pid: string, message: NegotiationMessage, raw: string): Promise<void>
  /** What a partner may see of a negotiation with it; 'not-found' for all others. */
  find(partner: { id: string }, pid: string): Promise<ContractNegotiation>
  /** We ask, as consumer. */
  request(input: RequestInput): Promise<NegotiationView>
  /** We offer, as provider, unasked. */
  offer(input: OfferInput): Promise<NegotiationView>
  accept(id: string, actor?: string): Promise<NegotiationView>
  /** A counter-request (consumer) or counter-offer (provider). */
  counter(id: string, terms: MessageOffer, actor?: string): Promise<NegotiationView>
  agree(id: string): Promise<NegotiationView>
  verify(id: string): Promise<NegotiationView>
  finalize(id: string): Promise<NegotiationView>
  /** Whatever step waits for a person: agree, accept, verify or finalize. */
  approve(id: string, actor?: string): Promise<NegotiationView>
  terminate(id: string, why?: { code?: string; reason?: string; actor?: string }): Promise<NegotiationView>
  get(id: string): Promise<NegotiationView>
  /** Newest first. */
  list(query: { after?: string; limit: number; state?: NegotiationState; role?: Role; partner?: string }): Promise<{ items: NegotiationView[]; next?: string }>
  /** What came back for our first message: the counterparty's process id. */
  acknowledge(id: string, counterpartyPid: string): Promise<void>
  /** Ends a negotiation that cannot go on; `tell` sends the counterparty a termination. */
  fail(id: string, failure: { reason: string; tell: boolean }): Promise<void>
  /** The provider finalized before it saw our termination: the agreement counts. */
  giveWay(id: string): Promise<void>
  /** Ends the negotiations that made no progress until their deadline. Gives how many. */
  endOverdue(): Promise<number>
}

export function createNegotiations(deps: NegotiationDeps): Negotiations {
  const { db } = deps.database
  const get = async (id: string) => {
    const negotiation = await findNegotiation(db, id)
    if (negotiation === undefined) throw missing(id)
    return negotiation
  }
  return {
    receiveRequest: (partner, message) => receiveRequest(deps, partner, message),
    receiveInitialOffer: (partner, message) => receiveInitialOffer(deps, partner, message),
    receive: (partner, pid, message, raw) => receive(deps, partner, pid, { message, raw }),
    find: async (partner, pid) => {
      const negotiation = await findNegotiation(db, pid)
      if (negotiation === undefined || negotiation.counterparty !== partner.id) throw new ProblemError('not-found', `There is no negotiation ${pid}.`)
      return toContractNegotiation(negotiation)
    },
    request: (input) => request(deps, input),
    offer: (input) => offer(deps, input),
    accept: (id, actor) => act(deps, id, { act: 'accept', actor }),
    counter: async (id, terms, actor) => act(deps, id, { act: (await get(id)).role === 'consumer' ? 'request' : 'offer', offer: terms, actor }),
    agree: (id) => act(deps, id, { act: 'agree' }),
    verify: (id) => act(deps, id, { act: 'verify' }),
    finalize: (id) => act(deps, id, { act: 'finalize' }),
    approve: (id, actor) => approve(deps, id, actor),
    terminate: (id, why) => act(deps, id, { act: 'terminate', reason: why?.reason ?? 'Ended by a person.', actor: why?.actor, ...(why?.code === undefined ? {} : { code: why.code }) }),
    get,
    list: async ({ after, limit, state, role, partner }) => {
      const rows = await selectNegotiations(db, {
        limit: limit + 1,
        ...(after === undefined ? {} : { after: decodeCursor(after) }),
        ...(state === undefined ? {} : { state }),
        ...(role === undefined ? {} : { role }),
        ...(partner === undefined ? {} : { counterparty: partner }),
      })
      return cutPage(rows, limit)
    },
    acknowledge: (id, counterpartyPid) => learnCounterpartyPid(db, id, counterpartyPid),
    fail: (id, failure) => fail(deps, id, failure),
    giveWay: (id) => giveWay(deps, id),
    endOverdue: () => endOverdue(deps),
  }
}
