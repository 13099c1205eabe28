import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evidenceTexts } from '../../src/cli/evidence/texts.ts'
import { findingCodes, limitCodes } from '../../src/tlog/bundle/report.ts'
import { vkeyOf } from '../../src/tlog/note.ts'
import { commandFor, runCommand } from '../helpers/command.ts'
import { agreementId, bundleOf, consumer, created, jwkOf, keyOf, origin, parts, provider, statementOf } from '../tlog/bundle/test-bundle.ts'
import { problem, startStandIn } from './management-stand-in.ts'
import type { StandIn } from './management-stand-in.ts'

let folder: string
let standIn: StandIn
const file = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-cli-'))
  standIn = await startStandIn()
  await writeFile(file('case.zip'), await bundleOf(parts()))
  const bytes = await readFile(file('case.zip'))
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  await writeFile(file('damaged.zip'), bytes)
  const request = { method: 'GET', path: '', query: '?district=eq.0' }
  const about = { agreement: agreementId, partner: provider, role: 'consumer' }
  const events = [{ type: 'data.requested', ...about, request, signed: statementOf({ id: 's-0', request }) }, { type: 'audit.evidence', ...about, time: created }]
  await writeFile(file('theirs.zip'), await bundleOf(parts(events, { connector: consumer, partner: provider, origin: 'cards.example/log/2026' })))
})
afterAll(async () => {
  await standIn[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('audit verify', () => {
  test.each([
    ['en', 'Everything holds.', 'No record of the agreement is missing.', 'What was recorded later.'],
    ['ca', 'Tot és correcte.', 'No falta cap registre de l’acord.', 'El que es va registrar després.'],
    ['es', 'Todo es correcto.', 'No falta ningún registro del acuerdo.', 'Lo que se registró después.'],
  ])('says in %s what is proven and what is not, without a connector', async (language, ...words) => {
    const { code, out } = await runCommand(['audit', 'verify', file('case.zip'), '--language', language, '--data', file('none')])
    expect(code).toBe(0)
    for (const text of [...words, agreementId, provider, consumer]) expect(out).toContain(text)
  })

  test('of a damaged file fails, and says why', async () => {
    const { code, out } = await runCommand(['audit', 'verify', file('damaged.zip')])
    expect(code).toBe(1)
    expect(out).toContain('NOT everything holds')
    expect(out).toContain('is damaged')
  })

  test('of a folder says what to give instead', async () => {
    const { code, err } = await runCommand(['audit', 'verify', folder])
    expect(code).toBe(2)
    expect(err).toContain('is no file. Give the file of evidence itself')
  })

  test('lists as proven nothing of which there is none', async () => {
    expect(parts().receipts).toEqual([])
    const { out } = await runCommand(['audit', 'verify', file('case.zip')])
    expect(out).not.toContain('(0)')
    expect(out).not.toContain('The receipts of the other party are genuine.')
  })

  test('with --json gives the report', async () => {
    const { code, out } = await runCommand(['audit', 'verify', file('case.zip'), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ holds: true, summary: { agreement: agreementId, records: 6 } })
    expect((await runCommand(['audit', 'verify', file('damaged.zip'), '--json'])).code).toBe(1)
  })

  test('compares keys with those from elsewhere', async () => {
    const right = vkeyOf(origin, 1, keyOf(`log of ${provider}`))
    await writeFile(file('right.vkey'), `${right}\n`)
    await writeFile(file('empty.json'), '{}')
    await writeFile(file('did.json'), JSON.stringify({ id: consumer, verificationMethod: [{ id: `${consumer}#key`, publicKeyJwk: jwkOf(keyOf('other')) }] }))
    expect((await runCommand(['audit', 'verify', file('case.zip'), '--trust', right])).code).toBe(0)
    expect((await runCommand(['audit', 'verify', file('case.zip'), '--trust', file('right.vkey')])).code).toBe(0)
    expect((await runCommand(['audit', 'verify', file('case.zip'), '--trust', vkeyOf(origin, 1, keyOf('other'))])).code).toBe(1)
    expect((await runCommand(['audit', 'verify', file('case.zip'), '--did', file('did.json')])).code).toBe(1)
  })

  test.each([
    ['no file', ['none.zip']],
    ['a key that is none', ['case.zip', '--trust', 'a+b+c']],
    ['a document that is none', ['case.zip', '--did', 'case.zip']],
    ['a document that is not there', ['case.zip', '--did', 'none.json']],
    ['a document without keys', ['case.zip', '--did', 'empty.json']],
  ])('with %s is wrong usage', async (_what, [name = '', ...more]) => {
    expect((await runCommand(['audit', 'verify', file(name), ...more.map((each) => (each.includes('.') ? file(each) : each))])).code).toBe(2)
  })
})

describe('audit evidence', () => {
  const concordat = (...args: string[]) => commandFor(standIn)(...args)
  test('writes the file and verifies it before it says done', async () => {
    const bytes = await readFile(file('case.zip'))
    standIn.answers = (_request, response) => response.writeHead(200, { 'content-type': 'application/zip', 'content-length': bytes.length }).end(bytes)
    const { code, out } = await concordat('audit', 'evidence', agreementId, '--out', file('fetched.zip'), '--redact', 'user')
    expect(code).toBe(0)
    expect(out).toContain('Everything holds.')
    expect(await readFile(file('fetched.zip'))).toEqual(bytes)
    expect(standIn.asked.at(-1)?.path).toBe(`/audit/evidence/${encodeURIComponent(agreementId)}?redact=user`)
  })
  test('that does not hold fails', async () => {
    const bytes = await readFile(file('damaged.zip'))
    standIn.answers = (_request, response) => response.writeHead(200, { 'content-type': 'application/zip' }).end(bytes)
    expect((await concordat('audit', 'evidence', agreementId, '--out', file('bad.zip'))).code).toBe(1)
  })
  test('that could not be written is not asked for, since that is on record', async () => {
    const asked = standIn.asked.length
    const nowhere = join(file('nowhere'), 'case.zip')
    expect(await concordat('audit', 'evidence', agreementId, '--out', nowhere)).toMatchObject({ code: 1, err: `concordat: ${nowhere} cannot be written: there is no such folder. Make it, or name another.\n` })
    expect(await concordat('audit', 'evidence', agreementId, '--out', folder)).toMatchObject({ code: 2 })
    expect(await concordat('audit', 'reconcile', agreementId, '--with', file('none.zip'))).toMatchObject({ code: 2, err: expect.stringContaining('none.zip cannot be read') })
    expect(standIn.asked).toHaveLength(asked)
  })
  test('that breaks off, or is refused, leaves no file', async () => {
    standIn.answers = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/zip', 'content-length': 1000 })
      response.write('PK', () => response.destroy())
    }
    expect((await concordat('audit', 'evidence', agreementId, '--out', file('half.zip'))).code).not.toBe(0)
    standIn.answers = (_request, response) => problem(response, 404, 'not-found', 'There is no agreement.')
    expect((await concordat('audit', 'evidence', agreementId, '--out', file('half.zip'))).code).toBe(3)
    expect((await readdir(folder)).filter((name) => name.startsWith('half'))).toEqual([])
  })
})

describe('audit reconcile', () => {
  const run = (...more: string[]) => runCommand(['audit', 'reconcile', agreementId, '--with', file('theirs.zip'), '--ours', file('case.zip'), ...more])
  test('lists each query with its verdict and proof, and fails when they disagree', async () => {
    const { code, out, err } = await run()
    expect(code).toBe(1)
    expect(out).toContain('both agree')
    expect(out).toContain('only the provider has it')
    expect(out).toContain('signed by the consumer')
    expect(err).toContain('They disagree. Queries alike: 1; different: 0; only with the provider: 3; only with the consumer: 0.')
    expect((await run('--language', 'ca')).out).toContain('només la té el proveïdor')
  })
  test('with --json gives all of it', async () => {
    expect(JSON.parse((await run('--json')).out)).toMatchObject({ agree: false, counts: { agree: 1, 'only-provider': 3 } })
  })
  test('compares evidence of which records were changed or removed, and calls proven only what is', async () => {
    const request = { method: 'GET', path: '', query: '?district=eq.0' }
    const about = { agreement: agreementId, partner: provider, role: 'consumer' }
    const given = parts([{ type: 'data.requested', ...about, request, signed: statementOf({ id: 's-0', request }) }, { type: 'data.requested', ...about, request }, { type: 'audit.evidence', ...about, time: created }], { connector: consumer, partner: provider, origin: 'cards.example/log/2026' })
    await writeFile(file('changed.zip'), await bundleOf({ ...given, lines: (name, lines) => (name === 'records.ndjson' ? lines.slice(0, 1).map((line) => line.replace('consumer', 'consumed')).concat(lines.slice(2)) : lines) }))
    const { code, out, err } = await runCommand(['audit', 'reconcile', agreementId, '--with', file('changed.zip'), '--ours', file('case.zip')])
    expect(code).toBe(1)
    expect(err).toContain("The consumer's evidence does not hold. It is compared all the same")
    expect(err).toContain('Records are not in their log, or were changed.')
    expect(out).not.toContain("in the consumer's log")
    expect(out).toContain("in the provider's log")
  })
  test('refuses evidence that does not hold, or of something else', async () => {
    expect((await runCommand(['audit', 'reconcile', agreementId, '--with', file('damaged.zip'), '--ours', file('case.zip')])).err).toContain('does not hold')
    expect((await runCommand(['audit', 'reconcile', 'urn:other', '--with', file('theirs.zip'), '--ours', file('case.zip')])).code).toBe(2)
    expect((await runCommand(['audit', 'reconcile', agreementId, '--with', file('case.zip'), '--ours', file('case.zip')])).err).toContain('both parties')
  })
})

test('every code has its words in every language', () => {
  for (const texts of Object.values(evidenceTexts)) {
    expect(Object.keys(texts.holds)).toEqual(Object.keys(findingCodes))
    expect(Object.keys(texts.fails)).toEqual(Object.keys(findingCodes))
    expect(Object.keys(texts.limits)).toEqual(Object.keys(limitCodes))
  }
})
