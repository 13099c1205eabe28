import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Item } from '../operations.ts'
import type { Open } from '../session.ts'

interface ObligationList extends ListOptions {
  readonly agreement?: string
  readonly partner?: string
  readonly state?: Item<'listObligations'>['state']
}

/** `obligation …`: what somebody has to do under agreements. */
export function obligationCommands(program: Command, open: Open): void {
  const obligation = program.command('obligation').description('what somebody has to do under agreements')

  const list = listing(obligation.command('list').description('list duties and obligations, oldest first'))
    .option('--agreement <agreement>', 'only those of this agreement')
    .option('--partner <did>', 'only those of agreements with this partner')
    .addOption(new Option('--state <state>', 'only those in this state').choices(['open', 'fulfilled', 'violated']))
    .action(async (options: ObligationList, command: Command) => {
      const { client, print } = open(command)
      const { agreement, partner, state } = options
      const page = await client.list('listObligations', { query: { ...pageOf(options), agreement, partner, state } }, options.all === true)
      print.table(
        page,
        [['ID', (each) => each.id], ['AGREEMENT', (each) => each.agreement], ['KIND', (each) => each.kind], ['ACTION', (each) => each.action], ['WHO', (each) => each.assignee], ['DUE', (each) => each.dueAt], ['STATE', (each) => (each.overdue ? 'overdue' : each.state)]],
        'There is no obligation.',
      )
    })
  example(list, 'obligation list --state open')

  const show = obligation
    .command('show')
    .description('show a duty or obligation')
    .argument('<obligation>')
    .action(async (obligationId: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getObligation', { path: { obligationId } }))
    })
  example(show, 'obligation show urn:uuid:8d0e5a0b-54b4-4f4e-9a3f-1c1f2f3a4b5c')

  for (const { name, operation, description } of settling) {
    const command = obligation
      .command(name)
      .description(description)
      .argument('<obligation>')
      .option('--note <text>', 'what shows it; kept in the record')
      .action(async (obligationId: string, options: { note?: string }, own: Command) => {
        const { client, print } = open(own)
        print.thing(await client.call(operation, { path: { obligationId }, body: options.note === undefined ? {} : { note: options.note } }))
      })
    example(command, `obligation ${name} urn:uuid:8d0e5a0b-54b4-4f4e-9a3f-1c1f2f3a4b5c --note "Certificate of 2 March 2026"`)
  }
}

const settling = [
  { name: 'fulfil', operation: 'fulfilObligation', description: 'say that it was done' },
  { name: 'violate', operation: 'violateObligation', description: 'say that it was not done' },
] as const
