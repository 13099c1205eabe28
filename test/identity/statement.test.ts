import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { requestDigest } from '../../src/identity/statement.ts'
import type { StatedRequest } from '../../src/identity/statement.ts'
import { openHost, openParticipant, signed, testClock } from './participant.ts'
import type { Host, Participant, TestClock } from './participant.ts'

const refusal = (why = '') => expect.objectContaining({ name: 'ProblemError', code: 'statement-refused', message: expect.stringContaining(why) })
const digest = requestDigest({ method: 'GET', path: '', query: '?select=a' })

let clock: TestClock
let us: Participant
beforeAll(async () => {
  clock = testClock()
  us = await openParticipant(clock)
})
afterAll(() => us.close())

describe('between two connectors', () => {
  let them: Participant
  beforeEach(async () => {
    them = await openParticipant(clock)
  })
  afterEach(() => them.close())
  const input = () => ({ audience: us.identity.id, agreement: 'urn:uuid:a', transfer: 'urn:uuid:t', purpose: 'https://w3id.org/dpv#Purpose', role: 'analyst', user: 'x1', request: digest, idempotencyKey: 'k-1' })

  test('a statement says who asks for what, and each is another', async () => {
    const jws = await them.identity.signStatement(input())
    const { audience, ...rest } = input()
    const now = clock().getTime()
    const statement = await us.identity.readStatement(jws)
    expect(statement).toEqual({ ...rest, audience, issuer: them.identity.id, id: expect.any(String), issuedAt: new Date(now), expiresAt: new Date(now + 90_000) })
    expect(decodeProtectedHeader(jws)).toEqual({ alg: 'EdDSA', typ: 'concordat-statement+jwt', kid: expect.stringMatching(new RegExp(`^${them.identity.id}#[\\w-]{43}$`)) })
    const { iat = 0, exp } = decodeJwt(jws)
    expect(exp).toBe(iat + 60)
    expect((await us.identity.readStatement(await them.identity.signStatement(input()))).id).not.toBe(statement.id)
  })

  test('what is left out is absent', async () => {
    const { audience, agreement, transfer, request } = input()
    const statement = await us.identity.readStatement(await them.identity.signStatement({ audience, agreement, transfer, request }))
    expect(Object.keys(statement).toSorted()).toEqual(['agreement', 'audience', 'expiresAt', 'id', 'issuedAt', 'issuer', 'request', 'transfer'])
  })

  test('to another audience, after its time, or changed, it counts for nothing', async () => {
    const jws = await them.identity.signStatement(input())
    await expect(them.identity.readStatement(jws)).rejects.toEqual(refusal('audience'))
    const [header = '', payload = '', signature = ''] = jws.split('.')
    const other = Buffer.from(JSON.stringify({ ...decodeJwt(jws), role: 'mayor' })).toString('base64url')
    await expect(us.identity.readStatement(`${header}.${other}.${signature}`)).rejects.toEqual(refusal('signature'))
    await expect(us.identity.readStatement(`${header}.${payload}.${'A'.repeat(86)}`)).rejects.toEqual(refusal('signature'))
    clock.forward(89)
    await us.identity.readStatement(jws)
    clock.forward(1)
    await expect(us.identity.readStatement(jws)).rejects.toEqual(refusal('expired'))
  })

  test('a bearer token is no statement, and a statement no bearer token', async () => {
    const token = (await them.identity.authorization(us.identity.id)).slice(7)
    await expect(us.identity.readStatement(token)).rejects.toEqual(refusal('typ'))
    await expect(us.identity.caller(`Bearer ${await them.identity.signStatement(input())}`)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('it outlives the rotation of the key that signed it', async () => {
    const jws = await them.identity.signStatement(input())
    await them.identity.rotate()
    clock.forward(11)
    const next = await them.identity.signStatement(input())
    expect(decodeProtectedHeader(next).kid).not.toBe(decodeProtectedHeader(jws).kid)
    await us.identity.readStatement(jws)
    await us.identity.readStatement(next)
  })
})

describe('forged', () => {
  let host: Host
  let key: KeyObject
  beforeAll(async () => {
    host = await openHost()
    const pair = generateKeyPairSync('ed25519')
    key = pair.privateKey
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const method = (id: string, publicKey: KeyObject) => ({ id: `${host.did}#${id}`, type: 'JsonWebKey', controller: host.did, publicKeyJwk: publicKey.export({ format: 'jwk' }) })
    ecKey = ec.privateKey
    host.answers.set('/.well-known/did.json', { id: host.did, verificationMethod: [method('ed', pair.publicKey), method('ec', ec.publicKey)], authentication: [`${host.did}#ed`, `${host.did}#ec`] })
  })
  afterAll(() => host.close())
  let ecKey: KeyObject

  const claims = () => {
    const iat = clock().getTime() / 1000
    return { iss: host.did, aud: us.identity.id, jti: 'j', iat, exp: iat + 60, agreement: 'a', transfer: 't', request: digest }
  }
  const header = () => ({ alg: 'EdDSA', typ: 'concordat-statement+jwt', kid: `${host.did}#ed` })
  const jws = async (more: Record<string, unknown> = {}, head: Record<string, unknown> = {}, by = key) => (await signed(by, { ...header(), ...head }, { ...claims(), ...more })).slice(7)

  test('the same by hand is taken, also with ES256', async () => {
    expect(await us.identity.readStatement(await jws())).toMatchObject({ issuer: host.did, id: 'j' })
    expect(await us.identity.readStatement(await jws({}, { alg: 'ES256', kid: `${host.did}#ec` }, ecKey))).toMatchObject({ issuer: host.did })
  })

  const later = (seconds: number) => clock().getTime() / 1000 + seconds
  test.each<[string, () => Record<string, unknown>, string]>([
    ['no iss', () => ({ iss: undefined }), 'iss'],
    ['an iss that is no DID', () => ({ iss: 'https://a.example' }), 'iss'],
    ['an iss that has no key here', () => ({ iss: 'did:web:else.example' }), 'kid'],
    ['a list of audiences', () => ({ aud: [us.identity.id, host.did] }), 'audience'],
    ['no jti', () => ({ jti: undefined }), 'jti'],
    ['a jti that is a number', () => ({ jti: 7 }), 'jti'],
    ['no exp', () => ({ exp: undefined }), 'exp'],
    ['an exp that is text', () => ({ exp: '9999999999' }), 'exp'],
    ['an exp far away', () => ({ exp: later(61) }), '60 seconds'],
    ['times that are not whole', () => ({ iat: later(0.5) }), 'whole seconds'],
    ['an iat in the future', () => ({ iat: later(31), exp: later(60) }), 'future'],
    ['an exp before its iat', () => ({ iat: later(10), exp: later(5) }), '60 seconds'],
    ['an nbf in the future', () => ({ nbf: later(31) }), 'not valid yet'],
    ['no agreement', () => ({ agreement: undefined }), 'agreement'],
    ['a transfer that is a list', () => ({ transfer: ['t'] }), 'transfer'],
    ['a digest of another form', () => ({ request: 'abc' }), 'request'],
    ['an empty role', () => ({ role: '' }), 'role'],
    ['a role with a line break', () => ({ role: 'a\nb' }), 'role'],
    ['a purpose with half a character', () => ({ purpose: '\ud800' }), 'purpose'],
    ['a role that is an object', () => ({ role: { toString: 'analyst' } }), 'role'],
    ['a null purpose', () => ({ purpose: null }), 'purpose'],
    ['a user without end', () => ({ user: 'u'.repeat(1001) }), 'user'],
  ])('%s', async (_, more, why) => {
    await expect(us.identity.readStatement(await jws(more()))).rejects.toEqual(refusal(why))
  })

  test.each<[string, () => Record<string, unknown>, string]>([
    ['another typ', () => ({ typ: 'JWT' }), 'typ'],
    ['no typ', () => ({ typ: undefined }), 'typ'],
    ['an unknown critical header', () => ({ crit: ['b64'], b64: true }), 'critical'],
    ['a kid of another DID', () => ({ kid: `${us.identity.id}#ed` }), 'kid'],
    ['a kid that is not there', () => ({ kid: `${host.did}#none` }), 'not in the DID document'],
    ['a kid of another kind of key', () => ({ kid: `${host.did}#ec` }), 'algorithm'],
  ])('%s', async (_, head, why) => {
    await expect(us.identity.readStatement(await jws({}, head()))).rejects.toEqual(refusal(why))
  })

  test('no signature, a shared secret, or no token at all', async () => {
    const bare = [{ ...header(), alg: 'none' }, claims()].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const secret = (await signed(Buffer.alloc(32, 1), { ...header(), alg: 'HS256' }, claims())).slice(7)
    for (const text of ['', 'x', `${bare}.`, secret, `${bare}.${'A'.repeat(86)}`, 'a.b.c', 'A'.repeat(9000), `${'A'.repeat(20)}.AAAA.${'A'.repeat(86)}`]) await expect(us.identity.readStatement(text)).rejects.toEqual(refusal())
  })

  test('somebody who is no partner is refused before anything is fetched', async () => {
    const careful = await openParticipant(clock, async () => false)
    const asked = host.requests.length
    await expect(careful.identity.readStatement(await jws({ aud: careful.identity.id }))).rejects.toEqual(refusal('partner'))
    expect(host.requests.length).toBe(asked)
    await careful.close()
  })

  test('whether somebody is a partner is not looked up for each of its statements', async () => {
    let lookedUp = 0
    const careful = await openParticipant(clock, async () => (lookedUp += 1) > 0)
    for (let each = 0; each < 5; each++) await careful.identity.readStatement(await jws({ aud: careful.identity.id, jti: `j${each}` }))
    expect(lookedUp).toBe(1)
    clock.forward(31)
    await careful.identity.readStatement(await jws({ aud: careful.identity.id }))
    expect(lookedUp).toBe(2)
    await careful.close()
  })
})

describe('the digest of a request', () => {
  const request = fc.record<StatedRequest>({ method: fc.constantFrom('GET', 'HEAD', 'POST'), path: fc.string(), query: fc.string() }, { requiredKeys: ['method', 'path', 'query'] })
  const part = fc.option(fc.string(), { nil: undefined })
  const whole = fc.tuple(request, part, part, part).map(([first, accept, range, prefer]) => ({ ...first, accept, range, prefer }))

  test('is the same for the same parts only', () => {
    const parts = (each: StatedRequest) => [each.method, each.path, each.query, each.accept ?? null, each.range ?? null, each.prefer ?? null]
    fc.assert(
      fc.property(whole, whole, (one, other) => {
        expect(requestDigest(one)).toBe(requestDigest({ ...one }))
        expect(requestDigest(one) === requestDigest(other)).toBe(JSON.stringify(parts(one)) === JSON.stringify(parts(other)))
      }),
    )
  })

  test('no part runs into the next, and absent is not empty', () => {
    const base = { method: 'GET', path: '/a', query: '?b' }
    const variants = [base, { ...base, path: '/a?b', query: '' }, { ...base, path: '/a","?b', query: '' }, { ...base, accept: '' }, { ...base, range: '' }, { ...base, accept: 'null' }, { ...base, prefer: '' }]
    expect(new Set(variants.map(requestDigest)).size).toBe(variants.length)
    expect(requestDigest(base)).toMatch(/^[\w-]{43}$/)
  })
})
