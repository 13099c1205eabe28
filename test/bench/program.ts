import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A floor: a bare program in a process of its own. */
export interface Program {
  readonly url: string
  readonly pid: number
  readonly close: () => Promise<void>
}

/** Starts `floors/<name>.ts`, which prints its port once it listens. */
export async function startProgram(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Program> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'floors', `${name}.ts`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings },
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const listening = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).once('line', listening.resolve)
  child.once('exit', (code) => listening.reject(new Error(`The floor ${name} ended (${code})`)))
  const port = await listening.promise
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    close: async () => {
      process.off('exit', kill)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
