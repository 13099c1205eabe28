import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audit } from '../../../src/audit/audit.ts'
import { buildEvidence } from '../../../src/audit/evidence/build.ts'
import type { EvidenceAgreement, EvidenceDeps } from '../../../src/audit/evidence/build.ts'
import { createTreeReader } from '../../../src/audit/evidence/tree-reader.ts'
import { insertCheckpoint, putCosignature } from '../../../src/audit/witness/store.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { readArchive, textOf } from '../../../src/tlog/bundle/archive-reader.ts'
import { verifyBundle } from '../../../src/tlog/bundle/verify.ts'
import { ed25519Cosigner } from '../../../src/tlog/cosignature.ts'
import { signatureLine, vkeyOf } from '../../../src/tlog/note.ts'
import { parseNote } from '../../../src/tlog/note.ts'
import { inclusionProof } from '../../../src/tlog/tiles.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { agreement, agreementId, clock, consumer, digestOf, jwkOf, keyOf, message, policyText, provider, receiptOf, sourceOf, statementOf, witnessName } from '../../tlog/bundle/test-bundle.ts'

let database: Database
let audit: Audit
let directory: string
const attack = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>\u202e'
const witness = keyOf(`witness of ${consumer}`)
const request = { method: 'GET', path: '', query: `?district=eq.${attack}` }
const about = { agreement: agreementId, partner: consumer, transfer: 'urn:uuid:t', dataset: 'spending' }
const evidenceOf: EvidenceAgreement = { id: agreementId, role: 'provider', counterparty: consumer, agreement, message, explanation: { ca: ['Una frase.'], es: ['Una frase.'], en: [`A sentence ${attack}.`] } }

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database, { publicUrl: 'https://data.city.example', clock })
  directory = await mkdtemp(join(tmpdir(), 'concordat-evidence-'))
  await audit.record({ type: 'agreement.stored', ...about, messageSha256: digestOf(message), policySha256: digestOf(policyText) })
  await audit.record({ type: 'key.seen', partner: consumer, kid: `${consumer}#key`, jwk: jwkOf(keyOf(consumer)) })
  await audit.record({ type: 'key.seen', partner: 'did:web:else', kid: 'did:web:else#key', jwk: jwkOf(keyOf('else')) })
  await audit.record({ type: 'key.created', kid: `${provider}#key`, jwk: jwkOf(keyOf(provider)) })
  await audit.record({ type: 'witness.added', witness: witnessName, vkey: vkeyOf(witnessName, 4, witness), partner: consumer, url: 'https://cards.example/witness' })
  // Records of the agreement among others, over several tiles.
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 250 }, async (_, place) => {
        if (place % 5 !== 0) return audit.record({ type: 'connector.clock', source: 'system', offsetMs: place })
        const id = `s-${round}-${place}`
        const signed = statementOf({ id, request })
        return audit.record({ type: 'data.permitted', ...about, role: attack, purpose: 'urn:p', user: 'x7', decision: 'permit', statement: id, signed, signedSha256: digestOf(signed), policySha256: digestOf(policyText), request, rows: place, bytes: 10, sha256: digestOf(id) })
      }),
    )
  }
  await audit.record({ type: 'data.denied', ...about, decision: 'deny', caller: '192.0.2.1', code: 'not-permitted', reason: attack, count: 3, request: { method: 'GET' } })
})
afterAll(async () => {
  await rm(directory, { recursive: true })
  await database.close()
})

const deps = (more: Partial<EvidenceDeps> = {}): EvidenceDeps => ({
  database,
  audit,
  clock,
  newId: () => `urn:uuid:${Math.random()}`,
  id: provider,
  directory,
  askWitnesses: async () => undefined,
  logKeys: async () => [],
  ownKeys: () => [{ kid: `${provider}#key`, jwk: jwkOf(keyOf(provider)) }],
  ...more,
})

async function cosign(): Promise<void> {
  const checkpoint = await audit.log.checkpoint()
  if (checkpoint === undefined) throw new Error('no checkpoint')
  const { origin, size, note } = checkpoint
  await insertCheckpoint(database.db, { origin, size, note }, clock())
  await putCosignature(database.db, { origin, size, witness: witnessName, line: signatureLine(parseNote(note).text, ed25519Cosigner(witnessName, witness, clock)).trimEnd() }, clock())
}

async function built(more: Partial<EvidenceDeps> = {}, asked: { redacted?: readonly string[] } = {}): Promise<{ bytes: Buffer; report: Awaited<ReturnType<typeof verifyBundle>> }> {
  const evidence = await buildEvidence(deps(more), { agreement: evidenceOf, actor: 'Anna', ...asked })
  const chunks: Uint8Array[] = []
  for await (const chunk of evidence.content()) chunks.push(chunk)
  await evidence.discard()
  const bytes = Buffer.concat(chunks)
  expect(bytes.length).toBe(evidence.bytes)
  return { bytes, report: await verifyBundle(sourceOf(bytes)) }
}

const textIn = async (bytes: Buffer, name: string) => textOf(await readArchive(sourceOf(bytes)), name)

describe('the evidence of an agreement', () => {
  test('holds, with every record of it and the cosignature of the partner', async () => {
    const { bytes, report } = await built({ askWitnesses: cosign })
    expect(report.findings.filter(({ holds }) => !holds)).toEqual([])
    expect(report.summary).toMatchObject({ agreement: agreementId, connector: provider, partner: consumer, records: 153, permitted: 150, denied: 3 })
    expect(report.findings.find(({ what }) => what === 'cosignature')).toMatchObject({ detail: { witness: witnessName, participant: consumer } })
    expect(report.findings.find(({ what }) => what === 'statements')).toMatchObject({ detail: { checked: 150 } })
    expect(report.limits.map(({ what }) => what)).toEqual(['outside-connector', 'tail', 'keys-from-bundle', 'no-statement', 'summary'])
    // Of keys of others nothing is told.
    expect(await textIn(bytes, 'keys.json')).not.toContain('did:web:else')
    expect(await textIn(bytes, 'changes.ndjson')).not.toContain('did:web:else')
    expect(await readdir(directory)).toEqual([])
  })

  test('is built when no witness answers, and says that nobody cosigned', async () => {
    const { report } = await built({ askWitnesses: () => Promise.reject(new Error('unreachable')) })
    expect(report.holds).toBe(true)
    expect(report.limits.map(({ what }) => what)).toContain('no-cosignature')
  })

  test('each export is in the next one', async () => {
    const first = await built()
    const second = await built()
    expect(second.report.holds).toBe(true)
    expect(second.report.summary?.records).toBe((first.report.summary?.records ?? 0) + 1)
  })

  test('leaves out what is to be left out, and records that', async () => {
    const { bytes, report } = await built({}, { redacted: ['user', 'request.query', 'actor'] })
    expect(report.holds).toBe(true)
    const openings = await textIn(bytes, 'openings.ndjson')
    expect(openings).not.toContain('"field":"user"')
    expect(openings).toContain('"field":"signed"')
    expect(report.limits.map(({ what }) => what)).toContain('closed-fields')
    expect(await textIn(bytes, 'records.ndjson')).toContain('\\"redacted\\":[\\"user\\",\\"request.query\\",\\"actor\\"]')
  })

  test('has every key of a partner that left its keys one name', async () => {
    for (const name of ['first', 'second']) await audit.record({ type: 'key.seen', partner: consumer, kid: `${consumer}#one`, jwk: jwkOf(keyOf(name)) })
    const { bytes } = await built()
    const keys = await textIn(bytes, 'keys.json')
    for (const name of ['first', 'second']) expect(keys).toContain(jwkOf(keyOf(name)).x)
  })

  test('nothing is left behind when it fails', async () => {
    const ownKeys = () => {
      throw new Error('no keys')
    }
    await expect(built({ ownKeys })).rejects.toThrow('no keys')
    expect(await readdir(directory)).toEqual([])
  })

  test('has what the provider gave a consumer', async () => {
    const log = { origin: 'cards.example/log/2026', key: keyOf('log of the provider'), entries: ['a', 'b', 'c'] }
    const receipt = receiptOf(log, 1)
    const record = await audit.record({ type: 'data.requested', ...about, role: 'consumer', request: { method: 'GET' } })
    await audit.record({ type: 'data.received', ...about, role: 'consumer', requested: record, receipt: 'verified', status: 200, bytes: 1, providerRecord: 1, receiptSha256: digestOf(receipt) })
    await database.db.insertInto('receipt').values({ record_index: record, agreement_id: agreementId, partner: consumer, origin: log.origin, leaf_index: 1, receipt, verified: true, problem: null, received_at: clock() }).execute()
    // Without the key of that log there is nothing to check it with.
    expect((await built()).report.limits).toContainEqual({ what: 'unverified-receipts', detail: { count: 1, first: [{ record }] } })
    const fromDocument = await built({ logKeys: async () => [jwkOf(keyOf('other')), jwkOf(log.key)] })
    expect(fromDocument.report.findings.find(({ what }) => what === 'receipts')).toMatchObject({ holds: true, detail: { checked: 1 } })
    // What a provider gave that was no receipt is of no log.
    const other = await audit.record({ type: 'data.requested', ...about, role: 'consumer', request: { method: 'GET' } })
    await database.db.insertInto('receipt').values({ record_index: other, agreement_id: agreementId, partner: consumer, origin: '', leaf_index: 0, receipt: 'x', verified: false, problem: 'it is not base64 of a proof', received_at: clock() }).execute()
    const besides = await built({ logKeys: async () => [jwkOf(log.key)] })
    expect(besides.report.findings.find(({ what }) => what === 'receipts')).toMatchObject({ holds: true, detail: { checked: 1 } })
    expect(besides.report.limits).toContainEqual({ what: 'unverified-receipts', detail: { count: 1, first: [{ record: other }] } })
    await database.db.insertInto('witnessed_log').values({ origin: log.origin, origin_sha256: digestOf(log.origin), partner: consumer, vkey: vkeyOf(log.origin, 1, log.key), size: 3, root: '', checkpoint: null, first_seen_at: clock(), updated_at: clock() }).execute()
    const { report } = await built()
    expect(report.findings.find(({ what }) => what === 'receipts')).toMatchObject({ holds: true, detail: { checked: 1 } })
  })
})

describe('the page that comes with it', () => {
  test('has three languages, nothing from elsewhere, and no text of others as code', async () => {
    const page = await textIn((await built()).bytes, 'README.html')
    expect(page.match(/<section id="(ca|es|en)"/g)).toHaveLength(3)
    expect(page).toContain("default-src 'none'")
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).not.toMatch(/<script|<img|onerror=[^&]*>|\u202e/)
    // Every tag is one of ours.
    const tags = new Set([...page.matchAll(/<\/?([a-z!][a-z0-9]*)/g)].map(([, name]) => name))
    expect(tags).toEqual(new Set(['!doctype', 'a', 'body', 'dd', 'dl', 'dt', 'h1', 'h2', 'head', 'html', 'li', 'meta', 'nav', 'p', 'section', 'style', 'table', 'tbody', 'td', 'th', 'thead', 'title', 'tr', 'ul']))
    expect(page).not.toMatch(/(src|href)="(?!#)/)
  })

  test('tells parties, agreement, counts, limits, files and records', async () => {
    const page = await textIn((await built()).bytes, 'README.html')
    for (const text of [agreementId, provider, consumer, 'concordat audit verify case.zip', 'records.ndjson', 'Una frase.', 'A consultation was permitted', 'Es va permetre una consulta', 'Se permitió una consulta', 'x7', 'signed statement: s-0-0']) expect(page).toContain(text)
  })
})

test('proofs of the reader are those of the log, whatever its size', async () => {
  const checkpoint = await audit.log.checkpoint()
  if (checkpoint === undefined) throw new Error('no checkpoint')
  for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 513, 700, checkpoint.size]) {
    const tree = createTreeReader(audit.log, { ...checkpoint, size })
    const read = (tiles: readonly { level: number; index: number; width: number }[]) => Promise.all(tiles.map(async (tile) => (await audit.log.tile(checkpoint.log, tile)) ?? Buffer.alloc(0)))
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((place) => place >= 0 && place < size))) {
      expect((await tree.inclusion(index)).map((hash) => hash.toString('base64'))).toEqual((await inclusionProof(read, index, size)).map((hash) => hash.toString('base64')))
    }
    await expect(tree.inclusion(size)).rejects.toMatchObject({ code: 'not-found' })
  }
})

test('a stopped log still gives evidence, which lacks the record of its own making', async () => {
  const other = await openTestDatabase()
  const stopped = await openTestAudit(other, { publicUrl: 'https://data.city.example', clock })
  await stopped.record({ type: 'agreement.stored', ...about, messageSha256: digestOf(message), policySha256: digestOf(policyText) })
  await stopped.log.stop({ log: '2026', kind: 'entry-changed', detail: {}, message: 'Somebody changed it.' })
  const { report } = await built({ database: other, audit: stopped })
  expect(report.findings.filter(({ holds }) => !holds).map(({ what }) => what)).toEqual(['export'])
  await stopped.close()
  await other.close()
})

test('a second signature of the log is among the keys', async () => {
  const other = await openTestDatabase()
  const both = await openTestAudit(other, { publicUrl: 'https://data.city.example', mldsa: true, clock })
  await both.record({ type: 'agreement.stored', ...about, messageSha256: digestOf(message), policySha256: digestOf(policyText) })
  const { report } = await built({ database: other, audit: both })
  expect(report.findings.filter(({ holds }) => !holds)).toEqual([])
  expect(report.findings.find(({ what }) => what === 'cosignature')).toMatchObject({ holds: true, detail: { witness: 'data.city.example/log/2026', participant: provider } })
  expect(report.limits.map(({ what }) => what)).toContain('no-cosignature')
  await both.close()
  await other.close()
})
