import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Where processes keep compiled code between runs, as the command does. */
export const compileCache = join(import.meta.dirname, '../../node_modules/.cache/concordat')

/**
 * Puts a migrated, empty embedded database into a data folder, where the tests have prepared one: making it from nothing
 * takes a process several seconds. Elsewhere nothing is done, and the connector makes it.
 */
export async function placePreparedDatabase(dataDirectory: string): Promise<void> {
  const prepared = process.env['CONCORDAT_TEST_FOLDER']
  if (prepared === undefined) return
  const directory = join(dataDirectory, 'database')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const tar = spawn('tar', ['-xf', join(prepared, 'pglite.tar'), '-C', directory], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [[code], said] = await Promise.all([once(tar, 'close'), text(tar.stderr)])
  if (code !== 0) throw new Error(`tar ended with ${code}: ${said}`)
}
