import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandFor } from '../helpers/command.ts'
import { json, problem, startStandIn } from './management-stand-in.ts'
import type { StandIn } from './management-stand-in.ts'

let standIn: StandIn
let folder: string
let concordat: ReturnType<typeof commandFor>
beforeAll(async () => {
  standIn = await startStandIn()
  folder = await mkdtemp(join(tmpdir(), 'concordat-cli-gateway-'))
  concordat = commandFor(standIn)
})
afterAll(async () => {
  await standIn[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  standIn.asked.length = 0
})

const queryOf = (place = 0) => new URL(standIn.asked[place]?.path ?? '', 'http://x').searchParams

describe('get, with role and purpose', () => {
  test('writes what a query answers to stdout, and tells aside what was withheld', async () => {
    standIn.answers = (_asked, response) => response.writeHead(200, { 'concordat-withheld': 'groups=14; reason=minGroupSize', 'concordat-record': '41' }).end('district,sum\n1,2\n')
    const { code, out, err } = await concordat('get', 'urn:uuid:t', '--role', 'analyst', '--purpose', 'dpv:ProvideOfficialStatistics', '--query', '?select=district,amount.sum()&name=eq.Gràcia nova&x=a%2Fb+c', '--prefer', 'count=exact', '--format', 'csv')
    expect([code, out]).toEqual([0, 'district,sum\n1,2\n'])
    expect(err).toContain('Withheld: groups=14; reason=minGroupSize')
    expect(err).toContain("The provider's record of it is number 41.")
    expect(standIn.asked).toHaveLength(1)
    expect(standIn.asked[0]).toMatchObject({ method: 'GET', headers: { prefer: 'count=exact' } })
    expect(Object.fromEntries(queryOf())).toEqual({ format: 'csv', role: 'analyst', purpose: 'dpv:ProvideOfficialStatistics', query: 'select=district,amount.sum()&name=eq.Gr%C3%A0cia%20nova&x=a%2Fb+c' })
  })

  test('writes it into a file when one is named', async () => {
    const file = join(folder, 'answer.json')
    standIn.answers = (_asked, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]')
    expect(await concordat('get', 'urn:uuid:t', '--query', 'select=a', '--out', file, '--json')).toMatchObject({ code: 0 })
    expect(await readFile(file, 'utf8')).toBe('[]')
    expect(await concordat('get', 'urn:uuid:t', '--query', 'select=a', '--json')).toMatchObject({ code: 2, out: '' })
    expect(await concordat('get', 'urn:uuid:t', '--query', '?')).toMatchObject({ code: 2 })
  })

  test('says why it was refused, also when only the headers were asked for first', async () => {
    standIn.answers = ({ method }, response) => (method === 'HEAD' ? response.writeHead(403).end() : problem(response, 403, 'not-permitted', 'The provider refused: the role must be analyst.'))
    const { code, err } = await concordat('get', 'urn:uuid:t', '--role', 'planner')
    expect([code, standIn.asked.map(({ method }) => method)]).toEqual([4, ['HEAD', 'GET']])
    expect(err).toContain('The provider refused: the role must be analyst. (not-permitted)')
  })
})

describe('token create', () => {
  test('makes tokens of users of the gateway, with their purposes', async () => {
    standIn.answers = (_asked, response) => json(response, 201, { id: 'urn:uuid:1', token: 'T0KEN' })
    const made = await concordat('token', 'create', '--name', 'Anna', '--role', 'analyst', '--purpose', 'dpv:ScientificResearch', '--purpose', 'https://city.example/p')
    expect(made).toMatchObject({ code: 0, out: 'T0KEN\n', err: expect.stringContaining('for the gateway, in the role analyst') })
    expect(JSON.parse(standIn.asked[0]?.body ?? '')).toEqual({ name: 'Anna', role: 'analyst', purposes: ['dpv:ScientificResearch', 'https://city.example/p'] })
    expect((await concordat('token', 'create', 'Pere', '--role', 'auditor')).err).not.toContain('gateway')
  })

  test('takes plain words for roles only, and asks for a name', async () => {
    for (const args of [['Anna', '--role', 'Head of planning'], ['Anna', '--role', '9'], ['Anna'], ['--role', 'analyst']]) expect(await concordat('token', 'create', ...args)).toMatchObject({ code: 2 })
    expect(standIn.asked).toEqual([])
  })
})
