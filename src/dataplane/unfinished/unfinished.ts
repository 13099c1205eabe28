import type { Queries } from '../../persistence/database.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import type { DataPlaneDeps } from '../release.ts'
import type { Facts } from '../releases.ts'
import { findNoted, forgetProcess, forgetReleases, noteReleases, recordSize, renewLease } from './store.ts'
import type { UnfinishedRelease } from './store.ts'
import { sweepLapsed } from './sweep.ts'

/** A release that has begun. */
export interface BegunRelease {
  /** The number of the record of its permission. */
  readonly index: number
  /** What the record of its end says of it. */
  readonly facts: Facts
  /** How many bytes it may come to; null where nobody knows. */
  readonly upTo: number | null
}

/** Removes what is noted of releases, in the transaction that records their end. */
export type Removal = (db: Queries) => Promise<void>

/**
 * The releases whose end is not recorded yet. One that takes long is noted in the database under a lease that this process renews, so
 * that whoever finds the lease over records the end of what a crash left. Short ones cost nothing: the process notes from which record
 * on they are to be looked for.
 */
export interface Unfinished {
  /** Resolves once this process is noted, which is before its first release. */
  ready(): Promise<void>
  begin(release: BegunRelease): void
  /** Writes how releases ended; what cannot be written now is tried again. `write` gets what it has to remove, where there is something. */
  end(indexes: readonly number[], write: (remove: Removal | undefined) => Promise<unknown>): Promise<void>
  /** Does what is due: notes what takes long, tries again, renews, and closes what others left. */
  tick(): Promise<void>
  /** Gives the lease up; what is still open is left for others. */
  close(): Promise<void>
}

export type UnfinishedDeps = Pick<DataPlaneDeps, 'database' | 'audit' | 'clock' | 'onError'> & { /** Random for each start. */ readonly process: string }

/** A release that runs this long is noted. */
export const longMs = 5_000
export const leaseMs = 60_000
const renewMs = 20_000
const sweepMs = 30_000

interface Open extends BegunRelease {
  readonly since: number
  /** Undefined: it is not noted. False: it could not be. */
  noted: Promise<boolean> | undefined
  ended: boolean
}

interface Ending {
  readonly indexes: readonly number[]
  readonly write: (remove: Removal | undefined) => Promise<unknown>
}

export function createUnfinished(deps: UnfinishedDeps): Unfinished {
  const { clock } = deps
  const { db } = deps.database
  const open = new Map<number, Open>()
  // In the order in which they began.
  const short = new Set<Open>()
  const unwritten = new Set<Ending>()
  const now = () => clock().getTime()
  const lease = createLease(deps, open)
  let registering: Promise<void> | undefined
  let sweptAt = Number.NEGATIVE_INFINITY

  async function ready(): Promise<void> {
    registering ??= lease.renew().catch((error: unknown) => {
      registering = undefined
      throw error
    })
    return registering
  }

  function notLong(): Open[] {
    const due: Open[] = []
    for (const release of short) {
      if (now() - release.since < longMs) break
      short.delete(release)
      if (!release.ended) due.push(release)
    }
    return due
  }

  async function note(): Promise<void> {
    const due = notLong()
    if (due.length === 0) return
    const noting = noteReleases(db, due.map(closingOf), { process: deps.process, until: new Date(now() + leaseMs) }).then(
      () => true,
      (error: unknown) => {
        deps.onError(error)
        return false
      },
    )
    for (const release of due) release.noted = noting
    if (await noting) return
    for (const release of due) {
      release.noted = undefined
      short.add(release)
    }
  }

  async function notedOf(indexes: readonly number[]): Promise<number[]> {
    const noted: number[] = []
    for (const index of indexes) if ((await open.get(index)?.noted) === true) noted.push(index)
    return noted
  }

  async function write({ indexes, write: writeEnd }: Ending): Promise<void> {
    const waits = indexes.some((index) => open.get(index)?.noted !== undefined)
    const noted = waits ? await notedOf(indexes) : []
    await writeEnd(noted.length === 0 ? undefined : (queries) => forgetReleases(queries, noted))
    forget(indexes)
  }

  function forget(indexes: readonly number[]): void {
    for (const index of indexes) {
      const release = open.get(index)
      if (release !== undefined) short.delete(release)
      open.delete(index)
    }
  }

  // A commit whose answer was lost has removed what was noted; so has another process that took it over. Their ends are recorded.
  async function writeAgain(ending: Ending): Promise<void> {
    const noted = await notedOf(ending.indexes)
    const left = await findNoted(db, noted)
    if (noted.length > 0 && left.size === 0) forget(ending.indexes)
    else await write(ending)
    unwritten.delete(ending)
  }

  return {
    ready,
    begin(release) {
      const begun: Open = { ...release, since: now(), noted: undefined, ended: false }
      open.set(release.index, begun)
      short.add(begun)
    },
    async end(indexes, writeEnd) {
      for (const index of indexes) {
        const release = open.get(index)
        if (release !== undefined) release.ended = true
      }
      const ending = { indexes, write: writeEnd }
      try {
        await write(ending)
      } catch (error) {
        unwritten.add(ending)
        deps.onError(error)
      }
    },
    async tick() {
      await note()
      for (const ending of unwritten) await writeAgain(ending)
      const mayTake = await lease.keep()
      if (!mayTake || now() - sweptAt < sweepMs) return
      sweptAt = now()
      await sweepLapsed(deps)
    },
    async close() {
      if (open.size === 0) await forgetProcess(db, deps.process)
    },
  }
}

function closingOf({ index, facts, upTo }: Open): UnfinishedRelease {
  return { index, record: closingRecord({ index, facts, upTo }) }
}

/** What is recorded of a release that nobody ended. */
export function closingRecord({ index, facts, upTo }: BegunRelease): Readonly<Record<string, JsonValue>> {
  const said = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return { ...Object.fromEntries(said), permitted: index, upTo, reason: 'process ended' }
}

function createLease({ database: { db }, clock, process }: UnfinishedDeps, open: ReadonlyMap<number, Open>) {
  let renewedAt = Number.NEGATIVE_INFINITY
  let quietUntil = Number.NEGATIVE_INFINITY
  // How large the record was when the lease was renewed last: what was permitted before is known here by now.
  let sizeBefore: number | undefined

  async function renew(): Promise<void> {
    const at = clock().getTime()
    const size = await recordSize(db)
    const inMemory = [...open.values()].flatMap(({ index, noted }) => (noted === undefined ? [index] : []))
    await renewLease(db, { process, until: new Date(at + leaseMs), mark: inMemory.reduce((least, index) => Math.min(least, index), sizeBefore ?? size) })
    sizeBefore = size
    // What kept us from renewing may have kept the others, too: they get the time to do it.
    if (renewedAt !== Number.NEGATIVE_INFINITY && at - renewedAt >= leaseMs) quietUntil = at + leaseMs
    renewedAt = at
  }

  return {
    renew,
    /** Renews it when it is due. True when what others did not renew is over. */
    async keep(): Promise<boolean> {
      if (clock().getTime() - renewedAt >= renewMs) await renew()
      return clock().getTime() >= quietUntil
    },
  }
}
