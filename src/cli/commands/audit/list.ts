import type { Command } from 'commander'
import { example, listing, pageOf } from '../../arguments.ts'
import type { ListOptions } from '../../arguments.ts'
import type { Open } from '../../session.ts'
import { filtering, filterOf } from './filter.ts'
import type { Filter } from './filter.ts'

/** `audit list`. */
export function listCommand(audit: Command, open: Open): void {
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
}

const shownAlready = new Set(['index', 'time', 'type', 'partner', 'transfer', 'agreement', 'dataset'])

function moreOf(entry: object): string {
  const rest = Object.entries(entry).filter(([name, value]) => !shownAlready.has(name) && value !== null && typeof value !== 'object')
  return rest.map(([name, value]) => `${name}=${String(value)}`).join(' ')
}
