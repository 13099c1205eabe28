import { hash } from 'node:crypto'
import { checkOpeningText } from '../../../tlog/commitment.ts'
import type { AuditRow } from '../../store.ts'

/** An entry as it stands in the database, taken apart without reading its values. */
export interface QuickEntry {
  /** U+0000, for the byte before every leaf, and the text of the entry. */
  readonly hashed: string
  /** The members of its `rest` that are objects: a commitment is one, or is within one. */
  readonly objects: readonly Member[]
}

interface Member {
  readonly name: string
  readonly text: string
}

const [quote, comma, colon, brace] = [0x22, 0x2c, 0x3a, 0x7b] as const
const openings: ReadonlySet<number> = new Set([0x5b, brace])
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d])
const leafHead = '\u0000{'

// In the order of code units, as RFC 8785 §3.2.3 has them.
const columns = ['agreement', 'dataset', 'decision', 'partner', 'purpose', 'role', 'seq', 'time', 'transfer', 'type'] as const satisfies readonly (keyof AuditRow)[]

/**
 * The text of an entry put together from what is stored as it stands, without reading and writing it anew. Where its hash is the one
 * that the log has, it is the canonical text letter by letter, and its members are those of the record; where it is not, or undefined,
 * nothing is said: the entry is then read as JSON.
 */
export function quickEntry(row: Omit<AuditRow, 'index'>): QuickEntry | undefined {
  const { rest } = row
  const texts = columnTexts(row)
  if (texts === undefined || !rest.startsWith('{') || !rest.endsWith('}')) return undefined
  const last = rest.length - 1
  const objects: Member[] = []
  let text = leafHead
  const add = (piece: string) => {
    if (piece !== '') text += text.length === leafHead.length ? piece : `,${piece}`
  }
  // Up to here columns, and members of `rest`, are in the text.
  let [next, taken] = [0, 1]
  for (let at = 1; at < last; ) {
    const nameEnd = endOfName(rest, at)
    const end = nameEnd === -1 ? -1 : endOfMember(rest, nameEnd + 2)
    if (end === -1) return undefined
    let order = orderOf(next, rest, at + 1, nameEnd)
    if (order < 0) {
      add(rest.slice(taken, at - 1))
      taken = at
    }
    for (; order < 0; order = orderOf(next, rest, at + 1, nameEnd)) add(texts[next++] ?? '')
    // Nothing that has a column stands beside the columns: searches would not find it.
    if (order === 0) return undefined
    if (rest.charCodeAt(nameEnd + 2) === brace) objects.push({ name: rest.slice(at + 1, nameEnd), text: rest.slice(nameEnd + 2, end) })
    at = end + 1
  }
  add(rest.slice(taken, last))
  for (const left of texts.slice(next)) add(left)
  const hashed = `${text}}`
  // With an escape, two different columns or members could have the same text.
  return hashed.includes('\\') ? undefined : { hashed, objects }
}

/** The columns as members, each at its place in `columns` and empty where it has no value; undefined where a value is none that can be written as it is. */
function columnTexts({ agreement, dataset, decision, partner, purpose, role, seq, time, transfer, type }: Omit<AuditRow, 'index'>): readonly string[] | undefined {
  // PostgreSQL has times that are none, such as 'infinity'.
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) return undefined
  if (hasQuote(agreement) || hasQuote(dataset) || hasQuote(decision) || hasQuote(partner) || hasQuote(purpose) || hasQuote(role) || hasQuote(transfer) || hasQuote(type)) return undefined
  return [
    memberOf('"agreement":"', agreement),
    memberOf('"dataset":"', dataset),
    memberOf('"decision":"', decision),
    memberOf('"partner":"', partner),
    memberOf('"purpose":"', purpose),
    memberOf('"role":"', role),
    seq === null ? '' : `"seq":${seq}`,
    `"time":"${time.toISOString()}"`,
    memberOf('"transfer":"', transfer),
    `"type":"${type}"`,
  ]
}

const hasQuote = (value: string | null) => value !== null && value.includes('"')
const memberOf = (head: string, value: string | null) => (value === null ? '' : `${head}${value}"`)

/** Below 0 where a column stands before the member whose name is from `from` to `to`, 0 where it is the same name; behind the last column nothing does. */
function orderOf(place: number, rest: string, from: number, to: number): number {
  const column = columns[place]
  if (column === undefined) return 1
  for (let at = 0; at < column.length && from + at < to; at += 1) {
    const difference = column.charCodeAt(at) - rest.charCodeAt(from + at)
    if (difference !== 0) return difference
  }
  return column.length - (to - from)
}

/** Where the name of the member that begins at `from` ends; -1 when there is none. */
function endOfName(text: string, from: number): number {
  const end = text.charCodeAt(from) === quote ? text.indexOf('"', from + 1) : -1
  return text.charCodeAt(end + 1) === colon ? end : -1
}

/** Where the member ends whose value begins at `from`: at a comma, or at the end of the object; -1 when it does not. */
function endOfMember(text: string, from: number): number {
  const end = endOfValue(text, from)
  return end === text.length - 1 || text.charCodeAt(end) === comma ? end : -1
}

/** Where the value that begins at `from` ends; -1 when it does not. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = text.indexOf('"', at + 1)
      if (at === -1) return -1
    } else if (openings.has(code)) depth += 1
    else if (depth === 0 && (code === comma || closings.has(code))) return at
    else if (closings.has(code)) depth -= 1
  }
  return -1
}

/** As `leafHash`, as Latin-1 and without a copy of the entry. */
export function quickLeaf({ hashed }: QuickEntry): string {
  return hash('sha256', hashed, 'binary')
}

/** An opening as it is stored. */
interface WrittenOpening {
  readonly path: string
  readonly salt: string
  readonly value: string
}

/**
 * Whether every commitment in an entry, whose `rest` has the members `objects`, has its opening, and there are no others; `opened` is
 * the text of its openings. False says nothing.
 */
export function opensWhole(rest: string, objects: QuickEntry['objects'], opened: string | undefined): boolean {
  const written = opened === undefined || opened === '{}' ? [] : writtenOpenings(opened)
  if (written === undefined) return false
  const seen: string[] = []
  for (const { path, salt, value } of written) {
    const found = valueAt(objects, path)
    if (found?.startsWith(commitmentHead) !== true || !found.endsWith('"}') || seen.includes(path)) return false
    // The hash shows as well that the value was cut out rightly, and is canonical JSON.
    if (!checkOpeningText(found.slice(commitmentHead.length, -2), salt, value)) return false
    seen.push(path)
  }
  // As often as there are openings, of which each has its own.
  let at = -1
  for (let left = seen.length; left >= 0; left -= 1) {
    at = rest.indexOf(commitmentHead, at + 1)
    if (at === -1) return left === 0
  }
  return false
}

const commitmentHead = '{"committed":"'
const [beforeSalt, beforeValue, saltLength] = ['":{"salt":"', '","value":', 43] as const

/** The openings of an entry in the form in which they are written; undefined where they are not of that form, or have escapes. */
function writtenOpenings(text: string): WrittenOpening[] | undefined {
  if (!text.startsWith('{"') || !text.endsWith('}}') || text.includes('\\')) return undefined
  const written: WrittenOpening[] = []
  let from = 2
  for (let pathEnd = text.indexOf(beforeSalt, from); pathEnd !== -1; ) {
    const salt = pathEnd + beforeSalt.length
    const value = salt + saltLength + beforeValue.length
    if (!text.startsWith(beforeValue, salt + saltLength)) return undefined
    const nextEnd = text.indexOf(beforeSalt, value)
    const next = nextEnd === -1 ? text.length + 1 : text.lastIndexOf('"', nextEnd - 1) + 1
    // Before the path of the next one there is `},"`; behind the last one `}}`.
    if (nextEnd !== -1 && !text.startsWith('},"', next - 3)) return undefined
    written.push({ path: text.slice(from, pathEnd), salt: text.slice(salt, salt + saltLength), value: text.slice(value, next - 3) })
    from = next
    pathEnd = nextEnd
  }
  return written.length === 0 ? undefined : written
}

function valueAt(objects: QuickEntry['objects'], path: string): string | undefined {
  const dot = path.indexOf('.')
  const name = dot === -1 ? path : path.slice(0, dot)
  const found = objects.find((member) => member.name === name)?.text
  return dot === -1 || found === undefined ? found : valueWithin(found, path.slice(dot + 1))
}

/** The object at a path in an object, as it is written. */
function valueWithin(text: string, path: string): string | undefined {
  const dot = path.indexOf('.')
  const name = dot === -1 ? path : path.slice(0, dot)
  if (!text.startsWith('{')) return undefined
  for (let at = 1; at < text.length - 1; ) {
    const nameEnd = text.indexOf('"', at + 1)
    const end = endOfValue(text, nameEnd + 2)
    if (nameEnd === -1 || end === -1) return undefined
    if (text.slice(at + 1, nameEnd) === name) return dot === -1 ? text.slice(nameEnd + 2, end) : valueWithin(text.slice(nameEnd + 2, end), path.slice(dot + 1))
    at = end + 1
  }
  return undefined
}
