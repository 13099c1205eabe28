import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readHead } from '../../src/audit/log/store.ts'
import { readConfig } from '../../src/config.ts'
import { pathsIn } from '../../src/init.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import type { DatabaseLocation } from '../../src/persistence/database.ts'
import type { Cluster } from './cluster.ts'
import type { PostgresqlServer } from './postgresql.ts'

/** A connector's database and log folder at a time. */
export interface Backup {
  /** How many records there were. */
  readonly size: number
  /** The log that took the entries. */
  readonly log: string | null
  /** Puts the database back, and with `folder` the log's folder as well. No process of the connector may run. */
  restore(what: { readonly folder: boolean }): Promise<void>
}

/** Copies what a connector holds; none of its processes may run. */
export async function backUp({ connector: { dataDirectory }, settings }: Cluster, server: PostgresqlServer | undefined, into: string): Promise<Backup> {
  await mkdir(into, { recursive: true })
  const location = readConfig(dataDirectory, settings).database
  const { log } = pathsIn(dataDirectory)
  const kept = join(into, 'log')
  await cp(log, kept, { recursive: true })
  const copy = await copyDatabase(location, server, into)
  const database = await openDatabase(copy.location)
  try {
    const head = await readHead(database.db)
    return {
      size: head.size,
      log: head.log,
      restore: async ({ folder }) => {
        await copy.restore()
        if (!folder) return
        await rm(log, { recursive: true })
        await cp(kept, log, { recursive: true })
      },
    }
  } finally {
    await database.close()
  }
}

async function copyDatabase(location: DatabaseLocation, server: PostgresqlServer | undefined, into: string): Promise<{ location: DatabaseLocation; restore: () => Promise<void> }> {
  if (location.kind === 'postgresql') {
    if (server === undefined) throw new Error('There is no server')
    const url = await server.copy(location.url)
    return { location: { ...location, url }, restore: () => server.putBack(location.url, url) }
  }
  const directory = join(into, 'database')
  await cp(location.directory, directory, { recursive: true })
  const restore = async () => {
    await rm(location.directory, { recursive: true })
    await cp(directory, location.directory, { recursive: true })
  }
  return { location: { ...location, directory }, restore }
}
