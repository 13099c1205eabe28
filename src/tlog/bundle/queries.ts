import { ProblemError } from '../../errors.ts'
import { parseCheckpoint } from '../checkpoint.ts'
import { parseNote } from '../note.ts'
import { leafHash } from '../tree.ts'
import { textOf } from './archive-reader.ts'
import type { Archive } from './archive-reader.ts'
import { openEntry } from './entry.ts'
import type { OpenedRecord } from './entry.ts'
import { readKeys, readManifest, readOpeningLine, readReceiptLine, readRecordLine } from './form.ts'
import type { BundleKey, Manifest, OpeningLine } from './form.ts'
import { isObject, parsed } from './json.ts'
import type { JsonObject } from './json.ts'
import { createInclusionChecker } from './inclusion.ts'
import type { InclusionChecker } from './inclusion.ts'
import { linesOf } from './lines.ts'
import { logNamesIn } from './logs.ts'
import { createReceiptVerifier } from './receipt.ts'
import type { FindingCode } from './report.ts'
import { createStatementVerifier, recordedRequestDigest } from './statement.ts'
import type { StatementClaims } from './statement.ts'

/** What one side holds of one query. */
export interface HeldQuery {
  /** Number of its record of the question, of the refusal, or of a delivery. */
  readonly record: number
  readonly time: string
  /** `open`: a question whose end is not on record. */
  decision: 'permit' | 'deny' | 'open'
  /** How often it was refused alike. */
  count: number
  /** Whether the answer went out, or came, whole; null where that is not on record. */
  complete: boolean | null
  /** Id of the signed statement; of the last one, where a question was asked again. */
  statement: string | null
  /** Whether the statement is here, and genuine. */
  signed: boolean
  /** Digest of what was asked. */
  request: string | null
  rows: number | null
  bytes: number | null
  sha256: string | null
  /** Consumer: the number that the provider gave for its record. */
  providerRecord: number | null
  /** Consumer: the hash of the provider's entry by its receipt, base64. */
  receipt: string | null
  /** The hash of the entry itself, base64. */
  readonly leaf: string
  /** Whether its records are in the log of this side, unchanged. */
  inLog: boolean
}

/** The queries of one side. */
export interface BundleQueries {
  readonly manifest: Manifest
  readonly role: 'provider' | 'consumer'
  readonly queries: readonly HeldQuery[]
  /** What does not hold of this side's evidence. */
  readonly wrong: readonly FindingCode[]
  /** How many signatures of the other side prove nothing, because their keys do not count. */
  readonly uncounted: number
}

/** What can be wrong in evidence that is compared all the same: single records, and what stands beside them. */
export const comparedAlthoughWrong: ReadonlySet<FindingCode> = new Set(['inclusion', 'sequence', 'export', 'openings', 'policy', 'statements', 'receipts', 'changes', 'log-chain'])

/** The keys that a bundle names. */
export async function keysIn(archive: Archive): Promise<BundleKey[]> {
  return readKeys(await textOf(archive, 'keys.json'))
}

/** The queries in a bundle that was verified; `wrong` is what did not hold, of {@link comparedAlthoughWrong}, and `keys` are those whose signatures count. */
export async function queriesIn(archive: Archive, { wrong, keys }: { readonly wrong: readonly FindingCode[]; readonly keys: readonly BundleKey[] }): Promise<BundleQueries> {
  const manifest = readManifest(await textOf(archive, 'manifest.json'))
  const agreement = parsed(await textOf(archive, 'agreement/agreement.json'), 'agreement/agreement.json')
  if (!isObject(agreement)) throw new ProblemError('invalid-evidence', 'agreement/agreement.json is not an object.')
  const role = agreement['assigner'] === manifest.connector ? 'provider' : 'consumer'
  const uncounted = { count: 0 }
  const receipts = wrong.includes('receipts') ? new Map() : await receiptsOf(archive, { verify: createReceiptVerifier(keys, manifest.partner), uncounted })
  const reading: Reading = { queries: new Map(), openings: await openingsOf(archive), receipts, claimsIn: claimsReader({ manifest, role, keys, uncounted }) }
  const checkers = wrong.includes('inclusion') ? await checkersIn(archive) : undefined
  for await (const lines of linesOf(archive, 'records.ndjson')) {
    for (const each of lines) {
      const line = readRecordLine(each)
      const inLog = checkers === undefined || checkers.get(line.log)?.check(line.entry, line.index, line.proof) === true
      readOne(reading, openEntry(line, reading.openings.get(line.record) ?? []), inLog)
    }
  }
  return { manifest, role, queries: [...reading.queries.values()], wrong, uncounted: uncounted.count }
}

/** Reads what the consumer has signed: with a key of its own, for the provider, and about this agreement. */
function claimsReader({ manifest, role, keys, uncounted }: { manifest: Manifest; role: BundleQueries['role']; keys: readonly BundleKey[]; uncounted: { count: number } }): Reading['claimsIn'] {
  const verify = createStatementVerifier(keys)
  const [issuer, audience] = role === 'provider' ? [manifest.partner, manifest.connector] : [manifest.connector, manifest.partner]
  return (signed) => {
    if (typeof signed !== 'string') return undefined
    const outcome = verify(signed)
    // What it signed itself is no proof for it.
    if (role === 'provider' && outcome.kind === 'key-unknown') uncounted.count += 1
    const claims = outcome.kind === 'valid' ? outcome.claims : undefined
    return claims?.issuer === issuer && claims.audience === audience && claims.agreement === manifest.agreement ? claims : undefined
  }
}

/** Their checkpoints were found genuine. */
async function checkersIn(archive: Archive): Promise<ReadonlyMap<string, InclusionChecker>> {
  const checkers = new Map<string, InclusionChecker>()
  for (const name of logNamesIn(archive)) {
    const note = await textOf(archive, `logs/${name}/checkpoint`)
    checkers.set(name, createInclusionChecker(parseCheckpoint(parseNote(note).text)))
  }
  return checkers
}

interface Reading {
  readonly queries: Map<number, HeldQuery>
  readonly openings: ReadonlyMap<number, readonly OpeningLine[]>
  readonly receipts: ReadonlyMap<number, string>
  /** What a statement says, when it counts. */
  readonly claimsIn: (signed: unknown) => StatementClaims | undefined
}

// Only what was signed and what was asked is needed of what is disclosed.
const needed = /"field":"(?:signed|request(?:\.[a-z]+)?)"/

async function openingsOf(archive: Archive): Promise<ReadonlyMap<number, readonly OpeningLine[]>> {
  const openings = new Map<number, OpeningLine[]>()
  for await (const lines of linesOf(archive, 'openings.ndjson')) {
    for (const line of lines) {
      if (!needed.test(line)) continue
      const opening = readOpeningLine(line)
      const known = openings.get(opening.record)
      if (known === undefined) openings.set(opening.record, [opening])
      else known.push(opening)
    }
  }
  return openings
}

async function receiptsOf(archive: Archive, { verify, uncounted }: { verify: ReturnType<typeof createReceiptVerifier>; uncounted: { count: number } }): Promise<ReadonlyMap<number, string>> {
  const receipts = new Map<number, string>()
  for await (const lines of linesOf(archive, 'receipts.ndjson')) {
    for (const receipt of lines.map(readReceiptLine)) {
      if (!receipt.verified) continue
      const outcome = verify(receipt)
      if (outcome.kind === 'key-unknown') uncounted.count += 1
      if (outcome.kind === 'valid') receipts.set(receipt.record, outcome.leaf.toString('base64'))
    }
  }
  return receipts
}

const questions: Readonly<Record<string, HeldQuery['decision']>> = { 'data.permitted': 'permit', 'data.denied': 'deny', 'data.requested': 'open' }

function readOne(reading: Reading, opened: OpenedRecord, inLog: boolean): void {
  const { line, entry } = opened
  const { type, requested, permitted } = entry
  if (typeof type !== 'string') return
  const decision = questions[type]
  if (type === 'data.denied' && typeof entry['first'] === 'number') return addCount(reading, entry, entry['first'])
  if (decision !== undefined) return void reading.queries.set(line.record, { ...startOf(reading, opened, decision), inLog })
  if (type === 'data.received' && requested === undefined) return void reading.queries.set(line.record, { ...startOf(reading, opened, 'permit'), complete: true, inLog })
  if (Array.isArray(entry['outcomes'])) return entry['outcomes'].filter(isObject).forEach((outcome) => end(reading, { entry: { ...outcome, type }, inLog }, outcome['permitted']))
  if (/^data\.(released|aborted|delivered|received|refused)$/.test(type)) end(reading, { entry, inLog }, requested ?? permitted)
}

/** Further refusals of the same kind share a record; their answers carried the receipt of the first. */
function addCount({ queries }: Reading, { count }: JsonObject, first: number): void {
  const query = queries.get(first)
  if (query !== undefined) query.count += timesOf(count)
}

function timesOf(count: unknown): number {
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 1
}

function startOf({ receipts, claimsIn }: Reading, { line, entry }: OpenedRecord, decision: HeldQuery['decision']): HeldQuery {
  const { time, statement, signed, request, count, rows, bytes, sha256, providerRecord } = entry
  const claims = claimsIn(signed)
  return {
    record: line.record,
    time: String(time),
    decision,
    count: timesOf(count),
    complete: null,
    statement: textIn(statement) ?? claims?.id ?? null,
    signed: claims !== undefined,
    request: claims?.request ?? recordedRequestDigest(request) ?? null,
    rows: numberOf(rows),
    bytes: numberOf(bytes),
    sha256: textIn(sha256),
    providerRecord: numberOf(providerRecord),
    receipt: receipts.get(line.record) ?? null,
    leaf: leafHash(Buffer.from(line.entry)).toString('base64'),
    inLog: true,
  }
}

/** How a question ended. */
function end({ queries, claimsIn }: Reading, { entry, inLog }: { readonly entry: JsonObject; readonly inLog: boolean }, question: unknown): void {
  const { type, rows, bytes, sha256, providerRecord, signed } = entry
  const query = typeof question === 'number' ? queries.get(question) : undefined
  if (query === undefined) return
  query.inLog &&= inLog
  const claims = claimsIn(signed)
  // A question that was asked once more has a statement of its own each time.
  if (claims !== undefined) Object.assign(query, { statement: claims.id, request: claims.request, signed: true })
  if (type === 'data.refused') query.decision = 'deny'
  else if (type !== 'data.aborted') query.decision = 'permit'
  if (type !== 'data.refused') query.complete = type !== 'data.aborted'
  query.rows = numberOf(rows) ?? query.rows
  query.bytes = numberOf(bytes) ?? query.bytes
  query.sha256 = textIn(sha256) ?? query.sha256
  query.providerRecord = numberOf(providerRecord) ?? query.providerRecord
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
