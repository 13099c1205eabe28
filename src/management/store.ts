import type { Position } from '../persistence/cursor.ts'
import type { Queries } from '../persistence/database.ts'

/** A token of the management API, without the token itself. */
export interface TokenRow {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly purposes: readonly string[] | null
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
}

/** A token as it is stored. */
export interface StoredToken extends TokenRow {
  readonly sha256: string
  /** What shows that we wrote the row; null in rows from before there were marks. */
  readonly mark: string | null
}

const tokenColumns = ['id', 'name', 'role', 'purposes', 'created_at as createdAt', 'expires_at as expiresAt', 'revoked_at as revokedAt'] as const

/** Gives false, and writes nothing, when a token with this hash exists. */
export async function insertToken(db: Queries, token: StoredToken): Promise<boolean> {
  const row = await db
    .insertInto('api_token')
    .values({
      id: token.id,
      name: token.name,
      role: token.role,
      purposes: token.purposes === null ? null : JSON.stringify(token.purposes),
      token_sha256: token.sha256,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
      revoked_at: token.revokedAt,
      mark: token.mark,
    })
    .onConflict((conflict) => conflict.column('token_sha256').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** The token with this hash, if it is valid at `now`. */
export async function findValidToken(db: Queries, sha256: string, now: Date): Promise<StoredToken | undefined> {
  return db
    .selectFrom('api_token')
    .select([...tokenColumns, 'token_sha256 as sha256', 'mark'])
    .where('token_sha256', '=', sha256)
    .where('revoked_at', 'is', null)
    .where((expression) => expression.or([expression('expires_at', 'is', null), expression('expires_at', '>', now)]))
    .executeTakeFirst()
}

/** Tokens from before there were marks. */
export async function selectUnmarked(db: Queries): Promise<StoredToken[]> {
  return db.selectFrom('api_token').select([...tokenColumns, 'token_sha256 as sha256', 'mark']).where('mark', 'is', null).orderBy('id').execute()
}

export async function markToken(db: Queries, id: string, mark: string): Promise<void> {
  await db.updateTable('api_token').set({ mark }).where('id', '=', id).where('mark', 'is', null).execute()
}

/** All tokens, as far as revocations go. */
export async function selectHashes(db: Queries): Promise<Pick<StoredToken, 'id' | 'name' | 'sha256' | 'revokedAt'>[]> {
  return db.selectFrom('api_token').select(['id', 'name', 'token_sha256 as sha256', 'revoked_at as revokedAt']).orderBy('id').execute()
}

/** Newest first. */
export async function selectTokens(db: Queries, query: { after?: Position; limit: number }): Promise<TokenRow[]> {
  let select = db.selectFrom('api_token').select(tokenColumns).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(query.limit)
  const { after } = query
  if (after !== undefined) {
    select = select.where((expression) => expression.or([expression('created_at', '<', after.createdAt), expression.and([expression('created_at', '=', after.createdAt), expression('id', '<', after.id)])]))
  }
  return select.execute()
}

/** The valid operator tokens, held for this transaction. */
export async function lockOperatorTokens(db: Queries, now: Date): Promise<StoredToken[]> {
  return db
    .selectFrom('api_token')
    .select([...tokenColumns, 'token_sha256 as sha256', 'mark'])
    .where('role', '=', 'operator')
    .where('revoked_at', 'is', null)
    .where((expression) => expression.or([expression('expires_at', 'is', null), expression('expires_at', '>', now)]))
    .orderBy('id')
    .forUpdate()
    .execute()
}

export async function lockToken(db: Queries, id: string): Promise<StoredToken | undefined> {
  return db.selectFrom('api_token').select([...tokenColumns, 'token_sha256 as sha256', 'mark']).where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function markRevoked(db: Queries, id: string, at: Date): Promise<void> {
  await db.updateTable('api_token').set({ revoked_at: at }).where('id', '=', id).execute()
}

/** How many tokens with this name are valid at `now`. */
export async function countValidTokens(db: Queries, name: string, now: Date): Promise<number> {
  const { count } = await db
    .selectFrom('api_token')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('name', '=', name)
    .where('revoked_at', 'is', null)
    .where((expression) => expression.or([expression('expires_at', 'is', null), expression('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return count
}

/** Takes the name from the tokens that are revoked, or over at `now`. */
export async function forgetTokenName(db: Queries, name: string, now: Date): Promise<void> {
  await db
    .updateTable('api_token')
    .set({ name: 'erased' })
    .where('name', '=', name)
    .where((expression) => expression.or([expression('revoked_at', 'is not', null), expression('expires_at', '<=', now)]))
    .execute()
}

/** A request that carried an `Idempotency-Key`, and its answer once there is one. */
export interface IdempotencyRow {
  readonly requestSha256: string
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>> | null
  readonly body: string | null
}

/** Takes a key. Gives false when it is taken. */
export async function insertKey(db: Queries, key: { tokenId: string; key: string; requestSha256: string; at: Date }): Promise<boolean> {
  const row = await db
    .insertInto('idempotency')
    .values({ token_id: key.tokenId, key: key.key, request_sha256: key.requestSha256, created_at: key.at })
    .onConflict((conflict) => conflict.columns(['token_id', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst()
  return row !== undefined
}

export async function findKey(db: Queries, tokenId: string, key: string): Promise<IdempotencyRow | undefined> {
  return db
    .selectFrom('idempotency')
    .select(['request_sha256 as requestSha256', 'status', 'headers', 'body'])
    .where('token_id', '=', tokenId)
    .where('key', '=', key)
    .executeTakeFirst()
}

export async function saveAnswer(db: Queries, place: { tokenId: string; key: string }, answer: { status: number; headers: Readonly<Record<string, string>>; body: string | null }): Promise<void> {
  await db
    .updateTable('idempotency')
    .set({ status: answer.status, headers: JSON.stringify(answer.headers), body: answer.body })
    .where('token_id', '=', place.tokenId)
    .where('key', '=', place.key)
    .execute()
}

export async function deleteKey(db: Queries, place: { tokenId: string; key: string }): Promise<void> {
  await db.deleteFrom('idempotency').where('token_id', '=', place.tokenId).where('key', '=', place.key).execute()
}

export async function deleteKeysBefore(db: Queries, time: Date): Promise<void> {
  await db.deleteFrom('idempotency').where('created_at', '<', time).execute()
}
