import type { Database } from '../../persistence/database.ts'
import type { Audit, AuditRecord } from '../audit.ts'
import { queryNtp } from './sntp.ts'
import { readDatabaseClock } from './store.ts'

export interface ClockReportDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'record'>
  readonly clock: () => Date
  /** `host` or `host:port`; without it the database's clock is asked, where it is another machine's. */
  readonly ntpServer: string | undefined
  readonly onError: (error: unknown) => void
}

const everyMs = 3_600_000

/** Records how far our clock is off, now and each hour, until it is stopped. */
export function startClockReport(deps: ClockReportDeps): { stop(): void; settle(): Promise<void> } {
  let running = Promise.resolve()
  const report = () => {
    running = reportClock(deps).catch(deps.onError)
  }
  report()
  const timer = setInterval(report, everyMs).unref()
  return { stop: () => clearInterval(timer), settle: () => running }
}

/** Records how far our clock is off. */
export async function reportClock(deps: ClockReportDeps): Promise<void> {
  await deps.audit.record({ type: 'connector.clock', ...(await measured(deps)) })
}

async function measured({ database, clock, ntpServer }: ClockReportDeps): Promise<Omit<AuditRecord, 'type'>> {
  if (ntpServer !== undefined) {
    const source = `ntp:${ntpServer}`
    try {
      return { source, ...(await queryNtp(ntpServer, { clock })), authenticated: false }
    } catch (error) {
      // That the time could not be compared is what the record says.
      return { source, authenticated: false, failure: Error.isError(error) ? error.message : String(error) }
    }
  }
  // The embedded database shows our own clock.
  if (database.kind === 'pglite') return { source: 'system', authenticated: false }
  const sent = clock().getTime()
  const theirs = await readDatabaseClock(database.db)
  const received = clock().getTime()
  return { source: 'database', offsetMs: Math.round(theirs - (sent + received) / 2), roundTripMs: received - sent, authenticated: false }
}
