import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'

/** What a run of the command gave. */
export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the `concordat` command in this process, with stdin, stdout and stderr of its own. */
export async function runCommand(args: readonly string[], input = ''): Promise<CommandResult> {
  const out = new PassThrough()
  const err = new PassThrough()
  const texts = Promise.all([text(out), text(err)])
  const code = await runProgram(args, { in: Readable.from([input]), out, err })
  out.end()
  err.end()
  const [written, said] = await texts
  return { code, out: written, err: said }
}

/** Runs the command against a connector. */
export function commandFor(connector: { managementUrl: string; token: string }): (...args: string[]) => Promise<CommandResult> {
  return (...args) => runCommand([...args, '--url', connector.managementUrl, '--token', connector.token])
}

/** Runs a command with `--json`; it must end with 0. */
export async function jsonFrom(run: ReturnType<typeof commandFor>, ...args: string[]) {
  const result = await run(...args, '--json')
  expect(result).toMatchObject({ code: 0 })
  return JSON.parse(result.out)
}
