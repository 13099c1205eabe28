import { isProblem, ProblemError } from '../../errors.ts'
import type { Queries, Transaction } from '../../persistence/database.ts'
import type { Debit, DeskItem } from './release-desk.ts'
import type { OpenCounter, Windows } from './quota.ts'
import { quotaExceeded, termOf } from './quota.ts'
import type { CounterKey, KeyedRequest } from './store.ts'
import { claimRequests, forgetRequest, lockCounters, noteRequest, noteRetries, readRequests, restoreStatements, spendStatements, writeCounters } from './store.ts'

/** What is decided of one item of a batch. */
export type Verdict = { readonly kind: 'permitted'; readonly debit: Debit } | { readonly kind: 'refused'; readonly problem: ProblemError } | { readonly kind: 'again' }

/** A counter of a batch, locked until its transaction ends. */
export interface LockedCounter extends CounterKey {
  amount: number
  changed: boolean
}

interface Entry {
  readonly item: DeskItem
  readonly counters: readonly OpenCounter[]
}

interface Noted {
  readonly request: KeyedRequest
  /** Noted by this batch, for its first item with the key. */
  readonly fresh: boolean
  /** The digest of the request that was debited under the key. */
  debited: string | undefined
  /** How often it was released again. */
  retries: number
  retried: boolean
}

interface Desk {
  readonly db: Queries
  readonly now: Date
  readonly windows: Windows
  readonly fresh: Set<string>
  readonly counters: ReadonlyMap<string, LockedCounter>
  readonly noted: ReadonlyMap<string, Noted>
}

/**
 * Decides the items of a batch one after the other, in the transaction that records them: nobody else reads or changes the counters,
 * statements and idempotency keys of the batch meanwhile. Statements come first, then keys, then counters, then what items write
 * themselves, so that replicas do not wait for each other in a circle.
 */
export async function decideBatch(tx: Transaction, items: readonly DeskItem[], at: { readonly windows: Windows; readonly now: Date }): Promise<{ verdicts: readonly Verdict[]; counters: readonly LockedCounter[] }> {
  const { windows, now } = at
  const entries = items.map((item): Entry => ({ item, counters: item.limits.map((limit) => windows.open(limit, now)) }))
  const desk: Desk = { db: tx.db, now, windows, ...(await lock(tx.db, entries, now)) }
  const verdicts: Verdict[] = []
  const byAgreement = [...entries.entries()].toSorted(([, one], [, other]) => (one.item.agreement < other.item.agreement ? -1 : one.item.agreement > other.item.agreement ? 1 : 0))
  for (const [place, entry] of byAgreement) verdicts[place] = await decideItem(desk, entry)
  await settleRequests(desk)
  const changed = [...desk.counters.values()].filter((counter) => counter.changed)
  if (changed.length > 0) {
    const rows = changed.map(({ agreement, counter, starts, amount }) => ({ agreement, counter, starts, amount }))
    tx.atEnd({ statement: (db) => writeCounters(db, rows, now), committed: () => undefined })
  }
  return { verdicts, counters: [...desk.counters.values()] }
}

async function lock(db: Queries, entries: readonly Entry[], now: Date): Promise<Pick<Desk, 'fresh' | 'counters' | 'noted'>> {
  const statements = new Map(entries.flatMap(({ item: { statement } }) => (statement === undefined ? [] : [[statement.id, statement] as const])))
  const requests = new Map(entries.flatMap(({ item }) => (item.idempotency === undefined ? [] : [requestOf(item, item.idempotency)])).toReversed().map((request) => [requestKey(request), request]))
  const keys = new Map(entries.flatMap(({ item, counters }) => counters.map(({ counter, starts }) => ({ agreement: item.agreement, counter, starts }))).map((key) => [counterKey(key), key]))
  const [fresh, claimed, locked] = await Promise.all([spendStatements(db, [...statements.values()]), claimRequests(db, [...requests.values()], now), lockCounters(db, [...keys.values()], now)])
  const claims = new Set(claimed.map(requestKey))
  const earlier = await readRequests(db, [...requests.values()].filter((request) => !claims.has(requestKey(request))))
  const noted = new Map([...claimed.map((request) => ({ request, fresh: true, debited: undefined, retries: 0, retried: false })), ...earlier.map((request) => ({ request, fresh: false, debited: request.request, retries: request.retries, retried: false }))].map((note): [string, Noted] => [requestKey(note.request), note]))
  return { fresh, noted, counters: new Map(locked.map((row) => [counterKey(row), { ...row, changed: false }])) }
}

function requestOf({ agreement }: DeskItem, { key, request }: { readonly key: string; readonly request: string }): KeyedRequest {
  return { agreement, key, request }
}

/** Names a counter's row among those of all agreements. */
export function counterKey({ agreement, counter, starts }: CounterKey): string {
  return JSON.stringify([agreement, counter, starts])
}

function requestKey({ agreement, key }: Pick<KeyedRequest, 'agreement' | 'key'>): string {
  return JSON.stringify([agreement, key])
}

async function decideItem(desk: Desk, { item, counters }: Entry): Promise<Verdict> {
  const { statement, idempotency, agreement } = item
  if (statement !== undefined && !desk.fresh.delete(statement.id)) return refused('statement-refused', 'The statement of the request was used before. Sign a new one for each request.')
  const noted = idempotency === undefined ? undefined : desk.noted.get(requestKey({ agreement, key: idempotency.key }))
  const retry = noted?.debited !== undefined
  const misused = keyMisused(idempotency, noted)
  if (misused !== undefined) return misused
  const full = retry ? undefined : fullCounter(desk, item, counters)
  if (full !== undefined) return { kind: 'refused', problem: quotaExceeded(full.limit, desk.windows.resetsAt(full.limit, desk.now)) }
  const unwritten = await writeItem(desk, item)
  if (unwritten !== undefined) return unwritten
  if (noted !== undefined) noteReleased(noted, { retry, request: idempotency?.request })
  return { kind: 'permitted', debit: { retry, quota: retry ? {} : debit(desk, item, counters) } }
}

function keyMisused(asked: DeskItem['idempotency'], noted: Noted | undefined): Verdict | undefined {
  if (asked === undefined || noted?.debited === undefined) return undefined
  if (noted.debited !== asked.request) return refused('idempotency-key-reused', 'The Idempotency-Key was used for another request under this agreement. Use a new key for each request.')
  if (noted.retries < (asked.retries ?? Number.POSITIVE_INFINITY)) return undefined
  return refused('idempotency-key-reused', `The request was answered ${noted.retries + 1} times under its Idempotency-Key. Use a new key: then it is counted again.`)
}

function noteReleased(noted: Noted, { retry, request }: { readonly retry: boolean; readonly request: string | undefined }): void {
  noted.debited ??= request
  if (!retry) return
  noted.retries += 1
  noted.retried = true
}

function refused(code: 'statement-refused' | 'idempotency-key-reused', message: string): Verdict {
  return { kind: 'refused', problem: new ProblemError(code, message) }
}

async function writeItem(desk: Desk, { commit, statement }: DeskItem): Promise<Verdict | undefined> {
  if (commit === undefined) return undefined
  try {
    if (await commit(desk.db, desk.now)) return undefined
  } catch (error) {
    if (!isProblem(error)) throw error
    return { kind: 'refused', problem: error }
  }
  // It comes again with the same statement.
  if (statement !== undefined) await restoreStatements(desk.db, [statement.id])
  return { kind: 'again' }
}

function rowOf(desk: Desk, { agreement }: DeskItem, { counter, starts }: OpenCounter): LockedCounter {
  const row = desk.counters.get(counterKey({ agreement, counter, starts }))
  if (row === undefined) throw new Error(`The counter ${counter} was not locked`)
  return row
}

// What is known only at the end needs something to be left.
function fullCounter(desk: Desk, item: DeskItem, counters: readonly OpenCounter[]): OpenCounter | undefined {
  if (item.after === true) return undefined
  return counters.find((open) => {
    const { amount } = rowOf(desk, item, open)
    const wanted = item.amounts[open.limit.counter]
    return wanted === null ? amount >= open.limit.limit : amount + wanted > open.limit.limit
  })
}

function debit(desk: Desk, item: DeskItem, counters: readonly OpenCounter[]): Record<string, number> {
  const quota: Record<string, number> = {}
  const debited = new Set<LockedCounter>()
  for (const open of counters) {
    const row = rowOf(desk, item, open)
    const amount = item.amounts[open.limit.counter] ?? 0
    // Two limits may share a counter.
    if (amount > 0 && !debited.has(row)) {
      row.amount += amount
      row.changed = true
    }
    debited.add(row)
    quota[termOf(open.limit)] = row.amount
  }
  return quota
}

// Keys that were noted for an item which was not released are free again.
async function settleRequests({ db, noted }: Desk): Promise<void> {
  for (const { request, fresh, debited, retries, retried } of noted.values()) {
    if (retried) await noteRetries(db, request, retries)
    if (!fresh || debited === request.request) continue
    if (debited === undefined) await forgetRequest(db, request)
    else await noteRequest(db, { ...request, request: debited })
  }
}
