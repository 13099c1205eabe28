import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Open } from '../session.ts'

/** `outbox …`: what partners have not received yet. */
export function outboxCommands(program: Command, open: Open): void {
  const outbox = program.command('outbox').description('what partners have not received yet')

  const list = listing(outbox.command('list').description('list what is not delivered, oldest first'))
    .addOption(new Option('--status <status>', 'only those').choices(['pending', 'refused']))
    .action(async (options: ListOptions & { status?: 'pending' | 'refused' }, command: Command) => {
      const { client, print } = open(command)
      const page = await client.list('listOutbox', { query: { ...pageOf(options), status: options.status } }, options.all === true)
      print.table(
        page,
        [['ID', (each) => each.id], ['MESSAGE', (each) => each.name], ['TO', (each) => each.recipient], ['STATUS', (each) => each.status], ['TRIED', (each) => each.attempts], ['NEXT', (each) => each.nextAttemptAt], ['ERROR', (each) => each.lastError]],
        'Everything is delivered.',
      )
    })
  example(list, 'outbox list --status refused')

  const retry = outbox
    .command('retry')
    .description('try to deliver again, now')
    .argument('<message>')
    .action(async (messageId: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      await client.call('retryMessage', { path: { messageId } })
      print.result({ retried: messageId }, `It is tried now: ${messageId}.`)
    })
  example(retry, 'outbox retry urn:uuid:1f7a9b60-8c2d-4e3f-9a4b-5c6d7e8f9a0b')
}
