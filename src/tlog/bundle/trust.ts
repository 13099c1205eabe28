import { isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { parseVkey } from '../note.ts'
import type { Verifier } from '../note.ts'
import { rawPublicKey, signatureTypes } from '../keys.ts'
import type { BundleKey } from './form.ts'
import { createTally } from './report.ts'
import type { Finding, Limit } from './report.ts'

/** Keys that the reader has from elsewhere. */
export interface Trust {
  /** Keys of logs and witnesses (C2SP signed-note). */
  readonly vkeys?: readonly string[]
  /** DID documents of participants, as parsed. */
  readonly documents?: readonly unknown[]
}

interface PinnedDocument {
  readonly id: string
  /** By DID URL. */
  readonly methods: ReadonlyMap<string, JsonObject>
}

type Standing = 'pinned' | 'unknown' | 'contradicted'

/** Compares the keys of a bundle with those that the reader has from elsewhere. */
export function checkTrust(trust: Trust, keys: readonly BundleKey[]): { finding: Finding; limits: Limit[] } {
  const pinned = (trust.vkeys ?? []).map(parseVkey)
  const documents = (trust.documents ?? []).flatMap(documentOf)
  const told = keys.map((key) => ({ key, standing: standingOf(key, keys, { pinned, documents }) }))
  const contradicted = createTally()
  const unknown = createTally()
  for (const { key, standing } of told) {
    if (standing === 'contradicted') contradicted.add({ name: key.name, participant: key.participant })
    if (standing === 'unknown') unknown.add({ name: key.name, participant: key.participant, use: key.use })
  }
  const detail = contradicted.count === 0 ? { pinned: told.filter(({ standing }) => standing === 'pinned').length } : { wrong: contradicted.count, first: [...contradicted.first] }
  return {
    finding: { what: 'trust', holds: contradicted.count === 0, detail },
    limits: unknown.count === 0 ? [] : [{ what: 'keys-from-bundle', detail: { count: unknown.count, first: [...unknown.first] } }],
  }
}

function standingOf(key: BundleKey, keys: readonly BundleKey[], trust: { pinned: readonly Verifier[]; documents: readonly PinnedDocument[] }): Standing {
  const document = trust.documents.find(({ id }) => id === key.participant)
  if (key.vkey === undefined) {
    const jwk = document?.methods.get(key.name)
    if (jwk === undefined) return 'unknown'
    return ['kty', 'crv', 'x', 'y'].every((name) => jwk[name] === key.jwk?.[name]) ? 'pinned' : 'contradicted'
  }
  const verifier = parseVkey(key.vkey)
  if (trust.pinned.some(({ vkey }) => vkey === key.vkey) || isIn(document, verifier)) return 'pinned'
  const ownPins = trust.pinned.filter(({ name, type }) => name === key.name && type === verifier.type)
  if (ownPins.length > 0) return 'contradicted'
  // A document has the keys that are in use. That an older one is not in it says nothing; that none is says that they are of somebody else.
  const methods = document === undefined ? [] : [...document.methods].filter(([id]) => id.startsWith(`${document.id}#${key.use}-`))
  const others = keys.filter((other) => other.use === key.use && other.participant === key.participant && other.vkey !== undefined)
  const isReplaced = methods.length > 0 && verifier.type !== signatureTypes.mldsa && !others.some(({ vkey = '' }) => isIn(document, parseVkey(vkey)))
  return isReplaced ? 'contradicted' : 'unknown'
}

function isIn(document: PinnedDocument | undefined, { type, publicKey }: Verifier): boolean {
  if (document === undefined || type === signatureTypes.mldsa) return false
  const x = rawPublicKey(type, publicKey).toString('base64url')
  return [...document.methods].some(([, jwk]) => jwk['crv'] === 'Ed25519' && jwk['x'] === x)
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
  return [{ id, methods }]
}
