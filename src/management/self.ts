import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type SelfHandlers = Pick<Handlers, 'getSelf' | 'rotateKey'>

export function selfHandlers({ self, database, identity, audit }: Pick<ManagementDeps, 'self' | 'database' | 'identity' | 'audit'>): SelfHandlers {
  return {
    getSelf: async ({ caller }) => ({ status: 200, body: { ...self, database: database.kind, token: { name: caller.name, role: caller.role } } }),
    rotateKey: async ({ caller }) => {
      const rotated = await identity.rotate()
      const jwk = identity.document()?.verificationMethod.find(({ id }) => id === rotated.kid)?.publicKeyJwk
      await database.transaction((tx) => audit.append(tx, { type: 'key.rotated', ...rotated, ...(jwk === undefined ? {} : { jwk: { ...jwk } }), actor: caller.name }))
      return { status: 200, body: rotated }
    },
  }
}
