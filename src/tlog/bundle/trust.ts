import { isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { parseVkey } from '../note.ts'
import type { Verifier } from '../note.ts'
import { rawPublicKey, signatureTypes } from '../keys.ts'
import type { BundleKey } from './form.ts'
import { createTally } from './report.ts'
import type { Finding, Limit, Tally } from './report.ts'

/** Keys that the reader has from elsewhere. */
export interface Trust {
  /** Keys of logs and witnesses (C2SP signed-note). */
  readonly vkeys?: readonly string[]
  /** DID documents of participants, as parsed. */
  readonly documents?: readonly unknown[]
}

interface PinnedDocument {
  readonly id: string
  /** Ed25519, base64url. */
  readonly keys: ReadonlySet<unknown>
  /** For which uses it has keys that sign notes. */
  readonly uses: ReadonlySet<string>
  /** By DID URL. */
  readonly methods: ReadonlyMap<string, JsonObject>
}

type Standing = 'pinned' | 'unknown' | 'contradicted'

/** Those of `keys` that the reader has from elsewhere. */
export function pinnedIn(trust: Trust, keys: readonly BundleKey[]): BundleKey[] {
  const standingOf = standings(trust, keys)
  return keys.filter((key) => standingOf(key) === 'pinned')
}

/** Compares the keys of a bundle with those that the reader has from elsewhere. */
export function checkTrust(trust: Trust, keys: readonly BundleKey[]): { finding: Finding; limits: Limit[] } {
  const standingOf = standings(trust, keys)
  const told = keys.map((key) => ({ key, standing: standingOf(key) }))
  const contradicted = createTally()
  const unknown = createTally()
  for (const { key, standing } of told) {
    if (standing === 'contradicted') contradicted.add({ name: key.name, participant: key.participant })
    if (standing === 'unknown') unknown.add({ name: key.name, participant: key.participant, use: key.use })
  }
  const detail = contradicted.count === 0 ? { pinned: told.filter(({ standing }) => standing === 'pinned').length } : { wrong: contradicted.count, first: [...contradicted.first] }
  return {
    finding: { what: 'trust', holds: contradicted.count === 0, detail },
    limits: [...limitOf('keys-from-bundle', unknown), ...limitOf('trust-unused', unusedOf(trust, keys))],
  }
}

function limitOf(what: Limit['what'], { count, first }: Tally): Limit[] {
  return count === 0 ? [] : [{ what, detail: { count, first: [...first] } }]
}

/** What is of nobody in the bundle confirms nothing in it, and contradicts nothing: that must not look like agreement. */
function unusedOf({ vkeys = [], documents = [] }: Trust, keys: readonly BundleKey[]): Tally {
  const named = new Set(keys.flatMap(({ name, participant }) => [name, participant]))
  const unused = createTally()
  for (const { name } of vkeys.map(parseVkey)) if (!named.has(name)) unused.add({ name })
  for (const { id } of documents.flatMap(documentOf)) if (!named.has(id)) unused.add({ name: id })
  return unused
}

/** Whether a value is a DID document that has keys to compare. */
export function hasKeys(document: unknown): boolean {
  return documentOf(document).some(({ methods }) => methods.size > 0)
}

function standings({ vkeys = [], documents = [] }: Trust, keys: readonly BundleKey[]): (key: BundleKey) => Standing {
  const pinned = vkeys.map(parseVkey)
  const byId = new Map(documents.flatMap(documentOf).map((document) => [document.id, document]))
  const ownerOf = ({ use, participant }: BundleKey) => `${use} ${participant}`
  const confirmed = new Set(keys.filter((key) => isIn(byId.get(key.participant), key.verifier)).map(ownerOf))
  const confirmedIdentities = new Set(keys.flatMap(({ name, participant, jwk }) => (isSameJwk(byId.get(participant)?.methods.get(name), jwk) ? [name] : [])))
  return (key) => {
    const { verifier, use, name, participant, jwk } = key
    const document = byId.get(participant)
    if (verifier === undefined) return standingOfIdentity(document?.methods.get(name), { jwk, isReplaced: !confirmedIdentities.has(name) })
    if (pinned.some(({ vkey }) => vkey === verifier.vkey) || isIn(document, verifier)) return 'pinned'
    if (pinned.some((other) => other.name === name && other.type === verifier.type)) return 'contradicted'
    // A document has the keys that are in use. That an older one is not in it says nothing; that none is says that they are of somebody else.
    const isReplaced = document?.uses.has(use) === true && verifier.type !== signatureTypes.mldsa && !confirmed.has(ownerOf(key))
    return isReplaced ? 'contradicted' : 'unknown'
  }
}

function standingOfIdentity(method: JsonObject | undefined, { jwk, isReplaced }: { readonly jwk: JsonObject | undefined; readonly isReplaced: boolean }): Standing {
  if (method === undefined) return 'unknown'
  if (isSameJwk(method, jwk)) return 'pinned'
  return isReplaced ? 'contradicted' : 'unknown'
}

function isSameJwk(method: JsonObject | undefined, jwk: JsonObject | undefined): boolean {
  return method !== undefined && ['kty', 'crv', 'x', 'y'].every((name) => method[name] === jwk?.[name])
}

function isIn(document: PinnedDocument | undefined, verifier: Verifier | undefined): boolean {
  if (document === undefined || verifier === undefined || verifier.type === signatureTypes.mldsa) return false
  return document.keys.has(rawPublicKey(verifier.type, verifier.publicKey).toString('base64url'))
}

function documentOf(value: unknown): PinnedDocument[] {
  if (!isObject(value) || typeof value['id'] !== 'string') return []
  const id = value['id']
  const listed: readonly unknown[] = Array.isArray(value['verificationMethod']) ? value['verificationMethod'] : []
  const methods = new Map<string, JsonObject>()
  for (const method of listed) {
    if (!isObject(method) || typeof method['id'] !== 'string' || !isObject(method['publicKeyJwk'])) continue
    methods.set(method['id'].startsWith('#') ? `${id}${method['id']}` : method['id'], method['publicKeyJwk'])
  }
  const keys = [...methods.values()].flatMap((jwk) => (jwk['crv'] === 'Ed25519' ? [jwk['x']] : []))
  const uses = (['log', 'witness'] as const).filter((use) => [...methods.keys()].some((name) => name.startsWith(`${id}#${use}-`)))
  return [{ id, methods, keys: new Set(keys), uses: new Set<string>(uses) }]
}
