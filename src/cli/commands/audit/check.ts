import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import { exitCodes, Failure } from '../../failure.ts'
import { printable } from '../../output.ts'
import type { Open } from '../../session.ts'

const pollMs = 2000

/** `audit check`. */
export function checkCommand(audit: Command, open: Open): void {
  const command = audit
    .command('check')
    .description('read the whole record and compare it with all that was signed of it; exits with 1 when something is wrong')
    .action(async (_options: object, self: Command) => {
      const { client, print } = open(self)
      const poll = setInterval(() => {
        void client.call('getLogStatus', {}).then(({ checking }) => checking !== undefined && print.note(`${checking.entries} of ${checking.of} entries, log ${checking.log}`), () => undefined)
      }, pollMs)
      const report = await client.call('checkLog', {}).finally(() => clearInterval(poll))
      const { entries, logs, findings, breaks } = report
      const past = breaks.map(({ message, resolvedAt }) => `A break of the past, on record since ${resolvedAt ?? '-'}: ${printable(message)}`)
      const now = findings.map(({ id, kind, message }) => `${id} ${kind}: ${printable(message)}`)
      const read = `${entries} entries of ${logs.length} ${logs.length === 1 ? 'log' : 'logs'}`
      const good = past.length === 0 ? `All ${read} are as they were signed.` : `Beside what is on record as a break, nothing is wrong with the ${read}.`
      const result = findings.length === 0 ? good : `${findings.length} ${findings.length === 1 ? 'fault was' : 'faults were'} found. The log is stopped: nothing is recorded or released. docs/log-recovery.md says what to do.`
      print.result(report, [...past, ...now, result].join('\n'))
      if (findings.length > 0) throw new Failure(exitCodes.failed, '')
    })
  example(command, 'audit check')
}
