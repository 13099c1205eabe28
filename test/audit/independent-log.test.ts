import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Audit } from '../../src/audit/audit.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import type { Database } from '../../src/persistence/database.ts'
import { auditFolder, openTestAudit } from '../helpers/audit.ts'
import { onPostgresql, testDatabaseLocation } from '../helpers/database.ts'
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
})
