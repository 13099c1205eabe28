import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TableEngine } from '../../src/dataplane/query/engine.ts'
import { createRepresentations } from '../../src/dataplane/representations.ts'
import { createDuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import type { DuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import { createPostgresqlSources } from '../../src/dataplane/sources/postgresql.ts'
import type { Column, FileVersion } from '../../src/dataplane/sources/source.ts'
import { createTableEngines } from '../../src/dataplane/sources/table-engines.ts'
import type { TableEngines } from '../../src/dataplane/sources/table-engines.ts'

/** Engines on files, and on tables where there is a PostgreSQL server. */
export interface TestEngines {
  readonly engines: TableEngines
  readonly pool: DuckDbPool
  readonly folder: string
  version(content: string | Buffer, fileName?: string): Promise<FileVersion>
  /** The file's table. */
  ofFile(content: string | Buffer, columns?: readonly Column[], fileName?: string): Promise<TableEngine>
  /** A table made of what an engine has; undefined without a server. */
  copied(engine: TableEngine): Promise<TableEngine | undefined>
  /** The table or view that these statements make as `NAME`; undefined without a server. */
  ofTable(statements: (name: string) => string, columns?: readonly Column[]): Promise<TableEngine | undefined>
  /** Runs statements on the server, if there is one. */
  run(statements: string): Promise<void>
  /** Closes what was opened so far: each table has a connection of a few. */
  closeEngines(): Promise<void>
  close(): Promise<void>
}

const url = process.env['TEST_DATABASE_URL'] ?? ''
const sqlTypes = { string: 'text', integer: 'bigint', number: 'double precision', boolean: 'boolean', date: 'date', datetime: 'timestamptz', time: 'time', object: 'jsonb' } as const

export async function openTestEngines(options: { readonly timeoutMs?: number } = {}): Promise<TestEngines> {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-engines-'))
  const directory = join(folder, 'cache')
  const { timeoutMs = 20_000 } = options
  const pool = createDuckDbPool({ directory })
  const postgresql = createPostgresqlSources({ connections: url === '' ? {} : { city: url }, timeoutMs })
  const representations = createRepresentations({ pool, postgresql, directory, maxBytes: 1024 ** 3 })
  const engines = createTableEngines({ pool, postgresql, representations, directory, timeoutMs, maxBytes: 1024 ** 3 })
  const schema = `engines_${randomUUID().replaceAll('-', '')}`
  const client = url === '' ? undefined : new pg.Client({ connectionString: url })
  const opened: TableEngine[] = []
  const keep = (engine: TableEngine) => {
    opened.push(engine)
    return engine
  }
  let files = 0
  if (client !== undefined) {
    await client.connect()
    await client.query(`create schema ${schema}`)
  }

  async function closeEngines(): Promise<void> {
    for (const engine of opened.splice(0)) await engine.close()
  }

  async function version(content: string | Buffer, fileName = 'data.csv'): Promise<FileVersion> {
    const bytes = Buffer.from(content)
    const path = join(folder, `${++files}-${fileName}`)
    await writeFile(path, bytes)
    return { number: 1, path, fileName, mediaType: 'text/csv', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), createdAt: new Date(Date.now() + 1000) }
  }

  async function ofTable(statements: (name: string) => string, columns: readonly Column[] = []): Promise<TableEngine | undefined> {
    if (client === undefined) return undefined
    const table = `t${++files}`
    await client.query(statements(`${schema}.${table}`))
    return keep(await engines.open({ source: { type: 'postgresql', connection: 'city', table: `${schema}.${table}` }, columns }))
  }

  return {
    engines,
    pool,
    folder,
    version,
    ofTable,
    ofFile: async (content, columns = [], fileName) => keep(await engines.open({ source: { type: 'file' }, version: await version(content, fileName), columns })),
    async copied(engine) {
      const rows = await engine.rows({ sql: 'select * from data', parameters: [] }, 200_000)
      const types = engine.columns.map(({ name, type }) => `${pg.escapeIdentifier(name)} ${sqlTypes[type]}`).join(', ')
      const list = pg.escapeLiteral(JSON.stringify(rows))
      return ofTable((name) => `create table ${name} (${types}); insert into ${name} select * from jsonb_to_recordset(cast(${list} as jsonb)) as r(${types})`, engine.columns)
    },
    run: async (statements) => void (await client?.query(statements)),
    closeEngines,
    async close() {
      await closeEngines()
      await pool.close()
      await postgresql.close()
      if (client !== undefined) {
        await client.query(`drop schema ${schema} cascade`)
        await client.end()
      }
      await rm(folder, { recursive: true })
    },
  }
}
