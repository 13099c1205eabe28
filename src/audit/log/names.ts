/** The names that logs may have: `2026`, and `2026-2` for the second of the year. */
const form = /^(\d{4})(?:-(\d{1,6}))?$/

/** `2026_1204.checkpoint`, `2026_1204.journal`: a log's name, the number in the record of its entry 0, and what is in the file. */
const fileForm = /^([\d-]+)_(0|[1-9]\d{0,15})([._].+)$/

/** A log as the files that are kept beside the database name it. */
export interface LogOfFile {
  readonly log: string
  readonly start: number
  /** All behind the log, such as `.journal`. */
  readonly ending: string
}

/** The name of a file that is kept of a log. */
export function logFile({ log, start, ending }: LogOfFile): string {
  if (!form.test(log)) throw new Error(`A log cannot be called ${log}`)
  return `${log}_${start}${ending}`
}

/** The log that a file is of; undefined for all other files. */
export function logOfFile(file: string): LogOfFile | undefined {
  const [, log = '', start, ending = ''] = fileForm.exec(file) ?? []
  return form.test(log) ? { log, start: Number(start), ending } : undefined
}

/** What is known of names that are taken, and which come next. */
export interface Names {
  readonly taken: readonly string[]
  /** The log that the next one follows. */
  readonly from: string
  readonly now: Date
}

/** The next `count` names of each year from that of a log to now, behind all that are taken. */
export function namesFrom({ taken, from, now }: Names, count: number): string[] {
  const last = now.getUTCFullYear()
  const first = Math.max(Math.min(yearOf(from) ?? last, last), last - mostYears)
  return Array.from({ length: last - first + 1 }, (_none, place) => first + place).flatMap((year) => Array.from({ length: count }, (_none, place) => nameOf(year, largest(taken, year) + 1 + place)))
}

/** The name of the next log, behind all that are taken in its year. */
export function nextOf(taken: readonly string[], now: Date): string {
  const year = now.getUTCFullYear()
  return nameOf(year, largest(taken, year) + 1)
}

/** A clock that was set wrong must not make us ask for the logs of centuries. */
const mostYears = 3

function largest(taken: readonly string[], year: number): number {
  return Math.max(0, ...taken.map((name) => (yearOf(name) === year ? Number(form.exec(name)?.[2] ?? 1) : 0)))
}

function yearOf(name: string): number | undefined {
  const [, year] = form.exec(name) ?? []
  return year === undefined ? undefined : Number(year)
}

function nameOf(year: number, number: number): string {
  return number === 1 ? String(year) : `${year}-${number}`
}
