import { expect, test } from '@jest/globals'
import { openTestDatabase } from '../helpers/database.ts'

test('a transaction that fails leaves nothing and runs nothing after', async () => {
  const database = await openTestDatabase()
  const ran: string[] = []
  await expect(
    database.transaction(async (tx) => {
      tx.afterCommit(() => ran.push('after'))
      await tx.db.updateTable('audit_head').set({ size: 5 }).execute()
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  const head = await database.db.selectFrom('audit_head').select('size').executeTakeFirstOrThrow()
  expect(head).toEqual({ size: 0 })
  expect(ran).toEqual([])
  await database.close()
})
