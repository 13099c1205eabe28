import type { Database } from '../../persistence/database.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { parseNote } from '../../tlog/note.ts'
import type { Checkpoint, TransparencyLog } from '../log/log.ts'
import { newestCosigned } from './store.ts'

export interface PublishedDeps {
  readonly database: Pick<Database, 'db'>
  readonly log: Pick<TransparencyLog, 'checkpoint'>
  readonly clock: () => Date
}

/** How old a cosigned checkpoint may be and still be shown in place of a newer one that nobody has cosigned. */
const freshMs = 300_000

/**
 * What is shown of a log (the open one unless named): the newest checkpoint with all its cosignatures, unless that is minutes old and
 * the log has grown since; then the newest that we signed. undefined when there is none.
 */
export async function publishedCheckpoint(deps: PublishedDeps, log?: string): Promise<Checkpoint | undefined> {
  const newest = await deps.log.checkpoint(log)
  if (newest === undefined) return undefined
  const cosigned = await newestCosigned(deps.database.db, newest.origin, newest.size)
  if (cosigned === undefined) return newest
  const fresh = cosigned.size === newest.size || deps.clock().getTime() - cosigned.madeAt.getTime() < freshMs
  return fresh ? checkpointOf(newest.log, cosigned) : newest
}

/** The newest checkpoint of a log that a witness has cosigned, with all its cosignatures, however old it is; undefined when there is none. */
export async function cosignedCheckpoint(deps: Omit<PublishedDeps, 'clock'>, log?: string): Promise<Checkpoint | undefined> {
  const newest = await deps.log.checkpoint(log)
  const cosigned = newest === undefined ? undefined : await newestCosigned(deps.database.db, newest.origin, newest.size)
  return newest === undefined || cosigned === undefined ? undefined : checkpointOf(newest.log, cosigned)
}

// C2SP signed-note: cosignatures are further lines of the same note.
function checkpointOf(log: string, { note, lines }: { note: string; lines: readonly string[] }): Checkpoint {
  const { origin, size, root } = parseCheckpoint(parseNote(note).text)
  return { log, origin, size, root, note: `${note}${lines.map((line) => `${line}\n`).join('')}` }
}
