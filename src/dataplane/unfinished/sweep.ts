import { isCommitment } from '../../tlog/commitment.ts'
import type { JsonValue } from '../../policy/odrl.ts'
import type { AuditEntry, AuditRecord } from '../../audit/audit.ts'
import { outcomeFacts } from '../releases.ts'
import { findLapsed, findLapsedProcesses, findNoted, takeLapsed, takeProcess } from './store.ts'
import { closingRecord, leaseMs } from './unfinished.ts'
import type { UnfinishedDeps } from './unfinished.ts'

const atOnce = 200
const pageSize = 2_000

/** Records the end of releases whose process no longer renews its lease. However many do so at once, each end is recorded once. */
export async function sweepLapsed(deps: UnfinishedDeps): Promise<void> {
  await closeNoted(deps)
  for (const lapsed of await findLapsedProcesses(deps.database.db, deps.clock())) {
    if (lapsed.process !== deps.process) await closeProcess(deps, lapsed)
  }
}

async function closeNoted({ database, audit, clock }: UnfinishedDeps): Promise<void> {
  for (;;) {
    const now = clock()
    const lapsed = await findLapsed(database.db, now, atOnce)
    if (lapsed.length === 0) return
    const permissions = await openPermissions(audit, lapsed)
    await database.transaction(async (tx) => {
      const taken = new Set(await takeLapsed(tx.db, lapsed, now))
      const left = permissions.filter(({ index }) => taken.has(index))
      if (left.length > 0) await audit.append(tx, ...left.map(abortedOf))
    })
  }
}

/** The permissions with these numbers that have no end. What is noted says no more than where to look: whoever can write in the database could note anything. */
async function openPermissions(audit: UnfinishedDeps['audit'], indexes: readonly number[]): Promise<AuditEntry[]> {
  const open: AuditEntry[] = []
  for (const index of indexes) {
    const [entry] = await audit.entries({ after: index - 1, limit: 1 })
    if (entry?.index === index && entry.type === 'data.permitted' && !(await hasEnd(audit, entry))) open.push(entry)
  }
  return open
}

async function hasEnd(audit: UnfinishedDeps['audit'], { index, transfer }: AuditEntry): Promise<boolean> {
  for (let after = index; ; ) {
    const page = await audit.entries({ ...(transfer === undefined ? {} : { transfer }), after, limit: pageSize })
    if (page.some((entry) => endedBy(entry).includes(index))) return true
    const last = page.at(-1)
    if (last === undefined) return false
    after = last.index
  }
}

// What was too short to be noted: permissions since the mark that have no end and are too old to be another process's.
async function closeProcess(deps: UnfinishedDeps, { process, mark }: { readonly process: string; readonly mark: number }): Promise<void> {
  const { database, audit, clock } = deps
  const now = clock()
  const left = await findOpen(deps, { mark, before: now.getTime() - leaseMs })
  await database.transaction(async (tx) => {
    if (!(await takeProcess(tx.db, process, now))) return
    if (left.length > 0) await audit.append(tx, ...left.map(abortedOf))
  })
}

async function findOpen({ database, audit }: UnfinishedDeps, { mark, before }: { readonly mark: number; readonly before: number }): Promise<AuditEntry[]> {
  const open = new Map<number, AuditEntry>()
  for (let after = mark - 1; ; ) {
    const page = await audit.entries({ after, limit: pageSize })
    for (const entry of page) {
      if (entry.type === 'data.permitted' && Date.parse(entry.time) < before) open.set(entry.index, entry)
      for (const index of endedBy(entry)) open.delete(index)
    }
    const last = page.at(-1)
    if (last === undefined) break
    after = last.index
  }
  const noted = await findNoted(database.db, [...open.keys()])
  return [...open.values()].filter(({ index }) => !noted.has(index))
}

function endedBy({ type, permitted, outcomes }: AuditEntry): number[] {
  if (type === 'data.permitted' || !type.startsWith('data.')) return []
  const several = Array.isArray(outcomes) ? outcomes.map((each: { readonly permitted?: unknown }) => each.permitted) : []
  return [permitted, ...several].filter((index) => typeof index === 'number')
}

function abortedOf({ index, type: _type, time: _time, seq: _seq, ...facts }: AuditEntry): AuditRecord {
  const { bytes, rows: _rows, sha256: _sha256, withheld: _withheld, quota: _quota, retry: _retry, ...about } = outcomeFacts(facts)
  // What was erased meanwhile stays so.
  const kept = Object.entries(about).filter(([, value]) => !isCommitment(value))
  return { ...closingRecord({ index, facts: Object.fromEntries(kept), upTo: bytesIn(facts['reserved']) ?? bytesIn({ bytes }) }), type: 'data.aborted' }
}

function bytesIn(reserved: JsonValue | undefined): number | null {
  if (typeof reserved !== 'object' || reserved === null || !('bytes' in reserved)) return null
  return typeof reserved['bytes'] === 'number' ? reserved['bytes'] : null
}
