import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ProblemError } from '../errors.ts'
import type { PublicJwk } from './did-document.ts'

/** How long a token of ours is valid, how far clocks may differ, and how long a new key is shown before it signs. */
export const tokenSeconds = 300
export const skewSeconds = 30
const shownFirstSeconds = 10

/** A key of ours. The private half stays in its file and in `signing`. */
export interface Key {
  /** The key's thumbprint (RFC 7638), the fragment of its DID URL. */
  readonly thumbprint: string
  readonly publicJwk: PublicJwk
  readonly signing: KeyObject
}

/** Our keys, oldest first. Several processes may use one folder; each sees the others' rotations within two seconds. */
export interface Keyring {
  /** The key that signs now. */
  current(): Key
  /** The keys that tokens still in use may be signed with. */
  published(): readonly Key[]
  /** Makes a new key, and removes the files of keys whose tokens are over. */
  rotate(): Promise<{ thumbprint: string; previousUntil: Date }>
}

interface StoredKey extends Key {
  readonly file: string
  readonly createdAt: number
}

/** Makes the first key in `directory`, for `init`. 'already-exists' when there is one. */
export async function createKeys(directory: string, clock: () => Date = () => new Date()): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if ((await readdir(directory)).some(isKeyFile)) throw new ProblemError('already-exists', `The folder ${directory} has keys already. To get a new key, rotate it.`)
  await writeKey(directory, 1, clock())
}

/** Opens the keys in `directory`; refuses to go on without a key, or with one that others can read. */
export async function openKeys(directory: string, clock: () => Date): Promise<Keyring> {
  let keys = readKeys(directory, [])
  let readAt = clock().getTime()
  await removeOld()
  let rotation: Promise<unknown> = Promise.resolve()

  function refresh(): void {
    keys = readKeys(directory, keys)
    readAt = clock().getTime()
  }
  function known(): readonly StoredKey[] {
    if (Math.abs(clock().getTime() - readAt) >= 2_000) refresh()
    return keys
  }
  async function removeOld(): Promise<void> {
    const kept = publishedAt(keys, clock().getTime())
    for (const key of keys) if (!kept.includes(key)) await rm(join(directory, key.file), { force: true })
    keys = kept
  }
  async function addKey(): Promise<{ thumbprint: string; previousUntil: Date }> {
    refresh()
    const now = clock()
    const thumbprint = await writeKey(directory, sequenceOf(keys.at(-1)?.file ?? '') + 1, now)
    refresh()
    await removeOld()
    return { thumbprint, previousUntil: new Date(endOfPrevious(now.getTime())) }
  }
  return {
    current: () => currentAt(known(), clock().getTime()),
    published: () => publishedAt(known(), clock().getTime()),
    rotate: () => {
      const next = rotation.then(addKey, addKey)
      rotation = next
      return next
    },
  }
}

// A key signs once it was shown long enough for every process of ours to publish it and for every partner that is asked about
// it to fetch it: partners fetch a document again at most every few seconds.
function currentAt(keys: readonly StoredKey[], now: number): StoredKey {
  const shown = keys.findLast((key) => key.createdAt + shownFirstSeconds * 1000 <= now) ?? keys[0]
  if (shown === undefined) throw new Error('The key folder became empty')
  return shown
}

function publishedAt(keys: readonly StoredKey[], now: number): readonly StoredKey[] {
  return keys.filter((_, place) => {
    const next = keys[place + 1]
    return next === undefined || now < endOfPrevious(next.createdAt)
  })
}

/** When the last token is over that was signed with the key before one created at `createdAt`. */
function endOfPrevious(createdAt: number): number {
  return createdAt + (shownFirstSeconds + tokenSeconds + skewSeconds) * 1000
}

function isKeyFile(name: string): boolean {
  return /^\d{6}-[\w-]{43}\.json$/.test(name)
}

function sequenceOf(file: string): number {
  return Number.parseInt(file, 10) || 0
}

function readKeys(directory: string, before: readonly StoredKey[]): readonly StoredKey[] {
  const keys = keyFiles(directory).flatMap((file) => before.find((key) => key.file === file) ?? readKey(directory, file) ?? [])
  if (keys.length === 0) throw new ProblemError('not-found', `There is no key in ${directory}. Make one with 'concordat init', or restore the folder from its backup.`)
  return keys
}

function keyFiles(directory: string): string[] {
  try {
    const { mode } = statSync(directory)
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) throw new ProblemError('conflict', `Others can write to the key folder ${directory}. Run: chmod 700 '${directory}'`)
    return readdirSync(directory).filter(isKeyFile).toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function readKey(directory: string, file: string): StoredKey | undefined {
  const path = join(directory, file)
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) throw new ProblemError('conflict', `Others can read the key file ${path}. Run: chmod 600 '${path}'`)
    return parseKey(path, file, readFileSync(path, 'utf8'))
  } catch (error) {
    // Another process may have removed a key whose time is over.
    if (isMissing(error)) return undefined
    throw error
  }
}

function parseKey(path: string, file: string, text: string): StoredKey {
  const jwk = parseObject(text)
  const { crv, x, d, createdAt } = jwk
  const time = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN
  if (crv !== 'Ed25519' || typeof x !== 'string' || typeof d !== 'string' || Number.isNaN(time) || thumbprintOf(x) !== file.slice(7, -5)) {
    throw new ProblemError('conflict', `The key file ${path} is damaged. Restore it from its backup, or remove it if there is a newer one.`)
  }
  const signing = createPrivateKey({ key: { kty: 'OKP', crv, x, d }, format: 'jwk' })
  return { file, createdAt: time, thumbprint: thumbprintOf(x), publicJwk: { kty: 'OKP', crv, x }, signing }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

async function writeKey(directory: string, sequence: number, now: Date): Promise<string> {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const thumbprint = thumbprintOf(x)
  const file = `${String(sequence).padStart(6, '0')}-${thumbprint}.json`
  const unfinished = join(directory, `${file}.new`)
  const handle = await open(unfinished, 'wx', 0o600)
  await handle.writeFile(`${JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x, d, alg: 'EdDSA', use: 'sig', kid: thumbprint, createdAt: now.toISOString() })}\n`)
  await handle.sync()
  await handle.close()
  await rename(unfinished, join(directory, file))
  return thumbprint
}

/** The thumbprint of an Ed25519 key: RFC 7638 with the members of RFC 8037 §2. */
export function thumbprintOf(x: string): string {
  return createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })).digest('base64url')
}

function isMissing(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && error.code === 'ENOENT'
}
