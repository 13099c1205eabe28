import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import type { Open } from '../../session.ts'

/** `audit prune`. */
export function pruneCommand(audit: Command, open: Open): void {
  const command = audit
    .command('prune')
    .description('remove the entries of a closed log after their time; its final checkpoint and its tiles stay')
    .requiredOption('--log <name>', 'the log, such as 2024')
    .requiredOption('--reason <text>', 'why; kept in the record')
    .option('--tiles', 'remove the tiles as well: then no receipt of its records can be extended any more')
    .option('--yes', 'remove; without it only tells what would be removed')
    .action(async (options: { log: string; reason: string; tiles?: boolean; yes?: boolean }, self: Command) => {
      const { client, print } = open(self)
      const { log, reason, tiles = false, yes = false } = options
      const pruned = await client.call('pruneLog', { path: { log }, body: { reason, dryRun: !yes, tiles } })
      const { records, runningAgreements: running } = pruned
      const warning = running === 0 ? '' : ` ${running} ${running === 1 ? 'agreement that has' : 'agreements that have'} not ended ${running === 1 ? 'has' : 'have'} records among them.`
      print.result(pruned, yes ? `Removed ${records} records of the log ${log}.${warning}` : `Would remove ${records} records of the log ${log}.${warning} Nothing is removed yet: add --yes.`)
    })
  example(command, 'audit prune --log 2024 --reason "Five years are over" --yes')
}
