import type { Queries } from '../../../persistence/database.ts'
import type { JsonValue } from '../../../policy/odrl.ts'
import { isCommitment } from '../../../tlog/commitment.ts'
import type { AuditRecord } from '../../entry.ts'
import { eventOf } from '../../events/events.ts'
import { openRecord } from '../../personal/commit.ts'
import type { Openings } from '../../personal/commit.ts'
import type { LogFault } from '../log.ts'
import { finding } from './findings.ts'
import { readErasures } from './store.ts'
import type { Erased } from './store.ts'

/** An entry with what is left of its openings. */
export interface OpenedEntry {
  readonly index: number
  readonly fields: AuditRecord
  readonly openings: Openings
}

/** Values of erasable fields that are gone although no `audit.erased` tells of them. */
export interface MissingOpenings {
  see(log: string, entry: OpenedEntry): void
  /** Compares what was seen with the erasures on record, and forgets it. */
  compare(): Promise<void>
  /** Adds what was found, one fault for each log. */
  end(): void
}

interface Missing {
  readonly ranges: (readonly [number, number])[]
  readonly fields: Set<string>
  count: number
}

export function createMissingOpenings(db: Queries, add: (fault: LogFault) => void): MissingOpenings {
  const found = new Map<string, Missing>()
  let seen: { readonly log: string; readonly index: number; readonly field: string }[] = []
  let erasures: readonly Erased[] = []

  const isErased = ({ index, field }: { readonly index: number; readonly field: string }) => erasures.some(({ fields, ranges }) => fields.has(field) && ranges.some(([from, to]) => from <= index && index <= to))

  return {
    see: (log, entry) => {
      for (const field of closedFields(entry)) seen.push({ log, index: entry.index, field })
    },
    compare: async () => {
      let open = seen.filter((each) => !isErased(each))
      seen = []
      if (open.length === 0) return
      // The record of an erasure is written together with it: whoever saw the value gone sees the record as well.
      erasures = await readErasures(db)
      open = open.filter((each) => !isErased(each))
      for (const { log, index, field } of open) note(found, log, index, field)
    },
    end: () => {
      for (const [log, { ranges, fields, count }] of found) add(finding.openingsMissing(log, ranges, [...fields].toSorted(), count))
    },
  }
}

function note(found: Map<string, Missing>, log: string, index: number, field: string): void {
  const missing = found.get(log) ?? { ranges: [], fields: new Set<string>(), count: 0 }
  found.set(log, missing)
  missing.fields.add(field)
  const last = missing.ranges.at(-1)
  if (last?.[1] === index) return
  missing.count += 1
  if (last?.[1] === index - 1) missing.ranges[missing.ranges.length - 1] = [last[0], index]
  else missing.ranges.push([index, index])
}

/** Paths of commitments in an entry whose values are not there. Commitments stand at the top, or where the catalogue has a field. */
function closedFields({ fields, openings }: OpenedEntry): string[] {
  const opened = openRecord(fields, openings)
  const paths = new Set([...Object.keys(fields), ...Object.keys(eventOf(fields.type)?.fields ?? {})])
  return [...paths].filter((path) => !Object.hasOwn(openings, path) && isCommitment(valueIn(opened, path.split('.'))))
}

function valueIn(holder: JsonValue | AuditRecord | undefined, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | AuditRecord | undefined = holder
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || isCommitment(value) || !Object.hasOwn(value, name)) return undefined
    value = Object.entries(value).find(([key]) => key === name)?.[1]
  }
  return value
}
