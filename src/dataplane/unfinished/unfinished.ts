import type { Queries } from '../../persistence/database.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import type { DataPlaneDeps } from '../release.ts'
import type { Facts } from '../releases.ts'
import { findNoted, forgetProcess, forgetReleases, noteReleases, renewLease } from './store.ts'
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
  const { db } = deps.database
  const now = () => deps.clock().getTime()
  const open = createOpenReleases(deps)
  const lease = createLease(deps, () => open.leastNotNoted())
  const unwritten = new Set<Ending>()
  let registering: Promise<void> | undefined
  let sweptAt = Number.NEGATIVE_INFINITY

  async function write({ indexes, write: writeEnd }: Ending): Promise<void> {
    const noted = await open.noted(indexes)
    await writeEnd(noted.length === 0 ? undefined : (queries) => forgetReleases(queries, noted))
    open.forget(indexes)
  }

  // A commit whose answer was lost has removed what was noted; so has another process that took it over. Their ends are recorded.
  async function writeAgain(ending: Ending): Promise<void> {
    const noted = await open.noted(ending.indexes)
    if (noted.length > 0 && (await findNoted(db, noted)).size === 0) open.forget(ending.indexes)
    else await write(ending)
    unwritten.delete(ending)
  }

  return {
    async ready() {
      registering ??= lease.renew().catch((error: unknown) => {
        registering = undefined
        throw error
      })
      return registering
    },
    begin: (release) => open.add(release),
    async end(indexes, writeEnd) {
      const ending = { indexes, write: writeEnd }
      open.end(indexes)
      try {
        await write(ending)
      } catch (error) {
        unwritten.add(ending)
        deps.onError(error)
      }
    },
    async tick() {
      await open.note()
      for (const ending of unwritten) await writeAgain(ending)
      const mayTake = await lease.keep()
      if (!mayTake || now() - sweptAt < sweepMs) return
      sweptAt = now()
      await sweepLapsed(deps)
    },
    async close() {
      if (open.size() === 0) await forgetProcess(db, deps.process)
    },
  }
}

// Takes those that began before a time out of `short`.
function takeLong(short: Set<Open>, before: number): Open[] {
  const due: Open[] = []
  for (const release of short) {
    if (release.since > before) break
    short.delete(release)
    if (!release.ended) due.push(release)
  }
  return due
}

/** What this process has begun and not ended, and which of it is noted. */
function createOpenReleases({ database: { db }, clock, process, onError }: UnfinishedDeps) {
  const open = new Map<number, Open>()
  // Those that are not noted, in the order in which they began.
  const short = new Set<Open>()
  const now = () => clock().getTime()

  return {
    size: () => open.size,
    add(release: BegunRelease) {
      const begun: Open = { ...release, since: now(), noted: undefined, ended: false }
      open.set(release.index, begun)
      short.add(begun)
    },
    end(indexes: readonly number[]) {
      for (const index of indexes) {
        const release = open.get(index)
        if (release !== undefined) release.ended = true
      }
    },
    forget(indexes: readonly number[]) {
      for (const index of indexes) {
        const release = open.get(index)
        if (release !== undefined) short.delete(release)
        open.delete(index)
      }
    },
    /** Which of them are noted, once what is on its way is. */
    async noted(indexes: readonly number[]): Promise<number[]> {
      const noted: number[] = []
      for (const index of indexes) {
        const isNoted = open.get(index)?.noted
        if (isNoted !== undefined && (await isNoted)) noted.push(index)
      }
      return noted
    },
    /** The first whose end only this process can tell. */
    leastNotNoted: () => [...open.values()].reduce((least, { index, noted }) => (noted === undefined ? Math.min(least, index) : least), Number.POSITIVE_INFINITY),
    /** Notes those that take long. */
    async note() {
      const due = takeLong(short, now() - longMs)
      if (due.length === 0) return
      const releases = due.map((release) => ({ index: release.index, record: closingRecord(release) }))
      const noting = noteReleases(db, releases, { process, until: new Date(now() + leaseMs) }).then(
        () => true,
        (error: unknown) => {
          onError(error)
          return false
        },
      )
      for (const release of due) release.noted = noting
      if (await noting) return
      for (const release of due) {
        release.noted = undefined
        short.add(release)
      }
    },
  }
}

/** What is recorded of a release that nobody ended. */
export function closingRecord({ index, facts, upTo }: BegunRelease): Readonly<Record<string, JsonValue>> {
  const said = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return { ...Object.fromEntries(said), permitted: index, upTo, reason: 'process ended' }
}

function createLease({ database: { db }, clock, process }: UnfinishedDeps, leastNotNoted: () => number) {
  let renewedAt = Number.NEGATIVE_INFINITY
  let quietUntil = Number.NEGATIVE_INFINITY
  // How large the record was when the lease was renewed last: what was permitted before is known here by now.
  let sizeBefore: number | undefined

  async function renew(): Promise<void> {
    const at = clock().getTime()
    const mark = Math.min(leastNotNoted(), sizeBefore ?? Number.POSITIVE_INFINITY)
    sizeBefore = await renewLease(db, { process, until: new Date(at + leaseMs), mark: Number.isFinite(mark) ? mark : undefined })
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
