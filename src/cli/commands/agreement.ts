import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Item } from '../operations.ts'
import { textOf } from '../send.ts'
import type { Open } from '../session.ts'

/** `agreement …`: what was agreed. */
export function agreementCommands(program: Command, open: Open): void {
  const agreement = program.command('agreement').description('what was agreed')

  const list = listing(agreement.command('list').description('list the agreements, newest first'))
    .addOption(new Option('--role <role>', 'only those in which we are this').choices(['provider', 'consumer']))
    .option('--partner <did>', 'only those with this partner')
    .option('--dataset <dataset>', 'only those about this dataset')
    .action(async (options: ListOptions & { role?: Item<'listAgreements'>['role']; partner?: string; dataset?: string }, command: Command) => {
      const { client, print } = open(command)
      const { role, partner, dataset } = options
      const page = await client.list('listAgreements', { query: { ...pageOf(options), role, partner, dataset } }, options.all === true)
      print.table(page, [['ID', (each) => each.id], ['WE ARE', (each) => each.role], ['PARTNER', (each) => each.partner], ['DATASET', (each) => each.dataset], ['FINAL SINCE', (each) => each.finalizedAt]], 'There is no agreement.')
    })
  example(list, 'agreement list --partner did:web:cards.example')

  const show = agreement
    .command('show')
    .description('show an agreement')
    .argument('<agreement>')
    .option('--message', 'write the message that carried it to stdout, byte for byte as it was exchanged')
    .action(async (agreementId: string, options: { message?: boolean }, command: Command) => {
      const { client, print, terminal } = open(command)
      const path = { agreementId }
      if (options.message !== true) return print.thing(await client.call('getAgreement', { path }))
      terminal.out.write(await textOf(await client.open('getAgreementMessage', { path })))
    })
  example(show, 'agreement show urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10 --message | sha256sum')
}
