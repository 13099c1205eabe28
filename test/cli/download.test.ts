import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fileNameIn, sha256In } from '../../src/cli/digest.ts'
import { commandFor } from '../helpers/command.ts'
import { problem, startStandIn } from './management-stand-in.ts'
import type { Asked, StandIn } from './management-stand-in.ts'

const content = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `row ${index}\n`).join(''))
const digest = (bytes: Buffer) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
const sha256 = createHash('sha256').update(content).digest('hex')

let standIn: StandIn
let folder: string
let file: string
let concordat: ReturnType<typeof commandFor>

beforeAll(async () => {
  standIn = await startStandIn()
  concordat = commandFor(standIn)
})
afterAll(async () => {
  await standIn[Symbol.asyncDispose]()
})
beforeEach(async () => {
  standIn.asked.length = 0
  folder = await mkdtemp(join(tmpdir(), 'concordat-get-'))
  file = join(folder, 'rows.csv')
})
afterEach(() => rm(folder, { recursive: true }))

const whole = { etag: '"v1"', 'accept-ranges': 'bytes', 'content-digest': digest(content), 'repr-digest': digest(content), 'content-length': String(content.length), 'content-disposition': 'attachment; filename="rows.csv"' }

function rangeOf(asked: Asked): number {
  return Number(/^bytes=(\d+)-$/.exec(asked.headers.range ?? '')?.[1] ?? 0)
}

/** Sends `upTo` bytes of the whole, and breaks the connection. */
function breakOff(response: ServerResponse, upTo: number, headers: Record<string, string> = whole): void {
  response.writeHead(200, headers)
  response.write(content.subarray(0, upTo), () => setImmediate(() => response.destroy()))
}

function rest(asked: Asked, response: ServerResponse): void {
  const from = rangeOf(asked)
  const part = content.subarray(from)
  const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}`, 'content-length': String(part.length), 'content-digest': digest(part) }
  response.writeHead(206, { ...whole, ...range }).end(part)
}

describe('get', () => {
  test('writes the file whole, checks its digest and leaves nothing beside it', async () => {
    standIn.answers = (_asked, response) => response.writeHead(200, whole).end(content)
    const { code, out } = await concordat('get', 'urn:uuid:t', '--format', 'csv', '--out', file, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({ file, bytes: content.length, sha256, digest: 'verified', resumedFrom: 0 })
    expect(await readdir(folder)).toEqual(['rows.csv'])
    expect(standIn.asked[0]).toMatchObject({ path: '/transfers/urn%3Auuid%3At/data?format=csv', headers: { 'accept-encoding': 'identity' } })
  })

  test('goes on at once where it broke off', async () => {
    standIn.answers = (asked, response) => (asked.headers.range === undefined ? breakOff(response, 50_000) : rest(asked, response))
    const { code, out, err } = await concordat('get', 'urn:uuid:t', '--out', file, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ sha256, digest: 'verified', resumedFrom: 50_000 })
    expect(err).toContain('going on')
    expect(standIn.asked[1]?.headers).toMatchObject({ range: 'bytes=50000-', 'if-range': '"v1"' })
    expect(await readFile(file)).toEqual(content)
  })

  test('goes on in a later run, when there was no progress any more', async () => {
    standIn.answers = (asked, response) => (asked.headers.range === undefined ? breakOff(response, 50_000) : problem(response, 502, 'peer-failed', 'The partner did not answer.'))
    expect(await concordat('get', 'urn:uuid:t', '--out', file)).toMatchObject({ code: 1 })
    expect((await readdir(folder)).toSorted()).toEqual(['rows.csv.part', 'rows.csv.part.json'])
    standIn.answers = rest
    expect(await concordat('get', 'urn:uuid:t', '--out', file)).toMatchObject({ code: 0, out: expect.stringContaining('went on at byte 50000') })
    expect(await readFile(file)).toEqual(content)
  })

  test('begins anew when the data changed, or the part is of something else', async () => {
    standIn.answers = (asked, response) => (asked.headers.range === undefined ? breakOff(response, 50_000) : response.writeHead(200, { ...whole, etag: '"v2"' }).end(content))
    expect(JSON.parse((await concordat('get', 'urn:uuid:t', '--out', file, '--json')).out)).toMatchObject({ sha256, resumedFrom: 0 })

    await writeFile(`${file}.part`, content.subarray(0, 10))
    await writeFile(`${file}.part.json`, JSON.stringify({ wanted: { transferId: 'urn:uuid:another', query: {} }, etag: '"v1"' }))
    standIn.asked.length = 0
    standIn.answers = (_asked, response) => response.writeHead(200, whole).end(content)
    expect(JSON.parse((await concordat('get', 'urn:uuid:t', '--out', file, '--json')).out)).toMatchObject({ sha256, resumedFrom: 0 })
    expect(standIn.asked[0]?.headers.range).toBeUndefined()
  })

  test('a part that is whole already is taken', async () => {
    await writeFile(`${file}.part`, content)
    await writeFile(`${file}.part.json`, JSON.stringify({ wanted: { transferId: 'urn:uuid:t', query: {} }, etag: '"v1"', sha256 }))
    standIn.answers = (_asked, response) => problem(response, 416, 'range-not-satisfiable', 'The provider answered 416.')
    expect(JSON.parse((await concordat('get', 'urn:uuid:t', '--out', file, '--json')).out)).toMatchObject({ sha256, digest: 'verified' })
  })

  test('a part that was altered is found out and thrown away', async () => {
    standIn.answers = (asked, response) => (asked.headers.range === undefined ? breakOff(response, 50_000) : problem(response, 502, 'peer-failed', 'No.'))
    await concordat('get', 'urn:uuid:t', '--out', file)
    const part = await readFile(`${file}.part`)
    part[7] = 0
    await writeFile(`${file}.part`, part)
    standIn.answers = rest
    expect(await concordat('get', 'urn:uuid:t', '--out', file)).toMatchObject({ code: 1, err: expect.stringContaining('is not what the provider says it sent') })
    expect(await readdir(folder)).toEqual([])
  })

  test('what does not match its digest is thrown away', async () => {
    standIn.answers = (_asked, response) => response.writeHead(200, { 'content-digest': digest(Buffer.from('other')) }).end(content)
    expect(await concordat('get', 'urn:uuid:t', '--out', file)).toMatchObject({ code: 1, out: '' })
    expect(await readdir(folder)).toEqual([])
    expect(await concordat('get', 'urn:uuid:t', '--out', '-')).toMatchObject({ code: 1, err: expect.stringContaining('Do not use it') })
  })

  test('without a strong ETag nothing is put behind a part', async () => {
    const { etag: _etag, ...weak } = whole
    standIn.answers = (_asked, response) => breakOff(response, 50_000, weak)
    expect(await concordat('get', 'urn:uuid:t', '--out', file)).toMatchObject({ code: 1, err: expect.stringContaining('broke off') })
    standIn.answers = (_asked, response) => response.writeHead(200, weak).end(content)
    expect(await concordat('get', 'urn:uuid:t', '--out', file)).toMatchObject({ code: 0 })
    expect(standIn.asked.every(({ headers }) => headers.range === undefined)).toBe(true)
    expect(await readFile(file)).toEqual(content)
  })

  test('--out - writes the data and nothing else to stdout', async () => {
    standIn.answers = (_asked, response) => response.writeHead(200, whole).end(content)
    const { code, out, err } = await concordat('get', 'urn:uuid:t', '--out', '-')
    expect(code).toBe(0)
    expect(out).toBe(content.toString())
    expect(err).toContain(`sha256 ${sha256} (digest checked)`)
    expect(await concordat('get', 'urn:uuid:t', '--out', '-', '--json')).toMatchObject({ code: 2 })
  })

  test('the file cannot be written', async () => {
    standIn.answers = (_asked, response) => response.writeHead(200, whole).end(content)
    expect(await concordat('get', 'urn:uuid:t', '--out', join(folder, 'no', 'such', 'folder', 'x'))).toMatchObject({ code: 1, err: expect.stringContaining('concordat: ') })
    const asked = standIn.asked.length
    expect(await concordat('get', 'urn:uuid:t', '--out', folder)).toMatchObject({ code: 2, err: `concordat: ${folder} is a folder. Name a file in it.\n` })
    expect(standIn.asked).toHaveLength(asked)
  })
})

describe('header fields', () => {
  test('a file name stays in its folder', () => {
    expect(fileNameIn('attachment; filename="../../etc/passwd"')).toBe('passwd')
    expect(fileNameIn(String.raw`attachment; filename="..\\..\\x.csv"`)).toBe('x.csv')
    expect(fileNameIn("attachment; filename=\"a.csv\"; filename*=UTF-8''dades%20%28mar%C3%A7%29.csv")).toBe('dades (març).csv')
    expect(fileNameIn("attachment; filename*=UTF-8''%2e%2e%2f.bashrc")).toBe('bashrc')
    expect(fileNameIn('attachment; filename=".."')).toBeUndefined()
    expect(fileNameIn("attachment; filename*=UTF-8''%zz")).toBeUndefined()
    expect(fileNameIn(undefined)).toBeUndefined()
  })

  test('a digest field', () => {
    expect(sha256In(`sha-512=:AAAA:, ${digest(content)}`)).toBe(sha256)
    expect(sha256In('sha-256=:short:')).toBeUndefined()
    expect(sha256In(undefined)).toBeUndefined()
  })
})
