import { ProblemError } from '../../errors.ts'
import type { Database, Transaction } from '../../persistence/database.ts'
import { isStorable } from '../../persistence/storable-text.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import type { Audit } from '../audit.ts'
import { eventOf, personalFields } from '../events/events.ts'
import { countRunning, findOpened, lockOpenings, readEnd, removeOpenings } from './store.ts'
import type { OpenedRow } from './store.ts'

/** What is to be erased: the records of a person, found by a value, or by their numbers. */
export interface ErasureRequest {
  readonly find: { readonly by: 'user' | 'actor' | 'caller'; readonly value: string } | { readonly by: 'record'; readonly records: readonly number[] }
  /** Only these fields, beside those that hold the value; otherwise all personal fields of the records. */
  readonly fields?: readonly string[] | undefined
  /** On whose request or why, without the value itself. */
  readonly reason: string
  /** Who erases. */
  readonly actor: string
  /** Tells what would be erased, and erases nothing. */
  readonly dryRun?: boolean | undefined
}

/** What was erased. */
export interface Erasure {
  /** How many records lost fields. */
  readonly records: number
  readonly fields: readonly string[]
  /** Numbers of the records that tell of it. */
  readonly recorded: readonly number[]
  /** Releases that are running, whose end will be recorded with the value: erase again once they have ended. */
  readonly running: number
}

export interface ErasureDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'appendNumbered'>
}

// Where each kind of value stands in records.
const places = {
  user: ['user', 'stated.user'],
  actor: ['actor', 'name'],
  caller: ['caller'],
} as const

const scanned = 20_000
const batch = 1000

/**
 * Removes values and salts of personal fields, batch by batch, each in one transaction with the record that tells of it: which records,
 * which fields, by whom and why, but not the value. The log keeps the commitments, so every proof holds as before; without its salt a
 * commitment tells nothing, whatever value is tried.
 */
export async function eraseRecords(deps: ErasureDeps, request: ErasureRequest): Promise<Erasure> {
  checkRequest(request)
  const end = await readEnd(deps.database.db)
  const done: Batch[] = []
  for await (const indexes of batchesOf(deps, request, end)) {
    const erased = await eraseBatch(deps, request, indexes)
    if (erased !== undefined) done.push(erased)
  }
  return {
    records: done.reduce((sum, { records }) => sum + records, 0),
    fields: [...new Set(done.flatMap(({ fields }) => fields))].toSorted(),
    recorded: done.flatMap(({ recorded }) => recorded ?? []),
    running: request.find.by === 'record' ? 0 : await countRunning(deps.database.db, request.find.value),
  }
}

function checkRequest({ find, fields = [], reason, actor }: ErasureRequest): void {
  if (!isStorable([reason, actor])) throw new ProblemError('bad-request', '/body/reason: must be valid Unicode without NUL.')
  const unknown = fields.find((field) => !personalFields.has(field))
  if (unknown !== undefined) throw new ProblemError('bad-request', `/body/fields: ${unknown.slice(0, 100)} is not a personal field. openapi/events.md has them all, marked with P.`)
  if (find.by === 'record') return
  if (!isStorable([find.value])) throw new ProblemError('bad-request', `/body/${find.by}: must be valid Unicode without NUL.`)
  if (reason.includes(find.value)) throw new ProblemError('bad-request', '/body/reason: names the value that is to be erased. Say it in other words.')
  // The record of the erasure names who did it.
  if (actor === find.value) throw new ProblemError('conflict', 'You would erase the name of your own token, and be recorded by it in doing so. Do it with another operator token.')
}

async function* batchesOf({ database }: ErasureDeps, { find }: ErasureRequest, end: number): AsyncGenerator<number[]> {
  if (find.by === 'record') {
    const wanted = [...new Set(find.records)].toSorted((left, right) => left - right)
    const beyond = wanted.find((index) => index >= end)
    if (beyond !== undefined) throw new ProblemError('not-found', `The record has no entry ${beyond}. "concordat audit list" shows what there is.`)
    for (let at = 0; at < wanted.length; at += batch) yield wanted.slice(at, at + batch)
    return
  }
  let found: number[] = []
  // What is recorded while we work is left to the next erasure.
  for (let from = 0; from < end; from += scanned) {
    found.push(...(await findOpened(database.db, { from, until: Math.min(end, from + scanned) }, { fields: places[find.by], value: find.value })))
    while (found.length >= batch) {
      yield found.slice(0, batch)
      found = found.slice(batch)
    }
  }
  if (found.length > 0) yield found
}

interface Batch {
  readonly records: number
  readonly fields: readonly string[]
  readonly recorded: number | undefined
}

async function eraseBatch(deps: ErasureDeps, request: ErasureRequest, indexes: readonly number[]): Promise<Batch | undefined> {
  let recorded: number | undefined
  const erased = await deps.database.transaction(async (tx) => {
    const groups = groupsOf(await lockOpenings(tx.db, indexes), request)
    const records = [...groups.values()].flatMap((group) => group.indexes).toSorted((left, right) => left - right)
    if (records.length === 0) return undefined
    const fields = [...new Set([...groups.values()].flatMap((group) => group.fields))].toSorted()
    if (request.dryRun === true) return { records: records.length, fields }
    for (const group of groups.values()) await removeOpenings(tx.db, group.indexes, group.fields)
    tellOf(deps, tx, { request, records, fields, told: (index) => (recorded = index) })
    return { records: records.length, fields }
  })
  return erased === undefined ? undefined : { ...erased, recorded }
}

function tellOf({ audit }: ErasureDeps, tx: Transaction, erased: { request: ErasureRequest; records: readonly number[]; fields: readonly string[]; told: (index: number) => void }): void {
  const { request, records, fields, told } = erased
  const { find, reason, actor } = request
  audit.appendNumbered(tx, [{ type: 'audit.erased', by: find.by, reason, actor, records: rangesOf(records), count: records.length, fields }], told)
}

interface Group {
  readonly indexes: number[]
  readonly fields: readonly string[]
}

// Records that lose the same fields.
function groupsOf(rows: readonly OpenedRow[], request: ErasureRequest): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const fields = erasedFields(row, request)
    if (fields.length === 0) continue
    const key = fields.join(' ')
    const group = groups.get(key) ?? { indexes: [], fields }
    groups.set(key, group)
    group.indexes.push(row.index)
  }
  return groups
}

function erasedFields({ type, fields }: OpenedRow, { find, fields: wanted }: ErasureRequest): string[] {
  const personal = (path: string) => eventOf(type)?.fields[path]?.personal === true
  return Object.entries(fields)
    .filter(([path, { value }]) => {
      if (find.by !== 'record' && holds(value, find.value)) return true
      // The pseudonym is inside the signed statement, where no search sees it.
      if (find.by === 'user' && path === 'signed') return true
      return wanted === undefined ? personal(path) : wanted.includes(path)
    })
    .map(([path]) => path)
    .toSorted()
}

function holds(value: JsonValue, text: string): boolean {
  return JSON.stringify(value).includes(JSON.stringify(text).slice(1, -1))
}

/** Numbers as ranges: `3-7`, `9`. They are in order. */
export function rangesOf(numbers: readonly number[]): string[] {
  const ranges: { from: number; to: number }[] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last !== undefined && last.to + 1 === number) last.to = number
    else ranges.push({ from: number, to: number })
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
}
