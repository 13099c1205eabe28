import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import canonicalize from 'canonicalize'
import { contentOf, writeArchive } from '../../../src/tlog/bundle/archive.ts'
import type { ArchiveContent, ArchiveSource } from '../../../src/tlog/bundle/archive.ts'
import { recordLine } from '../../../src/tlog/bundle/form.ts'
import { recordedRequestDigest } from '../../../src/tlog/bundle/statement.ts'
import { manifestNoteText } from '../../../src/tlog/bundle/verify.ts'
import { formatCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { commitTo } from '../../../src/tlog/commitment.ts'
import { ed25519Cosigner } from '../../../src/tlog/cosignature.ts'
import { ed25519Signer, formatNote, vkeyOf } from '../../../src/tlog/note.ts'
import type { Signer } from '../../../src/tlog/note.ts'
import { formatProof } from '../../../src/tlog/proof.ts'
import { leafHash, nodeHash, treeHash } from '../../../src/tlog/tree.ts'
import type { JsonValue } from '../../../src/policy/odrl.ts'

/** The same key each time. */
export function keyOf(seed: string): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), createHash('sha256').update(seed).digest()])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

export function jwkOf(key: KeyObject): { kty: string; crv: string; x: string } {
  const { kty = '', crv = '', x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { kty, crv, x }
}

export const json = (value: unknown): string => canonicalize(value) ?? ''
export const clock = () => new Date('2026-03-02T10:00:00.000Z')
export const provider = 'did:web:data.city.example'
export const consumer = 'did:web:cards.example'
export const agreementId = 'urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10'
export const origin = 'data.city.example/log/2026'
export const created = '2026-03-02T09:59:00.000Z'

export const agreement = {
  '@id': agreementId,
  '@type': 'Agreement',
  target: 'urn:dataset:spending',
  assigner: provider,
  assignee: consumer,
  timestamp: '2026-03-01T00:00:00Z',
  permission: [{ action: 'use', constraint: [{ leftOperand: 'purpose', operator: 'isA', rightOperand: 'https://w3id.org/dpv#ProvideOfficialStatistics' }] }],
}
export const message = JSON.stringify({ '@context': ['https://w3id.org/dspace/2025/1/context.jsonld'], '@type': 'ContractAgreementMessage', agreement })
export const digestOf = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')
const { permission } = agreement
export const policyText = json({ permission })

/** A record before it has a number; `openings` are committed to. */
export interface Event {
  readonly type: string
  readonly time?: string
  readonly agreement?: string
  readonly seq?: number
  readonly [field: string]: JsonValue | undefined
}

export interface Entry {
  readonly entry: string
  readonly openings: readonly { field: string; salt: string; value: JsonValue }[]
}

const personal = new Set(['signed', 'user', 'actor', 'terms', 'reason'])

/** The entry of a record, with its personal fields committed to. */
export function entryOf(event: Event, seed: string): Entry {
  const openings: { field: string; salt: string; value: JsonValue }[] = []
  const commit = (field: string, value: JsonValue) => {
    const salt = createHash('sha256').update(`${seed} ${field}`).digest()
    openings.push({ field, salt: salt.toString('base64url'), value })
    return commitTo(value, salt)
  }
  const fields: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(event)) {
    if (value === undefined) continue
    const query = name === 'request' && typeof value === 'object' && value !== null && !Array.isArray(value) && 'query' in value ? value['query'] : undefined
    if (typeof query === 'string') fields[name] = Object.assign({}, value, { query: { ...commit('request.query', query) } })
    else fields[name] = personal.has(name) ? { ...commit(name, value) } : value
  }
  return { entry: json({ time: '2026-03-02T09:30:00.000Z', ...fields }), openings: openings.toSorted((one, other) => (one.field < other.field ? -1 : 1)) }
}

/** The entry that opened a log, none of which is personal. */
export function openingOf(fields: { origin: string; vkey: string; start: number; reason: string }): Entry {
  return { entry: json({ type: 'log.opened', time: '2026-03-02T09:30:00.000Z', name: '2026', ...fields }), openings: [] }
}

/** RFC 6962 §2.1.1 as it is written there. */
export function proofOf(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return []
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split ? [...proofOf(index, left), treeHash(right)] : [...proofOf(index - split, right), treeHash(left)]
}

/** A statement as a consumer's connector signs it. */
export function statementOf(claims: { id: string; request: unknown; issuer?: string; audience?: string; agreement?: string; key?: KeyObject }): string {
  const issuer = claims.issuer ?? consumer
  const key = claims.key ?? keyOf(issuer)
  const payload = { iss: issuer, aud: claims.audience ?? provider, jti: claims.id, iat: 1, exp: 61, agreement: claims.agreement ?? agreementId, transfer: 'urn:uuid:t', request: recordedRequestDigest(claims.request) }
  const signed = [{ alg: 'EdDSA', typ: 'concordat-statement+jwt', kid: `${issuer}#key` }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
}

const request = (place: number) => ({ method: 'GET', path: '', query: `?district=eq.${place}` })

/** What happens under the agreement, from its beginning to the export of its evidence. */
export function providerEvents(questions = 3): Event[] {
  const about = { agreement: agreementId, partner: consumer, transfer: 'urn:uuid:t', dataset: 'spending' }
  return [
    { type: 'agreement.stored', ...about, messageSha256: digestOf(message), policySha256: digestOf(policyText) },
    ...Array.from({ length: questions }, (_, place): Event => {
      const signed = statementOf({ id: `s-${place}`, request: request(place) })
      return { type: 'data.permitted', ...about, decision: 'permit', role: 'analyst', purpose: 'https://w3id.org/dpv#ProvideOfficialStatistics', user: 'x7', statement: `s-${place}`, signed, signedSha256: digestOf(signed), policySha256: digestOf(policyText), request: request(place), rows: place, bytes: 100 + place, sha256: digestOf(`answer ${place}`) }
    }),
    { type: 'data.denied', ...about, decision: 'deny', code: 'not-permitted', count: 2, statement: 's-denied', signed: statementOf({ id: 's-denied', request: request(99) }), request: request(99) },
    { type: 'audit.evidence', ...about, actor: 'Anna', time: created },
  ]
}

/** Everything that a bundle is made of, before it is put together; tests change what they want wrong. */
export interface Parts {
  name: string
  origin: string
  connector: string
  partner: string
  agreementId: string
  created: string
  /** The whole log: what is of the agreement and what is not. */
  entries: Entry[]
  records: number[]
  changes: number[]
  /** Number in the record of the log's first entry. */
  start: number
  logKey: KeyObject
  signers: Signer[]
  cosigners: Signer[]
  keys: JsonValue[]
  receipts: JsonValue[]
  message: string
  agreement: JsonValue
  policy: string
  files: Record<string, string | Uint8Array>
  /** Changes the lines of a file. */
  lines: (name: string, lines: string[]) => string[]
  checkpoint: (note: string) => string
  manifest: (manifest: string) => string
}

const witnessOf = (participant: string) => `${participant.slice('did:web:'.length)}/witness`
export const witnessName = witnessOf(consumer)

export function parts(events: readonly Event[] = providerEvents(), side: { connector?: string; partner?: string; origin?: string } = {}): Parts {
  const { connector = provider, partner = consumer } = side
  const logOrigin = side.origin ?? origin
  const logKey = keyOf(`log of ${connector}`)
  const witness = keyOf(`witness of ${partner}`)
  const vkey = vkeyOf(logOrigin, 1, logKey)
  const witnessKeyName = witnessOf(partner)
  const witnessVkey = vkeyOf(witnessKeyName, 4, witness)
  const identity = (participant: string) => ({ use: 'identity', name: `${participant}#key`, jwk: jwkOf(keyOf(participant)), from: created, until: null, participant })
  const opening = openingOf({ origin: logOrigin, vkey, reason: 'first', start: 0 })
  const seen = entryOf({ type: 'key.seen', partner, kid: `${partner}#key`, jwk: jwkOf(keyOf(partner)) }, 'seen')
  const own = entryOf({ type: 'key.created', kid: `${connector}#key`, jwk: jwkOf(keyOf(connector)) }, 'created')
  const added = entryOf({ type: 'witness.added', witness: witnessKeyName, vkey: witnessVkey, partner }, 'witness')
  const entries = [opening, seen, own, added]
  const records: number[] = []
  for (const [seq, event] of events.entries()) {
    // Between the records of the agreement there are others.
    for (let other = 0; other < seq % 3; other++) entries.push(entryOf({ type: 'connector.clock', source: 'system', offsetMs: seq * 10 + other }, `other ${seq} ${other}`))
    records.push(entries.length)
    entries.push(entryOf({ seq, ...event }, `event ${seq}`))
  }
  return {
    name: '2026',
    origin: logOrigin,
    connector,
    partner,
    agreementId,
    created,
    entries,
    records,
    changes: [0, 1, 2, 3],
    start: 0,
    logKey,
    signers: [ed25519Signer(logOrigin, logKey)],
    cosigners: [ed25519Cosigner(witnessKeyName, witness, clock)],
    keys: [
      { use: 'log', name: logOrigin, vkey, from: created, until: null, participant: connector },
      { use: 'witness', name: witnessKeyName, vkey: witnessVkey, from: created, until: null, participant: partner },
      identity(connector),
      identity(partner),
    ],
    receipts: [],
    message,
    agreement,
    policy: policyText,
    files: {},
    lines: (_name, lines) => lines,
    checkpoint: (note) => note,
    manifest: (manifest) => manifest,
  }
}

/** The files of a bundle, by name. */
export function filesOf(given: Parts): Map<string, string | Uint8Array> {
  const leaves = given.entries.map(({ entry }) => leafHash(Buffer.from(entry)))
  const text = formatCheckpoint({ origin: given.origin, size: leaves.length, root: treeHash(leaves) })
  const proofs = proofsOf(leaves)
  const line = (index: number) => recordLine({ entry: given.entries[index]?.entry ?? '', index, log: given.name, proof: proofs(index), record: given.start + index })
  const ndjson = (name: string, lines: string[]) => given.lines(name, lines).join('')
  const openings = given.records.flatMap((index) => (given.entries[index]?.openings ?? []).map((opening) => `${json({ ...opening, record: given.start + index })}\n`))
  const files = new Map<string, string | Uint8Array>(
    Object.entries({
      'README.html': '<!doctype html><title>Evidence</title>',
      'agreement/agreement.json': json(given.agreement),
      'agreement/explanation.json': json({ en: [] }),
      'agreement/message.txt': given.message,
      'agreement/policy.json': given.policy,
      'changes.ndjson': ndjson('changes.ndjson', given.changes.map(line)),
      'keys.json': json(given.keys),
      [`logs/${given.name}/checkpoint`]: given.checkpoint(formatNote(text, [...given.signers, ...given.cosigners])),
      [`logs/${given.name}/vkey`]: `${vkeyOf(given.origin, 1, given.logKey)}\n`,
      'openings.ndjson': ndjson('openings.ndjson', openings),
      'receipts.ndjson': ndjson('receipts.ndjson', given.receipts.map((receipt) => `${json(receipt)}\n`)),
      'records.ndjson': ndjson('records.ndjson', given.records.map(line)),
      ...given.files,
    }),
  )
  const listed = [...files].map(([name, content]) => ({ name, bytes: Buffer.from(content).length, sha256: digestOf(content) })).toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const manifest = given.manifest(json({ format: 'concordat-evidence/1', agreement: given.agreementId, connector: given.connector, partner: given.partner, created: given.created, files: listed }))
  files.set('manifest.json', manifest)
  files.set('manifest.note', formatNote(manifestNoteText(given.origin, manifest), given.signers.slice(0, 1)))
  return files
}

/** Proofs of a whole tree, in time for large ones: every level is kept. */
function proofsOf(leaves: readonly Buffer[]): (index: number) => Buffer[] {
  const levels: Buffer[][] = [[...leaves]]
  for (let below = levels[0] ?? []; below.length > 1; below = levels.at(-1) ?? []) {
    const above: Buffer[] = []
    for (let at = 0; at < below.length; at += 2) {
      const [left, right] = below.slice(at, at + 2)
      if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right))
    }
    levels.push(above)
  }
  return (index) => levels.flatMap((level, height) => level[Math.floor(index / 2 ** height) ^ 1] ?? [])
}

export async function zipOfContents(contents: readonly ArchiveContent[]): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeArchive(contents)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export function zipOf(files: ReadonlyMap<string, string | Uint8Array>): Promise<Buffer> {
  return zipOfContents([...files].map(([name, content]) => contentOf(name, content)))
}

export const bundleOf = (given: Parts): Promise<Buffer> => zipOf(filesOf(given))

export function sourceOf(bytes: Buffer): ArchiveSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

/** A receipt of the partner's log for one of its entries. */
export function receiptOf(log: { origin: string; key: KeyObject; entries: readonly string[] }, index: number): string {
  const leaves = log.entries.map((entry) => leafHash(Buffer.from(entry)))
  const checkpoint = formatNote(formatCheckpoint({ origin: log.origin, size: leaves.length, root: treeHash(leaves) }), [ed25519Signer(log.origin, log.key)])
  return formatProof({ index, proof: proofOf(index, leaves), checkpoint, extra: leaves[index] ?? Buffer.alloc(32) })
}
