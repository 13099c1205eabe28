import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import type { Open } from '../../session.ts'

/** `audit witness`. */
export function witnessCommand(audit: Command, open: Open): void {
  const command = audit
    .command('witness')
    .description('ask all witnesses now to cosign the log, and show how far each has')
    .option('--list', 'ask nobody; only show')
    .action(async (options: { list?: boolean }, self: Command) => {
      const { client, print } = open(self)
      const { items } = options.list === true ? await client.call('listWitnesses', {}) : await client.call('askWitnesses', {})
      print.table(
        { items, next: null },
        [
          ['WITNESS', (each) => each.name],
          ['LOG', (each) => each.origin?.split('/').at(-1)],
          ['COSIGNED', (each) => each.size],
          ['BEHIND', (each) => each.lag],
          ['LAST', (each) => each.seenAt],
          ['FAILING SINCE', (each) => each.failingSince],
          ['WHY', (each) => each.failure],
        ],
        'Nobody cosigns this log. Partners do whose connector is a witness, and those that CONCORDAT_WITNESSES lists.',
      )
    })
  example(command, 'audit witness')
}
