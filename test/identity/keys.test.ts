import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKeys, openKeys } from '../../src/identity/keys.ts'
import { testClock } from './participant.ts'
import type { TestClock } from './participant.ts'

let parent: string
let directory: string
let clock: TestClock
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'concordat-keys-'))
  directory = join(parent, 'keys')
  clock = testClock()
})
afterEach(() => rm(parent, { recursive: true, force: true }))

const onlyFile = async () => join(directory, (await readdir(directory))[0] ?? '')

test('the first key is a file of its owner alone, in a folder of its owner alone', async () => {
  await createKeys(directory, clock)
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  expect(await readdir(directory)).toHaveLength(1)
  expect((await stat(await onlyFile())).mode & 0o777).toBe(0o600)
  const { d, ...jwk } = JSON.parse(await readFile(await onlyFile(), 'utf8'))
  const { publicJwk, thumbprint } = (await openKeys(directory, clock)).current()
  expect(d).toMatch(/^[\w-]{43}$/)
  expect(jwk).toEqual({ ...publicJwk, alg: 'EdDSA', use: 'sig', kid: thumbprint, createdAt: clock().toISOString() })
  expect(Object.keys(publicJwk)).toEqual(['kty', 'crv', 'x'])
  await expect(createKeys(directory, clock)).rejects.toMatchObject({ code: 'already-exists' })
})

test('without keys, or with keys that others can reach, nothing starts, and the message says what to do', async () => {
  await expect(openKeys(directory, clock)).rejects.toThrow('concordat init')
  await createKeys(directory, clock)
  const file = await onlyFile()
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    await chmod(file, mode)
    await expect(openKeys(directory, clock)).rejects.toThrow(`chmod 600 '${file}'`)
  }
  await chmod(file, 0o600)
  await chmod(directory, 0o770)
  await expect(openKeys(directory, clock)).rejects.toThrow(`chmod 700 '${directory}'`)
  await chmod(directory, 0o700)
  const text = await readFile(file, 'utf8')
  for (const damaged of ['', '{', '[]', text.slice(0, 100), text.replace(/"x":"../, '"x":"AA'), text.replace('Ed25519', 'P-256')]) {
    await writeFile(file, damaged)
    await expect(openKeys(directory, clock)).rejects.toThrow('is damaged')
  }
})

test('a rotation shows the new key first, and the old file goes when its tokens are over', async () => {
  await createKeys(directory, clock)
  const keys = await openKeys(directory, clock)
  const first = keys.current().thumbprint
  const { thumbprint: second, previousUntil } = await keys.rotate()
  expect(keys.current().thumbprint).toBe(first)
  clock.forward(10)
  expect(keys.current().thumbprint).toBe(second)
  expect(keys.published().map((key) => key.thumbprint)).toEqual([first, second])
  expect(previousUntil.getTime() - clock().getTime()).toBe(330_000)
  clock.forward(329)
  expect(keys.published()).toHaveLength(2)
  clock.forward(1)
  expect(keys.published().map((key) => key.thumbprint)).toEqual([second])
  expect(await readdir(directory)).toHaveLength(2)
  const again = await openKeys(directory, clock)
  expect(await readdir(directory)).toHaveLength(1)
  expect(again.current().thumbprint).toBe(second)
})

test('two processes on one folder see each other, and rotations at once leave every key usable', async () => {
  await createKeys(directory, clock)
  const one = await openKeys(directory, clock)
  const other = await openKeys(directory, clock)
  await Promise.all([one.rotate(), one.rotate(), other.rotate()])
  clock.forward(2)
  const shown = one.published().map((key) => key.thumbprint)
  expect(shown).toHaveLength(4)
  expect(other.published().map((key) => key.thumbprint)).toEqual(shown)
  clock.forward(9)
  expect(one.current().thumbprint).toBe(other.current().thumbprint)
  expect(one.current().thumbprint).toBe(shown[3])
})
