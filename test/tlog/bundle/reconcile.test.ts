import type { KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readArchive } from '../../../src/tlog/bundle/archive-reader.ts'
import { keysIn, queriesIn } from '../../../src/tlog/bundle/queries.ts'
import type { BundleQueries } from '../../../src/tlog/bundle/queries.ts'
import { countedKeys, reconcile } from '../../../src/tlog/bundle/reconcile.ts'
import type { Reconciliation } from '../../../src/tlog/bundle/reconcile.ts'
import type { Trust } from '../../../src/tlog/bundle/trust.ts'
import { vkeyOf } from '../../../src/tlog/note.ts'
import { leafHash } from '../../../src/tlog/tree.ts'
import { agreementId, bundleOf, consumer, created, json, jwkOf, keyOf, origin, parts, provider, receiptOf, sourceOf, statementOf } from './test-bundle.ts'
import type { Event, Parts } from './test-bundle.ts'

const request = (place: number) => ({ method: 'GET', path: '', query: `?n=${place}` })
const provided = { agreement: agreementId, partner: consumer, transfer: 'urn:uuid:t', dataset: 'spending' }
const consumed = { agreement: agreementId, partner: provider, transfer: 'urn:uuid:t', dataset: 'spending', role: 'consumer' }
const permitted = (place: number, more: object = {}): Event => ({ type: 'data.permitted', ...provided, decision: 'permit', statement: `s-${place}`, signed: statementOf({ id: `s-${place}`, request: request(place) }), request: request(place), rows: place, bytes: 100 + place, sha256: `digest ${place}`, ...more })
const requested = (place: number, more: object = {}): Event => ({ type: 'data.requested', ...consumed, signed: statementOf({ id: `s-${place}`, request: request(place) }), request: request(place), ...more })
const end: Event = { type: 'audit.evidence', agreement: agreementId, time: created }

const archiveOf = async (given: Parts) => readArchive(sourceOf(await bundleOf(given)))
const queriesOf = async (given: Parts): Promise<BundleQueries> => {
  const archive = await archiveOf(given)
  return queriesIn(archive, { wrong: [], keys: await keysIn(archive) })
}
/** As `audit reconcile` compares: each with the keys that count. */
const compare = async (one: Parts, other: Parts, trust: Trust = {}): Promise<Reconciliation> => {
  const [ours, theirs] = [await archiveOf(one), await archiveOf(other)]
  const [keys, otherKeys] = [await keysIn(ours), await keysIn(theirs)]
  return reconcile(
    await queriesIn(ours, { wrong: [], keys: countedKeys({ keys, connector: one.connector }, { keys: otherKeys, trust }) }),
    await queriesIn(theirs, { wrong: [], keys: countedKeys({ keys: otherKeys, connector: other.connector }, { keys, trust }) }),
  )
}
const ofProvider = (...events: Event[]) => parts([...events, end])
const ofConsumer = (...events: Event[]) => parts([...events, end], { connector: consumer, partner: provider, origin: 'cards.example/log/2026' })
/** Where a record of these parts stands: what outcomes refer to. */
const at = (build: (...events: Event[]) => Parts, events: readonly Event[]) => (place: number) => build(...events).records[place] ?? -1
const told = ({ queries }: Reconciliation) => queries.map(({ verdict, matchedBy, differences, proofs }) => ({ verdict, matchedBy, differences: differences.map(({ field }) => field), proofs }))

const asked = [requested(0), requested(1)]
const place = at(ofConsumer, asked)
const received = (question: number, n: number, more: object = {}): Event => ({ type: 'data.received', ...consumed, requested: place(question), status: 200, bytes: 100 + n, sha256: `digest ${n}`, ...more })

const keyOfLog = (key: KeyObject, participant = provider, name = origin) => ({ use: 'log', name, vkey: vkeyOf(name, 1, key), from: created, until: null, participant })

describe('two parties', () => {
  test('that hold the same agree, whichever is named first', async () => {
    const [one, other] = [await queriesOf(ofProvider(permitted(0), permitted(1))), await queriesOf(ofConsumer(...asked, received(0, 0), received(1, 1)))]
    const reconciled = reconcile(one, other)
    expect(reconciled).toMatchObject({ agree: true, agreement: agreementId, provider, consumer, counts: { agree: 2, differ: 0, 'only-provider': 0, 'only-consumer': 0 } })
    expect(told(reconciled)).toEqual(Array.from({ length: 2 }, () => ({ verdict: 'agree', matchedBy: 'statement', differences: [], proofs: ['consumer-statement', 'provider-log', 'consumer-log'] })))
    expect(reconcile(other, one)).toEqual(reconciled)
  })

  test.each<[string, Event, Event, string[]]>([
    ['bytes and digest', permitted(1), received(1, 1, { bytes: 7, sha256: 'other' }), ['bytes', 'sha256']],
    ['decision', { ...permitted(1), type: 'data.denied', decision: 'deny' }, received(1, 1), ['decision']],
    ['refusal', permitted(1), { type: 'data.refused', ...consumed, requested: place(1), status: 403, code: 'not-permitted' }, ['decision']],
  ])('differ in %s', async (_what, theirs, ours, fields) => {
    const reconciled = reconcile(await queriesOf(ofProvider(permitted(0), theirs)), await queriesOf(ofConsumer(...asked, received(0, 0), ours)))
    expect(reconciled.agree).toBe(false)
    expect(told(reconciled).map(({ verdict, differences }) => ({ verdict, differences }))).toContainEqual({ verdict: 'differ', differences: fields })
  })

  test('lack what the other has; the signature that proves it is told', async () => {
    const reconciled = reconcile(await queriesOf(ofProvider(permitted(0), permitted(5))), await queriesOf(ofConsumer(...asked, received(0, 0), received(1, 1))))
    expect(reconciled.counts).toEqual({ agree: 1, differ: 0, 'only-provider': 1, 'only-consumer': 1 })
    expect(told(reconciled)).toContainEqual({ verdict: 'only-provider', matchedBy: null, differences: [], proofs: ['consumer-statement', 'provider-log'] })
    expect(told(reconciled)).toContainEqual({ verdict: 'only-consumer', matchedBy: null, differences: [], proofs: ['consumer-log'] })
  })

  test('are matched by the number of the record where nothing was signed, and by the receipt for it', async () => {
    const { signed: _signed, statement: _statement, ...open } = permitted(0)
    const one = ofProvider({ ...open, request: request(0) })
    const [record = -1] = one.records
    const { signed: _also, ...question } = requested(0)
    const questions = [question]
    const number = at(ofConsumer, questions)(0)
    const answer = { type: 'data.received', ...consumed, requested: number, bytes: 100, sha256: 'digest 0', providerRecord: record }
    const receipt = receiptOf({ origin, key: keyOf(`log of ${provider}`), entries: one.entries.map(({ entry }) => entry) }, record)
    const other = ofConsumer(question, answer)
    other.receipts = [{ record: number, origin, receipt, verified: true }]
    other.keys.push(keyOfLog(keyOf(`log of ${provider}`)))
    const reconciled = await compare(one, other)
    expect(told(reconciled)).toEqual([{ verdict: 'agree', matchedBy: 'receipt', differences: [], proofs: ['provider-receipt', 'provider-log', 'consumer-log'] }])
    // The provider has another record under the number than it gave a receipt for.
    const rewritten = ofProvider({ ...open, request: request(0), purpose: 'another' })
    const differing = await compare(rewritten, other)
    expect(told(differing)[0]).toMatchObject({ verdict: 'differ', differences: ['record'] })
    expect(differing.queries[0]?.differences[0]?.consumer).toBe(leafHash(Buffer.from(one.entries[record]?.entry ?? '')).toString('base64'))
  })

  test('an answer that broke off is told, not its bytes', async () => {
    const released = (given: Parts): Event => ({ type: 'data.released', ...provided, permitted: given.records[0] ?? -1, bytes: 100, sha256: 'digest 0' })
    const one = ofProvider(permitted(0), released(ofProvider(permitted(0))))
    const other = ofConsumer(requested(0), { type: 'data.aborted', ...consumed, requested: place(0), bytes: 3 })
    expect(told(reconcile(await queriesOf(one), await queriesOf(other)))[0]).toMatchObject({ verdict: 'differ', differences: ['complete'] })
  })

  test('refusals of the same kind share a record', async () => {
    const denied: Event = { type: 'data.denied', ...provided, decision: 'deny', code: 'not-permitted' }
    const [first = -1] = ofProvider(denied).records
    const one = await queriesOf(ofProvider(denied, { ...denied, count: 2, first }))
    const questions = Array.from({ length: 4 }, () => ({ type: 'data.requested', ...consumed }))
    const number = at(ofConsumer, questions)
    const refusals = questions.map((_question, index) => ({ type: 'data.refused', ...consumed, requested: number(index), providerRecord: first, code: 'not-permitted' }))
    const three = reconcile(one, await queriesOf(ofConsumer(...questions.slice(0, 3), ...refusals.slice(0, 3).map((refusal, index) => ({ ...refusal, requested: at(ofConsumer, questions.slice(0, 3))(index) })))))
    expect(three).toMatchObject({ agree: true, counts: { agree: 3 } })
    expect(reconcile(one, await queriesOf(ofConsumer(...questions, ...refusals)))).toMatchObject({ agree: false, counts: { agree: 3, 'only-consumer': 1 } })
  })

  test('outcomes that share a record are taken apart', async () => {
    const questions = [permitted(0), permitted(1)]
    const number = at(ofProvider, questions)
    const one = ofProvider(...questions, { type: 'data.released', ...provided, count: 2, bytes: 201, outcomes: [0, 1].map((index) => ({ permitted: number(index), bytes: 100 + index, sha256: `digest ${index}` })) })
    const queries = await queriesOf(one)
    expect(queries.queries.map(({ complete, bytes }) => ({ complete, bytes }))).toEqual([{ complete: true, bytes: 100 }, { complete: true, bytes: 101 }])
  })

  test('a question that was asked once more is told by its last statement', async () => {
    const one = await queriesOf(ofProvider(permitted(0, { statement: 's-again', signed: statementOf({ id: 's-again', request: request(0) }) })))
    const other = await queriesOf(ofConsumer(requested(0), received(0, 0, { signed: statementOf({ id: 's-again', request: request(0) }) })))
    expect(told(reconcile(one, other))).toMatchObject([{ verdict: 'agree', matchedBy: 'statement' }])
  })

  test('of another agreement, or one party twice, cannot be compared', async () => {
    const one = await queriesOf(ofProvider(permitted(0)))
    expect(() => reconcile(one, one)).toThrow('must be of both parties')
    const other = await queriesOf(ofConsumer(...asked))
    expect(() => reconcile(one, { ...other, manifest: { ...other.manifest, agreement: 'urn:other' } })).toThrow('of two agreements')
    expect(() => reconcile(one, { ...other, manifest: { ...other.manifest, partner: 'did:web:else' } })).toThrow('must be of both parties')
  })
})

describe('a party that signs for the other one', () => {
  const forger = keyOf('forger')
  /** The provider says that the consumer asked more, and names a key of its own as the consumer's. */
  const claimed = (claims: object = {}): Parts => {
    const given = ofProvider(permitted(0), permitted(7, { signed: statementOf({ id: 's-7', request: request(7), key: forger, ...claims }) }))
    given.keys = given.keys.map((key) => (json(key).includes(`"${consumer}#key"`) ? { use: 'identity', name: `${consumer}#key`, jwk: jwkOf(forger), from: created, until: null, participant: consumer } : key))
    return given
  }

  test('as the consumer proves nothing: its own evidence does not name the key', async () => {
    const reconciled = await compare(claimed(), ofConsumer(requested(0), received(0, 0)))
    expect(told(reconciled)).toContainEqual({ verdict: 'only-provider', matchedBy: null, differences: [], proofs: ['provider-log'] })
    expect(reconciled.uncounted).toEqual({ provider: 2, consumer: 0 })
  })

  test('with a key that the reader has from elsewhere proves it', async () => {
    const hidden = ofConsumer(requested(0), received(0, 0))
    hidden.keys = hidden.keys.filter((key) => !json(key).includes(`"${consumer}#key"`))
    const document = { id: consumer, verificationMethod: [{ id: `${consumer}#key`, publicKeyJwk: jwkOf(keyOf(consumer)) }] }
    const proofs = async (trust: Trust) => told(await compare(ofProvider(permitted(0), permitted(7)), hidden, trust)).find(({ verdict }) => verdict === 'only-provider')?.proofs
    expect(await proofs({})).toEqual(['provider-log'])
    expect(await proofs({ documents: [document] })).toEqual(['consumer-statement', 'provider-log'])
  })

  test.each([
    ['by itself', { issuer: provider }],
    ['for somebody else', { audience: 'did:web:other.example' }],
    ['about another agreement', { agreement: 'urn:other' }],
  ])('with a statement %s proves nothing', async (_what, claims) => {
    const signed = statementOf({ id: 's-7', request: request(7), ...claims })
    const reconciled = await compare(ofProvider(permitted(0), permitted(7, { signed })), ofConsumer(requested(0), received(0, 0)))
    expect(told(reconciled)).toContainEqual({ verdict: 'only-provider', matchedBy: null, differences: [], proofs: ['provider-log'] })
  })

  const real = ofProvider(permitted(0))
  const log = { origin, key: keyOf(`log of ${provider}`), entries: real.entries.map(({ entry }) => entry) }
  const invented = (receipt: string, keys: Parts['keys'], line: object = {}): Parts => {
    const given = ofConsumer(requested(0), requested(8), received(0, 0), { ...received(0, 8), requested: at(ofConsumer, [requested(0), requested(8)])(1) })
    given.receipts = [{ record: given.records[1] ?? -1, origin, receipt, verified: true, ...line }]
    given.keys.push(...keys)
    return given
  }
  const another = receiptOf({ ...log, key: forger }, 2)

  test.each<[string, Parts, number]>([
    ['of a key that it does not name', invented(another, []), 1],
    ['of a key that it says is the provider\'s', invented(another, [keyOfLog(forger)]), 1],
    ['of a log of its own', invented(receiptOf({ ...log, origin: 'cards.example/log/2026', key: keyOf(`log of ${consumer}`) }, 2), [], { origin: 'cards.example/log/2026' }), 1],
    ['that was given for another query', invented(receiptOf(log, real.records[0] ?? -1), [keyOfLog(log.key)]), 0],
  ])('as the provider proves nothing with a receipt %s', async (_what, given, uncounted) => {
    const reconciled = await compare(real, given)
    expect(told(reconciled)).toContainEqual({ verdict: 'only-consumer', matchedBy: null, differences: [], proofs: ['consumer-log'] })
    expect(reconciled.uncounted).toEqual({ provider: 0, consumer: uncounted })
  })
})
