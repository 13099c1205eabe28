import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audit } from '../../src/audit/audit.ts'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { createCatalog } from '../../src/catalog/catalog.ts'
import type { Column } from '../../src/dataplane/sources/source.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestAudit } from './audit.ts'
import { openTestDatabase } from './database.ts'

/** A catalog on a database and folders of its own. */
export interface TestCatalog {
  readonly database: Database
  readonly audit: Audit
  readonly catalog: Catalog
  /** The data folder. */
  readonly data: string
  /** The one folder whose files may be named by path. */
  readonly sources: string
  addPartner(id: string): Promise<void>
  close(): Promise<void>
}

export async function openTestCatalog(options: { versions?: number } = {}): Promise<TestCatalog> {
  const database = await openTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'concordat-catalog-'))
  const [data, sources] = [join(folder, 'data'), join(folder, 'sources')]
  await mkdir(data)
  await mkdir(sources)
  const audit = await openTestAudit(database, { clock })
  const catalog = createCatalog({
    database,
    audit,
    clock,
    newId: () => `urn:uuid:${randomUUID()}`,
    dataDirectory: data,
    sourceFolders: [sources],
    inspectFile: async ({ path }) => inspectCommas(await readFile(path, 'utf8')),
    inspectTable: async () => ({ columns: [{ name: 'id', type: 'integer', nullable: false }] }),
    retention: { versions: options.versions ?? 3 },
    cursorKey: Buffer.alloc(32, 7),
  })
  return {
    database,
    audit,
    catalog,
    data,
    sources,
    addPartner: async (id) => {
      const at = clock()
      await database.db.insertInto('partner').values({ id, name: id, address: null, created_at: at, updated_at: at, version: 1 }).execute()
    },
    close: async () => {
      await audit.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const clock = () => new Date()

/** Columns of plain comma-separated text, enough for the catalog, which is told what the data plane found. */
function inspectCommas(text: string): { columns: Column[]; rows: number; mediaType: string } {
  const [header = '', ...lines] = text.trim().split('\n')
  const [first = ''] = lines
  const columns = header.split(',').map((name, index): Column => ({ name, type: /^\d+$/.test(first.split(',')[index] ?? '') ? 'integer' : 'string', nullable: true }))
  return { columns, rows: lines.length, mediaType: 'text/csv' }
}

/** An HTTP source: it needs no file, so datasets by the hundred are cheap. */
export const httpSource = { type: 'http', baseUrl: 'https://api.example.org', methods: ['GET'], paths: ['/v1/*'], requestHeaders: [], secrets: [] } as const

/** The policy that can be offered. */
export const open = { permission: [{ action: 'use' }] }
