import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { createGroupCommit } from '../../src/audit/group-commit.ts'

describe('writing together', () => {
  test('gives each its own result, with no more writes at once than allowed, in the order of what was handed in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(fc.array(fc.integer(), { maxLength: 40 }), { maxLength: 6 }), async (writes, bursts) => {
        let running = 0
        let most = 0
        const written: number[] = []
        const group = createGroupCommit(
          async (items: readonly number[]) => {
            running += 1
            most = Math.max(most, running)
            written.push(...items)
            for (let turn = 0; turn < (items[0] ?? 0) % 3; turn++) await new Promise(setImmediate)
            running -= 1
            return items.map((item) => item * 2)
          },
          { writes },
        )
        const results: Promise<number>[] = []
        for (const burst of bursts) {
          results.push(...burst.map((item) => group.add(item)))
          await new Promise(setImmediate)
        }
        await group.settle()
        expect(running).toBe(0)
        expect(await Promise.all(results)).toEqual(bursts.flat().map((item) => item * 2))
        expect(written).toEqual(bursts.flat())
        expect(most).toBeLessThanOrEqual(writes)
      }),
    )
  })

  test('what waits is shared out among the writes', async () => {
    const batches: number[] = []
    const group = createGroupCommit(
      async (items: readonly number[]) => {
        batches.push(items.length)
        await new Promise(setImmediate)
        return items
      },
      { writes: 2 },
    )
    await Promise.all(Array.from({ length: 64 }, (_none, place) => group.add(place)))
    expect(batches).toEqual([32, 32])
  })

  test('a write that fails fails for those that were in it', async () => {
    const group = createGroupCommit(async (items: readonly number[]) => {
      if (items.includes(1)) throw new Error('no disk')
      return items
    })
    const first = Promise.allSettled([group.add(0), group.add(1)])
    expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await group.add(2)).toBe(2)
  })
})
