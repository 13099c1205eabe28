import { Option } from 'commander'
import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import type { Answer } from '../../operations.ts'
import { bytesText } from '../../output.ts'
import type { Open } from '../../session.ts'
import { filteringRequests, filterOf } from './filter.ts'
import type { Filter } from './filter.ts'
import { inTimeZone, zoneOf } from './time-zone.ts'
import type { ZoneOptions } from './time-zone.ts'

type Statistics = Answer<'getAuditStatistics'>
type Period = Statistics['items'][number]

/** `audit stats`. */
export function statsCommand(audit: Command, open: Open): void {
  const stats = inTimeZone(filteringRequests(audit.command('stats').description('count what was permitted, refused and released, by period')))
    .addOption(new Option('--by <period>', 'length of a period').choices(['day', 'week', 'month']).default('day'))
    .action(async (options: Filter & ZoneOptions & { by: 'day' | 'week' | 'month' }, command: Command) => {
      const { client, print } = open(command)
      const statistics = await client.call('getAuditStatistics', { query: { ...filterOf(options), by: options.by, timeZone: zoneOf(options) } })
      if (print.json) return print.result(statistics, '')
      const most = Math.max(1, ...statistics.items.map(({ permitted, refused }) => permitted + refused))
      print.table(
        { items: statistics.items, next: null },
        [['FROM', ({ start }) => start], ['PERMITTED', ({ permitted }) => permitted], ['REFUSED', ({ refused }) => refused], ['ROWS', ({ rows }) => rows], ['BYTES', ({ bytes }) => bytesText(bytes)], ['', (period) => bar(period, most)], ['REFUSED FOR', ({ codes }) => codesText(codes)]],
        'Nothing was asked in that time.',
      )
    })
  example(stats, 'audit stats --agreement urn:uuid:1f7a9b60-8c2d-4e3f-9a4b-5c6d7e8f9a0b --by week')
}

const width = 30

/** Permitted ones filled, refused ones light; anything there is shows. */
function bar({ permitted, refused }: Period, most: number): string {
  const cells = (amount: number) => (amount === 0 ? 0 : Math.max(1, Math.round((amount / most) * width)))
  return `${'█'.repeat(cells(permitted))}${'░'.repeat(cells(refused))}`.padEnd(width)
}

function codesText(codes: Period['codes']): string {
  const told = Object.entries(codes).toSorted(([, left], [, right]) => right - left)
  return told.length === 0 ? '-' : told.map(([code, count]) => `${code} ${count}`).join(', ')
}
