import type { Readable, Writable } from 'node:stream'

/** What a command reads from and writes to. */
export interface Terminal {
  readonly in: Readable & { readonly isTTY?: boolean }
  readonly out: Writable
  readonly err: Writable & { readonly isTTY?: boolean }
}

/** A column of a table: its heading and what stands in it. */
export type TableColumn<T> = readonly [heading: string, cell: (item: T) => unknown]

/** Writes results to stdout, as JSON or for people, and everything else to stderr. */
export interface Printer {
  readonly json: boolean
  /** A result: the value with `--json`, else the text. */
  result(value: unknown, text: string): void
  /** A thing with its fields. */
  thing(value: object): void
  /** A list; `next` is the cursor of what follows. */
  table<T>(page: { items: readonly T[]; next: string | null }, columns: readonly TableColumn<T>[], none: string): void
  /** A note for the person, on stderr. */
  note(text: string): void
}

export function createPrinter(terminal: Terminal, json: boolean): Printer {
  const write = (value: unknown, text: string) => terminal.out.write(json ? `${jsonText(value)}\n` : `${text}\n`)
  const note = (text: string) => terminal.err.write(`${text}\n`)
  return {
    json,
    result: write,
    thing: (value) => write(value, fields(value)),
    table: (page, columns, none) => {
      if (json) return void write(page, '')
      if (page.items.length === 0) return void note(none)
      write(page, tableText(page.items, columns))
      if (page.next !== null) note(`There is more: --all, or --cursor ${page.next}`)
    },
    note,
  }
}

// Text of a partner may hold what a terminal would obey: control characters, and marks that turn the direction of writing.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** A text as it may be shown in a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => (/\s/.test(character) ? ' ' : '\uFFFD'))
}

// JSON.stringify leaves DEL and the C1 controls as they are.
function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/** A value as a person reads it: times in local time, texts of several languages one after the other. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return timePattern.test(value) ? localTime(value) : printable(value)
  return printable(JSON.stringify(value))
}

function localTime(text: string): string {
  const time = new Date(text)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

function tableText<T>(items: readonly T[], columns: readonly TableColumn<T>[]): string {
  const rows = [columns.map(([heading]) => heading), ...items.map((item) => columns.map(([, cell]) => shown(cell(item))))]
  const widths = columns.map((_column, index) => Math.max(...rows.map((row) => width(row[index] ?? ''))))
  return rows.map((row) => row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell))).join('  ').trimEnd()).join('\n')
}

function width(text: string): number {
  return Array.from(text).length
}

function fields(value: object, indent = ''): string {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  const longest = Math.max(0, ...entries.map(([name]) => name.length))
  return entries.map(([name, each]) => `${indent}${printable(name).padEnd(longest)}  ${fieldText(each, `${indent}${' '.repeat(longest + 2)}`)}`).join('\n')
}

function fieldText(value: unknown, indent: string): string {
  if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'object' && each !== null)) return value.map((each) => shown(each)).join(`\n${indent}`)
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map((each) => shown(each)).join(', ')
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) return fields(value, indent).trimStart()
  return shown(value)
}

/** A number of bytes as a person reads it. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`
}

/** The text in English, else in the first language there is. */
export function inOneLanguage(texts: Readonly<Record<string, string>>): string {
  return texts['en'] ?? Object.values(texts)[0] ?? ''
}
