import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import type { OutboundHttp } from '../../src/http/guarded-fetch.ts'
import { createOidc } from '../../src/identity/oidc.ts'
import type { OidcSettings } from '../../src/identity/oidc.ts'
import { openHost, signed, testClock } from './participant.ts'
import type { Host, TestClock } from './participant.ts'

/** A little issuer on a real socket: metadata, and a set of keys that can change. */
const metadata = '/realm/.well-known/openid-configuration'
const refusal = (why = '') => expect.objectContaining({ name: 'ProblemError', code: 'unauthenticated', message: expect.stringContaining(why) })

let host: Host
let http: OutboundHttp
let clock: TestClock
let issuer: string
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const published = (kid: string, key: KeyObject, more: object = {}) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig', ...more })

beforeAll(async () => {
  host = await openHost()
  http = createOutboundHttp({ allow: ['localhost', '127.0.0.1'] })
  clock = testClock()
  issuer = `http://localhost:${host.port}/realm`
  host.answers.set(metadata, { issuer, jwks_uri: `${issuer}/keys` })
  host.answers.set('/realm/keys', { keys: [published('r1', rsa.publicKey, { alg: 'RS256' }), published('e1', ec.publicKey), { kty: 'oct', kid: 's1', k: Buffer.alloc(32, 1).toString('base64url') }] })
})
afterAll(async () => {
  await http.close()
  await host.close()
})

const oidc = (settings: Partial<OidcSettings> = {}) => createOidc({ http, clock, settings: { issuer, audience: 'urn:concordat', roleClaim: 'roles', userClaim: 'sub', ...settings } })
const claims = () => {
  const iat = clock().getTime() / 1000
  return { iss: issuer, aud: 'urn:concordat', sub: 'joan', client_id: 'notebook', jti: 'j1', iat, exp: iat + 300, roles: ['analyst'] }
}
const header = { alg: 'RS256', typ: 'at+jwt', kid: 'r1' }
const token = async (more: Record<string, unknown> = {}, head: Record<string, unknown> = {}, key: KeyObject | Uint8Array = rsa.privateKey) => (await signed(key, { ...header, ...head }, { ...claims(), ...more })).slice(7)

describe('an access token', () => {
  test('says who the user is, and in which roles', async () => {
    const verify = oidc()
    expect(await verify(await token())).toEqual({ issuer, user: 'joan', roles: ['analyst'] })
    expect(await verify(await token({ roles: ['analyst', 'planner', 'analyst', 7, '', 'a\nb'] }, { alg: 'ES256', kid: 'e1', typ: 'application/at+jwt' }, ec.privateKey))).toMatchObject({ roles: ['analyst', 'planner'] })
    expect(await verify(await token({ roles: 'analyst', aud: ['urn:other', 'urn:concordat'] }))).toMatchObject({ roles: ['analyst'] })
    expect(await verify(await token({ roles: undefined }))).toMatchObject({ roles: [] })
  })

  test('names roles and user where the settings say', async () => {
    const verify = oidc({ roleClaim: 'realm_access.roles', userClaim: 'https://city.example/person' })
    expect(await verify(await token({ 'realm_access': { roles: ['planner'] }, 'https://city.example/person': 'p-7' }))).toEqual({ issuer, user: 'p-7', roles: ['planner'] })
    await expect(verify(await token())).rejects.toEqual(refusal('names no user'))
    expect(await oidc({ roleClaim: 'constructor.name' })(await token())).toMatchObject({ roles: [] })
  })

  test.each<[string, () => Record<string, unknown>, Record<string, unknown>]>([
    ['an ID token', () => ({}), { typ: 'JWT' }],
    ['no typ', () => ({}), { typ: undefined }],
    ['another issuer', () => ({ iss: 'https://else.example' }), {}],
    ['no issuer', () => ({ iss: undefined }), {}],
    ['another audience', () => ({ aud: 'urn:other' }), {}],
    ['no audience', () => ({ aud: undefined }), {}],
    ['no end', () => ({ exp: undefined }), {}],
    ['an end before now', () => ({ exp: clock().getTime() / 1000 - 31 }), {}],
    ['a beginning after now', () => ({ nbf: clock().getTime() / 1000 + 31 }), {}],
    ['no user', () => ({ sub: undefined }), {}],
    ['a user that is a number', () => ({ sub: 7 }), {}],
    ['a user with a line break', () => ({ sub: 'a\nb' }), {}],
    ['a key that is for something else', () => ({}), { kid: 'e1' }],
  ])('%s is refused', async (_, more, head) => {
    const verify = oidc()
    await expect(verify(await token(more(), head))).rejects.toEqual(refusal())
  })

  test('no signature, one of another, a shared secret, or the public key taken for one', async () => {
    const verify = oidc()
    const parts = (await token()).split('.')
    const bare = (head: object, body: object = claims()) => [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const hmac = (content: string, secret: Buffer | string) => `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
    const confused = bare({ ...header, alg: 'HS256' })
    const critical = bare({ ...header, crit: ['x'], x: 1 })
    const forged = [
      `${critical}.${sign('sha256', Buffer.from(critical), rsa.privateKey).toString('base64url')}`,
      `${bare({ ...header, alg: 'none' })}.`,
      `${parts[0]}.${bare({}, { ...claims(), roles: ['mayor'] }).split('.')[1]}.${parts[2]}`,
      await token({}, {}, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      await token({}, { alg: 'HS256', kid: 's1' }, Buffer.alloc(32, 1)),
      hmac(confused, rsa.publicKey.export({ format: 'pem', type: 'spki' })),
      '',
      'a.b.c',
      `${'a'.repeat(20_000)}.b.c`,
    ]
    for (const each of forged) await expect(verify(each)).rejects.toEqual(refusal())
  })
})

describe('the keys of the issuer', () => {
  const asked = () => host.requests.filter((path) => path === '/realm/keys').length

  test('are fetched once for many tokens, again for a new key, and not again for made-up ones', async () => {
    const verify = oidc()
    const before = asked()
    await Promise.all(Array.from({ length: 20 }, async () => verify(await token())))
    expect(asked()).toBe(before + 1)
    const next = generateKeyPairSync('ed25519')
    host.answers.set('/realm/keys', { keys: [published('r1', rsa.publicKey), published('d1', next.publicKey)] })
    clock.forward(11)
    expect(await verify(await token({}, { alg: 'EdDSA', kid: 'd1' }, next.privateKey))).toMatchObject({ user: 'joan' })
    for (let each = 0; each < 5; each++) await expect(verify(await token({}, { kid: `made-up-${each}` }))).rejects.toEqual(refusal())
    expect(asked()).toBe(before + 2)
  })

  test('that cannot be fetched refuse, and are not asked for with each request; what was fetched before counts for a while', async () => {
    const verify = oidc()
    await verify(await token())
    host.answers.set(metadata, 'no JSON')
    clock.forward(601)
    expect(await verify(await token())).toMatchObject({ user: 'joan' })
    clock.forward(601)
    await expect(verify(await token())).rejects.toMatchObject({ code: 'peer-failed' })
    const before = host.requests.length
    await expect(verify(await token())).rejects.toMatchObject({ code: 'peer-failed' })
    expect(host.requests.length).toBe(before)
    host.answers.set(metadata, { issuer, jwks_uri: `${issuer}/keys` })
    clock.forward(11)
    expect(await verify(await token())).toMatchObject({ user: 'joan' })
  })

  test('metadata of another issuer, or keys at an address that may not be called, do not count', async () => {
    for (const document of [{ issuer: `${issuer}/`, jwks_uri: `${issuer}/keys` }, { issuer, jwks_uri: 'http://10.0.0.1/keys' }, { issuer, jwks_uri: 'file:///etc/passwd' }, { issuer }]) {
      host.answers.set(metadata, document)
      await expect(oidc()(await token())).rejects.toMatchObject({ code: 'peer-failed' })
    }
  })
})
