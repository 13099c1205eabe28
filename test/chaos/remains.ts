import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJournal } from '../../src/audit/log/journal.ts'
import { readNoteFiles } from '../../src/audit/log/note-file.ts'
import { readHead, readLogs } from '../../src/audit/log/store.ts'
import { readConfig } from '../../src/config.ts'
import { pathsIn } from '../../src/init.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import type { DatabaseLocation } from '../../src/persistence/database.ts'
import { tileWidth } from '../../src/tlog/tiles.ts'
import type { Cluster } from './cluster.ts'

/** What kills left to be brought to its end at the next start, and how often. */
export interface Remains {
  readonly counts: Map<string, number>
  /** Looks at what is left of a connector none of whose processes runs. */
  look(cluster: Cluster): Promise<void>
}

export function countRemains(): Remains {
  const counts = new Map<string, number>()
  const count = (what: string, holds: boolean) => counts.set(what, (counts.get(what) ?? 0) + (holds ? 1 : 0))
  return {
    counts,
    look: async (cluster) => {
      const found = await findRemains(cluster)
      if (found === undefined) return
      count('kills after which the remains were looked at', true)
      count('of these with entries committed and not covered by the last checkpoint that was kept (between commit and seal)', found.behind > 0)
      if (found.torn !== undefined) count('of these with a journal that ended within a batch (mid-journal)', found.torn)
      if (found.ahead !== undefined) count('of these with a journal that had more than the database', found.ahead)
      count('of these with sealed entries whose tree was not stored (between seal and tile)', found.unstored > 0)
      count('of these with full tiles that were not stored', found.fullTiles > 0)
    },
  }
}

interface Found {
  readonly behind: number
  readonly torn?: boolean
  readonly ahead?: boolean
  readonly unstored: number
  readonly fullTiles: number
}

/** Nothing when it was killed before it had a database. */
async function findRemains({ connector: { dataDirectory }, settings }: Cluster): Promise<Found | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-remains-'))
  try {
    // The connector's own start must find everything as the kill left it.
    await cp(pathsIn(dataDirectory).log, join(folder, 'log'), { recursive: true })
    const location = await copyOf(readConfig(dataDirectory, settings).database, folder)
    const database = await openDatabase(location)
    try {
      const [head, logs] = await Promise.all([readHead(database.db), readLogs(database.db)])
      const log = logs.find(({ name }) => name === head.log)
      if (log === undefined) return undefined
      const journal = await journalIn(join(folder, 'log'), `${log.name}_${log.start}.journal`)
      const note = (await readNoteFiles(join(folder, 'log'))).files.find(({ start }) => start === log.start)
      const signed = journal?.end ?? log.start + Math.max(note?.size ?? 0, log.sealed)
      return {
        behind: head.size - signed,
        unstored: Math.min(signed, head.size) - log.start - log.sealed,
        fullTiles: Math.floor((head.size - log.start) / tileWidth) - Math.floor(log.sealed / tileWidth),
        ...(journal === undefined ? {} : { torn: journal.torn, ahead: signed > head.size }),
      }
    } finally {
      await database.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyOf(location: DatabaseLocation, folder: string): Promise<DatabaseLocation> {
  if (location.kind !== 'pglite') return location
  const directory = join(folder, 'database')
  await cp(location.directory, directory, { recursive: true })
  return { ...location, directory }
}

async function journalIn(folder: string, name: string): Promise<{ end: number | undefined; torn: boolean } | undefined> {
  if (!(await readdir(folder)).includes(name)) return undefined
  const path = join(folder, name)
  const { size } = await stat(path)
  const journal = await openJournal(path)
  await journal.close()
  return { end: journal.end, torn: (await stat(path)).size < size }
}
