import { localFormat, localTime } from '../calendar.ts'

/** The weekday and hour of an instant in a time zone. */
export interface ZoneClock {
  day(instant: number): string
  hour(instant: number): number
}

const hour = 3_600_000
const day = 24 * hour
const weekdays = ['Thursday', 'Friday', 'Saturday', 'Sunday', 'Monday', 'Tuesday', 'Wednesday'] as const
/** How far ahead a clock looks for the next change of its zone's offset. */
const daysAhead = 28

/** A clock of a time zone. Formatting takes a microsecond and a formatter 30 kB, so it keeps only the offset, and from when until when it holds. */
export function createZoneClock(timeZone: string): ZoneClock {
  let known = timeZone === 'UTC' ? { from: -Infinity, until: Infinity, offset: 0 } : { from: Infinity, until: -Infinity, offset: 0 }
  const local = (instant: number) => {
    if (!(instant >= known.from && instant < known.until)) known = offsetAround(timeZone, instant)
    return instant + known.offset
  }
  return {
    // 1 January 1970 was a Thursday.
    day: (instant) => weekdays[modulo(Math.floor(local(instant) / day), 7)] ?? '',
    hour: (instant) => Math.floor(modulo(local(instant), day) / hour),
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** The offset at an instant, and a stretch around it in which the zone has no other. */
function offsetAround(timeZone: string, instant: number): { from: number; until: number; offset: number } {
  const format = localFormat(timeZone)
  const offsetAt = (at: number) => localTime(format, at) - at
  const offset = offsetAt(instant)
  const edge = (towards: number) => {
    let same = instant
    for (let days = 1; days <= (towards > 0 ? daysAhead : 1); days++) {
      const next = instant + towards * days * day
      if (offsetAt(next) !== offset) return changeBetween(same, next, (at) => offsetAt(at) === offset)
      same = next
    }
    return same
  }
  const [back, ahead] = [edge(-1), edge(1)]
  return { from: back, until: ahead, offset }
}

/** Where a stretch around `same` ends on the way to `other`: looking back its first instant, looking ahead the first after it. */
function changeBetween(same: number, other: number, isSame: (at: number) => boolean): number {
  let [inside, outside] = [same, other]
  while (Math.abs(outside - inside) > 1) {
    const middle = Math.floor((inside + outside) / 2)
    if (isSame(middle)) inside = middle
    else outside = middle
  }
  return other > same ? outside : inside
}
