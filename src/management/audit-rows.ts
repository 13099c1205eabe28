import type { AuditEntry } from '../audit/audit.ts'
import { ProblemError } from '../errors.ts'
import type { JsonValue } from '../policy/odrl.ts'
import { isCommitment } from '../tlog/commitment.ts'

/** A column of the record as a table. */
export interface AuditColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'datetime'
  /** What stands in it; undefined where there is nothing to say. */
  readonly cell: (entry: AuditEntry) => string | number | undefined
}

/** The record as a table: one row an entry. `timeZone` is a name that `zonedTime` takes. */
export function auditColumns(timeZone: string): readonly AuditColumn[] {
  const local = zonedTime(timeZone)
  const field = (name: string): AuditColumn => ({ name, type: 'string', cell: (entry) => textOf(entry[name]) })
  const amount = (name: string): AuditColumn => ({ name, type: 'integer', cell: (entry) => wholeOf(entry[name]) })
  return [
    { name: 'index', type: 'integer', cell: ({ index }) => index },
    { name: 'time', type: 'string', cell: ({ time }) => local(time) },
    { name: 'utc', type: 'datetime', cell: ({ time }) => time },
    ...['type', 'partner', 'agreement', 'transfer', 'dataset'].map(field),
    { name: 'asked', type: 'string', cell: askedIn },
    { name: 'role', type: 'string', cell: (entry) => statedIn(entry, 'role') ?? textOf(entry['role']) },
    ...['purpose', 'user'].map((name): AuditColumn => ({ name, type: 'string', cell: (entry) => statedIn(entry, name) ?? textOf(entry[name]) })),
    field('actor'),
    { name: 'decision', type: 'string', cell: decisionOf },
    ...['code', 'reason'].map(field),
    ...['count', 'rows', 'bytes'].map(amount),
    ...['withheld', 'sha256'].map(field),
    { name: 'entry', type: 'string', cell: (entry) => JSON.stringify(entry) },
  ]
}

/** A header line, and a line for each entry: for `people` as RFC 4180 has it, without any cell that a spreadsheet runs as a formula; for the `data-plane` as it reads tables. */
export function csvWriter(columns: readonly AuditColumn[], reader: 'people' | 'data-plane'): { readonly head: string; readonly line: (entry: AuditEntry) => string } {
  const lineEnd = reader === 'people' ? '\r\n' : '\n'
  return {
    head: `${columns.map(({ name }) => name).join(',')}${lineEnd}`,
    line: (entry) => `${columns.map((column) => cell(column.cell(entry), reader === 'people')).join(',')}${lineEnd}`,
  }
}

function cell(value: string | number | undefined, safe: boolean): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = safe && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Tells times as they are in a zone, as spreadsheets read them: `2026-03-02 10:30:00`. */
function zonedTime(timeZone: string): (time: string) => string {
  try {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
    return (time) => format.format(new Date(time))
  } catch (cause) {
    throw new ProblemError('bad-request', `/query/timeZone: there is no time zone ${timeZone}. Name one such as Europe/Madrid.`, { cause })
  }
}

function decisionOf(entry: AuditEntry): string | undefined {
  if (entry.type === 'data.refused') return 'deny'
  return entry.type === 'data.received' ? 'permit' : textOf(entry['decision'])
}

/** What was asked, as it was sent: `GET ?select=…`. */
function askedIn({ request }: AuditEntry): string | undefined {
  const [method, path, query] = ['method', 'path', 'query'].map((name) => partOf(request, name) ?? '')
  const asked = `${method} ${path}${query}`.trim()
  return asked === '' ? undefined : asked
}

function partOf(value: JsonValue | undefined, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !(name in value)) return undefined
  return textOf(Object.entries(value).find(([each]) => each === name)?.[1])
}

/** Our own questions have what was stated inside. */
function statedIn({ stated }: AuditEntry, name: string): string | undefined {
  return partOf(stated, name)
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  return isCommitment(value) ? 'erased' : JSON.stringify(value)
}

function wholeOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
