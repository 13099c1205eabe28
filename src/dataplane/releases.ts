import { createHash } from 'node:crypto'
import type { AuditRecord } from '../audit/audit.ts'
import type { DataPlaneDeps } from './release.ts'

/** What the records of one request say about it. */
export type Facts = Omit<AuditRecord, 'type'>

/** What of a permission's facts the record of its outcome repeats: not what was asked, and why it was permitted. */
export function outcomeFacts({ request: _request, decision: _decision, reason: _reason, terms: _terms, statement: _statement, ...about }: Facts): Facts {
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

/** A request that was refused. */
export interface Denial {
  /** Who called: the network address. */
  readonly caller: string
  readonly code: string
  readonly reason: string
  /** Known when the token is that of a transfer. */
  readonly transfer?: string
  readonly partner?: string
  readonly method: string
  /** What else the record says: who asked, and the terms with their truth. Refusals are the same only when who asked is. */
  readonly facts?: Facts
}

/** What the data plane writes into the record. */
export interface Releases {
  /** Resolves when the record is committed: only then may a byte leave. */
  permitted(record: Facts): Promise<number>
  /** As `permitted`, for a release whose record `write` commits together with other things. */
  permittedBy<T>(write: () => Promise<T>, released: (written: T) => boolean): Promise<T>
  /**
   * Says how it ended; nobody waits for it. While many requests are running, the outcomes of a moment that differ in nothing else
   * share a record, which has their sum and each of them by the number of its permission.
   */
  ended(permitted: number, record: Facts, outcome: Outcome): void
  /** Says that a delivery ended, whose outcome is recorded with its receipt. */
  delivered(): void
  /** Says that a release ended whose outcome `write` records; nobody waits for it but `settle`. */
  endedBy(write: () => Promise<unknown>): void
  /** Writes the first refusal of a caller at once, and those of the second after it as one record that counts them. */
  readonly denied: (denial: Denial) => void
  settle(): Promise<void>
}

const foldMs = 1000
const mostFolds = 10_000
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

interface Fold {
  readonly denial: Denial
  count: number
  readonly timer: NodeJS.Timeout
}

export function createReleases(deps: Pick<DataPlaneDeps, 'audit' | 'onError'>): Releases {
  const outstanding = new Set<Promise<unknown>>()
  const track = (work: Promise<unknown>) => {
    const done = work.catch(deps.onError)
    outstanding.add(done)
    void done.then(() => outstanding.delete(done))
  }
  const write = (record: AuditRecord) => track(deps.audit.record(record))
  const outcomes = createGathering(write)
  const denials = createFolding(write)
  let running = 0
  async function permittedBy<T>(write: () => Promise<T>, released: (written: T) => boolean): Promise<T> {
    running += 1
    let isReleased = false
    try {
      const written = await write()
      isReleased = released(written)
      return written
    } finally {
      if (!isReleased) running -= 1
    }
  }
  return {
    permitted: (record) => permittedBy(() => deps.audit.record({ type: 'data.permitted', ...record }), () => true),
    permittedBy,
    ended(permitted, record, outcome) {
      running -= 1
      if (running >= manyRunning) outcomes.add(record, permitted, outcome)
      else write(outcomeRecord({ facts: record, outcomes: [{ permitted, outcome }] }))
    },
    delivered() {
      running -= 1
    },
    endedBy(write) {
      running -= 1
      track(write())
    },
    denied: denials.add,
    async settle() {
      outcomes.flush()
      denials.flush()
      while (outstanding.size > 0) await Promise.all(outstanding)
    },
  }
}

// Outcomes of one moment, by what they have in common.
function createGathering(write: (record: AuditRecord) => void) {
  const groups = new Map<string, Gathered>()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const gathered = [...groups.values()]
    groups.clear()
    for (const group of gathered) write(outcomeRecord(group))
  }
  const add = (facts: Facts, permitted: number, outcome: Outcome) => {
    const key = `${outcome.complete} ${JSON.stringify(facts)}`
    const group = groups.get(key) ?? { facts, outcomes: [] }
    groups.set(key, group)
    group.outcomes.push({ permitted, outcome })
    timer ??= setTimeout(flush, gatherMs).unref()
    if (group.outcomes.length < mostGathered) return
    groups.delete(key)
    write(outcomeRecord(group))
  }
  return { add, flush }
}

// Refusals of one caller: the first at once, those of the second after it counted.
function createFolding(write: (record: AuditRecord) => void) {
  const folds = new Map<string, Fold>()
  const end = (key: string) => {
    const fold = folds.get(key)
    if (fold === undefined) return
    folds.delete(key)
    clearTimeout(fold.timer)
    if (fold.count > 0) write(denialRecord(withoutRequest(fold.denial), fold.count))
  }
  const add = (denial: Denial) => {
    // Callers without number share one fold.
    const own = `${denial.caller} ${denial.transfer ?? ''} ${denial.code} ${whoAsked(denial)}`
    const key = folds.has(own) || folds.size < mostFolds ? own : 'others'
    const fold = folds.get(key)
    if (fold !== undefined) {
      fold.count += 1
      return
    }
    const folded: Denial = key === own ? denial : { caller: 'others', method: denial.method, code: denial.code, reason: denial.reason }
    folds.set(key, { denial: folded, count: 0, timer: setTimeout(() => end(key), foldMs).unref() })
    write(denialRecord(folded, 1))
  }
  const flush = () => {
    for (const key of folds.keys()) end(key)
  }
  return { add, flush }
}

// Those that are counted together may have asked for different things.
function withoutRequest(denial: Denial): Denial {
  if (denial.facts === undefined) return denial
  const { request: _request, ...facts } = denial.facts
  return { ...denial, facts }
}

function whoAsked({ facts, reason }: Denial): string {
  if (facts === undefined) return ''
  const { role, purpose, user, legalBasis } = facts
  return createHash('sha256').update(JSON.stringify([role, purpose, user, legalBasis, reason])).digest('base64')
}

function denialRecord(denial: Denial, count: number): AuditRecord {
  const { caller, code, reason, transfer, partner, method, facts = {} } = denial
  return { type: 'data.denied', ...facts, caller, request: facts['request'] ?? { method }, decision: 'deny', code, reason, count, ...(transfer === undefined ? {} : { transfer }), ...(partner === undefined ? {} : { partner }) }
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
