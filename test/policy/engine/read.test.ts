import { describe, expect, test } from 'vitest'
import { isProblem } from '../../../src/errors.ts'
import { readJsonLd } from '../../../src/policy/read/read-json-ld.ts'
import { readPolicy } from '../../../src/policy/read/read.ts'
import { requireProfile } from '../../../src/policy/offer/require-profile.ts'

const odrl = 'http://www.w3.org/ns/odrl/2/'
const concordat = 'https://w3id.org/concordat/policy/v1/'
const xsd = 'http://www.w3.org/2001/XMLSchema#'

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isProblem(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'accepted'
}

const withConstraint = (constraint: unknown) => ({ permission: [{ action: 'use', constraint: [constraint] }] })
const compared = (leftOperand: string, operator: string, rightOperand: unknown, more: object = {}) => ({ leftOperand, operator, rightOperand, ...more })

describe('a policy reads the same', () => {
  const constraint = compared('purpose', 'isA', { '@id': 'dpv:ScientificResearch' })
  const plain = readPolicy({ '@type': 'Set', '@id': 'urn:p', permission: [{ action: 'read', constraint: [constraint] }] })

  test.each([
    ['with prefixes', { '@type': 'odrl:Set', 'odrl:uid': 'urn:p', 'odrl:permission': [{ 'odrl:action': { '@id': 'odrl:read' }, 'odrl:constraint': [constraint] }] }],
    ['with full IRIs', { '@type': `${odrl}Set`, '@id': 'urn:p', [`${odrl}permission`]: [{ [`${odrl}action`]: `${odrl}read`, constraint: [compared(`${odrl}purpose`, `${odrl}isA`, 'https://w3id.org/dpv#ScientificResearch')] }] }],
    ['with single things instead of lists', { '@type': ['Policy', 'Set'], uid: 'urn:p', permission: { action: 'odrl:read', constraint } }],
    ['with lists of JSON-LD', { '@id': 'urn:p', permission: [{ action: [{ 'rdf:value': { '@id': 'odrl:read' } }], constraint: { '@list': [constraint] } }] }],
    ['with what is only said about it', { '@id': 'urn:p', 'dcterms:title': 'A policy', 'rdfs:label': [{ '@value': 'x', '@language': 'en' }], description: 'x', permission: [{ '@type': 'Permission', action: 'read', constraint }] }],
  ])('%s', async (_name, document) => {
    expect(readPolicy(document)).toEqual(plain)
    const explained = Object.fromEntries(Object.entries(document).filter(([key]) => key !== 'description'))
    expect(await readJsonLd({ '@context': 'http://www.w3.org/ns/odrl.jsonld', ...explained })).toEqual(plain)
  })

  test('expanded JSON-LD, and JSON-LD with names of its own', async () => {
    const expanded = [{ '@id': 'urn:p', '@type': [`${odrl}Set`], [`${odrl}permission`]: [{ [`${odrl}action`]: [{ '@id': `${odrl}read` }], [`${odrl}constraint`]: [{ [`${odrl}leftOperand`]: [{ '@id': `${odrl}purpose` }], [`${odrl}operator`]: [{ '@id': `${odrl}isA` }], [`${odrl}rightOperand`]: [{ '@id': 'https://w3id.org/dpv#ScientificResearch' }] }] }] }]
    expect(readPolicy(expanded)).toEqual(plain)
    const own = { '@context': { darf: { '@id': `${odrl}permission` }, tun: { '@id': `${odrl}action`, '@type': '@id' }, wenn: `${odrl}constraint`, was: { '@id': `${odrl}leftOperand`, '@type': '@id' }, wie: { '@id': `${odrl}operator`, '@type': '@id' }, wert: { '@id': `${odrl}rightOperand`, '@type': '@id' }, o: odrl, z: 'https://w3id.org/dpv#' }, '@id': 'urn:p', '@type': 'o:Set', 'darf': { tun: 'o:read', wenn: { was: 'o:purpose', wie: 'o:isA', wert: 'z:ScientificResearch' } } }
    expect(await readJsonLd(own)).toEqual(plain)
  })

  test('with parts that stand elsewhere in the document', async () => {
    const graph = { '@context': 'http://www.w3.org/ns/odrl.jsonld', '@graph': [{ '@id': 'urn:p', '@type': 'Set', permission: 'urn:r' }, { '@id': 'urn:r', action: 'read', constraint: 'urn:c' }, { '@id': 'urn:c', ...constraint }] }
    const read = await readJsonLd(graph)
    expect(read.rules[0]?.constraints[0]).toEqual({ ...plain.rules[0]?.constraints[0], id: 'urn:c' })
    await expect(readJsonLd({ ...graph, '@graph': [...graph['@graph'], { '@id': 'urn:r', prohibition: 'urn:x' }] })).rejects.toMatchObject({ code: 'invalid-policy' })
  })
})

describe('compact policies', () => {
  const policy = readPolicy({
    '@type': 'Agreement', target: 'urn:d', assigner: 'urn:city', assignee: 'urn:lab', action: 'read',
    permission: [{}, { action: ['display', 'print'], target: 'urn:e', duty: [{ action: 'inform' }] }], obligation: [{ action: 'delete', assignee: 'urn:other' }],
  })

  test('give every rule what it does not say itself, and duties nothing', () => {
    const told = policy.rules.map((rule) => [rule.actions, rule.targets, rule.assigners, rule.assignees].map((terms) => terms.map(({ iri }) => iri.replace(odrl, ''))))
    expect(told).toEqual([[['read'], ['urn:d'], ['urn:city'], ['urn:lab']], [['display', 'print'], ['urn:e'], ['urn:city'], ['urn:lab']], [['delete'], ['urn:d'], ['urn:city'], ['urn:other']]])
    expect(policy.rules[1]?.duties[0]).toMatchObject({ targets: [], assignees: [], kind: 'duty', at: '/permission/1/duty/0' })
    expect(policy.shared).toEqual({ targets: ['urn:d'], assigners: ['urn:city'], assignees: ['urn:lab'] })
  })

  test('collections are meant by their source, with what narrows them', () => {
    const [rule] = readPolicy({ permission: [{ action: 'use', assignee: { '@type': 'PartyCollection', source: 'urn:staff', refinement: [compared('industry', 'eq', 'press')] }, target: [{ '@type': 'AssetCollection', uid: 'urn:c', source: 'urn:s' }, 'urn:t'] }] }).rules
    expect(rule?.assignees).toMatchObject([{ iri: 'urn:staff', refinements: [{ leftOperand: `${odrl}industry` }] }])
    expect(rule?.targets.map(({ iri }) => iri)).toEqual(['urn:c', 'urn:s', 'urn:t'])
  })
})

describe('values', () => {
  const value = (leftOperand: string, rightOperand: unknown, more: object = {}) => {
    const [constraint] = readPolicy(withConstraint(compared(leftOperand, Array.isArray(rightOperand) && rightOperand.length > 1 ? 'isAnyOf' : 'eq', rightOperand, more))).rules[0]?.constraints ?? []
    return constraint?.kind === 'atomic' ? constraint.rightOperand : undefined
  }

  test.each([
    ['count', 10, [{ value: '10', datatype: `${xsd}integer` }]],
    ['count', '10', [{ value: '10', datatype: `${xsd}integer` }]],
    ['payAmount', 5.5, [{ value: '5.5', datatype: `${xsd}decimal` }]],
    ['percentage', { '@value': '1e2', '@type': 'xsd:double' }, [{ value: '1e2', datatype: `${xsd}double` }]],
    ['version', true, [{ value: 'true', datatype: `${xsd}boolean` }]],
    ['dateTime', '2028-02-29', [{ value: '2028-02-29', datatype: `${xsd}date` }]],
    ['dateTime', '2026-01-01T00:00:00+01:00', [{ value: '2026-01-01T00:00:00+01:00', datatype: `${xsd}dateTime` }]],
    ['elapsedTime', 'P60M', [{ value: 'P60M', datatype: `${xsd}duration` }]],
    ['elapsedTime', { '@value': 'PT60M', '@type': 'dayTimeDuration' }, [{ value: 'PT60M', datatype: `${xsd}dayTimeDuration` }]],
    ['spatial', 'https://www.wikidata.org/wiki/Q183', [{ iri: 'https://www.wikidata.org/wiki/Q183' }]],
    ['language', ['ca', 'es'], [{ value: 'ca', datatype: `${xsd}string` }, { value: 'es', datatype: `${xsd}string` }]],
    ['purpose', { '@list': [{ '@id': 'dpv:Marketing' }, 'dpv:Advertising'] }, undefined],
  ])('of %s: %j', (leftOperand, rightOperand, expected) => {
    if (expected === undefined) expect(refusal(() => value(leftOperand, rightOperand))).toContain('isAnyOf')
    else expect(value(leftOperand, rightOperand)).toEqual(expected)
  })

  test('take the datatype that stands beside them', () => {
    expect(value('version', '3', { dataType: 'xsd:integer' })).toEqual([{ value: '3', datatype: `${xsd}integer` }])
  })
})

describe('refused, with the place', () => {
  const deep = (levels: number) => Array.from({ length: levels }).reduce<unknown>((inner) => ({ and: [inner] }), compared('count', 'lt', 1))
  const many = Array.from({ length: 10_001 }, () => compared('count', 'lt', 1))
  const polluted: unknown = JSON.parse('{"permission":[{"action":"use","__proto__":{"x":1}}]}')

  test.each<[string, unknown, string]>([
    ['a term that is not known', { permission: [{ action: 'use', failure: [] }] }, 'unsupported-policy /permission/0/failure:'],
    ['a term of another vocabulary', { permission: [{ 'action': 'use', 'https://edc.example/x': 1 }] }, 'unsupported-policy /permission/0/https:~1~1edc.example~1x:'],
    ['a duty of a prohibition', { prohibition: [{ action: 'use', duty: [] }] }, 'unsupported-policy /prohibition/0/duty:'],
    ['an unknown action', { permission: [{ action: 'teleport' }] }, 'unsupported-policy /permission/0/action: "http://www.w3.org/ns/odrl/2/teleport"'],
    ['an unknown operand', withConstraint(compared('weather', 'eq', 'sun')), 'unsupported-policy /permission/0/constraint/0/leftOperand:'],
    ['an operand of ours that is none', withConstraint(compared('concordat:anything', 'eq', 'x')), 'unsupported-policy /permission/0/constraint/0/leftOperand:'],
    ['an operand that looks like ours', withConstraint(compared('https://w3id.org/concordat/policy/v1/role/', 'eq', 'x')), 'unsupported-policy /permission/0/constraint/0/leftOperand:'],
    ['one with another scheme', withConstraint(compared('http://w3id.org/concordat/policy/v1/role', 'eq', 'x')), 'unsupported-policy /permission/0/constraint/0/leftOperand:'],
    ['one with a letter of another script', withConstraint(compared(`${concordat}r\u043ele`, 'eq', 'x')), 'unsupported-policy /permission/0/constraint/0/leftOperand:'],
    ['one with an invisible character', withConstraint(compared(`${concordat}role\u200b`, 'eq', 'x')), 'invalid-policy /permission/0/constraint/0/leftOperand:'],
    ['an operand without what it is about', withConstraint(compared('concordat:minGroupSize', 'gteq', 5)), 'unsupported-policy /permission/0/constraint/0/leftOperand:'],
    ['an unknown operator', withConstraint(compared('count', 'roughly', 1)), 'unsupported-policy /permission/0/constraint/0/operator:'],
    ['the stray operator of a schema', withConstraint(compared('count', 'term-lteq', 1)), 'unsupported-policy /permission/0/constraint/0/operator:'],
    ['an unknown datatype', withConstraint(compared('version', 'eq', { '@value': 'x', '@type': 'urn:t' })), 'unsupported-policy /permission/0/constraint/0/rightOperand:'],
    ['an unknown profile', { profile: 'https://w3id.org/catenax/2025/9/policy/', permission: [{ action: 'use' }] }, 'unsupported-policy /profile:'],
    ['a value elsewhere', withConstraint({ leftOperand: 'count', operator: 'lt', rightOperandReference: 'https://example.org/v' }), 'unsupported-policy /permission/0/constraint/0/rightOperandReference:'],
    ['a request', { '@type': 'Request', permission: [{ action: 'use' }] }, 'unsupported-policy /@type:'],
    ['a context that may say anything', { '@context': { use: 'urn:x' }, permission: [{ action: 'use' }] }, 'unsupported-policy /@context:'],
    ['two strategies', { conflict: ['perm', 'prohibit'], permission: [{ action: 'use' }] }, 'invalid-policy /conflict:'],
    ['an offer that is an agreement', { '@type': ['Offer', 'Agreement'], permission: [{ action: 'use' }] }, 'invalid-policy /@type:'],
    ['nothing', { permission: [] }, 'invalid-policy The policy:'],
    ['no object', 'use', 'invalid-policy The policy:'],
    ['null as a constraint', withConstraint(null), 'invalid-policy /permission/0/constraint/0:'],
    ['the same said twice', { 'permission': [{ action: 'use' }], 'odrl:permission': [{ action: 'read' }] }, 'invalid-policy /odrl:permission:'],
    ['a comparison that is also a set', withConstraint({ ...compared('count', 'lt', 1), or: [] }), 'invalid-policy /permission/0/constraint/0:'],
    ['an empty or', withConstraint({ or: [] }), 'invalid-policy /permission/0/constraint/0/or:'],
    ['several values for eq', withConstraint(compared('count', 'eq', [1, 2])), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['no value', withConstraint({ leftOperand: 'count', operator: 'eq' }), 'invalid-policy /permission/0/constraint/0:'],
    ['a day that does not exist', withConstraint(compared('dateTime', 'lt', '2026-02-29')), 'invalid-policy /permission/0/constraint/0/rightOperand: "2026-02-29"'],
    ['an hour that does not exist', withConstraint(compared('dateTime', 'lt', '2026-02-28T24:01:00Z')), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a date that is typed as a time', withConstraint(compared('dateTime', 'lt', { '@value': '2026-02-28', '@type': 'xsd:dateTime' })), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a number for a time', withConstraint(compared('dateTime', 'lt', 5)), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a number for a duration', withConstraint(compared('elapsedTime', 'lt', 5)), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['NaN', withConstraint(compared('percentage', 'lt', { '@value': 'NaN', '@type': 'xsd:double' })), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['infinity', withConstraint(compared('percentage', 'lt', { '@value': 'INF', '@type': 'xsd:double' })), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a number that no double holds', withConstraint(compared('count', 'lt', '9007199254740993')), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a fraction that is typed as whole', withConstraint(compared('count', 'lt', { '@value': '1.5', '@type': 'xsd:integer' })), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a language that nothing compares', withConstraint(compared('version', 'eq', { '@value': 'x', '@language': 'en' })), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a key of a prototype', polluted, 'invalid-policy /permission/0: has a key __proto__'],
    ['the constructor as a key', { permission: [{ action: 'use', constructor: 1 }] }, 'invalid-policy /permission/0: has a key constructor'],
    ['1,000 levels', withConstraint(deep(1000)), 'invalid-policy /permission/0'],
    ['100,000 levels', withConstraint(deep(100_000)), 'invalid-policy /permission/0'],
    ['10,001 constraints', { permission: [{ action: 'use', constraint: many }] }, 'invalid-policy /permission/0/constraint/10000:'],
    ['a text of a megabyte', withConstraint(compared('version', 'eq', 'x'.repeat(1_000_000))), 'invalid-policy /permission/0/constraint/0/rightOperand:'],
    ['a constraint in itself', withConstraint({ '@id': 'urn:c', 'or': [{ '@id': 'urn:c' }] }), 'invalid-policy /permission/0/constraint/0/or'],
    ['a duty in itself', { obligation: [{ '@id': 'urn:d', 'action': 'inform', 'consequence': [{ '@id': 'urn:d' }] }] }, 'invalid-policy /obligation/0/consequence'],
    ['a constraint that is not there', withConstraint({ '@id': 'urn:elsewhere' }), 'invalid-policy /permission/0/constraint/0: refers to "urn:elsewhere"'],
  ])('%s', (_name, document, expected) => {
    // The time of this process, which a busy machine does not lengthen.
    const begun = process.cpuUsage()
    expect(refusal(() => readPolicy(document)).slice(0, expected.length)).toBe(expected)
    expect(process.cpuUsage(begun).user).toBeLessThan(2_000_000)
  })

  test('references that multiply: a few lines would become millions of constraints', async () => {
    const levels = Array.from({ length: 40 }, (_none, index) => ({ '@id': `urn:${index}`, 'and': { '@list': [{ '@id': `urn:${index + 1}` }, { '@id': `urn:${index + 1}` }] } }))
    const bomb = { '@context': 'http://www.w3.org/ns/odrl.jsonld', '@graph': [{ '@id': 'urn:p', 'permission': { action: 'use', constraint: { '@id': 'urn:0' } } }, ...levels, { '@id': 'urn:40', ...compared('count', 'lt', 1) }] }
    await expect(readJsonLd(bomb)).rejects.toMatchObject({ code: 'invalid-policy' })
  })

  test('10,000 constraints are read, and 10,001 parts are not', () => {
    expect(readPolicy({ permission: [{ action: 'use', constraint: many.slice(1) }] }).rules[0]?.constraints).toHaveLength(10_000)
    expect(refusal(() => readPolicy(withConstraint({ or: many })))).toContain('at most 10000')
  })

  test.each([
    ['a context that would have to be fetched', { '@context': 'https://example.org/context.jsonld', 'permission': [{ action: 'use' }] }, 'unsupported-policy'],
    ['a term that no context explains', { '@context': 'http://www.w3.org/ns/odrl.jsonld', 'permission': [{ action: 'use', sneaky: true }] }, 'invalid-policy'],
    ['a term that DSP\'s context does not have', { '@context': 'https://w3id.org/dspace/2025/1/context.jsonld', 'permission': [{ action: 'use', remedy: [] }] }, 'invalid-policy'],
    ['1,000 levels', { '@context': 'http://www.w3.org/ns/odrl.jsonld', ...withConstraint(deep(1000)) }, 'invalid-policy'],
    ['no policy', { '@context': 'http://www.w3.org/ns/odrl.jsonld', '@id': 'urn:x', 'rdfs:label': 'x' }, 'invalid-policy'],
  ])('JSON-LD with %s', async (_name, document, code) => {
    await expect(readJsonLd(document)).rejects.toMatchObject({ code })
  })

  test('places begin where the policy stands in what was sent', () => {
    expect(refusal(() => readPolicy({ permission: [{ action: 'x:y' }] }, '/policy'))).toContain('/policy/permission/0/action:')
    expect(readPolicy({ permission: [{ action: 'use' }] }, '/policy').rules[0]?.at).toBe('/permission/0')
  })
})

describe('the profile', () => {
  const role = compared(`${concordat}role`, 'eq', 'analyst')
  const groups = compared(`${concordat}minGroupSize#card`, 'gteq', 10)
  const check = (document: unknown) => refusal(() => requireProfile(readPolicy(document)))

  test.each<[string, unknown]>([
    ['a constraint', withConstraint(role)],
    ['a query term within an and', withConstraint({ and: [groups, { and: [groups] }] })],
    ['hours with their zone', withConstraint(compared(`${concordat}hourOfDay`, 'gteq', 8, { unit: 'Europe/Madrid' }))],
    ['a time without offset, with a zone', withConstraint(compared('dateTime', 'lt', '2026-12-31T23:59:59', { unit: 'Europe/Madrid' }))],
    ['a duty with its term', { permission: [{ action: 'use', duty: [{ action: 'compensate', constraint: [compared('payAmount', 'eq', '5.00', { unit: 'EUR' })] }] }] }],
    ['a mask', withConstraint(compared(`${concordat}mask#street`, 'eq', 'truncate:3'))],
  ])('takes %s', (_name, document) => {
    expect(check(document)).toBe('accepted')
  })

  test.each<[string, unknown, string]>([
    ['an operand that nobody enforces', withConstraint(compared('language', 'eq', 'ca')), '/permission/0/constraint/0/leftOperand:'],
    ['an operator that the operand does not have', withConstraint(compared('purpose', 'hasPart', 'dpv:Marketing')), '/permission/0/constraint/0/operator:'],
    ['a query term in an or', withConstraint({ or: [groups, role] }), '/permission/0/constraint/0/or/0/leftOperand:'],
    ['a counter in a xone', withConstraint({ xone: [compared('count', 'lteq', 5)] }), '/permission/0/constraint/0/xone/0/leftOperand:'],
    ['a query term in a prohibition', { prohibition: [{ action: 'use', constraint: [groups] }] }, '/prohibition/0/constraint/0/leftOperand:'],
    ['a query term as a refinement', { permission: [{ action: { '@id': 'use', 'refinement': [groups] } }] }, '/permission/0/action/0/refinement/0/leftOperand:'],
    ['a query term in a duty', { permission: [{ action: 'use', duty: [{ action: 'inform', constraint: [groups] }] }] }, '/permission/0/duty/0/constraint/0/leftOperand:'],
    ['a duty\'s term in a permission', withConstraint(compared('payAmount', 'eq', 5)), '/permission/0/constraint/0/leftOperand:'],
    ['a sequence', withConstraint({ andSequence: [role, role] }), '/permission/0/constraint/0:'],
    ['a purpose that is no IRI', withConstraint(compared('purpose', 'eq', 'statistics')), '/permission/0/constraint/0/rightOperand:'],
    ['a role that is a number', withConstraint(compared(`${concordat}role`, 'eq', 5)), '/permission/0/constraint/0/rightOperand:'],
    ['a time without a zone', withConstraint(compared('dateTime', 'lt', '2026-12-31T23:59:59')), '/permission/0/constraint/0/rightOperand:'],
    ['a zone that does not exist', withConstraint(compared(`${concordat}hourOfDay`, 'lt', 8, { unit: 'Europe/Gotham' })), '/permission/0/constraint/0/unit:'],
    ['a unit where none is', withConstraint({ ...role, unit: 'EUR' }), '/permission/0/constraint/0/unit:'],
    ['an hour that no day has', withConstraint(compared(`${concordat}hourOfDay`, 'lt', 25)), '/permission/0/constraint/0/rightOperand:'],
    ['a weekday of another language', withConstraint(compared(`${concordat}dayOfWeek`, 'eq', 'Dilluns')), '/permission/0/constraint/0/rightOperand:'],
    ['a mask that does not exist', withConstraint(compared(`${concordat}mask#street`, 'eq', 'blur')), '/permission/0/constraint/0/rightOperand:'],
    ['a rule about every action', { permission: [{ constraint: [role] }] }, '/permission/0:'],
    ['inheritance that is not resolved', { inheritFrom: 'urn:q', permission: [{ action: 'use' }] }, '/inheritFrom:'],
  ])('refuses %s', (_name, document, place) => {
    expect(check(document)).toContain(`unsupported-policy ${place}`)
  })
})
