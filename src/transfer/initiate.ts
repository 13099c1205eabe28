import { findAgreement, hasEnded, holdAgreement } from '../agreements/store.ts'
import { ProblemError } from '../errors.ts'
import { otherRole } from '../outbox/process.ts'
import type { Transaction } from '../persistence/database.ts'
import { advance, changeOf, save, takeStep, tell } from './change.ts'
import type { Change, TransferDeps } from './change.ts'
import { denialOf } from './denial.ts'
import { nextState } from './state-machine.ts'
import type { TransferAct } from './state-machine.ts'
import { findTransfer, lockTransfer } from './store.ts'
import type { Transfer } from './transfer.ts'

/** We as consumer ask for data under an agreement. */
export interface RequestInput {
  readonly agreementId: string
  readonly format: string
  /** The provider's base address; by default what the register or its DID document says. */
  readonly address?: string
  /** Who of us does it. */
  readonly actor?: string
}

export async function request(deps: TransferDeps, input: RequestInput): Promise<Transfer> {
  const agreement = await findAgreement(deps.database.db, input.agreementId)
  if (agreement === undefined) throw new ProblemError('not-found', `There is no agreement ${input.agreementId}. "concordat agreement list" shows the agreements.`)
  if (agreement.role !== 'consumer') throw new ProblemError('conflict', 'We are the provider under this agreement: its consumer starts transfers.')
  if (agreement.finalizedAt === null) throw new ProblemError('conflict', 'The negotiation of this agreement is not finalized yet.')
  if (hasEnded(agreement, deps.clock())) throw new ProblemError('conflict', `The agreement ended at ${agreement.endsAt?.toISOString()}. Negotiate a new one: concordat negotiate`)
  const direction = deps.directionOf(input.format)
  if (direction === undefined) throw new ProblemError('unsupported-format', `The format ${input.format.slice(0, 100)} is not supported. Use HttpData-PULL or HttpData-PUSH.`)
  const address = (input.address ?? (await deps.partnerAddress(agreement.counterparty))).replace(/\/+$/, '')
  deps.checkAddress(address)
  const now = deps.clock()
  const begun = await deps.database.transaction(async (tx) => {
    const change = changeOf(
      {
        id: deps.newId(),
        role: 'consumer',
        counterparty: agreement.counterparty,
        counterpartyPid: null,
        counterpartyAddress: address,
        state: 'REQUESTED',
        agreementId: agreement.id,
        datasetId: agreement.datasetId,
        format: input.format,
        dataAddress: null,
        suspendedBy: null,
        reason: null,
        error: null,
        version: 0,
        createdAt: now,
        updatedAt: now,
      },
      true,
    )
    advance(deps, change, { act: 'request', by: 'consumer', from: 'START', patch: { reason: 'Begun here.' }, actor: input.actor })
    await tellRequest(deps, tx, change, direction === 'push')
    await save(deps, tx, change)
    return change.transfer
  })
  deps.outbox.wake()
  return begun
}

async function tellRequest(deps: TransferDeps, tx: Transaction, change: Change, push: boolean): Promise<void> {
  const { id, counterparty } = change.transfer
  tell(deps, change, 'request', push ? { dataAddress: await deps.dataPlane.openInbox(tx, { transferId: id, partner: counterparty }) } : {})
}

/** Takes a step that a person, or the end of a delivery, chose. Refuses one that the state does not allow ('conflict'). */
export async function act(deps: TransferDeps, id: string, step: { act: TransferAct; reason?: string; code?: string; only?: Transfer['state']; actor?: string | undefined }): Promise<Transfer> {
  const after = await deps.database.transaction(async (tx) => {
    const transfer = await lockTransfer(tx.db, id)
    if (transfer === undefined) throw missing(id)
    const allowed = nextState(transfer.state, step.act, transfer.role) !== undefined && (step.only === undefined || step.only === transfer.state)
    if (!allowed) {
      throw new ProblemError('conflict', `The ${transfer.role} cannot ${step.act} while the transfer is ${transfer.state}. "concordat transfer show ${id}" tells what is next.`)
    }
    if (step.act === 'start' && transfer.role === 'consumer' && transfer.suspendedBy === 'provider') {
      throw new ProblemError('conflict', 'The provider suspended this transfer, so only the provider can resume it.')
    }
    if (step.act === 'start') await requirePermitted(deps, tx, transfer)
    const change = changeOf(transfer)
    await takeStep(deps, tx, change, { act: step.act, reason: step.reason ?? 'Decided by a person.', actor: step.actor, ...(step.code === undefined ? {} : { code: step.code }) })
    await save(deps, tx, change)
    return change.transfer
  })
  deps.outbox.wake()
  return after
}

// A person may start what waits, but not what the agreement does not permit.
async function requirePermitted(deps: TransferDeps, tx: Transaction, transfer: Transfer): Promise<void> {
  const agreement = await holdAgreement(tx.db, transfer.agreementId)
  const denied = agreement === undefined ? 'The agreement is missing.' : await denialOf(tx.db, agreement, deps.clock())
  if (denied !== undefined) throw new ProblemError('conflict', `This cannot be started: ${denied}`)
}

/** Ends a transfer that cannot go on: the counterparty refused a message, or ended it without telling. */
export async function fail(deps: TransferDeps, id: string, failure: { reason: string; tell: boolean }): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const transfer = await lockTransfer(tx.db, id)
    if (transfer === undefined || nextState(transfer.state, 'terminate', transfer.role) === undefined) return
    const change = changeOf(transfer)
    await takeStep(deps, tx, change, { act: 'terminate', reason: failure.reason, failed: true, code: 'failed' })
    // Without its process id the counterparty cannot be told, and one that has ended need not be.
    if (!failure.tell || transfer.counterpartyPid === null) change.messages.length = 0
    await save(deps, tx, change)
  })
  deps.outbox.wake()
}

/**
 * Both sides ended the transfer, or one ended and the other suspended it, before they heard of each other: each refuses the
 * other's message. Termination counts before completion, completion before suspension; whose step counts less takes it back.
 */
export async function giveWay(deps: TransferDeps, id: string, to: 'COMPLETED' | 'TERMINATED'): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const transfer = await lockTransfer(tx.db, id)
    if (transfer === undefined || transfer.state === to || transfer.state === 'TERMINATED') return
    const change = changeOf(transfer)
    const ended = transfer.role === 'consumer' ? { dataAddress: null } : {}
    const step = to === 'COMPLETED' ? ({ act: 'complete', patch: { reason: 'Completed by the partner before our message came.', ...ended } } as const) : ({ act: 'terminate', patch: { error: 'Ended by the partner before our message came.', ...ended } } as const)
    // Our step is taken back: the counterparty's leads on from the state in which it was taken.
    advance(deps, change, { ...step, by: otherRole(transfer.role), from: 'STARTED' })
    await deps.dataPlane.revokeTokens(tx, id)
    await save(deps, tx, change)
  })
}

export async function get(deps: Pick<TransferDeps, 'database'>, id: string): Promise<Transfer> {
  const transfer = await findTransfer(deps.database.db, id)
  if (transfer === undefined) throw missing(id)
  return transfer
}

function missing(id: string): ProblemError {
  return new ProblemError('not-found', `There is no transfer ${id}.`)
}
