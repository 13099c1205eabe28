import type { IncomingMessage } from 'node:http'
import type { Request, RequestHandler, Response } from 'express'
import { isProblem, ProblemError } from '../errors.ts'
import { readJson } from '../http/json-body.ts'
import type { Partner } from '../identity/store.ts'
import { isStorable } from '../persistence/storable-text.ts'
import { authenticate } from './authenticate.ts'
import type { AuthenticateDeps } from './authenticate.ts'
import { dspError, pidsIn } from './dsp-errors.ts'
import type { NamedPids, Part } from './dsp-errors.ts'

/** One request of a partner, after its sender is known and its body is read. */
export interface Exchange {
  readonly partner: Partner
  /** The id in the path, decoded; empty where the path has none. */
  readonly id: string
  /** The JSON body; undefined for GET. */
  readonly body: unknown
  /** The body as it came. */
  readonly raw: string
  readonly request: Request
}

/** What is answered. Without a body, the answer is empty; `text` is a body that is written already. */
export interface Reply {
  readonly status: number
  readonly body?: object
  readonly text?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export interface ExchangeDeps extends AuthenticateDeps {
  /** Called when the answer is out: only then may messages that follow from the request be sent. */
  readonly afterAnswer: () => void
  /** Told about errors that are not refusals. */
  readonly onError: (error: unknown) => void
  readonly maxBodyBytes?: number
}

/** Turns a function from exchange to reply into a route: who calls, what is said, do, answer. */
export function exchanging(deps: ExchangeDeps, part: Part, handle: (exchange: Exchange) => Promise<Reply>): RequestHandler {
  return async (request, response) => {
    const handled = part === 'catalog' || request.method !== 'POST' ? undefined : whenOut(response, deps.afterAnswer)
    let named: NamedPids = {}
    try {
      named = namedInPath(request, part)
      const partner = await authenticate(deps, request.headers.authorization)
      const { raw, value } = request.method === 'POST' ? await body(request, deps.maxBodyBytes) : { raw: '', value: undefined }
      named = { ...named, ...pidsIn(value) }
      answer(response, await handle({ partner, id: pathId(request), body: value, raw, request }))
    } catch (error) {
      refuse(deps, response, dspError(error, part, named), error)
    }
    handled?.()
  }
}

// EDC answers 409 to a message that reaches it before it has finished with our answer; so nothing is sent until that is out.
// A sender that went away before its request was handled gets what follows as well, once there is something.
function whenOut(response: Response, afterAnswer: () => void): () => void {
  let waitingFor = 2
  const one = () => {
    waitingFor -= 1
    if (waitingFor === 0) afterAnswer()
  }
  response.once('close', one)
  return one
}

/** Answers requests that no route takes. */
export function refusing(part: Part, error: () => ProblemError): RequestHandler {
  return (request, response) => {
    const { status, body } = dspError(error(), part, namedInPath(request, part))
    answer(response, { status, body })
  }
}

function refuse(deps: ExchangeDeps, response: Response, { status, body }: { status: number; body: object }, error: unknown): void {
  if (!isProblem(error)) deps.onError(error)
  if (response.headersSent) response.destroy()
  else answer(response, { status, body })
}

/** Writes an answer. The body is prepared whole, so that it is never cut short by an error. */
export function answer(response: Response, reply: Reply): void {
  const text = reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body))
  response.statusCode = reply.status
  response.setHeader('content-type', 'application/json')
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value)
  if (reply.status === 401) response.setHeader('www-authenticate', 'Bearer')
  if (reply.status === 429 || reply.status === 503) response.setHeader('retry-after', '5')
  response.end(text)
}

async function body(request: IncomingMessage, maxBytes: number | undefined): Promise<{ raw: string; value: unknown }> {
  const read = await readJson(request, maxBytes === undefined ? {} : { maxBytes })
  // Both can only come from escapes, and neither can be stored.
  if (/\\u(0000|[dD][89a-fA-F])/.test(read.raw) && !isStorable(read.value)) throw new ProblemError('invalid-message', 'Texts in the message must be valid Unicode without NUL.')
  return read
}

function pathId(request: Request): string {
  const { id } = request.params
  if (typeof id !== 'string') return ''
  // No such process or dataset can exist here, whatever is stored.
  if (!isStorable(id)) throw new ProblemError('not-found', 'There is no such thing here.')
  return id
}

// The path names our own process id; which of the two that is depends on our role, so it stands in for both until the body tells.
function namedInPath(request: Request, part: Part): NamedPids {
  const { id } = request.params
  return part === 'catalog' || typeof id !== 'string' ? {} : { providerPid: id, consumerPid: id }
}
