import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Source } from '../../dataplane/sources/source.ts'
import type { Queries } from '../../persistence/database.ts'
import type { PolicyTerms } from '../../policy/odrl.ts'
import type { Place } from '../cursor.ts'
import type { StoredMetadata } from '../datasets/store.ts'
import type { IdCondition } from '../filter.ts'
import { everyone } from '../offers/store.ts'

/** A dataset under one offer, as a partner sees it. */
export interface VisibleRow {
  readonly seq: number
  readonly id: string
  readonly metadata: StoredMetadata
  readonly source: Source
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly offerId: string
  readonly policy: PolicyTerms
}

export interface VisibleQuery {
  readonly partner: string
  readonly place?: Place
  readonly offset: number
  readonly limit: number
  readonly conditions: readonly IdCondition[]
  /** Ids of offers that `partner` does not see, although it is in their audience. */
  readonly hidden: readonly string[]
}

/**
 * The datasets that a partner sees, at most `limit`, one row for each offer, ordered by place (backwards when the place is
 * `before`). The partner's own rows and everyone's are two ranges of one index, each read only as far as the page needs; a
 * single `audience in (…)` would sort all of them.
 */
export async function selectVisible(db: Queries, query: VisibleQuery): Promise<VisibleRow[]> {
  const backwards = query.place?.direction === 'before'
  const order = backwards ? sql`desc` : sql`asc`
  const within = sql.join([sql`true`, ...beyond(query.place), ...shown(query.hidden), ...query.conditions.map((condition) => matching(condition))], sql` and `)
  const joined = query.conditions.length === 0 ? sql`` : sql`join dataset d on d.seq = v.dataset_seq`
  const range = (audience: string) => sql`(select distinct v.dataset_seq from visible v ${joined} where v.audience = ${audience} and ${within}
    order by v.dataset_seq ${order} limit ${sql.lit(query.offset + query.limit)})`
  const page = sql`select dataset_seq from (${range(everyone)} union ${range(query.partner)}) both_ranges
    order by dataset_seq ${order} limit ${sql.lit(query.limit)} offset ${sql.lit(query.offset)}`
  return rowsOf(db, { partner: query.partner, hidden: query.hidden, page, order })
}

/** One dataset, one row for each offer; nothing when the partner does not see it. */
export async function selectVisibleDataset(db: Queries, partner: string, id: string, hidden: readonly string[]): Promise<VisibleRow[]> {
  return rowsOf(db, { partner, hidden, page: sql`select seq as dataset_seq from dataset where id = ${id}`, order: sql`asc` })
}

// `offset 0` keeps the look-up apart, so that it is done by index for each dataset of the page; at some sizes the planner would
// rather read all that is visible to a partner.
async function rowsOf(db: Queries, { partner, hidden, page, order }: { partner: string; hidden: readonly string[]; page: RawBuilder<unknown>; order: RawBuilder<unknown> }): Promise<VisibleRow[]> {
  const { rows } = await sql<VisibleRow>`
    with page as (${page})
    select d.seq, d.id, d.metadata, d.source, d.created_at as "createdAt", d.updated_at as "updatedAt", od.id as "offerId", o.policy
    from page
    join dataset d on d.seq = page.dataset_seq
    cross join lateral (
      select x.offer_dataset_id from visible x where x.audience in (${everyone}, ${partner}) and x.dataset_seq = page.dataset_seq offset 0) v
    join offer_dataset od on od.id = v.offer_dataset_id
    join offer o on o.id = od.offer_id${hidden.length === 0 ? sql`` : sql` and o.id not in ${listed(hidden)}`}
    order by d.seq ${order}, od.id`.execute(db)
  return rows
}

// The offers to leave out are looked up only where there are any.
function shown(hidden: readonly string[]): RawBuilder<unknown>[] {
  if (hidden.length === 0) return []
  return [sql`exists (select from offer_dataset x where x.id = v.offer_dataset_id and x.offer_id not in ${listed(hidden)})`]
}

// One parameter, however many there are.
function listed(ids: readonly string[]): RawBuilder<unknown> {
  return sql`(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`
}

function beyond(place: Place | undefined): RawBuilder<unknown>[] {
  if (place === undefined) return []
  return [place.direction === 'after' ? sql`v.dataset_seq > ${place.seq}` : sql`v.dataset_seq < ${place.seq}`]
}

function matching(condition: IdCondition): RawBuilder<unknown> {
  if (condition.operator === 'in') return condition.ids.length === 0 ? sql`false` : sql`d.id in (${sql.join(condition.ids)})`
  // Without an escape character no pattern is malformed.
  return sql`d.id like ${condition.pattern} escape ''`
}
