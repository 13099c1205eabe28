import type { Operator } from './model.ts'

/** The IRI of Concordat's ODRL profile, which is also the namespace of its terms. */
export const profileIri = 'https://w3id.org/concordat/policy/v1/'
export const odrlIri = 'http://www.w3.org/ns/odrl/2/'
export const xsdIri = 'http://www.w3.org/2001/XMLSchema#'
/** Data Privacy Vocabulary: purposes. */
export const dpvIri = 'https://w3id.org/dpv#'

/** Actions of the profile. `queryAggregate`: to ask for statistics only. Each is included in ODRL's `use` (§3.2 of the vocabulary). */
export const profileActions = { queryAggregate: `${profileIri}queryAggregate` } as const

/** Where the value of an operand comes from. */
export type OperandSource =
  /** The clock of the connector that decides. */
  | 'clock'
  /** The register of partners, and the agreement. */
  | 'register'
  /** The signed statement that comes with a request. */
  | 'statement'
  /** The request itself. */
  | 'request'
  /** Counters, debited with the record. */
  | 'counter'
  /** The query is rewritten so that it holds. */
  | 'query'
  /** What a partner says and nobody here can check. */
  | 'attestation'

/** How far software vouches for a term. */
export type Enforcement = 'enforced' | 'monitored' | 'attested'

/** One left operand: what it may be compared with, where its value comes from, and what enforces it. */
export interface OperandRow {
  /** Full IRI. */
  readonly iri: string
  /** The short name in documentation and records. */
  readonly term: string
  /** What follows the number sign in a constraint, if anything must. */
  readonly about?: 'dimension' | 'column' | 'unit' | 'measure'
  /** Whether what follows the number sign may be left out. */
  readonly aboutOptional?: boolean
  readonly operators: readonly Operator[]
  readonly datatype: 'iri' | 'string' | 'integer' | 'decimal' | 'dateTime' | 'duration' | 'dimensionValue' | 'mask'
  readonly source: OperandSource
  readonly enforcement: Enforcement
  /** Where it counts: `decision` in the engine, `query` in the rewritten query, `counter` in the debit, `obligation` in the list of duties. */
  readonly place: 'decision' | 'query' | 'counter' | 'obligation'
  /** What `unit` says of it: a time zone, a currency. */
  readonly unit?: 'timeZone' | 'currency'
}

const order = ['eq', 'neq', 'lt', 'lteq', 'gt', 'gteq'] as const
const sets = ['eq', 'neq', 'isAnyOf', 'isNoneOf'] as const
const concepts = ['eq', 'neq', 'isA', 'isPartOf', 'isAnyOf', 'isNoneOf'] as const

/** Every operand that can be agreed. One that is not here is refused; an unknown value never permits, nor lifts a prohibition. */
export const operandTable: readonly OperandRow[] = [
  { iri: `${odrlIri}dateTime`, term: 'dateTime', operators: order, datatype: 'dateTime', source: 'clock', enforcement: 'enforced', place: 'decision', unit: 'timeZone' },
  { iri: `${odrlIri}elapsedTime`, term: 'elapsedTime', operators: ['lt', 'lteq'], datatype: 'duration', source: 'clock', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}dayOfWeek`, term: 'dayOfWeek', operators: sets, datatype: 'string', source: 'clock', enforcement: 'enforced', place: 'decision', unit: 'timeZone' },
  { iri: `${profileIri}hourOfDay`, term: 'hourOfDay', operators: order, datatype: 'integer', source: 'clock', enforcement: 'enforced', place: 'decision', unit: 'timeZone' },
  { iri: `${odrlIri}recipient`, term: 'recipient', operators: sets, datatype: 'iri', source: 'register', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}partnerGroup`, term: 'partnerGroup', operators: sets, datatype: 'string', source: 'register', enforcement: 'enforced', place: 'decision' },
  { iri: `${odrlIri}purpose`, term: 'purpose', operators: concepts, datatype: 'iri', source: 'statement', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}role`, term: 'role', operators: sets, datatype: 'string', source: 'statement', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}legalBasis`, term: 'legalBasis', operators: sets, datatype: 'iri', source: 'statement', enforcement: 'enforced', place: 'decision' },
  { iri: `${odrlIri}fileFormat`, term: 'fileFormat', operators: sets, datatype: 'string', source: 'request', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}path`, term: 'path', operators: sets, datatype: 'string', source: 'request', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}method`, term: 'method', operators: sets, datatype: 'string', source: 'request', enforcement: 'enforced', place: 'decision' },
  { iri: `${profileIri}parameter`, term: 'parameter', about: 'column', operators: sets, datatype: 'string', source: 'request', enforcement: 'enforced', place: 'decision' },
  { iri: `${odrlIri}spatial`, term: 'spatial', operators: concepts, datatype: 'iri', source: 'attestation', enforcement: 'attested', place: 'decision' },
  { iri: `${profileIri}securityLevel`, term: 'securityLevel', operators: sets, datatype: 'string', source: 'attestation', enforcement: 'attested', place: 'decision' },
  { iri: `${odrlIri}count`, term: 'count', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter' },
  { iri: `${profileIri}queriesPerDay`, term: 'queriesPerDay', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter', unit: 'timeZone' },
  { iri: `${profileIri}queriesPerHour`, term: 'queriesPerHour', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter' },
  { iri: `${profileIri}rowsPerDay`, term: 'rowsPerDay', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter', unit: 'timeZone' },
  { iri: `${profileIri}bytesPerDay`, term: 'bytesPerDay', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter', unit: 'timeZone' },
  { iri: `${profileIri}rows`, term: 'rows', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter' },
  { iri: `${profileIri}bytes`, term: 'bytes', operators: ['lt', 'lteq'], datatype: 'integer', source: 'counter', enforcement: 'enforced', place: 'counter' },
  { iri: `${profileIri}rowsPerAnswer`, term: 'rowsPerAnswer', operators: ['lteq'], datatype: 'integer', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${profileIri}rowScope`, term: 'rowScope', about: 'dimension', operators: [...order, 'isAnyOf', 'isNoneOf'], datatype: 'dimensionValue', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${profileIri}column`, term: 'column', operators: ['eq', 'isAnyOf'], datatype: 'string', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${profileIri}mask`, term: 'mask', about: 'column', operators: ['eq'], datatype: 'mask', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${profileIri}minGroupSize`, term: 'minGroupSize', about: 'unit', operators: ['gteq'], datatype: 'integer', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${profileIri}largestShare`, term: 'largestShare', about: 'unit', operators: ['lteq'], datatype: 'decimal', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${profileIri}rounding`, term: 'rounding', about: 'measure', aboutOptional: true, operators: ['eq'], datatype: 'decimal', source: 'query', enforcement: 'enforced', place: 'query' },
  { iri: `${odrlIri}delayPeriod`, term: 'delayPeriod', operators: ['eq', 'lt', 'lteq'], datatype: 'duration', source: 'clock', enforcement: 'monitored', place: 'obligation' },
  { iri: `${odrlIri}timeInterval`, term: 'timeInterval', operators: ['eq', 'lteq'], datatype: 'duration', source: 'clock', enforcement: 'monitored', place: 'obligation' },
  { iri: `${odrlIri}payAmount`, term: 'payAmount', operators: ['eq', 'lteq', 'gteq'], datatype: 'decimal', source: 'attestation', enforcement: 'monitored', place: 'obligation', unit: 'currency' },
  { iri: `${profileIri}schema`, term: 'schema', operators: ['eq'], datatype: 'iri', source: 'attestation', enforcement: 'monitored', place: 'obligation' },
  { iri: `${odrlIri}event`, term: 'event', operators: ['eq'], datatype: 'string', source: 'attestation', enforcement: 'attested', place: 'obligation' },
]

const rows = new Map(operandTable.map((row) => [row.iri, row]))

/** The row of a left operand and what it is about (`…/minGroupSize#card` is about `card`), or undefined when it is not in the table. */
export function operandOf(leftOperand: string): { readonly row: OperandRow; readonly about: string | undefined } | undefined {
  const plain = rows.get(leftOperand)
  if (plain !== undefined) return plain.about === undefined || plain.aboutOptional === true ? { row: plain, about: undefined } : undefined
  const sign = leftOperand.indexOf('#')
  const row = sign === -1 ? undefined : rows.get(leftOperand.slice(0, sign))
  if (row?.about === undefined) return undefined
  const about = decoded(leftOperand.slice(sign + 1))
  return about === undefined || about === '' ? undefined : { row, about }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The left operand of `term` about a dimension, column, unit or measure. */
export function operandIri(term: string, about?: string): string {
  const row = operandTable.find((candidate) => candidate.term === term)
  if (row === undefined) throw new Error(`The profile has no operand ${term}`)
  return about === undefined ? row.iri : `${row.iri}#${encodeURIComponent(about)}`
}
