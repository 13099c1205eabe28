import { rm } from 'node:fs/promises'
import pg from 'pg'

/** Removes what `global-setup.ts` made, and databases that test files left. */
export default async function cleanUp(): Promise<void> {
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
