import type { JsonValue } from '../../policy/odrl.ts'
import { isProblem } from '../../errors.ts'
import { parseCheckpoint } from '../checkpoint.ts'
import { openNote } from '../note.ts'
import type { RecordLine } from './form.ts'
import type { JsonObject } from './json.ts'
import type { BundleLog } from './logs.ts'
import { createCheck } from './report.ts'
import type { Check, Finding } from './report.ts'

/** Checks how the logs of a bundle begin and follow each other, by the changes in it. */
export interface Chain {
  add(line: RecordLine, entry: JsonObject): void
  finding(): Finding
}

/**
 * Every log begins with the entry that opened it, which says where in the record it stands, and, after a break, goes on with the one
 * that says what was found: neither can be left out, so that nobody shows a log without its past.
 */
export function createChain(logs: ReadonlyMap<string, BundleLog>): Chain {
  const chain = createCheck('log-chain')
  const opened = new Set<string>()
  const broken = new Set<string>()
  return {
    add(line, entry) {
      const { type } = entry
      if (type === 'log.recovered' && line.index === 1) broken.delete(line.log)
      if (type !== 'log.opened') return
      opened.add(line.log)
      if (entry['reason'] === 'break') broken.add(line.log)
      checkOpened(chain, line, { entry, logs })
    },
    finding() {
      for (const log of logs.keys()) if (!opened.has(log)) chain.wrong({ log, why: 'the entry that opened it is missing' })
      for (const log of broken) chain.wrong({ log, why: 'it was opened after a break, and the entry that says what was found is missing' })
      return chain.finding()
    },
  }
}

/** A log names the last checkpoint of the one before: as it was signed, and as far as the bundle has that log, the same tree. */
function checkOpened(chain: Check, { log, index, record }: RecordLine, { entry, logs }: { readonly entry: JsonObject; readonly logs: ReadonlyMap<string, BundleLog> }): void {
  const { name, origin, vkey, previous, previousCheckpoint, start } = entry
  const own = logs.get(log)
  // What is wrong with the log itself is told with its checkpoint.
  if (own === undefined) return
  const place: Readonly<Record<string, JsonValue>> = { record, log }
  if (name !== log || own.checkpoint.origin !== origin || own.verifier.vkey !== vkey) return chain.wrong({ ...place, why: 'it opened with another origin or key' })
  if (index !== 0 || start !== record) return chain.wrong({ ...place, why: 'its first entry is another record' })
  const before = typeof previous === 'string' ? logs.get(previous) : undefined
  if (before === undefined || typeof previousCheckpoint !== 'string') return chain.good()
  const fault = faultAfter(before, previousCheckpoint)
  if (fault === undefined) chain.good()
  else chain.wrong({ ...place, why: fault })
}

function faultAfter(before: BundleLog, note: string): string | undefined {
  try {
    const { text } = openNote(note, [before.verifier])
    const { size, root } = parseCheckpoint(text)
    if (size < before.checkpoint.size) return `${before.name} had more entries than it ended with`
    return size === before.checkpoint.size && !root.equals(before.checkpoint.root) ? `${before.name} ended with another tree` : undefined
  } catch (error) {
    if (!isProblem(error)) throw error
    return error.message
  }
}
