import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Item } from '../operations.ts'
import { printable } from '../output.ts'
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
      print.table(page, [['ID', (each) => each.id], ['WE ARE', (each) => each.role], ['PARTNER', (each) => each.partner], ['DATASET', (each) => each.dataset], ['FINAL SINCE', (each) => each.finalizedAt], ['UNTIL', (each) => each.endsAt]], 'There is no agreement.')
    })
  example(list, 'agreement list --partner did:web:cards.example')

  const show = agreement
    .command('show')
    .description('show an agreement, and its terms in plain sentences')
    .argument('<agreement>')
    .addOption(new Option('--lang <language>', 'language of the sentences').choices(['en', 'ca', 'es']).default('en'))
    .option('--message', 'write the message that carried it to stdout, byte for byte as it was exchanged')
    .action(async (agreementId: string, options: { message?: boolean; lang?: 'en' | 'ca' | 'es' }, command: Command) => {
      const { client, print, terminal } = open(command)
      const path = { agreementId }
      if (options.message === true) return void terminal.out.write(await textOf(await client.open('getAgreementMessage', { path })))
      print.thing(await client.call('getAgreement', { path }))
      if (print.json) return
      const { text } = await client.call('explainAgreement', { path, query: { lang: options.lang } })
      terminal.out.write(`\n${text.split('\n').map((line) => printable(line)).join('\n')}\n`)
    })
  example(show, 'agreement show urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10 --message | sha256sum')

  const revoke = agreement
    .command('revoke')
    .description('as provider: end an agreement now, and its transfers')
    .argument('<agreement>')
    .option('--reason <text>', 'why; the partner is told')
    .option('--code <code>', 'why, for programs of the partner')
    .action(async (agreementId: string, options: { reason?: string; code?: string }, command: Command) => {
      const { client, print } = open(command)
      const { reason, code } = options
      print.thing(await client.call('revokeAgreement', { path: { agreementId }, body: { ...(reason === undefined ? {} : { reason }), ...(code === undefined ? {} : { code }) } }))
      print.note('What is still offered can be asked for again. Look with: concordat offer list')
    })
  example(revoke, 'agreement revoke urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10 --reason "The purpose has changed"')
}
