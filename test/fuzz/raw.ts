import { connect } from 'node:net'
import type { Random } from '../helpers/random.ts'

/** What an HTTP library would never send. Gives the status of the first answer, or 0 when the connection was closed. */
export async function sendRaw(url: URL, authorization: string, path: string, random: Random): Promise<number> {
  const host = `Host: ${url.host}\r\n`
  const auth = `Authorization: ${authorization}\r\n`
  const body = '{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"CatalogRequestMessage"}'
  const post = `POST ${path} HTTP/1.1\r\n${host}${auth}`
  const request = random.pick([
    `${post}Content-Length: 5\r\n\r\n${body}`,
    `${post}Content-Length: ${body.length + 500}\r\n\r\n${body}`,
    `${post}Content-Length: -1\r\n\r\n${body}`,
    `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n${body}`,
    `${post}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)};x=${'y'.repeat(30_000)}\r\n${body}\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: xchunked\r\n\r\n${body}`,
    `${post}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${post}Expect: something\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `${post}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    `POST ${path} HTTP/9.9\r\n${host}\r\n`,
    `POST ${path} HTTP/1.0\r\n\r\n`,
    `GET http://evil.example/ HTTP/1.1\r\n${host}${auth}\r\n`,
    `GET //evil.example/%2e%2e HTTP/1.1\r\n${host}\r\n`,
    `get ${path} HTTP/1.1\r\n${host}\r\n`,
    `GET ${path} HTTP/1.1\r\n\r\n`,
    `GET ${path} HTTP/1.1\r\n${host}Bad Header: x\r\n\r\n`,
    `GET ${path} HTTP/1.1\r\n${host}X: a\u0000b\r\n\r\n`,
    `GET ${path} HTTP/1.1\r\n${host}X: ${'x'.repeat(20_000)}\r\n\r\n`,
    `GET ${path} HTTP/1.1\r\n${host}${'X-Many: x\r\n'.repeat(300)}\r\n`,
    `GET /\u0001\u0002 HTTP/1.1\r\n${host}\r\n`,
    `CONNECT example.org:443 HTTP/1.1\r\n${host}\r\n`,
    `TRACE ${path} HTTP/1.1\r\n${host}\r\n`,
    `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
    '\r\n\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
    '',
  ])
  return exchange(url, request)
}

function exchange(url: URL, request: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), '127.0.0.1')
    let text = ''
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0))
    }
    // Half of these wait for more that never comes; whoever sends them goes away.
    const timer = setTimeout(done, 250)
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      if (/^HTTP\/1\.1 [2-5]\d\d[\s\S]*\r\n\r\n/.test(text)) done()
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.end(request, 'latin1')
  })
}
