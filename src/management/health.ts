import { isReachable } from '../persistence/database.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type HealthHandlers = Pick<Handlers, 'getLiveness' | 'getReadiness'>

/** Without a token, for orchestrators; so it says nothing but up or down. */
export function healthHandlers(deps: Pick<ManagementDeps, 'audit' | 'database'> & { readonly stopping: AbortSignal }): HealthHandlers {
  return {
    getLiveness: async () => ({ status: 200, body: { status: 'up' } }),
    getReadiness: async () => {
      // While the log is stopped nothing can be recorded, so nothing is answered.
      const ready = !deps.stopping.aborted && (await isReachable(deps.database)) && (await deps.audit.log.status()).state === 'running'
      return ready ? { status: 200, body: { status: 'up' } } : { status: 503, body: { status: 'down' } }
    },
  }
}
