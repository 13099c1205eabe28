import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { compileCache } from '../helpers/prepared-folder.ts'
import type { Target } from '../conformance/kit.ts'

const program = join(import.meta.dirname, 'main.ts')

/** Runs `npm run tck` with these arguments to its end. */
export async function runProgram(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return { code: child.exitCode ?? -1, stdout, stderr }
}

/** A connector in a process of its own, as the kit is given it. */
export interface ServedConnector extends AsyncDisposable {
  readonly target: Target
  readonly properties: string
  /** Ends it as Ctrl-C does; gives its exit code. */
  end(): Promise<number>
}

/** Starts `npm run tck -- --serve` on free ports and waits until it is ready. */
export async function serveProgram(): Promise<ServedConnector> {
  const child = spawn(process.execPath, [program, '--serve', '--port', '0', '--initiate-port', '0'], { env: { ...process.env, NODE_COMPILE_CACHE: compileCache }, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const end = async () => {
    child.kill('SIGINT')
    await ended
    return child.exitCode ?? -1
  }
  let file = ''
  for await (const line of createInterface({ input: child.stdout })) {
    file = /properties file is (.*)\.$/.exec(line)?.[1] ?? file
    if (line.startsWith('Ready')) break
  }
  if (file === '') throw new Error('The program ended before it was ready')
  const properties = await readFile(file, 'utf8')
  return { properties, target: targetOf(properties), end, [Symbol.asyncDispose]: async () => void (await end()) }
}

function targetOf(properties: string): Target {
  const value = (name: string) => new RegExp(`^dataspacetck\\.dsp\\.connector\\.${name.replaceAll('.', '\\.')}=(.*)$`, 'm').exec(properties)?.[1] ?? ''
  return {
    participantId: value('agent.id'),
    baseUrl: value('http.base.url'),
    dspAddress: value('http.url'),
    negotiationInitiateUrl: value('negotiation.initiate.url'),
    transferInitiateUrl: value('transfer.initiate.url'),
  }
}
