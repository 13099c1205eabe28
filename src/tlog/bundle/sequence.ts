import type { RecordLine } from './form.ts'
import type { JsonObject } from './json.ts'
import { createCheck, createTally } from './report.ts'
import type { Finding, Limit } from './report.ts'

/** Checks that the records of an agreement are numbered without gaps from 0. */
export interface Sequence {
  /** `included`: the record is in its log. */
  add(line: RecordLine, entry: JsonObject, included: boolean): void
  /** Judges the gaps, once all records were seen. */
  settle(): void
  finding(): Finding
  limits(): Limit[]
}

interface Gap {
  readonly record: number
  readonly expected: number
  readonly found: number
}

interface Removed {
  readonly log: string
  readonly record: number
  readonly from: number
  readonly to: number
}

/** More gaps than these are not judged, but wrong. Each pruned log leaves one. */
const mostGaps = 200

/**
 * Records that were removed with a log after its time leave a gap; each later says of the agreement, in a record of its own, which numbers
 * those were. A gap holds if such records cover it, and what was in it is told as not proven; each gap is told once.
 */
export function createSequence(): Sequence {
  const check = createCheck('sequence')
  const pruned = createTally()
  const gaps: Gap[] = []
  const removed: Removed[] = []
  let next = 0

  function isCovered({ record, expected, found }: Gap): boolean {
    // One number after the other: ranges may come in any order.
    for (let number = expected; number < found; ) {
      const range = removed.find(({ from, to, record: told }) => from <= number && number <= to && told >= record)
      if (range === undefined) return false
      number = range.to + 1
    }
    return true
  }

  return {
    add({ record }, { type, seq, name, firstSeq, lastSeq }, included) {
      if (typeof seq !== 'number' || seq < next) return check.wrong({ record, expected: next, found: typeof seq === 'number' ? seq : null })
      if (seq === next) check.good()
      else if (gaps.length < mostGaps) gaps.push({ record, expected: next, found: seq })
      else check.wrong({ record, expected: next, found: seq })
      next = seq + 1
      if (type === 'agreement.pruned' && included && typeof firstSeq === 'number' && typeof lastSeq === 'number' && lastSeq < seq && removed.length < mostGaps) removed.push({ log: String(name), record, from: firstSeq, to: lastSeq })
    },
    settle() {
      for (const gap of gaps) {
        if (isCovered(gap)) check.good()
        else check.wrong({ ...gap })
      }
      if (gaps.length > 0) for (const { log, record, from, to } of removed) pruned.add({ record, log, from, to })
    },
    finding: () => check.finding(),
    limits: () => (pruned.count === 0 ? [] : [{ what: 'pruned', detail: { count: pruned.count, first: [...pruned.first] } }]),
  }
}
