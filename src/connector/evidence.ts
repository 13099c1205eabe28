import type { EvidenceDeps } from '../audit/evidence/build.ts'
import { buildEvidence } from '../audit/evidence/build.ts'
import type { Feeder } from '../audit/witness/feed.ts'
import type { Identity } from '../identity/identity.ts'
import type { ManagementDeps } from '../management/deps.ts'

/** What builds the evidence of agreements. */
export function evidenceOf(deps: Pick<EvidenceDeps, 'database' | 'audit' | 'clock' | 'newId' | 'directory'> & { readonly identity: Pick<Identity, 'id' | 'document' | 'transparency'>; readonly witnesses: Pick<Feeder, 'ask'> }): ManagementDeps['evidence'] {
  const { identity, witnesses } = deps
  // A partner that cannot be reached must not keep anybody from evidence: what its key would show is told as not shown.
  const logKeys = async (participant: string) => (await identity.transparency(participant).catch(() => ({ logKeys: [] }))).logKeys
  return (asked) => buildEvidence({ ...deps, id: identity.id, askWitnesses: () => witnesses.ask(), ownKeys: () => keysOf(identity), logKeys }, asked)
}

function keysOf({ document }: Pick<Identity, 'document'>): ReturnType<EvidenceDeps['ownKeys']> {
  const own = document()
  return own?.verificationMethod.filter(({ id }) => own.authentication.includes(id)).map(({ id, publicKeyJwk }) => ({ kid: id, jwk: { ...publicKeyJwk } })) ?? []
}
