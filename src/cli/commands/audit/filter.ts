import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { purposeIri } from '../../../policy/purposes.ts'
import { wholeNumber } from '../../arguments.ts'
import { wrongUsage } from '../../failure.ts'
import { momentOf, writtenTime } from '../../written-time.ts'
import { zoneOf } from './time-zone.ts'
import type { ZoneOptions } from './time-zone.ts'

/** Which entries a command is about: all conditions hold together. */
export interface Filter {
  readonly type?: string
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly role?: string
  readonly purpose?: string
  readonly decision?: 'permit' | 'deny'
  readonly since?: string
  readonly until?: string
  readonly from?: number
  readonly to?: number
}

/** Adds the options of a filter by who, what and when. */
export function filteringRequests(command: Command): Command {
  return command
    .option('--agreement <agreement>', 'only entries about this agreement')
    .option('--partner <did>', 'only those about this partner')
    .option('--dataset <dataset>', 'only those about this dataset')
    .option('--role <role>', 'only what was asked in this role')
    .option('--purpose <purpose>', 'only what was asked for this purpose: dpv:ResearchAndDevelopment', purpose)
    .option('--since <time>', 'from this time on: a day, which is its first moment, or a time; in the time zone of the command unless it names its own', writtenTime)
    .option('--until <time>', 'before this time, written in the same way', writtenTime)
}

/** Adds the options of a filter. */
export function filtering(command: Command): Command {
  return filteringRequests(command)
    .option('--type <type>', 'only entries of this type: data.released')
    .option('--transfer <transfer>', 'only those about this transfer')
    .addOption(new Option('--decision <decision>', 'only what was answered so').choices(['permit', 'deny']))
    .option('--from <number>', 'from the entry with this number on', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--to <number>', 'up to the entry with this number', wholeNumber(0, Number.MAX_SAFE_INTEGER))
}

/** The query of a filter; its times are those of the command's zone. */
export function filterOf(options: Filter & ZoneOptions): Filter {
  const { type, agreement, transfer, partner, dataset, role, purpose: wanted, decision, from, to } = options
  const moment = (time: string | undefined) => (time === undefined ? undefined : momentOf(time, zoneOf(options)))
  const [since, until] = [moment(options.since), moment(options.until)]
  // Nothing would be found, and somebody could take that for nothing having happened.
  if (since !== undefined && until !== undefined && since >= until) throw wrongUsage(`--since ${options.since} is not before --until ${options.until}: there is no time between them.`)
  if (from !== undefined && to !== undefined && from > to) throw wrongUsage(`--from ${from} is behind --to ${to}: there are no entries between them.`)
  const query = { type, agreement, transfer, partner, dataset, role, purpose: wanted, decision, since, until, from, to }
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}

function purpose(text: string): string {
  const iri = purposeIri(text) ?? (URL.canParse(text) ? text : undefined)
  if (iri === undefined) throw new InvalidArgumentError('It must be a purpose of the Data Privacy Vocabulary, such as dpv:ResearchAndDevelopment, or another IRI.')
  return iri
}
