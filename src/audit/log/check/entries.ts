import type { Database } from '../../../persistence/database.ts'
import type { JsonValue } from '../../../policy/odrl.ts'
import { checkOpening, isCommitment } from '../../../tlog/commitment.ts'
import { entryFields } from '../../entry.ts'
import type { AuditRecord } from '../../entry.ts'
import { openRecord } from '../../personal/commit.ts'
import type { Openings } from '../../personal/commit.ts'
import type { AuditRow } from '../../store.ts'
import type { LogFault } from '../log.ts'
import { finding } from './findings.ts'
import { createMissingOpenings } from './missing-openings.ts'
import { opensWhole } from './quick.ts'
import { findNumbered, readCounters } from './store.ts'
import { isUnreadable } from './walk.ts'
import type { ReadBatch } from './walk.ts'

/** What is checked of entries one by one, beside their hashes; numbers of agreements run on through all logs. */
export interface EntryChecks {
  see(log: string, batch: ReadBatch): Promise<void>
  /** Records were removed after their time, or lost in a break: numbers of agreements may go on higher than they were. */
  skipped(): void
  /** Compares the numbers seen with those that come next. */
  end(log: string): Promise<void>
}

interface Agreement {
  next: number
  /** Since the last time that records were skipped. */
  seen: number
}

// Each of these stands in a column; in `rest` it would be read as well, but no search would find it.
const columns = ['agreement', 'transfer', 'partner', 'dataset', 'role', 'purpose', 'decision'] as const
const given = ['type', 'time', 'seq'] as const
const mayHide = new RegExp(`\\\\|"(?:${[...columns, ...given].join('|')})"`)

export function createEntryChecks({ db, kind }: Pick<Database, 'db' | 'kind'>, head: { readonly size: number }, add: (fault: LogFault) => void): EntryChecks {
  const agreements = new Map<string, Agreement>()
  const missing = createMissingOpenings(db, add)
  let skips = 0

  /** Gives what is still to be done, where there is something. */
  function checkSeq(log: string, row: AuditRow): Promise<void> | undefined {
    if (row.agreement === null) return undefined
    const known = agreements.get(row.agreement)
    const expected = known?.next ?? 0
    const seq = row.seq ?? -1
    const mayJump = (known?.seen ?? 0) < skips
    const next = Math.max(seq + 1, expected)
    if (known === undefined) agreements.set(row.agreement, { next, seen: skips })
    else {
      known.next = next
      known.seen = skips
    }
    if (seq === expected || (seq > expected && mayJump)) return undefined
    if (seq > expected) add(finding.sequenceGap(log, row.agreement, [expected, seq - 1], row.index))
    else if (seq < 0) add(finding.sequenceNone(log, row.agreement, row.index))
    else return tellDouble(log, row, { agreement: row.agreement, seq })
    return undefined
  }

  async function tellDouble(log: string, { index }: AuditRow, { agreement, seq }: { readonly agreement: string; readonly seq: number }): Promise<void> {
    add(finding.sequenceDouble(log, agreement, seq, [(await findNumbered(db, agreement, seq)) ?? index, index]))
  }

  function checkOpenings(log: string, { row, fields }: { readonly row: AuditRow; readonly fields: NonNullable<ReturnType<typeof fieldsOf>> }, opening: Openings | undefined): void {
    const faults = opening === undefined ? [] : openingFaults(log, row, fields, opening)
    for (const fault of faults) add(fault)
    if (faults.length === 0 && isWhole(row, opening ?? {})) return
    // Entries that the embedded database lost in a power cut came back from the journal without these values.
    const isLost = kind === 'pglite' && opening !== undefined && Object.keys(opening).length === 0
    if (!isLost) missing.see(log, { index: row.index, fields, openings: opening ?? {} })
  }

  return {
    see: async (log, { entries, openings }) => {
      for (const { row, objects, isWhole } of entries) {
        const written = isWhole ? undefined : openings.get(row.index)
        const isRight = isWhole || (objects !== undefined && opensWhole(row.rest, objects, written))
        const fields = isRight ? undefined : fieldsOf(row)
        // What is no record any more is told of elsewhere.
        if (!isRight && fields === undefined) continue
        if (objects === undefined) for (const name of hiddenColumns(row)) add(finding.columnChanged(log, nameOf(row), name))
        const telling = checkSeq(log, row)
        if (telling !== undefined) await telling
        if (fields !== undefined) checkOpenings(log, { row, fields }, written === undefined ? undefined : openingsIn(written))
      }
      await missing.compare()
    },
    skipped: () => {
      skips += 1
    },
    end: async (log) => {
      missing.end()
      const counters = await readCounters(db, head.size)
      for (const agreement of new Set([...agreements.keys(), ...counters.keys()])) {
        const { next, seen } = agreements.get(agreement) ?? { next: 0, seen: 0 }
        const counter = counters.get(agreement) ?? null
        if ((counter ?? 0) < next || ((counter ?? 0) > next && seen === skips)) add(finding.sequenceCounter(log, agreement, next, counter))
      }
    },
  }
}

function openingsIn(text: string): Openings {
  const openings: Openings = JSON.parse(text)
  return openings
}

const nameOf = ({ index, type, time }: AuditRow) => ({ index, type, time: time.toISOString() })

/** The fields of an entry; undefined when it is no record any more. */
export function fieldsOf(row: AuditRow): (AuditRecord & { readonly time: string }) | undefined {
  try {
    return entryFields(row)
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  }
}

/** Fields that stand in `rest` although a column is there for them: the entry's text is the same, and searches do not find it. */
function hiddenColumns({ rest }: AuditRow): string[] {
  // A name may be written with escapes.
  if (!mayHide.test(rest)) return []
  const others: Readonly<Record<string, JsonValue>> = JSON.parse(rest)
  const hidden = columns.filter((name) => {
    const value = Object.hasOwn(others, name) ? others[name] : undefined
    return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed()
  })
  return [...hidden, ...given.filter((name) => Object.hasOwn(others, name))]
}

function openingFaults(log: string, row: AuditRow, fields: AuditRecord & { readonly time: string }, openings: Openings): LogFault[] {
  const faults: LogFault[] = []
  let opened: AuditRecord = fields
  // An outer field may hold the commitments of inner ones.
  for (const [path, opening] of Object.entries(openings).toSorted(([left], [right]) => left.split('.').length - right.split('.').length)) {
    const place = valueAt(opened, path.split('.'))
    // The field around it was erased.
    if (place === 'within') continue
    if (!isCommitment(place)) faults.push(finding.openingAdded(log, row.index, path))
    else if (!checkOpening(place.committed, opening)) faults.push(finding.openingChanged(log, nameOf(row), path))
    else if (isAround(path, openings)) opened = openRecord(opened, { [path]: opening })
  }
  return faults
}

/** Whether the value at `path` may hold commitments of its own. */
function isAround(path: string, openings: Openings): boolean {
  return Object.keys(openings).some((other) => other.startsWith(`${path}.`))
}

/** Whether each commitment in an entry, as far as its text shows them all, has one of `openings`, which are of it. */
function isWhole({ rest }: AuditRow, openings: Openings): boolean {
  const paths = Object.keys(openings)
  return !rest.includes('\\') && rest.split('"committed"').length - 1 === paths.length && !paths.some((path) => isAround(path, openings))
}

/** The value at a path; 'within' when a commitment stands before its end. */
function valueAt(value: JsonValue | undefined, [name, ...inner]: readonly string[]): JsonValue | undefined {
  if (name === undefined) return value
  if (isCommitment(value)) return 'within'
  return isObject(value) && Object.hasOwn(value, name) ? valueAt(value[name], inner) : undefined
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
