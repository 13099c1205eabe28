import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'

/** One HTTP request; a stream as body is sent as it is read. */
export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Readable
  readonly signal?: AbortSignal
}

/** Sends a request and gives the answer as soon as its headers are there. Redirects are not followed: the token is for one place. */
export function send({ method, url, headers, body, signal }: HttpRequest): Promise<IncomingMessage> {
  const begin = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // A connection of its own: nothing is kept open that could break between two requests.
    const request = begin(url, { method, headers, agent: false, ...(signal === undefined ? {} : { signal }) })
    // An answer may come before the whole body was sent (a refusal); what breaks after it is of no interest.
    request.once('response', resolve)
    request.on('error', reject)
    if (body === undefined || typeof body === 'string') {
      request.end(body)
      return
    }
    body.once('error', (error) => request.destroy(error))
    body.pipe(request)
  })
}

/** The whole body as text. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  answer.setEncoding('utf8')
  let text = ''
  for await (const chunk of answer) text += String(chunk)
  return text
}

/** The value of a header that comes once. */
export function header(answer: IncomingMessage, name: string): string | undefined {
  const value = answer.headers[name]
  return Array.isArray(value) ? value[0] : value
}
