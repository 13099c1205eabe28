import { ProblemError } from '../../errors.ts'
import type { BundleKey } from './form.ts'
import type { BundleQueries, HeldQuery } from './queries.ts'
import type { FindingCode } from './report.ts'
import { pinnedIn } from './trust.ts'
import type { Trust } from './trust.ts'

/** What both sides can say differently of a query. */
export type ComparedField = 'decision' | 'request' | 'rows' | 'bytes' | 'sha256' | 'complete' | 'record'

/** What shows that a query was as one side says. */
export type QueryProof =
  /** The provider has the statement that the consumer signed for this request. */
  | 'consumer-statement'
  /** The consumer has the receipt that the provider signed for its record. */
  | 'provider-receipt'
  /** It is in the log of the provider. */
  | 'provider-log'
  /** It is in the log of the consumer. */
  | 'consumer-log'

/** One query as both sides hold it. */
export interface ReconciledQuery {
  readonly verdict: 'agree' | 'differ' | 'only-provider' | 'only-consumer'
  /** What told that both records are of the same query; null where there is one alone. */
  readonly matchedBy: 'statement' | 'receipt' | 'record' | null
  readonly provider: HeldQuery | null
  readonly consumer: HeldQuery | null
  readonly differences: readonly { readonly field: ComparedField; readonly provider: string | number | boolean | null; readonly consumer: string | number | boolean | null }[]
  readonly proofs: readonly QueryProof[]
}

export interface Reconciliation {
  readonly agreement: string
  readonly provider: string
  readonly consumer: string
  /** Whether both hold the same of every query, and their evidence holds. */
  readonly agree: boolean
  readonly counts: Readonly<Record<ReconciledQuery['verdict'], number>>
  /** What does not hold of the evidence of each side; what it cannot prove is among no proofs. */
  readonly wrong: { readonly provider: readonly FindingCode[]; readonly consumer: readonly FindingCode[] }
  /** How many statements of the consumer in the provider's evidence, and receipts of the provider in the consumer's, prove nothing, because their keys do not count. */
  readonly uncounted: { readonly provider: number; readonly consumer: number }
  readonly queries: readonly ReconciledQuery[]
}

/** Whose word about keys counts where two bundles are compared. */
export interface OtherSide {
  readonly keys: readonly BundleKey[]
  readonly trust: Trust
}

/** Those of a bundle's keys that count: its maker's own, and those of others that are in the evidence of the other side too, or that the reader has from elsewhere. Without this a party could sign for the other one. */
export function countedKeys({ keys, connector }: { readonly keys: readonly BundleKey[]; readonly connector: string }, other: OtherSide): BundleKey[] {
  const known = new Set([...other.keys, ...pinnedIn(other.trust, keys)].map(identityOf))
  return keys.filter((key) => key.participant === connector || known.has(identityOf(key)))
}

function identityOf({ use, name, participant, verifier, jwk }: BundleKey): string {
  return JSON.stringify([use, name, participant, verifier?.vkey ?? ['kty', 'crv', 'x', 'y'].map((member) => jwk?.[member] ?? null)])
}

/** Compares what provider and consumer hold of the queries under one agreement. */
export function reconcile(one: BundleQueries, other: BundleQueries): Reconciliation {
  const [provider, consumer] = sidesOf(one, other)
  const matches = createMatches(provider.queries)
  const queries = consumer.queries.map((held): ReconciledQuery => {
    const match = matches.take(held)
    const hasReceipt = held.receipt !== null && matches.isReceiptOf(held.receipt, match?.query)
    return match === undefined ? alone({ consumer: held, hasReceipt }) : compared(match, held, hasReceipt)
  })
  queries.push(...matches.left().map((held) => alone({ provider: held })))
  queries.sort((left, right) => timeOf(left).localeCompare(timeOf(right)))
  const counts = { agree: 0, differ: 0, 'only-provider': 0, 'only-consumer': 0 }
  for (const { verdict } of queries) counts[verdict] += 1
  return { agreement: provider.manifest.agreement, provider: provider.manifest.connector, consumer: consumer.manifest.connector, agree: counts.agree === queries.length && provider.wrong.length + consumer.wrong.length === 0, counts, wrong: { provider: provider.wrong, consumer: consumer.wrong }, uncounted: { provider: provider.uncounted, consumer: consumer.uncounted }, queries }
}

function sidesOf(one: BundleQueries, other: BundleQueries): [provider: BundleQueries, consumer: BundleQueries] {
  const [left, right] = [one.manifest, other.manifest]
  if (left.agreement !== right.agreement) throw new ProblemError('invalid-evidence', `The evidence is of two agreements: ${left.agreement} and ${right.agreement}.`)
  if (left.connector !== right.partner || left.partner !== right.connector || one.role === other.role) throw new ProblemError('invalid-evidence', `The evidence must be of both parties; here it is of ${left.connector} and ${right.connector}.`)
  return one.role === 'provider' ? [one, other] : [other, one]
}

interface Match {
  readonly query: HeldQuery
  readonly by: 'statement' | 'receipt' | 'record'
}

/** The provider's queries that no query of the consumer was matched with. Refusals of the same kind may share one. */
function createMatches(queries: readonly HeldQuery[]) {
  const byStatement = new Map(queries.flatMap((query) => (query.statement === null ? [] : [[query.statement, query] as const])))
  const byLeaf = new Map(queries.map((query) => [query.leaf, query]))
  const byRecord = new Map(queries.map((query) => [query.record, query]))
  const taken = new Map<number, number>()
  const isFree = (query: HeldQuery) => (taken.get(query.record) ?? 0) < (query.decision === 'deny' ? query.count : 1)
  const take = (query: HeldQuery | undefined, by: Match['by']): Match | undefined => {
    if (query === undefined || !isFree(query)) return undefined
    taken.set(query.record, (taken.get(query.record) ?? 0) + 1)
    return { query, by }
  }
  return {
    take: (held: HeldQuery) => take(byStatement.get(held.statement ?? ''), 'statement') ?? take(byLeaf.get(held.receipt ?? ''), 'receipt') ?? take(byRecord.get(held.providerRecord ?? -1), 'record'),
    /** One that was given for another query proves nothing of this one. */
    isReceiptOf: (leaf: string, query: HeldQuery | undefined) => (byLeaf.get(leaf) ?? query) === query,
    left: () => queries.filter(({ record }) => !taken.has(record)),
  }
}

function alone({ provider = null, consumer = null, hasReceipt = false }: { readonly provider?: HeldQuery | null; readonly consumer?: HeldQuery | null; readonly hasReceipt?: boolean }): ReconciledQuery {
  return { verdict: provider === null ? 'only-consumer' : 'only-provider', matchedBy: null, provider, consumer, differences: [], proofs: proofsOf(provider, consumer, hasReceipt) }
}

function compared({ query: provider, by: matchedBy }: Match, consumer: HeldQuery, hasReceipt: boolean): ReconciledQuery {
  const fields = ['decision', 'request', 'rows', 'bytes', 'sha256', 'complete'] as const
  const differences: ReconciledQuery['differences'][number][] = fields.flatMap((field) => differenceIn(field, provider, consumer))
  // The receipt has the hash of the provider's entry as it was when the answer went out.
  if (consumer.receipt !== null && consumer.receipt !== provider.leaf) differences.push({ field: 'record', provider: provider.leaf, consumer: consumer.receipt })
  return { verdict: differences.length === 0 ? 'agree' : 'differ', matchedBy, provider, consumer, differences, proofs: proofsOf(provider, consumer, hasReceipt) }
}

/** What one side does not know is no difference. */
function differenceIn(field: Exclude<ComparedField, 'record'>, provider: HeldQuery, consumer: HeldQuery): ReconciledQuery['differences'][number][] {
  const [ours, theirs] = [provider[field], consumer[field]]
  if (ours === null || theirs === null || ours === theirs || (field === 'decision' && (ours === 'open' || theirs === 'open'))) return []
  // Of an answer that broke off each side saw another part.
  const isPart = provider.complete === false || consumer.complete === false
  return isPart && (field === 'bytes' || field === 'sha256') ? [] : [{ field, provider: ours, consumer: theirs }]
}

function proofsOf(provider: HeldQuery | null, consumer: HeldQuery | null, hasReceipt: boolean): QueryProof[] {
  return [
    ...(provider?.signed === true ? (['consumer-statement'] as const) : []),
    ...(hasReceipt ? (['provider-receipt'] as const) : []),
    ...(provider?.inLog === true ? (['provider-log'] as const) : []),
    ...(consumer?.inLog === true ? (['consumer-log'] as const) : []),
  ]
}

function timeOf({ provider, consumer }: ReconciledQuery): string {
  return consumer?.time ?? provider?.time ?? ''
}
