import type { AuditRecord } from '../audit/audit.ts'
import type { DataPlaneDeps } from './release.ts'

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
}

/** What the data plane writes into the record. */
export interface Releases {
  /** Resolves when the record is committed: only then may a byte leave. */
  permitted(record: Omit<AuditRecord, 'type'>): Promise<number>
  /** Says how it ended; nobody waits for it. */
  ended(permitted: number, record: Omit<AuditRecord, 'type'>, outcome: Outcome): void
  /** Writes the first refusal of a caller at once, and those of the second after it as one record that counts them. */
  denied(denial: Denial): void
  settle(): Promise<void>
}

const foldMs = 1000
const mostFolds = 10_000

interface Fold {
  readonly denial: Denial
  count: number
  readonly timer: NodeJS.Timeout
}

export function createReleases(deps: Pick<DataPlaneDeps, 'audit' | 'onError'>): Releases {
  const outstanding = new Set<Promise<unknown>>()
  const folds = new Map<string, Fold>()

  function write(record: AuditRecord): void {
    const written = deps.audit.record(record).catch(deps.onError)
    outstanding.add(written)
    void written.then(() => outstanding.delete(written))
  }

  function writeDenial(denial: Denial, count: number): void {
    const { caller, code, reason, transfer, partner, method } = denial
    write({ type: 'data.denied', caller, request: { method }, decision: 'deny', code, reason, count, ...(transfer === undefined ? {} : { transfer }), ...(partner === undefined ? {} : { partner }) })
  }

  function flush(key: string): void {
    const fold = folds.get(key)
    if (fold === undefined) return
    folds.delete(key)
    clearTimeout(fold.timer)
    if (fold.count > 0) writeDenial(fold.denial, fold.count)
  }

  return {
    permitted: (record) => deps.audit.record({ type: 'data.permitted', ...record }),
    ended(permitted, record, outcome) {
      const { bytes, complete, rows, sha256, status } = outcome
      const known = { ...(rows === undefined ? {} : { rows }), ...(sha256 === undefined ? {} : { sha256 }), ...(status === undefined ? {} : { status }) }
      write({ type: complete ? 'data.released' : 'data.aborted', ...record, permitted, bytes, ...known })
    },
    denied(denial) {
      // Callers without number share one fold.
      const own = `${denial.caller} ${denial.transfer ?? ''} ${denial.code}`
      const key = folds.has(own) || folds.size < mostFolds ? own : 'others'
      const fold = folds.get(key)
      if (fold !== undefined) {
        fold.count += 1
        return
      }
      const folded = key === own ? denial : { ...denial, caller: 'others' }
      folds.set(key, { denial: folded, count: 0, timer: setTimeout(() => flush(key), foldMs).unref() })
      writeDenial(folded, 1)
    },
    async settle() {
      for (const key of folds.keys()) flush(key)
      while (outstanding.size > 0) await Promise.all(outstanding)
    },
  }
}
