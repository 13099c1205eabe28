import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { addressOf, routes } from '../../src/cli/operations.ts'
import { createProgram } from '../../src/cli/program.ts'
import { commandFor, runCommand } from '../helpers/command.ts'
import { json, problem, startStandIn } from './management-stand-in.ts'
import type { StandIn } from './management-stand-in.ts'

const partner = { id: 'did:web:cards.example', name: 'Cards', address: null, groups: ['cities'], version: 3, createdAt: '2026-03-02T09:30:00.000Z', updatedAt: '2026-03-02T09:30:00.000Z' }

let standIn: StandIn
let folder: string
let concordat: ReturnType<typeof commandFor>

beforeAll(async () => {
  standIn = await startStandIn()
  folder = await mkdtemp(join(tmpdir(), 'concordat-cli-'))
  concordat = commandFor(standIn)
})
afterAll(async () => {
  await standIn[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  standIn.asked.length = 0
  standIn.answers = (_asked, response) => json(response, 200, {})
})

describe('operations', () => {
  test('have the method and path of the document', async () => {
    const documents: { paths: Record<string, Record<string, { operationId?: string }>> }[] = await Promise.all(['management', 'audit'].map(async (name) => parse(await readFile(`openapi/${name}.yaml`, 'utf8'))))
    const described = documents.flatMap(({ paths }) => Object.entries(paths)).flatMap(([path, item]) => Object.entries(item).flatMap(([method, { operationId }]) => (operationId === undefined ? [] : [[operationId, [method.toUpperCase(), path]]])))
    expect(Object.fromEntries(described)).toMatchObject(routes)
  })

  test('ids are percent-encoded in paths', () => {
    expect(addressOf('getPartner', { path: { partnerId: 'did:web:a/../b?c' } })).toBe('/partners/did%3Aweb%3Aa%2F..%2Fb%3Fc')
  })
})

describe('what is sent', () => {
  test('a POST carries the token and an idempotency key', async () => {
    standIn.answers = (_asked, response) => json(response, 201, partner)
    const { code } = await concordat('partner', 'add', partner.id, '--name', 'Cards')
    expect(code).toBe(0)
    expect(standIn.asked[0]).toMatchObject({ method: 'POST', path: '/partners', headers: { authorization: 'Bearer a-token', 'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/) } })
    expect(JSON.parse(standIn.asked[0]?.body ?? '')).toEqual({ id: partner.id, name: 'Cards' })
  })

  test('a change carries the ETag that was read before it', async () => {
    standIn.answers = ({ method }, response) => (method === 'GET' ? json(response, 200, partner, { etag: '"3"' }) : response.writeHead(204).end())
    expect(await concordat('partner', 'remove', partner.id)).toMatchObject({ code: 0, out: `Removed ${partner.id}.\n` })
    expect(standIn.asked.map(({ method, headers }) => [method, headers['if-match']])).toEqual([['GET', undefined], ['DELETE', '"3"']])
  })

  test('metadata: languages, keywords, period, and --metadata below the options', async () => {
    const file = join(folder, 'metadata.json')
    await writeFile(file, JSON.stringify({ title: { en: 'From the file', es: 'Del fichero' }, publisher: 'City' }))
    standIn.answers = (_asked, response) => json(response, 201, { id: 'urn:uuid:1' })
    const source = ['--postgresql', 'warehouse', '--table', 'public.stations']
    const words = ['--title', 'Stations', '--title', 'ca=Estacions', '--keyword', 'bikes', '--keyword', 'ca=bicis', '--keyword', 'docks']
    expect(await concordat('dataset', 'add', '--metadata', file, ...source, ...words, '--period', '2024-01-01/', '--unit', 'height=m')).toMatchObject({ code: 0 })
    expect(JSON.parse(standIn.asked[0]?.body ?? '')).toEqual({
      metadata: {
        title: { en: 'Stations', es: 'Del fichero', ca: 'Estacions' },
        publisher: 'City',
        keywords: { en: ['bikes', 'docks'], ca: ['bicis'] },
        period: { start: '2024-01-01' },
        columns: [{ name: 'height', unit: 'm' }],
      },
      source: { type: 'postgresql', connection: 'warehouse', table: 'public.stations' },
    })
  })

  test('an update keeps the other languages and columns, and --clear removes', async () => {
    const present = { id: 'urn:uuid:1', source: { type: 'file' }, metadata: { title: { en: 'Old', ca: 'Vell' }, columns: [{ name: 'a', type: 'string', nullable: true }, { name: 'b', type: 'integer', nullable: false }] } }
    standIn.answers = (_asked, response) => json(response, 200, present, { etag: '"7"' })
    expect(await concordat('dataset', 'update', 'urn:uuid:1', '--title', 'New', '--unit', 'b=EUR', '--clear', 'theme')).toMatchObject({ code: 0 })
    const patch = standIn.asked.find(({ method }) => method === 'PATCH')
    expect(patch?.headers['if-match']).toBe('"7"')
    expect(JSON.parse(patch?.body ?? '')).toEqual({ metadata: { title: { en: 'New', ca: 'Vell' }, columns: [{ name: 'a', type: 'string', nullable: true }, { name: 'b', type: 'integer', nullable: false, unit: 'EUR' }], theme: null } })
  })

  test('a file is sent with its length, name and digest', async () => {
    const file = join(folder, "dades (març).csv")
    await writeFile(file, 'a,b\n1,2\n')
    standIn.answers = ({ path }, response) => json(response, 201, path === '/uploads' ? { id: 'urn:uuid:upload' } : { id: 'urn:uuid:1' })
    expect(await concordat('dataset', 'add', '--file', file, '--title', 'T')).toMatchObject({ code: 0 })
    const [upload, create] = standIn.asked
    expect(upload).toMatchObject({
      path: '/uploads',
      body: 'a,b\n1,2\n',
      headers: { 'content-type': 'text/csv', 'content-length': '8', 'content-digest': `sha-256=:${createHash('sha256').update('a,b\n1,2\n').digest('base64')}:`, 'content-disposition': "attachment; filename*=UTF-8''dades%20%28mar%C3%A7%29.csv" },
    })
    expect(JSON.parse(create?.body ?? '')).toEqual({ metadata: { title: { en: 'T' } }, source: { type: 'file', upload: 'urn:uuid:upload' } })
  })

  test('a secret comes from stdin, without its last line end', async () => {
    standIn.answers = (_asked, response) => response.writeHead(204).end()
    const result = await runCommand(['secret', 'set', 'api', '--url', standIn.managementUrl, '--token', 't'], 'Bearer s3cr3t\n')
    expect(result).toMatchObject({ code: 0, out: 'Set api.\n' })
    expect(standIn.asked[0]).toMatchObject({ method: 'PUT', path: '/secrets/api', body: '{"value":"Bearer s3cr3t"}' })
  })

  test('--all follows the pages', async () => {
    standIn.answers = ({ path }, response) => json(response, 200, { items: [{ ...partner, id: path.includes('cursor=more') ? 'did:web:b' : 'did:web:a' }], next: path.includes('cursor=more') ? null : 'more' })
    const one = await concordat('partner', 'list', '--json')
    expect(JSON.parse(one.out)).toMatchObject({ items: [{ id: 'did:web:a' }], next: 'more' })
    const all = await concordat('partner', 'list', '--json', '--all')
    expect(JSON.parse(all.out)).toMatchObject({ items: [{ id: 'did:web:a' }, { id: 'did:web:b' }], next: null })
  })
})

describe('what is shown', () => {
  test('a table has whole ids and local times; text that a terminal would obey is made harmless', async () => {
    standIn.answers = (_asked, response) => json(response, 200, { items: [{ ...partner, name: 'Evil\u001b[2J\u202eName' }], next: null })
    const { out } = await concordat('partner', 'list')
    const local = new Date(partner.createdAt)
    expect(out.split('\n')[0]).toMatch(/^ID +NAME +ADDRESS +GROUPS +SINCE$/)
    expect(out).toContain(partner.id)
    expect(out).toContain(`${String(local.getHours()).padStart(2, '0')}:30:00`)
    expect(out).toContain('Evil\uFFFD[2J\uFFFDName')
    const asJson = (await concordat('partner', 'list', '--json')).out
    for (const character of ['\u001b', '\u202e']) expect(asJson).not.toContain(character)
    expect(JSON.parse(asJson).items[0].name).toBe('Evil\u001b[2J\u202eName')
  })

  test('a token is shown by `token create` alone', async () => {
    standIn.answers = ({ method }, response) => json(response, 200, method === 'POST' ? { id: 'urn:uuid:1', token: 'T0KEN' } : { items: [], next: null })
    expect((await concordat('token', 'create', 'Anna', '--role', 'auditor')).out).toBe('T0KEN\n')
    const { out, err } = await concordat('token', 'list')
    expect(out + err).not.toContain('a-token')
  })

  test('every command has a help text with an example', () => {
    const program = createProgram({ in: process.stdin, out: process.stdout, err: process.stderr })
    const leaves = (command: typeof program): (typeof program)[] => (command.commands.length === 0 ? [command] : command.commands.flatMap((each) => leaves(each)))
    for (const command of leaves(program)) {
      let help = ''
      command.configureOutput({ writeOut: (text) => (help += text) })
      command.outputHelp()
      expect(help).toContain('Example:\n  $ concordat ')
      expect(help).toContain('--json')
    }
  })
})

describe('exit codes', () => {
  const cases: readonly [status: number, code: string, exit: number][] = [
    [404, 'not-found', 3],
    [410, 'gone', 3],
    [401, 'unauthenticated', 4],
    [403, 'forbidden', 4],
    [409, 'conflict', 1],
    [412, 'precondition-failed', 1],
    [503, 'store-unavailable', 1],
  ]
  test.each(cases)('%d %s is %d, and the detail is on stderr alone', async (status, code, exit) => {
    standIn.answers = (_asked, response) => problem(response, status, code, 'What to do about it.')
    const result = await concordat('partner', 'show', 'did:web:nobody', '--json')
    expect(result).toMatchObject({ code: exit, out: '' })
    expect(result.err).toContain(`What to do about it. (${code})`)
  })

  test('2 for wrong usage', async () => {
    for (const args of [['nonsense'], ['partner'], ['partner', 'show'], ['get', 'x', '--format', 'xls'], ['dataset', 'add', '--file', 'x'], ['partner', 'list', '--limit', '0'], ['dataset', 'add', '--title', 'T'], ['dataset', 'add', '--title', 'T', '--http', 'http://x']]) {
      expect(await concordat(...args)).toMatchObject({ code: 2, out: '' })
    }
  })

  test('5 when nothing answers, and when the data folder names no address', async () => {
    const nowhere = await runCommand(['self', '--url', 'http://127.0.0.1:1', '--token', 't'])
    expect(nowhere).toMatchObject({ code: 5, out: '' })
    expect(nowhere.err).toContain('ECONNREFUSED')
    expect(await runCommand(['self', '--data', folder])).toMatchObject({ code: 5 })
  })

  test('4 without a token', async () => {
    expect(await runCommand(['self', '--data', folder, '--url', standIn.managementUrl])).toMatchObject({ code: 4 })
  })

  test('1 for an answer that is not JSON', async () => {
    standIn.answers = (_asked, response) => response.end('<html>')
    expect(await concordat('self')).toMatchObject({ code: 1, out: '' })
  })

  test('the token file and the management address of the data folder are used', async () => {
    await writeFile(join(folder, 'operator.token'), 'from-the-folder\n')
    await writeFile(join(folder, 'management.url'), `${standIn.managementUrl}\n`)
    expect(await runCommand(['self', '--data', folder])).toMatchObject({ code: 0 })
    expect(standIn.asked[0]?.headers.authorization).toBe('Bearer from-the-folder')
  })
})

describe('negotiate', () => {
  const negotiation = { id: 'urn:uuid:n', role: 'consumer', partner: partner.id, state: 'REQUESTED', reason: null, error: null, agreement: null }

  /** Answers as a connector whose negotiation goes through these states, each told by an event once the one before was read. */
  function goesThrough(...states: object[]): void {
    let tell: () => void = () => undefined
    let at = 0
    standIn.answers = ({ method, path }, response) => {
      if (path.startsWith('/events')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n')
        tell = () => response.write(`id: ${at}\nevent: negotiation.x\ndata: ${JSON.stringify({ type: 'negotiation.x', negotiation: 'urn:uuid:other' })}\n\nid: ${at}\r\nevent: negotiation.x\r\ndata: {"type":"negotiation.x","negotiation":"urn:uuid:n"}\r\n\r\n`)
        return
      }
      json(response, 200, { ...negotiation, ...(method === 'POST' ? {} : states[at]) })
      if (method !== 'GET' || at === states.length - 1) return
      at += 1
      tell()
    }
  }

  test('waits for FINALIZED by following the events', async () => {
    goesThrough({}, { state: 'AGREED', role: 'provider' }, { state: 'FINALIZED', agreement: 'urn:uuid:a' })
    const { code, out, err } = await concordat('negotiate', partner.id, 'urn:uuid:o', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ state: 'FINALIZED', agreement: 'urn:uuid:a' })
    expect(err).toContain('concordat transfer start urn:uuid:a')
  })

  test('gives 6 when it was terminated', async () => {
    goesThrough({}, { state: 'TERMINATED', error: 'The offer is gone.' })
    const { code, out, err } = await concordat('negotiate', partner.id, 'urn:uuid:o', '--json')
    expect(code).toBe(6)
    expect(JSON.parse(out)).toMatchObject({ state: 'TERMINATED' })
    expect(err).toContain('The offer is gone.')
  })

  test('gives 7 when it waits for a person here', async () => {
    goesThrough({}, { state: 'OFFERED', reason: 'The offer differs from what was asked: accept, counter or terminate.' })
    expect(await concordat('negotiate', partner.id, 'urn:uuid:o')).toMatchObject({ code: 7, err: expect.stringContaining('accept, counter or terminate') })
  })

  test('gives 7 when the time is over', async () => {
    goesThrough({})
    expect(await concordat('negotiate', partner.id, 'urn:uuid:o', '--timeout', '1')).toMatchObject({ code: 7, err: expect.stringContaining('has not answered yet') })
  })

  test('does not wait with --no-wait', async () => {
    goesThrough({})
    expect(await concordat('negotiate', partner.id, 'urn:uuid:o', '--no-wait')).toMatchObject({ code: 0 })
    expect(standIn.asked.map(({ path }) => path)).toEqual(['/negotiations'])
  })
})
