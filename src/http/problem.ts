import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { isProblem, ProblemError, problems } from '../errors.ts'

/** A problem document (RFC 9457). `code` is stable; `detail` is for people. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly [field: string]: unknown
}

/** What is answered to `error`. What is not a refusal of ours is a fault here, and says nothing about itself. */
export function problemDocument(error: unknown): { status: number; body: ProblemDocument } {
  const problem = isProblem(error) ? error : frameworkProblem(error)
  if (problem === undefined) return { status: 500, body: documentOf('internal', {}, undefined) }
  return { status: problem.status, body: documentOf(problem.code, problem.fields, problem.message) }
}

function documentOf(code: keyof typeof problems, fields: Readonly<Record<string, unknown>>, detail: string | undefined): ProblemDocument {
  const [status, title] = problems[code]
  return { ...fields, type: `urn:concordat:problem:${code}`, title, status, code, ...(detail === undefined ? {} : { detail }) }
}

// Express itself refuses paths that cannot be decoded; its errors carry a `status`.
function frameworkProblem(error: unknown): ProblemError | undefined {
  const status = Error.isError(error) && 'status' in error ? error.status : undefined
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  return new ProblemError('bad-request', 'The request cannot be understood. Check the address and its percent-encoding.', { cause: error })
}

/** The last handler of an API of ours: answers every error as a problem document, and logs the faults. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { status, body } = problemDocument(error)
    // The path without its query, which may hold a secret.
    const facts = { err: error, method: request.method, path: request.path, status, code: body.code }
    if (status >= 500) log.error(facts, 'request failed')
    else log.debug({ ...facts, err: undefined }, 'request refused')
    // An answer that has begun cannot be taken back; Express ends the connection, so that it does not look complete.
    if (response.headersSent) return next(error)
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
    // Whoever refused may know better when it is worth coming back, or that it never is.
    if ((status === 429 || status === 503) && body['resetsAt'] !== null && !response.hasHeader('Retry-After')) response.setHeader('Retry-After', '5')
    response.status(status).type('application/problem+json').send(JSON.stringify(body))
  }
}
