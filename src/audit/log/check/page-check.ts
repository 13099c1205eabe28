import { hashOf, tileWidth } from '../../../tlog/tiles.ts'
import type { AuditRow } from '../../store.ts'
import { opensWhole, quickEntry, quickLeaf } from './quick.ts'

/** Entries of whole tiles as they are stored, column by column: so they go to another thread in the least time. */
export interface PageTexts {
  readonly columns: { readonly [K in Exclude<keyof AuditRow, 'index' | 'time'>]: readonly AuditRow[K][] }
  /** Milliseconds. */
  readonly times: readonly number[]
  /** JSON of what entries committed to; undefined where there is none. */
  readonly openings: readonly (string | undefined)[]
  /** The hashes of their tiles, one tile behind the other. */
  readonly stored: Uint8Array
}

/** Whether all of a page is right: what is wrong with it is not looked for. */
export type PageVerdict =
  | {
      readonly isRight: true
      /** The root of each tile. */
      readonly roots: readonly Uint8Array[]
    }
  | { readonly isRight: false }

/** The texts of `rows`, which fill the tiles in `stored`. */
export function textsOf(rows: readonly AuditRow[], openings: ReadonlyMap<number, string>, stored: Uint8Array): PageTexts {
  return {
    columns: {
      rest: rows.map(({ rest }) => rest),
      type: rows.map(({ type }) => type),
      agreement: rows.map(({ agreement }) => agreement),
      transfer: rows.map(({ transfer }) => transfer),
      partner: rows.map(({ partner }) => partner),
      dataset: rows.map(({ dataset }) => dataset),
      role: rows.map(({ role }) => role),
      purpose: rows.map(({ purpose }) => purpose),
      decision: rows.map(({ decision }) => decision),
      seq: rows.map(({ seq }) => seq),
    },
    times: rows.map(({ time }) => time.getTime()),
    openings: rows.map(({ index }) => openings.get(index)),
    stored,
  }
}

/** Whether each entry has the hash in its tile, and all that it committed to stands beside it. */
export function checkPage({ columns, times, openings, stored }: PageTexts): PageVerdict {
  const hashes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const expected = hashes.toString('latin1')
  if (expected.length !== times.length * 32) return { isRight: false }
  for (const [place, ms] of times.entries()) {
    const row = rowAt(columns, place, new Date(ms))
    const entry = row && quickEntry(row)
    if (row === undefined || entry === undefined || quickLeaf(entry) !== expected.slice(place * 32, place * 32 + 32)) return { isRight: false }
    if (!opensWhole(row.rest, entry.objects, openings[place])) return { isRight: false }
  }
  const roots: Uint8Array[] = []
  for (let at = 0; at < hashes.length; at += tileWidth * 32) roots.push(hashOf(hashes.subarray(at, at + tileWidth * 32)))
  return { isRight: true, roots }
}

function rowAt({ rest, type, agreement, transfer, partner, dataset, role, purpose, decision, seq }: PageTexts['columns'], place: number, time: Date): Omit<AuditRow, 'index'> | undefined {
  const [restText, typeText] = [rest[place], type[place]]
  if (restText === undefined || typeText === undefined) return undefined
  return {
    rest: restText,
    time,
    type: typeText,
    agreement: agreement[place] ?? null,
    transfer: transfer[place] ?? null,
    partner: partner[place] ?? null,
    dataset: dataset[place] ?? null,
    role: role[place] ?? null,
    purpose: purpose[place] ?? null,
    decision: decision[place] ?? null,
    seq: seq[place] ?? null,
  }
}
