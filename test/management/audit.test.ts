import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditRecord } from '../../src/audit/audit.ts'
import { createDuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { openNote, parseVkey } from '../../src/tlog/note.ts'
import { parseProof } from '../../src/tlog/proof.ts'
import { decodeEntries } from '../../src/tlog/tiles.ts'
import { leafHash, treeHash, verifyConsistency, verifyInclusion } from '../../src/tlog/tree.ts'
import { operatorToken, startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

const research = 'https://w3id.org/dpv#ResearchAndDevelopment'
const service = 'https://w3id.org/dpv#ServiceProvision'
const about = { agreement: 'urn:uuid:a1', transfer: 'urn:uuid:t1', partner: 'did:web:lab.example', dataset: 'urn:uuid:d1' }
const asked = { ...about, role: 'analyst', purpose: research, user: 'pseudonym:7', request: { method: 'GET', path: '', query: '?select=+area' } }
const records: readonly AuditRecord[] = [
  { type: 'data.permitted', ...asked, decision: 'permit', reason: '=1+1' },
  { type: 'data.released', ...about, role: 'analyst', purpose: research, permitted: 1, rows: 7, bytes: 700 },
  { type: 'data.denied', ...asked, purpose: service, decision: 'deny', code: 'not-permitted', reason: 'The purpose is another one.', caller: '10.0.0.1', count: 1 },
  { type: 'data.denied', ...asked, purpose: service, decision: 'deny', code: 'not-permitted', reason: 'The purpose is another one.', caller: '10.0.0.1', count: 4 },
  { type: 'data.requested', ...about, agreement: 'urn:uuid:a2', role: 'consumer', stated: { role: 'planner', purpose: service }, request: { method: 'GET', path: '', query: '' } },
  { type: 'data.refused', ...about, agreement: 'urn:uuid:a2', role: 'consumer', stated: { role: 'planner', purpose: service }, requested: 5, status: 429, code: 'quota-exceeded' },
  { type: 'data.received', ...about, agreement: 'urn:uuid:a2', role: 'consumer', stated: { role: 'planner', purpose: research }, requested: 5, status: 200, bytes: 50 },
]

let management: Management
let first: number
let auditor: string

beforeAll(async () => {
  management = await startManagement()
  const numbers: number[] = []
  for (const record of records) numbers.push(await management.deps.audit.record(record))
  first = numbers[0] ?? -1
  auditor = (await read<{ token: string }>('POST', '/tokens', { json: { name: 'Anna', role: 'auditor' } })).token
})
afterAll(() => management.close())

async function read<T>(method: string, path: string, request: { token?: string; json?: unknown } = {}): Promise<T> {
  const { text } = await management.call(method, path, request)
  return JSON.parse(text)
}

async function raw(path: string): Promise<Buffer> {
  const answer = await fetch(`${management.address}${path}`, { headers: { authorization: `Bearer ${auditor}` } })
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

async function numbers(query: string): Promise<number[]> {
  const { items } = await read<{ items: { index: number }[] }>('GET', `/audit/entries?${query}`, { token: auditor })
  return items.map(({ index }) => index - first)
}

describe('GET /audit/entries', () => {
  test('finds by role and purpose what others asked of us and what we asked of others', async () => {
    expect(await numbers('role=analyst')).toEqual([0, 1, 2, 3])
    expect(await numbers('role=planner')).toEqual([4, 5, 6])
    expect(await numbers(`purpose=${encodeURIComponent(service)}`)).toEqual([2, 3, 4, 5])
    expect(await numbers(`purpose=${encodeURIComponent(research)}&agreement=urn:uuid:a2`)).toEqual([6])
    expect(await numbers('role=auditor&type=data.denied')).toEqual([])
  })

  test('finds by decision, ours and the partner’s', async () => {
    expect(await numbers('decision=deny')).toEqual([2, 3, 5])
    expect(await numbers('decision=permit')).toEqual([0, 6])
    expect(await management.call('GET', '/audit/entries?decision=maybe')).toMatchObject({ status: 400 })
  })

  test('gives the newest first, page by page, and a range of numbers', async () => {
    const seen: number[] = []
    let cursor = ''
    for (;;) {
      const page = await read<{ items: { index: number }[]; next: string | null }>('GET', `/audit/entries?order=desc&limit=2&partner=did:web:lab.example${cursor}`)
      seen.push(...page.items.map(({ index }) => index - first))
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0])
    expect(await numbers(`from=${first + 2}&to=${first + 4}`)).toEqual([2, 3, 4])
    expect(await numbers(`from=${first + 2}&to=${first + 4}&order=desc&limit=2`)).toEqual([4, 3])
  })
})

interface Proof {
  readonly entry: string
  readonly log: string
  readonly vkey: string
  readonly leafIndex: number
  readonly leafHash: string
  readonly proof: readonly string[]
  readonly checkpoint: string
  readonly cosigned: readonly unknown[]
  readonly receipt: string
}

describe('Proofs', () => {
  test('of an entry lead from its text to the signed checkpoint', async () => {
    for (let index = 0; index < first + records.length; index++) {
      const answer = await read<Proof>('GET', `/audit/entries/${index}/proof`, { token: auditor })
      const { size, root } = parseCheckpoint(openNote(answer.checkpoint, [parseVkey(answer.vkey)]).text)
      const leaf = leafHash(Buffer.from(answer.entry))
      expect(leaf.toString('base64')).toBe(answer.leafHash)
      const proof = answer.proof.map((hash) => Buffer.from(hash, 'base64'))
      expect(verifyInclusion({ leaf, index: answer.leafIndex, size, proof, root })).toBe(true)
      expect(parseProof(answer.receipt)).toMatchObject({ index: answer.leafIndex, proof, checkpoint: answer.checkpoint, extra: leaf })
      expect(answer.cosigned).toEqual([])
    }
    expect(await management.call('GET', '/audit/entries/999999/proof')).toMatchObject({ status: 404 })
  })

  test('of two sizes show that the log only grew', async () => {
    const { items } = await read<{ items: { name: string; vkey: string }[] }>('GET', '/audit/logs', { token: auditor })
    const [log] = items
    const before = parseCheckpoint(openNote((await raw(`/audit/logs/${log?.name}/checkpoint`)).toString(), [parseVkey(log?.vkey ?? '')]).text)
    await management.deps.audit.record({ type: 'token.revoked', token: 'x' })
    const after = parseCheckpoint(openNote((await raw(`/audit/logs/${log?.name}/checkpoint`)).toString(), [parseVkey(log?.vkey ?? '')]).text)
    expect(after.size).toBeGreaterThan(before.size)
    const { proof } = await read<{ proof: string[] }>('GET', `/audit/logs/${log?.name}/consistency?from=${before.size}&to=${after.size}`)
    expect(verifyConsistency({ oldSize: before.size, oldRoot: before.root, size: after.size, root: after.root, proof: proof.map((hash) => Buffer.from(hash, 'base64')) })).toBe(true)
    expect(await management.call('GET', `/audit/logs/${log?.name}/consistency?from=1&to=99999`)).toMatchObject({ status: 404 })
    expect(await management.call('GET', '/audit/logs/none/checkpoint')).toMatchObject({ status: 404 })
    expect(await management.call('GET', '/audit/logs/..%2f/checkpoint')).toMatchObject({ status: 400 })
  })

  test('can be computed from tiles and entries', async () => {
    const { items } = await read<{ items: { name: string; vkey: string }[] }>('GET', '/audit/logs')
    const [log] = items
    const { size, root } = parseCheckpoint(openNote((await raw(`/audit/logs/${log?.name}/checkpoint`)).toString(), [parseVkey(log?.vkey ?? '')]).text)
    const entries = decodeEntries(await raw(`/audit/logs/${log?.name}/entries/0?width=${size}`))
    const tile = await raw(`/audit/logs/${log?.name}/tiles/0/0?width=${size}`)
    expect(Buffer.concat(entries.map((entry) => leafHash(entry)))).toEqual(tile)
    expect(treeHash(entries.map((entry) => leafHash(entry)))).toEqual(root)
    expect(await management.call('GET', `/audit/logs/${log?.name}/tiles/0/0?width=256`)).toMatchObject({ status: 404 })
    expect(await management.call('GET', `/audit/logs/${log?.name}/entries/1?width=1`)).toMatchObject({ status: 404 })
  })
})

describe('GET /audit/statistics', () => {
  test('counts what was permitted and refused, and sums what went out', async () => {
    const month = new Date().toISOString().slice(0, 7)
    const ours = await read('GET', '/audit/statistics?by=month&agreement=urn:uuid:a1', { token: auditor })
    expect(ours).toEqual({ by: 'month', timeZone: 'UTC', items: [{ start: `${month}-01`, records: 4, permitted: 1, refused: 5, rows: 7, bytes: 700, codes: { 'not-permitted': 5 } }] })
    const theirs = await read('GET', '/audit/statistics?by=month&agreement=urn:uuid:a2')
    expect(theirs).toMatchObject({ items: [{ records: 3, permitted: 1, refused: 1, bytes: 50, codes: { 'quota-exceeded': 1 } }] })
    expect(await read('GET', '/audit/statistics?agreement=urn:uuid:a3')).toMatchObject({ by: 'day', items: [] })
  })

  test('takes the days of a time zone, and refuses what is none', async () => {
    const zone = 'Pacific/Kiritimati'
    const here = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(new Date())
    expect(await read('GET', `/audit/statistics?timeZone=${zone}&agreement=urn:uuid:a2`)).toMatchObject({ timeZone: zone, items: [{ start: here }] })
    for (const none of ['Mars/Base', '%2B01:00', "x'%20or%20true"]) expect(await management.call('GET', `/audit/statistics?timeZone=${none}`)).toMatchObject({ status: 400 })
    for (const none of ['Mars/Base']) expect(await management.call('GET', `/audit/export?timeZone=${none}`)).toMatchObject({ status: 400 })
  })
})

describe('GET /audit/export', () => {
  test('CSV has times in the zone and in UTC, who asked, what was decided, and no formula', async () => {
    const { text, headers } = await management.call('GET', '/audit/export?format=csv&timeZone=Asia/Tokyo&partner=did:web:lab.example', { token: auditor })
    const [head, ...lines] = text.trimEnd().split('\r\n')
    expect(headers['concordat-count']).toBe('7')
    expect(lines).toHaveLength(7)
    const columns = head?.split(',') ?? []
    const cells = lines.map((line) => Object.fromEntries(line.split(',').map((cell, place) => [columns[place], cell])))
    expect(cells[0]).toMatchObject({ role: 'analyst', purpose: research, user: 'pseudonym:7', decision: 'permit', reason: "'=1+1" })
    expect(cells[2]).toMatchObject({ decision: 'deny', code: 'not-permitted' })
    expect(cells[5]).toMatchObject({ role: 'planner', decision: 'deny', code: 'quota-exceeded' })
    const { time, utc } = cells[0] ?? {}
    expect(new Date(`${time?.replace(' ', 'T')}+09:00`).getTime()).toBe(Math.floor(Date.parse(utc ?? '') / 1000) * 1000)
  })

  test('Parquet has typed columns', async () => {
    const folder = join(management.folder, 'parquet')
    const file = join(management.folder, 'audit.parquet')
    await writeFile(file, await raw('/audit/export?format=parquet&partner=did:web:lab.example'))
    const pool = createDuckDbPool({ directory: folder })
    try {
      const { columns, rows } = await pool.inspect({ path: file, format: 'parquet' })
      expect(rows).toBe(7)
      expect(columns).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'index', type: 'integer' }), expect.objectContaining({ name: 'utc', type: 'datetime' }), expect.objectContaining({ name: 'bytes', type: 'integer' }), expect.objectContaining({ name: 'role', type: 'string' })]))
    } finally {
      await pool.close()
    }
  })

  test('is itself recorded, with who wanted what and how many', async () => {
    await management.call('GET', '/audit/export?decision=deny&agreement=urn:uuid:a1', { token: auditor })
    const [last] = await management.deps.audit.entries({ type: 'audit.exported', descending: true, limit: 1 })
    expect(last).toMatchObject({ actor: 'Anna', format: 'ndjson', filter: { decision: 'deny', agreement: 'urn:uuid:a1' }, count: 2 })
  })

  test('needs a token of whoever may read', async () => {
    expect(await management.call('GET', '/audit/export', { token: '' })).toMatchObject({ status: 401 })
    const { token } = await read<{ token: string }>('POST', '/tokens', { token: operatorToken, json: { name: 'L', role: 'legal' } })
    expect(await management.call('GET', '/audit/export', { token })).toMatchObject({ status: 403 })
  })
})
