import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Database, DatabaseLocation } from '../../src/persistence/database.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import { PreparedFilesystem } from './prepared-files.ts'
import { preparedFiles } from './prepared-folder.ts'

/** Whether the tests run on PostgreSQL (`TEST_DATABASE_URL`) and not on the embedded database. */
export const onPostgresql = (process.env['TEST_DATABASE_URL'] ?? '') !== ''

/** A place for a migrated, empty database of its own. */
export async function testDatabaseLocation(): Promise<DatabaseLocation> {
  if (!onPostgresql) {
    const files = await preparedFiles()
    return { kind: 'pglite', directory: 'memory://', ...(files === undefined ? {} : { filesystem: new PreparedFilesystem(files) }) }
  }
  const template = process.env['CONCORDAT_TEST_TEMPLATE'] ?? ''
  const name = `${template}_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] })
  await admin.connect()
  // Copying a template needs it to have no other session; several test files copy at once, so they take turns.
  await admin.query('select pg_advisory_lock(7436211)')
  await admin.query(`create database ${name} template ${template}`)
  await admin.end()
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '')
  url.pathname = `/${name}`
  return { kind: 'postgresql', url: url.href, poolSize: 10 }
}

/** A migrated, empty database of its own, open. */
export async function openTestDatabase(): Promise<Database> {
  return openDatabase(await testDatabaseLocation())
}
