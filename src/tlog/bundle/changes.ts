import type { JsonValue } from '../../policy/odrl.ts'
import type { Archive } from './archive-reader.ts'
import { createChain } from './chain.ts'
import { readEntry } from './entry.ts'
import { readRecordLine } from './form.ts'
import type { BundleKey } from './form.ts'
import { canonicalText, isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { linesOf } from './lines.ts'
import type { createNumbering } from './inclusion.ts'
import type { BundleLog } from './logs.ts'
import { reasonOf } from './logs.ts'
import { checkersOf } from './records.ts'
import { createCheck, createTally } from './report.ts'
import type { Finding, Limit, LimitCode, Tally } from './report.ts'

/** The types of records that tell of changes to keys and logs. */
export function isChange(type: string): boolean {
  return /^(key|log|witness)\./.test(type) || type === 'audit.erased'
}

interface ChangesInput {
  /** Shared with the records. */
  readonly isNumbered: ReturnType<typeof createNumbering>
  readonly archive: Archive
  readonly logs: ReadonlyMap<string, BundleLog>
  readonly keys: readonly BundleKey[]
}

/** Checks the changes of keys and logs: that they are in their logs, that logs follow each other, and which keys they name. */
export async function checkChanges({ archive, logs, keys, isNumbered }: ChangesInput): Promise<{ findings: Finding[]; limits: Limit[] }> {
  const changes = createCheck('changes')
  const chain = createChain(logs)
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
        else if (!isNumbered(line)) changes.wrong({ ...place, why: `it is not entry ${line.index} of the log ${line.log} by the numbers of others` })
        else if (!isChange(String(entry['type']))) changes.wrong({ ...place, why: 'it is no change of a key or a log' })
        else if (checkers.get(line.log)?.check(line.entry, line.index, line.proof) !== true) changes.wrong({ ...place, log: line.log, index: line.index })
        else changes.good()
        last = line.record
        for (const name of keysIn(entry)) recorded.add(name)
        if (entry['type'] === 'log.recovered') broken.add(breakOf(entry, line.record))
        chain.add(line, entry)
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
