import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request that came. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Answers = (asked: Asked, response: ServerResponse) => void

/** A server that answers in the place of a connector's management API. */
export interface StandIn extends AsyncDisposable {
  readonly managementUrl: string
  readonly token: string
  readonly asked: Asked[]
  answers: Answers
}

export async function startStandIn(): Promise<StandIn> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      const each = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      asked.push(each)
      standIn.answers(each, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const standIn: StandIn = {
    managementUrl: `http://127.0.0.1:${port}`,
    token: 'a-token',
    asked,
    answers: (_asked, response) => json(response, 200, {}),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return standIn
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

/** Answers with a problem document (RFC 9457). */
export function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ title: code, status, code, detail }))
}
