import { holdAgreement } from '../agreements/store.ts'
import type { Agreement } from '../agreements/store.ts'
import { ProblemError } from '../errors.ts'
import { otherRole, reasonText } from '../outbox/process.ts'
import { noteReceived } from '../outbox/received/store.ts'
import type { Queries, Transaction } from '../persistence/database.ts'
import { advance, changeOf, save, takeStep, tell, tellStart } from './change.ts'
import type { Change, TransferDeps } from './change.ts'
import type { Situation } from './decide.ts'
import { denialOf } from './denial.ts'
import { noteRevoked } from './end.ts'
import type { DataAddress, TransferMessage, TransferProcess, TransferRequestMessage, TransferStartMessage } from './messages.ts'
import { findByCounterpartyPid, lockTransfer } from './store.ts'
import { refusal, toTransferProcess } from './transfer.ts'
import type { Transfer } from './transfer.ts'

/** Who sent a message: a participant that authenticated and is in the register. */
interface Sender {
  readonly id: string
}

/** Takes a consumer's request for a transfer. Gives the transfer as it was right after it. */
export async function receiveRequest(deps: TransferDeps, partner: Sender, message: TransferRequestMessage): Promise<TransferProcess> {
  const address = checkedRequest(deps, message)
  return deps.database.transaction(async (tx) => {
    // Transfer §2.1: idempotent on the consumer's process id, which counts only together with who sent it.
    const known = await findByCounterpartyPid(tx.db, partner.id, message.consumerPid, 'provider')
    if (known !== undefined) return repeated(known, message)
    const agreement = await agreementFor(tx.db, partner, message.agreementId)
    const change = changeOf(newTransfer(deps, { partner, message, agreement, address }), true)
    advance(deps, change, { act: 'request', by: 'consumer', from: 'START' })
    const answer = toTransferProcess(change.transfer)
    await react(deps, tx, change, agreement)
    if (await save(deps, tx, change)) {
      if (message['@id'] !== undefined) await noteReceived(tx.db, change.transfer.id, message['@id'], deps.clock())
      return answer
    }
    const twin = await findByCounterpartyPid(tx.db, partner.id, message.consumerPid, 'provider')
    if (twin === undefined) throw refusal('conflict', change.transfer, 'The process id is in use by another transfer.')
    return repeated(twin, message)
  })
}

/** Takes any later message. */
export async function receive(deps: TransferDeps, partner: Sender, pid: string, message: TransferMessage): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const found = await lockTransfer(tx.db, pid)
    // Another partner's transfer does not exist for this one (transfer binding §2.1: not authorized is 404).
    if (found === undefined || found.counterparty !== partner.id) throw new ProblemError('not-found', `There is no transfer ${pid}.`)
    const transfer = withTheirPid(found, message)
    if (message['@id'] !== undefined && !(await noteReceived(tx.db, pid, message['@id'], deps.clock()))) return
    const change = changeOf(transfer)
    await apply(deps, tx, change, message)
    await save(deps, tx, change)
  })
}

function checkedRequest(deps: TransferDeps, message: TransferRequestMessage): { callback: string; dataAddress: string | null } {
  const direction = deps.directionOf(message.format)
  if (direction === undefined) throw new ProblemError('unsupported-format', `The format ${message.format.slice(0, 100)} is not supported. Ask for HttpData-PULL or HttpData-PUSH.`)
  deps.checkAddress(message.callbackAddress)
  const callback = message.callbackAddress.replace(/\/+$/, '')
  if (direction === 'pull') return { callback, dataAddress: null }
  const endpoint = message.dataAddress?.endpoint
  if (message.dataAddress === undefined || endpoint === undefined) throw new ProblemError('invalid-message', '/dataAddress/endpoint: is needed to push to.')
  deps.checkAddress(endpoint)
  return { callback, dataAddress: JSON.stringify(message.dataAddress) }
}

async function agreementFor(db: Queries, partner: Sender, id: string): Promise<Agreement> {
  const agreement = await holdAgreement(db, id)
  // Another partner's agreement, or one that was never finalized, does not exist for this partner.
  const usable = agreement !== undefined && agreement.role === 'provider' && agreement.counterparty === partner.id && agreement.finalizedAt !== null
  if (!usable) throw new ProblemError('not-found', `There is no agreement ${id.slice(0, 200)} to transfer under.`)
  return agreement
}

function newTransfer(
  deps: Pick<TransferDeps, 'clock' | 'newId'>,
  input: { partner: Sender; message: TransferRequestMessage; agreement: Agreement; address: { callback: string; dataAddress: string | null } },
): Transfer {
  const now = deps.clock()
  return {
    id: deps.newId(),
    role: 'provider',
    counterparty: input.partner.id,
    counterpartyPid: input.message.consumerPid,
    counterpartyAddress: input.address.callback,
    state: 'REQUESTED',
    agreementId: input.agreement.id,
    datasetId: input.agreement.datasetId,
    format: input.message.format,
    dataAddress: input.address.dataAddress,
    suspendedBy: null,
    reason: null,
    error: null,
    version: 0,
    createdAt: now,
    updatedAt: now,
  }
}

function repeated(known: Transfer, message: TransferRequestMessage): TransferProcess {
  if (known.agreementId !== message.agreementId || known.format !== message.format) throw refusal('conflict', known, 'The process id is in use by another transfer.')
  return toTransferProcess(known)
}

function withTheirPid(transfer: Transfer, message: TransferMessage): Transfer {
  const ours = transfer.role === 'provider' ? message.providerPid : message.consumerPid
  const theirs = transfer.role === 'provider' ? message.consumerPid : message.providerPid
  if (ours !== transfer.id || theirs === '' || (transfer.counterpartyPid !== null && theirs !== transfer.counterpartyPid)) {
    throw refusal('pid-mismatch', transfer, 'providerPid and consumerPid are not the pair of this transfer.')
  }
  return { ...transfer, counterpartyPid: theirs }
}

async function apply(deps: TransferDeps, tx: Transaction, change: Change, message: TransferMessage): Promise<void> {
  const before = change.transfer
  const by = otherRole(before.role)
  switch (message['@type']) {
    case 'TransferStartMessage':
      return before.role === 'consumer' ? applyStart(deps, tx, change, message) : applyResume(deps, tx, change)
    case 'TransferSuspensionMessage':
      advance(deps, change, { act: 'suspend', by, patch: { reason: reasonText(message), ...ended(before) } })
      return deps.dataPlane.revokeTokens(tx, before.id)
    case 'TransferCompletionMessage':
      advance(deps, change, { act: 'complete', by, patch: { reason: 'Completed by the partner.', ...ended(before) } })
      return deps.dataPlane.revokeTokens(tx, before.id)
    case 'TransferTerminationMessage':
      advance(deps, change, { act: 'terminate', by, patch: { error: `Ended by the partner: ${reasonText(message)}`, ...ended(before) } })
      await noteRevoked(deps, tx, change, message)
      return deps.dataPlane.revokeTokens(tx, before.id)
  }
}

function ended(transfer: Transfer): Partial<Transfer> {
  return transfer.role === 'consumer' ? { dataAddress: null } : {}
}

/** The provider starts, or after our own resumption gives the new address. */
async function applyStart(deps: TransferDeps, tx: Transaction, change: Change, message: TransferStartMessage): Promise<void> {
  const { transfer } = change
  if (await crossesOurSuspension(deps, tx, transfer)) {
    // The suspension counts. Where the provider has it already, it says so again: whichever came first there, both end suspended.
    if (!(await deps.outbox.owes(tx, transfer.id))) tell(deps, change, 'suspend', { reason: 'Suspended while the start was on its way.' })
    return
  }
  const address = addressOf(message.dataAddress)
  // Resumed by us, the transfer counts as started; the provider's own start then brings the address and changes no state.
  const awaitsAddress = transfer.state === 'STARTED' && transfer.dataAddress === null && address !== null && deps.directionOf(transfer.format) === 'pull'
  if (awaitsAddress) {
    change.transfer = { ...transfer, dataAddress: address, version: transfer.version + 1, updatedAt: deps.clock() }
    return
  }
  advance(deps, change, { act: 'start', by: 'provider', patch: { dataAddress: address, reason: 'Started by the partner.' } })
}

// How long a start that was sent before our suspension may be under way.
const crossingMs = 10_000

/** Whether a start may be the provider's answer to our resumption, overtaken by our next suspension. */
async function crossesOurSuspension(deps: TransferDeps, tx: Transaction, transfer: Transfer): Promise<boolean> {
  if (transfer.state !== 'SUSPENDED' || transfer.suspendedBy !== 'consumer') return false
  const since = deps.clock().getTime() - transfer.updatedAt.getTime()
  return since < crossingMs || deps.outbox.owes(tx, transfer.id)
}

function addressOf(address: DataAddress | undefined): string | null {
  return address === undefined ? null : JSON.stringify(address)
}

/** The consumer resumes. What the provider suspended, only the provider resumes. */
async function applyResume(deps: TransferDeps, tx: Transaction, change: Change): Promise<void> {
  const { transfer } = change
  if (transfer.state === 'SUSPENDED' && transfer.suspendedBy === 'provider') {
    throw refusal('invalid-state', transfer, 'The provider suspended this transfer, so only the provider can resume it.')
  }
  advance(deps, change, { act: 'start', by: 'consumer', patch: { reason: 'Resumed by the partner.' } })
  const agreement = await holdAgreement(tx.db, transfer.agreementId)
  if (agreement === undefined) throw new Error(`The agreement ${transfer.agreementId} of a transfer is missing`)
  const decision = deps.decide(await situationOf(deps, tx, change, agreement))
  if (decision.act === 'start') await tellStart(deps, tx, change)
  else if (decision.act !== undefined) await takeStep(deps, tx, change, decision)
}

/** Decides and takes our next step, in the same transaction as the message that made it possible. */
async function react(deps: TransferDeps, tx: Transaction, change: Change, agreement: Agreement): Promise<void> {
  const decision = deps.decide(await situationOf(deps, tx, change, agreement))
  if (decision.act === undefined) change.transfer = { ...change.transfer, reason: decision.reason }
  else await takeStep(deps, tx, change, decision)
}

async function situationOf(deps: TransferDeps, tx: Transaction, { transfer }: Change, agreement: Agreement): Promise<Situation> {
  const denied = await denialOf(tx.db, agreement, deps.clock())
  return { transfer, agreement, ...(denied === undefined ? {} : { denied }) }
}
