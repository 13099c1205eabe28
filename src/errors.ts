/**
 * Every refusal this program gives, by its stable code: the HTTP status and a short title (RFC 9457 `title`).
 * Clients switch on the code; the message beside it tells a person what to do next.
 */
export const problems = {
  'bad-request': [400, 'The request is not valid'],
  'malformed-json': [400, 'The body is not JSON'],
  'duplicate-key': [400, 'The JSON body names a key twice'],
  'too-deep': [400, 'The JSON body is nested too deeply'],
  'invalid-message': [400, 'The message does not have the required shape'],
  'invalid-state': [400, 'The message is not allowed in the current state'],
  'pid-mismatch': [400, 'The process ids do not belong together'],
  'unsupported-filter': [400, 'The filter is not supported'],
  'unsupported-policy': [400, 'The policy has terms that this connector does not enforce'],
  'invalid-policy': [400, 'The policy is not valid'],
  'invalid-query': [400, 'The query is not valid'],
  'unknown-column': [400, 'The query names a column that is not there or may not be used so'],
  'query-too-large': [400, 'The query asks for too much'],
  'unsupported-format': [400, 'The transfer format is not supported'],
  'unknown-offer': [400, 'The offer does not exist or has changed'],
  'address-refused': [400, 'The address may not be called'],
  'invalid-cursor': [400, 'The cursor is not valid'],
  'invalid-source': [400, 'The source cannot be read'],
  'invalid-path': [400, 'The path is not allowed'],
  'unauthenticated': [401, 'Who is calling could not be established'],
  'forbidden': [403, 'The role does not allow this'],
  'not-permitted': [403, 'The terms of the agreement do not permit this'],
  'withheld': [403, 'Nothing of the answer may be released'],
  'statement-required': [403, 'The request must carry a signed statement of who asks and for what'],
  'statement-refused': [403, 'The signed statement of the request does not count'],
  'not-found': [404, 'There is no such thing here'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  'not-acceptable': [406, 'The format is not available'],
  'conflict': [409, 'The change conflicts with the current state'],
  'already-exists': [409, 'It exists already'],
  'gone': [410, 'It is no longer available'],
  'precondition-failed': [412, 'It was changed in the meantime'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The media type is not supported'],
  'range-not-satisfiable': [416, 'The range is not available'],
  'invalid-evidence': [422, 'The evidence is not what it says it is'],
  'digest-mismatch': [422, 'The content does not match its digest'],
  'idempotency-key-reused': [422, 'The idempotency key was used for another request'],
  'precondition-required': [428, 'The request must name the version it changes'],
  'quota-exceeded': [429, 'The terms of the agreement permit no more for now'],
  'too-many-requests': [429, 'Too many requests'],
  'internal': [500, 'Something went wrong here'],
  'peer-failed': [502, 'The partner did not answer as it should'],
  'source-failed': [502, 'The source of the data did not answer as it should'],
  'record-unavailable': [503, 'The audit record cannot be written, so nothing is released'],
  'log-stopped': [503, 'The audit log is stopped, so nothing is recorded or released'],
  'store-unavailable': [503, 'The database cannot be reached'],
  'peer-timeout': [504, 'The partner did not answer in time'],
  'query-timeout': [504, 'The data took too long to prepare'],
} as const satisfies Record<string, readonly [status: number, title: string]>

/** A stable error code; see {@link problems}. */
export type ProblemCode = keyof typeof problems

/** More about one refusal: what caused it, and fields for the problem document (RFC 9457 §3.2). */
export interface ProblemExtra {
  readonly cause?: unknown
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A refusal: thrown where it is found, answered once at the edge. Its message is for the caller to read. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly status: number
  readonly fields: Readonly<Record<string, unknown>>

  constructor(code: ProblemCode, message: string, extra: ProblemExtra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause })
    this.code = code
    this.status = problems[code][0]
    this.fields = extra.fields ?? {}
  }
}

/** Whether `error` is a refusal of ours; holds across realms, where `instanceof` does not. */
export function isProblem(error: unknown): error is ProblemError {
  return Error.isError(error) && error.name === 'ProblemError' && 'code' in error
}
