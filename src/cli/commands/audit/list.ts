import { Option } from 'commander'
import type { Command } from 'commander'
import { languages } from '../../../policy/explain/operand-texts.ts'
import type { Language } from '../../../policy/explain/operand-texts.ts'
import { example, listing, pageOf } from '../../arguments.ts'
import type { ListOptions } from '../../arguments.ts'
import type { Client } from '../../client.ts'
import { printable } from '../../output.ts'
import type { Open } from '../../session.ts'
import { namesIn } from '../../why/names.ts'
import { tellRecord } from '../../why/sentence.ts'
import { whyTexts } from '../../why/texts.ts'
import { filtering, filterOf } from './filter.ts'
import type { Filter } from './filter.ts'
import { clockIn, inTimeZone, zoneOf } from './time-zone.ts'
import type { ZoneOptions } from './time-zone.ts'

/** `audit list`. */
export function listCommand(audit: Command, open: Open): void {
  const list = inTimeZone(listing(filtering(audit.command('list').description('list the record in plain words, oldest first'))))
    .option('--newest', 'the newest first')
    .addOption(new Option('--language <language>', 'language of headings and sentences').choices(languages).default('en'))
    .action(async (options: ListOptions & Filter & ZoneOptions & { newest?: boolean; language: Language }, command: Command) => {
      const { client, print } = open(command)
      const order = options.newest === true ? 'desc' : undefined
      const page = await client.list('listAuditEntries', { query: { ...pageOf(options), ...filterOf(options), order } }, options.all === true)
      const names = print.json ? undefined : await namesIn(client, page.items, options.language)
      const zone = zoneOf(options)
      const { columns } = whyTexts[options.language]
      const clock = clockIn(zone)
      print.table(
        page,
        [[columns.index, (each) => each.index], [`${columns.time} (${zone})`, (each) => clock(each.time)], [columns.type, (each) => each.type], [columns.what, (each) => tellRecord(each, options.language, names)]],
        page.items.length === 0 ? await whyNone(client, options.type) : '',
      )
    })
  example(list, 'audit list --agreement urn:uuid:1f7a9b60-8c2d-4e3f-9a4b-5c6d7e8f9a0b --decision deny --time-zone Europe/Madrid --language ca')
}

/** A type that is not recorded at all is told from one of which there is nothing. */
async function whyNone(client: Client, type: string | undefined): Promise<string> {
  if (type === undefined) return 'The record has no such entry.'
  const { items } = await client.call('listEventTypes', {})
  return items.some((each) => each.type === type) ? 'The record has no such entry.' : `No record has the type ${printable(type)}. "concordat audit events" lists the types that there are.`
}
