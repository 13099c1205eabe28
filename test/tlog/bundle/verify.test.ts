import { describe, expect, test } from 'vitest'
import { hash } from 'node:crypto'
import { readArchive, textOf } from '../../../src/tlog/bundle/archive-reader.ts'
import { readKeys } from '../../../src/tlog/bundle/form.ts'
import { indexSigners, readLog } from '../../../src/tlog/bundle/logs.ts'
import type { FindingCode } from '../../../src/tlog/bundle/report.ts'
import type { Trust } from '../../../src/tlog/bundle/trust.ts'
import { verifyBundle } from '../../../src/tlog/bundle/verify.ts'
import { ed25519Cosigner, mldsaCosigner } from '../../../src/tlog/cosignature.ts'
import { ed25519Signer, formatNote, vkeyOf } from '../../../src/tlog/note.ts'
import { formatCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { generateKeyPairSync } from 'node:crypto'
import { agreement, agreementId, bundleOf, clock, consumer, created, digestOf, entryOf, filesOf, json, jwkOf, keyOf, message, openingOf, origin, parts, provider, providerEvents, receiptOf, sourceOf, statementOf, witnessName, zipOf } from './test-bundle.ts'
import type { Parts } from './test-bundle.ts'

const verify = async (given: Parts, trust: Trust = {}) => verifyBundle(sourceOf(await bundleOf(given)), { trust })
const wrong = async (given: Parts, trust?: Trust): Promise<FindingCode[]> => (await verify(given, trust)).findings.filter(({ holds }) => !holds).map(({ what }) => what)
const changed = (change: (given: Parts) => void, given = parts()): Parts => {
  change(given)
  return given
}

describe('a whole bundle', () => {
  test('holds, and says what it is about and what it does not prove', async () => {
    const report = await verify(parts())
    expect(report.findings.filter(({ holds }) => !holds)).toEqual([])
    expect(report.holds).toBe(true)
    expect(report.summary).toEqual({ agreement: agreementId, connector: provider, partner: consumer, created, records: 6, permitted: 3, denied: 2, from: '2026-03-02T09:30:00.000Z', until: created })
    expect(report.findings.map(({ what }) => what)).toEqual(['archive', 'files', 'manifest', 'keys', 'manifest-signature', 'trust', 'checkpoint', 'cosignature', 'agreement', 'records', 'inclusion', 'sequence', 'export', 'openings', 'policy', 'statements', 'receipts', 'changes', 'log-chain'])
    expect(report.findings.find(({ what }) => what === 'cosignature')).toMatchObject({ detail: { witness: witnessName, participant: consumer, time: clock().toISOString() } })
    expect(report.limits.map(({ what }) => what)).toEqual(['outside-connector', 'tail', 'keys-from-bundle', 'summary'])
    expect(report.limits.find(({ what }) => what === 'tail')).toMatchObject({ detail: { log: '2026', cosignedAt: clock().toISOString() } })
  })

  test('without cosignature says so, and so does one that only its own witness signed', async () => {
    const none = await verify(changed((given) => (given.cosigners = [])))
    expect(none.holds).toBe(true)
    expect(none.limits).toContainEqual({ what: 'no-cosignature', detail: { log: '2026' } })
    const own = keyOf('own witness')
    const report = await verify(
      changed((given) => {
        given.cosigners = [ed25519Cosigner('data.city.example/witness', own, clock)]
        given.keys.push({ use: 'witness', name: 'data.city.example/witness', vkey: vkeyOf('data.city.example/witness', 4, own), from: created, until: null, participant: provider })
      }),
    )
    expect(report.limits).toContainEqual({ what: 'own-witness', detail: { log: '2026' } })
    expect(report.limits.map(({ what }) => what)).toContain('keys-unrecorded')
  })

  test('with a second signature of the log is verified with both keys', async () => {
    const { privateKey } = generateKeyPairSync('ml-dsa-44')
    const given = changed((all) => {
      all.signers.push(mldsaCosigner(origin, privateKey, clock))
      all.keys.push({ use: 'log', name: origin, vkey: vkeyOf(origin, 6, privateKey), from: created, until: null, participant: provider })
    })
    expect(await wrong(given)).toEqual([])
    const forged = changed((all) => {
      all.signers = given.signers
      all.keys = given.keys
      all.checkpoint = (note) => note.replace(/(— data\S+ \S{3000})..../, '$1AAAA')
    })
    expect(await wrong(forged)).toEqual(['cosignature'])
    const files = filesOf(given)
    files.set('manifest.note', `${String(files.get('manifest.note'))}— other AAAAAAAA\n`)
    const report = await verifyBundle(sourceOf(await zipOf(files)))
    expect(report.findings.filter(({ holds }) => !holds).map(({ what }) => what)).toEqual(['manifest-signature'])
  })

  test('of a consumer has the receipts of the provider', async () => {
    const log = { origin: 'data.city.example/log/2026', key: keyOf(`log of ${provider}`), entries: ['a', 'b', 'c', 'd', 'e'] }
    const receipt = receiptOf(log, 3)
    const about = { agreement: agreementId, partner: provider, transfer: 'urn:uuid:t', dataset: 'spending', role: 'consumer' }
    const request = { method: 'GET', query: '?a' }
    const ask = (more: object) => ({ type: 'data.requested', ...about, request, statement: 's', signed: statementOf({ id: 's', request }), ...more })
    const events = [ask({}), { type: 'data.received', ...about, requested: 4, providerRecord: 3, receiptSha256: digestOf(receipt), bytes: 1, sha256: 'ab' }, { type: 'data.received', ...about, requested: 4, bytes: 1 }, { type: 'audit.evidence', ...about, time: created }]
    const consumers = () => parts(events, { connector: consumer, partner: provider, origin: 'cards.example/log/2026' })
    const withReceipt = (change: (receipt: Record<string, string | number | boolean>) => void = () => undefined) =>
      changed((given) => {
        const line: Record<string, string | number | boolean> = { record: given.records[0] ?? -1, origin: log.origin, receipt, verified: true }
        change(line)
        given.receipts = [line]
        given.keys.push({ use: 'log', name: log.origin, vkey: vkeyOf(log.origin, 1, log.key), from: created, until: null, participant: provider })
      }, consumers())
    const report = await verify(withReceipt())
    expect(report.holds).toBe(true)
    expect(report.findings.find(({ what }) => what === 'receipts')?.detail).toEqual({ checked: 1 })
    expect(report.limits).toContainEqual({ what: 'no-receipt', detail: { count: 1, first: [{ record: 9 }] } })
    expect(await wrong(withReceipt((line) => (line['receipt'] = receipt.replace('index 3', 'index 2'))))).toEqual(['receipts'])
    expect(await wrong(withReceipt((line) => (line['record'] = 0)))).toEqual(['records'])
    expect((await verify(withReceipt((line) => (line['verified'] = false)))).limits.map(({ what }) => what)).toContain('unverified-receipts')
    const forged = receiptOf({ ...log, key: keyOf('another') }, 3)
    // What its own log says is no word of the provider.
    const own = { origin: 'cards.example/log/2026', key: keyOf(`log of ${consumer}`), entries: log.entries }
    const reportOfOwn = await verify(withReceipt((line) => Object.assign(line, { origin: own.origin, receipt: receiptOf(own, 3) })))
    expect(reportOfOwn.limits).toContainEqual({ what: 'unverified-receipts', detail: { count: 1, first: [{ record: 4 }] } })
    const unnamed = withReceipt((line) => (line['receipt'] = forged))
    unnamed.entries = unnamed.entries.map((entry) => ({ ...entry, entry: entry.entry.replace(digestOf(receipt), digestOf(forged)) }))
    expect(await wrong(unnamed)).toEqual(['receipts'])
    expect(await wrong(changed((given) => (given.entries = given.entries.map((entry) => ({ ...entry, entry: entry.entry.replace(digestOf(receipt), digestOf('another')) }))), withReceipt()))).toEqual(['receipts'])
  })

  test('with erased fields, questions without statement and unknown keys says where', async () => {
    const report = await verify(
      changed((given) => {
        given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.filter((line) => !line.includes('"field":"user"') && !line.includes('"field":"actor"')) : lines)
        given.keys = given.keys.filter((key) => !json(key).includes(`"${consumer}#key"`))
      }),
    )
    expect(report.holds).toBe(true)
    expect(report.limits).toContainEqual({ what: 'closed-fields', detail: { count: 4, first: [{ record: 6, field: 'user' }, { record: 9, field: 'user' }, { record: 10, field: 'user' }, { record: 15, field: 'actor' }] } })
    expect(report.limits).toContainEqual({ what: 'unverified-statements', detail: { count: 4, first: [{ record: 6 }, { record: 9 }, { record: 10 }, { record: 12 }] } })
    const silent = providerEvents(1).map(({ signed: _signed, statement: _statement, ...event }) => event)
    expect((await verify(parts(silent))).limits).toContainEqual({ what: 'no-statement', detail: { count: 2, first: [{ record: 6 }, { record: 9 }] } })
  })
})

test('evidence of a log that was broken and recovered says so', async () => {
  const given = parts()
  given.entries[0] = openingOf({ origin, vkey: vkeyOf(origin, 1, given.logKey), reason: 'break', start: 0 })
  given.entries[1] = entryOf({ type: 'log.recovered', name: '2026', kind: ['entry-missing'], lost: ['7-9'], reason: 'x' }, 'recovered')
  const report = await verify(given)
  expect(report.holds).toBe(true)
  expect(report.limits).toContainEqual({ what: 'broken', detail: { count: 1, first: [{ record: 1, time: expect.any(String), found: ['entry-missing'], lost: ['7-9'] }] } })
  expect((await verify(parts())).limits.map(({ what }) => what)).not.toContain('broken')
})

describe('trust', () => {
  const logVkey = vkeyOf(origin, 1, keyOf(`log of ${provider}`))
  const document = (id: string, log: string, identity: string) => ({
    id,
    verificationMethod: [
      { id: `${id}#key`, publicKeyJwk: jwkOf(keyOf(identity)) },
      { id: `${id}#log-12345678`, publicKeyJwk: jwkOf(keyOf(log)) },
    ],
  })
  test('in keys from elsewhere shows what is known from the bundle alone', async () => {
    const report = await verify(parts(), { vkeys: [logVkey], documents: [document(consumer, 'x', consumer)] })
    expect(report.holds).toBe(true)
    expect(report.limits).toContainEqual({ what: 'keys-from-bundle', detail: { count: 2, first: [{ name: witnessName, participant: consumer, use: 'witness' }, { name: `${provider}#key`, participant: provider, use: 'identity' }] } })
  })
  test.each<[string, Trust]>([
    ['another key of the log', { vkeys: [vkeyOf(origin, 1, keyOf('other'))] }],
    ['another key of the witness', { vkeys: [vkeyOf(witnessName, 4, keyOf('other'))] }],
    ['a document with another key of the log', { documents: [document(provider, 'other', provider)] }],
    ['a document with another identity', { documents: [document(consumer, 'x', 'other')] }],
  ])('in %s is contradicted', async (_what, trust) => {
    expect(await wrong(parts(), trust)).toEqual(['trust'])
  })
  test('in a document that has the key of the log holds', async () => {
    expect(await wrong(parts(), { documents: [document(provider, `log of ${provider}`, provider)] })).toEqual([])
  })
})

describe('what is wrong is found', () => {
  const lines = (file: string, change: (lines: string[]) => string[]) => (given: Parts) => (given.lines = (name, all) => (name === file ? change(all) : all))
  const swap = (all: string[], one: number, other: number) => all.with(one, all[other] ?? '').with(other, all[one] ?? '')
  const entry = (index: number, change: (text: string) => string) => (given: Parts) => (given.entries = given.entries.map((each, at) => (at === given.records[index] ? { ...each, entry: change(each.entry) } : each)))
  const inRecords = (change: (line: string) => string) => lines('records.ndjson', (all) => all.with(2, change(all[2] ?? '')))
  const cases: [string, FindingCode[], (given: Parts) => void][] = [
    ['an extra file', ['files'], (given) => (given.files['more.txt'] = 'x')],
    ['a missing vkey', ['files'], (given) => (given.files['logs/2027/checkpoint'] = 'x')],
    ['a manifest that names another digest', ['manifest'], (given) => (given.manifest = (text) => text.replace(/("name":"keys.json","sha256":")[0-9a-f]{2}/, '$100'))],
    ['a manifest that leaves a file out', ['manifest'], (given) => (given.manifest = (text) => text.replace(/\{"bytes":\d+,"name":"keys.json","sha256":"[0-9a-f]+"\},/, ''))],
    ['a manifest that names a file twice', ['manifest'], (given) => (given.manifest = (text) => text.replace(/(\{"bytes":\d+,"name":"keys.json","sha256":"[0-9a-f]+"\},)/, '$1$1'))],
    ['a manifest of another format', ['manifest'], (given) => (given.manifest = (text) => text.replace('evidence/1', 'evidence/2'))],
    ['a manifest with a file ../x', ['manifest'], (given) => (given.manifest = (text) => text.replace('"name":"keys.json"', '"name":"../keys.json"'))],
    ['a manifest that is not canonical', ['manifest'], (given) => (given.manifest = (text) => text.replace(',', ', '))],
    ['a manifest whose members are in another order', ['manifest'], (given) => (given.manifest = (text) => text.replace(/^\{("agreement":"[^"]*"),("connector":"[^"]*")/, '{$2,$1'))],
    ['a manifest signed by another key', ['keys', 'manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => ((given.signers = [ed25519Signer(origin, keyOf('other'))]), (given.logKey = keyOf('other')), (given.keys[0] = 1))],
    ['a record changed after it was signed', ['inclusion'], inRecords((line) => line.replace('\\"rows\\":1', '\\"rows\\":7'))],
    ['a record at another place in its log', ['records', 'inclusion'], inRecords((line) => line.replace(/"index":(\d+)/, (_all, index) => `"index":${Number(index) - 1}`))],
    ['a record with a proof of another', ['inclusion'], lines('records.ndjson', (all) => all.with(2, (all[2] ?? '').replace(/"proof":\[[^\]]*\]/, /"proof":\[[^\]]*\]/.exec(all[1] ?? '')?.[0] ?? '')))],
    ['a record with a shorter proof', ['inclusion'], inRecords((line) => line.replace(/,"[^",]{44}"\]/, ']'))],
    ['a record with a longer proof', ['inclusion'], inRecords((line) => line.replace(/(,"[^",]{44}")\]/, '$1$1]'))],
    ...([['a comma behind it', (proof) => `${proof},`], ['a comma before it', (proof) => `,${proof}`], ['no comma', (proof) => proof.replace('","', '""')], ['a hash with stray bits', (proof) => proof.replace(/.="$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}="`)], ['another quote', (proof) => proof.replace(/"$/, "'")]] satisfies [string, (proof: string) => string][]).flatMap(([what, change]) =>
      // The first one is compared with the root, the others with the one before.
      [0, 2].map((place): [string, FindingCode[], (given: Parts) => void] => [`record ${place} with a proof with ${what}`, ['inclusion'], lines('records.ndjson', (all) => all.with(place, (all[place] ?? '').replace(/"proof":\[([^\]]*)\]/, (_all, proof: string) => `"proof":[${change(proof)}]`)))]),
    ),
    ['a record of a log that is not there', ['inclusion'], inRecords((line) => line.replace('"log":"2026"', '"log":"2027"'))],
    ['records in another order', ['records', 'sequence', 'openings'], lines('records.ndjson', (all) => swap(all, 1, 2))],
    ['a record twice', ['records', 'sequence'], lines('records.ndjson', (all) => all.toSpliced(1, 0, all[1] ?? ''))],
    ['no first record', ['sequence'], lines('records.ndjson', (all) => all.slice(1))],
    ['a record missing in the middle', ['sequence', 'openings'], lines('records.ndjson', (all) => all.toSpliced(2, 1))],
    ['the last record missing', ['export', 'openings'], lines('records.ndjson', (all) => all.slice(0, -1))],
    ['no records at all', ['openings', 'manifest-signature', 'export'], lines('records.ndjson', () => [])],
    ['a record of another agreement', ['records'], entry(2, (text) => text.replace(agreementId, 'urn:uuid:other'))],
    ['a gap in the numbers', ['sequence'], entry(2, (text) => text.replace('"seq":2', '"seq":3'))],
    ['no number', ['sequence'], entry(2, (text) => text.replace('"seq":2,', ''))],
    ['an entry that is longer than a log takes', ['records', 'export'], entry(2, (text) => text.replace('"seq":2', `"seq":2,"sha1":"${'x'.repeat(65_536)}"`))],
    ['an entry that is not canonical', ['records', 'export'], entry(2, (text) => text.replace('"seq":2', '"seq": 2'))],
    ['an entry whose members are in another order', ['records', 'export'], entry(2, (text) => text.replace(/^\{(.*),("seq":2)/, '{$2,$1'))],
    ['an entry that names a member twice', ['records', 'export'], entry(2, (text) => text.replace('"seq":2', '"seq":9,"seq":2'))],
    ['a line that is not canonical', ['records', 'export'], inRecords((line) => line.replace('"log":', '"log": '))],
    ['a line with another member', ['records', 'export'], inRecords((line) => line.replace('"log":', '"extra":1,"log":'))],
    ['no last line feed', ['records', 'export'], lines('records.ndjson', (all) => [...all.slice(0, -1), (all.at(-1) ?? '').trimEnd()])],
    ['swapped openings', ['openings'], lines('openings.ndjson', (all) => all.with(0, (all[0] ?? '').replace(/"salt":"[^"]+"/, /"salt":"[^"]+"/.exec(all[1] ?? '')?.[0] ?? '')))],
    ['an opening with another value', ['openings'], lines('openings.ndjson', (all) => all.map((line) => line.replace('"value":"x7"', '"value":"x8"')))],
    ['an opening of a field that is not committed to', ['openings'], lines('openings.ndjson', (all) => all.map((line) => line.replace('"field":"user"', '"field":"role"')))],
    ['an opening of no record', ['openings'], lines('openings.ndjson', (all) => [...all, `${json({ field: 'user', record: 999, salt: 'x', value: 1 })}\n`])],
    ['openings in another order', ['openings'], lines('openings.ndjson', (all) => swap(all, 0, all.length - 1))],
    ['a checkpoint of another origin', ['manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => ((given.origin = 'other.example/log/2026'), (given.signers = [ed25519Signer(given.origin, given.logKey)]))],
    ['a checkpoint of another log with the same key', ['manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => (given.checkpoint = () => formatNote(formatCheckpoint({ origin: 'other.example/log/2026', size: 13, root: Buffer.alloc(32) }), given.signers))],
    ['a checkpoint that is older than the records', ['inclusion', 'changes'], (given) => (given.checkpoint = () => formatNote(formatCheckpoint({ origin, size: 3, root: Buffer.alloc(32) }), given.signers))],
    ['a checkpoint that nobody signed', ['manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => (given.checkpoint = (note) => note.replace(/— data.*\n/, ''))],
    ['a forged cosignature', ['cosignature'], (given) => (given.checkpoint = (note) => note.replace(/(— cards.example\/witness .{60})..../, '$1AAAA'))],
    ['a cosignature of an older checkpoint', ['cosignature'], (given) => (given.checkpoint = (note) => note.replace(/— cards.*\n/, /— cards.*\n/.exec(formatNote(formatCheckpoint({ origin, size: 1, root: Buffer.alloc(32) }), given.cosigners))?.[0] ?? ''))],
    ['a file that is not UTF-8', ['agreement'], (given) => (given.files['agreement/explanation.json'] = Buffer.from('{"en":["\u00ff"]}', 'latin1'))],
    ['an agreement other than the message', ['agreement'], (given) => (given.agreement = { ...agreement, target: 'urn:other' })],
    ['an agreement of other parties', ['agreement', 'policy'], (given) => ((given.agreement = { ...agreement, assigner: 'did:web:other' }), (given.message = given.message.replace(provider, 'did:web:other')))],
    ['another agreement', ['agreement', 'policy'], (given) => ((given.agreement = { ...agreement, '@id': 'urn:other' }), (given.message = given.message.replace(agreementId, 'urn:other')))],
    ['a message other than the recorded one', ['policy'], (given) => (given.message = message.replace('"agreement":', '"agreement": '))],
    ['another policy', ['policy'], (given) => (given.policy = json({ permission: [{ action: 'use' }] }))],
    ['a policy other than the recorded one', ['policy'], entry(2, (text) => text.replace(/"policySha256":"\w\w/, '"policySha256":"00'))],
    ['a statement of another key', ['statements'], (given) => (given.keys[3] = { use: 'identity', name: `${consumer}#key`, jwk: jwkOf(keyOf('other')), from: created, until: null, participant: consumer })],
    ['a change that is none', ['changes'], (given) => given.changes.push(5)],
    ['changes in another order', ['changes'], lines('changes.ndjson', (all) => swap(all, 0, 1))],
    ['a change of another log', ['changes', 'log-chain'], lines('changes.ndjson', (all) => all.map((line) => line.replace('"log":"2026"', '"log":"2025"')))],
    ['keys that are none', ['keys', 'manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => (given.keys = [{ use: 'log' }])],
    ['a key of somebody else for the log', ['keys', 'manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => (given.keys[0] = { use: 'log', name: origin, vkey: vkeyOf(origin, 1, given.logKey), from: created, until: null, participant: consumer })],
    ...[
      { use: 'witness', name: 'data.city.example/witness', vkey: vkeyOf('data.city.example/witness', 4, keyOf('own witness')), from: created, until: null, participant: consumer },
      { use: 'log', name: 'data.city.example/log/2025', vkey: vkeyOf('data.city.example/log/2025', 1, keyOf('x')), from: created, until: null, participant: consumer },
      { use: 'log', name: 'data.city.example/log/2025/more', vkey: vkeyOf('data.city.example/log/2025/more', 1, keyOf('x')), from: created, until: null, participant: provider },
      { use: 'identity', name: `${provider}#more`, jwk: jwkOf(keyOf('x')), from: created, until: null, participant: consumer },
      { use: 'log', name: 'data.city.example/log/2025', vkey: vkeyOf('data.city.example/log/2024', 1, keyOf('x')), from: created, until: null, participant: provider },
    ].map((key): [string, FindingCode[], (given: Parts) => void] => [`${key.use} key ${key.name} as one of ${key.participant}`, ['keys', 'manifest-signature', 'checkpoint', 'inclusion', 'changes'], (given) => given.keys.push(key)]),
    ['a record with another number', ['records', 'openings'], inRecords((line) => line.replace(/"record":(\d+)/, '"record":1$1'))],
    ['all records with other numbers than the changes', ['changes'], (given) => (given.lines = (name, all) => (name === 'receipts.ndjson' ? all : all.map((line) => (name === 'changes.ndjson' ? line : line.replace(/"record":(\d+)/, (_all, number) => `"record":${Number(number) + 100}`)))))],
    ['a log without the entry that opened it', ['log-chain'], (given) => given.changes.splice(0, 1)],
    ['a log that opened at another number', ['log-chain'], (given) => (given.entries[0] = openingOf({ origin, vkey: vkeyOf(origin, 1, given.logKey), reason: 'first', start: 1 }))],
    ['a log that opened after a break without saying which', ['log-chain'], (given) => (given.entries[0] = openingOf({ origin, vkey: vkeyOf(origin, 1, given.logKey), reason: 'break', start: 0 }))],
    ['a log that opened under another name', ['log-chain'], (given) => (given.entries[0] = openingOf({ origin: 'other', vkey: 'x', reason: 'first', start: 0 }))],
  ]
  test.each(cases)('%s: %j', async (_what, codes, change) => {
    const found = await wrong(changed(change))
    expect(new Set(found)).toEqual(new Set(codes))
  })

  test.each([
    ['of another consumer', { issuer: 'did:web:other' }, 'claims'],
    ['for another provider', { audience: 'did:web:other' }, 'audience'],
    ['for another agreement', { agreement: 'urn:other' }, 'agreement'],
    ['with another id', { id: 'other' }, 'id'],
  ])('a statement %s', async (what, claims, why) => {
    const [stored, asked, , , , end] = providerEvents()
    if (stored === undefined || asked === undefined || end === undefined) throw new Error('no events')
    const signed = statementOf({ id: 's-0', request: asked['request'], key: keyOf(consumer), ...claims })
    const report = await verify(parts([stored, { ...asked, signed, signedSha256: digestOf(signed) }, end]))
    if (what === 'of another consumer') expect(report.limits.map((limit) => limit.what)).toContain('unverified-statements')
    else expect(report.findings.filter(({ holds }) => !holds)).toEqual([{ what: 'statements', holds: false, detail: { checked: 1, wrong: 1, first: [{ record: 6, why }] } }])
  })

  test('a statement for another request is told', async () => {
    const events = providerEvents(1).map((event) => (event.type === 'data.permitted' ? { ...event, request: { method: 'GET', path: '', query: '?other' } } : event))
    expect((await verify(parts(events))).limits).toContainEqual({ what: 'unbound-requests', detail: { count: 1, first: [{ record: 6 }] } })
  })

  test('the place of what is wrong is told', async () => {
    const report = await verify(changed(inRecords((line) => line.replace('\\"rows\\":1', '\\"rows\\":7'))))
    expect(report.findings.find(({ what }) => what === 'inclusion')).toEqual({ what: 'inclusion', holds: false, detail: { checked: 6, wrong: 1, first: [{ record: 9, log: '2026', index: 9 }] } })
  })

  test('1,000 bits, each flipped', async () => {
    const bytes = await bundleOf(parts())
    const missed: number[] = []
    for (let place = 0; place < 1000; place++) {
      // Spread over the whole file, the same in each run.
      const bit = hash('sha256', `bit ${place}`, 'buffer').readUInt32LE(0) % (bytes.length * 8)
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      if ((await verifyBundle(sourceOf(flipped))).holds) missed.push(bit)
    }
    expect(missed).toEqual([])
  })

  test('1,000 bits of the files, each flipped before the archive was made anew', async () => {
    const files = filesOf(parts())
    const all = [...files].flatMap(([name, content]) => Array.from({ length: Buffer.from(content).length }, (_, at) => [name, at] as const))
    const missed: string[] = []
    for (let place = 0; place < 1000; place++) {
      const number = hash('sha256', `byte ${place}`, 'buffer').readUInt32LE(0)
      const [name, at] = all[number % all.length] ?? ['', 0]
      const content = Buffer.from(files.get(name) ?? '')
      content[at] = (content[at] ?? 0) ^ (1 << (number >>> 29))
      if ((await verifyBundle(sourceOf(await zipOf(new Map(files).set(name, content))))).holds) missed.push(`${name} ${at}`)
    }
    expect(missed).toEqual([])
  })
})

test('a verifier looks at no more cosignatures than it said', async () => {
  const archive = await readArchive(sourceOf(await bundleOf(parts())))
  const known = { signers: indexSigners(readKeys(await textOf(archive, 'keys.json'))), connector: provider }
  for (const most of [0, 1]) {
    let verified = 0
    const { findings } = await readLog(archive, '2026', { ...known, mayVerify: () => (verified += 1) <= most })
    expect(findings.map(({ what, holds }) => [what, holds])).toEqual(most === 0 ? [['checkpoint', false]] : [['checkpoint', true], ['cosignature', true]])
  }
})
