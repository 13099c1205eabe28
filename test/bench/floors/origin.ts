import { serve } from './serve.ts'

// The API behind the proxies: 1 KB of JSON, and 100 MiB in pieces of 64 KiB.
const small = Buffer.from(JSON.stringify({ filler: 'x'.repeat(1024 - 13) }))
const piece = Buffer.alloc(64 * 1024, 'x')
const pieces = 1600

serve((request, response) => {
  if (request.url !== '/large') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': small.length }).end(small)
    return
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': piece.length * pieces })
  let sent = 0
  const more = () => {
    while (sent < pieces) {
      sent += 1
      if (!response.write(piece)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
})
