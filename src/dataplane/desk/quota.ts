import { ProblemError } from '../../errors.ts'
import type { CounterLimit } from '../../policy/restriction.ts'

/** What a release takes of its limits; null: known only when it has ended. */
export interface Amounts {
  readonly queries: number
  readonly rows: number | null
  readonly bytes: number | null
}

/** A limit with the row that counts it now. */
export interface OpenCounter {
  readonly limit: CounterLimit
  /** Names the counter in its agreement: what is counted, and for days the zone in which they begin. */
  readonly counter: string
  /** When the window began; empty where nothing starts again. */
  readonly starts: string
}

/** The name of a limit's operand in the profile. */
export function termOf({ counter, window }: CounterLimit): string {
  if (window === null) return counter === 'queries' ? 'count' : counter
  return `${counter}Per${window === 'day' ? 'Day' : 'Hour'}`
}

const hourMs = 3_600_000

/** Tells in which window an instant is. Days are kept by zone, because asking for them is slow. */
export interface Windows {
  open(limit: CounterLimit, now: Date): OpenCounter
  /** When the count starts again; null where it never does. */
  resetsAt(limit: CounterLimit, now: Date): Date | null
}

export function createWindows(): Windows {
  const formats = new Map<string, Intl.DateTimeFormat>()
  const days = new Map<string, { readonly day: string; readonly from: number; readonly until: number }>()

  function dayOf(zone: string, time: number): string {
    const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(zone, format)
    return format.format(time)
  }

  function dayAt(zone: string, now: Date): { readonly day: string; readonly from: number; readonly until: number } {
    const time = now.getTime()
    const known = days.get(zone)
    if (known !== undefined && known.from <= time && time < known.until) return known
    const day = dayOf(zone, time)
    // Days are of 23 to 25 hours where clocks change; a day that is left out altogether makes it 48.
    let [inside, outside] = [time, time + 50 * hourMs]
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2)
      if (dayOf(zone, middle) === day) inside = middle
      else outside = middle
    }
    const found = { day, from: time, until: outside }
    if (days.size > 1000) days.clear()
    days.set(zone, found)
    return found
  }

  return {
    open(limit, now) {
      const { counter, window, timeZone } = limit
      if (window === null) return { limit, counter, starts: '' }
      if (window === 'hour') return { limit, counter: `${counter}/hour`, starts: now.toISOString().slice(0, 13) }
      return { limit, counter: `${counter}/day/${timeZone}`, starts: dayAt(timeZone, now).day }
    },
    resetsAt({ window, timeZone }, now) {
      if (window === null) return null
      if (window === 'hour') return new Date((Math.floor(now.getTime() / hourMs) + 1) * hourMs)
      return new Date(dayAt(timeZone, now).until)
    },
  }
}

const spans = { hour: 'an hour', day: 'a day' } as const

/** The refusal of what goes beyond a limit. It says nothing of how large the answer was. */
export function quotaExceeded(limit: CounterLimit, resetsAt: Date | null): ProblemError {
  const span = limit.window === null ? 'in all' : spans[limit.window]
  const when = resetsAt === null ? 'They do not start again under this agreement.' : `They start again at ${resetsAt.toISOString()}.`
  const fields = { term: termOf(limit), limit: limit.limit, window: limit.window, resetsAt: resetsAt === null ? null : resetsAt.toISOString() }
  return new ProblemError('quota-exceeded', `The agreement permits ${limit.limit} ${limit.counter} ${span} (${termOf(limit)}), and fewer are left than this takes. ${when}`, { fields })
}
