import type { JsonValue } from '../../policy/odrl.ts'

/** What is checked, by stable codes; programs tell them in words. */
export const findingCodes = {
  archive: 'the file is an archive of exactly the form of evidence',
  files: 'the files that belong into it are there, and no others',
  manifest: 'every file is the one that the manifest names',
  'manifest-signature': 'the manifest is signed with the key of the log',
  keys: 'the keys are well formed and fit the logs',
  trust: 'the keys are those that are trusted',
  checkpoint: 'the checkpoint of a log is signed with its key',
  cosignature: 'the signature of a witness on the checkpoint',
  agreement: 'the agreement is the one that was exchanged',
  policy: 'the policy is the one of the agreement, and records name it',
  records: 'the records are well formed, in order, and of the agreement',
  inclusion: 'every record is in its log',
  sequence: 'no record of the agreement is missing',
  export: 'the last record is the one of this export',
  openings: 'the disclosed values are those that were committed to',
  statements: 'the signed statements are genuine, and of the requests that they stand beside',
  receipts: 'the receipts of the partner are genuine',
  changes: 'the changes of keys and logs are in their logs',
  'log-chain': 'each log begins where the one before ended',
} as const

export type FindingCode = keyof typeof findingCodes

/** What no evidence of this kind, or not this one, shows. */
export const limitCodes = {
  'outside-connector': 'an operator who answers outside the connector leaves no record',
  'no-cosignature': 'no witness has cosigned the log: its operator could show another one to somebody else',
  'own-witness': 'only witnesses of the operator itself have cosigned',
  tail: 'what is recorded after the checkpoint is not in it',
  pruned: 'these records of the agreement were removed with logs whose time was over, as later records of it say',
  broken: 'the log was stopped because of faults, and went on as another one',
  'keys-from-bundle': 'these keys are known from the bundle alone',
  'trust-unused': 'these keys and documents from elsewhere are of nobody in the bundle',
  'keys-unrecorded': 'that these keys are those of their participants is not in the log',
  'unknown-signatures': 'these signatures are by keys that the bundle does not name',
  'closed-fields': 'these fields are erased or were not disclosed',
  'no-statement': 'for these questions there is no signed statement',
  'unverified-statements': 'the keys of these statements are not known',
  'unbound-requests': 'these signed statements are for a request whose recorded parts do not show it',
  'no-receipt': 'for these answers there is no receipt of the partner',
  'unverified-receipts': 'these receipts were not found right when they came, or their keys are not known',
  summary: 'README.html and the explanation are written by the connector for reading',
} as const

export type LimitCode = keyof typeof limitCodes

export type Detail = Readonly<Record<string, JsonValue>>

/** One check and what came of it. */
export interface Finding {
  readonly what: FindingCode
  readonly holds: boolean
  readonly detail: Detail
}

/** Something that is not proven. */
export interface Limit {
  readonly what: LimitCode
  readonly detail: Detail
}

/** What the evidence is about, as far as it could be read. */
export interface BundleSummary {
  readonly agreement: string
  readonly connector: string
  readonly partner: string
  readonly created: string
  readonly records: number
  readonly permitted: number
  readonly denied: number
  readonly from: string | null
  readonly until: string | null
}

/** What verifying a bundle found. */
export interface BundleReport {
  /** Whether every finding holds. */
  readonly holds: boolean
  readonly summary: BundleSummary | null
  readonly findings: readonly Finding[]
  readonly limits: readonly Limit[]
}

/** How many places are told of one finding. */
const mostTold = 10

/** Counts places of one kind and keeps the first of them. */
export interface Tally {
  add(place: JsonValue): void
  readonly count: number
  readonly first: readonly JsonValue[]
}

export function createTally(): Tally {
  const first: JsonValue[] = []
  let count = 0
  return {
    add(place) {
      count += 1
      if (first.length < mostTold) first.push(place)
    },
    get count() {
      return count
    },
    first,
  }
}

/** A check of many things: it holds when nothing is wrong with any of them. */
export interface Check {
  good(): void
  wrong(place: Detail): void
  finding(): Finding
}

export function createCheck(what: FindingCode): Check {
  const wrong = createTally()
  let good = 0
  return {
    good() {
      good += 1
    },
    wrong: (place) => wrong.add(place),
    finding: () => (wrong.count === 0 ? { what, holds: true, detail: { checked: good } } : { what, holds: false, detail: { checked: good + wrong.count, wrong: wrong.count, first: [...wrong.first] } }),
  }
}
