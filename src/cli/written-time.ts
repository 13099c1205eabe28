import { InvalidArgumentError } from 'commander'
import { wrongUsage } from './failure.ts'

/** The zone of this machine. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d{1,9})?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/i

/** A day, or a time with or without its zone, as a person may write it. */
export function writtenTime(text: string): string {
  const [, day = ''] = pattern.exec(text) ?? []
  const midnight = new Date(`${day}T00:00:00Z`)
  // A date that no calendar has, such as 30 February, would be read as another.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day || day < '0002') throw new InvalidArgumentError('It must be a day or a time, such as 2026-03-02, "2026-03-02 09:30" or 2026-03-02T09:30:00Z.')
  return text
}

/** The moment that a written time names in a zone, in UTC. A day alone is its first moment. */
export function momentOf(text: string, zone: string): string {
  const [, day = '', time = '00:00', seconds = ':00', written] = pattern.exec(text) ?? []
  if (written !== undefined) return new Date(`${day}T${time}${seconds}${written.toUpperCase()}`).toISOString()
  const local = Date.parse(`${day}T${time}${seconds}Z`)
  const [before, after] = [local - offsetAt(local - dayMs, zone), local - offsetAt(local + dayMs, zone)]
  const [first, second] = [...new Set([before, after])].filter((moment) => moment + offsetAt(moment, zone) === local).toSorted((left, right) => left - right)
  if (text.length > day.length && first === undefined) throw wrongUsage(`The clocks of ${zone} skip ${text}. Write a time with its offset: ${withOffset({ day, time, seconds }, local - before)}`)
  if (text.length > day.length && first !== undefined && second !== undefined) {
    throw wrongUsage(`The clocks of ${zone} show ${text} twice. Write which is meant: ${withOffset({ day, time, seconds }, local - first)} or ${withOffset({ day, time, seconds }, local - second)}`)
  }
  // Where midnight is skipped, the day begins when the clocks have gone on.
  return new Date(first ?? before).toISOString()
}

const dayMs = 86_400_000

/** By how many milliseconds the clocks of a zone are ahead of UTC. */
function offsetAt(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' }).formatToParts(moment)
  const part = (name: Intl.DateTimeFormatPartTypes) => Number(parts.find(({ type }) => type === name)?.value)
  const shown = new Date(0)
  shown.setUTCFullYear(part('year'), part('month') - 1, part('day'))
  shown.setUTCHours(part('hour'), part('minute'), part('second'), ((moment % 1000) + 1000) % 1000)
  return shown.getTime() - moment
}

function withOffset({ day, time, seconds }: { day: string; time: string; seconds: string }, offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${day}T${time}${seconds}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
