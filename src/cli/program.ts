import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { agreementCommands } from './commands/agreement.ts'
import { auditCommands } from './commands/audit/audit.ts'
import { catalogCommand } from './commands/catalog.ts'
import { connectorCommands } from './commands/connector.ts'
import { datasetCommands } from './commands/dataset.ts'
import { getCommand } from './commands/get.ts'
import { logCommands } from './commands/log.ts'
import { negotiationCommands } from './commands/negotiation.ts'
import { obligationCommands } from './commands/obligation.ts'
import { offerCommands } from './commands/offer.ts'
import { partnerCommands } from './commands/partner.ts'
import { outboxCommands } from './commands/outbox.ts'
import { policyCommands } from './commands/policy.ts'
import { secretCommands } from './commands/secret.ts'
import { tokenCommands } from './commands/token.ts'
import { transferCommands } from './commands/transfer.ts'
import { whyCommand } from './commands/why.ts'
import { exitCodes, isFailure } from './failure.ts'
import type { Terminal } from './output.ts'
import { globalOptions, opener } from './session.ts'

const help = `
Exit codes:
  0  done
  1  failed, or refused by the connector
  2  wrong usage
  3  not found
  4  not allowed: the token is missing, not valid, or has another role
  5  the connector cannot be reached
  6  the negotiation or transfer was terminated
  7  not finished: it waits for a person, or for longer than --timeout

Example:
  $ concordat init --data data --public-url https://data.example.org
  $ concordat start --data data`

/** The whole command. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('concordat')
    .description('A data-space connector: publish, negotiate, transfer, and see the record of it.')
    // Long options of the program are taken wherever they stand, and `get` has a --version of its own.
    .version(packageVersion(), '-V', 'show the version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.err.write(text) })
    .showHelpAfterError('(concordat --help, or --help after a command, shows what it takes)')
    .exitOverride()
    .addHelpText('after', help)
  for (const option of globalOptions()) program.addOption(option)
  const open = opener(terminal)
  connectorCommands(program, open)
  partnerCommands(program, open)
  datasetCommands(program, open)
  offerCommands(program, open)
  policyCommands(program, terminal)
  secretCommands(program, open)
  catalogCommand(program, open)
  negotiationCommands(program, open)
  agreementCommands(program, open)
  obligationCommands(program, open)
  transferCommands(program, open)
  getCommand(program, open)
  auditCommands(program, open, terminal)
  logCommands(program, open)
  whyCommand(program, open)
  outboxCommands(program, open)
  tokenCommands(program, open)
  return program
}

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return manifest.version
}

/** Runs the command with these arguments; gives its exit code. Bugs bubble. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' })
    return exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (!isFailure(error)) throw error
    if (error.message !== '') terminal.err.write(`concordat: ${error.message}\n`)
    return error.exitCode
  }
}
