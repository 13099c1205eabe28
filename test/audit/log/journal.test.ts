import { afterAll, beforeAll, expect, test } from 'vitest'
import fc from 'fast-check'
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch, Journal } from '../../../src/audit/log/journal.ts'
import { batchesBackwards, encodeBatch, openJournal } from '../../../src/audit/log/journal.ts'
import { onFullDisk } from './full-disk.ts'

let folder: string
let files = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-journal-'))
})
afterAll(() => rm(folder, { recursive: true }))

const newPath = () => join(folder, `${(files += 1)}.journal`)

async function reading<T>(path: string, read: (journal: Journal) => Promise<T> | T): Promise<T> {
  const journal = await openJournal(path)
  try {
    return await read(journal)
  } finally {
    await journal.close()
  }
}

const batchOf = (first: number, count: number, note = `note ${first + count}\n`): Batch => ({ first, entries: Array.from({ length: count }, (_none, n) => `{"n":${first + n},"text":"é"}`), note })

test('what was written is there after a restart, and goes on', async () => {
  const path = newPath()
  const batches = [batchOf(5, 3), batchOf(8, 1), batchOf(9, 600)]
  await reading(path, async (journal) => {
    expect([journal.end, journal.last]).toEqual([undefined, undefined])
    for (const batch of batches) await journal.write(batch)
  })
  await reading(path, (journal) => expect([journal.end, journal.last]).toEqual([609, batches[2]]))
  const back: unknown[] = []
  for await (const batch of batchesBackwards(path)) back.push(batch)
  expect(back).toEqual(batches.toReversed())
})

test('a tail that is torn at any byte is cut at the last whole signed batch', async () => {
  const whole = Buffer.concat([encodeBatch(batchOf(0, 2)), encodeBatch(batchOf(2, 3))])
  const last = encodeBatch(batchOf(5, 2))
  for (let bytes = 0; bytes <= last.length; bytes += 1) {
    const path = newPath()
    await writeFile(path, Buffer.concat([whole, last.subarray(0, bytes)]))
    const complete = bytes === last.length
    await reading(path, async (journal) => {
      expect(journal.end).toBe(complete ? 7 : 5)
      expect((await stat(path)).size).toBe(whole.length + (complete ? bytes : 0))
      await journal.write(batchOf(complete ? 7 : 5, 1))
    })
    await reading(path, (journal) => expect(journal.end).toBe(complete ? 8 : 6))
    await rm(path)
  }
})

test('a changed byte, rubbish behind it, or blocks that the disk lost, never pass for a batch', async () => {
  const [kept, last] = [encodeBatch(batchOf(0, 2)), encodeBatch(batchOf(2, 2))]
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.record({ at: fc.nat(last.length - 1), flip: fc.integer({ min: 1, max: 255 }) }).map(({ at, flip }) => Buffer.from(last.map((byte, place) => (place === at ? byte ^ flip : byte)))),
        // Rubbish that begins as the batch ends would make it whole.
        fc.uint8Array({ maxLength: 64 }).filter(([begins]) => begins !== last.at(-1)).map((rubbish) => Buffer.concat([last.subarray(0, last.length - 1), rubbish])),
        fc.record({ from: fc.nat(last.length - 1), length: fc.integer({ min: 1, max: 40 }) }).map(({ from, length }) => Buffer.from(last.map((byte, place) => (place >= from && place < from + length ? 0 : byte)))).filter((bytes) => !bytes.equals(last)),
      ),
      async (damaged) => {
        const path = newPath()
        await writeFile(path, Buffer.concat([kept, damaged]))
        await reading(path, (journal) => expect(journal.end).toBe(2))
        await rm(path)
      },
    ),
    { numRuns: 100 },
  )
})

test('batches without a note count only together with the one that has it', async () => {
  const path = newPath()
  await reading(path, async (journal) => {
    await journal.write(batchOf(0, 2))
    await journal.write(batchOf(2, 2, ''))
  })
  await reading(path, async (journal) => {
    expect(journal.end).toBe(2)
    await journal.write(batchOf(2, 2, ''))
    await journal.write(batchOf(4, 1))
  })
  await reading(path, (journal) => expect([journal.end, journal.last?.first]).toEqual([5, 4]))
})

test('a batch larger than the window in which the end is looked for is found, and what is torn behind it is not', async () => {
  const path = newPath()
  const large = { first: 0, entries: [`{"text":"${'x'.repeat(3_000_000)}"}`], note: 'note\n' }
  await writeFile(path, Buffer.concat([encodeBatch(large), encodeBatch({ ...large, first: 1 }).subarray(0, 2_500_000)]))
  await reading(path, (journal) => expect([journal.end, journal.last?.entries[0]?.length]).toEqual([1, 3_000_011]))
})

test('after a write that failed half-way the next one cuts what is there of it', async () => {
  const path = newPath()
  let full = false
  const openFile = async (name: string) => onFullDisk(await open(name, 'wx+'), () => full)
  const journal = await openJournal(path, openFile)
  await journal.write(batchOf(0, 1))
  full = true
  await expect(journal.write(batchOf(1, 50))).rejects.toMatchObject({ code: 'ENOSPC' })
  await expect(journal.write(batchOf(1, 51))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(journal.end).toBe(1)
  full = false
  await journal.write(batchOf(1, 2))
  await journal.close()
  expect((await readFile(path)).equals(Buffer.concat([encodeBatch(batchOf(0, 1)), encodeBatch(batchOf(1, 2))]))).toBe(true)
})
