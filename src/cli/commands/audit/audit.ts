import type { Command } from 'commander'
import type { Open } from '../../session.ts'
import { eraseCommand } from './erase.ts'
import { eventsCommand } from './events.ts'
import { exportCommand } from './export.ts'
import { listCommand } from './list.ts'
import { showCommand } from './show.ts'
import { statsCommand } from './stats.ts'
import { pruneCommand } from './prune.ts'
import { witnessCommand } from './witness.ts'

/** `audit …`: the record of what was asked, decided and released. */
export function auditCommands(program: Command, open: Open): void {
  const audit = program.command('audit').description('the record of what was asked, decided and released')
  listCommand(audit, open)
  showCommand(audit, open)
  statsCommand(audit, open)
  exportCommand(audit, open)
  eventsCommand(audit, open)
  eraseCommand(audit, open)
  pruneCommand(audit, open)
  witnessCommand(audit, open)
}
