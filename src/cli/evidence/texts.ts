import type { FindingCode, LimitCode } from '../../tlog/bundle/report.ts'
import type { ComparedField, QueryProof, ReconciledQuery } from '../../tlog/bundle/reconcile.ts'
import type { Language } from '../../policy/explain/operand-texts.ts'
import { ca } from './ca.ts'
import { en } from './en.ts'
import { es } from './es.ts'

/** The words in which evidence is judged, in one language. */
export interface EvidenceTexts {
  readonly genuine: string
  readonly notGenuine: string
  readonly about: (summary: { agreement: string; connector: string; partner: string; created: string }) => readonly string[]
  readonly counts: (counts: { records: number; permitted: number; denied: number; from: string; until: string }) => string
  readonly headings: Readonly<Record<'proven' | 'wrong' | 'notProven', string>>
  /** What holds. */
  readonly holds: Readonly<Record<FindingCode, string>>
  /** What does not. */
  readonly fails: Readonly<Record<FindingCode, string>>
  readonly limits: Readonly<Record<LimitCode, string>>
  readonly cosigned: (by: string, time: string) => string
  readonly tail: (size: number, cosignedAt: string | null) => string
  readonly places: (count: number) => string
  readonly verdicts: Readonly<Record<ReconciledQuery['verdict'], string>>
  readonly fields: Readonly<Record<ComparedField, string>>
  readonly proofs: Readonly<Record<QueryProof, string>>
  readonly columns: Readonly<Record<'time' | 'provider' | 'consumer' | 'verdict' | 'differences' | 'proofs', string>>
  readonly agree: (count: number) => string
  readonly doubtful: Readonly<Record<'provider' | 'consumer', string>>
  readonly uncounted: Readonly<Record<'provider' | 'consumer', (count: number) => string>>
  readonly disagree: (counts: Readonly<Record<ReconciledQuery['verdict'], number>>) => string
}

export const evidenceTexts: Readonly<Record<Language, EvidenceTexts>> = { en, ca, es }
