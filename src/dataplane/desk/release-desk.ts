import type { Audit, AuditRecord } from '../../audit/audit.ts'
import { createGroupCommit } from '../../audit/group-commit.ts'
import { isProblem, ProblemError } from '../../errors.ts'
import type { Database, Queries } from '../../persistence/database.ts'
import type { CounterLimit } from '../../policy/restriction.ts'
import type { LockedCounter, Verdict } from './batch.ts'
import { counterKey, decideBatch } from './batch.ts'
import type { Amounts } from './quota.ts'
import { createWindows, quotaExceeded } from './quota.ts'
import { sweepDesk } from './store.ts'

/** One release that is to be debited and recorded. */
export interface DeskItem {
  readonly agreement: string
  readonly limits: readonly CounterLimit[]
  readonly amounts: Amounts
  /** Debited whatever is left: it was released already. */
  readonly after?: boolean
  /** The signed statement that came with it: each counts once. */
  readonly statement?: { readonly id: string; readonly expiresAt: Date } | undefined
  /** A retry of a request that was debited is not debited again; one after so many retries is refused. */
  readonly idempotency?: { readonly key: string; readonly request: string; readonly retries?: number } | undefined
  /** Further writes of the release. False when they no longer fit: nothing of the item is written then. May be called again. */
  readonly commit?: ((db: Queries, now: Date) => Promise<boolean>) | undefined
  /** What is recorded of it. */
  readonly record: (debit: Debit) => AuditRecord
}

/** What was debited: each counter as it stands afterwards. */
export interface Debit {
  /** Debited before, under the same idempotency key. */
  readonly retry: boolean
  readonly quota: Readonly<Record<string, number>>
}

export type DeskAnswer =
  | { readonly kind: 'permitted'; readonly index: number; readonly debit: Debit }
  | { readonly kind: 'refused'; readonly problem: ProblemError }
  /** What `commit` writes no longer fits. */
  | { readonly kind: 'again' }

/** Where releases are debited and recorded, before a byte leaves. */
export interface ReleaseDesk {
  /** Debits and records in one transaction, shared with whoever else comes at the time; 'record-unavailable' when it cannot. */
  release(item: DeskItem): Promise<DeskAnswer>
  /** The refusal by a limit that is known to be used up, before work is done for an answer that cannot go out. */
  usedUp(agreement: string, limits: readonly CounterLimit[]): ProblemError | undefined
  settle(): Promise<void>
}

export interface ReleaseDeskDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'appendNumbered' | 'sealed'>
  readonly clock: () => Date
  readonly onError: (error: unknown) => void
}

const sweepMs = 10 * 60_000
/** How long an idempotency key is remembered. */
const requestMs = 24 * 3_600_000
const windowMs = 3 * 24 * 3_600_000
const mostKnown = 10_000

export function createReleaseDesk(deps: ReleaseDeskDeps): ReleaseDesk {
  const { database, audit, clock } = deps
  const windows = createWindows()
  // Counters only grow, so that what was seen is the least that is used.
  const known = new Map<string, number>()
  let sweptAt = Number.NEGATIVE_INFINITY
  let sweeping = Promise.resolve()

  const group = createGroupCommit(async (items: readonly DeskItem[]): Promise<readonly DeskAnswer[]> => {
    const now = clock()
    try {
      let first = 0
      const { verdicts, counters } = await database.transaction(async (tx) => {
        const decided = await decideBatch(tx, items, { windows, now })
        const records = decided.verdicts.flatMap((verdict, place) => (verdict.kind === 'permitted' ? (items[place]?.record(verdict.debit) ?? []) : []))
        if (records.length > 0) {
          audit.appendNumbered(tx, records, (number) => {
            first = number
          })
        }
        return decided
      })
      note(counters)
      sweep(now)
      return numbered(verdicts, first)
    } catch (cause) {
      throw unavailable(cause)
    }
  })

  function note(counters: readonly LockedCounter[]): void {
    for (const counter of counters) {
      if (known.size >= mostKnown) known.clear()
      known.set(counterKey(counter), counter.amount)
    }
  }

  function sweep(now: Date): void {
    if (now.getTime() - sweptAt < sweepMs) return
    sweptAt = now.getTime()
    sweeping = sweepDesk(database.db, now, { requests: new Date(sweptAt - requestMs), windows: new Date(sweptAt - windowMs) }).catch(deps.onError)
  }

  return {
    async release(item) {
      const answer = await group.add(item)
      // Not in the batch: the next one is decided while this one is sealed.
      if (answer.kind === 'permitted') await sealed(audit, answer.index)
      return answer
    },
    usedUp(agreement, limits) {
      const now = clock()
      const limit = limits.find((limit) => (known.get(counterKey({ agreement, ...windows.open(limit, now) })) ?? 0) >= limit.limit)
      return limit === undefined ? undefined : quotaExceeded(limit, windows.resetsAt(limit, now))
    },
    async settle() {
      await group.settle()
      await sweeping
    },
  }
}

async function sealed(audit: Pick<Audit, 'sealed'>, index: number): Promise<void> {
  try {
    await audit.sealed(index)
  } catch (cause) {
    throw unavailable(cause)
  }
}

function unavailable(cause: unknown): ProblemError {
  if (isProblem(cause) && cause.code === 'log-stopped') return cause
  return new ProblemError('record-unavailable', 'The audit record cannot be written, so nothing was released. Try again later.', { cause })
}

// Records of what is permitted follow each other in the order of the batch.
function numbered(verdicts: readonly Verdict[], first: number): DeskAnswer[] {
  let next = first
  return verdicts.map((verdict) => (verdict.kind === 'permitted' ? { ...verdict, index: next++ } : verdict))
}
