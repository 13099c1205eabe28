import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import { exitCodes, Failure } from '../../failure.ts'
import { printable } from '../../output.ts'
import type { Open } from '../../session.ts'

const faultsText = (count: number) => `${count} ${count === 1 ? 'fault' : 'faults'}`

/** `audit recover`. */
export function recoverCommand(audit: Command, open: Open): void {
  const command = audit
    .command('recover')
    .description('bring a stopped log back to work; read docs/log-recovery.md before')
    .requiredOption('--reason <text>', 'what happened and what was done about it; kept in the record')
    .option('--without-witnesses', 'go on although no witness answers: nobody then knows whether the name and the numbers of the next log were used before')
    .option('--yes', 'do it; without it only tells what would be done')
    .action(async (options: { reason: string; yes?: boolean; withoutWitnesses?: boolean }, self: Command) => {
      const { client, print } = open(self)
      // All of it is looked for now, so that no other break is found once the log is at work again.
      await client.call('checkLog', {})
      const { faults, log } = await client.call('getLogStatus', {})
      const counting = faults.filter(({ resolvedAt }) => resolvedAt === undefined)
      for (const { kind, message } of counting) print.note(`${kind}: ${printable(message)}`)
      if (options.yes !== true && counting.length === 0) throw new Failure(exitCodes.failed, 'The log is not stopped; there is nothing to bring back to work.')
      if (options.yes !== true) return print.result({ faults: counting }, `This would end log ${log ?? '-'} as it is and begin another. Its first entries would tell of ${faultsText(counting.length)}, of you and of your reason, and partners see them. Secure the evidence first. Nothing is done yet: add --yes.`)
      const done = await client.call('recoverLog', { body: { reason: options.reason, acknowledge: counting.map(({ id }) => id), ...(options.withoutWitnesses === true ? { withoutWitnesses: true } : {}) } })
      print.result(done, `Log ${done.log} begins with record ${done.start}${done.newKey ? ' and a new key' : ''}. ${faultsText(done.resolved.length)} put on record.`)
    })
  example(command, 'audit recover --reason "The database was restored from Monday\'s backup" --yes')
}
