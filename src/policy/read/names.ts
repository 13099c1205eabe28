import { actionIris } from '../decide/actions.ts'
import { dpvIri, odrlIri, profileIri, xsdIri } from '../profile.ts'

/** Prefixes that may be used without being declared. */
export const prefixes: ReadonlyMap<string, string> = new Map([
  ['odrl', odrlIri],
  ['concordat', profileIri],
  ['xsd', xsdIri],
  ['dpv', dpvIri],
  ['rdf', 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'],
  ['rdfs', 'http://www.w3.org/2000/01/rdf-schema#'],
  ['skos', 'http://www.w3.org/2004/02/skos/core#'],
  ['dcterms', 'http://purl.org/dc/terms/'],
  ['dct', 'http://purl.org/dc/terms/'],
  ['dc', 'http://purl.org/dc/elements/1.1/'],
  ['schema', 'http://schema.org/'],
  ['vcard', 'http://www.w3.org/2006/vcard/ns#'],
  ['foaf', 'http://xmlns.com/foaf/0.1/'],
  ['cc', 'http://creativecommons.org/ns#'],
])

const curie = /^([A-Za-z][A-Za-z0-9_-]*):(?!\/\/)(.+)$/s

/** The IRI of a name: prefixes that are known are written out, everything else stays as it is. */
export function expandPrefix(name: string): string {
  const match = curie.exec(name)
  const namespace = match === null ? undefined : prefixes.get(match[1] ?? '')
  return namespace === undefined ? name : namespace + (match?.[2] ?? '')
}

/** The IRI of a name of a vocabulary: a bare term is ODRL's. */
export function termIri(name: string): string {
  return name.includes(':') ? expandPrefix(name) : odrlIri + name
}

/** What the values of an operand are. */
export type OperandKind = 'number' | 'time' | 'duration' | 'name'

const operandTerms: readonly (readonly [OperandKind, readonly string[]])[] = [
  ['number', ['absolutePosition', 'absoluteSize', 'absoluteSpatialPosition', 'absoluteTemporalPosition', 'count', 'payAmount', 'percentage', 'relativePosition', 'relativeSize', 'relativeSpatialPosition', 'relativeTemporalPosition', 'resolution', 'timedCount']],
  ['time', ['dateTime']],
  ['duration', ['delayPeriod', 'elapsedTime', 'meteredTime', 'timeInterval']],
  ['name', ['deliveryChannel', 'device', 'event', 'fileFormat', 'industry', 'language', 'media', 'product', 'purpose', 'recipient', 'spatial', 'spatialCoordinates', 'system', 'systemDevice', 'unitOfCount', 'version', 'virtualLocation']],
]

/** ODRL's left operands, by what their values are. */
export const odrlOperands: ReadonlyMap<string, OperandKind> = new Map(operandTerms.flatMap(([kind, terms]) => terms.map((term) => [odrlIri + term, kind] as const)))

/** Whether an IRI is that of an action of ODRL, of Creative Commons as ODRL names them, or of the profile. */
export function isKnownAction(iri: string): boolean {
  return actionIris.has(iri)
}
