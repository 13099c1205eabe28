import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import type { Append } from '../append.ts'
import type { LogKeys } from './keys.ts'
import { insertLog, pointHead, readHead } from './store.ts'

/** `https://data.city.example/path/` and `2026` give `data.city.example/path/log/2026`. */
export function originOf(publicUrl: string, name: string): string {
  const { host, pathname } = new URL(publicUrl)
  return `${host}${pathname.replace(/\/+$/, '')}/log/${name}`
}

/**
 * Begins the first log with its entry `log.opened`, where there is none. Two processes that start at once take turns at the lock
 * on the head; the second finds the log there. Entries from before there was a log stay outside of it.
 */
export async function openFirstLog(deps: { readonly database: Database; readonly keys: LogKeys; readonly publicUrl: string; readonly append: Append; readonly clock: () => Date }): Promise<void> {
  const { database, keys, publicUrl, append, clock } = deps
  const { log, stopped } = await readHead(database.db)
  if (log !== null || stopped) return
  await database.transaction(async (tx) => {
    const head = await readHead(tx.db, { lock: true })
    if (head.log !== null || head.stopped) return
    const key = keys.current()
    if (key === undefined) throw new ProblemError('conflict', 'There is no key to open the audit log with. Restore the folder log/keys of the data folder.')
    const openedAt = clock()
    const name = String(openedAt.getUTCFullYear())
    const origin = originOf(publicUrl, name)
    const [vkey = '', mldsa] = key.vkeys(origin)
    await insertLog(tx.db, { name, origin, vkey, start: head.size, openedAt })
    await pointHead(tx.db, name)
    append(tx, [{ type: 'log.opened', name, origin, vkey, reason: 'first', start: head.size, ...(mldsa === undefined ? {} : { mldsa }) }])
  })
}
