import { describeEvents } from '../audit/events/document.ts'
import { eraseRecords } from '../audit/personal/erase.ts'
import type { ErasureRequest } from '../audit/personal/erase.ts'
import { pruneLog } from '../audit/retention/prune.ts'
import type { ManagementDeps } from './deps.ts'
import type { BodyOf, Handlers } from './operation.ts'
import { countValidTokens, forgetTokenName } from './store.ts'

type ErasureHandlers = Pick<Handlers, 'listEventTypes' | 'eraseRecords' | 'pruneLog'>

/** What is recorded, and how it is erased or ends. */
export function erasureHandlers(deps: Pick<ManagementDeps, 'database' | 'audit' | 'clock' | 'retentionYears'>): ErasureHandlers {
  return {
    listEventTypes: async () => ({ status: 200, body: { items: describeEvents() } }),
    eraseRecords: async ({ body, caller }) => {
      const erased = await eraseRecords(deps, { find: findOf(body), fields: body.fields, reason: body.reason, actor: caller.name, dryRun: body.dryRun })
      return { status: 200, body: { ...erased, tokens: body.actor === undefined ? 0 : await forgetTokens(deps, body.actor, body.dryRun === true) } }
    },
    pruneLog: async ({ path: { log }, body, caller }) => ({ status: 200, body: await pruneLog({ ...deps, years: deps.retentionYears }, { log, reason: body.reason, actor: caller.name, dryRun: body.dryRun, tiles: body.tiles }) }),
  }
}

/** The list of tokens is no record, but it has names too. Gives how many tokens keep theirs because they are valid. */
async function forgetTokens({ database, clock }: Pick<ManagementDeps, 'database' | 'clock'>, name: string, dryRun: boolean): Promise<number> {
  if (!dryRun) await forgetTokenName(database.db, name, clock())
  return countValidTokens(database.db, name, clock())
}

// The document demands exactly one of them.
function findOf({ user, actor, caller, records = [] }: BodyOf<'eraseRecords'>): ErasureRequest['find'] {
  if (user !== undefined) return { by: 'user', value: user }
  if (actor !== undefined) return { by: 'actor', value: actor }
  if (caller !== undefined) return { by: 'caller', value: caller }
  return { by: 'record', records }
}
