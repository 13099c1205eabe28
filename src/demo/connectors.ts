import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApi } from './api.ts'
import type { Api } from './api.ts'
import { StepFailure } from './screen.ts'

/** Where the two listeners of a connector are. */
export interface Ports {
  readonly public: number
  readonly management: number
}

/** A connector in a process of its own. */
export interface Partner {
  readonly name: string
  readonly folder: string
  readonly api: Api
  readonly managementUrl: string
  /** Its DID. */
  readonly id: string
  /** Fails when the process ends without being told to. */
  readonly ended: Promise<never>
  stop(): Promise<void>
}

const serverProgram = fileURLToPath(new URL('../main.ts', import.meta.url))
// As in concordat.mjs.
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/concordat', import.meta.url))
const usualPorts = { operator: { public: 19_191, management: 19_291 }, city: { public: 19_192, management: 19_292 } } as const

/** The ports of both: those of the run before, else the usual ones, else free ones. */
export async function choosePorts(folders: { operator: string; city: string }): Promise<{ operator: Ports; city: Ports; usual: boolean }> {
  const before = { operator: await portsIn(folders.operator), city: await portsIn(folders.city) }
  const wanted = { operator: before.operator ?? usualPorts.operator, city: before.city ?? usualPorts.city }
  const numbers = [wanted.operator.public, wanted.operator.management, wanted.city.public, wanted.city.management]
  const taken = (await Promise.all(numbers.map(async (port) => ((await isFree(port)) ? [] : [port])))).flat()
  if (taken.length === 0) return { ...wanted, usual: true }
  // A connector's name holds its port, so those of the run before cannot be changed.
  if (before.operator !== undefined || before.city !== undefined) {
    throw new StepFailure(`Port ${taken.join(' and ')} is taken, and this data folder needs it. Is the demo running already? Stop what uses the port, or name another folder: npm run demo -- --data another-folder`)
  }
  const [first = 0, second = 0, third = 0, fourth = 0] = await freePorts(4)
  return { operator: { public: first, management: second }, city: { public: third, management: fourth }, usual: false }
}

async function portsIn(folder: string): Promise<Ports | undefined> {
  const file = join(folder, 'concordat.json')
  if (!existsSync(file)) return undefined
  const settings: Record<string, string> = JSON.parse(await readFile(file, 'utf8'))
  return { public: Number(settings['CONCORDAT_PUBLIC_PORT']), management: Number(settings['CONCORDAT_MANAGEMENT_PORT']) }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

// Below those that systems give to whoever asks for any: at the next run they must be free again.
async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 100; tries > 0 && found.size < count; tries--) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) found.add(port)
  }
  if (found.size < count) throw new StepFailure('There are no free ports.')
  return [...found]
}

/** Makes the data folder of a connector, unless there is one from the run before. Gives whether it was made. */
export async function initialise(folder: string, ports: Ports, partnerPorts: Ports): Promise<boolean> {
  if (existsSync(join(folder, 'operator.token'))) return false
  if (existsSync(folder)) throw new StepFailure(`The folder ${folder} is not complete: a run before ended too early. Remove it, and start the demo again.`)
  await mkdir(folder, { recursive: true })
  const settings = {
    CONCORDAT_PUBLIC_URL: `http://localhost:${ports.public}`,
    CONCORDAT_PUBLIC_HOST: '127.0.0.1',
    CONCORDAT_PUBLIC_PORT: String(ports.public),
    CONCORDAT_MANAGEMENT_PORT: String(ports.management),
    // Without this a connector calls public addresses over https only.
    CONCORDAT_ALLOW_ADDRESSES: [ports, partnerPorts].map((each) => `localhost:${each.public}`).join(','),
  }
  const child = run(['init', '--data', folder, ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`])])
  const words = lastLines(child)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new StepFailure(`The data folder ${folder} could not be made.\n${words.join('\n')}`)
  return true
}

/** Starts a connector and waits until it is ready. */
export async function startPartner(name: string, folder: string, ports: Ports): Promise<Partner> {
  const child = run(['--data', folder])
  const log = createWriteStream(`${folder}.log`)
  child.stdout?.pipe(log, { end: false })
  child.stderr?.pipe(log, { end: false })
  const words = lastLines(child)
  let stopping = false
  const exited = once(child, 'close')
  const ended = exited.then(([code, signal]): Promise<never> => {
    // After a stop there is nothing to say, to anyone, ever.
    if (stopping) return new Promise(() => undefined)
    throw new StepFailure(`${name}'s connector ended (${String(signal ?? code)}). Its last words, of ${folder}.log:\n${words.join('\n')}`)
  })
  ended.catch(() => undefined)
  const stop = async () => {
    stopping = true
    child.kill('SIGTERM')
    await exited
    log.end()
  }
  try {
    await Promise.race([ready(child), ended])
    const managementUrl = `http://127.0.0.1:${ports.management}`
    const api = createApi(managementUrl, (await readFile(join(folder, 'operator.token'), 'utf8')).trim())
    const { id } = await api.call('getSelf', {})
    return { name, folder, api, managementUrl, id, ended, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

// When it ends before it is ready, its end says why.
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let text = ''
    child.stdout?.on('data', (chunk: string) => {
      text += chunk
      if (text.includes(' is ready.')) resolve()
    })
  })
}

// A group of its own: Ctrl-C reaches the demo alone, which then tells both to stop, once. Nothing of the environment reaches the
// connectors, so that settings of another one (DATABASE_URL) do not.
function run(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', serverProgram, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { NODE_COMPILE_CACHE: compileCache } })
  const kill = () => void child.kill('SIGTERM')
  process.once('exit', kill)
  child.once('close', () => process.off('exit', kill))
  return child
}

function lastLines(child: ChildProcess): string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line !== ''))
      lines.splice(0, Math.max(0, lines.length - 15))
    })
  }
  return lines
}
