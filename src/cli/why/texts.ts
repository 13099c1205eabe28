import type { Language } from '../../policy/explain/operand-texts.ts'
import type { OperandRow } from '../../policy/profile.ts'
import { ca } from './ca.ts'
import { en } from './en.ts'
import { es } from './es.ts'

/** The words in which records are told, in one language. */
export interface WhyTexts {
  readonly record: (index: number, time: string) => string
  readonly headings: Readonly<Record<'who' | 'asked' | 'agreement' | 'terms' | 'why' | 'needed' | 'withheld' | 'released' | 'quota' | 'provider' | 'fields', string>>
  readonly who: Readonly<Record<'partner' | 'role' | 'purpose' | 'user' | 'actor', (value: string) => string>>
  readonly agreement: (id: string) => string
  readonly rule: (place: string) => string
  readonly dataset: (id: string) => string
  readonly groups: (count: string) => string
  readonly rows: (count: string) => string
  readonly bytes: (count: string) => string
  readonly digest: (sha256: string) => string
  /** Stands for a value that was erased, or is not here. */
  readonly erased: string
  /** The action of the profile that permits aggregates only. */
  readonly aggregates: string
  readonly nothing: string
  readonly used: (amount: string) => string
  readonly providerRecord: (index: string) => string
  readonly truth: { readonly true: string; readonly false: string; readonly unknown: string }
  readonly seen: (value: string) => string
  readonly seenNothing: string
  readonly source: Readonly<Record<OperandRow['source'] | 'agreement', string>>
  /** What else than operands may refuse. */
  readonly terms: Readonly<Record<'action' | 'duty', string>>
  readonly sentence: SentenceTexts
  /** By ODRL's term. */
  readonly operators: Readonly<Record<string, string>>
  /** What happened, by the record's type. */
  readonly events: Readonly<Record<string, string>>
  /** Headings of the list. */
  readonly columns: Readonly<Record<'index' | 'time' | 'type' | 'what', string>>
  /** What is told in words instead: our role in a transfer, who took a step, why a log begins or ends. */
  readonly values: Readonly<Record<'role' | 'by' | 'began', Readonly<Record<string, string>>>>
  /** Why something was refused, by code. */
  readonly refusals: Readonly<Record<string, string>>
  /** How fields are called that follow in brackets. */
  readonly fields: Readonly<Record<string, string>>
}

/** Who asked for what. */
export interface AskedTexts {
  readonly partner: string
  readonly dataset: string
  /** ` (user x7Qk) as analyst for "Research"`, or nothing. */
  readonly as: string
}

/** What ids are called. */
export type Names = ReadonlyMap<string, { readonly kind: 'partner' | 'dataset'; readonly name: string }>

/** A record about data in one sentence. */
export interface SentenceTexts {
  readonly told: Readonly<Record<'permitted' | 'denied' | 'released' | 'aborted' | 'delivered' | 'requested' | 'received' | 'refused', (asked: AskedTexts) => string>>
  readonly somebody: string
  readonly data: string
  /** Something with its name. */
  readonly named: Readonly<Record<'partner' | 'dataset', (name: string, id: string) => string>>
  readonly as: (role: string) => string
  readonly under: (agreement: string) => string
  readonly user: (user: string) => string
  readonly asked: (question: string) => string
  readonly purpose: (label: string) => string
  readonly times: (count: string) => string
  /** How many bytes may have gone out, where nobody knows. */
  readonly upTo: (count: string) => string
  readonly withheld: (groups: string) => string
}

export const whyTexts: Readonly<Record<Language, WhyTexts>> = { en, ca, es }
