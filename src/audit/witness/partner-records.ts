import type { Database } from '../../persistence/database.ts'
import type { Checkpoint, Inclusion, TransparencyLog } from '../log/log.ts'
import { entryText } from '../entry.ts'
import { eventOf } from '../events/events.ts'
import type { Openings } from '../personal/commit.ts'
import { findEntries } from '../search/store.ts'

/** A record as the partner that it is about gets it. */
export interface PartnerRecord {
  /** Its number in the record. */
  readonly record: number
  readonly log: string
  /** Its number in that log. */
  readonly index: number
  /** The canonical text that was hashed. */
  readonly entry: string
  readonly openings: Openings
  /** Base64; against the checkpoint of its log. */
  readonly proof: readonly string[]
}

/** Some of the records of one agreement with one partner, ascending. */
export interface PartnerRecords {
  readonly agreement: string
  readonly records: readonly PartnerRecord[]
  /** By log: the signed checkpoint that the proofs lead to. */
  readonly checkpoints: Readonly<Record<string, string>>
  /** What to ask on with, as `after`; null at the end. */
  readonly next: number | null
}

export interface PartnerRecordsDeps {
  readonly database: Pick<Database, 'db'>
  readonly log: Pick<TransparencyLog, 'inclusion' | 'checkpoint' | 'logs' | 'status'>
  readonly published: (log?: string) => Promise<Checkpoint | undefined>
}

/** Records that name `partner` as their partner, with proofs; of others nobody learns here that they exist. */
export async function partnerRecords(deps: PartnerRecordsDeps, asked: { partner: string; agreement: string; after: number; limit: number }): Promise<PartnerRecords> {
  const { partner, agreement, after, limit } = asked
  const { sealed } = await deps.log.status()
  const found = await findEntries(deps.database.db, { agreement, partner, after, limit: limit + 1 })
  // What no checkpoint covers yet has no proof; it comes with the next call.
  const rows = found.slice(0, limit).filter(({ index }) => index < sealed)
  const checkpoints = await checkpointsFor(deps, rows.map(({ index }) => index))
  const records = await Promise.all(
    rows.map(async (row): Promise<PartnerRecord> => {
      const { log, leafIndex, proof } = await inclusionOf(deps, row.index, checkpoints)
      return { record: row.index, log, index: leafIndex, entry: entryText(row), openings: shown(row.type, row.openings ?? {}), proof: proof.map((hash) => hash.toString('base64')) }
    }),
  )
  const next = found.length > rows.length ? (rows.at(-1)?.index ?? after) : null
  return { agreement, records, checkpoints: Object.fromEntries([...checkpoints].map(([name, { note }]) => [name, note])), next }
}

/** For each log that has one of the records, the published checkpoint if it covers them all, else the newest. */
async function checkpointsFor(deps: PartnerRecordsDeps, indexes: readonly number[]): Promise<Map<string, Checkpoint>> {
  const logs = await deps.log.logs()
  const last = new Map<string, number>()
  for (const index of indexes) {
    const log = logs.findLast(({ start }) => start <= index)
    if (log !== undefined) last.set(log.name, index - log.start)
  }
  const found = new Map<string, Checkpoint>()
  for (const [name, leaf] of last) {
    const published = await deps.published(name)
    const checkpoint = published !== undefined && published.size > leaf ? published : await deps.log.checkpoint(name)
    if (checkpoint !== undefined) found.set(name, checkpoint)
  }
  return found
}

async function inclusionOf(deps: PartnerRecordsDeps, index: number, checkpoints: ReadonlyMap<string, Checkpoint>): Promise<Inclusion> {
  const logs = await deps.log.logs()
  const log = logs.findLast(({ start }) => start <= index)
  return deps.log.inclusion(index, log === undefined ? undefined : checkpoints.get(log.name))
}

// What the partner's own requests said; of other personal values, such as the names of our staff, it gets the commitments only.
const ownValues: ReadonlySet<string> = new Set(['user', 'request.path', 'request.query', 'terms', 'signed', 'reason'])

function shown(type: string, openings: Openings): Openings {
  const fields = eventOf(type)?.fields ?? {}
  const personal = (path: string) => fields[path]?.personal === true
  // A field that was committed for its size may hold others that are personal.
  const holdsPersonal = (path: string) => Object.keys(fields).some((other) => other.startsWith(`${path}.`) && personal(other) && !ownValues.has(other))
  return Object.fromEntries(Object.entries(openings).filter(([path]) => ownValues.has(path) || (Object.hasOwn(fields, path) && !personal(path) && !holdsPersonal(path))))
}
