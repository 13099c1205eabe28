import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf, pointInTime } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { unreachable } from '../client.ts'
import { bytesText } from '../output.ts'
import type { Open } from '../session.ts'

interface Filter {
  readonly type?: string
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly since?: string
  readonly until?: string
}

/** `audit …`: the record of what was asked, decided and released. */
export function auditCommands(program: Command, open: Open): void {
  const audit = program.command('audit').description('the record of what was asked, decided and released')

  const list = listing(filtering(audit.command('list').description('list the record, oldest first'))).action(async (options: ListOptions & Filter, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listAuditEntries', { query: { ...pageOf(options), ...filterOf(options) } }, options.all === true)
    print.table(
      page,
      [['NO', (each) => each.index], ['TIME', (each) => each.time], ['TYPE', (each) => each.type], ['PARTNER', (each) => each.partner], ['ABOUT', (each) => each.transfer ?? each.agreement ?? each.dataset], ['MORE', (each) => moreOf(each)]],
      'The record has no such entry.',
    )
  })
  example(list, 'audit list --type data.released --since 2026-03-01')

  const exportCommand = filtering(audit.command('export').description('write the record as a stream'))
    .addOption(new Option('--format <format>', 'format').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--out <file>', 'file to write; by default stdout')
    .action(async (options: Filter & { format: string; out?: string }, command: Command) => {
      const { client, print, terminal, url } = open(command)
      const answer = await client.open('exportAudit', { query: { format: options.format, ...filterOf(options) } })
      // A record cut short must not look whole.
      answer.once('aborted', () => answer.destroy(unreachable(url, new Error('it stopped in the middle of the record'))))
      if (options.out === undefined || options.out === '-') {
        for await (const chunk of answer) terminal.out.write(chunk)
        return
      }
      const file = createWriteStream(options.out)
      await pipeline(answer, file)
      print.result({ file: options.out, bytes: file.bytesWritten }, `Wrote ${options.out}, ${bytesText(file.bytesWritten)}.`)
    })
  example(exportCommand, 'audit export --format csv --out record.csv')
}

function filtering(command: Command): Command {
  return command
    .option('--type <type>', 'only entries of this type: data.released')
    .option('--agreement <agreement>', 'only those about this agreement')
    .option('--transfer <transfer>', 'only those about this transfer')
    .option('--partner <did>', 'only those about this partner')
    .option('--dataset <dataset>', 'only those about this dataset')
    .option('--since <time>', 'from this time on', pointInTime)
    .option('--until <time>', 'before this time', pointInTime)
}

function filterOf({ type, agreement, transfer, partner, dataset, since, until }: Filter): Filter {
  return Object.fromEntries(Object.entries({ type, agreement, transfer, partner, dataset, since, until }).filter(([, value]) => value !== undefined))
}

const shownAlready = new Set(['index', 'time', 'type', 'partner', 'transfer', 'agreement', 'dataset'])

function moreOf(entry: object): string {
  const rest = Object.entries(entry).filter(([name, value]) => !shownAlready.has(name) && value !== null && typeof value !== 'object')
  return rest.map(([name, value]) => `${name}=${String(value)}`).join(' ')
}

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
