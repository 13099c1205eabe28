import type { Queries } from '../../persistence/database.ts'

export async function saveSecret(db: Queries, row: { name: string; sealed: string; at: Date }): Promise<void> {
  await db
    .insertInto('secret')
    .values({ name: row.name, sealed: row.sealed, created_at: row.at })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ sealed: row.sealed, created_at: row.at }))
    .execute()
}

export async function findSecret(db: Queries, name: string): Promise<{ sealed: string } | undefined> {
  return db.selectFrom('secret').select('sealed').where('name', '=', name).executeTakeFirst()
}

/** Names only; values never leave by this way. */
export async function listSecrets(db: Queries): Promise<{ name: string; createdAt: Date }[]> {
  return db.selectFrom('secret').select(['name', 'created_at as createdAt']).orderBy('name').execute()
}

export async function deleteSecret(db: Queries, name: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('secret').where('name', '=', name).executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** A dataset whose source uses the secret, if there is one. */
export async function findSecretUser(db: Queries, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('dataset')
    .select('id')
    .where('source', '@>', JSON.stringify({ secrets: [{ secret: name }] }))
    .limit(1)
    .executeTakeFirst()
  return row?.id
}
