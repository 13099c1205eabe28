import { ProblemError } from '../errors.ts'
import type { Queries } from '../persistence/database.ts'

/** A partner in the register: who is let in. */
export interface Partner {
  readonly id: string
  readonly name: string
  /** Base address of its Dataspace Protocol endpoint; null: found through its DID document. */
  readonly address: string | null
  /** Groups that policies may name. */
  readonly groups: readonly string[]
  /** Counts changes, for `If-Match`. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

const columns = ['id', 'name', 'address', 'groups', 'version', 'created_at as createdAt', 'updated_at as updatedAt'] as const

/** Adds a partner; 'already-exists' when the register has it. */
export async function insertPartner(db: Queries, partner: { id: string; name: string; address: string | null; groups?: readonly string[] }, now: Date): Promise<Partner> {
  const inserted = await db
    .insertInto('partner')
    .values({ id: partner.id, name: partner.name, address: partner.address, groups: JSON.stringify(partner.groups ?? []), version: 1, created_at: now, updated_at: now })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning(columns)
    .executeTakeFirst()
  if (inserted === undefined) throw new ProblemError('already-exists', `The partner ${partner.id} is in the register already.`)
  return inserted
}

/** The partner with this id, if the register has it. */
export async function findPartner(db: Queries, id: string): Promise<Partner | undefined> {
  // PostgreSQL refuses NUL in text; no partner has such an id.
  if (id.includes('\0')) return undefined
  return db.selectFrom('partner').select(columns).where('id', '=', id).executeTakeFirst()
}

/** The names of those of `ids` that the register has. */
export async function partnerNames(db: Queries, ids: readonly string[]): Promise<{ id: string; name: string }[]> {
  return db.selectFrom('partner').select(['id', 'name']).where('id', 'in', ids).orderBy('id').execute()
}

/** Partners in the order of their ids, after the id `after`. */
export async function listPartners(db: Queries, page: { after?: string | undefined; limit: number }): Promise<Partner[]> {
  let query = db.selectFrom('partner').select(columns).orderBy('id').limit(page.limit)
  if (page.after !== undefined) query = query.where('id', '>', page.after)
  return query.execute()
}

/** What may be changed of a partner; what is left out stays. */
export interface PartnerChange {
  readonly name?: string | undefined
  readonly address?: string | null | undefined
  readonly groups?: readonly string[] | undefined
  /** The version that the change was made from; 'precondition-failed' when it has moved on. */
  readonly ifVersion?: number | undefined
}

/** Changes a partner and counts its version up. */
export async function updatePartner(db: Queries, id: string, change: PartnerChange, now: Date): Promise<Partner> {
  let query = db
    .updateTable('partner')
    .set((eb) => ({
      version: eb('version', '+', 1),
      updated_at: now,
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.address === undefined ? {} : { address: change.address }),
      ...(change.groups === undefined ? {} : { groups: JSON.stringify(change.groups) }),
    }))
    .where('id', '=', id)
  if (change.ifVersion !== undefined) query = query.where('version', '=', change.ifVersion)
  return (await query.returning(columns).executeTakeFirst()) ?? (await untouched(db, id))
}

/** Removes a partner. */
export async function deletePartner(db: Queries, id: string, ifVersion?: number): Promise<void> {
  let query = db.deleteFrom('partner').where('id', '=', id)
  if (ifVersion !== undefined) query = query.where('version', '=', ifVersion)
  const { numDeletedRows } = await query.executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) await untouched(db, id)
}

async function untouched(db: Queries, id: string): Promise<never> {
  if ((await findPartner(db, id)) === undefined) throw new ProblemError('not-found', `The partner ${id} is not in the register.`)
  throw new ProblemError('precondition-failed', `The partner ${id} was changed in the meantime. Read it again and repeat the change.`)
}
