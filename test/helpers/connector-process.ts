import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { initDataDirectory, pathsIn } from '../../src/init.ts'
import { compileCache, placePreparedDatabase } from './prepared-folder.ts'

/** A connector in a process of its own, which may be killed and started again. */
export interface ConnectorProcess {
  readonly name: string
  readonly dataDirectory: string
  readonly publicUrl: string
  readonly managementUrl: string
  /** The operator's token. */
  readonly token: string
  readonly pid: number | undefined
  /** Whether it has said that it is ready, and still runs. */
  readonly up: boolean
  /** How often it ended without being told to. */
  readonly deaths: readonly string[]
  /** Starts it; resolves once it is ready, throws with its last words when it ends before. */
  start(): Promise<void>
  /** Resolves at once when it is up, otherwise the next time that it is ready. */
  whenUp(): Promise<void>
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** The last lines that it wrote. */
  lastWords(): string
}

export interface ProcessOptions {
  readonly name: string
  readonly dataDirectory: string
  readonly settings?: Readonly<Record<string, string>>
  /** A data folder that another process has made is used as it is. */
  readonly ports?: { readonly public: number; readonly management: number }
}

const mainFile = resolve(import.meta.dirname, '../../src/main.ts')

/** Makes a data folder with ports of its own; nothing runs yet. */
export async function prepareConnectorProcess(options: ProcessOptions): Promise<ConnectorProcess> {
  const ports = options.ports ?? { public: await freePort(), management: await freePort() }
  const publicUrl = `http://localhost:${ports.public}`
  const settings = {
    CONCORDAT_PUBLIC_URL: publicUrl,
    CONCORDAT_PUBLIC_HOST: '127.0.0.1',
    CONCORDAT_PUBLIC_PORT: String(ports.public),
    CONCORDAT_MANAGEMENT_PORT: String(ports.management),
    CONCORDAT_ALLOW_ADDRESSES: 'localhost,127.0.0.1',
    CONCORDAT_LOG_LEVEL: 'warn',
    ...options.settings,
  }
  if (options.ports === undefined) {
    await initDataDirectory(options.dataDirectory, settings)
    if (options.settings?.['DATABASE_URL'] === undefined) await placePreparedDatabase(options.dataDirectory)
  }
  const token = (await readFile(pathsIn(options.dataDirectory).operatorToken, 'utf8')).trim()
  return runner({ ...options, settings, publicUrl, managementUrl: `http://127.0.0.1:${ports.management}`, token })
}

function runner(options: ProcessOptions & { publicUrl: string; managementUrl: string; token: string }): ConnectorProcess {
  let child: ChildProcess | undefined
  let ready = Promise.withResolvers<void>()
  let up = false
  let words: string[] = []
  const expected = new Set<number>()
  const deaths: string[] = []

  async function start(): Promise<void> {
    if (child !== undefined) throw new Error(`${options.name} runs already`)
    // Every setting goes by the environment too, so that two processes on one folder may differ in their ports.
    const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainFile, '--data', options.dataDirectory], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_COMPILE_CACHE: compileCache, ...options.settings },
    })
    child = started
    const begun = Promise.withResolvers<void>()
    const note = (line: string) => {
      words = [...words.slice(-40), line]
      if (!line.includes(' is ready. ')) return
      up = true
      ready.resolve()
      begun.resolve()
    }
    createInterface({ input: started.stdout }).on('line', note)
    createInterface({ input: started.stderr }).on('line', note)
    started.once('exit', (code, signal) => {
      if (up) ready = Promise.withResolvers()
      up = false
      child = undefined
      if (!expected.delete(started.pid ?? 0)) deaths.push(`${options.name} ended by itself (${signal ?? code}): ${words.slice(-5).join(' | ')}`)
      begun.reject(new Error(`${options.name} ended before it was ready (${signal ?? code}): ${words.slice(-5).join(' | ')}`))
    })
    await begun.promise
  }

  return {
    name: options.name,
    dataDirectory: options.dataDirectory,
    publicUrl: options.publicUrl,
    managementUrl: options.managementUrl,
    token: options.token,
    get pid() {
      return child?.pid
    },
    get up() {
      return up
    },
    deaths,
    start,
    whenUp: () => ready.promise,
    kill: async (signal = 'SIGKILL') => {
      const running = child
      if (running === undefined) return
      expected.add(running.pid ?? 0)
      const ended = once(running, 'exit')
      running.kill(signal)
      await ended
    },
    lastWords: () => words.join('\n'),
  }
}

// Who was given one may not listen yet.
const given = new Set<number>()

/** A port of the loopback address that nobody listens on now. Systems give out none of these to whoever asks for any port. */
export async function freePort(): Promise<number> {
  for (let tries = 100; tries > 0; tries--) {
    const port = randomInt(20_000, 32_000)
    if (given.has(port)) continue
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(() => true, () => false)
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    given.add(port)
    return port
  }
  throw new Error('There is no free port')
}

/** A file in a connector's data folder. */
export function inDataFolder(connector: Pick<ConnectorProcess, 'dataDirectory'>, ...names: string[]): string {
  return join(connector.dataDirectory, ...names)
}
