import { createHash } from 'node:crypto'
import { insertObligations } from '../agreements/obligations/store.ts'
import type { Obligation } from '../agreements/obligations/store.ts'
import { finalizeAgreement, insertAgreement } from '../agreements/store.ts'
import type { NewAgreement } from '../agreements/store.ts'
import type { Audit, AuditRecord } from '../audit/audit.ts'
import type { Outbox, OutboxMessage } from '../outbox/outbox.ts'
import { isDuplicate } from '../persistence/database.ts'
import type { Database, Queries, Transaction } from '../persistence/database.ts'
import type { Role } from '../persistence/schema.ts'
import type { OdrlAgreement, PolicyTerms } from '../policy/odrl.ts'
import { policyDigest } from '../policy/policy-digest.ts'
import { readPolicy } from '../policy/read/read.ts'
import type { DatasetFacts } from '../policy/restriction.ts'
import { termsOf } from '../policy/terms/terms.ts'
import type { NegotiationDecider } from './decide.ts'
import { refusal } from './negotiation.ts'
import type { Negotiation } from './negotiation.ts'
import { outgoingMessage } from './outgoing.ts'
import { nextState } from './state-machine.ts'
import type { NegotiationAct, NegotiationState } from './state-machine.ts'
import { insertNegotiation, updateNegotiation } from './store.ts'

/** An offer that a partner may ask for now. */
export interface CurrentOffer {
  readonly offerId: string
  readonly datasetId: string
  readonly policy: PolicyTerms
  readonly decision: 'automatic' | 'manual'
}

/** What negotiations need. */
export interface NegotiationDeps {
  readonly database: Database
  readonly audit: Audit
  readonly outbox: Outbox
  readonly clock: () => Date
  readonly newId: () => string
  /** Our participant id. */
  readonly ownId: string
  /** Our base address, where counterparties send their messages. */
  readonly callbackAddress: string
  readonly decide: NegotiationDecider
  /** The offer under this id, if `partner` may see it now. */
  readonly currentOffer: (db: Queries, partner: string, offerId: string, datasetId?: string) => Promise<CurrentOffer | undefined>
  /** What policies may refer to in a dataset of ours. */
  readonly datasetFacts: (db: Queries, datasetId: string) => Promise<DatasetFacts | undefined>
  /** Called once an agreement was kept that ends then. */
  readonly onEnding: (endsAt: Date) => void
  /** Refuses an address that may not be called ('address-refused'). */
  readonly checkAddress: (url: string) => unknown
  /** The base address of a partner's connector. */
  readonly partnerAddress: (partner: string) => Promise<string>
  /** How long a negotiation may stay without progress, in milliseconds. */
  readonly deadlineMs: number
}

/** A negotiation on its way to its next state, with all that must be written together with it. */
export interface Change {
  negotiation: Negotiation
  readonly isNew: boolean
  readonly messages: OutboxMessage[]
  readonly records: AuditRecord[]
  agreement?: NewAgreement
  obligations?: readonly Obligation[]
  /** The agreement that counts from now on. */
  finalized?: string
}

export function changeOf(negotiation: Negotiation, isNew = false): Change {
  return { negotiation, isNew, messages: [], records: [] }
}

/** Takes the step that `by` took: the one place where a state is assigned. Refuses what the table does not allow. */
export function advance(deps: Pick<NegotiationDeps, 'clock' | 'deadlineMs'>, change: Change, step: { act: NegotiationAct; by: Role; from?: NegotiationState | 'START'; patch?: Partial<Negotiation>; actor?: string | undefined }): void {
  const before = change.negotiation
  const state = nextState(step.from ?? before.state, step.act, step.by)
  if (state === undefined) {
    throw refusal('invalid-state', before, `The ${step.by} cannot ${step.act} while the negotiation is ${before.state}.`)
  }
  const now = deps.clock()
  change.negotiation = {
    ...before,
    ...step.patch,
    state,
    version: change.isNew && step.from === 'START' ? 1 : before.version + 1,
    updatedAt: now,
    deadlineAt: new Date(now.getTime() + deps.deadlineMs),
  }
  change.records.push(recordOf(change.negotiation, step))
}

function recordOf(negotiation: Negotiation, { by, patch = {}, actor }: { by: Role; patch?: Partial<Negotiation>; actor?: string | undefined }): AuditRecord {
  // Why this step was taken, not one before it.
  const { reason = null, error = null } = patch
  return {
    type: `negotiation.${negotiation.state.toLowerCase()}`,
    partner: negotiation.counterparty,
    dataset: negotiation.datasetId,
    ...(negotiation.agreementId === null ? {} : { agreement: negotiation.agreementId }),
    negotiation: negotiation.id,
    offer: negotiation.offerId,
    role: negotiation.role,
    by: by === negotiation.role ? 'self' : 'partner',
    ...(actor === undefined ? {} : { actor }),
    ...(reason === null ? {} : { reason }),
    ...(error === null ? {} : { error }),
  }
}

/** Our own step: the state, the message that tells the other side, and for `agree` the agreement. */
export function takeStep(deps: NegotiationDeps, change: Change, step: { act: NegotiationAct; reason: string; from?: 'START'; patch?: Partial<Negotiation>; code?: string; actor?: string | undefined }): void {
  const { role } = change.negotiation
  const now = deps.clock()
  const agreementId = step.act === 'agree' ? deps.newId() : (change.negotiation.agreementId ?? '')
  const failed = step.act === 'terminate' ? { error: step.reason } : {}
  const agreed = step.act === 'agree' ? { agreementId } : {}
  advance(deps, change, { ...step, by: role, patch: { ...step.patch, reason: step.reason, ...failed, ...agreed } })
  const message = outgoingMessage(change.negotiation, step.act, {
    messageId: deps.newId(),
    callbackAddress: deps.callbackAddress,
    ownId: deps.ownId,
    now,
    agreementId,
    ...(step.act === 'terminate' ? { reason: step.reason, ...(step.code === undefined ? {} : { code: step.code }) } : {}),
  })
  change.messages.push(message)
  if (step.act === 'agree') storeAgreement(deps, change, agreementIn(message.body), message.body)
  if (step.act === 'finalize') change.finalized = agreementId
}

/** Keeps the agreement with the message that carries it, byte for byte, when it ends, and what has to be done under it. */
export function storeAgreement(deps: Pick<NegotiationDeps, 'clock' | 'newId'>, change: Change, agreement: OdrlAgreement, message: string): void {
  const { negotiation } = change
  const now = deps.clock()
  const messageSha256 = createHash('sha256').update(message).digest('hex')
  const terms = termsOf(readPolicy(agreement, '/agreement'))
  const agreedAt = new Date(agreement.timestamp)
  const endsAt = terms.endsAt(agreedAt)
  change.agreement = {
    id: agreement['@id'],
    role: negotiation.role,
    negotiationId: negotiation.id,
    counterparty: negotiation.counterparty,
    assigner: agreement.assigner,
    assignee: agreement.assignee,
    datasetId: agreement.target,
    message,
    messageSha256,
    agreement,
    signedAt: agreement.timestamp,
    createdAt: now,
    endsAt,
  }
  change.obligations = terms.obligations.map((term) => ({
    id: deps.newId(),
    agreementId: agreement['@id'],
    role: negotiation.role,
    counterparty: negotiation.counterparty,
    place: term.at,
    kind: term.kind,
    action: term.action,
    assignee: term.assignee,
    dueAt: term.dueAt(agreedAt),
    rule: term.rule,
    state: 'open',
    note: null,
    createdAt: now,
    updatedAt: now,
  }))
  const obligations = change.obligations.length
  change.records.push({
    type: 'agreement.stored',
    agreement: agreement['@id'],
    partner: negotiation.counterparty,
    dataset: agreement.target,
    negotiation: negotiation.id,
    messageSha256,
    policySha256: policyDigest(agreement),
    ...(endsAt === null ? {} : { endsAt: endsAt.toISOString() }),
    ...(obligations === 0 ? {} : { obligations }),
  })
}

function agreementIn(body: string): OdrlAgreement {
  const message: { agreement: OdrlAgreement } = JSON.parse(body)
  return message.agreement
}

/**
 * Writes a change: the row, the agreement, what is owed to the other side, and last the record. Gives false, and writes
 * nothing, when the counterparty's process id belongs to a negotiation already.
 */
export async function save(deps: Pick<NegotiationDeps, 'outbox' | 'audit' | 'clock' | 'onEnding'>, tx: Transaction, change: Change): Promise<boolean> {
  const { negotiation, agreement } = change
  if (!change.isNew) await update(tx, negotiation)
  else if (!(await insertNegotiation(tx.db, negotiation))) return false
  if (agreement !== undefined && !(await insertAgreement(tx.db, agreement))) {
    throw refusal('invalid-message', negotiation, `The agreement id ${agreement.id} is in use by another agreement.`)
  }
  if (agreement !== undefined) {
    await insertObligations(tx.db, change.obligations ?? [])
    const { endsAt = null } = agreement
    if (endsAt !== null) tx.afterCommit(() => deps.onEnding(endsAt))
  }
  if (change.finalized !== undefined) await finalizeAgreement(tx.db, change.finalized, deps.clock())
  // What was owed before the end would only be refused by the other side. A first message still goes out, so that the
  // other side can name its process and be told of the end.
  if (negotiation.state === 'TERMINATED' && negotiation.counterpartyPid !== null) await deps.outbox.cancel(tx, negotiation.id)
  for (const message of change.messages) await deps.outbox.enqueue(tx, message)
  if (change.records.length > 0) await deps.audit.append(tx, ...change.records)
  return true
}

// A partner may name a process id of its own that belongs to another negotiation with us: that pair does not exist.
async function update(tx: Transaction, negotiation: Negotiation): Promise<void> {
  try {
    await updateNegotiation(tx.db, negotiation)
  } catch (error) {
    if (isDuplicate(error)) throw refusal('pid-mismatch', negotiation, 'The process id belongs to another negotiation.')
    throw error
  }
}
