import { join } from 'node:path'
import { pino } from 'pino'
import { readConfig } from '../../src/config.ts'
import { startConnector } from '../../src/connector.ts'
import type { Connector, Overrides } from '../../src/connector.ts'
import { ProblemError } from '../../src/errors.ts'
import type { Identity } from '../../src/identity/identity.ts'
import { initDataDirectory } from '../../src/init.ts'
import { manual as manualNegotiation } from '../../src/negotiation/decide.ts'
import type { DatabaseLocation } from '../../src/persistence/database.ts'
import { manual as manualTransfer } from '../../src/transfer/decide.ts'
import { placePreparedDatabase } from '../helpers/prepared-folder.ts'
import { listenForInitiation } from './initiate.ts'
import type { Initiate } from './initiate.ts'
import { isOvertaken, startReacting } from './reactions.ts'
import { kitParticipant, testedParticipant } from './script.ts'
import { seed } from './seed.ts'

export interface DriverOptions {
  /** A folder that does not exist yet. */
  readonly dataDirectory: string
  /** By default an embedded database in the data folder. */
  readonly database?: DatabaseLocation
  /** 0: any free port. */
  readonly publicPort: number
  readonly initiatePort: number
  readonly delayMs?: number
}

/** A connector that does what the kit expects of the one it tests. */
export interface Driver {
  readonly connector: Connector
  readonly initiate: Initiate
  close(): Promise<void>
}

/**
 * Starts a connector of production parts; replaced are only who calls (whoever it is, it is the kit), who decides (the
 * script), and which formats there are (whatever the kit names is pulled).
 */
export async function startDriver(options: DriverOptions): Promise<Driver> {
  await initDataDirectory(options.dataDirectory, {})
  const settings = {
    CONCORDAT_PUBLIC_HOST: '127.0.0.1',
    CONCORDAT_PUBLIC_PORT: String(options.publicPort),
    CONCORDAT_MANAGEMENT_PORT: '0',
    CONCORDAT_ALLOW_ADDRESSES: 'localhost,127.0.0.0/8,::1/128',
    // The kit reads the first page of the catalog only.
    CONCORDAT_CATALOG_PAGE: '1000',
    CONCORDAT_LOG_LEVEL: 'warn',
    ...(options.publicPort === 0 ? {} : { CONCORDAT_PUBLIC_URL: `http://127.0.0.1:${options.publicPort}` }),
  }
  const config = readConfig(options.dataDirectory, settings)
  if (options.database === undefined) await placePreparedDatabase(options.dataDirectory)
  const database = options.database ?? { kind: 'pglite', directory: join(options.dataDirectory, 'database') }
  const log = pino({ level: config.logLevel }, pino.destination(2))
  const connector = await startConnector({ ...config, database }, { ...overrides, log })
  const closers: (() => Promise<unknown>)[] = [() => connector.close()]
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    await seed(connector.services)
    const onError = (error: unknown) => (isOvertaken(error) ? log.debug({ err: error }, 'overtaken') : log.error({ err: error }, 'a scripted step failed'))
    closers.push(await startReacting(connector.services, { delayMs: options.delayMs ?? 200, onError }))
    const initiate = await listenForInitiation(connector.services, options.initiatePort)
    closers.push(() => initiate.close())
    return { connector, initiate, close }
  } catch (error) {
    await close()
    throw error
  }
}

const nowhere = () => new ProblemError('not-found', 'The kit has no DID document; its address comes with each request.')

const identity: Identity = {
  id: testedParticipant,
  caller: async () => kitParticipant,
  authorization: async () => 'Bearer concordat',
  signStatement: async () => {
    throw nowhere()
  },
  readStatement: async () => {
    throw nowhere()
  },
  checkId: () => undefined,
  address: async () => {
    throw nowhere()
  },
  transparency: async () => ({ logKeys: [], witnessKeys: [], witness: undefined }),
  document: () => undefined,
  rotate: async () => {
    throw nowhere()
  },
}

const overrides: Overrides = { identity, decideNegotiation: manualNegotiation, decideTransfer: manualTransfer, directionOf: () => 'pull' }
