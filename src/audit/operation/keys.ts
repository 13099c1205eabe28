import type { Audit, AuditEntry } from '../audit.ts'

/** A public key under which something was verified, or is. */
export interface IdentityKey {
  /** The participant. */
  readonly owner: string
  /** Its DID URL. */
  readonly kid: string
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }
}

interface KeysDeps {
  readonly audit: Pick<Audit, 'entries' | 'record'>
}

const mostKnown = 10_000
const page = 500

/**
 * Records each key of a partner when it verifies for the first time, so that what it signed can be checked when the partner no longer
 * publishes it. Nobody waits for it.
 */
export function createSeenKeys(deps: KeysDeps & { readonly onError: (error: unknown) => void }): { readonly seen: (key: IdentityKey) => void; settle(): Promise<void> } {
  const known = new Set<string>()
  const running = new Set<Promise<void>>()
  return {
    seen(key) {
      const name = nameOf(key)
      if (known.has(name)) return
      if (known.size >= mostKnown) known.clear()
      known.add(name)
      const work = recordSeen(deps, key).catch((error: unknown) => {
        // The next time that it verifies it is tried again.
        known.delete(name)
        deps.onError(error)
      })
      running.add(work)
      void work.then(() => running.delete(work))
    },
    settle: async () => {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

async function recordSeen({ audit }: KeysDeps, key: IdentityKey): Promise<void> {
  if (await isRecorded({ audit }, key, { type: 'key.seen', partner: key.owner })) return
  await audit.record({ type: 'key.seen', partner: key.owner, kid: key.kid, jwk: { ...key.jwk } })
}

/** Records those of our own keys that the record does not have yet: the first one, at the first start. */
export async function recordOwnKeys(deps: KeysDeps, keys: readonly IdentityKey[]): Promise<void> {
  for (const key of keys) {
    const recorded = (await isRecorded(deps, key, { type: 'key.created' })) || (await isRecorded(deps, key, { type: 'key.rotated' }))
    if (!recorded) await deps.audit.record({ type: 'key.created', kid: key.kid, jwk: { ...key.jwk } })
  }
}

async function isRecorded({ audit }: Pick<KeysDeps, 'audit'>, key: IdentityKey, where: { readonly type: string; readonly partner?: string }): Promise<boolean> {
  for (let after = -1; ; ) {
    const entries = await audit.entries({ ...where, after, limit: page })
    if (entries.some((entry) => isOf(entry, key))) return true
    const last = entries.at(-1)
    if (last === undefined || entries.length < page) return false
    after = last.index
  }
}

function isOf(entry: AuditEntry, { kid, jwk }: IdentityKey): boolean {
  const recorded = entry['jwk']
  return entry['kid'] === kid && typeof recorded === 'object' && recorded !== null && 'x' in recorded && recorded.x === jwk.x
}

function nameOf({ kid, jwk }: IdentityKey): string {
  return `${kid} ${jwk.x} ${jwk.y ?? ''}`
}
