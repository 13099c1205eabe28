import type { AuditRecord } from '../audit/audit.ts'
import { createDenials } from './denials.ts'
import type { Denial } from './denials.ts'
import type { DataPlaneDeps } from './release.ts'
import type { BegunRelease, Removal, Unfinished } from './unfinished/unfinished.ts'

/** What the records of one request say about it. */
export type Facts = Omit<AuditRecord, 'type'>

/** What of a permission's facts the record of its outcome repeats: not what was asked, and why it was permitted. */
export function outcomeFacts({ request: _request, decision: _decision, reason: _reason, terms: _terms, statement: _statement, signed: _signed, signedSha256: _digest, policySha256: _policySha256, reserved: _reserved, ...about }: Facts): Facts {
  return about
}

/** How a release ended. */
export interface Outcome {
  readonly bytes: number
  readonly complete: boolean
  readonly rows?: number
  readonly sha256?: string
  readonly status?: number
}

/** What the data plane writes into the record. */
export interface Releases {
  /** Resolves when the record is committed: only then may a byte leave. */
  permitted(record: Facts): Promise<number>
  /** As `permitted`, for a release whose record `write` commits together with other things. */
  permittedBy<T>(write: () => Promise<T>, released: (written: T) => boolean): Promise<T>
  /** Says that what was permitted begins. */
  began(release: BegunRelease): void
  /**
   * Says how it ended; nobody waits for it. While many requests are running, the outcomes of a moment that differ in nothing else
   * share a record, which has their sum and each of them by the number of its permission.
   */
  ended(permitted: number, record: Facts, outcome: Outcome): void
  /** Says that it ended; `write` records how, and nobody waits for it but `settle`. */
  endedBy(permitted: number, write: (remove: Removal | undefined) => Promise<unknown>): void
  /** Says that a delivery ended whose outcome was recorded with its receipt. */
  delivered(permitted: number): void
  /** The number of the record that tells of the refusal: the first of a kind at once, and those of the second after it as one that counts them. 'record-unavailable' and 'log-stopped' when nothing can be recorded. */
  readonly denied: (denial: Denial) => Promise<number | undefined>
  /** Records what could not be recorded before. */
  retry(): Promise<void>
  settle(): Promise<void>
}

// Fewer running requests than these are told of one by one, at once.
const manyRunning = 8
const gatherMs = 50
// An entry of the record stays well below 64 KiB (C2SP tlog-tiles).
const mostGathered = 200

/** Releases that have their facts in common. */
export interface Gathered {
  readonly facts: Facts
  readonly outcomes: { readonly permitted: number; readonly outcome: Outcome }[]
}

export function createReleases(deps: Pick<DataPlaneDeps, 'audit' | 'database' | 'onError'> & { readonly unfinished: Unfinished }): Releases {
  const { audit, database, unfinished } = deps
  const outstanding = new Set<Promise<unknown>>()
  const track = (work: Promise<unknown>) => {
    outstanding.add(work)
    void work.then(() => outstanding.delete(work))
  }
  const write = (gathered: Gathered) => {
    const record = outcomeRecord(gathered)
    const indexes = gathered.outcomes.map(({ permitted }) => permitted)
    track(unfinished.end(indexes, (remove) => (remove === undefined ? audit.record(record) : recordEnd(deps, record, remove))))
  }
  const outcomes = createGathering(write)
  const denials = createDenials(deps)
  let running = 0
  async function permittedBy<T>(write: () => Promise<T>, released: (written: T) => boolean): Promise<T> {
    running += 1
    let isReleased = false
    try {
      await unfinished.ready()
      const written = await write()
      isReleased = released(written)
      return written
    } finally {
      if (!isReleased) running -= 1
    }
  }
  return {
    permitted: (record) => permittedBy(() => audit.record({ type: 'data.permitted', ...record }), () => true),
    permittedBy,
    began: (release) => unfinished.begin(release),
    ended(permitted, record, outcome) {
      running -= 1
      if (running >= manyRunning) outcomes.add(record, permitted, outcome)
      else write({ facts: record, outcomes: [{ permitted, outcome }] })
    },
    endedBy(permitted, write) {
      running -= 1
      track(unfinished.end([permitted], write))
    },
    delivered(permitted) {
      running -= 1
      // It may have been noted while its outcome was recorded.
      track(unfinished.end([permitted], async (remove) => remove?.(database.db)))
    },
    denied: (denial) => denials.add(denial),
    retry: () => denials.retry(),
    async settle() {
      outcomes.flush()
      await denials.settle()
      while (outstanding.size > 0) await Promise.all(outstanding)
    },
  }
}

async function recordEnd({ database, audit }: Pick<DataPlaneDeps, 'audit' | 'database'>, record: AuditRecord, remove: Removal): Promise<void> {
  await database.transaction(async (tx) => {
    await remove(tx.db)
    await audit.append(tx, record)
  })
}

// Outcomes of one moment, by what they have in common.
function createGathering(write: (gathered: Gathered) => void) {
  const groups = new Map<string, Gathered>()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const gathered = [...groups.values()]
    groups.clear()
    for (const group of gathered) write(group)
  }
  const add = (facts: Facts, permitted: number, outcome: Outcome) => {
    const key = `${outcome.complete} ${JSON.stringify(facts)}`
    const group = groups.get(key) ?? { facts, outcomes: [] }
    groups.set(key, group)
    group.outcomes.push({ permitted, outcome })
    timer ??= setTimeout(flush, gatherMs).unref()
    if (group.outcomes.length < mostGathered) return
    groups.delete(key)
    write(group)
  }
  return { add, flush }
}

/** The record of how releases with the same facts ended. */
export function outcomeRecord({ facts, outcomes }: Gathered): AuditRecord {
  const told = outcomes.map(({ permitted, outcome: { bytes, rows, sha256, status } }) => ({
    permitted,
    bytes,
    ...(rows === undefined ? {} : { rows }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(status === undefined ? {} : { status }),
  }))
  const type = outcomes.every(({ outcome }) => outcome.complete) ? 'data.released' : 'data.aborted'
  const [first] = told
  if (told.length === 1 && first !== undefined) return { type, ...facts, ...first }
  return { type, ...facts, count: told.length, bytes: told.reduce((sum, { bytes }) => sum + bytes, 0), outcomes: told }
}
