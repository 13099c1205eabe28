import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Audit } from '../../src/audit/audit.ts'
import { buildEvidence } from '../../src/audit/evidence/build.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import type { Database } from '../../src/persistence/database.ts'
import { auditFolder, openTestAudit } from '../helpers/audit.ts'
import { onPostgresql, testDatabaseLocation } from '../helpers/database.ts'
import { agreement, agreementId, clock, consumer, digestOf, jwkOf, keyOf, message, policyText, provider, statementOf } from '../tlog/bundle/test-bundle.ts'
import { buildIndependentVerifier, missingForGo } from '../helpers/independent-verifier.ts'
import type { Verdict } from '../helpers/independent-verifier.ts'
import { writeLogDirectory } from '../helpers/log-directory.ts'

const missing = missingForGo()
const folder = mkdtempSync(join(tmpdir(), 'concordat-independent-'))
const databases: Database[] = []
afterAll(async () => {
  for (const database of databases) await database.close()
  rmSync(folder, { recursive: true, force: true })
})

// That Go is there where the whole of the tests is run is for independent.test.ts to say.
const describeWithGo = missing === undefined ? describe : describe.skip

describeWithGo('the log of a connector', () => {
  let run: (...args: readonly string[]) => Verdict
  beforeAll(() => {
    run = buildIndependentVerifier(folder)
  }, 120_000)

  test('is what the independent verifier finds right, at every checkpoint that was signed', async () => {
    const location = await testDatabaseLocation()
    const directory = await auditFolder()
    const open = async (): Promise<Audit> => {
      const database = await openDatabase(location)
      databases.push(database)
      return await openTestAudit(database, { directory, clock: () => new Date('2026-11-21T10:00:00.000Z') })
    }
    // Replicas share a database; the embedded one has a single user.
    const first = await open()
    const replicas = onPostgresql ? [first, await open()] : [first]
    const signed = new Map<string, string>()
    for (const replica of replicas) replica.log.onCheckpoint(({ size, note }) => signed.set(`${size}-${signed.size}`, note))
    await Promise.all(replicas.flatMap((replica, place) => Array.from({ length: 16 }, async (_none, caller) => {
      for (let n = 0; n < 40; n += 1) await replica.record({ type: 'test.caller', place, caller, n, agreement: `agreement-${caller % 3}`, text: 'à\u2028"\\\u0000' })
    })))
    // The newest entry of all: what signs it covers what every replica wrote.
    await first.record({ type: 'test.last' })
    const checkpoint = await first.log.checkpoint()
    if (checkpoint === undefined) throw new Error('Nothing is signed')
    expect(checkpoint.size).toBeGreaterThan(640 * replicas.length)
    await writeLogDirectory(first.log, checkpoint, join(folder, 'log'))
    const older = [...signed].map(([size, note]) => {
      const file = join(folder, `checkpoint-${size}`)
      writeFileSync(file, note)
      return ['--older', file]
    })
    expect(older.length).toBeGreaterThan(20)
    const { status, proven, wrong } = run('verify-log', join(folder, 'log'), ...older.slice(-200).flat())
    expect(wrong).toBe('')
    expect(status).toBe(0)
    expect(proven).toContain(`The log ${checkpoint.origin} has signed the tree of ${checkpoint.size} entries`)
  })
  test('gives evidence that the independent verifier finds right, and that it does not with a line of it gone', async () => {
    const database = await openDatabase(await testDatabaseLocation())
    databases.push(database)
    const audit = await openTestAudit(database, { publicUrl: 'https://data.city.example', clock })
    const about = { agreement: agreementId, partner: consumer, transfer: 'urn:uuid:t', dataset: 'spending' }
    await audit.record({ type: 'agreement.stored', ...about, messageSha256: digestOf(message), policySha256: digestOf(policyText) })
    await audit.record({ type: 'key.seen', partner: consumer, kid: `${consumer}#key`, jwk: jwkOf(keyOf(consumer)) })
    for (const [place, text] of ['plain', '<b>&amp;</b> \u2028 \u0007 "quoted" \\', 'català 𝛼', '{"committed":"x"}'].entries()) {
      const request = { method: 'GET', path: '', query: `?name=eq.${text}` }
      const signed = statementOf({ id: `s-${place}`, request })
      await audit.record({ type: 'data.permitted', ...about, role: text, purpose: 'urn:p', user: text, decision: 'permit', statement: `s-${place}`, signed, signedSha256: digestOf(signed), policySha256: digestOf(policyText), request, rows: place, bytes: 10, sha256: digestOf(text) })
      await audit.record({ type: 'connector.clock', source: 'system', offsetMs: 0.1 * place })
    }
    const evidence = await buildEvidence(
      { database, audit, clock, newId: () => 'urn:uuid:e', id: provider, directory: folder, askWitnesses: async () => undefined, logKeys: async () => [], ownKeys: () => [{ kid: `${provider}#key`, jwk: jwkOf(keyOf(provider)) }] },
      { agreement: { id: agreementId, role: 'provider', counterparty: consumer, agreement, message, explanation: { ca: ['Una frase.'], es: ['Una frase.'], en: ['A sentence.'] } }, actor: 'Anna' },
    )
    const chunks: Uint8Array[] = []
    for await (const chunk of evidence.content()) chunks.push(chunk)
    await evidence.discard()
    const file = join(folder, 'case.zip')
    writeFileSync(file, Buffer.concat(chunks))
    const { status, proven, wrong } = run('verify-bundle', file)
    expect(wrong).toBe('')
    expect(status).toBe(0)
    expect(proven).toContain('All 6 records of the agreement are in the signed logs.')
    expect(proven).toContain('4 signed requests are by those whom the bundle names')
    writeFileSync(file, Buffer.concat(chunks).toString('latin1').replace(/\{"entry":.*\n/, ''), 'latin1')
    expect(run('verify-bundle', file).status).toBe(1)
  })
})
