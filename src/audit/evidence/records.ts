import type { Database } from '../../persistence/database.ts'
import { canonicalText } from '../../tlog/bundle/json.ts'
import { recordLine } from '../../tlog/bundle/form.ts'
import { isChange } from '../../tlog/bundle/changes.ts'
import type { AuditEntry } from '../audit.ts'
import { entryFields, entryText } from '../entry.ts'
import { events } from '../events/events.ts'
import type { Checkpoint, LogInfo, TransparencyLog } from '../log/log.ts'
import type { Openings } from '../personal/commit.ts'
import { openRecord } from '../personal/commit.ts'
import { findEntries } from '../search/store.ts'
import type { FoundEntry } from '../search/store.ts'
import type { LineFile } from './files.ts'
import { findReceipts } from './store.ts'
import type { StoredReceipt } from './store.ts'
import { createTreeReader } from './tree-reader.ts'
import type { TreeReader } from './tree-reader.ts'

/** The logs of a bundle, each with the checkpoint that its proofs are against. */
export interface BundleTrees {
  /** The log that has the record. */
  of(record: number): Promise<{ readonly log: LogInfo; readonly tree: TreeReader }>
  /** Those that were asked for, by name. */
  used(): readonly { readonly log: LogInfo; readonly checkpoint: Checkpoint }[]
}

const page = 500

/** `checkpointOf` gives the checkpoint to show of a log: one that covers its records of the bundle. */
export function createTrees(logs: readonly LogInfo[], log: Pick<TransparencyLog, 'tile'>, checkpointOf: (log: LogInfo) => Promise<Checkpoint>): BundleTrees {
  const trees = new Map<string, { readonly log: LogInfo; readonly tree: TreeReader }>()
  return {
    async of(record) {
      const info = logs.findLast(({ start }) => start <= record)
      if (info === undefined) throw new Error(`Record ${record} is from before there was a log`)
      const known = trees.get(info.name) ?? { log: info, tree: createTreeReader(log, await checkpointOf(info)) }
      trees.set(info.name, known)
      return known
    },
    used: () => [...trees.values()].map(({ log: info, tree }) => ({ log: info, checkpoint: tree.checkpoint })).toSorted((one, other) => (one.log.name < other.log.name ? -1 : 1)),
  }
}

/** The line of a record, with the proof that it is in its log. */
async function lineOf(trees: BundleTrees, record: number, entry: string): Promise<string> {
  const { log, tree } = await trees.of(record)
  const index = record - log.start
  return recordLine({ entry, index, log: log.name, proof: await tree.inclusion(index), record })
}

export interface RecordFiles {
  readonly records: LineFile
  readonly openings: LineFile
}

/** Writes the records of an agreement up to `last`, and what is disclosed of them; `each` sees them one by one. */
export async function writeRecords(
  { database, trees, files }: { readonly database: Pick<Database, 'db'>; readonly trees: BundleTrees; readonly files: RecordFiles },
  { agreement, last, redacted, each }: { readonly agreement: string; readonly last: number; readonly redacted: readonly string[]; readonly each: (entry: AuditEntry) => void },
): Promise<void> {
  for await (const row of entriesOf(database, { agreement, before: last + 1 })) {
    await files.records.add(await lineOf(trees, row.index, entryText(row)))
    const shown = disclosed(row.openings, redacted)
    for (const [field, { salt, value }] of shown) await files.openings.add(`${canonicalText({ field, record: row.index, salt, value }) ?? ''}\n`)
    each({ ...openRecord(entryFields(row), Object.fromEntries(shown)), index: row.index })
  }
}

function disclosed(openings: Openings | null, redacted: readonly string[]) {
  const shown = Object.entries(openings ?? {}).filter(([field]) => !redacted.includes(field))
  return shown.toSorted(([one], [other]) => (one < other ? -1 : 1))
}

async function* entriesOf({ db }: Pick<Database, 'db'>, filter: { readonly agreement?: string; readonly type?: string; readonly partner?: string; readonly before: number }): AsyncGenerator<FoundEntry> {
  for (let after = -1; ; ) {
    const rows = await findEntries(db, { ...filter, after, limit: page })
    yield* rows
    const next = rows.at(-1)?.index
    if (next === undefined || rows.length < page) return
    after = next
  }
}

// How witnesses stand is told often; which they are, once.
const told = new Set(['witness.refused', 'witness.recovered', 'witness.state_restored'])

/** The changes of keys and logs up to `last`, in order: of keys of partners only those of this one. */
export async function changesOf(database: Pick<Database, 'db'>, { partner, last }: { readonly partner: string; readonly last: number }): Promise<FoundEntry[]> {
  const types = Object.keys(events).filter((type) => isChange(type) && !told.has(type))
  const found: FoundEntry[] = []
  for (const type of types) {
    for await (const row of entriesOf(database, { type, before: last + 1, ...(type === 'key.seen' ? { partner } : {}) })) found.push(row)
  }
  return found.toSorted((one, other) => one.index - other.index)
}

/** Writes changes of keys and logs; their personal fields are not of this agreement, and stay closed. */
export async function writeChanges(trees: BundleTrees, file: LineFile, changes: readonly FoundEntry[]): Promise<void> {
  for (const row of changes) await file.add(await lineOf(trees, row.index, entryText(row)))
}

/** Writes the receipts of the partner, and gives the origins of those that are verified: others may name no log. */
export async function writeReceipts(database: Pick<Database, 'db'>, file: LineFile, { agreement, last }: { readonly agreement: string; readonly last: number }): Promise<ReadonlySet<string>> {
  const origins = new Set<string>()
  for (let after = -1; ; ) {
    const rows = (await findReceipts(database.db, { agreement, after, limit: page })).filter(({ record }) => record <= last)
    for (const row of rows) {
      await file.add(receiptLine(row))
      if (row.verified) origins.add(row.origin)
    }
    const next = rows.at(-1)?.record
    if (next === undefined || rows.length < page) return origins
    after = next
  }
}

function receiptLine({ origin, receipt, record, verified }: StoredReceipt): string {
  return `${canonicalText({ origin, receipt, record, verified }) ?? ''}\n`
}
