import { hash } from 'node:crypto'
import type { Audit } from '../../audit/audit.ts'
import { createGroupCommit } from '../../audit/group-commit.ts'
import { isProblem } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { findLogStart, insertReceipts, isGiven } from './store.ts'
import type { KeptReceipt } from './store.ts'
import { verifyReceipt } from './verify-receipt.ts'
import type { LogKeysOf, VerifiedProof } from './verify-receipt.ts'

/**
 * What a provider's receipt is worth: `missing` when none came, `invalid` when it does not prove the record of the answer, `unchecked`
 * when that cannot be told now, because the provider's keys cannot be had.
 */
export type ReceiptState = 'verified' | 'missing' | 'invalid' | 'unchecked'

/** A provider's receipt, and what it is worth. */
export interface CheckedReceipt {
  readonly state: ReceiptState
  /** Why it is not verified. */
  readonly problem?: string
  /** The number that the provider gave for its record. */
  readonly providerRecord?: number
  /** The tlog-proof; where it proves nothing, what came. */
  readonly receipt?: string
  readonly proof?: VerifiedProof
}

/** What our record of an answer says of its receipt. */
export function receiptFacts({ state, problem, providerRecord, receipt }: CheckedReceipt): { readonly receipt: string; readonly receiptSha256?: string; readonly receiptProblem?: string; readonly providerRecord?: number } {
  const why = state === 'verified' || state === 'missing' || problem === undefined ? {} : { receiptProblem: problem }
  return { receipt: state, ...(receipt === undefined ? {} : { receiptSha256: hash('sha256', receipt) }), ...why, ...(providerRecord === undefined ? {} : { providerRecord }) }
}

/** What came beside an answer or a delivery. */
export interface CameWith {
  readonly partner: string
  readonly record: string | undefined
  readonly receipt: string | undefined
  /** Whether it is a refusal: those of the same kind may share a record. */
  readonly refusal: boolean
  /** How far the provider's logs were known to have come before it was asked. */
  readonly known: ReadonlyMap<string, number>
}

/** What a receipt is kept beside. */
export interface KeptBeside {
  /** Our own record of the question or of the delivery. */
  readonly record: number
  readonly agreement: string
  readonly partner: string
  readonly transfer: string
  readonly refusal: boolean
}

/** The receipts that providers give us. */
export interface ReceiptChecks {
  /** How far the logs of `partner` are known to have come: the record of what is asked now comes behind it. */
  known(partner: string): ReadonlyMap<string, number>
  check(came: CameWith): Promise<CheckedReceipt>
  /** Whether the same receipt was kept before, for another answer. */
  wasGiven(checked: CheckedReceipt): Promise<boolean>
  /** Keeps it; one that was given for another answer before turns invalid. What is invalid raises the alarm. */
  keep(checked: CheckedReceipt, beside: KeptBeside): Promise<CheckedReceipt>
}

export interface ReceiptCheckDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'record'>
  readonly clock: () => Date
  readonly logKeys: LogKeysOf
  /** Told of each receipt when it is kept, for logs and metrics. */
  readonly onChecked: (checked: CheckedReceipt, beside: KeptBeside) => void
  readonly onError: (error: unknown) => void
}

/** Why a receipt that holds proves nothing of this answer. */
export const usedBefore = 'it was given for another answer before'
const mostLogs = 100
const mostOrigins = 10_000
const nothing: ReadonlyMap<string, number> = new Map()

export function createReceiptChecks(deps: ReceiptCheckDeps): ReceiptChecks {
  const { db } = deps.database
  const logs = createKnownLogs((origin) => findLogStart(db, origin))
  const verify = verifyReceipt(deps.logKeys)
  const keep = createKeeping(deps)

  async function check(came: CameWith): Promise<CheckedReceipt> {
    const { partner, record, receipt } = came
    const providerRecord = record !== undefined && /^(0|[1-9]\d{0,14})$/.test(record) ? Number(record) : undefined
    const named = providerRecord === undefined ? {} : { providerRecord }
    if (receipt === undefined) return { state: 'missing', problem: 'no receipt came', ...named }
    const result = await verify(partner, receipt)
    if (result.state !== 'verified') return { ...named, ...result }
    const { text, proof } = result
    const problem = providerRecord === undefined ? 'the answer does not name its record' : await logs.misfit(came, proof, providerRecord)
    logs.note(partner, proof)
    return { state: problem === undefined ? 'verified' : 'invalid', ...(problem === undefined ? {} : { problem }), ...named, receipt: text, proof }
  }

  async function alarm({ problem = '', providerRecord, proof }: CheckedReceipt, { record, agreement, partner, transfer }: KeptBeside): Promise<void> {
    await deps.audit.record({ type: 'receipt.invalid', agreement, partner, transfer, requested: record, problem, ...(providerRecord === undefined ? {} : { providerRecord }), ...(proof === undefined ? {} : { origin: proof.origin }) })
  }

  return {
    known: (partner) => logs.known(partner),
    check: (came) =>
      check(came).catch((error: unknown): CheckedReceipt => {
        deps.onError(error)
        return { state: 'unchecked', problem: isProblem(error) ? error.message : 'it could not be checked here' }
      }),
    wasGiven: async ({ proof }) => proof !== undefined && isGiven(db, proof),
    async keep(checked, beside) {
      let final = checked
      try {
        final = await keep(checked, beside)
      } catch (error) {
        // The answer is released already: what cannot be kept now is told to the operator.
        deps.onError(error)
        if (final.state === 'verified') final = { ...final, state: 'unchecked', problem: 'it could not be kept' }
      }
      if (final.state === 'invalid') await alarm(final, beside).catch(deps.onError)
      deps.onChecked(final, beside)
      return final
    },
  }
}

/** What earlier receipts told of partners' logs; all of it was signed with keys of theirs. */
function createKnownLogs(startOf: (origin: string) => Promise<number | undefined>) {
  const sizes = new Map<string, ReadonlyMap<string, number>>()
  const starts = new Map<string, number>()
  return {
    known: (partner: string) => sizes.get(partner) ?? nothing,
    note(partner: string, { origin, size }: VerifiedProof) {
      const before = sizes.get(partner) ?? nothing
      if ((before.get(origin) ?? 0) >= size) return
      // A partner that makes up more and more logs loses what was known of the others.
      sizes.set(partner, new Map(before.size < mostLogs ? before : []).set(origin, size))
    },
    /** What a proof that holds must not be: that of another record. */
    async misfit({ refusal, known }: CameWith, { origin, leafIndex }: VerifiedProof, record: number): Promise<string | undefined> {
      if (!refusal && leafIndex < (known.get(origin) ?? 0)) return 'its record is older than what was asked'
      const start = starts.get(origin) ?? (await startOf(origin)) ?? record - leafIndex
      if (starts.size >= mostOrigins) starts.clear()
      if (start >= 0) starts.set(origin, start)
      return start < 0 || record - leafIndex !== start ? 'it is for another record than the one that the answer names' : undefined
    },
  }
}

function createKeeping({ database: { db }, clock }: ReceiptCheckDeps): (checked: CheckedReceipt, beside: KeptBeside) => Promise<CheckedReceipt> {
  const kept = createGroupCommit(async (receipts: readonly KeptReceipt[]) => {
    const inserted = await insertReceipts(db, receipts)
    return receipts.map(({ record }) => inserted.has(record))
  })
  const rowOf = ({ state, problem, providerRecord, receipt = '', proof }: CheckedReceipt, { record, agreement, partner, refusal }: KeptBeside): KeptReceipt => ({
    record,
    agreement,
    partner,
    origin: proof?.origin ?? '',
    leafIndex: proof?.leafIndex ?? 0,
    receipt,
    verified: state === 'verified',
    problem: problem ?? null,
    providerRecord: providerRecord ?? null,
    refusal,
    receivedAt: clock(),
  })
  return async (checked, beside) => {
    if (checked.state === 'missing' || (await kept.add(rowOf(checked, beside))) || checked.state !== 'verified') return checked
    const reused: CheckedReceipt = { ...checked, state: 'invalid', problem: usedBefore }
    await kept.add(rowOf(reused, beside))
    return reused
  }
}
