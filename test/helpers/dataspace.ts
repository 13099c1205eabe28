import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import type { Config } from '../../src/config.ts'
import { startConnector } from '../../src/connector.ts'
import type { Connector, Overrides } from '../../src/connector.ts'
import { insertPartner } from '../../src/identity/store.ts'
import { initDataDirectory } from '../../src/init.ts'
import { testDatabaseLocation } from './database.ts'

/** A connector of a test: real sockets on free loopback ports, a database and a data folder of its own. */
export interface TestConnector extends Connector, AsyncDisposable {
  readonly dataDirectory: string
  /** The first operator's token. */
  readonly token: string
}

export interface TestConnectorOptions {
  /** Settings by their variables' names, over the test's own. */
  readonly settings?: Readonly<Record<string, string>>
  readonly config?: Partial<Config>
  readonly overrides?: Overrides
}

const testSettings = {
  CONCORDAT_PUBLIC_PORT: '0',
  CONCORDAT_MANAGEMENT_PORT: '0',
  CONCORDAT_ALLOW_ADDRESSES: 'localhost,127.0.0.0/8,::1/128',
  CONCORDAT_LOG_LEVEL: 'silent',
  // Tests that are about something else have no records of witnesses between theirs.
  CONCORDAT_WITNESS_SECONDS: '0',
}

export async function startTestConnector(options: TestConnectorOptions = {}): Promise<TestConnector> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'concordat-connector-'))
  await initDataDirectory(dataDirectory, {})
  const config = { ...readConfig(dataDirectory, { ...testSettings, ...options.settings }), database: await testDatabaseLocation(), ...options.config }
  const connector = await startConnector(config, options.overrides)
  const close = async () => {
    await connector.close()
    await rm(dataDirectory, { recursive: true, force: true })
  }
  const token = (await readFile(join(dataDirectory, 'operator.token'), 'utf8')).trim()
  return { ...connector, dataDirectory, token, close, [Symbol.asyncDispose]: close }
}

/** Two connectors that know each other. */
export interface Dataspace extends AsyncDisposable {
  readonly provider: TestConnector
  readonly consumer: TestConnector
  /** Waits until neither has anything to send or to record. */
  settle(): Promise<void>
  close(): Promise<void>
}

export async function startDataspace(options: { provider?: TestConnectorOptions; consumer?: TestConnectorOptions } = {}): Promise<Dataspace> {
  const [provider, consumer] = await Promise.all([startTestConnector(options.provider), startTestConnector(options.consumer)])
  await acquaint(provider, consumer)
  await acquaint(consumer, provider)
  const close = async () => {
    await Promise.all([provider.close(), consumer.close()])
  }
  return { provider, consumer, close, settle: () => settle(provider, consumer), [Symbol.asyncDispose]: close }
}

/** Puts `other` into the register of `connector`. */
export async function acquaint(connector: Connector, other: { id: string; dspAddress: string }): Promise<void> {
  await insertPartner(connector.services.database.db, { id: other.id, name: other.id, address: other.dspAddress }, new Date())
}

/** What one sends gives the other something to send: they are settled when a round brings no record on either side. */
export async function settle(...connectors: readonly Connector[]): Promise<void> {
  const sizes = async () => Promise.all(connectors.map(({ services }) => services.audit.size()))
  for (let before: number[] = [], after = await sizes(); before.join() !== after.join(); ) {
    for (const connector of connectors) await connector.settle()
    before = after
    after = await sizes()
  }
}
