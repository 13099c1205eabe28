import { sql } from 'kysely'
import type { Queries } from '../../persistence/database.ts'
import type { Position } from '../../persistence/cursor.ts'
import type { PolicyTerms } from '../../policy/odrl.ts'
import type { CurrentOffer, Offer } from './offer.ts'

/** The audience of an offer that every partner sees. */
export const everyone = '*'

interface NewOffer {
  readonly offer: Offer
  /** Whether its terms tell partners apart. */
  readonly addressed: boolean
  readonly endsAt: Date | null
  /** The datasets with their place in the catalog's order. */
  readonly places: readonly { readonly offerId: string; readonly seq: number }[]
}

/** Saves an offer, what it offers, and who sees it. */
export async function insertOffer(db: Queries, { offer, places, addressed, endsAt }: NewOffer): Promise<void> {
  await db
    .insertInto('offer')
    .values({
      id: offer.id,
      policy: JSON.stringify(offer.policy),
      decision: offer.decision,
      audience: offer.audience === null ? null : JSON.stringify(offer.audience),
      addressed,
      ends_at: endsAt,
      version: offer.version,
      created_at: offer.createdAt,
    })
    .execute()
  for (const part of inParts(offer.datasets)) {
    await db
      .insertInto('offer_dataset')
      .values(part.map(({ id, offerId }) => ({ id: offerId, offer_id: offer.id, dataset_id: id })))
      .execute()
  }
  const rows = (offer.audience ?? [everyone]).flatMap((audience) => places.map(({ offerId, seq }) => ({ audience, dataset_seq: seq, offer_dataset_id: offerId })))
  for (const part of inParts(rows)) await db.insertInto('visible').values(part).execute()
}

// A statement takes at most 65,535 parameters.
function inParts<T>(rows: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let start = 0; start < rows.length; start += 5000) parts.push(rows.slice(start, start + 5000))
  return parts
}

function offers(db: Queries) {
  return db
    .selectFrom('offer as o')
    .select(['o.id', 'o.decision', 'o.version', 'o.created_at as createdAt'])
    .select((eb) => [
      eb.ref('o.policy').$castTo<PolicyTerms>().as('policy'),
      eb.ref('o.audience').$castTo<string[] | null>().as('audience'),
      sql<Offer['datasets']>`(select coalesce(json_agg(json_build_object('id', od.dataset_id, 'offerId', od.id) order by length(od.id), od.id), '[]'::json)
        from offer_dataset od where od.offer_id = o.id)`.as('datasets'),
    ])
}

export async function findOffer(db: Queries, id: string): Promise<Offer | undefined> {
  return offers(db).where('o.id', '=', id).executeTakeFirst()
}

/** Reads an offer and keeps others from removing it until the transaction ends. */
export async function lockOffer(db: Queries, id: string): Promise<{ version: number } | undefined> {
  return db.selectFrom('offer').select('version').where('id', '=', id).forUpdate().executeTakeFirst()
}

/** Offers, oldest first, after a place; of one dataset when it is named. */
export async function listOffers(db: Queries, query: { after?: Position; limit: number; dataset?: string }): Promise<Offer[]> {
  const { after, dataset } = query
  let rows = offers(db)
  if (after !== undefined) rows = rows.where((eb) => eb.or([eb('o.created_at', '>', after.createdAt), eb.and([eb('o.created_at', '=', after.createdAt), eb('o.id', '>', after.id)])]))
  if (dataset !== undefined) rows = rows.where((eb) => eb.exists(eb.selectFrom('offer_dataset as x').select('x.id').whereRef('x.offer_id', '=', 'o.id').where('x.dataset_id', '=', dataset)))
  return rows.orderBy('o.created_at').orderBy('o.id').limit(query.limit).execute()
}

export async function deleteOffer(db: Queries, id: string): Promise<void> {
  await db.deleteFrom('offer').where('id', '=', id).execute()
}

/** The offer with this `@id` in the catalog, if it is in the audience of `partner`; what its terms say of partners is not looked at. */
export async function findCurrentOffer(db: Queries, query: { partner: string; now: Date; offerId: string; datasetId?: string }): Promise<(CurrentOffer & { addressed: boolean }) | undefined> {
  let rows = db
    .selectFrom('offer_dataset as od')
    .innerJoin('offer as o', 'o.id', 'od.offer_id')
    .select(['od.id as offerId', 'od.dataset_id as datasetId', 'o.decision', 'o.addressed'])
    .select((eb) => eb.ref('o.policy').$castTo<PolicyTerms>().as('policy'))
    .where('od.id', '=', query.offerId)
    .where((eb) => eb.or([eb('o.ends_at', 'is', null), eb('o.ends_at', '>=', query.now)]))
    .where((eb) => eb.exists(eb.selectFrom('visible as v').select('v.audience').whereRef('v.offer_dataset_id', '=', 'od.id').where('v.audience', 'in', [everyone, query.partner])))
  if (query.datasetId !== undefined) rows = rows.where('od.dataset_id', '=', query.datasetId)
  return rows.executeTakeFirst()
}

/** Offers that not everybody in their audience sees now: those that are over, and those whose terms (else null) tell partners apart. */
export async function findRestricted(db: Queries, partner: string, now: Date): Promise<{ id: string; policy: PolicyTerms | null }[]> {
  const { rows } = await sql<{ id: string; policy: PolicyTerms | null }>`
    select id, null as policy from offer where ends_at < ${now}
    union all
    select id, policy from offer where addressed and (ends_at is null or ends_at >= ${now}) and (audience is null or audience @> ${JSON.stringify([partner])}::jsonb)`.execute(db)
  return rows
}
