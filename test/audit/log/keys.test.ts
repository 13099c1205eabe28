import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLogKeys } from '../../../src/audit/log/keys.ts'
import { formatNote, openNote, parseVkey } from '../../../src/tlog/note.ts'

const origin = 'data.city.example/log/2026'
const clock = () => new Date('2026-11-21T10:00:00.000Z')
const open = (options: { create?: boolean; mldsa?: boolean } = {}) => openLogKeys(directory, { create: true, clock, ...options })

let parent: string
let directory: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'concordat-log-keys-'))
  directory = join(parent, 'log', 'keys')
})
afterEach(() => rm(parent, { recursive: true, force: true }))

test('log key and witness key are two, in files of their owner alone', async () => {
  const keys = await open()
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  expect((await readdir(directory)).toSorted()).toEqual(['log-000001.json', 'witness.json'])
  for (const file of await readdir(directory)) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600)
  expect(keys.current()?.thumbprint).toMatch(/^[\w-]{43}$/)
  expect(keys.current()?.thumbprint).not.toBe(keys.witness.thumbprint)
  expect(Object.keys(keys.witness)).not.toContain('signing')
  expect(JSON.stringify(keys.current()?.publicJwk)).not.toContain('"d"')
})

test('what a key signs verifies with its vkey, under the name of the log', async () => {
  const keys = await open({ mldsa: true })
  const key = keys.current()
  const body = `${origin}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`
  const note = formatNote(body, [...(key?.signers(origin) ?? []), keys.witness.signer('data.city.example/witness')])
  const vkeys = [...(key?.vkeys(origin) ?? []), keys.witness.vkey('data.city.example/witness')]
  expect(vkeys.map((vkey) => vkey.split('+')[0])).toEqual([origin, origin, 'data.city.example/witness'])
  const { signedBy } = openNote(note, vkeys.map((vkey) => parseVkey(vkey)))
  expect(signedBy).toHaveLength(3)
})

test('a log whose key is gone, or is another, finds none; nothing is made in its place', async () => {
  const vkey = (await open()).current()?.vkey(origin) ?? ''
  expect((await open()).find(origin, vkey)?.vkey(origin)).toBe(vkey)
  expect((await open()).find('data.city.example/log/2027', vkey)).toBeUndefined()
  await rm(join(directory, 'log-000001.json'))
  const without = await open({ create: false })
  expect(without.current()).toBeUndefined()
  expect(without.find(origin, vkey)).toBeUndefined()
  const other = await open({ create: true })
  expect(other.current()).toBeDefined()
  expect(other.find(origin, vkey)).toBeUndefined()
})

test('a rotation is seen by a process that had the folder open, and the old key can still be found', async () => {
  const one = await open()
  const another = await open()
  const before = one.current()?.vkey(origin) ?? ''
  const made = await one.rotate()
  expect(another.current()?.thumbprint).toBe(made.thumbprint)
  expect(another.list()).toHaveLength(2)
  expect(another.find(origin, before)?.vkey(origin)).toBe(before)
})

test('processes that start at once in an empty folder end with the same keys', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => open({ mldsa: true })))
  expect(new Set(all.map((keys) => keys.current()?.thumbprint)).size).toBe(1)
  expect(new Set(all.map((keys) => keys.witness.thumbprint)).size).toBe(1)
  expect(new Set(all.flatMap((keys) => keys.current()?.vkeys(origin) ?? [])).size).toBe(2)
  expect((await readdir(directory)).toSorted()).toEqual(['log-000001.json', 'mldsa.json', 'witness.json'])
})

test('keys that others can reach, and damaged ones, are refused with what to do', async () => {
  await open()
  const file = join(directory, 'log-000001.json')
  for (const mode of [0o640, 0o604, 0o644]) {
    await chmod(file, mode)
    await expect(open()).rejects.toThrow(`chmod 600 '${file}'`)
  }
  await chmod(file, 0o600)
  await chmod(directory, 0o770)
  await expect(open()).rejects.toThrow(`chmod 700 '${directory}'`)
  await chmod(directory, 0o700)
  const text = await readFile(file, 'utf8')
  const { x } = JSON.parse(await readFile(join(directory, 'witness.json'), 'utf8'))
  const mixed = JSON.stringify({ ...JSON.parse(text), x })
  for (const damaged of ['', '{', '[]', 'null', text.slice(0, 80), text.replace(/"x":"../, '"x":"AA'), text.replace('Ed25519', 'P-256'), mixed]) {
    await writeFile(file, damaged)
    await expect(open()).rejects.toThrow('is damaged')
  }
})
