import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { verifyBundle } from '../../src/tlog/bundle/verify.ts'
import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { mldsaCosigner } from '../../src/tlog/cosignature.ts'
import { ed25519Signer, formatNote, vkeyOf } from '../../src/tlog/note.ts'
import { buildIndependentVerifier, missingForGo } from '../helpers/independent-verifier.ts'
import type { Verdict } from '../helpers/independent-verifier.ts'
import { createRandom } from '../helpers/random.ts'
import { agreement, agreementId, bundleOf, clock, consumer, created, digestOf, filesOf, json, jwkOf, keyOf, openingOf, origin, parts, provider, providerEvents, receiptOf, sourceOf, statementOf, zipOf } from '../tlog/bundle/test-bundle.ts'
import type { Parts } from '../tlog/bundle/test-bundle.ts'

const missing = missingForGo()
const folder = mkdtempSync(join(tmpdir(), 'concordat-independent-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A bundle in which `change` did something before everything was signed. */
function changed(change: (given: Parts) => unknown, given = parts()): Parts {
  change(given)
  return given
}

const providerLog = { origin, key: keyOf(`log of ${provider}`), entries: ['a', 'b', 'c', 'd', 'e'] }
const receipt = receiptOf(providerLog, 3)

/** Changes what an entry of the log says. */
function changeEntry(given: Parts, record: number, how: (entry: string) => string): void {
  const at = given.records[record] ?? -1
  const { entry, openings } = given.entries[at] ?? { entry: '', openings: [] }
  given.entries[at] = { entry: how(entry), openings }
}

/** Changes the message, with the records that name its digest. */
function changeMessage(given: Parts, how: (message: string) => string): void {
  const before = digestOf(given.message)
  given.message = how(given.message)
  for (const place of given.records.keys()) changeEntry(given, place, (entry) => entry.replace(before, digestOf(given.message)))
}

/** What a consumer has: its own records, and a receipt of the provider. */
function consumerParts(kept = receipt, recorded = receipt): Parts {
  const about = { agreement: agreementId, partner: provider, transfer: 'urn:uuid:t', dataset: 'spending', role: 'consumer' }
  const request = { method: 'GET', query: '?a' }
  const events = [
    { type: 'data.requested', ...about, request, statement: 's', signed: statementOf({ id: 's', request }) },
    { type: 'data.received', ...about, requested: 4, providerRecord: 3, receiptSha256: digestOf(recorded), bytes: 1, sha256: 'ab' },
    { type: 'audit.evidence', ...about, time: created },
  ]
  return changed((given) => {
    given.receipts = [{ record: given.records[0] ?? -1, origin, receipt: kept, verified: true }]
    given.keys.push({ use: 'log', name: origin, vkey: vkeyOf(origin, 1, providerLog.key), from: created, until: null, participant: provider })
  }, parts(events, { connector: consumer, partner: provider, origin: 'cards.example/log/2026' }))
}

/** The same proof with another hash in it. */
const wrongReceipt = receipt.replace(/\n[^\n]{10}([^\n]{34})\n\n/, '\nAAAAAAAAAA$1\n\n')

const describeWithGo = missing === undefined ? describe : describe.skip

// That Go is there where the whole of the tests is run is for independent.test.ts to say.
describeWithGo('evidence', () => {
  let run: (...args: readonly string[]) => Verdict
  beforeAll(() => {
    run = buildIndependentVerifier(folder)
  }, 120_000)

  const verify = (bundle: Uint8Array): Verdict => {
    const file = join(folder, 'case.zip')
    writeFileSync(file, bundle)
    return run('verify-bundle', file)
  }
  /** What both verifiers say. */
  const both = async (bundle: Buffer) => ({ independent: verify(bundle).status === 0, ours: (await verifyBundle(sourceOf(bundle))).holds })

  test('of a provider is verified, and what is proven is told', async () => {
    const { status, proven, wrong } = verify(await bundleOf(parts()))
    expect(wrong).toBe('')
    expect(status).toBe(0)
    expect(proven).toContain(`evidence of ${provider} about the agreement ${agreementId} with ${consumer}`)
    expect(proven).toContain('- cards.example/witness has cosigned it at 2026-03-02T10:00:00Z.')
    expect(proven).toContain('All 6 records of the agreement are in the signed logs.')
    expect(proven).toContain('4 signed requests are by those whom the bundle names')
  })

  test('of a consumer is verified with its receipts', async () => {
    const bundle = await bundleOf(consumerParts())
    expect(await both(bundle)).toEqual({ independent: true, ours: true })
    expect(verify(bundle).proven).toContain('1 signed requests are by those whom the bundle names; 1 receipts of the partner\'s log hold.')
  })

  test('of a consumer that knows several keys of the provider is verified with the one that signed', async () => {
    const given = consumerParts()
    const [last] = given.keys.splice(-1)
    given.keys.push({ use: 'log', name: origin, vkey: vkeyOf(origin, 1, keyOf('another')), from: created, until: null, participant: provider }, ...(last === undefined ? [] : [last]))
    expect(await both(await bundleOf(given))).toEqual({ independent: true, ours: true })
    const without = changed((all) => all.keys.splice(-1), given)
    expect(await both(await bundleOf(without))).toEqual({ independent: false, ours: false })
  })

  test('with a second signature of the log is verified, and that signature named as not verified', async () => {
    const { privateKey } = generateKeyPairSync('ml-dsa-44')
    const given = changed((all) => {
      all.signers.push(mldsaCosigner(origin, privateKey, clock))
      all.keys.push({ use: 'log', name: origin, vkey: vkeyOf(origin, 6, privateKey), from: created, until: null, participant: provider })
    })
    const bundle = await bundleOf(given)
    expect(await both(bundle)).toEqual({ independent: true, ours: true })
    expect(verify(bundle).proven).toContain(`A signature of ${origin} on it was not verified`)
  })

  test('with many records is verified', async () => {
    expect(await both(await bundleOf(parts(providerEvents(600))))).toEqual({ independent: true, ours: true })
  })

  test('with a bit flipped anywhere is refused by both', async () => {
    const random = createRandom(5)
    const bundles = [await bundleOf(parts()), await bundleOf(consumerParts())]
    const flipped = Array.from({ length: 1000 }, (_, place) => {
      const bundle = Buffer.from(random.pick(bundles))
      const bit = random.between(0, bundle.length * 8 - 1)
      bundle[bit >> 3] = (bundle[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const file = join(folder, `flipped-${place}.zip`)
      writeFileSync(file, bundle)
      return { bit, bundle, file }
    })
    for (const { bit, bundle } of flipped) expect({ bit, holds: (await verifyBundle(sourceOf(bundle))).holds }).toEqual({ bit, holds: false })
    const { status, wrong } = run('verify-bundle', ...flipped.map(({ file }) => file))
    expect(status).toBe(1)
    expect(wrong.split('\n').slice(0, -1).map((line) => line.split(': NOT PROVEN: ')[0])).toEqual(flipped.map(({ file }) => file))
  })

  test.each<[string, (bundle: Buffer) => Buffer]>([
    ['nothing in it', () => Buffer.alloc(0)],
    ['a byte before it', (bundle) => Buffer.concat([Buffer.of(0), bundle])],
    ['a byte behind it', (bundle) => Buffer.concat([bundle, Buffer.of(0)])],
    ['its end cut off', (bundle) => bundle.subarray(0, -1)],
    ['its list of files cut off', (bundle) => bundle.subarray(0, bundle.indexOf('PK\u0001\u0002'))],
    ['itself twice', (bundle) => Buffer.concat([bundle, bundle])],
  ])('with %s is refused by both', async (_, change) => {
    expect(await both(change(await bundleOf(parts())))).toEqual({ independent: false, ours: false })
  })

  test.each<[string, (given: Parts) => unknown, string]>([
    ['a record left out', (given) => given.records.splice(2, 1), 'records are missing'],
    ['the last records left out', (given) => given.records.splice(-1), 'later ones may be missing'],
    ['no records', (given) => given.records.splice(0), 'there are no records'],
    ['two records in each other\'s place', (given) => (given.lines = (name, lines) => (name === 'records.ndjson' ? lines.toReversed() : lines)), 'wrong place'],
    ['a record with another entry', (given) => (given.lines = (name, lines) => (name === 'records.ndjson' ? lines.map((line) => line.replace('data.denied', 'data.permit')) : lines)), 'is not entry'],
    ['a record with another index', (given) => (given.lines = (name, lines) => (name === 'records.ndjson' ? lines.map((line) => line.replace(/"index":(\d)/, '"index":1$1')) : lines)), 'record'],
    ['a record that names a member twice', (given) => (given.lines = (name, lines) => (name === 'records.ndjson' ? lines.map((line) => line.replace('"index":', '"index":0,"index":')) : lines)), 'twice'],
    ['another value than was committed to', (given) => (given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.map((line) => line.replace('x7', 'x8')) : lines)), 'commits to'],
    ['another salt', (given) => (given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.map((line) => line.replace(/"salt":"./, '"salt":"_')) : lines)), 'commits to'],
    ['an opening of what is not committed', (given) => (given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.map((line) => line.replace('"field":"user"', '"field":"role"')) : lines)), 'opened as role'],
    ['an opening twice', (given) => (given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.flatMap((line) => [line, line]) : lines)), 'there twice'],
    ['another policy', (given) => (given.policy = json({ permission: [] })), 'policy'],
    ['another agreement', (given) => (given.agreement = { ...agreement, target: 'urn:dataset:other' }), 'agreement'],
    ['another message', (given) => (given.message = `${given.message} `), 'another message'],
    ['another partner', (given) => (given.partner = 'did:web:other.example'), 'other parties'],
    ['its own witness named as the partner\'s', (given) => given.keys.push({ use: 'witness', name: 'data.city.example/witness', vkey: vkeyOf('data.city.example/witness', 4, keyOf('x')), from: created, until: null, participant: consumer }), 'not called as'],
    ['an identity of its own named as the partner\'s', (given) => given.keys.push({ use: 'identity', name: `${provider}#more`, jwk: jwkOf(keyOf('x')), from: created, until: null, participant: consumer }), 'not called as'],
    ['the key of another log', (given) => (given.logKey = keyOf('somebody')), 'not in keys.json'],
    ['a checkpoint that a witness has cosigned twice', (given) => (given.checkpoint = (note) => `${note}${note.split('\n').at(-2) ?? ''}\n`), 'twice'],
    ['a checkpoint that the log has signed twice', (given) => (given.checkpoint = (note) => `${note}${note.split('\n').find((line) => line.startsWith(`— ${origin} `)) ?? ''}\n`), 'twice'],
    ['a checkpoint by another key', (given) => (given.signers = [ed25519Signer(origin, keyOf('somebody'))]), 'NOT PROVEN'],
    ['a checkpoint of another tree', (given) => (given.checkpoint = () => formatNote(formatCheckpoint({ origin, size: 50, root: Buffer.alloc(32) }), given.signers)), 'is not entry'],
    ['a record with another number', (given) => (given.lines = (name, lines) => (name === 'records.ndjson' ? lines.map((line, at) => (at === 5 ? line.replace(/"record":(\d+)/, '"record":1$1') : line)) : lines)), 'numbered otherwise'],
    ['a log without the entry that opened it', (given) => given.changes.splice(0, 1), 'is missing'],
    ['a log that opened at another number', (given) => (given.entries[0] = openingOf({ origin, vkey: vkeyOf(origin, 1, given.logKey), reason: 'first', start: 1 })), 'is not where the log'],
    ['a log that opened after a break without saying which', (given) => (given.entries[0] = openingOf({ origin, vkey: vkeyOf(origin, 1, given.logKey), reason: 'break', start: 0 })), 'is missing'],
    ['a file that is not UTF-8', (given) => (given.files['agreement/explanation.json'] = Buffer.from('{"en":["\u00ff"]}', 'latin1')), 'UTF-8'],
    ['a change that is none', (given) => given.changes.push(given.records[0] ?? 0), 'no change'],
    ['an extra file', (given) => (given.files['extra.txt'] = 'x'), 'no file of evidence'],
    ['another format', (given) => (given.manifest = (text) => text.replace('concordat-evidence/1', 'concordat-evidence/2')), 'format'],
    ['a file that is not the one of the manifest', (given) => (given.manifest = (text) => text.replace(/"sha256":"../, '"sha256":"00')), 'manifest names'],
    ['a manifest that is written otherwise', (given) => (given.manifest = (text) => `${text}\n`), 'canonical'],
    ['a line of a record that is written otherwise', (given) => (given.lines = (name, lines) => (name === 'records.ndjson' ? lines.map((line) => line.replace('\n', ' \n')) : lines)), 'canonical'],
    ['a record that is written otherwise', (given) => changeEntry(given, 3, (entry) => entry.replace(',', ', ')), 'canonical'],
    ['a record with members in another order', (given) => changeEntry(given, 3, (entry) => entry.replace('{', '{"zz":1,')), 'canonical'],
    ['a record with a letter that is escaped', (given) => changeEntry(given, 3, (entry) => entry.replace('"type"', String.raw`"\u0074ype"`)), 'canonical'],
    ['a record with a number that is written otherwise', (given) => changeEntry(given, 3, (entry) => entry.replace('{', '{"!":1.0,')), 'canonical'],
    ['a record with a number that is not exact', (given) => changeEntry(given, 3, (entry) => entry.replace('{', '{"!":9007199254740993,')), 'canonical'],
    ['a record with half a letter', (given) => changeEntry(given, 3, (entry) => entry.replace('{', String.raw`{"!":"\ud800",`)), 'canonical'],
    ['a record that is nested deep', (given) => changeEntry(given, 3, (entry) => entry.replace('{', `{"!":${'['.repeat(210)}${']'.repeat(210)},`)), 'canonical'],
    ['a record that is too long', (given) => changeEntry(given, 3, (entry) => entry.replace('{', `{"!":"${'x'.repeat(66_000)}",`)), 'not a record'],
    ['a record with a time that is none', (given) => changeEntry(given, 3, (entry) => entry.replace(/"time":"[^"]*"/, '"time":5')), 'not a record'],
    ['openings in another order', (given) => (given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.toReversed() : lines)), 'wrong place'],
    ['an explanation that is written otherwise', (given) => (given.files['agreement/explanation.json'] = '{ "en": [] }'), 'canonical'],
    ['a key without a beginning', (given) => Object.assign(given.keys[2] ?? {}, { from: null }), 'from when'],
    ['a message that names a member twice', (given) => changeMessage(given, (message) => message.replace('{', '{"agreement":{},')), 'twice'],
    ['a member of the manifest twice', (given) => (given.manifest = (text) => text.replace('{"agreement":', '{"agreement":"x","agreement":')), 'twice'],
  ])('with %s, and everything signed anew, is refused by both', async (_, change, why) => {
    const bundle = await bundleOf(changed(change))
    expect(await both(bundle)).toEqual({ independent: false, ours: false })
    expect(verify(bundle).wrong).toContain(why)
  })

  test('with a statement by somebody else is refused by both', async () => {
    const request = { method: 'GET', path: '', query: '?district=eq.0' }
    for (const claims of [{ key: keyOf('somebody') }, { issuer: 'did:web:other.example' }, { audience: 'did:web:other.example' }, { agreement: 'urn:uuid:other' }, { id: 'another' }]) {
      const signed = statementOf({ id: 's-0', request, ...claims })
      const events = providerEvents().map((event, place) => (place === 1 ? { ...event, signed, signedSha256: digestOf(signed) } : event))
      const given = parts(events)
      given.keys.push({ use: 'identity', name: 'did:web:other.example#key', jwk: jwkOf(keyOf('did:web:other.example')), from: created, until: null, participant: 'did:web:other.example' })
      expect(await both(await bundleOf(given))).toEqual({ independent: false, ours: false })
    }
  })

  test('with a participant that changed its key and left it its name is verified with both keys', async () => {
    const newer = { use: 'identity', name: `${consumer}#key`, jwk: jwkOf(keyOf('newer')), from: created, until: null, participant: consumer }
    const signed = statementOf({ id: 's-0', request: { method: 'GET', path: '', query: '?district=eq.0' }, key: keyOf('newer') })
    const given = parts(providerEvents().map((event, place) => (place === 1 ? { ...event, signed, signedSha256: digestOf(signed) } : event)))
    expect(await both(await bundleOf(given))).toEqual({ independent: false, ours: false })
    given.keys.push(newer)
    const bundle = await bundleOf(given)
    expect(await both(bundle)).toEqual({ independent: true, ours: true })
    const now = { id: consumer, verificationMethod: [{ id: `${consumer}#key`, publicKeyJwk: jwkOf(keyOf('newer')) }] }
    expect((await verifyBundle(sourceOf(bundle), { trust: { documents: [now] } })).holds).toBe(true)
  })

  test('with statements whose key it does not have says so', async () => {
    const given = parts()
    given.keys = given.keys.filter((key) => !json(key).includes(`${consumer}#key`))
    const bundle = await bundleOf(given)
    expect(await both(bundle)).toEqual({ independent: true, ours: true })
    expect(verify(bundle).proven).toContain('4 signed requests were not verified: the bundle has no key for them.')
  })

  test('with a receipt that does not hold, or another one than was recorded, is refused by both', async () => {
    expect(wrongReceipt).not.toBe(receipt)
    expect(await both(await bundleOf(consumerParts(wrongReceipt, wrongReceipt)))).toEqual({ independent: false, ours: false })
    expect(await both(await bundleOf(consumerParts(receipt, wrongReceipt)))).toEqual({ independent: false, ours: false })
  })

  test('with a receipt of the log of its own is not verified with that', async () => {
    const own = receiptOf({ origin: 'cards.example/log/2026', key: keyOf(`log of ${consumer}`), entries: providerLog.entries }, 3)
    const bundle = await bundleOf(changed((given) => (given.receipts = [{ record: given.records[0] ?? -1, origin: 'cards.example/log/2026', receipt: own, verified: true }]), consumerParts(own, own)))
    expect(await both(bundle)).toEqual({ independent: true, ours: true })
    expect(verify(bundle).proven).toContain('0 receipts of the partner\'s log hold.')
    const { findings, limits } = await verifyBundle(sourceOf(bundle))
    expect(findings.find(({ what }) => what === 'receipts')?.detail).toEqual({ checked: 0 })
    expect(limits.map(({ what }) => what)).toContain('unverified-receipts')
  })

  test('with a receipt twice, or of no record, is refused by both', async () => {
    const line = { record: 4, origin, receipt, verified: true }
    for (const receipts of [[line, line], [{ ...line, record: 999 }]]) {
      expect(await both(await bundleOf(changed((given) => (given.receipts = receipts), consumerParts())))).toEqual({ independent: false, ours: false })
    }
  })

  test('with a manifest that somebody else signed, or signed beside, is refused by both', async () => {
    const files = filesOf(parts())
    const note = String(files.get('manifest.note'))
    const text = `${note.split('\n\n')[0] ?? ''}\n`
    for (const wrong of [formatNote(text, [ed25519Signer(origin, keyOf('somebody'))]), `${note}— other AAAAAAAA\n`, note.replace('evidence', 'evidense'), `${note}${note.split('\n\n')[1] ?? ''}`]) {
      expect(await both(await zipOf(new Map([...files, ['manifest.note', wrong]])))).toEqual({ independent: false, ours: false })
    }
  })
})
