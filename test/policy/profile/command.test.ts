import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../helpers/command.ts'
import { constraint as c, spending } from './policies.ts'

let folder: string
const file = (name: string) => join(folder, name)
const policy = (...constraint: object[]) => JSON.stringify({ '@type': 'Offer', '@id': 'urn:uuid:1', permission: [{ action: 'use', constraint }] })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-policy-'))
  await writeFile(file('wide.json'), policy(c('minGroupSize#card', 'gteq', 5)))
  await writeFile(file('narrow.json'), policy(c('minGroupSize#card', 'gteq', 10)))
  await writeFile(file('unknown.json'), policy(c('minGroupSize#person', 'gteq', 10)))
  await writeFile(file('facts.json'), JSON.stringify(spending))
  await writeFile(file('w3c.json'), JSON.stringify({ '@context': { o: 'http://www.w3.org/ns/odrl/2/', may: { '@id': 'o:permission' }, does: { '@id': 'o:action', '@type': '@id' } }, '@id': 'http://example.org/p', '@type': 'o:Set', may: { does: 'o:use' } }))
})
afterAll(() => rm(folder, { recursive: true }))

describe('policy explain', () => {
  test('in the language asked for, from a file and from standard input', async () => {
    expect(await runCommand(['policy', 'explain', file('wide.json'), '--lang', 'ca'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Només surten els grups d\'almenys 5 elements diferents de «card». [garantit]') })
    expect(await runCommand(['policy', 'explain', '-'], policy())).toMatchObject({ code: 0, out: expect.stringContaining('It is permitted to use the data, without further terms.') })
  })

  test('any JSON-LD, and JSON out', async () => {
    const { code, out } = await runCommand(['policy', 'explain', file('w3c.json'), '--json'])
    expect([code, JSON.parse(out)]).toMatchObject([0, { language: 'en', rules: [{ kind: 'permission', at: expect.any(String) }] }])
  })

  test('what a policy says cannot control the terminal', async () => {
    const { out } = await runCommand(['policy', 'explain', '-'], policy(c('role', 'eq', 'a\u001b[31m')))
    expect(out).not.toContain('\u001b')
  })

  test('what cannot be read', async () => {
    expect(await runCommand(['policy', 'explain', file('none.json')])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('none.json cannot be read as JSON') })
    expect(await runCommand(['policy', 'explain', '-'], '{')).toMatchObject({ code: 2, err: expect.stringContaining('standard input cannot be read as JSON') })
    expect(await runCommand(['policy', 'explain', '-'], '{"permission":[{"action":"fly"}]}')).toMatchObject({ code: 1, err: expect.stringMatching(/^concordat: standard input: \/permission\/0\/action.*fly/) })
  })
})

describe('policy diff', () => {
  test('tells what narrows; the exit code says nothing unless it is asked to', async () => {
    expect(await runCommand(['policy', 'diff', file('wide.json'), file('narrow.json')])).toMatchObject({
      code: 0,
      out: '~ /permission/0/constraint/0 constraint: minGroupSize#card gteq 5 -> minGroupSize#card gteq 10 [narrows]\nIn all: the second policy permits no more than the first, and less of something.\n',
    })
    expect(await runCommand(['policy', 'diff', file('narrow.json'), file('wide.json'), '--exit-code'])).toMatchObject({ code: 1, out: expect.stringContaining('Widens: /permission/0'), err: '' })
    expect(await runCommand(['policy', 'diff', file('wide.json'), file('wide.json'), '--exit-code'])).toMatchObject({ code: 0, out: 'The policies do not differ.\n' })
    const { out } = await runCommand(['policy', 'diff', '-', file('wide.json'), '--json'], policy())
    expect(JSON.parse(out)).toMatchObject({ effect: 'narrows', widening: null, differences: [{ change: 'added' }] })
  })
})

describe('policy check', () => {
  test('valid, and enforceable on a dataset', async () => {
    expect(await runCommand(['policy', 'check', file('wide.json')])).toMatchObject({ code: 0, out: expect.stringContaining('is valid') })
    expect(await runCommand(['policy', 'check', file('wide.json'), '--dataset', file('facts.json')])).toMatchObject({ code: 0, out: expect.stringContaining('can be enforced on the dataset') })
  })

  test('says the place of what is wrong', async () => {
    expect(await runCommand(['policy', 'check', file('unknown.json')])).toMatchObject({ code: 0 })
    expect(await runCommand(['policy', 'check', file('unknown.json'), '--dataset', file('facts.json')])).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/unknown\.json: \/permission\/0\/constraint\/0\/leftOperand: the dataset has no protected unit "person"/) })
    expect(await runCommand(['policy', 'check', '-'], policy(c('minGroupSize#card', 'gteq', 1)))).toMatchObject({ code: 1, err: expect.stringContaining('minGroupSize must be at least 2') })
    expect(await runCommand(['policy', 'check', file('wide.json'), '--dataset', '-'], '{"columns":[{"name":"a","type":"string"}],"dimensions":["b"]}')).toMatchObject({ code: 1, err: expect.stringContaining('/dimensions/0 must be one of the columns: a') })
  })
})
