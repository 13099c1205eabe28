import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { openNote, parseVkey } from '../../src/tlog/note.ts'
import { parseProof } from '../../src/tlog/proof.ts'
import { decodeEntries } from '../../src/tlog/tiles.ts'
import { leafHash, treeHash } from '../../src/tlog/tree.ts'
import { commandFor } from '../helpers/command.ts'
import { startManagement } from '../management/fixture.ts'
import type { Management } from '../management/fixture.ts'

const research = 'https://w3id.org/dpv#ResearchAndDevelopment'
const about = { agreement: 'urn:uuid:a1', transfer: 'urn:uuid:t1', partner: 'did:web:lab.example', dataset: 'urn:uuid:d1' }
const purposeTerm = { term: 'purpose', at: '/permission/0/constraint/0', operator: 'isA', wanted: ['https://w3id.org/dpv#ServiceProvision'], value: research, satisfied: false, source: 'statement' }

let management: Management
let folder: string
let auditor: ReturnType<typeof commandFor>
let first: number

beforeAll(async () => {
  management = await startManagement()
  folder = await mkdtemp(join(tmpdir(), 'concordat-audit-cli-'))
  const { text } = await management.call('POST', '/tokens', { json: { name: 'Anna', role: 'auditor' } })
  const made: { token: string } = JSON.parse(text)
  auditor = commandFor({ managementUrl: management.address, token: made.token })
  const { audit, database } = management.deps
  first = await audit.record({ type: 'data.permitted', ...about, role: 'analyst', purpose: research, decision: 'permit', request: { method: 'GET', path: '', query: '' } })
  await audit.record({ type: 'data.released', ...about, role: 'analyst', purpose: research, permitted: first, rows: 7, bytes: 700, withheld: { groups: 2, reasons: [] } })
  await audit.record({ type: 'data.denied', ...about, role: 'clerk', purpose: research, decision: 'deny', code: 'not-permitted', reason: 'The agreement permits this only where …', terms: [purposeTerm], caller: '10.0.0.1', count: 3 })
  // More than one tile.
  await database.transaction(async (tx) => audit.append(tx, ...Array.from({ length: 600 }, (_, n) => ({ type: 'token.revoked', token: `t${n}` }))))
  await audit.record({ type: 'token.revoked', token: 'last' })
})
afterAll(async () => {
  await management.close()
  await rm(folder, { recursive: true, force: true })
})

describe('audit list', () => {
  test('tells every consultation and refusal in a sentence', async () => {
    const { out } = await auditor('audit', 'list', '--agreement', 'urn:uuid:a1', '--utc')
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toContain('TIME (UTC)')
    expect(lines[1]).toContain('  did:web:lab.example as analyst for "Research and development" asked for urn:uuid:d1 under agreement urn:uuid:a1, which was permitted: asked: GET.')
    expect(lines[2]).toContain('  did:web:lab.example as analyst for "Research and development" got data of urn:uuid:d1 under agreement urn:uuid:a1: 7 rows; 700 bytes; 2 groups withheld.')
    expect(lines[3]).toContain('did:web:lab.example as clerk')
    expect(lines[3]).toContain('which was refused: Purpose must be')
    expect(lines[3]).toContain('(not-permitted); 3 times.')
  })

  test('calls partners and datasets by the names that they have today', async () => {
    await management.call('POST', '/partners', { json: { id: 'did:web:named.example', name: 'City lab' } })
    const { text } = await management.call('POST', '/datasets', { json: { metadata: { title: { ca: 'Despesa', en: 'Spending' } }, source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'] } } })
    const { id }: { id: string } = JSON.parse(text)
    await management.deps.audit.record({ type: 'data.permitted', agreement: 'urn:uuid:names', partner: 'did:web:named.example', dataset: id, decision: 'permit' })
    const told = async (language: string) => (await auditor('audit', 'list', '--agreement', 'urn:uuid:names', '--language', language)).out
    expect(await told('en')).toContain(`City lab (did:web:named.example) asked for "Spending" (${id}) under agreement urn:uuid:names, which was permitted`)
    expect(await told('ca')).toContain(`City lab (did:web:named.example) va demanar «Despesa» (${id})`)
    const known = await management.call('GET', `/audit/names?id=did:web:nobody.example&id=${id}&language=es`)
    expect(JSON.parse(known.text)).toEqual({ items: [{ id, kind: 'dataset', name: 'Spending' }] })
  })

  test('speaks Catalan and Spanish', async () => {
    const told = async (language: string) => (await auditor('audit', 'list', '--agreement', 'urn:uuid:a1', '--decision', 'deny', '--language', language)).out
    expect(await told('ca')).toContain('i se li va denegar')
    expect(await told('ca')).toMatch(/^NÚM\. +HORA \(.+\) +TIPUS +QUÈ/)
    expect(await told('es')).toContain('y se le denegó')
    expect(await told('es')).toMatch(/^N\.º +HORA \(.+\) +TIPO +QUÉ/)
  })

  test('tells a type that is not recorded at all from one of which there is nothing', async () => {
    expect((await auditor('audit', 'list', '--type', 'data.pushed')).err).toContain('No record has the type data.pushed. "concordat audit events" lists')
    expect((await auditor('audit', 'list', '--type', 'data.delivered')).err).toBe('The record has no such entry.\n')
  })

  test('finds by role and purpose, tells times in a zone, and gives JSON in UTC', async () => {
    const found = await auditor('audit', 'list', '--role', 'clerk', '--purpose', 'dpv:ResearchAndDevelopment', '--decision', 'deny', '--time-zone', 'Pacific/Kiritimati', '--newest')
    const [head, line, ...more] = found.out.trimEnd().split('\n')
    expect(more).toEqual([])
    expect(head).toContain('TIME (Pacific/Kiritimati)')
    const json: { items: { time: string; index: number }[] } = JSON.parse((await auditor('audit', 'list', '--role', 'clerk', '--json')).out)
    const utc = json.items[0]?.time ?? ''
    expect(utc).toMatch(/Z$/)
    expect(line).toContain(new Intl.DateTimeFormat('sv-SE', { timeZone: 'Pacific/Kiritimati', dateStyle: 'short', timeStyle: 'medium' }).format(new Date(utc)))
    expect(await auditor('audit', 'list', '--time-zone', 'Mars/Base')).toMatchObject({ code: 2 })
    expect(await auditor('audit', 'list', '--purpose', 'marketing fun')).toMatchObject({ code: 2 })
  })
})

test('times that people write are those of the zone that the command names', async () => {
  const index = await management.deps.audit.record({ type: 'agreement.stored', agreement: 'urn:uuid:times' })
  const [entry] = await management.deps.audit.entries({ after: index - 1, limit: 1 })
  const told = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Kathmandu', dateStyle: 'short', timeStyle: 'medium' }).format(new Date(entry?.time ?? ''))
  const found = async (...options: string[]) => JSON.parse((await auditor('audit', 'list', '--agreement', 'urn:uuid:times', ...options, '--json')).out).items.length
  expect(await found('--since', told, '--time-zone', 'Asia/Kathmandu')).toBe(1)
  expect(await found('--until', told, '--time-zone', 'Asia/Kathmandu')).toBe(0)
  expect(await found('--since', told, '--utc')).toBe(0)
  expect(await auditor('audit', 'list', '--since', '2026-02-30')).toMatchObject({ code: 2, err: expect.stringContaining('It must be a day or a time') })
})

describe('audit show', () => {
  test('shows an entry with its proof, checked', async () => {
    const { code, out } = await auditor('audit', 'show', String(first + 2))
    expect(code).toBe(0)
    expect(out).toContain('Purpose must be')
    expect(out).toContain(`Proven: entry ${first + 2} of the log 20`)
    expect(out).toContain('No witness has cosigned')
    expect(parseProof((await auditor('audit', 'show', String(first), '--receipt')).out)).toMatchObject({ index: first })
    expect(await auditor('audit', 'show', '999999')).toMatchObject({ code: 3 })
  })
})

describe('audit stats', () => {
  test('counts by period', async () => {
    const { out } = await auditor('audit', 'stats', '--by', 'month', '--agreement', 'urn:uuid:a1')
    expect(out).toMatch(/PERMITTED +REFUSED +ROWS/)
    expect(out).toMatch(/-01 +1 +3 +7 +700 bytes +█+░+ +not-permitted 3/)
    expect((await auditor('audit', 'stats', '--agreement', 'none')).err).toContain('Nothing was asked')
  })
})

test.each([
  [['--since', '2026-11-22', '--until', '2026-11-21'], '--since 2026-11-22 is not before --until 2026-11-21: there is no time between them.'],
  [['--since', '2026-11-22', '--until', '2026-11-22'], '--since 2026-11-22 is not before --until 2026-11-22: there is no time between them.'],
  [['--since', '2026-11-22T10:00+01:00', '--until', '2026-11-22T09:00Z'], 'there is no time between them.'],
  [['--from', '5', '--to', '4'], '--from 5 is behind --to 4: there are no entries between them.'],
])('a filter that nothing can fit is wrong usage, not an empty record: %s', async (filter, told) => {
  for (const command of ['list', 'export']) expect(await auditor('audit', command, ...filter)).toMatchObject({ code: 2, err: expect.stringContaining(told) })
})

describe('audit export', () => {
  test('writes a file that is there whole or not at all', async () => {
    const file = join(folder, 'record.csv')
    expect(await auditor('audit', 'export', '--format', 'csv', '--agreement', 'urn:uuid:a1', '--out', file)).toMatchObject({ code: 0, out: expect.stringContaining('Wrote 3 entries') })
    expect((await readFile(file, 'utf8')).trimEnd().split('\r\n')).toHaveLength(4)
  })

  test('what cannot be written is told in words before anything is asked, and what is there stays', async () => {
    const { audit } = management.deps
    const asked = () => audit.entries({ type: 'audit.exported', limit: 1000 }).then((records) => records.length)
    const before = await asked()
    const nowhere = join(folder, 'nowhere', 'record.csv')
    expect(await auditor('audit', 'export', '--out', nowhere)).toMatchObject({ code: 1, err: `concordat: ${nowhere} cannot be written: there is no such folder. Make it, or name another.\n` })
    expect(await auditor('audit', 'export', '--out', folder)).toMatchObject({ code: 2, err: `concordat: ${folder} is a folder. Name a file in it.\n` })
    // A device must not be replaced by a file.
    expect(await auditor('audit', 'export', '--out', '/dev/null')).toMatchObject({ code: 2, err: 'concordat: /dev/null is no file that can be replaced. Name another.\n' })
    expect((await stat('/dev/null')).isFile()).toBe(false)
    expect(await asked()).toBe(before)
    const file = join(folder, 'plain')
    await writeFile(file, 'before')
    expect(await auditor('audit', 'export', '--out', join(file, 'record.csv'))).toMatchObject({ code: 1, err: expect.stringContaining('what should be its folder is a file') })
    expect(await auditor('audit', 'export', '--tiles', file)).toMatchObject({ code: 1, err: expect.stringContaining('what should be its folder is a file') })
    expect(await auditor('audit', 'export', '--out', file, '--since', '2026-01-01', '--cursor', 'x')).toMatchObject({ code: 2 })
    expect(await readFile(file, 'utf8')).toBe('before')
    // What somebody put into the way does not lead elsewhere.
    await symlink(file, join(folder, 'record.ndjson.part'))
    expect(await auditor('audit', 'export', '--out', join(folder, 'record.ndjson'))).toMatchObject({ code: 0 })
    expect(await readFile(file, 'utf8')).toBe('before')
  })

  test('writes the log as C2SP lays it out', async () => {
    const tiles = join(folder, 'log')
    const { code, out } = await auditor('audit', 'export', '--tiles', tiles)
    expect([code, out]).toEqual([0, expect.stringContaining('Its tree is the one that was signed.')])
    const vkey = (await readFile(join(tiles, 'vkey'), 'utf8')).trim()
    const { text, signedBy } = openNote(await readFile(join(tiles, 'checkpoint'), 'utf8'), [parseVkey(vkey)])
    const { size, root } = parseCheckpoint(text)
    expect(signedBy).toHaveLength(1)
    expect(size).toBeGreaterThan(600)
    const read = (path: string) => readFile(join(tiles, path))
    const bundles = [await read('tile/entries/000'), await read('tile/entries/001'), await read(`tile/entries/002.p/${size - 512}`)]
    const leaves = bundles.flatMap((bundle) => decodeEntries(bundle)).map((entry) => leafHash(entry))
    expect(treeHash(leaves)).toEqual(root)
    expect(Buffer.concat([await read('tile/0/000'), await read('tile/0/001'), await read(`tile/0/002.p/${size - 512}`)])).toEqual(Buffer.concat(leaves))
    expect(await read('tile/1/000.p/2')).toEqual(Buffer.concat([treeHash(leaves.slice(0, 256)), treeHash(leaves.slice(256, 512))]))
    // Again into the same folder is well; another log's is not.
    expect(await auditor('audit', 'export', '--tiles', tiles, '--log', new Date().getUTCFullYear().toString())).toMatchObject({ code: 0 })
    const other = join(folder, 'other')
    await mkdir(other)
    await writeFile(join(other, 'vkey'), 'somebody.example+00000000+AAAA\n')
    expect(await auditor('audit', 'export', '--tiles', other)).toMatchObject({ code: 2 })
    expect(await auditor('audit', 'export', '--tiles', tiles, '--log', 'none')).toMatchObject({ code: 3 })
    expect(await auditor('audit', 'export', '--log', '2026')).toMatchObject({ code: 2 })
  })

  test('an entry that was changed after it was signed is not written as the log', async () => {
    await management.deps.database.db.updateTable('audit_entry').set({ purpose: 'changed' }).where('index', '=', first).execute()
    const { code, err } = await auditor('audit', 'export', '--tiles', join(folder, 'tampered'))
    expect(code).toBe(1)
    expect(err).toContain('not those that were signed')
    expect(await auditor('audit', 'show', String(first))).toMatchObject({ code: 1, err: expect.stringContaining('does not hold') })
    await management.deps.database.db.updateTable('audit_entry').set({ purpose: research }).where('index', '=', first).execute()
  })
})

test('logs are listed and written also when one lost its entries after its time, or was tampered with', async () => {
  const { token }: { token: string } = JSON.parse((await management.call('POST', '/tokens', { json: { name: 'Operator', role: 'operator' } })).text)
  const operator = commandFor({ managementUrl: management.address, token })
  const [year] = (await management.deps.audit.log.logs()).map(({ name }) => name)
  for (let n = 0; n < 2; n++) expect(await operator('log', 'rotate')).toMatchObject({ code: 0 })
  const pruned = await operator('audit', 'prune', '--log', String(year), '--reason', 'A test', '--yes')
  expect([pruned.code, pruned.err]).toEqual([0, ''])
  const { out: listed } = await auditor('log', 'list')
  expect(listed.split('\n')[0]).toMatch(/^NAME +ORIGIN +FROM RECORD +ENTRIES +OPENED +CLOSED +ENTRIES REMOVED/)
  expect(listed.trimEnd().split('\n')).toHaveLength(4)

  const tiles = join(folder, 'three')
  const written = await auditor('audit', 'export', '--tiles', tiles)
  expect(written.out).toContain('The entries were removed after their time. Its tree is the one that was signed.')
  const { text } = openNote(await readFile(join(tiles, String(year), 'checkpoint'), 'utf8'), [parseVkey((await readFile(join(tiles, String(year), 'vkey'), 'utf8')).trim())])
  expect(parseCheckpoint(text).size).toBeGreaterThan(600)
  expect((await readFile(join(tiles, String(year), 'tile/0/000'))).length).toBe(256 * 32)
  await expect(readFile(join(tiles, String(year), 'tile/entries/000'))).rejects.toThrow('ENOENT')

  const { db } = management.deps.database
  const [, second] = await management.deps.audit.log.logs()
  await db.updateTable('audit_entry').set({ purpose: 'changed' }).where('index', '=', second?.start ?? -1).execute()
  const others = await auditor('audit', 'export', '--tiles', join(folder, 'others'))
  expect(others).toMatchObject({ code: 1, err: expect.stringContaining(`The entries of the log ${second?.name} are not those that were signed`) })
  expect(others.out.trimEnd().split('\n')).toHaveLength(2)
  await readFile(join(folder, 'others', 'checkpoint'))
})

test("the program's log tells of tokens by their ids, not by the names of people", () => {
  const requests = management.logged.filter((line) => line.includes('management request'))
  expect(requests.some((line) => line.includes('"token":"urn:uuid:'))).toBe(true)
  expect(requests.filter((line) => line.includes('Anna'))).toEqual([])
})
