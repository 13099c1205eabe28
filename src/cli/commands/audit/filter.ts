import type { Command } from 'commander'
import { pointInTime } from '../../arguments.ts'

/** Which entries a command is about: all conditions hold together. */
export interface Filter {
  readonly type?: string
  readonly agreement?: string
  readonly transfer?: string
  readonly partner?: string
  readonly dataset?: string
  readonly since?: string
  readonly until?: string
}

/** Adds the options of a filter. */
export function filtering(command: Command): Command {
  return command
    .option('--type <type>', 'only entries of this type: data.released')
    .option('--agreement <agreement>', 'only those about this agreement')
    .option('--transfer <transfer>', 'only those about this transfer')
    .option('--partner <did>', 'only those about this partner')
    .option('--dataset <dataset>', 'only those about this dataset')
    .option('--since <time>', 'from this time on', pointInTime)
    .option('--until <time>', 'before this time', pointInTime)
}

/** The query of a filter. */
export function filterOf({ type, agreement, transfer, partner, dataset, since, until }: Filter): Filter {
  return Object.fromEntries(Object.entries({ type, agreement, transfer, partner, dataset, since, until }).filter(([, value]) => value !== undefined))
}
