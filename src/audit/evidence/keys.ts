import type { Database } from '../../persistence/database.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import { isObject } from '../../tlog/bundle/json.ts'
import { signatureTypes } from '../../tlog/keys.ts'
import { parseVkey, vkeyOf } from '../../tlog/note.ts'
import { entryFields } from '../entry.ts'
import type { LogInfo } from '../log/log.ts'
import type { FoundEntry } from '../search/store.ts'
import { listWitnesses } from '../witness/store.ts'
import { findPartnerLogKey } from './store.ts'

/** A key that an identity signs with, by its DID URL. */
export interface IdentityKey {
  readonly kid: string
  readonly jwk: { readonly [name: string]: JsonValue | undefined }
}

/** A line of `keys.json`. */
export interface ListedKey {
  readonly use: 'log' | 'witness' | 'identity'
  readonly name: string
  readonly vkey?: string
  readonly jwk?: IdentityKey['jwk']
  readonly from: string
  readonly until: string | null
  readonly participant: string
}

export interface KeysInput {
  readonly connector: string
  readonly partner: string
  readonly logs: readonly LogInfo[]
  readonly changes: readonly FoundEntry[]
  /** The keys that both have now. */
  readonly identities: readonly (IdentityKey & { readonly participant: string })[]
  /** Logs of the partner that receipts are of. */
  readonly origins: ReadonlySet<string>
  /** The keys of the partner's logs now: base64url of 32 bytes (Ed25519). */
  readonly logKeys: readonly { readonly x: string }[]
  readonly now: Date
}

/** Every key that something in the bundle is signed with, once each. */
export async function listKeys(database: Pick<Database, 'db'>, input: KeysInput): Promise<ListedKey[]> {
  const keys: ListedKey[] = [...logKeysOf(input), ...input.changes.flatMap((row) => keysInChange(row, input)), ...input.identities.map((key) => listed(key, input.now.toISOString()))]
  // One that was asked just now for the first time is not on record before this export.
  for (const { name, vkey, partner } of await listWitnesses(database.db)) keys.push({ use: 'witness', name, vkey, from: input.now.toISOString(), until: null, participant: partner ?? name })
  for (const origin of input.origins) {
    const found = await findPartnerLogKey(database.db, origin)
    if (found !== undefined) keys.push({ use: 'log', name: origin, vkey: found.vkey, from: found.firstSeenAt.toISOString(), until: null, participant: found.partner })
    for (const { x } of input.logKeys.filter((key) => Buffer.from(key.x, 'base64url').length === 32)) keys.push({ use: 'log', name: origin, vkey: vkeyOf(origin, signatureTypes.ed25519, Buffer.from(x, 'base64url')), from: input.now.toISOString(), until: null, participant: input.partner })
  }
  const seen = new Set<string>()
  return keys.filter(({ use, name, vkey, jwk }) => {
    // A participant may change its key and leave it its name.
    const key = `${use} ${name} ${vkey ?? JSON.stringify([jwk?.['crv'], jwk?.['x'], jwk?.['y']])}`
    return !seen.has(key) && seen.add(key)
  })
}

function logKeysOf({ logs, connector }: KeysInput): ListedKey[] {
  return logs.map(({ origin, vkey, openedAt, closedAt }) => ({ use: 'log', name: origin, vkey, from: openedAt.toISOString(), until: closedAt?.toISOString() ?? null, participant: connector }))
}

/** What a change says of keys: second keys of logs, witnesses, and identities. */
function keysInChange(row: FoundEntry, { connector, partner, logs }: KeysInput): ListedKey[] {
  const { type, time, mldsa, origin, witness, vkey, kid, jwk, ...more } = entryFields(row)
  if (type === 'log.opened') return typeof mldsa === 'string' && typeof origin === 'string' && logs.some((log) => log.origin === origin) ? [{ use: 'log', name: parseVkey(mldsa).name, vkey: mldsa, from: time, until: null, participant: connector }] : []
  if (type === 'witness.added') return typeof witness === 'string' && typeof vkey === 'string' ? [{ use: 'witness', name: witness, vkey, from: time, until: null, participant: more.partner ?? witness }] : []
  if (typeof kid !== 'string' || !isObject(jwk)) return []
  return [listed({ kid, jwk: plainJwk(jwk), participant: type === 'key.seen' ? partner : connector }, time)]
}

function plainJwk(jwk: Readonly<Record<string, unknown>>): IdentityKey['jwk'] {
  return Object.fromEntries(['kty', 'crv', 'x', 'y'].flatMap((name) => (typeof jwk[name] === 'string' ? [[name, jwk[name]] as const] : [])))
}

function listed({ kid, jwk, participant }: IdentityKey & { readonly participant: string }, from: string): ListedKey {
  return { use: 'identity', name: kid, jwk, from, until: null, participant }
}
