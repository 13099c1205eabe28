import { expect, test } from 'vitest'
import { sql } from 'kysely'
import type { Audit } from '../../../src/audit/audit.ts'
import type { Checkpoint } from '../../../src/audit/log/log.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { leafHash, treeHash, verifyInclusion } from '../../../src/tlog/tree.ts'
import { auditFolder, openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { isConsistent } from './verify.ts'

const textOf = (n: number) => `{"n":${n},"time":"2026-11-21T10:00:00.000Z","type":"test.many"}`

/** Entries of another process with the same keys, at once. */
async function grow(audit: Audit, database: Database, size: number): Promise<void> {
  const head = await audit.size()
  const marks = Array.from({ length: size - head }, (_none, place) => audit.keys.marks.make(textOf(head + place)))
  await database.transaction(async ({ db }) => {
    await sql`
      insert into audit_entry (index, rest, time, type, mark)
      select ${head}::bigint + place - 1, '{"n":' || (${head}::bigint + place - 1) || '}', '2026-11-21T10:00:00Z', 'test.many', mark
      from jsonb_array_elements_text(${JSON.stringify(marks)}::jsonb) with ordinality as marked (mark, place)`.execute(db)
    await db.updateTable('audit_head').set({ size }).execute()
  })
}

async function checkpointOf(audit: Audit): Promise<Checkpoint> {
  const checkpoint = await audit.log.checkpoint()
  if (checkpoint === undefined) throw new Error('Nothing is signed')
  return checkpoint
}

async function proves(audit: Audit, index: number, checkpoint: Checkpoint): Promise<boolean> {
  const { leafIndex, leafHash: leaf, proof } = await audit.log.inclusion(index, checkpoint)
  return verifyInclusion({ leaf, index: leafIndex, size: checkpoint.size, proof, root: checkpoint.root })
}

test('proofs hold on both sides of every edge of a tile, against every checkpoint, before and after a restart', async () => {
  const database = await openTestDatabase()
  const directory = await auditFolder()
  const audit = await openTestAudit(database, { directory })
  const checkpoints: Checkpoint[] = []
  for (const size of [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792]) {
    await grow(audit, database, size)
    checkpoints.push(await checkpointOf(audit))
    expect(checkpoints.at(-1)?.size).toBe(size)
  }
  const newest = await checkpointOf(audit)
  const failures = async (from: Audit) => {
    const failed: string[] = []
    for (const checkpoint of checkpoints) {
      for (const index of [0, 1, 254, 255, 256, 257, 511, 512, 32_768, 65_534, 65_535, 65_536, 65_791]) {
        if (index < checkpoint.size && !(await proves(from, index, checkpoint))) failed.push(`inclusion of ${index} in ${checkpoint.size}`)
      }
      if (!(await isConsistent(from, checkpoint, newest))) failed.push(`consistency from ${checkpoint.size}`)
    }
    return failed
  }
  expect(await failures(audit)).toEqual([])
  await audit.close()
  expect((await database.db.selectFrom('audit_tile').select(['level', 'index']).execute()).length).toBe(258)
  const again = await openTestAudit(database, { directory })
  expect(await checkpointOf(again)).toEqual(newest)
  expect(await failures(again)).toEqual([])
  // The tree is the one over the entries as they were made.
  const [opened] = await again.log.leaves('2026', 0, 1)
  const made = [opened?.entry ?? '', ...Array.from({ length: newest.size - 1 }, (_none, place) => textOf(place + 1))]
  expect(newest.root.equals(treeHash(made.map((entry) => leafHash(Buffer.from(entry)))))).toBe(true)
  expect((await again.log.leaves('2026', newest.size - 300, 300)).map(({ entry }) => entry)).toEqual(made.slice(-300))
  // Tiles as they are published: full ones, and the partial one at the end.
  expect((await again.log.tile('2026', { level: 1, index: 0, width: 256 }))?.length).toBe(8192)
  expect((await again.log.tile('2026', { level: 1, index: 1, width: 1 }))?.length).toBe(32)
  expect(await again.log.tile('2026', { level: 1, index: 1, width: 2 })).toBeUndefined()
  expect(await again.log.tile('2026', { level: 0, index: 257, width: 1 })).toBeUndefined()
  expect(await again.log.tile('2026', { level: -1, index: 0, width: 1 })).toBeUndefined()
  await again.close()
  await database.close()
})
