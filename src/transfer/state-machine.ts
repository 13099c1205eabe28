import type { Role } from '../persistence/schema.ts'

/** The states of a transfer process (DSP 2025-1, transfer §1.2). */
export type TransferState = 'REQUESTED' | 'STARTED' | 'SUSPENDED' | 'COMPLETED' | 'TERMINATED'

/** What a party can do in a transfer; each is one message. */
export type TransferAct = 'request' | 'start' | 'suspend' | 'complete' | 'terminate'

interface Step {
  readonly by: Role | 'either'
  readonly to: TransferState
}

const terminate = { by: 'either', to: 'TERMINATED' } as const

/** The transfer as a table: state, act, who may do it, and the state it leads to. `START` is before the first message. */
export const transferSteps = {
  START: { request: { by: 'consumer', to: 'REQUESTED' } },
  REQUESTED: { start: { by: 'provider', to: 'STARTED' }, terminate },
  STARTED: { suspend: { by: 'either', to: 'SUSPENDED' }, complete: { by: 'either', to: 'COMPLETED' }, terminate },
  SUSPENDED: { start: { by: 'either', to: 'STARTED' }, terminate },
  COMPLETED: {},
  TERMINATED: {},
} as const satisfies Record<TransferState | 'START', Partial<Record<TransferAct, Step>>>

/** The state that `act` by `sender` leads to from `state`, or undefined when it is not allowed. */
export function nextState(state: TransferState | 'START', act: TransferAct, sender: Role): TransferState | undefined {
  const steps: Partial<Record<TransferAct, Step>> = transferSteps[state]
  const step = steps[act]
  return step !== undefined && (step.by === 'either' || step.by === sender) ? step.to : undefined
}

/** Whether nothing can follow `state`. */
export function isFinal(state: TransferState): boolean {
  return Object.keys(transferSteps[state]).length === 0
}

/** Whether `value` names a state. */
export function isTransferState(value: string): value is TransferState {
  return value !== 'START' && Object.hasOwn(transferSteps, value)
}
