import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { storedEntry } from '../entry.ts'
import type { AuditRow } from '../store.ts'
import { faultOf } from './fault-error.ts'
import type { LogFaultError } from './fault-error.ts'
import { batchesBackwards, openJournal } from './journal.ts'
import type { Batch, JournalFile } from './journal.ts'
import { logFile, logOfFile } from './names.ts'
import type { TreeId } from './tiles.ts'

/** The journal of a log on the embedded database. */
export interface LogJournal extends TreeId {
  readonly path: string
}

export type OpenFile = ((path: string) => Promise<JournalFile>) | undefined

/** An entry that the database does not have. */
export interface LostEntry {
  readonly row: AuditRow
  readonly text: string
}

/** A power cut takes what was written within seconds before it. A database that lacks more was put there by somebody. */
const mostLostMs = 600_000

const ending = '.journal'

export const journalOf = (directory: string, { name, start }: TreeId): LogJournal => ({ name, start, path: join(directory, logFile({ log: name, start, ending })) })

/** All journals in the folder, by the starts of their logs. */
export async function journalsIn(directory: string): Promise<LogJournal[]> {
  const names = (await readdir(directory)).flatMap((file) => {
    const of = logOfFile(file)
    return of?.ending === ending ? [{ name: of.log, start: of.start, path: join(directory, file) }] : []
  })
  return names.toSorted((left, right) => left.start - right.start)
}

/** The last whole signed batch of a journal: where it ends, and the note; undefined when there is none. */
export async function endOfJournal({ path }: LogJournal, openFile: OpenFile): Promise<{ readonly end: number; readonly note: string } | undefined> {
  const journal = await openJournal(path, openFile)
  const [end, note] = [journal.end, journal.last?.note]
  await journal.close()
  return end === undefined || note === undefined ? undefined : { end, note }
}

/** The entries of a journal from the number `from` to before `end`, all of which the database lacks. A fault when they are not there, or are more than a power cut takes. */
export async function lostEntries(journal: LogJournal, range: { readonly from: number; readonly end: number; readonly tooMany: (newest: Date) => LogFaultError }, openFile: OpenFile): Promise<LostEntry[]> {
  const { name, path } = journal
  const { from, end } = range
  const lost: Batch[] = []
  let newest: Date | undefined
  for await (const batch of batchesBackwards(path, openFile)) {
    if (batch === undefined) throw faultOf(name, 'journal-damaged', `The journal ${path} is damaged before the entries that the database lacks.`, { from })
    lost.unshift(batch)
    const times = batch.entries.filter((_text, place) => batch.first + place >= from).map((text) => storedEntry(text).time)
    newest ??= times.at(-1)
    if (newest !== undefined && times.some((time) => newest !== undefined && newest.getTime() - time.getTime() > mostLostMs)) {
      throw range.tooMany(newest)
    }
    if (batch.first <= from) break
  }
  const entries = lost
    .flatMap(({ first, entries: texts }) => texts.map((text, place) => ({ text, row: { index: first + place, ...storedEntry(text) } })))
    .filter(({ row }) => row.index >= from)
  if (entries[0]?.row.index !== from || entries.some(({ row }, place) => row.index !== from + place) || entries.length !== end - from) throw faultOf(name, 'journal-damaged', `The journal ${path} does not go on where the database ends.`, { size: from, end })
  return entries
}
