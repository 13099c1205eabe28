import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import type { Open } from '../../session.ts'

/** `audit events`. */
export function eventsCommand(audit: Command, open: Open): void {
  const command = audit
    .command('events')
    .description('what is recorded: every type of record with its fields')
    .action(async (_options: object, self: Command) => {
      const { client, print } = open(self)
      const { items } = await client.call('listEventTypes', {})
      print.table(
        { items, next: null },
        [['TYPE', (each) => each.type], ['KEPT AS', (each) => each.keep], ['MEANING', (each) => each.meaning], ['PERSONAL', (each) => each.fields.flatMap(({ name, personal }) => (personal ? [name] : [])).join(' ')]],
        'Nothing is recorded.',
      )
    })
  example(command, 'audit events')
}
