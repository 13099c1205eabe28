import type { Logger } from 'pino'
import type { StopListener } from '../audit/log/stop-report.ts'

/** What an operator reads of a log that stops, and of one that is at work again. */
export function stopLines(log: Logger): StopListener {
  return {
    stopped: ({ log: name, kind, message }) => log.error({ log: name, fault: kind, found: message }, 'The audit log is stopped: nothing is recorded or released. Run "concordat audit check"; docs/log-recovery.md says what to do.'),
    running: () => log.info('The audit log is at work again.'),
  }
}
