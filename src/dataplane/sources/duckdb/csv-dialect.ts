import { ProblemError } from '../../../errors.ts'

/** How a CSV file is written. */
export interface Dialect {
  readonly delimiter: string
  /** Names for the columns, unique whatever their case. */
  readonly names: readonly string[]
  readonly header: boolean
  /** Lines before the header: Excel's `sep=;`. */
  readonly skip: number
}

const delimiters = [',', ';', '\t', '|']

/** Finds out how a CSV file is written from its first lines; `whole` says that `head` is all of it. */
export function readDialect(head: string, whole: boolean, maxColumns: number): Dialect {
  const text = head.startsWith('\uFEFF') ? head.slice(1) : head
  const told = /^sep=(.)\r?\n/i.exec(text)
  const body = told === null ? text : text.slice(told[0].length)
  if (!whole && !/[\r\n]/.test(body)) throw new ProblemError('invalid-source', 'The first line of the file is too long for CSV.')
  const best = bestDelimiter(body, told?.[1] === undefined ? delimiters : [told[1]], whole)
  const first = best.rows[0]
  if (first === undefined) throw new ProblemError('invalid-source', 'The file has no lines.')
  if (first.length > maxColumns) throw new ProblemError('invalid-source', `The file has ${first.length} columns; at most ${maxColumns} can be read.`)
  const header = !first.every((field) => /^[+-]?\d+([.,]\d+)?$/.test(field.trim()))
  return { delimiter: best.delimiter, names: uniqueNames(header ? first : first.map(() => '')), header, skip: told === null ? 0 : 1 }
}

interface Candidate {
  readonly delimiter: string
  readonly rows: string[][]
}

function bestDelimiter(body: string, candidates: readonly string[], whole: boolean): Candidate {
  const tried = candidates.map((delimiter) => ({ delimiter, rows: parseRows(body, delimiter, whole) }))
  return tried.reduce((best, next) => (scoreOf(next.rows) > scoreOf(best.rows) ? next : best))
}

/** The names trimmed, an empty one as `column_N`, one that occurs again with a number. */
export function uniqueNames(fields: readonly string[]): string[] {
  const seen = new Set<string>()
  return fields.map((field, index) => {
    const wanted = field.trim() === '' ? `column_${index + 1}` : field.trim()
    let name = wanted
    for (let n = 2; seen.has(name.toLowerCase()); n++) name = `${wanted}_${n}`
    seen.add(name.toLowerCase())
    return name
  })
}

// How many lines agree with the first, then how many columns they have; one column is no evidence of a delimiter.
function scoreOf(rows: readonly string[][]): number {
  const width = rows[0]?.length ?? 0
  if (width < 2) return 0
  const agreeing = rows.filter((row) => row.length === width).length / rows.length
  return agreeing * 10_000 + Math.min(width, 5000)
}

const maxRows = 200

interface Cursor {
  readonly rows: string[][]
  row: string[]
  field: string
}

// The last line of a cut-off head is not complete, and left out.
function parseRows(text: string, delimiter: string, whole: boolean): string[][] {
  const cursor: Cursor = { rows: [], row: [], field: '' }
  let at = 0
  while (at < text.length && cursor.rows.length < maxRows) {
    const char = text[at]
    if (char === '"' && cursor.field === '') at = readQuoted(text, at + 1, cursor)
    else if (char === delimiter) endField(cursor)
    else if (char === '\n' || char === '\r') endRow(cursor)
    else cursor.field += char
    at++
  }
  if (at >= text.length && (whole || cursor.rows.length === 0)) endRow(cursor)
  return cursor.rows
}

// Gives the place of the closing quotation mark, or the end of the text.
function readQuoted(text: string, from: number, cursor: Cursor): number {
  let at = from
  for (; at < text.length; at++) {
    const doubled = text[at] === '"' && text[at + 1] === '"'
    if (text[at] === '"' && !doubled) return at
    cursor.field += text[at]
    if (doubled) at++
  }
  return at
}

function endField(cursor: Cursor): void {
  cursor.row.push(cursor.field)
  cursor.field = ''
}

function endRow(cursor: Cursor): void {
  endField(cursor)
  if (cursor.row.length > 1 || cursor.row[0]?.trim() !== '') cursor.rows.push(cursor.row)
  cursor.row = []
}
