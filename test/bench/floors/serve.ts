import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Listens on a free port of the loopback address and prints it. */
export function serve(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void): void {
  const server = createServer((request, response) => {
    void handle(request, response)
  })
  server.keepAliveTimeout = 30_000
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`)
  })
}

export async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}
