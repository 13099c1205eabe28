import { afterEach, describe, expect, test } from 'vitest'
import type { OutboundHttp } from '../../src/http/guarded-fetch.ts'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import { createResolver, didOf, documentPath, isDidWeb } from '../../src/identity/did-web.ts'
import { openHost, testClock } from './participant.ts'
import type { Host } from './participant.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function setting() {
  const clock = testClock()
  const host: Host = await openHost()
  const http: OutboundHttp = createOutboundHttp({ allow: ['localhost'] })
  open.push(() => http.close(), () => host.close())
  return { clock, host, http, resolver: createResolver({ http, clock }) }
}

const keyed = (did: string, name: string) => ({ id: did, verificationMethod: [{ id: `${did}#${name}`, publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' } }], authentication: [`${did}#${name}`] })

describe('a DID', () => {
  test.each([
    ['http://localhost:19291', 'did:web:localhost%3A19291', '/.well-known/did.json'],
    ['https://data.example.org/', 'did:web:data.example.org', '/.well-known/did.json'],
    ['https://Data.example.org:443', 'did:web:data.example.org', '/.well-known/did.json'],
    ['https://example.org:8443/connectors/city', 'did:web:example.org%3A8443:connectors:city', '/connectors/city/did.json'],
    ['https://example.org/a%20b/', 'did:web:example.org:a%20b', '/a%20b/did.json'],
  ])('follows from %s', (publicUrl, did, path) => {
    expect(didOf(publicUrl)).toBe(did)
    expect(documentPath(did)).toBe(path)
    expect(isDidWeb(did)).toBe(true)
  })

  test.each(['', 'example.org', 'ftp://example.org', 'https://user@example.org', 'https://example.org/?a', 'https://example.org/#a', 'https://[::1]/', 'https://example.org/a%2fb'])('does not follow from %s', (publicUrl) => {
    expect(() => didOf(publicUrl)).toThrow(expect.objectContaining({ code: 'bad-request' }))
  })

  test.each([
    '', 'did:web:', 'did:key:z6Mk', 'did:web:example.org:', 'did:web:example.org:..', 'did:web:example.org:%2e%2E:x', 'did:web:example.org:.', 'did:web:example.org:a%2Fb', 'did:web:example.org:a%5cb',
    'did:web:example.org:a%00', 'did:web:example.org:a%252e', 'did:web:example.org/path', 'did:web:example.org?x', 'did:web:example.org#k', 'did:web:user@example.org', 'did:web:user%40example.org',
    'did:web:example.org%3A', 'did:web:example.org%3A99999', 'did:web:example.org%3A1%3A2', 'did:web:example.org%2Fa', 'did:web:[::1]', 'did:web:%5B::1%5D', 'did:web:-', 'did:web:a b', 'did:web:example.org\n',
    `did:web:${'a'.repeat(600)}`, 'DID:web:example.org', 'did:web:例え.jp',
  ])('%j is none', async (did) => {
    const { resolver } = await setting()
    expect(isDidWeb(did)).toBe(false)
    await expect(resolver.resolve(did)).rejects.toMatchObject({ code: 'bad-request' })
  })
})

describe('resolving', () => {
  test('fetches once for many, and again after five minutes', async () => {
    const { clock, host, resolver } = await setting()
    host.answers.set('/.well-known/did.json', keyed(host.did, 'k'))
    const documents = await Promise.all(Array.from({ length: 20 }, () => resolver.resolve(host.did)))
    expect(documents[0]?.keys.has(`${host.did}#k`)).toBe(true)
    clock.forward(299)
    await resolver.resolve(host.did)
    expect(host.requests).toHaveLength(1)
    clock.forward(2)
    await resolver.resolve(host.did)
    expect(host.requests).toHaveLength(2)
  })

  test('an unknown key has the document fetched again, at most every five seconds', async () => {
    const { clock, host, resolver } = await setting()
    host.answers.set('/.well-known/did.json', keyed(host.did, 'old'))
    await resolver.resolve(host.did)
    for (let attempt = 0; attempt < 100; attempt++) await resolver.resolve(host.did, `${host.did}#made-up-${attempt}`)
    expect(host.requests).toHaveLength(1)
    host.answers.set('/.well-known/did.json', keyed(host.did, 'new'))
    clock.forward(5)
    const both = await Promise.all([resolver.resolve(host.did, `${host.did}#new`), resolver.resolve(host.did, `${host.did}#new`)])
    expect(both.every(({ keys }) => keys.has(`${host.did}#new`))).toBe(true)
    expect(host.requests).toHaveLength(2)
    for (let second = 0; second < 20; second++) {
      await resolver.resolve(host.did, `${host.did}#made-up`)
      clock.forward(1)
    }
    expect(host.requests).toHaveLength(5)
  })

  test('a host that fails while asked for a new key does not take the known ones away', async () => {
    const { clock, host, resolver } = await setting()
    host.answers.set('/.well-known/did.json', keyed(host.did, 'k'))
    await resolver.resolve(host.did)
    host.answers.clear()
    clock.forward(6)
    expect((await resolver.resolve(host.did, `${host.did}#new`)).keys.has(`${host.did}#k`)).toBe(true)
    expect((await resolver.resolve(host.did, `${host.did}#k`)).keys.has(`${host.did}#k`)).toBe(true)
  })

  test('a failure is remembered for five seconds', async () => {
    const { clock, host, resolver } = await setting()
    await expect(resolver.resolve(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    await expect(resolver.resolve(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    expect(host.requests).toHaveLength(1)
    host.answers.set('/.well-known/did.json', keyed(host.did, 'k'))
    clock.forward(5)
    expect((await resolver.resolve(host.did)).keys.size).toBe(1)
  })

  test('a partner that was still starting when our own work asked for it is reached at once, and so is one that calls', async () => {
    const { clock, host, resolver } = await setting()
    host.answers.set('/.well-known/did.json', (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(503).end())
    const work = () => resolver.resolveFor(host.did, () => true)
    await expect(work()).rejects.toMatchObject({ code: 'peer-failed' })
    await expect(resolver.reach(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    host.answers.set('/.well-known/did.json', keyed(host.did, 'k'))
    const fetched = host.requests.length
    await expect(work()).rejects.toMatchObject({ code: 'peer-failed' })
    expect(host.requests).toHaveLength(fetched)
    expect((await resolver.reach(host.did)).keys.size).toBe(1)
    const again = createResolver({ http: (await setting()).http, clock })
    host.answers.set('/.well-known/did.json', (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(503).end())
    await expect(again.resolveFor(host.did, () => true)).rejects.toMatchObject({ code: 'peer-failed' })
    host.answers.set('/.well-known/did.json', keyed(host.did, 'k'))
    expect((await again.resolve(host.did, `${host.did}#k`)).keys.size).toBe(1)
  })

  test('of callers under an id whose host is not there, one in a second has it asked', async () => {
    const { clock, host, resolver } = await setting()
    host.answers.set('/.well-known/did.json', (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(503).end())
    for (let call = 0; call < 50; call++) await expect(resolver.resolve(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    // One over each scheme: the other does not reach the listener.
    expect(host.requests).toHaveLength(1)
    host.answers.set('/.well-known/did.json', keyed(host.did, 'k'))
    clock.forward(1)
    expect((await resolver.resolve(host.did)).keys.size).toBe(1)
  })

  test('what a host answers wrongly is remembered for everybody', async () => {
    const { host, resolver } = await setting()
    await expect(resolver.reach(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    await expect(resolver.reach(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    expect(host.requests).toHaveLength(1)
  })

  test('the path form is fetched where it says', async () => {
    const { host, resolver } = await setting()
    const did = `${host.did}:connectors:city`
    host.answers.set('/connectors/city/did.json', keyed(did, 'k'))
    expect((await resolver.resolve(did)).keys.size).toBe(1)
  })

  test.each<[string, (host: Host) => unknown]>([
    ['the document of another', (host) => keyed('did:web:else.example', host.did)],
    ['no JSON', () => '<html>'],
    ['a list', () => [1]],
    ['a key named twice', (host) => `{"id":"did:web:else.example","id":${JSON.stringify(host.did)}}`],
    ['more than 256 KiB', (host) => ({ ...keyed(host.did, 'k'), more: 'a'.repeat(300_000) })],
    ['a redirect', (host) => (_: unknown, response: { writeHead(status: number, headers: object): { end(): void } }) => response.writeHead(302, { Location: `http://localhost:${host.port}/elsewhere` }).end()],
  ])('%s is refused', async (_, answer) => {
    const { host, resolver } = await setting()
    host.answers.set('/.well-known/did.json', answer(host))
    host.answers.set('/elsewhere', keyed(host.did, 'k'))
    await expect(resolver.resolve(host.did)).rejects.toMatchObject({ code: 'peer-failed' })
    expect(host.requests).not.toContain('/elsewhere')
  })

  test.each(['did:web:127.0.0.1%3A1', 'did:web:169.254.169.254', 'did:web:0x7f.1', 'did:web:2130706433', 'did:web:10.0.0.1:x'])('%s is not called', async (did) => {
    const { resolver } = await setting()
    await expect(resolver.resolve(did)).rejects.toMatchObject({ code: 'peer-failed', cause: expect.objectContaining({ code: 'address-refused' }) })
  })

  test('a name that turns to a private address is not called', async () => {
    const { clock, host } = await setting()
    const http = createOutboundHttp({ allow: [] }, async () => [{ address: '127.0.0.1', family: 4 }])
    open.push(() => http.close())
    const did = `did:web:partner.example%3A${host.port}`
    await expect(createResolver({ http, clock }).resolve(did)).rejects.toMatchObject({ code: 'peer-failed', cause: expect.objectContaining({ code: 'address-refused' }) })
    expect(host.requests).toEqual([])
  })

  test('too many fetches at once are put off', async () => {
    const { host, resolver } = await setting()
    const dids = Array.from({ length: 65 }, (_, at) => `${host.did}:${at}`)
    const results = await Promise.allSettled(dids.map((did) => resolver.resolve(did)))
    expect(results.filter((result) => result.status === 'rejected' && result.reason.code === 'too-many-requests')).toHaveLength(1)
  })
})
