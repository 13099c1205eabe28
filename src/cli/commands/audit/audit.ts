import type { Command } from 'commander'
import type { Terminal } from '../../output.ts'
import type { Open } from '../../session.ts'
import { checkCommand } from './check.ts'
import { recoverCommand } from './recover.ts'
import { eraseCommand } from './erase.ts'
import { eventsCommand } from './events.ts'
import { evidenceCommand } from './evidence.ts'
import { exportCommand } from './export.ts'
import { listCommand } from './list.ts'
import { showCommand } from './show.ts'
import { statsCommand } from './stats.ts'
import { pruneCommand } from './prune.ts'
import { witnessCommand } from './witness.ts'
import { reconcileCommand } from './reconcile.ts'
import { verifyCommand } from './verify.ts'

/** `audit …`: the record of what was asked, decided and released. */
export function auditCommands(program: Command, open: Open, terminal: Terminal): void {
  const audit = program.command('audit').description('the record of what was asked, decided and released')
  listCommand(audit, open)
  showCommand(audit, open)
  statsCommand(audit, open)
  exportCommand(audit, open)
  evidenceCommand(audit, open)
  verifyCommand(audit, terminal)
  reconcileCommand(audit, open, terminal)
  checkCommand(audit, open)
  recoverCommand(audit, open)
  eventsCommand(audit, open)
  eraseCommand(audit, open)
  pruneCommand(audit, open)
  witnessCommand(audit, open)
}
