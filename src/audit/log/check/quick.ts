import { hash } from 'node:crypto'
import { checkOpening } from '../../../tlog/commitment.ts'
import type { Openings } from '../../personal/commit.ts'
import type { AuditRow } from '../../store.ts'

/** The members of a JSON object as they are written, in their order. */
export type Members = ReadonlyMap<string, string>

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openings: ReadonlySet<number> = new Set([0x5b, 0x7b])
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d])

/**
 * Takes an object's text apart without reading its values. It is not validated: undefined only where the members cannot be told from
 * each other, as with escapes, spaces or the same name twice.
 */
export function membersOf(text: string): Members | undefined {
  if (text === '{}') return new Map()
  if (!text.startsWith('{') || !text.endsWith('}') || text.includes('\\')) return undefined
  const members = new Map<string, string>()
  for (let at = 1; at < text.length; ) {
    const nameEnd = text.charCodeAt(at) === quote ? text.indexOf('"', at + 1) : -1
    if (nameEnd === -1 || text.charCodeAt(nameEnd + 1) !== colon) return undefined
    const end = endOfValue(text, nameEnd + 2)
    const name = text.slice(at + 1, nameEnd)
    if (end === -1 || members.has(name)) return undefined
    members.set(name, text.slice(nameEnd + 2, end))
    if (end === text.length - 1) return members
    if (text.charCodeAt(end) !== comma) return undefined
    at = end + 1
  }
  return undefined
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

// In the order of code units, as RFC 8785 §3.2.3 has them.
const columns = ['agreement', 'dataset', 'decision', 'partner', 'purpose', 'role', 'seq', 'time', 'transfer', 'type'] as const satisfies readonly (keyof AuditRow)[]
const columnNames: ReadonlySet<string> = new Set(columns)

/**
 * The text of an entry put together from what is stored as it stands, without reading and writing it anew. Where its hash is the one
 * that the log has, it is the canonical text letter by letter, and its members are those of the record; where it is not, or undefined,
 * nothing is said: the entry is then read as JSON.
 */
export function quickText(row: AuditRow, members: Members): string | undefined {
  const { time } = row
  if (Number.isNaN(time.getTime())) return undefined
  const parts: string[] = []
  let next = 0
  const columnsBefore = (name: string) => {
    for (let column = columns[next]; column !== undefined && column < name; column = columns[next]) {
      next += 1
      const value = row[column]
      if (value !== null) parts.push(`"${column}":${typeof value === 'object' ? `"${value.toISOString()}"` : JSON.stringify(value)}`)
    }
  }
  let last = ''
  for (const [name, value] of members) {
    // Nothing that has a column stands beside the columns: searches would not find it.
    if (name < last || columnNames.has(name)) return undefined
    columnsBefore(name)
    parts.push(`"${name}":${value}`)
    last = name
  }
  columnsBefore('~')
  return `{${parts.join(',')}}`
}

/** As `leafHash`, as Latin-1 and without a copy of the entry. */
export function quickLeaf(text: string): string {
  return hash('sha256', `\0${text}`, 'binary')
}

/** Whether every commitment in an entry, `members` of its `rest`, has its opening, and there are no others. False says nothing. */
export function opensWhole(rest: string, members: Members, opened: Openings): boolean {
  let count = 0
  for (const path in opened) {
    const opening = opened[path]
    const found = valueAt(members, path)
    if (opening === undefined || found === undefined || !found.startsWith(commitmentHead) || !found.endsWith('"}')) return false
    if (!checkOpening(found.slice(commitmentHead.length, -2), opening)) return false
    count += 1
  }
  // As often as there are openings, of which each has its own.
  let at = -1
  for (let left = count; left >= 0; left -= 1) {
    at = rest.indexOf('"committed"', at + 1)
    if (at === -1) return left === 0
  }
  return false
}

const commitmentHead = '{"committed":"'

function valueAt(members: Members, path: string): string | undefined {
  const dot = path.indexOf('.')
  if (dot === -1) return members.get(path)
  const outer = members.get(path.slice(0, dot))
  const inner = outer?.startsWith('{') === true ? membersOf(outer) : undefined
  return inner && valueAt(inner, path.slice(dot + 1))
}
