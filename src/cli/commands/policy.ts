import type { Command } from 'commander'
import type { Terminal } from '../output.ts'
import { policyCheckCommand } from './policy-check.ts'
import { policyDecideCommand } from './policy-decide.ts'
import { policyDiffCommand } from './policy-diff.ts'
import { policyExplainCommand } from './policy-explain.ts'
import { readyMadeCommands } from './policy-ready-made.ts'

/** `policy …`: policies are read, decided, explained and compared here; no connector is asked. */
export function policyCommands(program: Command, terminal: Terminal): void {
  const policy = program.command('policy').description('read, decide, explain and compare policies; no connector is needed')
  policyExplainCommand(policy, terminal)
  policyCheckCommand(policy, terminal)
  policyDiffCommand(policy, terminal)
  policyDecideCommand(policy, terminal)
  readyMadeCommands(policy, terminal)
}
