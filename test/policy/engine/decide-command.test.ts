import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-decide-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(args: readonly string[], input = ''): Promise<Ended> {
  const texts = { out: '', err: '' }
  const into = (name: 'out' | 'err') => new Writable({ write: (chunk, _encoding, next) => next((texts[name] += String(chunk)) === '' ? undefined : null) })
  const code = await runProgram(args, { in: Readable.from([Buffer.from(input)]), out: into('out'), err: into('err') })
  return { code, ...texts }
}

/** The rules that an answer gives, as [id, active, target, party, action, constraints, states of duties]. */
interface Answer {
  readonly decision: string
  readonly rules: readonly { id: string; kind: string; active: boolean; target: unknown; party: unknown; action: unknown; constraints: { id: string; satisfied: unknown }[]; duties: { id: string; state: string }[] }[]
}

async function decide(document: unknown): Promise<Answer> {
  const { code, out, err } = await run(['policy', 'decide', '-', '--json'], JSON.stringify(document))
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out)
}

const context = 'http://www.w3.org/ns/odrl.jsonld'
const asked = { action: 'odrl:read', target: 'http://example.org/x', assignee: 'http://example.org/alice' }
const now = { now: '2024-02-12T11:20:10.999Z' }

describe('policy decide', () => {
  test('answers with every rule\'s state and every constraint\'s truth', async () => {
    const policy = { '@context': context, '@type': 'Set', 'uid': 'urn:p', 'permission': [{ uid: 'urn:r', target: asked.target, action: 'read', assignee: asked.assignee, constraint: [{ uid: 'urn:c', leftOperand: 'dateTime', operator: 'lt', rightOperand: { '@value': '2025-01-01', '@type': 'xsd:date' } }] }] }
    expect(await decide({ policy, request: asked, world: now })).toEqual({
      decision: 'permit',
      rules: [{ id: 'urn:r', kind: 'permission', active: true, target: true, party: true, action: true, constraints: [{ id: 'urn:c', at: '/permission/0/constraint/0', satisfied: true, leftOperand: 'http://www.w3.org/ns/odrl/2/dateTime', operator: 'lt', rightOperand: ['2025-01-01'], value: '2024-02-12T11:20:10.999Z' }], duties: [] }],
    })
    const bob = await decide({ policy, request: { ...asked, assignee: 'http://example.org/bob', action: 'http://www.w3.org/ns/odrl/2/sell' }, world: { now: '2025-06-01T00:00:00Z' } })
    expect(bob).toMatchObject({ decision: 'deny', rules: [{ active: false, target: true, party: false, action: false, constraints: [{ satisfied: false }] }] })
  })

  test('policies with prefixes of their own, as JSON-LD', async () => {
    const policy = { '@context': [context, { ex: 'http://example.org/' }], '@type': 'Set', 'uid': 'ex:p', 'permission': { uid: 'ex:r', target: 'ex:x', action: 'use', assignee: 'ex:staff' } }
    expect(await decide({ policy, request: asked, world: { ...now, partOf: [[asked.assignee, 'http://example.org/team'], ['http://example.org/team', 'http://example.org/staff'], ['http://example.org/staff', 'http://example.org/team']] } })).toMatchObject({ decision: 'permit', rules: [{ id: 'http://example.org/r', party: true }] })
    expect(await decide({ policy, request: asked, world: now })).toMatchObject({ decision: 'deny', rules: [{ party: false }] })
  })

  test('duties: before, and some time', async () => {
    const policy = { '@context': context, 'uid': 'urn:p', '@type': 'Set', 'permission': [{ uid: 'urn:r', action: 'read', duty: [{ uid: 'urn:d', action: 'compensate' }] }] }
    const states = async (dutyTiming: string, world: object) => {
      const { decision, rules } = await decide({ policy, request: asked, world: { ...now, ...world }, dutyTiming })
      return [decision, rules[0]?.active, rules[0]?.duties[0]?.state]
    }
    expect(await states('before', {})).toEqual(['deny', false, 'pending'])
    expect(await states('eventually', {})).toEqual(['permit', true, 'pending'])
    expect(await states('eventually', { violated: ['urn:d'] })).toEqual(['deny', false, 'violated'])
    expect(await states('before', { fulfilled: ['urn:d'] })).toEqual(['permit', true, 'fulfilled'])
  })

  test('a rule about everything, and a prohibition of everything', async () => {
    expect(await decide({ policy: { '@context': context, '@type': 'Set', 'permission': [{}] }, request: { action: 'use' }, world: now })).toMatchObject({ decision: 'permit', rules: [{ id: '/permission/0', target: true, party: true, action: true }] })
    expect(await decide({ policy: { '@context': context, '@type': 'Offer', 'prohibition': [{}] }, request: asked, world: now })).toMatchObject({ decision: 'deny', rules: [{ kind: 'prohibition', active: true }] })
  })

  test('logical constraints of hundreds of parts', async () => {
    const parts = Array.from({ length: 500 }, (_none, index) => ({ leftOperand: 'dateTime', operator: 'eq', rightOperand: { '@value': `${2000 + index}-02-12`, '@type': 'xsd:date' } }))
    const policy = (operator: string) => ({ '@context': context, 'permission': [{ action: 'read', constraint: [{ [operator]: { '@list': parts } }] }] })
    expect([await decide({ policy: policy('or'), request: asked, world: now }), await decide({ policy: policy('xone'), request: asked, world: now }), await decide({ policy: policy('and'), request: asked, world: now })].map(({ decision }) => decision)).toEqual(['permit', 'permit', 'deny'])
  })

  test('values of the request, by ODRL\'s terms or full IRIs; purposes have their hierarchy', async () => {
    const policy = { '@context': context, 'permission': [{ action: 'read', constraint: [{ leftOperand: 'purpose', operator: 'isA', rightOperand: { '@id': 'https://w3id.org/dpv#ResearchAndDevelopment' } }] }] }
    const under = (given: Record<string, unknown>) => decide({ policy, request: { ...asked, context: given }, world: now })
    expect((await under({ purpose: 'dpv:AcademicResearch' })).decision).toBe('permit')
    expect((await under({ 'http://www.w3.org/ns/odrl/2/purpose': { '@id': 'https://w3id.org/dpv#AcademicResearch' } })).decision).toBe('permit')
    expect((await under({ 'odrl:purpose': 'dpv:Marketing' })).rules[0]?.constraints[0]?.satisfied).toBe(false)
    expect((await under({ purpose: null })).rules[0]?.constraints[0]?.satisfied).toBeNull()
  })

  test.each<[string, unknown, number, string]>([
    ['no object', [], 2, 'must be an object'],
    ['no policy', { request: asked, world: now }, 2, '/policy'],
    ['no action', { policy: { permission: [{}] }, request: {}, world: now }, 2, '/request/action'],
    ['a field that is not known', { policy: { permission: [{}] }, request: asked, world: { ...now, weather: 'sun' } }, 2, '/world/weather'],
    ['a time that is none', { policy: { permission: [{}] }, request: asked, world: { now: '2026-02-29T00:00:00Z' } }, 2, '/world/now'],
    ['another timing', { policy: { permission: [{}] }, request: asked, world: now, dutyTiming: 'never' }, 2, '/dutyTiming'],
    ['an unknown operand', { policy: { permission: [{ constraint: [{ leftOperand: 'mood', operator: 'eq', rightOperand: 'good' }] }] }, request: asked, world: now }, 1, '/policy/permission/0/constraint/0/leftOperand'],
    ['an unknown profile in JSON-LD', { policy: { '@context': [context, { ex: 'http://example.org/' }], 'profile': 'ex:profile', 'permission': [{}] }, request: asked, world: now }, 1, '/policy/profile'],
  ])('refuses %s', async (_name, document, code, message) => {
    const ended = await run(['policy', 'decide', '-'], JSON.stringify(document))
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err).toContain(message)
  })

  test('reads a file, and says when there is none', async () => {
    const file = join(folder, 'one.json')
    await writeFile(file, JSON.stringify({ policy: { permission: [{ action: 'use' }] }, request: asked, world: now }))
    expect(JSON.parse((await run(['policy', 'decide', file])).out)).toMatchObject({ decision: 'permit' })
    expect(await run(['policy', 'decide', join(folder, 'none.json')])).toMatchObject({ code: 2 })
    expect(await run(['policy', 'decide', '-'], '{')).toMatchObject({ code: 2 })
  })

  test('many documents: an answer on each line, in order, errors among them', async () => {
    const document = (id: number) => JSON.stringify({ policy: { permission: [{ '@id': `urn:${id}`, 'action': id % 2 === 0 ? 'use' : 'sell' }] }, request: asked, world: now })
    const lines = [...Array.from({ length: 1000 }, (_none, index) => document(index)), 'no json', '{"policy":{}}', '']
    const { code, out, err } = await run(['policy', 'decide', '--lines', '-'], `${lines.join('\n')}\n`)
    const answers: { decision?: string; rules?: { id: string }[]; error?: { code: string } }[] = out.trimEnd().split('\n').map((line) => JSON.parse(line))
    expect(answers).toHaveLength(1003)
    expect(answers.slice(0, 1000).map(({ decision, rules }) => [rules?.[0]?.id, decision])).toEqual(Array.from({ length: 1000 }, (_none, index) => [`urn:${index}`, index % 2 === 0 ? 'permit' : 'deny']))
    expect(answers.slice(1000).map(({ error }) => error?.code)).toEqual(['malformed-json', 'bad-request', 'malformed-json'])
    expect([code, err]).toEqual([1, 'concordat: 3 of 1003 lines could not be decided.\n'])
    expect((await run(['policy', 'decide', '--lines', '-'], document(2))).code).toBe(0)
  })
})
