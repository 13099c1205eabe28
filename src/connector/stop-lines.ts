import type { Logger } from 'pino'
import type { StopListener } from '../audit/log/stop-report.ts'
import { isProblem } from '../errors.ts'

/** What is written of failures that nobody waits for. */
export function errorLines(log: Logger): (error: unknown) => void {
  return (error) => {
    // That the log is stopped is told of once; what cannot be recorded meanwhile is no news.
    if (isProblem(error) && error.code === 'log-stopped') log.debug({ err: error }, 'not recorded')
    else log.error({ err: error }, 'unexpected')
  }
}

/** What an operator reads of a log that stops, and of one that is at work again. */
export function stopLines(log: Logger): StopListener {
  return {
    stopped: ({ log: name, kind, message }) => log.error({ log: name, fault: kind, found: message }, 'The audit log is stopped: nothing is recorded or released. Run "concordat audit check"; docs/log-recovery.md says what to do.'),
    running: () => log.info('The audit log is at work again.'),
    restored: (restored) => log.error({ ...restored }, 'The embedded database lacked entries that were signed: the power was cut, or its folder was put back as it was before. They were put back from the journal. What else it wrote since then is lost: compare what these entries tell with the state of negotiations, transfers and agreements.'),
  }
}
