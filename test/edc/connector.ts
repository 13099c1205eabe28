import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { readConfig } from '../../src/config.ts'
import { startConnector } from '../../src/connector.ts'
import type { Connector } from '../../src/connector.ts'
import { initDataDirectory } from '../../src/init.ts'
import type { DatabaseLocation } from '../../src/persistence/database.ts'
import { iamMockIdentity } from './iam-mock.ts'

export interface EdcConnectorOptions {
  /** Our participant id. */
  readonly id: string
  readonly partner: { readonly id: string; readonly address: string }
  /** A folder that does not exist yet. */
  readonly dataDirectory: string
  readonly database?: DatabaseLocation
  /** 0: any free port. */
  readonly publicPort: number
  readonly managementPort: number
  readonly publicUrl?: string
  readonly logLevel?: string
}

/** The dataset and the offer that the connector publishes. */
export const published = { dataset: 'card-spending', offer: 'card-spending-offer', csv: 'week,district,amount\n2026-W10,Eixample,1200.5\n2026-W10,Gràcia,830.25\n' } as const

/** A connector of production parts that speaks iam-mock in place of did:web tokens, with one partner, one dataset and one offer. */
export async function startForEdc(options: EdcConnectorOptions): Promise<Connector> {
  await initDataDirectory(options.dataDirectory, {})
  const sources = join(options.dataDirectory, 'sources')
  const publicUrl = options.publicUrl ?? (options.publicPort === 0 ? undefined : `http://127.0.0.1:${options.publicPort}`)
  const settings = {
    CONCORDAT_PUBLIC_HOST: '127.0.0.1',
    CONCORDAT_PUBLIC_PORT: String(options.publicPort),
    CONCORDAT_MANAGEMENT_PORT: String(options.managementPort),
    CONCORDAT_ALLOW_ADDRESSES: ['localhost', '127.0.0.0/8', '::1/128', URL.parse(options.partner.address)?.hostname ?? ''].join(','),
    CONCORDAT_SOURCE_FOLDERS: sources,
    CONCORDAT_LOG_LEVEL: options.logLevel ?? 'warn',
    ...(publicUrl === undefined ? {} : { CONCORDAT_PUBLIC_URL: publicUrl }),
  }
  const config = readConfig(options.dataDirectory, settings)
  const connector = await startConnector(
    { ...config, database: options.database ?? config.database },
    { identity: iamMockIdentity(options.id), log: pino({ level: config.logLevel }, pino.destination(2)) },
  )
  try {
    await publish(connector, options, sources)
    return connector
  } catch (error) {
    await connector.close()
    throw error
  }
}

async function publish({ services }: Connector, { partner }: EdcConnectorOptions, sources: string): Promise<void> {
  const now = new Date()
  await services.database.db.insertInto('partner').values({ id: partner.id, name: partner.id, address: partner.address, created_at: now, updated_at: now, version: 1 }).execute()
  await mkdir(sources, { recursive: true })
  const path = join(sources, 'card-spending.csv')
  await writeFile(path, published.csv)
  await services.catalog.createDataset({ id: published.dataset, metadata: { title: { en: 'Weekly card spending' } }, source: { type: 'file' }, file: { path, fileName: 'card-spending.csv', mediaType: 'text/csv', keep: 'copy' } })
  await services.catalog.createOffer({ id: published.offer, datasets: [published.dataset], policy: { permission: [{ action: 'use' }] }, decision: 'automatic', audience: null })
}
