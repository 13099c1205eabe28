/**
 * ODRL 2.2 policies in the shape in which DSP 2025-1 carries them: `action` is a string, rules have no target of their
 * own, and right operands are strings or typed values (contract-schema.json).
 */

/** A value of JSON. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/** A permission, prohibition or obligation. What it holds beyond `action` is kept as it came. */
export interface Rule {
  readonly action: string
  readonly constraint?: readonly JsonValue[]
  readonly [field: string]: JsonValue | undefined
}

/** What a policy says, without its identity: an offer before it is given an id and a target. */
export interface PolicyTerms {
  readonly permission?: readonly Rule[]
  readonly prohibition?: readonly Rule[]
  readonly obligation?: readonly Rule[]
  readonly profile?: string | readonly string[]
  /** Not among DSP's terms: sent with its prefix. Absent: `invalid`. */
  readonly 'odrl:conflict'?: JsonValue
}

/** An offer in a message: DSP 2025-1, MessageOffer. `target` is the dataset (mandatory in the prose). */
export interface MessageOffer extends PolicyTerms {
  readonly '@id': string
  readonly '@type': 'Offer'
  readonly target: string
  readonly assigner?: string
  readonly assignee?: string
}

/** An agreement in a message: DSP 2025-1, Agreement. */
export interface OdrlAgreement extends PolicyTerms {
  readonly '@id': string
  readonly '@type': 'Agreement'
  readonly target: string
  readonly assigner: string
  readonly assignee: string
  readonly timestamp: string
}

const namespace = 'http://www.w3.org/ns/odrl/2/'

/** The term of an ODRL name, whether it is written as a term, with the `odrl:` prefix, or as a full IRI. */
export function odrlTerm(name: string): string {
  if (name.startsWith(namespace)) return name.slice(namespace.length)
  return name.startsWith('odrl:') ? name.slice('odrl:'.length) : name
}
