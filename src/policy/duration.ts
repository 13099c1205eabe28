/** A length of time: months have no fixed length, so they are kept apart. */
export interface Duration {
  readonly months: number
  readonly milliseconds: number
}

const pattern = /^P(?=[\dT])(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10}(?:\.\d{1,3})?)S)?)?$/

/** Reads an ISO 8601 duration: `P60M` is sixty months, `PT60M` sixty minutes. Undefined for anything else, negative ones included. */
export function parseDuration(text: string): Duration | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  return { months: years * 12 + months, milliseconds: Math.round((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000) }
}

/** `start` and so much later, in UTC: months first, held to the last day of the month (XML Schema, appendix E). The last instant there is when it lies beyond. */
export function addDuration(start: Date, duration: Duration): Date {
  const later = new Date(start)
  later.setUTCDate(1)
  later.setUTCMonth(later.getUTCMonth() + duration.months)
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate()
  later.setUTCDate(Math.min(start.getUTCDate(), lastDay))
  const time = later.getTime() + duration.milliseconds
  return new Date(Number.isNaN(time) || time > lastInstant ? lastInstant : time)
}

const lastInstant = 8.64e15
