const pattern = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** Whether a text is a time of RFC 3339 that clocks and databases have as well: no leap second, in UTC of the years 1 to 9999. */
export function isMoment(text: string): boolean {
  const [, day] = pattern.exec(text) ?? []
  if (day === undefined) return false
  const [midnight, moment] = [new Date(`${day}T00:00:00Z`), new Date(text.toUpperCase())]
  // A date that no calendar has, such as 30 February, would be read as another.
  const isDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().slice(0, 10) === day
  return isDay && moment.getUTCFullYear() >= 1 && moment.getUTCFullYear() <= 9999
}
