/** What a field of a record says, and how it is kept. */
export interface FieldInfo {
  /** In one sentence. */
  readonly meaning: string
  /** It can tell of a person: the log has a salted commitment, and its value can be erased. */
  readonly personal?: true
  /** Evidence rather than record: the log has a commitment, so that entries stay small. */
  readonly bulky?: true
  /** Its value is an object or a list of objects that is not described further. */
  readonly json?: true
}

/** How long a record is needed: `evidence` as long as claims can come of an agreement, `operation` to show how the connector was run. */
export type Retention = 'evidence' | 'operation'

/** A type of record. A field inside another is named by its path: `request.query`. */
export interface EventInfo {
  readonly meaning: string
  readonly keep: Retention
  readonly fields: Readonly<Record<string, FieldInfo>>
}

/** Fields that mean the same in each record that has them. */
export const parties = {
  partner: { meaning: 'Participant id of the other party.' },
  agreement: { meaning: 'Id of the agreement.' },
  transfer: { meaning: 'Our id of the transfer process.' },
  dataset: { meaning: 'Id of the dataset.' },
} as const satisfies Record<string, FieldInfo>

/** Who of our side did it. */
export const actor = { actor: { meaning: 'Name of the API token or user of ours that did it.', personal: true } } as const satisfies Record<string, FieldInfo>
