import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { isProblem } from '../../src/errors.ts'
import { parseJson, readJson } from '../../src/http/json-body.ts'
import { listen } from '../../src/http/listener.ts'
import type { Listener } from '../../src/http/listener.ts'
import { problemDocument } from '../../src/http/problem.ts'

let listener: Listener
beforeAll(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 })
  listener.server.on('request', (request, response) => {
    readJson(request, { timeoutMs: 300 }).then(
      (read) => response.end(JSON.stringify(read)),
      (error: unknown) => {
        const { status, body } = problemDocument(error)
        response.writeHead(status).end(JSON.stringify(body))
      },
    )
  })
})
afterAll(() => listener.close())

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${listener.port}/`, { method: 'POST', body, headers })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

/** Sends `head` and gives everything that comes back until the connection ends, with the number of bytes it took. */
function raw(head: string, body: Buffer = Buffer.alloc(0)): Promise<{ answer: string; sent: number }> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(listener.port, '127.0.0.1', () => {
      socket.write(head)
      const more = () => {
        let room = body.length > 0
        while (room && !socket.destroyed && socket.bytesWritten < 100_000_000) room = socket.write(body)
      }
      socket.on('drain', more)
      more()
    })
    socket.on('data', (piece) => (answer += piece.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve({ answer, sent: socket.bytesWritten - socket.writableLength }))
  })
}

describe('a JSON body', () => {
  test('comes with its text', async () => {
    const text = ' {"a": [1, 2.50, "é"]}\n'
    expect(await post(text)).toEqual({ status: 200, body: { raw: text, value: { a: [1, 2.5, 'é'] } } })
  })

  test('a media type is not asked for; `__proto__` is a key like any other', async () => {
    const { body } = await post('{"__proto__": {"polluted": true}}', { 'Content-Type': 'text/plain' })
    expect(body.raw).toContain('__proto__')
    const value = parseJson('{"__proto__": {"polluted": true}, "constructor": 1}')
    expect(Object.keys(value ?? {})).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(value)).toBe(Object.getPrototypeOf(JSON.parse('{}')))
    expect('polluted' in {}).toBe(false)
  })

  test.each([
    ['', 'malformed-json'], ['{', 'malformed-json'], ['{"a":1,}', 'malformed-json'], ["{'a':1}", 'malformed-json'], ['NaN', 'malformed-json'], ['{} {}', 'malformed-json'],
    ['\uFEFF{}', 'malformed-json'], ['{"a":1e999}', 'malformed-json'], [`[-1${'0'.repeat(400)}]`, 'malformed-json'], ['{"a":1,"a":1}', 'duplicate-key'], ['{"a":1,"\\u0061":1}', 'malformed-json'], ['{"é":1,"\\u00e9":1}', 'duplicate-key'], ['{"a\\"":1}', 'malformed-json'],
    ['{"__proto__":1,"__proto__":2}', 'duplicate-key'], ['{"":1,"":2}', 'duplicate-key'], ['[{"x":{"b":{},"c":[1,{"d":1,"d":2}]}}]', 'duplicate-key'], ['{"\\/":2}', 'malformed-json'],
    ['{"a":[{"a":1}],"a":2}', 'duplicate-key'], [`${'['.repeat(51)}${']'.repeat(51)}`, 'too-deep'], ['{"a":'.repeat(51) + '1' + '}'.repeat(51), 'too-deep'], ['['.repeat(500_000), 'malformed-json'],
    ['['.repeat(500_000) + ']'.repeat(500_000), 'too-deep'],
  ])('%.40s is refused: %s', async (text, code) => {
    expect(await post(new TextEncoder().encode(text))).toMatchObject({ status: 400, body: { code } })
  })

  test.each(['{"a":{"a":{"a":1}},"b":{"a":1}}', '["a","a",{"a":"a","b":"a"}]', '{"\\u00e9":1,"a":"\\\\"}', '[true,false,null,1e5,-0,1E-400,"1e999"]', `${'['.repeat(50)}${']'.repeat(50)}`, '"text"', '1'])('%.60s is taken', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  test('the parser does not repeat the body', async () => {
    expect(JSON.stringify(await post('{"password": secret}'))).not.toContain('secret')
  })

  test('invalid UTF-8 and packed bodies are refused', async () => {
    expect(await post(Uint8Array.from([0x22, 0xff, 0x22]))).toMatchObject({ status: 400, body: { code: 'malformed-json' } })
    expect(await post(Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toMatchObject({ status: 400, body: { code: 'malformed-json' } })
    expect(await post('{}', { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } })
    expect(await post('{}', { 'Content-Encoding': 'identity' })).toMatchObject({ status: 200 })
  })

  test('the limit is exact', async () => {
    expect((await post(`"${'a'.repeat(1024 * 1024 - 2)}"`)).status).toBe(200)
    expect(await post(`"${'a'.repeat(1024 * 1024 - 1)}"`)).toMatchObject({ status: 413, body: { code: 'too-large' } })
  })

  test('a body of 100 MB is answered early, and the rest is not read', async () => {
    const declared = await raw('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n', Buffer.alloc(65_536, 0x20))
    expect(declared.answer).toMatch(/^HTTP\/1.1 413 /)
    expect(declared.sent).toBeLessThan(20_000_000)
    const piece = Buffer.alloc(65_536, 0x20)
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
    const chunked = await raw('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', chunk)
    expect(chunked.answer).toMatch(/^HTTP\/1.1 413 /)
    expect(chunked.sent).toBeLessThan(20_000_000)
  })

  test('a body that does not come is not waited for', async () => {
    const { answer } = await raw('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{')
    expect(answer).toMatch(/^HTTP\/1.1 400 [^]*did not arrive/)
  })
})

/** JSON text with keys from a small alphabet, sometimes escaped: whether an object names one twice, and whether a key is escaped in vain. */
interface Sample { text: string; twice: boolean; vain: boolean }

const key = fc.constantFrom('a', 'b', '', '__proto__', 'a"', '\\', 'é', '\u{1f600}')
const spelled = fc.tuple(key, fc.boolean()).map(([name, escaped]) => ({
  name,
  vain: /["\\]/.test(name) || (escaped && Array.from(name).some((char) => char < '\u0080')),
  text: escaped ? `"${Array.from({ length: name.length }, (_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(name),
}))
const { value: sample } = fc.letrec<{ value: Sample; leaf: Sample; array: Sample; object: Sample }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('array'), tie('object')),
  leaf: fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)).map((value) => ({ text: JSON.stringify(value), twice: false, vain: false })),
  array: fc.array(tie('value'), { maxLength: 4 }).map((items) => ({ text: `[${items.map((item) => item.text).join(' , ')}]`, twice: items.some((item) => item.twice), vain: items.some((item) => item.vain) })),
  object: fc.array(fc.tuple(spelled, tie('value')), { maxLength: 4 }).map((members) => ({
    text: `{ ${members.map(([name, item]) => `${name.text} : ${item.text}`).join(',')} }`,
    twice: new Set(members.map(([name]) => name.name)).size < members.length || members.some(([, item]) => item.twice),
    vain: members.some(([name, item]) => name.vain || item.vain),
  })),
}))

test('property: a key named twice is found, and nothing else is', () => {
  fc.assert(
    fc.property(sample, ({ text, twice, vain }) => {
      const verdict = () => {
        try {
          return { value: parseJson(text, 1000) }
        } catch (error) {
          return isProblem(error) ? error.code : error
        }
      }
      if (twice || vain) expect([...(twice ? ['duplicate-key'] : []), ...(vain ? ['malformed-json'] : [])]).toContain(verdict())
      else expect(verdict()).toEqual({ value: JSON.parse(text) })
    }),
    { numRuns: 2000 },
  )
})
