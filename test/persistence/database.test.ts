import { expect, test } from 'vitest'
import { sql } from 'kysely'
import { onPostgresql, openTestDatabase } from '../helpers/database.ts'

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

const withPostgresql = onPostgresql ? test : test.skip
withPostgresql('a connection that breaks between two statements fails its transaction, and nothing else', async () => {
  const database = await openTestDatabase()
  const failing = database.transaction(async (tx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db)
    const pid = rows[0]?.pid ?? 0
    await sql`select pg_terminate_backend(${pid})`.execute(database.db)
    for (let left = 1; left > 0; ) {
      const seen = await sql<{ left: number }>`select count(*)::int as left from pg_stat_activity where pid = ${pid}`.execute(database.db)
      left = seen.rows[0]?.left ?? 0
    }
    await tx.db.updateTable('audit_head').set({ size: 5 }).execute()
  })
  await expect(failing).rejects.toMatchObject({ code: 'store-unavailable' })
  const head = await database.db.selectFrom('audit_head').select('size').executeTakeFirstOrThrow()
  expect(head).toEqual({ size: 0 })
  await database.close()
})
