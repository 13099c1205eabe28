import type { PGlite } from '@electric-sql/pglite'
import { MemoryFS } from '@electric-sql/pglite'

/** What is in the data folder of an embedded database. Names begin with the folder's; a folder comes before what is in it. */
export interface DatabaseFiles {
  readonly folders: readonly { readonly name: string; readonly mode: number }[]
  readonly files: readonly { readonly name: string; readonly mode: number; readonly content: Uint8Array }[]
}

/** Where PGlite has its data. */
const data = '/pglite/data'

/** Reads the data folder of a database in memory. */
export function filesOf({ Module: { FS } }: PGlite): DatabaseFiles {
  const folders: { name: string; mode: number }[] = [{ name: data, mode: FS.stat(data).mode }]
  const files: { name: string; mode: number; content: Uint8Array }[] = []
  // A list that grows while it is read.
  for (const folder of folders) {
    for (const entry of FS.readdir(folder.name)) {
      if (entry === '.' || entry === '..') continue
      const name = `${folder.name}/${entry}`
      const { mode } = FS.stat(name)
      if (FS.isDir(mode)) folders.push({ name, mode })
      else files.push({ name, mode, content: FS.readFile(name) })
    }
  }
  return { folders, files }
}

/** A file system in memory that has these files when the database opens: reading them from an archive takes longer than opening it. */
export class PreparedFilesystem extends MemoryFS {
  readonly #prepared: DatabaseFiles

  constructor(prepared: DatabaseFiles) {
    super()
    this.#prepared = prepared
  }

  override async initialSyncFs(): Promise<void> {
    const FS = this.pg?.Module.FS
    if (FS === undefined) throw new Error('PGlite begins with init')
    for (const { name, mode } of this.#prepared.folders) {
      if (!FS.analyzePath(name).exists) FS.mkdirTree(name, mode)
    }
    for (const { name, mode, content } of this.#prepared.files) {
      const file = FS.open(name, 'w', mode)
      // The database writes into what it owns, so that it gets a copy.
      FS.write(file, content.slice(), 0, content.length, 0, true)
      FS.close(file)
    }
  }
}
