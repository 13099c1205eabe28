import type { Audit, AuditRecord } from '../audit/audit.ts'
import type { Outbox, OutboxMessage } from '../outbox/outbox.ts'
import { isDuplicate } from '../persistence/database.ts'
import type { Database, Transaction } from '../persistence/database.ts'
import type { Role } from '../persistence/schema.ts'
import type { TransferDecider } from './decide.ts'
import type { DataAddress } from './messages.ts'
import { outgoingMessage } from './outgoing.ts'
import { nextState } from './state-machine.ts'
import type { TransferAct, TransferState } from './state-machine.ts'
import { insertTransfer, updateTransfer } from './store.ts'
import { refusal } from './transfer.ts'
import type { Direction, Transfer } from './transfer.ts'

/** What transfers ask of the data plane. */
export interface TransferDataPlane {
  /** Where the consumer fetches, with a new token. */
  openEndpoint(tx: Transaction, transfer: { transferId: string; partner: string }): Promise<DataAddress>
  /** Where the provider delivers to us, with a new token. */
  openInbox(tx: Transaction, transfer: { transferId: string; partner: string }): Promise<DataAddress>
  /** Ends the transfer's tokens, and cuts what is running under them after the commit. */
  revokeTokens(tx: Transaction, transferId: string): Promise<void>
}

/** What transfers need. */
export interface TransferDeps {
  readonly database: Database
  readonly audit: Audit
  readonly outbox: Outbox
  readonly dataPlane: TransferDataPlane
  readonly clock: () => Date
  readonly newId: () => string
  /** Our base address, where counterparties send their messages. */
  readonly callbackAddress: string
  readonly decide: TransferDecider
  /** Which way data moves under a format, or undefined for a format that is not supported. */
  readonly directionOf: (format: string) => Direction | undefined
  /** Refuses an address that may not be called ('address-refused'). */
  readonly checkAddress: (url: string) => unknown
  /** The base address of a partner's connector. */
  readonly partnerAddress: (partner: string) => Promise<string>
}

/** A transfer on its way to its next state, with all that must be written together with it. */
export interface Change {
  transfer: Transfer
  readonly isNew: boolean
  readonly messages: OutboxMessage[]
  readonly records: AuditRecord[]
}

export function changeOf(transfer: Transfer, isNew = false): Change {
  return { transfer, isNew, messages: [], records: [] }
}

/** Takes the step that `by` took: the one place where a state is assigned. Refuses what the table does not allow. */
export function advance(deps: Pick<TransferDeps, 'clock'>, change: Change, step: { act: TransferAct; by: Role; from?: TransferState | 'START'; patch?: Partial<Transfer>; actor?: string | undefined }): void {
  const before = change.transfer
  const state = nextState(step.from ?? before.state, step.act, step.by)
  if (state === undefined) throw refusal('invalid-state', before, `The ${step.by} cannot ${step.act} while the transfer is ${before.state}.`)
  change.transfer = {
    ...before,
    suspendedBy: state === 'SUSPENDED' ? step.by : null,
    ...step.patch,
    state,
    version: step.from === 'START' ? 1 : before.version + 1,
    updatedAt: deps.clock(),
  }
  change.records.push(recordOf(change.transfer, step))
}

function recordOf(transfer: Transfer, { by, patch = {}, actor }: { by: Role; patch?: Partial<Transfer>; actor?: string | undefined }): AuditRecord {
  // Why this step was taken, not one before it.
  const { reason = null, error = null } = patch
  return {
    type: `transfer.${transfer.state.toLowerCase()}`,
    agreement: transfer.agreementId,
    transfer: transfer.id,
    partner: transfer.counterparty,
    dataset: transfer.datasetId,
    role: transfer.role,
    by: by === transfer.role ? 'self' : 'partner',
    ...(actor === undefined ? {} : { actor }),
    format: transfer.format,
    ...(reason === null ? {} : { reason }),
    ...(error === null ? {} : { error }),
  }
}

/** Owes the counterparty the message of our `act`. */
export function tell(deps: Pick<TransferDeps, 'newId' | 'callbackAddress'>, change: Change, act: TransferAct, more: { dataAddress?: DataAddress; code?: string; reason?: string } = {}): void {
  change.messages.push(outgoingMessage(change.transfer, act, { messageId: deps.newId(), callbackAddress: deps.callbackAddress, ...more }))
}

/** Our own step: the state, what it means for tokens, and the message that tells the other side. */
export async function takeStep(deps: TransferDeps, tx: Transaction, change: Change, step: { act: TransferAct; reason: string; failed?: boolean; code?: string; actor?: string | undefined }): Promise<void> {
  const { role } = change.transfer
  advance(deps, change, { act: step.act, by: role, actor: step.actor, patch: { reason: step.reason, ...(step.failed === true ? { error: step.reason } : {}), ...addressAfter(change.transfer, step.act) } })
  if (step.act === 'start') return tellStart(deps, tx, change)
  await deps.dataPlane.revokeTokens(tx, change.transfer.id)
  tell(deps, change, step.act, step.act === 'complete' ? {} : { reason: step.reason, ...(step.code === undefined ? {} : { code: step.code }) })
}

// A consumer's address ends with the transfer or its suspension; a provider's push address is needed again after one.
function addressAfter(transfer: Transfer, act: TransferAct): Partial<Transfer> {
  return transfer.role === 'consumer' && act !== 'request' ? { dataAddress: null } : {}
}

/** Our start message: a provider's carries a new address for pull, and has the data pushed after it for push. */
export async function tellStart(deps: TransferDeps, tx: Transaction, change: Change): Promise<void> {
  const { transfer } = change
  if (transfer.role === 'consumer') return tell(deps, change, 'start')
  if (deps.directionOf(transfer.format) === 'pull') {
    const dataAddress = await deps.dataPlane.openEndpoint(tx, { transferId: transfer.id, partner: transfer.counterparty })
    return tell(deps, change, 'start', { dataAddress })
  }
  tell(deps, change, 'start')
  change.messages.push(pushJob(deps, transfer))
}

function pushJob(deps: Pick<TransferDeps, 'newId'>, transfer: Transfer): OutboxMessage {
  return {
    id: deps.newId(),
    kind: 'push',
    processId: transfer.id,
    name: 'Push',
    recipient: transfer.counterparty,
    url: transfer.counterpartyAddress,
    body: JSON.stringify({ transferId: transfer.id }),
  }
}

/** Writes a change; false, with nothing written, when the counterparty's process id belongs to a transfer already. */
export async function save(deps: Pick<TransferDeps, 'outbox' | 'audit'>, tx: Transaction, change: Change): Promise<boolean> {
  const { transfer } = change
  if (!change.isNew) await update(tx, transfer)
  else if (!(await insertTransfer(tx.db, transfer))) return false
  await dropMoot(deps, tx, change)
  for (const message of change.messages) await deps.outbox.enqueue(tx, message)
  if (change.records.length > 0) await deps.audit.append(tx, ...change.records)
  return true
}

// A delivery that waits would hold up the message of the suspension or the end; and what was owed before a termination
// would only be refused by the other side. Other messages go out in their order, so that the other side can follow.
async function dropMoot(deps: Pick<TransferDeps, 'outbox'>, tx: Transaction, { transfer, isNew }: Change): Promise<void> {
  if (isNew || transfer.state === 'REQUESTED' || transfer.state === 'STARTED') return
  if (transfer.state === 'TERMINATED' && transfer.counterpartyPid !== null) return deps.outbox.cancel(tx, transfer.id)
  await deps.outbox.cancel(tx, transfer.id, 'push')
}

// A partner may name a process id of its own that belongs to another transfer with us: that pair does not exist.
async function update(tx: Transaction, transfer: Transfer): Promise<void> {
  try {
    await updateTransfer(tx.db, transfer)
  } catch (error) {
    if (isDuplicate(error)) throw refusal('pid-mismatch', transfer, 'The process id belongs to another transfer.')
    throw error
  }
}
