import { afterAll, beforeAll, expect, test } from 'vitest'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audit } from '../../../src/audit/audit.ts'
import { buildEvidence } from '../../../src/audit/evidence/build.ts'
import { pruneLog } from '../../../src/audit/retention/prune.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { verifyBundle } from '../../../src/tlog/bundle/verify.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { buildIndependentVerifier, missingForGo } from '../../helpers/independent-verifier.ts'
import { agreement, agreementId, bundleOf, consumer, created, digestOf, jwkOf, keyOf, message, parts, policyText, provider, sourceOf } from '../../tlog/bundle/test-bundle.ts'
import type { Event } from '../../tlog/bundle/test-bundle.ts'

// What evidence says once logs were removed after their time.
const about = { agreement: agreementId, partner: consumer, transfer: 'urn:uuid:t', dataset: 'spending' }
let database: Database
let audit: Audit
let directory: string
let folder: string
let now = new Date('2024-05-01T00:00:00Z')
const clock = () => now
let go: ReturnType<typeof buildIndependentVerifier> | undefined
if (missingForGo() !== undefined) console.info(`Without the independent verifier: ${missingForGo()}.`)

const reads = async (count: number) => {
  for (let n = 0; n < count; n += 1) await audit.record({ type: 'data.received', ...about, actor: 'Ana' })
}
const year = async (at: string) => {
  now = new Date(at)
  await audit.keeping.beginYear()
}
const prune = (log: string, tiles = false) => pruneLog({ database, audit, clock, years: undefined }, { log, reason: 'Their time is over', actor: 'operator', tiles })

beforeAll(async () => {
  database = await openTestDatabase()
  directory = await auditFolder()
  folder = await mkdtemp(join(tmpdir(), 'concordat-pruned-'))
  if (missingForGo() === undefined) go = buildIndependentVerifier(folder)
  audit = await openTestAudit(database, { publicUrl: 'https://data.city.example', clock, directory })
  await audit.record({ type: 'agreement.stored', ...about, messageSha256: digestOf(message), policySha256: digestOf(policyText) })
  await audit.record({ type: 'key.created', kid: `${provider}#key`, jwk: jwkOf(keyOf(provider)) })
  await audit.record({ type: 'data.received', agreement: 'urn:another', partner: 'did:web:else' })
  await reads(5)
  await year('2025-01-01T00:00:05Z')
  await reads(4)
  await year('2026-02-21T10:00:00Z')
  await reads(1)
  await audit.close()
  audit = await openTestAudit(database, { publicUrl: 'https://data.city.example', clock, directory })
}, 120_000)
afterAll(async () => {
  await audit.close()
  await rm(folder, { recursive: true })
  await database.close()
})

async function verified(bytes: Buffer) {
  const file = join(folder, 'evidence.zip')
  await writeFile(file, bytes)
  const independent = go?.('verify-bundle', file)
  const { holds, findings, limits, summary } = await verifyBundle(sourceOf(bytes))
  return { holds, wrong: findings.filter((one) => !one.holds), pruned: limits.filter(({ what }) => what === 'pruned'), summary, independent }
}

async function exported() {
  const evidence = await buildEvidence(
    { database, audit, clock, newId: () => 'urn:uuid:export', id: provider, directory: folder, askWitnesses: async () => undefined, logKeys: async () => [], ownKeys: () => [{ kid: `${provider}#key`, jwk: jwkOf(keyOf(provider)) }] },
    { agreement: { id: agreementId, role: 'provider', counterparty: consumer, agreement, message, explanation: { ca: ['Una frase.'], es: ['Una frase.'], en: ['A sentence.'] } }, actor: 'Anna' },
  )
  const chunks: Uint8Array[] = []
  for await (const chunk of evidence.content()) chunks.push(chunk)
  await evidence.discard()
  return verified(Buffer.concat(chunks))
}

test('evidence holds when the first log is gone, and says which records went with it', async () => {
  const whole = await exported()
  expect(whole).toMatchObject({ holds: true, pruned: [], summary: { records: 12 } })
  if (go !== undefined) expect(whole.independent).toMatchObject({ status: 0, proven: expect.stringContaining('none is missing.') })
  await prune('2024')
  const told = await audit.entries({ type: 'agreement.pruned', limit: 10 })
  expect(told).toMatchObject([
    { agreement: 'urn:another', partner: 'did:web:else', name: '2024', firstSeq: 0, lastSeq: 0, count: 1 },
    { agreement: agreementId, partner: consumer, name: '2024', firstSeq: 0, lastSeq: 5, count: 6 },
  ])
  const left = await exported()
  expect(left).toMatchObject({ holds: true, wrong: [], summary: { records: 8 }, pruned: [{ detail: { count: 1, first: [{ record: told[1]?.index, log: '2024', from: 0, to: 5 }] } }] })
  if (go !== undefined) expect(left.independent).toMatchObject({ status: 0, wrong: '', proven: expect.stringContaining('6 others were removed after their time, as records of it say; beside those none is missing.') })
  expect((await audit.keeping.check()).findings).toEqual([])
})

test('also when the next is, with its tiles, and the agreement has records in the last log only', async () => {
  await prune('2025', true)
  const left = await exported()
  expect(left).toMatchObject({ holds: true, wrong: [], pruned: [{ detail: { count: 2, first: [{ log: '2024', from: 0, to: 5 }, { log: '2025', from: 6, to: 9 }] } }] })
  if (go !== undefined) expect(left.independent).toMatchObject({ status: 0, proven: expect.stringContaining('10 others were removed') })
  expect((await audit.keeping.check()).findings).toEqual([])
})

const data = { type: 'data.permitted', agreement: agreementId, partner: consumer, transfer: 'urn:uuid:t', dataset: 'spending', decision: 'permit' }
const pruned = (seq: number, firstSeq: number, lastSeq: number): Event => ({ type: 'agreement.pruned', agreement: agreementId, partner: consumer, seq, name: '2024', firstSeq, lastSeq, count: 1 })
const end = (seq: number): Event => ({ type: 'audit.evidence', agreement: agreementId, partner: consumer, seq, time: created })

test.each<[string, boolean, readonly Event[]]>([
  ['that is covered', true, [{ ...data, seq: 3 }, pruned(4, 0, 2), end(5)]],
  ['that two records cover, in any order', true, [{ ...data, seq: 3 }, pruned(4, 1, 2), pruned(5, 0, 0), end(6)]],
  ['that nothing covers', false, [{ ...data, seq: 3 }, { ...data, seq: 4 }, end(5)]],
  ['that is not covered to its end', false, [{ ...data, seq: 3 }, pruned(4, 0, 1), end(5)]],
  ['that is not covered from its start', false, [{ ...data, seq: 3 }, pruned(4, 1, 2), end(5)]],
  ['behind the record that tells of it', false, [{ ...data, seq: 0 }, pruned(1, 0, 3), { ...data, seq: 4 }, end(5)]],
  ['that reaches to what comes later', false, [{ ...data, seq: 3 }, pruned(4, 0, 9), end(5)]],
])('a gap %s: %s, for both verifiers', async (_what, holds, events) => {
  const checked = await verified(await bundleOf(parts(events)))
  expect(checked.wrong.map(({ what }) => what)).toEqual(holds ? [] : ['sequence'])
  if (go !== undefined) expect(checked.independent?.status).toBe(holds ? 0 : 1)
})
