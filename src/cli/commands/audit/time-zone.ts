import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { ownZone } from '../../written-time.ts'

/** In which zone times are told. */
export interface ZoneOptions {
  readonly timeZone?: string
  readonly utc?: boolean
}

/** Adds the options of the time zone. */
export function inTimeZone(command: Command): Command {
  return command.option('--time-zone <zone>', 'time zone in which times are told and read, such as Europe/Madrid; by default the one of this machine', knownZone).addOption(new Option('--utc', 'tell and read times in UTC').conflicts('timeZone'))
}

/** The name of the zone. */
export function zoneOf({ timeZone, utc }: ZoneOptions): string {
  return utc === true ? 'UTC' : (timeZone ?? ownZone())
}

/** Tells times in a zone: `2026-03-02 10:30:00`. */
export function clockIn(zone: string): (time: string) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return (time) => format.format(new Date(time))
}

// Offsets such as +01:00 are not names: databases read their sign the other way round.
function knownZone(text: string): string {
  if (!/^[A-Za-z]/.test(text) || !isZone(text)) throw new InvalidArgumentError('It must be a name such as Europe/Madrid.')
  return text
}

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
