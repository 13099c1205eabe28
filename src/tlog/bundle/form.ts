import { ProblemError } from '../../errors.ts'
import { quotesIfCanonical } from '../canonical.ts'
import { parseVkey } from '../note.ts'
import type { Verifier } from '../note.ts'
import { isFileName } from './archive.ts'
import { isObject, membersOf, numberIn, readCanonical, textIn } from './json.ts'
import type { JsonObject } from './json.ts'

/** What the files of evidence hold, and how each is read. */

export const bundleFormat = 'concordat-evidence/1'

/** The files that every bundle has, besides those of its logs. */
export const fixedFiles = ['README.html', 'agreement/agreement.json', 'agreement/explanation.json', 'agreement/message.txt', 'agreement/policy.json', 'changes.ndjson', 'keys.json', 'manifest.json', 'manifest.note', 'openings.ndjson', 'receipts.ndjson', 'records.ndjson'] as const

/** `manifest.json`: what the bundle is about, and the digest of every other file but `manifest.note`. */
export interface Manifest {
  readonly agreement: string
  /** Who made the bundle, by its DID. */
  readonly connector: string
  readonly partner: string
  readonly created: string
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

export function readManifest(text: string): Manifest {
  const manifest = membersOf(readCanonical(text, 'manifest.json'), ['agreement', 'connector', 'created', 'files', 'format', 'partner'], 'manifest.json')
  const { files, format } = manifest
  if (format !== bundleFormat) throw new ProblemError('invalid-evidence', `The evidence has the format ${JSON.stringify(format)}; this program reads ${bundleFormat}.`)
  if (!Array.isArray(files)) throw new ProblemError('invalid-evidence', 'files of manifest.json is not a list.')
  return {
    agreement: textIn(manifest, 'agreement', 'manifest.json'),
    connector: textIn(manifest, 'connector', 'manifest.json'),
    partner: textIn(manifest, 'partner', 'manifest.json'),
    created: textIn(manifest, 'created', 'manifest.json'),
    files: files.map((each: unknown) => {
      const file = membersOf(each, ['bytes', 'name', 'sha256'], 'A file in manifest.json')
      const name = textIn(file, 'name', 'a file in manifest.json')
      if (!isFileName(name)) throw new ProblemError('invalid-evidence', `manifest.json names the file ${JSON.stringify(name.slice(0, 100))}, which is not allowed.`)
      return { name, bytes: numberIn(file, 'bytes', name), sha256: textIn(file, 'sha256', name) }
    }),
  }
}

/** A key that something in the bundle is signed with. */
export interface BundleKey {
  readonly use: 'log' | 'witness' | 'identity'
  /** The name in notes; of an identity key its DID URL. */
  readonly name: string
  /** Of keys that sign notes. */
  readonly verifier?: Verifier
  /** Of identity keys. */
  readonly jwk?: JsonObject
  readonly from: string
  readonly until: string | null
  /** Whose key it is, by DID, or what its owner is called. */
  readonly participant: string
}

const mostKeys = 10_000

export function readKeys(text: string): BundleKey[] {
  const keys = readCanonical(text, 'keys.json')
  if (!Array.isArray(keys) || keys.length > mostKeys) throw new ProblemError('invalid-evidence', 'keys.json is not a list of keys.')
  return keys.map(readKey)
}

function readKey(value: unknown): BundleKey {
  const isNote = isObject(value) && Object.hasOwn(value, 'vkey')
  const key = membersOf(value, ['from', 'name', 'participant', 'until', 'use', isNote ? 'vkey' : 'jwk'], 'A key in keys.json')
  const { use, until, jwk } = key
  const common = { name: textIn(key, 'name', 'a key'), from: textIn(key, 'from', 'a key'), until: until === null ? null : textIn(key, 'until', 'a key'), participant: textIn(key, 'participant', 'a key') }
  if (isNote && (use === 'log' || use === 'witness') && isNameOf(common, use)) return { use, ...common, verifier: verifierIn(key, common.name) }
  if (!isNote && use === 'identity' && isObject(jwk) && isNameOf(common, use)) return { use, ...common, jwk }
  throw new ProblemError('invalid-evidence', `The key ${common.name} in keys.json is not one that its use needs, or is not called as a key of ${common.participant} is.`)
}

function verifierIn(key: JsonObject, name: string): Verifier {
  const verifier = parseVkey(textIn(key, 'vkey', 'a key'))
  if (verifier.name !== name) throw new ProblemError('invalid-evidence', `The key ${name} in keys.json has another name itself.`)
  return verifier
}

/** The place that a participant's DID names, which the names of its keys begin with. */
export function placeOf(did: string): string {
  return did.replace(/^did:web:/, '').replaceAll(':', '/').replaceAll(/%3a/gi, ':')
}

/** Whether a key of this name can be the participant's, so that nobody is named as the owner of another's. A witness that is no participant is called as its key is. */
function isNameOf({ name, participant }: { readonly name: string; readonly participant: string }, use: BundleKey['use']): boolean {
  if (use === 'identity') return name.startsWith(`${participant}#`)
  if (use === 'witness') return name === (participant.startsWith('did:') ? `${placeOf(participant)}/witness` : participant)
  const logs = `${placeOf(participant)}/log/`
  return name.startsWith(logs) && /^[^/]+$/.test(name.slice(logs.length))
}

/** A line of `records.ndjson` and `changes.ndjson`. */
export interface RecordLine {
  /** The very text that is hashed into the log. */
  readonly entry: string
  /** Its number in its log. */
  readonly index: number
  readonly log: string
  /** The proof as it stands in the line: base64 texts of 44 characters in quotes, with commas. */
  readonly proof: string
  /** Its number in the record. */
  readonly record: number
  /** Whether it is known that the entry is canonical JSON, if it is JSON at all. */
  readonly isOrdered: boolean
}

/** C2SP tlog-tiles: the length of an entry has two bytes. */
const mostEntryBytes = 0xffff
const lineHead = '{"entry":'
const [beforeIndex, beforeLog, proofHead, proofEnd] = [',"index":', ',"log":"', ',"proof":[', '],"record":'] as const
const number = /^(?:0|[1-9]\d{0,15})$/
const logPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const quote = 0x22
const mostProofText = 3000

/** Reads a line. As it is canonical, it is taken apart where it must have its members, which is faster than parsing it. */
export function readRecordLine(line: string): RecordLine {
  // Inside the entry every quote is escaped, so that this is not found there.
  const end = line.indexOf(beforeIndex)
  const behind = line.startsWith(lineHead) && end !== -1 ? readBehindEntry(line, end) : undefined
  const literal = line.slice(lineHead.length, end)
  const entry = behind && entryIn(literal)
  if (behind === undefined || entry === undefined) throw notALine(line)
  const quotes = quotesIfCanonical(entry)
  if (!isAsWritten(entry, literal, quotes)) throw notALine(line)
  if (Buffer.byteLength(entry) > mostEntryBytes) throw new ProblemError('invalid-evidence', `The entry of record ${behind.record} is longer than an entry of a log can be.`)
  const { index, log, proof, record } = behind
  return { entry, index, log, proof, record, isOrdered: quotes !== -1 }
}

/** Whether `literal` is how `entry` would be written: then there is one text for each entry. */
function isAsWritten(entry: string, literal: string, quotes: number): boolean {
  // Each quote has to be escaped, and nothing else is: every other escape would make it longer.
  if (quotes !== -1 && literal.length === entry.length + quotes + 2) return true
  return JSON.stringify(entry) === literal && entry.isWellFormed()
}

function readBehindEntry(line: string, end: number): Omit<RecordLine, 'entry' | 'isOrdered'> | undefined {
  const [from, to] = [line.indexOf(proofHead, end), line.lastIndexOf(proofEnd)]
  const logHead = line.indexOf(beforeLog, end)
  // The hashes of a proof are looked at where they are used: most of them are the same as in the line before.
  const proof = line.slice(from + proofHead.length, to)
  if (from === -1 || to < from + proofHead.length || proof.length > mostProofText || proof.includes(']')) return undefined
  const log = line.slice(logHead + beforeLog.length, from - 1)
  const [index, record] = [line.slice(end + beforeIndex.length, logHead), line.slice(to + proofEnd.length, -1)]
  return logHead < from && line.charCodeAt(from - 1) === quote && line.endsWith('}') && logPattern.test(log) && number.test(index) && number.test(record) ? { index: Number(index), log, proof, record: Number(record) } : undefined
}

function entryIn(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function notALine(line: string): ProblemError {
  return new ProblemError('invalid-evidence', `This is not a line of a record: ${JSON.stringify(line.slice(0, 80))}…`)
}

/** The line of a record. */
export function recordLine({ entry, index, log, proof, record }: Omit<RecordLine, 'proof' | 'isOrdered'> & { readonly proof: readonly Uint8Array[] }): string {
  const hashes = proof.map((hash) => `"${Buffer.from(hash).toString('base64')}"`).join(',')
  return `{"entry":${JSON.stringify(entry)},"index":${index},"log":"${log}","proof":[${hashes}],"record":${record}}\n`
}

/** A line of `openings.ndjson`: what a committed field is. */
export interface OpeningLine {
  readonly field: string
  readonly record: number
  /** Base64url, 32 bytes. */
  readonly salt: string
  readonly value: unknown
  /** Canonical JSON of the value. */
  readonly text: string
}

const beforeValue = ',"value":'

export function readOpeningLine(line: string): OpeningLine {
  const opening = membersOf(readCanonical(line, 'A line of openings.ndjson'), ['field', 'record', 'salt', 'value'], 'A line of openings.ndjson')
  const [field, record, salt] = [textIn(opening, 'field', 'an opening'), numberIn(opening, 'record', 'an opening'), textIn(opening, 'salt', 'an opening')]
  // The value is the last member of a canonical line, and no quote inside a text stands behind a comma: it is escaped.
  return { field, record, salt, value: opening['value'], text: line.slice(line.indexOf(beforeValue) + beforeValue.length, -1) }
}

/** A line of `receipts.ndjson`: what the provider gave for one of its answers. */
export interface ReceiptLine {
  /** Our record of the answer. */
  readonly record: number
  readonly origin: string
  readonly receipt: string
  /** Whether it was found right when it came. */
  readonly verified: boolean
}

export function readReceiptLine(line: string): ReceiptLine {
  const receipt = membersOf(readCanonical(line, 'A line of receipts.ndjson'), ['origin', 'receipt', 'record', 'verified'], 'A line of receipts.ndjson')
  const { verified } = receipt
  if (typeof verified !== 'boolean') throw new ProblemError('invalid-evidence', 'verified of a receipt is neither true nor false.')
  return { record: numberIn(receipt, 'record', 'a receipt'), origin: textIn(receipt, 'origin', 'a receipt'), receipt: textIn(receipt, 'receipt', 'a receipt'), verified }
}
