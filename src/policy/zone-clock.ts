/** The weekday and hour of an instant in a time zone. */
export interface ZoneClock {
  day(instant: number): string
  hour(instant: number): number
}

// Every zone's offset is a multiple of a minute in the times of the clock, so within a minute neither the weekday nor the hour changes.
const minute = 60_000

/** A clock of a time zone. It keeps the last minute it was asked for: formatting takes a microsecond. */
export function createZoneClock(timeZone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', hour: 'numeric', hourCycle: 'h23' })
  let known = Number.NaN
  let day = ''
  let hour = 0
  const look = (instant: number) => {
    const asked = Math.floor(instant / minute)
    if (asked === known) return
    for (const { type, value } of format.formatToParts(instant)) {
      if (type === 'weekday') day = value
      if (type === 'hour') hour = Number(value)
    }
    known = asked
  }
  return {
    day: (instant) => {
      look(instant)
      return day
    },
    hour: (instant) => {
      look(instant)
      return hour
    },
  }
}
