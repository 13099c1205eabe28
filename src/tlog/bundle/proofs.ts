import { hash } from 'node:crypto'
import type { JsonValue } from '../../policy/odrl.ts'
import type { OpenedRecord } from './entry.ts'
import type { ReceiptLine } from './form.ts'
import type { JsonObject } from './json.ts'
import { createReceiptVerifier } from './receipt.ts'
import type { RecordsInput } from './records.ts'
import { createCheck, createTally } from './report.ts'
import type { Check, Finding, Limit, LimitCode, Tally } from './report.ts'
import { createStatementVerifier, recordedRequestDigest } from './statement.ts'
import type { StatementClaims, StatementOutcome } from './statement.ts'

/** Checks of what the other side has signed: statements of a consumer, receipts of a provider. */
export interface ProofChecks {
  record(opened: OpenedRecord, receipts: readonly ReceiptLine[]): void
  findings(): Finding[]
  limits(): Limit[]
}

interface Checking {
  readonly input: RecordsInput
  readonly verify: (jws: string) => StatementOutcome
  readonly verifyReceipt: ReturnType<typeof createReceiptVerifier>
  readonly statements: Check
  readonly receipts: Check
  readonly missing: Tally
  readonly unknown: Tally
  readonly unbound: Tally
  readonly withoutReceipt: Tally
  /** Digests of receipts, by the question that they stand beside, until its answer. */
  readonly kept: Map<number, string>
  readonly unverified: Tally
}

export function createProofChecks(input: RecordsInput): ProofChecks {
  const checking: Checking = {
    input,
    verify: createStatementVerifier(input.keys),
    verifyReceipt: createReceiptVerifier(input.keys, input.manifest.partner),
    statements: createCheck('statements'),
    receipts: createCheck('receipts'),
    missing: createTally(),
    unknown: createTally(),
    unbound: createTally(),
    withoutReceipt: createTally(),
    kept: new Map(),
    unverified: createTally(),
  }
  return {
    record(opened, receipts) {
      checkStatement(checking, opened)
      checkReceipts(checking, opened, receipts)
    },
    findings: () => [checking.statements.finding(), checking.receipts.finding()],
    limits: () => [
      ...limit('no-statement', checking.missing),
      ...limit('unverified-statements', checking.unknown),
      ...limit('unbound-requests', checking.unbound),
      ...limit('no-receipt', checking.withoutReceipt),
      ...limit('unverified-receipts', checking.unverified),
    ],
  }
}

function limit(what: LimitCode, { count, first }: Tally): Limit[] {
  return count === 0 ? [] : [{ what, detail: { count, first: [...first] } }]
}

// A provider has the statements of its partner; a consumer those that it made itself.
const asked = new Set(['data.permitted', 'data.denied'])
const askedByUs = 'data.requested'
const answered = new Set(['data.received', 'data.refused', 'data.aborted'])

function checkStatement(checking: Checking, { line, entry }: OpenedRecord): void {
  const { type, signed, statement } = entry
  const isAsked = typeof type === 'string' && (asked.has(type) || type === askedByUs)
  // What was asked once more has a statement of its own beside the answer.
  if (!isAsked && (typeof type !== 'string' || !answered.has(type))) return
  if (isAsked && signed === undefined && statement === undefined) return checking.missing.add({ record: line.record })
  // What was erased is told with the other closed fields.
  if (typeof signed === 'string') checkSigned(checking, { line, entry }, signed)
}

function checkSigned(checking: Checking, { line, entry }: Pick<OpenedRecord, 'line' | 'entry'>, signed: string): void {
  const outcome = checking.verify(signed)
  if (outcome.kind === 'key-unknown') return checking.unknown.add({ record: line.record })
  const why = outcome.kind === 'wrong' ? outcome.why : faultOf(checking.input, entry, { signed, claims: outcome.claims })
  if (why !== undefined) return checking.statements.wrong({ record: line.record, why })
  checking.statements.good()
  const isBound = entry['request'] === undefined || (outcome.kind === 'valid' && recordedRequestDigest(entry['request']) === outcome.claims.request)
  if (!isBound) checking.unbound.add({ record: line.record })
}

function faultOf({ manifest }: RecordsInput, { type, statement, signedSha256 }: JsonObject, { signed, claims }: { signed: string; claims: StatementClaims }): string | undefined {
  const [issuer, audience] = typeof type === 'string' && !asked.has(type) ? [manifest.connector, manifest.partner] : [manifest.partner, manifest.connector]
  if (claims.issuer !== issuer) return 'issuer'
  if (claims.audience !== audience) return 'audience'
  if (claims.agreement !== manifest.agreement) return 'agreement'
  if (statement !== undefined && statement !== claims.id) return 'id'
  if (signedSha256 !== undefined && signedSha256 !== hash('sha256', signed)) return 'digest'
  return undefined
}

/** A receipt stands beside the question, or beside the delivery; its digest is in the record of what came. */
function checkReceipts(checking: Checking, { line, entry }: OpenedRecord, receipts: readonly ReceiptLine[]): void {
  const { type, requested, receiptSha256 } = entry
  const place: Readonly<Record<string, JsonValue>> = { record: line.record }
  const [receipt] = receipts
  if (receipts.length > 1) checking.receipts.wrong({ ...place, why: 'a record has one receipt' })
  else if (receipt !== undefined) {
    checking.kept.set(line.record, hash('sha256', receipt.receipt))
    if (receipt.verified) checkReceipt(checking, place, receipt)
    else checking.unverified.add(place)
  }
  if (typeof type !== 'string' || !answered.has(type)) return
  const question = typeof requested === 'number' ? requested : line.record
  const kept = checking.kept.get(question)
  checking.kept.delete(question)
  if (kept === undefined) {
    if (requested !== undefined || receiptSha256 !== undefined) checking.withoutReceipt.add(place)
  } else if (receiptSha256 !== undefined && receiptSha256 !== kept) checking.receipts.wrong({ ...place, why: 'it is not the one that was recorded' })
}

function checkReceipt({ verifyReceipt, receipts, unverified }: Checking, place: Readonly<Record<string, JsonValue>>, receipt: ReceiptLine): void {
  const outcome = verifyReceipt(receipt)
  if (outcome.kind === 'key-unknown') unverified.add(place)
  else if (outcome.kind === 'wrong') receipts.wrong({ ...place, why: outcome.why })
  else receipts.good()
}
