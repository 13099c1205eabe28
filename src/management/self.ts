import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type SelfHandlers = Pick<Handlers, 'getSelf' | 'rotateKey'>

export function selfHandlers({ self, database, identity }: Pick<ManagementDeps, 'self' | 'database' | 'identity'>): SelfHandlers {
  return {
    getSelf: async ({ caller }) => ({ status: 200, body: { ...self, database: database.kind, token: { name: caller.name, role: caller.role } } }),
    rotateKey: async () => ({ status: 200, body: await identity.rotate() }),
  }
}
