import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { request as undiciRequest } from 'undici'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import type { Lookup, OutboundHttp } from '../../src/http/guarded-fetch.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

function outbound(allow: string[], lookup?: Lookup): OutboundHttp {
  const http = createOutboundHttp({ allow }, lookup)
  open.push(() => http.close())
  return http
}

async function serve(handler: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

const nowhere: Lookup = async () => [{ address: '192.0.2.1', family: 4 }]
const at = (address: string): Lookup => async () => [{ address, family: address.includes(':') ? 6 : 4 }]

describe('what an address says', () => {
  const refused = [
    'https://127.0.0.1/', 'https://127.1/', 'https://0x7f.1/', 'https://0x7f000001/', 'https://2130706433/', 'https://017700000001/',
    'https://127.0.0.1./', 'https://１２７.0.0.1/', 'https://%31%32%37.0.0.1/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/', 'https://[::]/', 'https://0.0.0.0/', 'https://0.1.2.3/', 'https://10.1.2.3/', 'https://172.16.0.1/', 'https://172.31.255.255/',
    'https://192.168.1.1/', 'https://169.254.169.254/latest/meta-data', 'https://[fe80::1]/', 'https://[fc00::1]/', 'https://[fd12:3456::1]/', 'https://100.64.0.1/',
    'https://224.0.0.1/', 'https://[ff02::1]/', 'https://255.255.255.255/', 'https://240.0.0.1/', 'https://[64:ff9b::7f00:1]/', 'https://[64:ff9b:1::a00:1]/',
    'https://[2002:7f00:1::]/', 'https://[2001:0:1234::1]/', 'https://[2001:db8::1]/', 'https://[fec0::1]/', 'https://[100::1]/', 'https://192.0.2.1/', 'https://198.18.0.1/',
    'https://localhost/', 'https://localhost./', 'https://LOCALHOST/', 'https://a.localhost/', 'https://metadata.google.internal/', 'https://printer.local/', 'https://intranet/',
    'http://example.org/', 'http://8.8.8.8/', 'https://user:secret@example.org/', 'https://user@example.org/', 'ftp://example.org/', 'file:///etc/passwd', 'data:text/plain,x',
    'javascript:alert(1)', '//example.org/', '/relative', '', 'https://', `https://example.org/${'a'.repeat(9000)}`,
  ]
  test.each(refused)('%s is refused', async (url) => {
    const http = outbound([])
    expect(() => http.check(url)).toThrow(expect.objectContaining({ code: 'address-refused' }))
    await expect(http.fetch(url)).rejects.toMatchObject({ code: 'address-refused' })
    await expect(http.stream(url)).rejects.toMatchObject({ code: 'address-refused' })
  })

  test.each(['https://example.org/a?b=c', 'https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://example.org:8443/'])('%s is not refused', (url) => {
    expect(outbound([]).check(url).href).toBe(url)
  })

  test.each([
    [['localhost'], 'http://localhost:1234/', true],
    [['localhost'], 'http://localhost.:1234/', true],
    [['localhost:80'], 'http://localhost/', true],
    [['localhost:80'], 'http://localhost:81/', false],
    [['localhost:80'], 'https://localhost/', false],
    [['127.0.0.1'], 'http://127.0.0.1:9/', true],
    [['127.0.0.1'], 'http://[::ffff:127.0.0.1]:9/', true],
    [['127.0.0.1'], 'http://127.0.0.2/', false],
    [['[::1]:8080'], 'http://[::1]:8080/', true],
    [['[::1]:8080'], 'http://[::1]:8081/', false],
    [['::1'], 'http://[::1]:8081/', true],
    [['10.0.0.0/8'], 'http://10.9.8.7/', true],
    [['10.0.0.0/8'], 'http://11.9.8.7/', false],
    [['10.0.0.0/8'], 'http://[::ffff:10.9.8.7]/', true],
    [['fd00::/8'], 'https://[fd00::1]/', true],
    [['Partner.Example'], 'http://partner.example/', true],
    [['partner.example'], 'http://partner.example.evil.org/', false],
    [['partner.example'], 'http://evil-partner.example/', false],
  ])('with %j allowed, %s: %s', (allow, url, allowed) => {
    const check = () => outbound(allow).check(url)
    if (allowed) expect(check()).toBeInstanceOf(URL)
    else expect(check).toThrow(expect.objectContaining({ code: 'address-refused' }))
  })

  test.each(['http://localhost', 'a b', 'user@host', '*.example.org', 'host/path'])('the rule %s is refused', (entry) => {
    expect(() => createOutboundHttp({ allow: [entry] })).toThrow(expect.objectContaining({ code: 'bad-request' }))
  })
})

describe('what a name resolves to', () => {
  test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1', 'fd00::1', '64:ff9b::a00:1', 'fe80::1%eth0', '0.0.0.0', '100.100.100.200'])('%s is refused', async (address) => {
    await expect(outbound([], at(address)).fetch('https://partner.example/')).rejects.toMatchObject({ code: 'address-refused' })
  })

  test('one private address among public ones is refused', async () => {
    const lookup: Lookup = async () => [{ address: '93.184.216.34', family: 4 }, { address: '192.168.0.1', family: 4 }]
    await expect(outbound([], lookup).fetch('https://partner.example/')).rejects.toMatchObject({ code: 'address-refused' })
  })

  test('an allowed block does not open plain http to public addresses', async () => {
    await expect(outbound(['10.0.0.0/8'], at('93.184.216.34')).fetch('http://partner.example/')).rejects.toMatchObject({ code: 'address-refused' })
    await expect(outbound(['10.0.0.0/8'], at('192.168.0.1')).fetch('https://partner.example/')).rejects.toMatchObject({ code: 'address-refused' })
  })

  test('a name that changes its answer after the check is resolved once for each connection, and that answer counts', async () => {
    const { port } = await serve((_, response) => response.writeHead(200, { Connection: 'close' }).end('inside'))
    const answers = ['127.0.0.1', '10.0.0.1']
    let calls = 0
    const lookup: Lookup = async () => [{ address: answers[calls++] ?? '10.0.0.1', family: 4 }]
    const http = outbound(['127.0.0.0/8'], lookup)
    const url = `http://rebinding.example:${port}/`
    expect((await http.fetch(url)).body.toString()).toBe('inside')
    expect(calls).toBe(1)
    await expect(http.fetch(url)).rejects.toMatchObject({ code: 'address-refused' })
    expect(calls).toBe(2)
  })

  test('the agent itself refuses, also when nobody checked before', async () => {
    const { port } = await serve((_, response) => response.end())
    const http = outbound([], at('127.0.0.1'))
    await expect(undiciRequest(`http://127.0.0.1:${port}/`, { dispatcher: http.dispatcher })).rejects.toMatchObject({ code: 'address-refused' })
    await expect(undiciRequest(`http://partner.example:${port}/`, { dispatcher: http.dispatcher })).rejects.toMatchObject({ code: 'address-refused' })
    await expect(undiciRequest('http://[::1]:9/', { dispatcher: http.dispatcher })).rejects.toMatchObject({ code: 'address-refused' })
  })

  test('a name without an address is a failure of the peer', async () => {
    await expect(outbound([], async () => []).fetch('https://partner.example/')).rejects.toMatchObject({ code: 'peer-failed' })
    const failing: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    await expect(outbound([], failing).fetch('https://partner.example/')).rejects.toMatchObject({ code: 'peer-failed' })
  })
})

describe('an exchange', () => {
  test('carries method, headers and body, and gives status, headers and body', async () => {
    const { port } = await serve((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
        response.writeHead(201, { 'X-Method': request.method ?? '', 'X-Seen': request.headers['x-sent'] ?? '', Link: ['<a>', '<b>'] })
        response.end(Buffer.concat(pieces))
      })
    })
    const answer = await outbound(['127.0.0.1']).fetch(`http://127.0.0.1:${port}/p?q=1`, { method: 'POST', headers: { 'X-Sent': 'yes' }, body: 'héllo' })
    expect(answer).toMatchObject({ status: 201, headers: { 'x-method': 'POST', 'x-seen': 'yes', link: '<a>, <b>' } })
    expect(answer.body.toString()).toBe('héllo')
  })

  test('a redirect is returned, not followed', async () => {
    let calls = 0
    const { port } = await serve((_, response) => {
      calls++
      response.writeHead(302, { Location: 'http://169.254.169.254/' }).end()
    })
    const answer = await outbound(['127.0.0.1']).fetch(`http://127.0.0.1:${port}/`)
    expect(answer.status).toBe(302)
    expect(answer.headers['location']).toBe('http://169.254.169.254/')
    expect(calls).toBe(1)
  })

  test('a body that nobody reads may be left, and may break', async () => {
    const { port } = await serve((request, response) => {
      response.writeHead(401).write('x'.repeat(100_000))
      if (request.url === '/breaks') setImmediate(() => response.destroy())
    })
    const http = outbound(['127.0.0.1'])
    for (const path of ['left', 'breaks']) {
      const { status, body } = await http.stream(`http://127.0.0.1:${port}/${path}`)
      expect(status).toBe(401)
      const closed = new Promise((resolve) => body.once('close', resolve))
      if (path === 'left') body.destroy()
      else body.resume()
      await closed
    }
  })

  test('a body without end is cut at the limit', async () => {
    const gone = Promise.withResolvers<void>()
    const { port } = await serve((_, response) => {
      const chunk = Buffer.alloc(65_536)
      const more = () => {
        while (!response.destroyed && response.write(chunk)) continue
      }
      response.on('drain', more).on('close', () => gone.resolve())
      more()
    })
    const http = outbound(['127.0.0.1'])
    await expect(http.fetch(`http://127.0.0.1:${port}/`, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'peer-failed' })
    await gone.promise
    const { body } = await http.stream(`http://127.0.0.1:${port}/`, { maxBytes: 1_000_000 })
    await expect(body.toArray()).rejects.toMatchObject({ code: 'peer-failed' })
  })

  test('packed bodies are not unpacked', async () => {
    const { port } = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('not gzip'))
    expect((await outbound(['127.0.0.1']).fetch(`http://127.0.0.1:${port}/`)).body.toString()).toBe('not gzip')
  })

  test('no answer, and a body that trickles, end at the deadline', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/silent') return
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const http = outbound(['127.0.0.1'])
    await expect(http.fetch(`http://127.0.0.1:${port}/silent`, { timeoutMs: 150 })).rejects.toMatchObject({ code: 'peer-timeout' })
    await expect(http.fetch(`http://127.0.0.1:${port}/trickle`, { timeoutMs: 150 })).rejects.toMatchObject({ code: 'peer-timeout' })
  })

  test('nobody listening, a broken answer and a caller that gives up', async () => {
    const { port, server } = await serve((request) => (request.url === '/broken' ? request.socket.destroy() : undefined))
    const http = outbound(['127.0.0.1'])
    await expect(http.fetch(`http://127.0.0.1:${port}/broken`)).rejects.toMatchObject({ code: 'peer-failed' })
    const caller = new AbortController()
    const waiting = http.fetch(`http://127.0.0.1:${port}/silent`, { signal: caller.signal })
    server.once('request', () => caller.abort(new Error('enough')))
    await expect(waiting).rejects.toThrow('enough')
    await expect(http.fetch('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'peer-failed' })
  })

  test('errors do not repeat the path or the query', async () => {
    const error = await outbound(['127.0.0.1']).fetch('http://127.0.0.1:1/secret?token=secret').catch((caught: unknown) => caught)
    expect(String(error)).not.toContain('secret')
    expect(() => outbound([], nowhere).check('http://10.0.0.1/?token=secret')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }))
  })

  test('connections are kept, and 100 calls at once do not wait for each other', async () => {
    const held = Promise.withResolvers<void>()
    let waiting = 0
    const { port, server } = await serve((request, response) => {
      if (request.url === '/quick') return void response.end()
      if (++waiting === 100) held.resolve()
      void held.promise.then(() => response.end())
    })
    let connections = 0
    server.on('connection', () => connections++)
    const http = outbound(['127.0.0.1'])
    for (let call = 0; call < 5; call++) await http.fetch(`http://127.0.0.1:${port}/quick`)
    expect(connections).toBeLessThanOrEqual(2)
    await Promise.all(Array.from({ length: 100 }, () => http.fetch(`http://127.0.0.1:${port}/`)))
    expect(waiting).toBe(100)
  })
})
