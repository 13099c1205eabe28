import { describe, expect, test } from 'vitest'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import jsonld from 'jsonld'
import { isProblem } from '../../../src/errors.ts'
import { resolveInheritance } from '../../../src/policy/read/inherit.ts'
import type { Policy } from '../../../src/policy/model.ts'
import { readJsonLd } from '../../../src/policy/read/read-json-ld.ts'
import { readPolicy } from '../../../src/policy/read/read.ts'
import { writeDsp } from '../../../src/policy/read/write.ts'
import { createRandom, randomConstraint } from './random.ts'

const concordat = 'https://w3id.org/concordat/policy/v1/'
const specification = ['/work/shared/spec/dsp-2025-1', join(import.meta.dirname, '../../../../shared/spec/dsp-2025-1')].find((folder) => existsSync(folder))

const everything = {
  '@type': 'Offer',
  'assigner': 'urn:city',
  'conflict': 'prohibit',
  'profile': concordat,
  'permission': [
    {
      '@id': 'urn:rule',
      'action': 'use',
      'assignee': ['urn:lab', { '@id': 'urn:staff', 'refinement': [{ leftOperand: 'industry', operator: 'eq', rightOperand: 'press' }] }],
      'constraint': [
        { 'leftOperand': 'purpose', 'operator': 'isA', 'rightOperand': { '@id': 'dpv:ScientificResearch' }, '@id': 'urn:constraint' },
        { leftOperand: 'dateTime', operator: 'lt', rightOperand: { '@value': '2027-01-01T00:00:00', '@type': 'xsd:dateTime' }, unit: 'Europe/Madrid' },
        { or: [{ leftOperand: 'concordat:role', operator: 'isAnyOf', rightOperand: ['analyst', 'auditor'] }, { and: [{ leftOperand: 'concordat:hourOfDay', operator: 'gteq', rightOperand: 8, unit: 'Europe/Madrid' }, { leftOperand: 'concordat:legalBasis', operator: 'eq', rightOperand: 'urn:law' }] }] },
        { leftOperand: 'concordat:minGroupSize#card', operator: 'gteq', rightOperand: 10 },
        { leftOperand: 'concordat:rowScope#Name%20of%20district', operator: 'isAnyOf', rightOperand: ['Gràcia', 'Sants'] },
      ],
      'duty': [{ action: 'compensate', compensatedParty: 'urn:city', constraint: [{ leftOperand: 'payAmount', operator: 'eq', rightOperand: '5.00', unit: 'EUR' }], consequence: [{ action: 'inform' }] }],
    },
    { action: 'concordat:queryAggregate' },
  ],
  'prohibition': [{ action: 'distribute', remedy: [{ action: 'delete' }] }],
  'obligation': [{ action: 'delete', assignee: 'urn:lab', constraint: [{ leftOperand: 'delayPeriod', operator: 'lteq', rightOperand: 'P30D' }] }],
}

/** The rules as they go out: without what the message says of all of them. */
function rulesOf(policy: Policy): unknown {
  const shared = policy.shared
  return policy.rules.map((rule) => ({ ...rule, assigners: rule.assigners.filter(({ iri }) => shared?.assigners.includes(iri) !== true) }))
}

describe('a policy as DSP carries it', () => {
  const policy = readPolicy(everything)
  const written = writeDsp(policy)

  test('reads as the same rules, and is written the same again', () => {
    expect(readPolicy(written).rules).toEqual(rulesOf(policy))
    expect(readPolicy(written)).toMatchObject({ conflict: 'prohibit', profiles: [concordat] })
    expect(writeDsp(readPolicy(written))).toEqual(written)
  })

  test('has texts for actions and operators, full IRIs for operands, no target, no bare number or boolean', () => {
    expect(written.permission?.map(({ action }) => action)).toEqual(['use', `${concordat}queryAggregate`])
    expect(written.prohibition?.[0]?.action).toBe('odrl:distribute')
    const text = JSON.stringify(written)
    const types = new Set<string>()
    JSON.parse(text, (_key, value: unknown) => {
      if (typeof value !== 'object') types.add(typeof value)
      return value
    })
    expect([...types]).toEqual(['string'])
    expect(text).not.toContain('"target"')
    for (const [, operand] of text.matchAll(/"leftOperand":"([^"]*)"/g)) expect(operand).toMatch(/^https?:/)
  })

  test('survives the expansion of JSON-LD with the context of DSP', async () => {
    const context = 'https://w3id.org/dspace/2025/1/context.jsonld'
    expect(await readJsonLd({ '@context': [context], ...written })).toEqual(readPolicy(written))
  })

  const withSpecification = specification === undefined ? test.skip : test
  withSpecification('survives it with the context file of the specification, and fits its schema', async () => {
    const file = (name: string) => JSON.parse(readFileSync(join(specification ?? '', name), 'utf8'))
    const options = { documentLoader: () => Promise.reject(new Error('Nothing is fetched')), safe: true }
    const given: object = file('context/odrl.jsonld')
    const offer = { '@id': 'urn:offer', '@type': 'Offer', 'target': 'urn:dataset', ...written }
    const expanded = await jsonld.expand({ ...given, ...offer }, options)
    expect(readPolicy(expanded)).toEqual(readPolicy(offer))
    const ajv = new Ajv2019({ strict: false })
    const validate = ajv.compile(file('negotiation/contract-schema.json'))
    expect([validate(offer), validate.errors]).toEqual([true, null])
  })

  test('random constraints come back as they were', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const constraint = randomConstraint(createRandom(seed), '/permission/0/constraint/0')
      const [rule] = policy.rules
      if (rule === undefined) throw new Error('There is no rule')
      const one = { ...policy, rules: [{ ...rule, id: '/permission/0', duties: [], assignees: [], constraints: [constraint] }] }
      expect(readPolicy(writeDsp(one)).rules[0]?.constraints).toEqual([constraint])
    }
  })

  test('several actions become several rules, and what refines an action constrains the rule', () => {
    const read = readPolicy({ permission: [{ '@id': 'urn:r', 'action': ['read', { '@id': 'display', 'refinement': [{ leftOperand: 'resolution', operator: 'lteq', rightOperand: 1200 }] }] }] })
    expect(writeDsp(read)).toEqual({
      permission: [
        { '@id': 'urn:r', 'action': 'odrl:read' },
        { action: 'odrl:display', constraint: [{ leftOperand: 'http://www.w3.org/ns/odrl/2/resolution', operator: 'lteq', rightOperand: { '@value': '1200', '@type': 'http://www.w3.org/2001/XMLSchema#integer' } }] },
      ],
    })
  })

  test.each([
    ['a target of a rule', { permission: [{ action: 'use', target: 'urn:x' }] }, '/permission/0/target'],
    ['a target that is narrowed', { target: { source: 'urn:x', refinement: [{ leftOperand: 'resolution', operator: 'lt', rightOperand: 5 }] }, permission: [{ action: 'use' }] }, '/permission/0/target'],
    ['rules that are inherited', { inheritFrom: 'urn:p', permission: [{ action: 'use' }] }, '/inheritFrom'],
    ['a rule without an action', { permission: [{}] }, '/permission/0'],
    ['an obligation with two actions', { obligation: [{ action: ['inform', 'delete'] }] }, '/obligation/0/action'],
  ])('what it cannot say is refused: %s', (_name, document, place) => {
    let message = ''
    try {
      writeDsp(readPolicy(document))
    } catch (error) {
      message = isProblem(error) ? `${error.code} ${error.message}` : String(error)
    }
    expect(message).toContain(`unsupported-policy ${place}:`)
  })
})

describe('inheritance', () => {
  const policy = (id: string, inheritFrom: string[], more: object = {}) => readPolicy({ '@id': id, inheritFrom, 'permission': [{ action: 'read', duty: [{ action: 'inform' }] }], ...more })
  const parents = (...all: Policy[]) => new Map(all.map((each) => [each.id, each]))

  test('brings the rules of all above, with places of their own', () => {
    const resolved = resolveInheritance(policy('urn:c', ['urn:b']), parents(policy('urn:b', ['urn:a']), policy('urn:a', [], { prohibition: [{ action: 'sell' }] })))
    expect(resolved.rules.map(({ at, duties }) => [at, duties[0]?.id])).toEqual([['/permission/0', '/permission/0/duty/0'], ['/permission/1', '/permission/1/duty/0'], ['/permission/2', '/permission/2/duty/0'], ['/prohibition/0', undefined]])
    expect(resolved.inheritFrom).toEqual([])
  })

  test.each([
    ['a circle', policy('urn:a', ['urn:b']), parents(policy('urn:b', ['urn:a']), policy('urn:a', ['urn:b'])), 'circle'],
    ['a circle further up', policy('urn:c', ['urn:a']), parents(policy('urn:b', ['urn:a']), policy('urn:a', ['urn:b'])), 'circle'],
    ['a parent that is not there', policy('urn:a', ['urn:b']), parents(), '"urn:b" is not known'],
    ['strategies that differ', policy('urn:a', ['urn:b'], { conflict: 'perm' }), parents(policy('urn:b', [])), '/conflict'],
  ])('refuses %s', (_name, child, known, message) => {
    expect(() => resolveInheritance(child, known)).toThrow(message)
  })
})
