import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openLogKeys } from './audit/log/keys.ts'
import { settingsFile } from './config.ts'
import { ProblemError } from './errors.ts'
import { createKeys } from './identity/keys.ts'

/** Where things are in a data folder. */
export function pathsIn(dataDirectory: string) {
  return {
    settings: join(dataDirectory, settingsFile),
    keys: join(dataDirectory, 'keys'),
    /** 32 bytes, hex: seals the secrets of HTTP sources and the catalog's page tokens. */
    sealingKey: join(dataDirectory, 'keys', 'sealing.key'),
    /** The first operator's token, for whoever may read this folder. */
    operatorToken: join(dataDirectory, 'operator.token'),
    /** Where the running connector's management API is; written at start for the command line. */
    managementUrl: join(dataDirectory, 'management.url'),
    uploads: join(dataDirectory, 'uploads'),
    /** There once every token in the database has a mark. */
    tokensMarked: join(dataDirectory, 'keys', 'tokens.marked'),
    /** A file for each API token that was revoked. */
    revokedTokens: join(dataDirectory, 'log', 'revoked'),
    /** The log's keys, its newest signed checkpoints and, beside the embedded database, its journal. */
    log: join(dataDirectory, 'log'),
    logKeys: join(dataDirectory, 'log', 'keys'),
  } as const
}

/** Makes a data folder: settings, keys of the participant and of its log (mode 0600) and the first operator's token. Refuses a folder that has them already. */
export async function initDataDirectory(dataDirectory: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const paths = pathsIn(dataDirectory)
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  await writeNew(paths.settings, `${JSON.stringify(settings, undefined, 2)}\n`, dataDirectory)
  await createKeys(paths.keys)
  await openLogKeys(paths.logKeys, { create: true, clock: () => new Date() })
  await writeNew(paths.sealingKey, `${randomBytes(32).toString('hex')}\n`, dataDirectory)
  await writeNew(paths.operatorToken, `${randomBytes(32).toString('base64url')}\n`, dataDirectory)
}

/** What `initDataDirectory` made and a start needs. */
export async function readSecretFiles(dataDirectory: string): Promise<{ sealingKey: Buffer; operatorToken: string }> {
  const paths = pathsIn(dataDirectory)
  const [sealing, operatorToken] = await Promise.all([readSecret(paths.sealingKey, dataDirectory), readSecret(paths.operatorToken, dataDirectory)])
  const sealingKey = Buffer.from(sealing, 'hex')
  if (sealingKey.length !== 32) throw new ProblemError('bad-request', `${paths.sealingKey} does not hold 32 bytes in hexadecimal. Restore it from your backup: secrets cannot be opened without it.`)
  return { sealingKey, operatorToken }
}

async function readSecret(file: string, dataDirectory: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new ProblemError('not-found', `The data folder ${dataDirectory} has no ${file.slice(dataDirectory.length + 1)}. Make the folder with "concordat init --data ${dataDirectory}".`, { cause })
  }
}

async function writeNew(file: string, text: string, dataDirectory: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(Error.isError(error) && 'code' in error && error.code === 'EEXIST')) throw error
    throw new ProblemError('already-exists', `The data folder ${dataDirectory} is initialised already. Start it with "concordat start --data ${dataDirectory}", or name another folder.`, { cause: error })
  }
}
