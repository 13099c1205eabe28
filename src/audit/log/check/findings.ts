import type { JsonValue } from '../../../policy/odrl.ts'
import type { FaultKind, LogFault } from '../log.ts'

/** An entry, as far as words about it go. */
export interface EntryName {
  readonly index: number
  readonly type: string
  readonly time: string
}

/** A checkpoint that a witness shows. */
export interface Witnessed {
  readonly witness: string
  /** Participant id; null: a witness from the settings. */
  readonly partner: string | null
  readonly size: number
  readonly note: string
}

const witnessed = ({ witness, partner, size, note }: Witnessed, here: number) => ({ witness, partner, witnessed: size, here, checkpoint: note })
const at = (index: number) => `Entry ${index}`
const named = ({ index, type, time }: EntryName) => `Entry ${index} (${type}, ${time})`
const ranges = (numbers: readonly (readonly [number, number])[]) => numbers.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ')
const iso = (time: Date | string | undefined) => (time === undefined ? 'an unknown time' : typeof time === 'string' ? time : time.toISOString())

function fault(log: string, kind: FaultKind, detail: Readonly<Record<string, JsonValue>>, message: string): LogFault {
  return { log, kind, detail, message }
}

/** What is found wrong, in words that name the place, what is there and what should be. Details hold no time of the finding, so that the same finding is the same fault. */
export const finding = {
  entryChanged: (log: string, entry: EntryName, hashes: { found: string; expected: string }) =>
    fault(log, 'entry-changed', { index: entry.index, ...hashes }, `${named(entry)} of log ${log} was changed: its hash is ${hashes.found}, and the log has ${hashes.expected}.`),
  entryMoved: (log: string, entry: EntryName, hashes: { found: string; expected: string; from: number }) =>
    fault(log, 'entry-changed', { index: entry.index, ...hashes }, `${named(entry)} of log ${log} is in the wrong place: the log has it as entry ${hashes.from}.`),
  entryUnreadable: (log: string, index: number) => fault(log, 'entry-changed', { index, found: 'not a record' }, `${at(index)} of log ${log} was changed: it is not a record any more.`),
  entriesMissing: (log: string, missing: readonly (readonly [number, number])[]) =>
    fault(log, 'entry-missing', { missing: missing.map(([from, to]) => [from, to]) }, `Log ${log} lacks ${missing.length === 1 && missing[0]?.[0] === missing[0]?.[1] ? 'entry' : 'entries'} ${ranges(missing)}: removed from the database.`),
  entryAdded: (log: string, entry: EntryName, end: number) => fault(log, 'entry-added', { index: entry.index, type: entry.type, end }, `${named(entry)} is in the database, but log ${log} never had it: its entries end at ${end - 1}.`),
  entryBefore: (log: string, entry: EntryName) => fault(log, 'entry-added', { index: entry.index, type: entry.type }, `${named(entry)} is in the database, but no log ever had it: the record begins at 0.`),
  entryAfterPruning: (log: string, entry: EntryName) => fault(log, 'entry-added', { index: entry.index, type: entry.type }, `${named(entry)} is in the database, but log ${log} never had it: its own entries were removed after their time.`),
  prunedUnrecorded: (log: string) => fault(log, 'chain-broken', { found: 'pruned' }, `The list of logs says that the entries of log ${log} were removed after their time, and no record says so.`),
  tileChanged: (log: string, tile: { level: number; index: number; part: number }, hashes: { found: string; expected: string }) =>
    fault(log, 'tile-changed', { ...tile, ...hashes }, `Tile ${tile.level}/${tile.index} of log ${log} was changed: it gives the hash ${hashes.found}, and the level above has ${hashes.expected}.`),
  upperTileChanged: (log: string, tile: { level: number; index: number; part: number }, hashes: { found: string; expected: string }) =>
    fault(log, 'tile-changed', { ...tile, ...hashes }, `Tile ${tile.level}/${tile.index} of log ${log} was changed at its hash ${tile.part}: it has ${hashes.found}, and the level below gives ${hashes.expected}, which fits the signed root.`),
  tileHashChanged: (log: string, tile: { level: number; index: number; part: number }, entry: EntryName) =>
    fault(log, 'tile-changed', { ...tile }, `Tile ${tile.level}/${tile.index} of log ${log} was changed at its hash ${tile.part}: entry ${entry.index} (${entry.type}, ${entry.time}) fits the signed root, and the tile does not.`),
  tileMissing: (log: string, level: number, index: number) => fault(log, 'tile-changed', { level, index, found: 'nothing' }, `Tile ${level}/${index} of log ${log} is missing.`),
  tileAdded: (log: string, level: number, index: number) => fault(log, 'tile-changed', { level, index, found: 'too much' }, `Tile ${level}/${index} is in the database, but log ${log} is not that large.`),
  rootDiffers: (log: string, size: number, roots: { found: string; expected: string }, at?: { where: string; from: number; to: number }) =>
    fault(
      log,
      'root-differs',
      { size, ...roots, ...(at === undefined ? {} : { from: at.from, to: at.to }) },
      `Log ${log} has another tree than was signed: the root of its first ${size} entries is ${roots.found}, and ${roots.expected} was signed. ${at === undefined ? '"concordat audit check" says what was changed.' : `What was changed is among the entries ${at.from} to ${at.to} (checkpoint in ${at.where}).`}`,
    ),
  rewound: (log: string, sizes: { has: number; signed: number }, times: { last: Date | string | undefined; signed: Date | string | undefined; by: string }) =>
    fault(log, 'log-rewound', { ...sizes }, `Log ${log} was rewound: the database has ${sizes.has} entries of it, the last of ${iso(times.last)}, but ${sizes.signed} were signed by ${iso(times.signed)} (${times.by}). The database is older than what was signed: a backup, or a replica that lagged behind.`),
  logUnknown: (log: string, signed: number, times: { last: Date | string | undefined; signed: Date }) =>
    fault(log, 'log-rewound', { has: 0, signed }, `Log ${log} was rewound: the database does not know it (its last entry is of ${iso(times.last)}), but ${signed} of its entries were signed by ${iso(times.signed)} (note file). The database is older than what was signed: a backup, or a replica that lagged behind.`),
  keyMissing: (log: string, folder: string) => fault(log, 'key-missing', {}, `The key of log ${log} is gone: ${folder} has no log key. Restore the folder from its backup; without it the log cannot go on.`),
  keyReplaced: (log: string, vkey: string, found: readonly string[]) =>
    fault(log, 'key-replaced', { vkey, found: [...found] }, `The key of log ${log} was replaced: the log was opened with ${vkey}, and the folder has ${found.join(', ')}.`),
  vkeyReplaced: (log: string, vkey: string, found: string) => fault(log, 'key-replaced', { vkey, row: found }, `The key of log ${log} was replaced: its first entry names ${vkey}, and the database now says ${found}.`),
  checkpointUnsigned: (log: string, where: string) => fault(log, 'checkpoint-changed', { where, found: 'not signed by the log' }, `The checkpoint of log ${log} in ${where} was changed: it does not carry the signature of the log's key.`),
  checkpointUnreadable: (log: string, where: string, why: string) => fault(log, 'checkpoint-changed', { where, found: why }, `The checkpoint of log ${log} in ${where} was changed: ${why}`),
  witnessAhead: (log: { name: string; origin: string }, seen: Witnessed, here: number) =>
    fault(log.name, 'witness-ahead', witnessed(seen, here), `The witness ${seen.witness} has cosigned ${seen.size} entries of ${log.origin}, and the database has ${here}.`),
  witnessUnknown: (log: { name: string; origin: string }, seen: Witnessed) =>
    fault(log.name, 'witness-ahead', witnessed(seen, 0), `The witness ${seen.witness} has cosigned ${seen.size} entries of ${log.origin}, a log that our key has signed and the database does not know.`),
  witnessDiffers: (log: { name: string; origin: string }, seen: Witnessed, here: number) =>
    fault(log.name, 'witness-differs', witnessed(seen, here), `The witness ${seen.witness} has cosigned ${seen.size} entries of ${log.origin} that are others than those of the database.`),
  sequenceDouble: (log: string, agreement: string, seq: number, entries: readonly [number, number]) =>
    fault(log, 'sequence-broken', { agreement, seq, entries: [...entries] }, `Agreement ${agreement} has its record number ${seq} twice: entries ${entries[0]} and ${entries[1]}.`),
  sequenceGap: (log: string, agreement: string, missing: readonly [number, number], entry: number) =>
    fault(log, 'sequence-broken', { agreement, missing: [...missing], entry }, `Agreement ${agreement} lacks its record${missing[0] === missing[1] ? '' : 's'} number ${ranges([missing])}: entry ${entry} goes on behind ${missing[0] === missing[1] ? 'it' : 'them'}.`),
  sequenceNone: (log: string, agreement: string, entry: number) => fault(log, 'sequence-broken', { agreement, entry }, `Entry ${entry} is a record of agreement ${agreement}, and has no number among its records.`),
  sequenceCounter: (log: string, agreement: string, next: number, counter: number | null) =>
    fault(log, 'sequence-broken', { agreement, next, counter }, `Agreement ${agreement} has ${next} records, and the counter of their numbers was set to ${counter ?? 'nothing'}.`),
  columnChanged: (log: string, entry: EntryName, column: string) =>
    fault(log, 'column-changed', { index: entry.index, column }, `${named(entry)} of log ${log} is hidden from searches: its field ${column} was moved out of the column that is searched.`),
  openingChanged: (log: string, entry: EntryName, field: string) =>
    fault(log, 'opening-changed', { index: entry.index, field }, `The value of the erasable field ${field} of entry ${entry.index} (${entry.type}, ${entry.time}) was changed: it does not fit what the log committed to.`),
  openingAdded: (log: string, index: number, field: string) => fault(log, 'opening-changed', { index, field, found: 'too much' }, `The database has a value for the field ${field} of entry ${index}, but the entry has no such erasable field.`),
  openingsMissing: (log: string, missing: readonly (readonly [number, number])[], fields: readonly string[], count: number) =>
    fault(log, 'opening-missing', { missing: missing.slice(0, 100).map(([from, to]) => [from, to]), fields: [...fields], count }, `${count === 1 ? 'One entry' : `${count} entries`} of log ${log} lost values of erasable fields (${fields.join(', ')}), and no record tells of an erasure: ${ranges(missing.slice(0, 100))}${missing.length > 100 ? ' and others' : ''}. Removed from the database.`),
  journalDamaged: (log: string, file: string, before: number) => fault(log, 'journal-damaged', { file, before }, `The journal ${file} of log ${log} is damaged before entry ${before}.`),
  journalDiffers: (log: string, entry: EntryName) => fault(log, 'journal-damaged', { index: entry.index }, `${named(entry)} of log ${log} is another one in the journal than in the database.`),
  entriesChanged: (log: string, changed: readonly (readonly [number, number])[], count: number) =>
    fault(log, 'entry-changed', { changed: changed.slice(0, 100).map(([from, to]) => [from, to]), count }, `${count} entries of log ${log} were changed: ${ranges(changed.slice(0, 100))}${changed.length > 100 ? ' and others' : ''}. Their hashes are not those that the log has.`),
  cosignatureChanged: (log: string, witness: string, size: number) => fault(log, 'cosignature-changed', { witness, size }, `The kept cosignature of ${witness} on log ${log} at ${size} entries was changed: it does not verify.`),
  cosignatureMissing: (log: string, witness: string, size: number) => fault(log, 'cosignature-missing', { witness, size }, `The cosignature of ${witness} on log ${log} at ${size} entries is kept in the folder log, and the database does not have it: removed from the database.`),
  chainBroken: (log: string, detail: Readonly<Record<string, JsonValue>>, what: string) => fault(log, 'chain-broken', detail, `Log ${log} does not go on from the one before it: ${what}`),
} as const satisfies Record<string, (...given: never[]) => LogFault>
