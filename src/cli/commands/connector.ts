import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { example, several, wholeNumber } from '../arguments.ts'
import { Failure } from '../failure.ts'
import { nameAndValue } from '../metadata.ts'
import type { GlobalOptions, Open } from '../session.ts'

interface InitOptions extends GlobalOptions {
  readonly publicUrl?: string
  readonly publicPort?: number
  readonly managementPort?: number
  readonly allowAddresses?: string
  readonly sourceFolders?: string
  readonly databaseUrl?: string
  readonly postgresql?: readonly string[]
  readonly set?: readonly string[]
}

/** `init`, `start`, `self` and `key rotate`: the connector itself. */
export function connectorCommands(program: Command, open: Open): void {
  const init = program
    .command('init')
    .description('make the data folder of a connector: keys, settings and the first token')
    .option('--public-url <address>', 'address under which partners reach it: https://data.example.org')
    .option('--public-port <port>', 'port of the public listener', wholeNumber(0, 65_535))
    .option('--management-port <port>', 'port of the management listener', wholeNumber(0, 65_535))
    .option('--allow-addresses <list>', 'private addresses, host:port or CIDR blocks that may be called, with commas between')
    .option('--source-folders <list>', 'folders whose files datasets may name, with commas between')
    .option('--database-url <address>', 'PostgreSQL database: postgres://…; without it an embedded one is used')
    .option('--postgresql <name=address>', 'PostgreSQL database whose tables datasets may name (repeatable)', several)
    .option('--set <name=value>', 'any other setting by its environment variable (repeatable)', several)
    .action(async (options: InitOptions, command: Command) => {
      const settings = settingsOf(options).flatMap((setting) => ['--set', setting])
      await runServer(['init', '--data', command.optsWithGlobals<GlobalOptions>().data, ...settings])
    })
  example(init, 'init --data data --public-url https://data.example.org')

  const start = program
    .command('start')
    .description('run the connector of a data folder until it is told to stop')
    .action(async (_options: object, command: Command) => runServer(['--data', command.optsWithGlobals<GlobalOptions>().data]))
  example(start, 'start --data data')

  const self = program
    .command('self')
    .description('show who the connector is, and the token that asks')
    .action(async (_options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getSelf', {}))
    })
  example(self, 'self --json')

  const key = program.command('key').description('signing keys')
  const rotate = key
    .command('rotate')
    .description('make a new signing key; the old one stays valid until what it signed is over')
    .action(async (_options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('rotateKey', {}))
    })
  example(rotate, 'key rotate')
}

function settingsOf(options: InitOptions): string[] {
  const named: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ['CONCORDAT_PUBLIC_URL', options.publicUrl],
    ['CONCORDAT_PUBLIC_PORT', options.publicPort],
    ['CONCORDAT_MANAGEMENT_PORT', options.managementPort],
    ['CONCORDAT_ALLOW_ADDRESSES', options.allowAddresses],
    ['CONCORDAT_SOURCE_FOLDERS', options.sourceFolders?.split(',').map((folder) => resolve(folder.trim())).join(',')],
    ['DATABASE_URL', options.databaseUrl],
  ]
  const sources = (options.postgresql ?? []).map((text) => {
    const [name, address] = nameAndValue('--postgresql', text)
    return `CONCORDAT_POSTGRESQL_${name.toUpperCase()}=${address}`
  })
  const more = (options.set ?? []).map((text) => nameAndValue('--set', text).join('='))
  return [...named.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])), ...sources, ...more]
}

/** Runs the server program with our stdio, hands signals on, and ends as it ends. */
async function runServer(args: readonly string[]): Promise<void> {
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { stdio: 'inherit' })
  const handOn = (signal: NodeJS.Signals) => {
    // Ctrl-C in a terminal reaches the child by itself.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, handOn)
  try {
    const code = await new Promise<number>((ended, failed) => {
      child.once('error', failed)
      child.once('exit', (status) => ended(status ?? 1))
    })
    if (code !== 0) throw new Failure(code, '')
  } finally {
    for (const signal of signals) process.off(signal, handOn)
  }
}
