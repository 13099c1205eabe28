import { operators } from '../../src/policy/model.ts'
import { dpvIri, odrlIri, operandTable, profileIri, xsdIri } from '../../src/policy/profile.ts'
import type { Blank, BlankType, BlankValue } from '../../src/policy/ready-made/blanks.ts'
import { fillPolicy } from '../../src/policy/ready-made/ready-made.ts'
import { readyMadePolicies } from '../../src/policy/ready-made/ready-made-list.ts'
import type { DatasetFacts } from '../../src/policy/restriction.ts'
import type { Random } from '../helpers/random.ts'
import { mutateJson, oddText } from './mutate.ts'

type Json = Record<string, unknown>

/** What the dataset has that these policies are about. */
export const facts: DatasetFacts = {
  kind: 'file',
  columns: [
    { name: 'week', type: 'string' },
    { name: 'district', type: 'string' },
    { name: 'street', type: 'string' },
    { name: 'card', type: 'string' },
    { name: 'amount', type: 'number' },
    { name: 'customers', type: 'integer' },
    { name: 'secret', type: 'string' },
  ],
  dimensions: ['week', 'district'],
  protectedUnits: [
    { name: 'card', column: 'card', counts: 'distinct' },
    { name: 'customer', column: 'customers', counts: 'sum' },
  ],
}

/** What the dataset declares of it. */
export const declared = { dimensions: facts.dimensions, protectedUnits: facts.protectedUnits }

const fitting: Partial<Record<BlankType, BlankValue>> = { dimension: 'district', column: 'amount', columns: ['district', 'amount'], unit: 'card' }

function valueFor(name: string, blank: Blank, example: Readonly<Record<string, BlankValue>>): [string, BlankValue][] {
  const value = fitting[blank.type] ?? example[name]
  return value === undefined ? [] : [[name, value]]
}

const readyMade = readyMadePolicies.map((each) => fillPolicy(each, Object.fromEntries(Object.entries(each.blanks).flatMap(([name, blank]) => valueFor(name, blank, each.example))), new Date()))

const typed = (value: string, type: string) => ({ '@value': value, '@type': `xsd:${type}` })

/** Policies as they stand in W3C's documents: compact, with objects for actions and parties, with contexts and prefixes. */
const shaped: readonly Json[] = [
  { '@context': 'http://www.w3.org/ns/odrl.jsonld', '@type': 'Set', 'uid': 'http://example.com/policy:1', 'permission': [{ action: 'use', constraint: [{ leftOperand: 'dateTime', operator: 'lt', rightOperand: typed('2031-01-01', 'date') }] }] },
  { '@type': 'odrl:Offer', 'odrl:profile': { '@id': profileIri }, 'odrl:permission': { 'odrl:action': { '@id': 'odrl:read' }, 'odrl:constraint': { 'odrl:leftOperand': { '@id': `${profileIri}role` }, 'odrl:operator': { '@id': 'odrl:isAnyOf' }, 'odrl:rightOperand': ['analyst', 'planner'] } } },
  { profile: profileIri, permission: [{ action: [{ 'rdf:value': { '@id': 'odrl:use' }, 'refinement': [{ leftOperand: 'purpose', operator: 'isA', rightOperand: { '@id': `${dpvIri}PublicBenefit` } }] }] }] },
  { permission: [{ action: 'use', constraint: [{ or: [{ leftOperand: 'recipient', operator: 'eq', rightOperand: { '@id': 'did:web:a.example' } }, { and: [{ leftOperand: 'spatial', operator: 'isPartOf', rightOperand: { '@id': 'http://example.com/eu' } }, { leftOperand: 'elapsedTime', operator: 'lteq', rightOperand: typed('P1Y', 'duration') }] }] }] }], prohibition: [{ action: 'distribute' }], conflict: 'prohibit' },
  { permission: [{ action: 'use', duty: [{ action: 'compensate', compensatedParty: 'did:web:a.example', constraint: [{ leftOperand: 'payAmount', operator: 'eq', rightOperand: typed('5.00', 'decimal'), unit: 'EUR' }], consequence: [{ action: 'inform', informedParty: 'did:web:a.example' }] }] }], obligation: [{ action: 'delete', constraint: [{ leftOperand: 'delayPeriod', operator: 'lteq', rightOperand: typed('P30D', 'duration') }] }] },
  { profile: profileIri, permission: [{ action: `${profileIri}queryAggregate`, constraint: [{ leftOperand: `${profileIri}minGroupSize#card`, operator: 'gteq', rightOperand: typed('5', 'integer') }, { leftOperand: `${profileIri}largestShare#card`, operator: 'lteq', rightOperand: typed('0.5', 'decimal') }, { leftOperand: `${profileIri}rounding#amount`, operator: 'eq', rightOperand: typed('10', 'decimal') }] }] },
  { profile: profileIri, permission: [{ action: 'use', constraint: [{ leftOperand: `${profileIri}rowScope#district`, operator: 'isAnyOf', rightOperand: ['north', 'south'] }, { leftOperand: `${profileIri}mask#street`, operator: 'eq', rightOperand: 'truncate:3' }, { leftOperand: `${profileIri}column`, operator: 'isAnyOf', rightOperand: ['week', 'street'] }, { leftOperand: `${profileIri}queriesPerDay`, operator: 'lteq', rightOperand: typed('10', 'integer'), unit: 'Europe/Madrid' }] }] },
  { '@context': ['http://www.w3.org/ns/odrl.jsonld', { ex: 'http://example.com/' }], '@graph': [{ '@id': 'ex:p', '@type': 'Set', 'permission': [{ '@id': 'ex:rule' }] }, { '@id': 'ex:rule', 'action': 'use' }] },
  { '@type': 'Agreement', 'target': 'urn:x', 'assigner': 'did:web:a.example', 'assignee': { '@type': 'PartyCollection', 'source': 'urn:group', 'refinement': [{ leftOperand: 'spatial', operator: 'eq', rightOperand: { '@id': 'urn:eu' } }] }, 'action': 'use', 'permission': [{ constraint: [{ leftOperand: `${profileIri}hourOfDay`, operator: 'lt', rightOperand: 18, unit: 'UTC' }] }] },
]

const bases = [...readyMade, ...shaped]

const likeOurs = [
  ...operandTable.map(({ iri }) => iri),
  ...operandTable.flatMap(({ iri, about }) => (about === undefined ? [] : ['district', 'card', 'amount', 'secret', '', '%', '%00', 'a#b', '__proto__', '..', '%2523'].map((name) => `${iri}#${name}`))),
  `${profileIri}RowScope#district`, `${profileIri}rowscope#district`, `${profileIri}/rowScope#district`, 'https://w3id.org/concordat/policy/v2/role', 'http://w3id.org/concordat/policy/v1/role', profileIri, `${profileIri}toString`, `${profileIri}__proto__`, `${odrlIri}constructor`, `${odrlIri}use#x`, 'odrl:odrl:use', 'concordat:role', 'concordat:queryAggregate', 'dpv:PublicBenefit', 'cc:Attribution', 'xsd:integer', 'anonymize', 'odrl:All', `${dpvIri}NoSuchPurpose`, dpvIri, '_:b0',
]
const datatypes = ['string', 'integer', 'decimal', 'double', 'boolean', 'date', 'dateTime', 'dateTimeStamp', 'duration', 'time', 'gYear', 'anyURI', 'nothing']
const literals = ['', '0', '-1', '+5', '5', '1e3', '1e400', 'NaN', 'INF', '-0', '99999999999999999999', '0.1', '.5', '5.', '0x10', 'true', 'P1M', 'P-1D', 'PT', 'P1Y2M3DT4H5M6.7S', 'P99999999999Y', '2026-02-30', '2026-12-31', '2026-12-31T24:00:00Z', '2026-12-31T23:59:60Z', '-0001-01-01', '2026-03-29T02:30:00', '9999-12-31T23:59:59+14:00', 'drop', 'hash', 'truncate:3', 'truncate:-1', 'truncate:1e9', 'grid:0', 'grid:0.01', 'grid:NaN', 'month', 'Monday', 'monday', 'north', 'north;', 'analyst', 'csv', '/v1/*', 'GET']
const zones = ['UTC', 'Europe/Madrid', 'europe/madrid', 'Mars/Phobos', '+25:00', 'Etc/GMT+99', '../etc', 'EUR', 'XXX', '', '\u0000', 'a'.repeat(300)]

/** A policy of the kinds that stewards and partners write; most of them can be offered for the dataset. */
export function policy(random: Random): Json {
  return structuredClone(random.pick(bases))
}

/** A policy with something in it changed, so that it still looks like one. */
export function mutatedPolicy(random: Random): unknown {
  let changed: unknown = policy(random)
  for (let times = random.between(1, 4); times > 0; times--) changed = anywhere(changed, random)
  if (!random.chance(0.2)) return changed
  // What is changed without regard to policies may no longer be JSON; then it is left as it was.
  const text = mutateJson(changed, random, likeOurs)
  return parsed(text) ?? changed
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Goes down to some object in a policy, and changes it. */
function anywhere(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) {
    if (value.length === 0 || random.chance(0.1)) return changedList(value, random)
    const place = random.between(0, value.length - 1)
    return value.map((each: unknown, index) => (index === place ? anywhere(each, random) : each))
  }
  if (!isObject(value)) return changedValue(value, random)
  const inner = Object.keys(value).filter((key) => typeof value[key] === 'object' || random.chance(0.3))
  if (inner.length === 0 || random.chance(0.25)) return changedObject(value, random)
  const key = random.pick(inner)
  return { ...value, [key]: anywhere(value[key], random) }
}

function changedList(list: readonly unknown[], random: Random): unknown {
  const choice = random.number()
  if (choice < 0.2) return []
  if (choice < 0.4) return [...list, ...list]
  if (choice < 0.5) return Array.from({ length: random.pick([50, 500, 1_000]) }, (_, index) => list[0] ?? `v${index}`)
  if (choice < 0.7) return [...list, anyConstraint(random)]
  return [list]
}

function changedObject(object: Json, random: Random): unknown {
  const choice = random.number()
  if ('leftOperand' in object || choice < 0.2) return changedConstraint(object, random)
  if (choice < 0.35) return { ...object, constraint: [object['constraint'] ?? [], anyConstraint(random), ...(random.chance(0.5) ? [anyConstraint(random)] : [])].flat() }
  if (choice < 0.45) return { ...object, action: random.pick<unknown>(['read', 'use', 'odrl:delete', `${profileIri}queryAggregate`, ['use', 'read'], [], null, { '@id': 'odrl:use' }, random.pick(likeOurs)]) }
  if (choice < 0.55) return { ...object, [random.pick(['duty', 'remedy', 'consequence', 'obligation', 'prohibition', 'permission'])]: [{ action: random.pick(['delete', 'inform', 'use', 'compensate']), constraint: [anyConstraint(random)] }] }
  if (choice < 0.65) return withOwn(object, random.pick(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then']), { polluted: true })
  if (choice < 0.75) return { ...object, [random.pick(['inheritFrom', 'profile', 'conflict', 'assigner', 'assignee', 'target', '@type', '@id', '@context', 'uid', 'unit', 'refinement'])]: random.pick<unknown>([random.pick(likeOurs), random.pick(zones), ['urn:a', 'urn:a'], {}, null, 7, oddText(random)]) }
  const keys = Object.keys(object)
  if (keys.length === 0) return { '@list': [object] }
  const key = random.pick(keys)
  const { [key]: inner, ...rest } = object
  return random.chance(0.5) ? rest : { ...rest, [random.pick([`odrl:${key}`, odrlIri + key, key.toUpperCase(), `dspace:${key}`])]: inner }
}

function changedConstraint(constraint: Json, random: Random): unknown {
  const choice = random.number()
  if (choice < 0.2) return { ...constraint, leftOperand: random.pick(likeOurs) }
  if (choice < 0.35) return { ...constraint, operator: random.pick([...operators, 'odrl:eq', { '@id': 'odrl:lteq' }, 'EQ', 'nothing', null, ['eq', 'lt']]) }
  if (choice < 0.6) return { ...constraint, rightOperand: anyRight(random) }
  if (choice < 0.75) return { ...constraint, unit: random.pick(zones) }
  if (choice < 0.8) return { ...constraint, rightOperandReference: { '@id': 'http://127.0.0.1:1/' } }
  let nested: unknown = constraint
  for (let levels = random.pick([1, 2, 5, 19, 21, 60, 120]); levels > 0; levels--) nested = { [random.pick(['or', 'and', 'xone', 'andSequence', 'odrl:or'])]: random.chance(0.8) ? [nested, ...(random.chance(0.3) ? [anyConstraint(random)] : [])] : { '@list': [nested] } }
  return nested
}

function anyConstraint(random: Random): Json {
  const row = random.pick(operandTable)
  const leftOperand = row.about === undefined ? row.iri : `${row.iri}#${random.pick(['district', 'card', 'amount', 'week', 'customer'])}`
  return { leftOperand, operator: random.chance(0.8) ? random.pick(row.operators) : random.pick(operators), rightOperand: anyRight(random), ...(random.chance(0.15) ? { unit: random.pick(zones) } : {}) }
}

function anyRight(random: Random): unknown {
  const choice = random.number()
  if (choice < 0.5) return { '@value': random.pick(literals), '@type': random.pick(['xsd:', xsdIri]) + random.pick(datatypes) }
  if (choice < 0.65) return random.pick(literals)
  if (choice < 0.75) return { '@id': random.pick(likeOurs) }
  if (choice < 0.85) return Array.from({ length: random.pick([0, 1, 3, 101, 2_000]) }, (_, index) => (random.chance(0.5) ? `v${index}` : random.pick(literals)))
  return random.pick<unknown>([null, true, 0, -0, 5, 1e308, 0.1, {}, [[]], { '@value': 5 }, { '@value': 'x', '@language': 'en' }, { '@value': 'x', '@type': null }, { '@list': ['a'] }, oddText(random)])
}

function changedValue(value: unknown, random: Random): unknown {
  if (random.chance(0.4)) return random.pick(likeOurs)
  return random.pick<unknown>([oddText(random), random.pick(literals), random.pick(zones), [value], { '@id': value }, { '@value': value }, null])
}

// An own key even where an assignment would set the prototype.
function withOwn(object: Json, key: string, value: unknown): Json {
  const copy = { ...object }
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true })
  return copy
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
