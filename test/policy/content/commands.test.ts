import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readPolicy } from '../../../src/policy/read/read.ts'
import { readyMadePolicies } from '../../../src/policy/ready-made/ready-made-list.ts'
import { runCommand } from '../../helpers/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'concordat-policy-'))
const file = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

describe('concordat policy list and show', () => {
  test('list names every ready-made policy in the language asked for', async () => {
    const { code, out } = await runCommand(['policy', 'list', '--lang', 'ca'])
    expect(code).toBe(0)
    for (const { id, title } of readyMadePolicies) expect(out).toMatch(new RegExp(`^${id} +${title.ca}`, 'm'))
    const { items } = JSON.parse((await runCommand(['policy', 'list', '--json'])).out)
    expect(items).toHaveLength(readyMadePolicies.length)
  })

  test('show tells each blank, what it changes and its default', async () => {
    const { code, out } = await runCommand(['policy', 'show', 'aggregates-only', '--lang', 'es'])
    expect(code).toBe(0)
    for (const part of ['Solo agregados (aggregates-only 1.0.0)', 'minimum  Grupo más pequeño de la primera unidad [integer] = 10', 'purpose  Finalidad [purpose] = dpv:ProvideOfficialStatistics (Elaboración de estadísticas oficiales)', 'final del próximo año', 'Las consultas en otros días se rechazan.']) expect(out).toContain(part)
    expect((await runCommand(['policy', 'show', 'research'])).out).toContain('[column] = to be filled')
  })

  test('a name that is not there is told with those that are', async () => {
    const { code, err } = await runCommand(['policy', 'show', '__proto__'])
    expect(code).toBe(3)
    expect(err).toContain('There are open-data, ')
  })
})

describe('concordat policy fill', () => {
  test('writes a policy that can be read, once', async () => {
    const out = file('filled.json')
    const args = ['policy', 'fill', 'municipal-roles', '--set', 'places=Vallvidrera, el Tibidabo i les Planes', '--set', 'places=Gràcia', '--set', 'columns=Year=2017', '--out', out]
    expect(await runCommand(args)).toMatchObject({ code: 0, out: `Wrote ${out}.\n` })
    const written: unknown = JSON.parse(readFileSync(out, 'utf8'))
    expect(JSON.stringify(written)).toContain('["Vallvidrera, el Tibidabo i les Planes","Gràcia"]')
    expect(JSON.stringify(written)).toContain('["Year=2017"]')
    expect(readPolicy(written).rules).toHaveLength(3)
    expect(await runCommand(args)).toMatchObject({ code: 2, err: expect.stringContaining('cannot be written') })
  })

  test('everything that is missing or wrong is told at once', async () => {
    const { code, out, err } = await runCommand(['policy', 'fill', 'public-ownership', '--set', 'interval=monthly', '--set', 'colour=red'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    for (const blank of ['contractor: it must be filled', 'city: it must be filled', 'schema: it must be filled', 'interval: it must be an ISO 8601 duration', 'colour: there is no such blank']) expect(err).toContain(blank)
  })

  test('values that contradict each other are refused where they stand', async () => {
    const { code, out, err } = await runCommand(['policy', 'fill', 'aggregates-only', '--set', 'fromHour=18', '--set', 'toHour=8'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('/permission/0')
  })

  test.each([['minimum'], ['=10'], ['']])('"%s" does not name a blank and its value', async (text) => {
    expect(await runCommand(['policy', 'fill', 'quota', '--set', text])).toMatchObject({ code: 2, err: expect.stringContaining('must name a blank and its value') })
  })
})

describe('concordat policy test', () => {
  const row = { case: { en: 'An analyst asks' }, request: { action: 'concordat:queryAggregate', context: { role: 'analyst', purpose: 'dpv:ProvideOfficialStatistics' } }, now: '2026-03-04T12:00:00+01:00', decision: 'permit' }

  test('tables of ready-made policies hold, filled as they come and otherwise', async () => {
    const { code, out } = await runCommand(['policy', 'test', '--ready-made', 'quota', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ wrong: 0, rows: expect.arrayContaining([expect.objectContaining({ expected: 'deny', actual: 'deny', because: ['count'] })]) })
    expect((await runCommand(['policy', 'test', '--ready-made', 'quota', '--set', 'perDay=999'])).code).toBe(1)
  })

  test('rows that come out otherwise are told, and the exit code is 1', async () => {
    const [policy, table] = [file('policy.json'), file('table.json')]
    expect((await runCommand(['policy', 'fill', 'aggregates-only', '--set', 'until=2026-12-31', '--out', policy])).code).toBe(0)
    writeFileSync(table, JSON.stringify([row, { ...row, case: { en: 'Rows, wrongly expected' }, request: { ...row.request, action: 'odrl:read' } }]))
    const { code, out, err } = await runCommand(['policy', 'test', policy, '--table', table])
    expect(code).toBe(1)
    expect(out).toMatch(/^An analyst asks +permit +permit +- +as expected$/m)
    expect(out).toMatch(/^Rows, wrongly expected +permit +deny +action, no-permission +denied because of action, no-permission$/m)
    expect(err).toContain('1 of 2 rows came out otherwise.')
  })

  test.each<[string, unknown, string]>([
    ['no decision', { ...row, decision: 'maybe' }, '/0/decision must be permit or deny'],
    ['a time without offset', { ...row, now: '2026-03-04T12:00:00' }, '/0/now must be a time with its offset'],
    ['an operand that is not there', { ...row, request: { action: 'odrl:read', context: { rôle: 'x' } } }, '/0/request/context/rôle is not an operand'],
    ['a counter that is no number', { ...row, request: { action: 'odrl:read', context: { count: '5' } } }, '/0/request/context/count must be a number'],
    ['a key that is not known', { ...row, expect: 'permit' }, '/0/expect is not known here'],
  ])('a table with %s is refused with its place', async (_name, wrongRow, message) => {
    const table = file('wrong-table.json')
    const policy = file('open.json')
    writeFileSync(table, JSON.stringify([wrongRow]))
    writeFileSync(policy, JSON.stringify({ permission: [{ action: 'use' }] }))
    expect(await runCommand(['policy', 'test', policy, '--table', table])).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })

  test.each([[[]], [['policy.json']], [['policy.json', '--table', 'a', '--ready-made', 'b']], [['--table', 'a']], [['policy.json', '--ready-made', 'quota', '--set', 'a=b']]])('%j is wrong usage', async (args) => {
    expect((await runCommand(['policy', 'test', ...args])).code).toBe(2)
  })
})
