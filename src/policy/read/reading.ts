import { ProblemError } from '../../errors.ts'
import type { ProblemCode } from '../../errors.ts'
import { pointerPart } from './bounded.ts'
import { quoted } from './literals.ts'
import { prefixes, termIri } from './names.ts'
import { odrlIri } from '../profile.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** A policy that is being read. */
export interface Reading {
  /** Where the policy stands in what was sent, for messages. */
  readonly prefix: string
  /** How many constraints there were so far: references could multiply them. */
  readonly count: { constraints: number; rules: number }
  /** Things of the document by their id, for those that are only referred to. */
  node(id: string): JsonObject | undefined
}

/** Begins to read a document. */
export function createReading(document: unknown, prefix: string): Reading {
  let nodes: Map<string, JsonObject> | undefined
  return {
    prefix,
    count: { constraints: 0, rules: 0 },
    node: (id) => {
      nodes ??= nodesOf(document)
      return nodes.get(id)
    },
  }
}

/** The things that a document describes, by id. One that is described twice is refused: a part of it could be missed. */
export function nodesOf(document: unknown): Map<string, JsonObject> {
  const nodes = new Map<string, JsonObject>()
  const waiting: unknown[] = [document]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const each of Object.values(value)) waiting.push(each)
    if (Array.isArray(value)) continue
    const entries = Object.entries(value)
    const id = entries.find(([key]) => key === '@id' || key === 'uid' || key === 'odrl:uid')?.[1]
    if (typeof id !== 'string' || entries.length === 1) continue
    const node = Object.fromEntries(entries)
    const other = nodes.get(id)
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(node)) throw new ProblemError('invalid-policy', `${quoted(id)} is described at two places. Describe it once.`)
    nodes.set(id, node)
  }
  return nodes
}

/** Refuses the policy. */
export function refuse(reading: Reading, at: string, message: string, code: Extract<ProblemCode, 'invalid-policy' | 'unsupported-policy'> = 'invalid-policy'): never {
  const place = `${reading.prefix}${at}`
  throw new ProblemError(code, `${place === '' ? 'The policy' : place}: ${message}`)
}

/** What an object says, by ODRL's terms; JSON-LD's keywords stay as they are. */
export type Fields = ReadonlyMap<string, unknown>

const annotationNamespaces = ['rdfs', 'skos', 'dcterms', 'dc', 'schema', 'vcard', 'foaf'].map((prefix) => prefixes.get(prefix) ?? prefix)
const annotations = new Set(['title', 'description', 'label', 'comment', 'name', 'created', 'creator', 'issued', 'modified', 'publisher'])
const aliases = new Map([['uid', '@id'], ['type', '@type']])

/** The fields of the object at a place. What is said about it, not by it, is left out; anything else that is not `known` is refused. */
export function fieldsOf(reading: Reading, value: unknown, place: { at: string; what: string; known: ReadonlySet<string> }): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(reading, place.at, `must be ${place.what} object, not ${describe(value)}.`)
  const fields = new Map<string, unknown>()
  for (const [key, field] of Object.entries(value)) {
    const term = termOf(key)
    if (field === undefined || term === undefined) continue
    if (!place.known.has(term)) return refuse(reading, `${place.at}/${pointerPart(key)}`, `is not a term that ${place.what} has. Known are ${[...place.known].filter((each) => !each.startsWith('@')).join(', ')}.`, 'unsupported-policy')
    if (fields.has(term) && idOf(fields.get(term)) !== idOf(field)) return refuse(reading, `${place.at}/${pointerPart(key)}`, `says ${quoted(term)} a second time.`)
    fields.set(term, field)
  }
  return fields
}

function idOf(value: unknown): unknown {
  const only = plainText(single(value))
  return typeof only === 'object' && only !== null && '@id' in only ? only['@id'] : only
}

/** A text that JSON-LD has put into an object. */
function plainText(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '@value' in value && Object.keys(value).length === 1 ? value['@value'] : value
}

/** The term of a key: undefined for what is only said about a thing. */
function termOf(key: string): string | undefined {
  if (key.startsWith('@')) return key === '@context' ? undefined : key
  const iri = termIri(key)
  if (iri === 'http://www.w3.org/1999/02/22-rdf-syntax-ns#value') return 'rdf:value'
  if (iri === 'https://w3id.org/dspace/2025/1/timestamp') return 'timestamp'
  if (!iri.startsWith(odrlIri)) return annotationNamespaces.some((namespace) => iri.startsWith(namespace)) ? undefined : key
  const term = iri.slice(odrlIri.length)
  return annotations.has(term) ? undefined : (aliases.get(term) ?? term)
}

/** The one item of a list with one item; anything else as it is. */
export function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

/** The items of what may be one thing, a list, or a list of JSON-LD. */
export function items(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  const only = single(value)
  if (typeof only === 'object' && only !== null && '@list' in only && Object.keys(only).length === 1) return items(only['@list'])
  return (Array.isArray(value) ? value : [value]).map(plainText)
}

/** The thing's own id, if it has one that means something outside of the document. */
export function ownId(reading: Reading, fields: Fields, at: string): string | undefined {
  const value = fields.get('@id')
  if (value === undefined) return undefined
  const id = nameIn(reading, idOf(value), `${at}/@id`)
  return id.startsWith('_:') ? undefined : id
}

const printable = /^[^\s\p{Cc}\p{Cf}<>"{}|\\^`]+$/u

/** An id or IRI at a place, prefixes written out. */
export function nameIn(reading: Reading, value: unknown, at: string): string {
  const name = idOf(value)
  if (typeof name !== 'string' || name === '') return refuse(reading, at, `must be an IRI, not ${describe(value)}.`)
  if (!printable.test(name)) return refuse(reading, at, `${quoted(name)} is not an IRI: it has spaces or characters that IRIs cannot have.`)
  return name.includes(':') ? expandedName(name) : name
}

function expandedName(name: string): string {
  return termIri(name)
}

/** A term of the vocabulary at a place, as full IRI. */
export function termIn(reading: Reading, value: unknown, at: string): string {
  const name = nameIn(reading, value, at)
  return name.includes(':') ? name : odrlIri + name
}

/** What a value is, for a message. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  return value === undefined ? 'nothing' : quoted(typeof value === 'string' ? value : JSON.stringify(value))
}
