import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'
import { cut } from './page.ts'

type SecretHandlers = Pick<Handlers, 'listSecrets' | 'putSecret' | 'removeSecret'>

/** Names only: a value is set, used and replaced, never read back. */
export function secretHandlers({ secrets }: Pick<ManagementDeps, 'secrets'>): SecretHandlers {
  return {
    listSecrets: async ({ query }) => {
      const page = cut(await secrets.list(), query, (_, index) => index)
      return { status: 200, body: { items: page.items.map(({ name, createdAt }) => ({ name, createdAt: createdAt.toISOString() })), next: page.next } }
    },
    putSecret: async ({ path, body, caller }) => {
      await secrets.set(path.name, body.value, caller.name)
      return { status: 204 }
    },
    removeSecret: async ({ path, caller }) => {
      await secrets.remove(path.name, caller.name)
      return { status: 204 }
    },
  }
}
