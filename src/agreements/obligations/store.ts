import { sql } from 'kysely'
import type { Position } from '../../persistence/cursor.ts'
import type { Queries } from '../../persistence/database.ts'
import type { ObligationTable, Role } from '../../persistence/schema.ts'
import type { PolicyRule } from '../../policy/model.ts'

export type ObligationState = ObligationTable['state']

/** What somebody has to do under an agreement. */
export interface Obligation {
  readonly id: string
  readonly agreementId: string
  /** Ours in the agreement. */
  readonly role: Role
  readonly counterparty: string
  /** JSON pointer of the rule in the agreement. */
  readonly place: string
  readonly kind: ObligationTable['kind']
  /** Full IRI. */
  readonly action: string
  readonly assignee: string | null
  readonly dueAt: Date | null
  readonly rule: PolicyRule
  readonly state: ObligationState
  readonly note: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

export async function insertObligations(db: Queries, obligations: readonly Obligation[]): Promise<void> {
  if (obligations.length === 0) return
  await db
    .insertInto('obligation')
    .values(
      obligations.map((each) => ({
        id: each.id,
        agreement_id: each.agreementId,
        role: each.role,
        counterparty: each.counterparty,
        place: each.place,
        kind: each.kind,
        action: each.action,
        assignee: each.assignee,
        due_at: each.dueAt,
        rule: JSON.stringify(each.rule),
        state: each.state,
        note: each.note,
        created_at: each.createdAt,
        updated_at: each.updatedAt,
      })),
    )
    .execute()
}

// Nobody owes anything under an agreement that was never finalized.
function obligations(db: Queries) {
  return db
    .selectFrom('obligation')
    .select(['id', 'agreement_id as agreementId', 'role', 'counterparty', 'place', 'kind', 'action', 'assignee', 'due_at as dueAt', 'state', 'note', 'created_at as createdAt', 'updated_at as updatedAt'])
    .select((eb) => eb.ref('rule').$castTo<PolicyRule>().as('rule'))
    .where((eb) => eb.exists(eb.selectFrom('agreement').select('agreement.id').whereRef('agreement.id', '=', 'obligation.agreement_id').where('agreement.finalized_at', 'is not', null)))
}

export async function findObligation(db: Queries, id: string): Promise<Obligation | undefined> {
  return obligations(db).where('id', '=', id).executeTakeFirst()
}

/** The obligation, held for this transaction: others wait. */
export async function lockObligation(db: Queries, id: string): Promise<Obligation | undefined> {
  return obligations(db).where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function saveObligation(db: Queries, change: Pick<Obligation, 'id' | 'state' | 'note' | 'updatedAt'>): Promise<void> {
  await db.updateTable('obligation').set({ state: change.state, note: change.note, updated_at: change.updatedAt }).where('id', '=', change.id).execute()
}

/** Which obligations, oldest first. */
export interface ObligationQuery {
  readonly after?: Position
  readonly limit: number
  readonly agreement?: string
  readonly partner?: string
  readonly state?: ObligationState
}

export async function selectObligations(db: Queries, query: ObligationQuery): Promise<Obligation[]> {
  const { after } = query
  let select = obligations(db).orderBy('created_at').orderBy('id').limit(query.limit)
  if (after !== undefined) select = select.where((eb) => eb(eb.refTuple('created_at', 'id'), '>', eb.tuple(after.createdAt, after.id)))
  if (query.agreement !== undefined) select = select.where('agreement_id', '=', query.agreement)
  if (query.partner !== undefined) select = select.where('counterparty', '=', query.partner)
  if (query.state !== undefined) select = select.where('state', '=', query.state)
  return select.execute()
}

export async function countObligations(db: Queries, agreementId: string): Promise<number> {
  const { count } = await db.selectFrom('obligation').select(sql<number>`count(*)::integer`.as('count')).where('agreement_id', '=', agreementId).executeTakeFirstOrThrow()
  return count
}

/** The rules of an agreement that are told as done, with every action of them, or as not done; each by its id and by its place. */
export async function selectSettled(db: Queries, agreementId: string): Promise<{ fulfilled: ReadonlySet<string>; violated: ReadonlySet<string> }> {
  const rows = await db
    .selectFrom('obligation')
    .select(['state', 'place', sql<string>`rule ->> 'id'`.as('rule')])
    .where('agreement_id', '=', agreementId)
    .execute()
  const names = (settled: typeof rows) => new Set(settled.flatMap(({ place, rule }) => [place, rule]))
  const done = rows.filter(({ place }) => rows.every((row) => row.place !== place || row.state === 'fulfilled'))
  return { fulfilled: names(done), violated: names(rows.filter(({ state }) => state === 'violated')) }
}
