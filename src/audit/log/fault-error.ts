import type { FaultKind, LogFault } from './log.ts'

/** Work on the log met a fault: it must stop. */
export class LogFaultError extends Error {
  override readonly name = 'LogFaultError'
  readonly fault: LogFault

  constructor(fault: LogFault) {
    super(fault.message)
    this.fault = fault
  }
}

export function faultOf(log: string, kind: FaultKind, message: string, detail: LogFault['detail']): LogFaultError {
  return new LogFaultError({ log, kind, message, detail })
}

/** The fault that `error` tells of; undefined when it is something else. */
export function faultIn(error: unknown): LogFault | undefined {
  return error instanceof LogFaultError ? error.fault : undefined
}
