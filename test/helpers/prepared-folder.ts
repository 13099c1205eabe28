import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import type { DatabaseFiles } from './prepared-files.ts'

/** Where processes keep compiled code between runs, as the command does. */
export const compileCache = join(import.meta.dirname, '../../node_modules/.cache/concordat')

// Read once for all test files of a worker.
let read: Promise<DatabaseFiles> | undefined

/** The files of a migrated, empty embedded database, where the tests have prepared one; undefined elsewhere. */
export async function preparedFiles(): Promise<DatabaseFiles | undefined> {
  const folder = process.env['CONCORDAT_TEST_FOLDER']
  if (folder === undefined) return undefined
  read ??= readFile(join(folder, 'pglite.files')).then((bytes) => deserialize(bytes))
  return await read
}

/**
 * Puts a migrated, empty embedded database into a data folder, where the tests have prepared one: making it from nothing
 * takes a process several seconds. Elsewhere nothing is done, and the connector makes it.
 */
export async function placePreparedDatabase(dataDirectory: string): Promise<void> {
  const prepared = await preparedFiles()
  if (prepared === undefined) return
  const directory = join(dataDirectory, 'database')
  const { folders, files } = prepared
  const root = folders[0]?.name ?? ''
  const placeOf = (name: string) => join(directory, name.slice(root.length))
  const permissions = 0o777
  for (const { name, mode } of folders) await mkdir(placeOf(name), { recursive: true, mode: mode & permissions })
  await Promise.all(files.map(({ name, mode, content }) => writeFile(placeOf(name), content, { mode: mode & permissions })))
}
