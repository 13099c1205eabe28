import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect } from 'kysely'
import pg from 'pg'
import { migrate } from '../../src/persistence/migrate.ts'
import { filesOf } from './prepared-files.ts'

/**
 * Prepares the database that every test file copies: a migrated PGlite image, or with `TEST_DATABASE_URL` a migrated
 * template database on that server.
 */
export async function setup(): Promise<void> {
  const url = process.env['TEST_DATABASE_URL']
  if (url !== undefined && url !== '') return prepareTemplate(url)
  const pglite = await PGlite.create()
  const db = new Kysely({ dialect: new PGliteDialect({ pglite }) })
  await migrate(db, 'pglite')
  // No test makes a database, so that the ones they are made from need not be loaded with every copy. PostgreSQL clears its
  // buffers when it starts: 128 MB of them take longer than all else together.
  for (const statement of ['update pg_database set datistemplate = false where datistemplate', 'drop database template0', 'drop database template1', "alter system set shared_buffers = '8MB'"]) await pglite.query(statement)
  const folder = await mkdtemp(join(tmpdir(), 'concordat-test-'))
  await writeFile(join(folder, 'pglite.files'), serialize(filesOf(pglite)))
  process.env['CONCORDAT_TEST_FOLDER'] = folder
  await db.destroy()
}

/** Removes what was prepared, and databases that test files left. */
export async function teardown(): Promise<void> {
  const folder = process.env['CONCORDAT_TEST_FOLDER']
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  const template = process.env['CONCORDAT_TEST_TEMPLATE']
  if (template === undefined) return
  const admin = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] })
  await admin.connect()
  const { rows } = await admin.query<{ datname: string }>('select datname from pg_database where datname like $1', [`${template}%`])
  for (const { datname } of rows) await admin.query(`drop database if exists "${datname}" with (force)`)
  await admin.end()
}

async function prepareTemplate(url: string): Promise<void> {
  const name = `concordat_template_${process.pid}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`drop database if exists ${name}`)
  await admin.query(`create database ${name}`)
  await admin.end()
  const template = new URL(url)
  template.pathname = `/${name}`
  const { openDatabase } = await import('../../src/persistence/database.ts')
  const database = await openDatabase({ kind: 'postgresql', url: template.href, poolSize: 2 })
  await database.close()
  process.env['CONCORDAT_TEST_TEMPLATE'] = name
}
