import type { Audit } from '../audit/audit.ts'
import { ProblemError } from '../errors.ts'
import { cutPage, decodeCursor } from '../persistence/cursor.ts'
import type { Database } from '../persistence/database.ts'
import { isStorable } from '../persistence/storable-text.ts'
import { countObligations, findObligation, lockObligation, saveObligation, selectObligations, selectSettled } from './obligations/store.ts'
import type { Obligation, ObligationState } from './obligations/store.ts'

export type { Obligation, ObligationState } from './obligations/store.ts'

/** What a person says about an obligation, and who it is. */
export interface Statement {
  readonly note?: string
  readonly actor: string
}

/** Duties and obligations of agreements, of both sides. Negotiations write them; people say whether they were done. */
export interface Obligations {
  get(id: string): Promise<Obligation>
  /** Oldest first. */
  list(query: { after?: string; limit: number; agreement?: string; partner?: string; state?: ObligationState }): Promise<{ items: Obligation[]; next?: string }>
  /** How many an agreement has. */
  count(agreementId: string): Promise<number>
  /** It was done. 'conflict' when that is known. */
  fulfil(id: string, statement: Statement): Promise<Obligation>
  /** It was not done. 'conflict' when that is known. */
  violate(id: string, statement: Statement): Promise<Obligation>
  /** Rules of an agreement that were done, and those that were not, by their ids and places. */
  settled(agreementId: string): Promise<{ fulfilled: ReadonlySet<string>; violated: ReadonlySet<string> }>
}

export interface ObligationsDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'append'>
  readonly clock: () => Date
}

export function createObligations(deps: ObligationsDeps): Obligations {
  const { db } = deps.database
  return {
    get: async (id) => present(isStorable(id) ? await findObligation(db, id) : undefined, id),
    list: async ({ after, limit, ...conditions }) => {
      const rows = await selectObligations(db, { ...conditions, limit: limit + 1, ...(after === undefined ? {} : { after: decodeCursor(after) }) })
      return cutPage(rows, limit)
    },
    count: (agreementId) => countObligations(db, agreementId),
    fulfil: (id, statement) => settle(deps, id, 'fulfilled', statement),
    violate: (id, statement) => settle(deps, id, 'violated', statement),
    settled: (agreementId) => selectSettled(db, agreementId),
  }
}

async function settle(deps: ObligationsDeps, id: string, state: 'fulfilled' | 'violated', { note, actor }: Statement): Promise<Obligation> {
  if (!isStorable([id, note])) throw new ProblemError('bad-request', '/note: must be valid Unicode without NUL.')
  return deps.database.transaction(async (tx) => {
    const before = present(await lockObligation(tx.db, id), id)
    if (before.state === state) throw new ProblemError('conflict', `The ${before.kind} is ${state} already.`)
    const after: Obligation = { ...before, state, note: note ?? null, updatedAt: deps.clock() }
    await saveObligation(tx.db, after)
    await deps.audit.append(tx, {
      type: `obligation.${state}`,
      agreement: after.agreementId,
      partner: after.counterparty,
      obligation: id,
      place: after.place,
      action: after.action,
      actor,
      ...(note === undefined ? {} : { note }),
    })
    return after
  })
}

function present(row: Obligation | undefined, id: string): Obligation {
  if (row === undefined) throw new ProblemError('not-found', `There is no obligation ${id.slice(0, 200)}. "concordat obligation list" shows them.`)
  return row
}
