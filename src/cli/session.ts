import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import { createClient } from './client.ts'
import type { Client, Connection } from './client.ts'
import { exitCodes, Failure } from './failure.ts'
import { createPrinter } from './output.ts'
import type { Printer, Terminal } from './output.ts'

/** The options that every command takes. */
export interface GlobalOptions {
  readonly data: string
  readonly url?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly json?: boolean
}

/** What a command works with. */
export interface Session {
  readonly client: Client
  readonly url: string
  readonly print: Printer
  readonly terminal: Terminal
}

/** Opens the session of the command that runs. */
export type Open = (command: Command) => Session

/** The options that every command takes, with their environment variables. */
export function globalOptions(): Option[] {
  return [
    new Option('--data <folder>', 'data folder of the connector; holds operator.token and management.url').env('CONCORDAT_DATA').default('data'),
    new Option('--url <address>', 'management address; by default the one in management.url of the data folder').env('CONCORDAT_URL'),
    new Option('--token-file <file>', 'file that holds the token; by default operator.token of the data folder'),
    // Only for the environment: the arguments of a process can be read by every user of the machine.
    new Option('--token <token>').env('CONCORDAT_TOKEN').hideHelp(),
    new Option('--json', 'write JSON to stdout, and nothing else'),
  ]
}

export function opener(terminal: Terminal): Open {
  return (command) => {
    const options = command.optsWithGlobals<GlobalOptions>()
    const connection = connectionOf(options)
    return { client: createClient(connection), url: connection.url, print: createPrinter(terminal, options.json === true), terminal }
  }
}

function connectionOf(options: GlobalOptions): Connection {
  return { url: urlOf(options), token: tokenOf(options) }
}

function urlOf(options: GlobalOptions): string {
  const file = join(options.data, 'management.url')
  const url = options.url ?? firstLine(file, `There is no ${file}: is the connector running? Start it with "concordat start --data ${options.data}", or name its management address with --url.`, exitCodes.unreachable)
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw new Failure(exitCodes.usage, `"${url}" is not an http address. Name the management address with --url, such as http://127.0.0.1:8081`)
  return url
}

function tokenOf(options: GlobalOptions): string {
  const file = options.tokenFile ?? (options.token === undefined ? join(options.data, 'operator.token') : undefined)
  const token = file === undefined ? options.token?.trim() : firstLine(file, `The token cannot be read from ${file}. Name its file with --token-file, or put the token into CONCORDAT_TOKEN.`, exitCodes.notAllowed)
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) throw new Failure(exitCodes.notAllowed, `${file ?? 'CONCORDAT_TOKEN'} does not hold a token.`)
  return token
}

function firstLine(file: string, otherwise: string, exitCode: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n', 1)[0]?.trim() ?? ''
  } catch (error) {
    throw new Failure(exitCode, otherwise, error)
  }
}
