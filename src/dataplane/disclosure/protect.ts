import { ProblemError } from '../../errors.ts'
import type { Queries } from '../../persistence/database.ts'
import type { DatasetFacts, QueryRestriction } from '../../policy/restriction.ts'
import type { TableEngine } from '../query/engine.ts'
import type { CheckedQuery } from '../query/query.ts'
import type { WithheldGroups } from '../sources/sql/withheld.ts'
import { examineGroups } from './examine.ts'
import { requireProtectable, rulesOf } from './rules.ts'
import type { ReleasedShape, Shape } from './shape.ts'
import { followsFrom, sameGroups, shapeDigest, shapeOf } from './shape.ts'
import type { LedgerKey } from './store.ts'
import { addShape, readLedger } from './store.ts'

/** What may come out of an aggregated query. */
export interface ProtectedGroups {
  /** What the answer leaves out. */
  readonly withheld: WithheldGroups
  /** How many groups are withheld. */
  readonly groups: number
  /** The terms that withhold them. */
  readonly reasons: readonly string[]
  /** In the transaction that releases the answer: enters it into the ledger. False when the ledger changed meanwhile: protect again. */
  commit(db: Queries, now: Date): Promise<boolean>
}

export interface ProtectDeps {
  readonly db: Queries
  /** The most different queries that are kept apart for one agreement and content. */
  readonly mostShapes?: number
}

export interface ProtectInput {
  readonly engine: TableEngine
  readonly query: CheckedQuery
  readonly restriction: QueryRestriction
  readonly facts: DatasetFacts
  /** The agreement's key of hashed columns. */
  readonly hashKey: string
  readonly agreement: string
  readonly dataset: string
}

const defaultMostShapes = 300

/**
 * Decides which groups of a query come out, so that nothing which can be computed from all answers under the agreement is about fewer
 * of a protected unit than its terms ask for. 'withheld' when none comes out: one that is too small and one that is empty look alike.
 */
export async function protectGroups(deps: ProtectDeps, input: ProtectInput): Promise<ProtectedGroups> {
  const { engine, query, restriction, facts } = input
  const shape = shapeOf(query, restriction)
  const rules = rulesOf(restriction, facts)
  if (rules === undefined) return { withheld: { columns: shape.columns, form: 'except', keys: [] }, groups: 0, reasons: [], commit: async () => true }
  requireProtectable(query, shape, facts)
  const key: LedgerKey = { agreement: input.agreement, dataset: input.dataset, contentVersion: engine.contentVersion }
  const ledger = await readLedger(deps.db, key)
  const reasons = [...(rules.units.length > 0 ? ['minGroupSize'] : []), ...(rules.shares.length > 0 ? ['largestShare'] : [])]
  // What others change is looked at again each time: a group may have become small, or a new one appeared.
  const told = engine.contentVersion === liveContent ? undefined : alreadyTold(shape, ledger)
  const most = deps.mostShapes ?? defaultMostShapes
  if (told === undefined && ledger.length >= most && engine.contentVersion !== liveContent) throw full(most)
  const left = ledger.filter((other) => sameGroups(shape, other) && (engine.contentVersion !== liveContent || other.released.form === 'except')).map(({ released }) => released)
  const examined = await examineGroups({ engine, hashKey: input.hashKey, shape, rules, ledger, left: told === undefined ? left : [told], decided: told !== undefined })
  if (examined.released === 0) throw nothing()
  const released: ReleasedShape = { ...shape, released: { form: examined.form, keys: examined.keys } }
  const known = told !== undefined || ledger.some((other) => shapeDigest(other) === shapeDigest(released))
  if (!known && ledger.length >= most) throw full(most)
  return {
    withheld: { columns: shape.columns, form: examined.form, keys: examined.keys },
    groups: examined.total - examined.released,
    reasons: examined.total > examined.released ? reasons : [],
    commit: async (db, now) => known || addShape(db, key, { shape: released, seen: ledger.length, at: now }),
  }
}

/** The name of content that others change while it is released. */
const liveContent = 'live'

// The same groups with nothing more measured get the same answer; so do those made up of groups that came out whole.
function alreadyTold(shape: Shape, ledger: readonly ReleasedShape[]): ReleasedShape['released'] | undefined {
  const same = ledger.findLast((other) => sameGroups(shape, other) && shape.measures.every((name) => other.measures.includes(name)))
  if (same !== undefined) return same.released
  return ledger.some((other) => followsFrom(shape, other)) ? { form: 'except', keys: [] } : undefined
}

function nothing(): ProblemError {
  return new ProblemError('withheld', 'No group of the answer may come out: behind each are fewer than the terms of the agreement ask for, or it would tell of fewer together with what was answered before. Ask for larger groups, or for what was answered before.')
}

function full(most: number): ProblemError {
  return new ProblemError('withheld', `Under this agreement ${most} different queries on this content were answered, and what a further one would tell is not examined. Ask one of the earlier queries again, a coarser one of it, or wait for the next version of the data.`)
}
