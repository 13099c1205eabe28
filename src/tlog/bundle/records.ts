import { ProblemError } from '../../errors.ts'
import type { Archive } from './archive-reader.ts'
import type { AgreementDigests } from './agreement.ts'
import { openEntry } from './entry.ts'
import type { OpenedRecord } from './entry.ts'
import { readOpeningLine, readReceiptLine, readRecordLine } from './form.ts'
import type { BundleKey, Manifest, OpeningLine, ReceiptLine, RecordLine } from './form.ts'
import { createInclusionChecker } from './inclusion.ts'
import type { createNumbering, InclusionChecker } from './inclusion.ts'
import type { JsonObject } from './json.ts'
import { ahead, linesOf } from './lines.ts'
import type { Ahead } from './lines.ts'
import type { BundleLog } from './logs.ts'
import { reasonOf } from './logs.ts'
import { createProofChecks } from './proofs.ts'
import type { ProofChecks } from './proofs.ts'
import { createCheck, createTally } from './report.ts'
import type { BundleSummary, Check, Finding, Limit, Tally } from './report.ts'
import { createSequence } from './sequence.ts'
import type { Sequence } from './sequence.ts'

/** What records are checked against. */
export interface RecordsInput {
  readonly archive: Archive
  readonly manifest: Manifest
  readonly logs: ReadonlyMap<string, BundleLog>
  readonly digests: AgreementDigests | undefined
  readonly keys: readonly BundleKey[]
  /** Shared with the changes. */
  readonly isNumbered: ReturnType<typeof createNumbering>
}

export interface RecordsOutcome {
  readonly findings: readonly Finding[]
  readonly limits: readonly Limit[]
  readonly counts: Pick<BundleSummary, 'records' | 'permitted' | 'denied' | 'from' | 'until'>
  /** The log of the last record. */
  readonly lastLog: string | undefined
}

interface Checking {
  readonly input: RecordsInput
  readonly form: Check
  readonly inclusion: Check
  readonly sequence: Sequence
  readonly openings: Check
  readonly policy: Check
  readonly closed: Tally
  readonly proofs: ProofChecks
  readonly checkers: ReadonlyMap<string, InclusionChecker>
  readonly counts: { records: number; permitted: number; denied: number; from: string | null; until: string | null }
  last: { readonly record: number; readonly entry: JsonObject; readonly log: string } | undefined
}

/** Reads the records from the first to the last, each with its openings and its receipt, and checks them. */
export async function checkRecords(input: RecordsInput): Promise<RecordsOutcome> {
  const checking = startChecking(input)
  try {
    await readAll(checking)
  } catch (error) {
    checking.form.wrong({ why: reasonOf(error) })
  }
  checking.sequence.settle()
  const { form, inclusion, sequence, openings, policy, closed, proofs, counts, last } = checking
  return {
    findings: [form, inclusion, sequence].map((check) => check.finding()).concat(exportFinding(checking), [openings, policy].map((check) => check.finding()), proofs.findings()),
    limits: [...sequence.limits(), ...(closed.count === 0 ? [] : [{ what: 'closed-fields' as const, detail: { count: closed.count, first: [...closed.first] } }]), ...proofs.limits()],
    counts,
    lastLog: last?.log,
  }
}

function startChecking(input: RecordsInput): Checking {
  return {
    input,
    form: createCheck('records'),
    inclusion: createCheck('inclusion'),
    sequence: createSequence(),
    openings: createCheck('openings'),
    policy: createCheck('policy'),
    closed: createTally(),
    proofs: createProofChecks(input),
    checkers: checkersOf(input.logs),
    counts: { records: 0, permitted: 0, denied: 0, from: null, until: null },
    last: undefined,
  }
}

/** A checker for each log. */
export function checkersOf(logs: ReadonlyMap<string, BundleLog>): ReadonlyMap<string, InclusionChecker> {
  return new Map([...logs].map(([name, { checkpoint }]) => [name, createInclusionChecker(checkpoint)]))
}

async function readAll(checking: Checking): Promise<void> {
  const { archive } = checking.input
  const openings = ahead(mapped(linesOf(archive, 'openings.ndjson'), readOpeningLine))
  const receipts = ahead(mapped(linesOf(archive, 'receipts.ndjson'), readReceiptLine))
  for await (const lines of linesOf(archive, 'records.ndjson')) {
    for (const text of lines) {
      const line = readRecordLine(text)
      if (openings.isShort()) await openings.fill()
      const own = openings.peek()?.record === line.record ? await takeOf(openings, line.record) : []
      if (receipts.isShort()) await receipts.fill()
      const receipt = receipts.peek()?.record === line.record ? await takeOf(receipts, line.record) : []
      checkRecord(checking, openEntry(line, own), receipt)
    }
  }
  await refuseRest(checking.openings, openings)
  await refuseRest(checking.form, receipts)
}

async function* mapped<T>(groups: AsyncGenerator<readonly string[]>, read: (line: string) => T): AsyncGenerator<readonly T[]> {
  for await (const lines of groups) yield lines.map(read)
}

/** An entry has room for fewer commitments; what was committed to may hold some more. */
const mostBeside = 2_000

async function takeOf<T extends { readonly record: number }>(items: Ahead<T>, record: number): Promise<T[]> {
  const taken: T[] = []
  for (;;) {
    if (items.isShort()) await items.fill()
    const item = items.peek()
    if (item?.record !== record) return taken
    if (taken.length === mostBeside) throw new ProblemError('invalid-evidence', `Beside record ${record} there is more than a record can have.`)
    items.take()
    taken.push(item)
  }
}

/** What belongs to no record, or stands in another order than the records. */
async function refuseRest(check: Check, items: Ahead<OpeningLine> | Ahead<ReceiptLine>): Promise<void> {
  await items.fill()
  const item = items.peek()
  if (item !== undefined) check.wrong({ record: item.record, why: 'there is no such record, or it is in another order' })
}

function checkRecord(checking: Checking, opened: OpenedRecord, receipts: readonly ReceiptLine[]): void {
  const { line, entry } = opened
  const place = { record: line.record }
  checkPlace(checking, line, entry)
  const included = isIncluded(checking, line)
  if (included) checking.inclusion.good()
  else checking.inclusion.wrong({ ...place, log: line.log, index: line.index })
  checking.sequence.add(line, entry, included)
  for (const field of opened.wrong) checking.openings.wrong({ ...place, field })
  if (opened.wrong.length === 0) checking.openings.good()
  for (const field of opened.closed) checking.closed.add({ ...place, field })
  checkDigests(checking, line, entry)
  checking.proofs.record(opened, receipts)
  count(checking, line, entry)
}

function checkPlace({ input, form, last }: Checking, line: RecordLine, entry: JsonObject): void {
  if (last !== undefined && line.record <= last.record) form.wrong({ record: line.record, why: `it stands behind record ${last.record}` })
  else if (!input.isNumbered(line)) form.wrong({ record: line.record, why: `it is not entry ${line.index} of the log ${line.log} by the numbers of others` })
  else if (entry['agreement'] !== input.manifest.agreement) form.wrong({ record: line.record, why: 'it is of another agreement' })
  else form.good()
}

function isIncluded({ checkers }: Checking, line: RecordLine): boolean {
  return checkers.get(line.log)?.check(line.entry, line.index, line.proof) === true
}

/** Records name the agreement by digests of its message and of its policy. */
function checkDigests({ input, policy }: Checking, { record }: RecordLine, { type, messageSha256, policySha256 }: JsonObject): void {
  const { digests } = input
  if (digests === undefined) return
  if (messageSha256 !== undefined && messageSha256 !== digests.message) policy.wrong({ record, field: 'messageSha256' })
  // Where it is kept it is the digest of the policy; where it decided, that of the message or of the policy.
  const allowed = type === 'agreement.stored' ? [digests.policy] : [digests.message, digests.policy]
  if (policySha256 === undefined) return
  if (typeof policySha256 === 'string' && allowed.includes(policySha256)) policy.good()
  else policy.wrong({ record, field: 'policySha256' })
}

function count(checking: Checking, line: RecordLine, entry: JsonObject): void {
  const { counts } = checking
  const { type, time, count: several } = entry
  const times = typeof several === 'number' && Number.isSafeInteger(several) && several > 0 ? several : 1
  counts.records += 1
  if (type === 'data.permitted' || type === 'data.received') counts.permitted += 1
  if (type === 'data.denied' || type === 'data.refused') counts.denied += times
  counts.from ??= String(time)
  counts.until = String(time)
  checking.last = { record: line.record, entry, log: line.log }
}

/** The last record of a bundle is its own making: nothing was left out at the end. */
function exportFinding({ last, input }: Checking): Finding {
  const isExport = last?.entry['type'] === 'audit.evidence' && last.entry['time'] === input.manifest.created
  return { what: 'export', holds: isExport, detail: last === undefined ? { why: 'there are no records' } : { record: last.record, type: String(last.entry['type']), time: String(last.entry['time']) } }
}
