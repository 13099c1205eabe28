import type { Role } from '../persistence/schema.ts'

/** The states of a contract negotiation (DSP 2025-1, negotiation §1.2). */
export type NegotiationState = 'REQUESTED' | 'OFFERED' | 'ACCEPTED' | 'AGREED' | 'VERIFIED' | 'FINALIZED' | 'TERMINATED'

/** What a party can do in a negotiation; each is one message. */
export type NegotiationAct = 'request' | 'offer' | 'accept' | 'agree' | 'verify' | 'finalize' | 'terminate'

interface Step {
  readonly by: Role | 'either'
  readonly to: NegotiationState
}

const terminate = { by: 'either', to: 'TERMINATED' } as const

/**
 * The negotiation as a table: state, act, who may do it, and the state it leads to. `START` is before the first message.
 * The specification's figure lets only one side terminate in ACCEPTED, AGREED and VERIFIED, its text either side "at any
 * state" (negotiation §2.7); we take it from either side.
 */
export const negotiationSteps = {
  START: { request: { by: 'consumer', to: 'REQUESTED' }, offer: { by: 'provider', to: 'OFFERED' } },
  REQUESTED: { offer: { by: 'provider', to: 'OFFERED' }, agree: { by: 'provider', to: 'AGREED' }, terminate },
  OFFERED: { request: { by: 'consumer', to: 'REQUESTED' }, accept: { by: 'consumer', to: 'ACCEPTED' }, terminate },
  ACCEPTED: { agree: { by: 'provider', to: 'AGREED' }, terminate },
  AGREED: { verify: { by: 'consumer', to: 'VERIFIED' }, terminate },
  VERIFIED: { finalize: { by: 'provider', to: 'FINALIZED' }, terminate },
  FINALIZED: {},
  TERMINATED: {},
} as const satisfies Record<NegotiationState | 'START', Partial<Record<NegotiationAct, Step>>>

/** The state that `act` by `sender` leads to from `state`, or undefined when it is not allowed. */
export function nextState(state: NegotiationState | 'START', act: NegotiationAct, sender: Role): NegotiationState | undefined {
  const steps: Partial<Record<NegotiationAct, Step>> = negotiationSteps[state]
  const step = steps[act]
  return step !== undefined && (step.by === 'either' || step.by === sender) ? step.to : undefined
}

/** Whether nothing can follow `state`. */
export function isFinal(state: NegotiationState): boolean {
  return Object.keys(negotiationSteps[state]).length === 0
}

/** Whether `value` names a state. */
export function isNegotiationState(value: string): value is NegotiationState {
  return value !== 'START' && Object.hasOwn(negotiationSteps, value)
}
