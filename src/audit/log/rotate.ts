import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { logStopped } from '../append.ts'
import { readHead, readLogs } from './store.ts'
import { switchLog } from './switch.ts'
import type { SwitchDeps } from './switch.ts'

export interface RotateDeps extends SwitchDeps {
  readonly database: Database
}

/** Begins another log with a new key; the old key signs the end of the old one, which names the new key. Gives the new log's name. */
export async function rotateLogKey(deps: RotateDeps, actor: string): Promise<{ readonly log: string; readonly vkey: string }> {
  const head = await readHead(deps.database.db)
  if (head.stopped) throw logStopped()
  const key = await deps.keys.rotate()
  return deps.database.transaction(async (tx) => {
    const { size, log } = await lockedHead(tx.db)
    const logs = await readLogs(tx.db)
    const from = logs.find(({ name }) => name === log)
    if (from === undefined) throw new ProblemError('conflict', 'There is no log yet whose key could be changed.')
    const name = await switchLog(tx, deps, { from, logs, size, reason: 'key', key, actor })
    const made = (await readLogs(tx.db)).find((each) => each.name === name)
    return { log: name, vkey: made?.vkey ?? '' }
  })
}

/**
 * Begins the log of a new year (UTC), with the same key. Whichever process comes first does it; the others find it done. Gives the name
 * of the log that was begun.
 */
export async function beginYear(deps: RotateDeps): Promise<string | undefined> {
  const before = await readHead(deps.database.db)
  if (before.stopped || before.log === null || !isOver(before.log, deps.clock())) return undefined
  return deps.database.transaction(async (tx) => {
    const { size, log } = await lockedHead(tx.db)
    const logs = await readLogs(tx.db)
    const from = logs.find(({ name }) => name === log)
    if (from === undefined || !isOver(from.name, deps.clock())) return undefined
    const key = deps.keys.find(from.origin, from.vkey)
    if (key === undefined) throw new ProblemError('conflict', `The key of log ${from.name} is not in the folder log/keys, so the log of the new year cannot begin. Restore it from its backup.`)
    return switchLog(tx, deps, { from, logs, size, reason: 'year', key })
  })
}

async function lockedHead(db: Database['db']) {
  const head = await readHead(db, { lock: true })
  if (head.stopped) throw logStopped()
  return head
}

/** The year is the first part of a log's name. A clock that goes back begins nothing. */
function isOver(log: string, now: Date): boolean {
  return now.getUTCFullYear() > Number.parseInt(log, 10)
}
