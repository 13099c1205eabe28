import type { Mask } from '../restriction.ts'

/** How much of a rule is said with it. */
export interface RuleWords {
  /** What may, must not or has to be done, as the language joins it: `use or read the data`. */
  readonly action: string
  /** Who, as the language joins it; undefined when the rule does not say. */
  readonly party: string | undefined
  /** Whether terms follow. */
  readonly terms: boolean
}

export type Order = 'eq' | 'neq' | 'lt' | 'lteq' | 'gt' | 'gteq'
/** A sentence with a value, or with a list of them that the language has joined. */
type Sentence = (value: string) => string
/** A sentence about something that is named. */
type SentenceAbout = (about: string, value: string) => string
export type OrderSentences<S> = Readonly<Record<Order, S>>

/** Whether it is one of the values, or none of them. */
export interface SetSentences<S> {
  readonly one: S
  readonly none: S
}

/** A number that is told with its unit of counting. */
type Counted = (count: number, text: string) => string

/** The sentences of a language. Each is whole, so that every language can build its own. */
export interface Sentences {
  readonly permission: (words: RuleWords) => string
  readonly prohibition: (words: RuleWords) => string
  readonly obligation: (words: RuleWords) => string
  readonly duty: (words: RuleWords) => string
  readonly consequence: (words: RuleWords) => string
  readonly remedy: (words: RuleWords) => string
  /** By ODRL's or the profile's term, with what it is done to. */
  readonly actions: Readonly<Record<string, string>>
  readonly otherAction: (term: string) => string
  readonly logical: { readonly and: string; readonly or: string; readonly xone: string; readonly andSequence: string }
  /** Before a refinement of an action, asset or party. */
  readonly refinement: (name: string) => string
  readonly inZone: (text: string, zone: string) => string
  readonly dateTime: OrderSentences<Sentence>
  /** The same of something that has to be done. */
  readonly due: OrderSentences<Sentence>
  readonly elapsedTime: { readonly lt: Sentence; readonly lteq: Sentence }
  readonly dayOfWeek: SetSentences<Sentence>
  /** An hour of the day, with its article where the language has one. */
  readonly hour: Sentence
  readonly hourOfDay: OrderSentences<Sentence>
  readonly sets: Readonly<Record<'recipient' | 'partnerGroup' | 'purpose' | 'role' | 'legalBasis' | 'fileFormat' | 'path' | 'method' | 'spatial' | 'securityLevel', SetSentences<Sentence>>>
  readonly narrower: { readonly purpose: Sentence; readonly spatial: Sentence }
  readonly parameter: SetSentences<SentenceAbout>
  readonly counters: Readonly<Record<'count' | 'queriesPerDay' | 'queriesPerHour' | 'rowsPerDay' | 'bytesPerDay' | 'rows' | 'bytes', Counted>>
  /** Where days of counters begin. */
  readonly dayBegins: Sentence
  readonly rowsPerAnswer: Counted
  readonly rowScope: OrderSentences<SentenceAbout> & SetSentences<SentenceAbout>
  readonly column: Sentence
  readonly mask: (column: string, mask: Mask, step: string) => string
  readonly minGroupSize: SentenceAbout
  readonly largestShare: SentenceAbout
  readonly rounding: (measure: string | undefined, value: string) => string
  readonly delayPeriod: Sentence
  readonly timeInterval: Sentence
  readonly payAmount: { readonly eq: Sentence; readonly lteq: Sentence; readonly gteq: Sentence }
  readonly schema: Sentence
  readonly event: Sentence
  /** What the profile does not have. */
  readonly other: (name: string, operator: string, values: string) => string
  readonly unsupported: string
  /** Said of a permission under which single rows never come out. */
  readonly aggregatesOnly: string
  /** Said of what somebody declares. */
  readonly declared: string
  /** Said of the whole policy. */
  readonly conflict: { readonly perm: string; readonly prohibit: string; readonly invalid: string }
  readonly firstPermission: string
  readonly nothingPermitted: string
}

/** A term of the table that has sentences for one of several values. */
export type SetTerm = keyof Sentences['sets']
export type CounterTerm = keyof Sentences['counters']
