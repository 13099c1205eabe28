/** How a command ended, for scripts; `concordat --help` documents them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, notFound: 3, notAllowed: 4, unreachable: 5, endedOtherwise: 6, unfinished: 7 } as const

/** Why a command ended without doing what was asked. Its message is for the person at the terminal. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

/** Whether `error` is a failure of ours; holds across realms, where `instanceof` does not. */
export function isFailure(error: unknown): error is Failure {
  return Error.isError(error) && error.name === 'Failure' && 'exitCode' in error
}

/** What the command line says wrongly. */
export function wrongUsage(message: string): Failure {
  return new Failure(exitCodes.usage, message)
}
