import { createHash } from 'node:crypto'
import type { AuditRecord } from '../audit/audit.ts'
import { isProblem } from '../errors.ts'
import type { DataPlaneDeps } from './release.ts'
import type { Facts } from './releases.ts'

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
  /** Those of the same caller and who asked are the same with the same code, whatever their reason. */
  readonly alike?: true
}

/** Refusals in the record: the first of a kind at once, and those of the second after it as one record that counts them. */
export interface Denials {
  /** Gives the number of the record that tells of it, or undefined when that takes too long or fails; 'record-unavailable' and 'log-stopped' when nothing can be recorded. */
  add(denial: Denial): Promise<number | undefined>
  /** Records what could not be recorded before. */
  retry(): Promise<void>
  settle(): Promise<void>
}

const foldMs = 1000
const mostFolds = 10_000
/** How long a refusal waits for its record. */
const patienceMs = 5_000

interface Counted {
  readonly denial: Denial
  /** Those that no record tells of yet. */
  count: number
  /** The record of the first, once it is written. */
  first?: number
}

interface Fold extends Counted {
  readonly answer: Promise<number | undefined>
  readonly timer: NodeJS.Timeout
}

export function createDenials({ audit, onError }: Pick<DataPlaneDeps, 'audit' | 'onError'>): Denials {
  const folds = new Map<string, Fold>()
  const untold = new Map<string, Counted>()
  const outstanding = new Set<Promise<unknown>>()
  const track = (work: Promise<unknown>) => {
    outstanding.add(work)
    void work.then(() => outstanding.delete(work))
  }
  const failed = (key: string, counted: Counted, count: number) => (error: unknown) => {
    onError(error)
    keepUntold(untold, key, { ...counted, count })
  }

  function end(key: string): void {
    const fold = folds.get(key)
    if (fold === undefined) return
    folds.delete(key)
    clearTimeout(fold.timer)
    if (fold.count > 0) tell(key, fold)
  }

  function tell(key: string, { denial, count, first }: Counted): void {
    const counted = { denial: withoutRequest(denial), count, ...(first === undefined ? {} : { first }) }
    track(audit.record(denialRecord(counted)).then(() => undefined, failed(key, counted, count)))
  }

  function begin(key: string, denial: Denial): Fold {
    const written = audit.record(denialRecord({ denial, count: 1 }))
    const fold: Fold = { denial, count: 0, answer: bounded(written), timer: setTimeout(() => end(key), foldMs).unref() }
    fold.answer.catch(() => undefined)
    const noted = (index: number) => {
      fold.first = index
    }
    track(written.then(noted, failed(key, { denial: withoutRequest(denial), count: 1 }, 1)))
    folds.set(key, fold)
    return fold
  }

  return {
    async add(denial) {
      // Callers without number share one fold.
      const own = `${denial.caller} ${denial.transfer ?? ''} ${denial.code} ${whoAsked(denial)}`
      const key = folds.has(own) || folds.size < mostFolds ? own : others
      const known = folds.get(key)
      if (known === undefined) return begin(key, key === own ? denial : anybody(denial)).answer
      known.count += 1
      return known.answer
    },
    async retry() {
      const again = [...untold]
      untold.clear()
      for (const [key, counted] of again) tell(key, counted)
    },
    async settle() {
      for (const key of folds.keys()) end(key)
      while (outstanding.size > 0) await Promise.all(outstanding)
    },
  }
}

const others = 'others'

function anybody({ method, code, reason }: Denial): Denial {
  return { caller: others, method, code, reason }
}

// Counts stay exact however long nothing can be recorded, and however many callers there are.
function keepUntold(untold: Map<string, Counted>, key: string, counted: Counted): void {
  const at = untold.has(key) || untold.size < mostFolds ? key : others
  const known = untold.get(at)
  if (known !== undefined) known.count += counted.count
  else untold.set(at, at === key ? { ...counted } : { denial: anybody(counted.denial), count: counted.count })
}

/** The number of the record. Undefined when it takes too long, or when this one cannot be written although others can. */
function bounded(written: Promise<number>): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => done(undefined), patienceMs).unref()
    const settle = (outcome: () => void) => {
      clearTimeout(timer)
      outcome()
    }
    written.then(
      (index) => settle(() => done(index)),
      (error: unknown) => settle(() => (isUnrecordable(error) ? fail(error) : done(undefined))),
    )
  })
}

/** Whether `error` says that nothing can be recorded now. */
export function isUnrecordable(error: unknown): boolean {
  return isProblem(error) && (error.code === 'record-unavailable' || error.code === 'log-stopped')
}

// Those that are counted together may have asked for different things.
function withoutRequest(denial: Denial): Denial {
  if (denial.facts === undefined) return denial
  const { request: _request, statement: _statement, signed: _signed, signedSha256: _digest, ...facts } = denial.facts
  return { ...denial, facts }
}

function whoAsked({ facts, reason, alike }: Denial): string {
  if (facts === undefined) return ''
  const { role, purpose, user, legalBasis } = facts
  const who = [role, purpose, user, legalBasis]
  if (alike && who.every((each) => each === undefined)) return ''
  return createHash('sha256').update(JSON.stringify(alike ? who : [...who, reason])).digest('base64')
}

function denialRecord({ denial, count, first }: Counted): AuditRecord {
  const { caller, code, reason, transfer, partner, method, facts = {} } = denial
  return { type: 'data.denied', ...facts, caller, request: facts['request'] ?? { method }, decision: 'deny', code, reason, count, ...(first === undefined ? {} : { first }), ...(transfer === undefined ? {} : { transfer }), ...(partner === undefined ? {} : { partner }) }
}
