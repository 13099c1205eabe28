import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A listening HTTP server. Until something handles `request`, it answers 503. */
export interface Listener {
  readonly server: Server
  readonly host: string
  readonly port: number
  /** Takes no more connections, lets running requests end, and after a while ends them. */
  close(): Promise<void>
}

export interface ListenAt {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** How long `close` waits for running requests; default 5 s. */
  readonly closeWithinMs?: number
}

/** Listens first, so that the port is known; then `server.on('request', app)`. */
export async function listen(at: ListenAt): Promise<Listener> {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 15_000,
    // A body may be a file of many gigabytes; who reads a body bounds its time, and idle sockets end below.
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
  })
  server.maxHeadersCount = 100
  // Ends sockets on which nothing moves: slow readers, senders that went away.
  server.setTimeout(120_000)
  let closing = false
  const unused = new Set<Socket>()
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', (request, response) => {
    unused.delete(request.socket)
    if (server.listenerCount('request') === 1) {
      response.writeHead(503, { 'Retry-After': '1' }).end()
      return
    }
    response.once('finish', () => {
      if (!request.complete) cutShort(request, response)
      else if (closing) setImmediate(() => server.closeIdleConnections())
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : at.port
  const close = async () => {
    closing = true
    // Node counts a connection as idle only after its first request; clients open some in reserve.
    for (const socket of unused) socket.destroy()
    await closeServer(server, at.closeWithinMs ?? 5_000)
  }
  return { server, host: at.host, port, close }
}

/**
 * The answer is out and the request's body is not all in: no more of it is read. The connection is closed for writing first,
 * and for good a moment later: a socket destroyed with unread data resets, and the sender would lose the answer
 * (RFC 9112 §9.6).
 */
function cutShort(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  const pause = () => {
    // A finished answer lets Node read the rest of the body to nowhere; that ends here.
    request.pause()
    socket.pause()
  }
  pause()
  setImmediate(pause)
  response.shouldKeepAlive = false
  socket.end()
  setTimeout(() => socket.destroy(), 1_000).unref()
}

async function closeServer(server: Server, withinMs: number): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), withinMs)
  await closed
  clearTimeout(timer)
}
