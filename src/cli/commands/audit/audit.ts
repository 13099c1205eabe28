import type { Command } from 'commander'
import type { Open } from '../../session.ts'
import { exportCommand } from './export.ts'
import { listCommand } from './list.ts'

/** `audit …`: the record of what was asked, decided and released. */
export function auditCommands(program: Command, open: Open): void {
  const audit = program.command('audit').description('the record of what was asked, decided and released')
  listCommand(audit, open)
  exportCommand(audit, open)
}
