import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { link, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ProblemError } from '../../errors.ts'
import { ed25519Cosigner, mldsaCosigner } from '../../tlog/cosignature.ts'
import { ed25519Signer, vkeyOf } from '../../tlog/note.ts'
import type { Signer } from '../../tlog/note.ts'
import { isMissing } from './kept-file.ts'
import { createMarks } from './mark.ts'
import type { Marks } from './mark.ts'

/** What others need to verify what a key signed. */
interface PublicHalf {
  /** RFC 7638. */
  readonly thumbprint: string
  readonly publicJwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  readonly createdAt: Date
}

/** A key that signs checkpoints of our logs. */
export interface LogKey extends PublicHalf {
  /** C2SP signed-note: the key under the name of a log. `audit_log.vkey` has it. */
  vkey(origin: string): string
  /** Also that of the ML-DSA-44 signature, where there is one. */
  vkeys(origin: string): readonly string[]
  signers(origin: string): readonly Signer[]
}

/** The key that cosigns the logs of partners. C2SP tlog-cosignature: a key of its own, since what it signs does not name the signer. */
export interface WitnessKey extends PublicHalf {
  vkey(name: string): string
  signer(name: string): Signer
}

/** The keys in a folder. Several processes may share it: each finds the keys that another made. */
export interface LogKeys {
  /** The key that the next log begins with; undefined when the folder has none. */
  current(): LogKey | undefined
  /** The key of a log; undefined when it is not there: the log cannot be signed. */
  find(origin: string, vkey: string): LogKey | undefined
  /** All log keys, oldest first. */
  list(): readonly LogKey[]
  /** Makes the key that the next log begins with. */
  rotate(): Promise<LogKey>
  readonly witness: WitnessKey
  /** What an entry is marked with when it is written: whoever can only write in the database cannot make it. */
  readonly marks: Marks
}

export interface LogKeyOptions {
  /** Make a log key where there is none: only while the log is empty, for a log that lost its key must not go on with another. */
  readonly create: boolean
  /** Sign with ML-DSA-44 as well. */
  readonly mldsa?: boolean
  readonly clock: () => Date
}

// C2SP signed-note, types of signatures.
const noteEd25519 = 0x01
const cosignatureEd25519 = 0x04
const cosignatureMldsa = 0x06

const logKeyFile = /^log-\d{6}\.json$/
const witnessFile = 'witness.json'
const mldsaFile = 'mldsa.json'

/** Opens the keys in `directory`, and makes those that are missing and may be made. Refuses files that others can read. */
export async function openLogKeys(directory: string, options: LogKeyOptions): Promise<LogKeys> {
  const { clock } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  checkFolder(directory)
  if (options.create && logKeyFiles(directory).length === 0) await writeKey(directory, 'log-000001.json', newEd25519(clock()))
  if (readKey(directory, witnessFile) === undefined) await writeKey(directory, witnessFile, newEd25519(clock()))
  if (options.mldsa === true && readKey(directory, mldsaFile) === undefined) await writeKey(directory, mldsaFile, newMldsa(clock()))
  const mldsa = options.mldsa === true ? mldsaKey(directory) : undefined

  function list(): readonly LogKey[] {
    return logKeyFiles(directory).flatMap((file) => {
      const stored = readKey(directory, file)
      return stored === undefined ? [] : logKey(ed25519Key(directory, file, stored), mldsa, clock)
    })
  }
  async function rotate(): Promise<LogKey> {
    const last = Number.parseInt(logKeyFiles(directory).at(-1)?.slice(4) ?? '0', 10)
    const file = `log-${String(last + 1).padStart(6, '0')}.json`
    await writeKey(directory, file, newEd25519(clock()))
    const made = list().at(-1)
    if (made === undefined) throw new Error(`The key file ${file} is gone`)
    return made
  }
  const witness = ed25519Key(directory, witnessFile, readKey(directory, witnessFile) ?? {})
  const markKey = Buffer.from(hkdfSync('sha256', witness.signing.export({ format: 'der', type: 'pkcs8' }), '', 'concordat entry mark', 32))
  // A key that cannot be used is told of now, not when the next log begins.
  list()
  return {
    current: () => list().at(-1),
    find: (origin, vkey) => list().find((key) => key.vkey(origin) === vkey),
    list,
    rotate,
    marks: createMarks(markKey),
    witness: {
      ...halfOf(witness),
      vkey: (name) => vkeyOf(name, cosignatureEd25519, createPublicKey(witness.signing)),
      signer: (name) => ed25519Cosigner(name, witness.signing, clock),
    },
  }
}

interface StoredKey extends PublicHalf {
  readonly signing: KeyObject
}

function logKey(key: StoredKey, mldsa: KeyObject | undefined, clock: () => Date): LogKey {
  const publicKey = createPublicKey(key.signing)
  const vkey = (origin: string) => vkeyOf(origin, noteEd25519, publicKey)
  return {
    ...halfOf(key),
    vkey,
    vkeys: (origin) => [vkey(origin), ...(mldsa === undefined ? [] : [vkeyOf(origin, cosignatureMldsa, createPublicKey(mldsa))])],
    signers: (origin) => [ed25519Signer(origin, key.signing), ...(mldsa === undefined ? [] : [mldsaCosigner(origin, mldsa, clock)])],
  }
}

function halfOf({ thumbprint, publicJwk, createdAt }: PublicHalf): PublicHalf {
  return { thumbprint, publicJwk, createdAt }
}

function checkFolder(directory: string): void {
  if (process.platform !== 'win32' && (statSync(directory).mode & 0o022) !== 0) throw new ProblemError('conflict', `Others can write to the key folder ${directory}. Run: chmod 700 '${directory}'`)
}

function logKeyFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => logKeyFile.test(name)).toSorted()
}

type Members = Readonly<Record<string, unknown>>

function readKey(directory: string, file: string): Members | undefined {
  const path = join(directory, file)
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) throw new ProblemError('conflict', `Others can read the key file ${path}. Run: chmod 600 '${path}'`)
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (error) {
    if (isMissing(error)) return undefined
    if (Error.isError(error) && error.name === 'SyntaxError') throw damaged(path)
    throw error
  }
}

function ed25519Key(directory: string, file: string, members: Members): StoredKey {
  const { kty, crv, x, d, kid, createdAt } = members
  const time = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN
  const valid = kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && typeof d === 'string' && !Number.isNaN(time)
  if (!valid || kid !== thumbprintOf(x)) throw damaged(join(directory, file))
  const signing = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' })
  // The public half is derived from the private one: a file that pairs a key with the public half of another signs what nobody can verify.
  if (createPublicKey(signing).export({ format: 'jwk' }).x !== x) throw damaged(join(directory, file))
  return { thumbprint: kid, publicJwk: { kty, crv, x }, createdAt: new Date(time), signing }
}

function mldsaKey(directory: string): KeyObject {
  const { kty, alg, pub, priv } = readKey(directory, mldsaFile) ?? {}
  if (kty !== 'AKP' || alg !== 'ML-DSA-44' || typeof pub !== 'string' || typeof priv !== 'string') throw damaged(join(directory, mldsaFile))
  return createPrivateKey({ key: { kty, alg, pub, priv }, format: 'jwk' })
}

function damaged(path: string): ProblemError {
  return new ProblemError('conflict', `The key file ${path} is damaged. Restore it from its backup.`)
}

function newEd25519(now: Date): Members {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return { kty: 'OKP', crv: 'Ed25519', x, d, kid: thumbprintOf(x), createdAt: now.toISOString() }
}

function newMldsa(now: Date): Members {
  return { ...generateKeyPairSync('ml-dsa-44').privateKey.export({ format: 'jwk' }), createdAt: now.toISOString() }
}

/** Writes a file that is not there yet, whole or not at all; another process that makes the same one at once wins or loses as a whole. */
async function writeKey(directory: string, file: string, key: Members): Promise<void> {
  const unfinished = join(directory, `${file}.${randomUUID()}.new`)
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(key)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(unfinished, join(directory, file))
  } catch (error) {
    if (!(Error.isError(error) && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(unfinished, { force: true })
  }
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

// RFC 7638 with the members of RFC 8037 §2.
function thumbprintOf(x: string): string {
  return createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })).digest('base64url')
}
