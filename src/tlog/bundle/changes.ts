import type { JsonValue } from '../../policy/odrl.ts'
import { isProblem } from '../../errors.ts'
import { parseCheckpoint } from '../checkpoint.ts'
import { openNote } from '../note.ts'
import type { Archive } from './archive-reader.ts'
import { readEntry } from './entry.ts'
import { readRecordLine } from './form.ts'
import type { BundleKey } from './form.ts'
import { canonicalText, isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { linesOf } from './lines.ts'
import type { BundleLog } from './logs.ts'
import { reasonOf } from './logs.ts'
import { checkersOf } from './records.ts'
import { createCheck, createTally } from './report.ts'
import type { Check, Finding, Limit, LimitCode, Tally } from './report.ts'

/** The types of records that tell of changes to keys and logs. */
export function isChange(type: string): boolean {
  return /^(key|log|witness)\./.test(type) || type === 'audit.erased'
}

interface ChangesInput {
  readonly archive: Archive
  readonly logs: ReadonlyMap<string, BundleLog>
  readonly keys: readonly BundleKey[]
}

/** Checks the changes of keys and logs: that they are in their logs, that logs follow each other, and which keys they name. */
export async function checkChanges({ archive, logs, keys }: ChangesInput): Promise<{ findings: Finding[]; limits: Limit[] }> {
  const changes = createCheck('changes')
  const chain = createCheck('log-chain')
  const recorded = new Set<string>()
  const broken = createTally()
  const checkers = checkersOf(logs)
  let last = -1
  try {
    for await (const lines of linesOf(archive, 'changes.ndjson')) {
      for (const text of lines) {
        const line = readRecordLine(text)
        const entry = readEntry(line)
        const place = { record: line.record }
        if (line.record <= last) changes.wrong({ ...place, why: `it stands behind record ${last}` })
        else if (!isChange(String(entry['type']))) changes.wrong({ ...place, why: 'it is no change of a key or a log' })
        else if (checkers.get(line.log)?.check(line.entry, line.index, line.proof) !== true) changes.wrong({ ...place, log: line.log, index: line.index })
        else changes.good()
        last = line.record
        for (const name of keysIn(entry)) recorded.add(name)
        if (entry['type'] === 'log.recovered') broken.add(breakOf(entry, line.record))
        if (entry['type'] === 'log.opened') checkOpened(chain, { entry, record: line.record }, logs)
      }
    }
  } catch (error) {
    changes.wrong({ why: reasonOf(error) })
  }
  const unrecorded = createTally()
  for (const key of keys) if (!recorded.has(nameOf(key))) unrecorded.add({ name: key.name, participant: key.participant, use: key.use })
  return { findings: [changes.finding(), chain.finding()], limits: [...limitsOf('broken', broken), ...limitsOf('keys-unrecorded', unrecorded)] }
}

function limitsOf(what: LimitCode, { count, first }: Tally): Limit[] {
  return count === 0 ? [] : [{ what, detail: { count, first: [...first] } }]
}

/** What was found, and which records were lost, as the record of the recovery says it. */
function breakOf({ time, kind, lost }: JsonObject, record: number): Readonly<Record<string, JsonValue>> {
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [])
  return { record, time: String(time), found: texts(kind), ...(lost === undefined ? {} : { lost: texts(lost) }) }
}

/** A key as records and `keys.json` both can name it. */
function nameOf({ verifier, name, jwk }: BundleKey): string {
  return verifier?.vkey ?? `${name} ${canonicalText(jwk) ?? ''}`
}

function keysIn({ vkey, nextVkey, mldsa, kid, jwk }: JsonObject): string[] {
  const vkeys = [vkey, nextVkey, mldsa].filter((each) => typeof each === 'string')
  return typeof kid === 'string' && isObject(jwk) ? [...vkeys, `${kid} ${canonicalText(jwk) ?? ''}`] : vkeys
}

/** A log names the last checkpoint of the one before: as it was signed, and as far as the bundle has that log, the same tree. */
function checkOpened(chain: Check, { entry, record }: { entry: JsonObject; record: number }, logs: ReadonlyMap<string, BundleLog>): void {
  const { name, origin, vkey, previous, previousCheckpoint, start } = entry
  const own = typeof name === 'string' ? logs.get(name) : undefined
  const place: Readonly<Record<string, JsonValue>> = { record, log: String(name) }
  if (own !== undefined && (own.checkpoint.origin !== origin || own.verifier.vkey !== vkey)) return chain.wrong({ ...place, why: 'it opened with another origin or key' })
  if (own !== undefined && typeof start === 'number' && start !== record) return chain.wrong({ ...place, why: 'its first entry is another record' })
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
