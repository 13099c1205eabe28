import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { openHost, openParticipant, signed, testClock } from './participant.ts'
import type { Host, Participant, TestClock } from './participant.ts'

const refusal = expect.objectContaining({ name: 'ProblemError', code: 'unauthenticated' })

describe('between two connectors', () => {
  let clock: TestClock
  let us: Participant
  let them: Participant
  beforeEach(async () => {
    clock = testClock()
    us = await openParticipant(clock)
    them = await openParticipant(clock)
  })
  afterEach(async () => {
    await us.close()
    await them.close()
  })

  test('a token proves its sender', async () => {
    const authorization = await them.identity.authorization(us.identity.id)
    expect(authorization).toMatch(/^Bearer /)
    expect(await us.identity.caller(authorization)).toBe(them.identity.id)
    const token = authorization.slice(7)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: expect.stringMatching(new RegExp(`^${them.identity.id}#[\\w-]{43}$`)) })
    const { iat = 0, ...claims } = decodeJwt(token)
    expect(claims).toEqual({ iss: them.identity.id, sub: them.identity.id, aud: us.identity.id, jti: expect.any(String), exp: iat + 300 })
    expect(iat).toBe(clock().getTime() / 1000)
  })

  test('a token serves an audience for a minute; then another is made', async () => {
    const first = await them.identity.authorization(us.identity.id)
    expect(await them.identity.authorization(us.identity.id)).toBe(first)
    expect(await them.identity.authorization('did:web:else.example')).not.toBe(first)
    clock.forward(61)
    const second = await them.identity.authorization(us.identity.id)
    expect(decodeJwt(second.slice(7)).jti).not.toBe(decodeJwt(first.slice(7)).jti)
    expect(await us.identity.caller(second)).toBe(them.identity.id)
  })

  test('replayed to another audience, it proves nothing', async () => {
    const other = await openParticipant(clock)
    const authorization = await them.identity.authorization(us.identity.id)
    await expect(other.identity.caller(authorization)).rejects.toEqual(refusal)
    await expect(them.identity.caller(authorization)).rejects.toEqual(refusal)
    await other.close()
  })

  test('it expires, also when it was verified before', async () => {
    const authorization = await them.identity.authorization(us.identity.id)
    await us.identity.caller(authorization)
    clock.forward(299)
    expect(await us.identity.caller(authorization)).toBe(them.identity.id)
    clock.forward(31)
    await expect(us.identity.caller(authorization)).rejects.toEqual(refusal)
  })

  test('a burst costs one verification and one fetch', async () => {
    const authorization = await them.identity.authorization(us.identity.id)
    await Promise.all(Array.from({ length: 50 }, () => us.identity.caller(authorization)))
    expect(them.host.requests).toEqual(['/.well-known/did.json'])
  })

  test('what is changed in a token breaks it', async () => {
    const authorization = await them.identity.authorization(us.identity.id)
    const [header = '', payload = '', signature = ''] = authorization.slice(7).split('.')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const claims = { ...decodeJwt(authorization.slice(7)), jti: 'another' }
    await expect(us.identity.caller(`Bearer ${header}.${payload}.${flipped}`)).rejects.toEqual(refusal)
    await expect(us.identity.caller(`Bearer ${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`)).rejects.toEqual(refusal)
  })

  test('strangers are not even looked up when the register is asked first', async () => {
    const careful = await openParticipant(clock, async () => false)
    await expect(careful.identity.caller(await them.identity.authorization(careful.identity.id))).rejects.toEqual(refusal)
    expect(them.host.requests).toEqual([])
    await careful.close()
  })

  test('keys change without downtime, and the old key goes when its tokens are over', async () => {
    const before = await them.identity.authorization(us.identity.id)
    expect(await us.identity.caller(before)).toBe(them.identity.id)
    const { kid, previousUntil } = await them.identity.rotate()
    expect(them.identity.document()?.verificationMethod.map((method) => method.id)).toEqual([decodeProtectedHeader(before.slice(7)).kid, kid])
    // Every second, a token of the moment is accepted: by one who knew the old document, and by one who comes new.
    for (let second = 0; second < 80; second++) {
      const now = await them.identity.authorization(us.identity.id)
      expect(await us.identity.caller(now)).toBe(them.identity.id)
      expect(decodeProtectedHeader(now.slice(7)).kid === kid).toBe(second >= 10)
      clock.forward(1)
    }
    expect(await us.identity.caller(before)).toBe(them.identity.id)
    clock.forward((Date.parse(previousUntil) - clock().getTime()) / 1000)
    expect(them.identity.document()?.verificationMethod.map((method) => method.id)).toEqual([kid])
    expect(await us.identity.caller(await them.identity.authorization(us.identity.id))).toBe(them.identity.id)
  })
})

describe('tokens of a participant that makes them by hand', () => {
  const clock = testClock()
  const ed = generateKeyPairSync('ed25519')
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const unlisted = generateKeyPairSync('ed25519')
  const stranger = generateKeyPairSync('ed25519')
  let us: Participant
  let host: Host

  const method = (name: string, key: KeyObject) => ({ id: `${host.did}#${name}`, type: 'JsonWebKey', controller: host.did, publicKeyJwk: key.export({ format: 'jwk' }) })
  beforeAll(async () => {
    us = await openParticipant(clock)
    host = await openHost()
    host.answers.set('/.well-known/did.json', {
      id: host.did,
      verificationMethod: [
        method('ed', ed.publicKey), method('ec', ec.publicKey), method('p384', p384.publicKey), method('unlisted', unlisted.publicKey),
        { ...method('controlled', ed.publicKey), controller: 'did:web:else.example' },
        { ...method('secret', ed.publicKey), publicKeyJwk: { kty: 'oct', k: Buffer.from('secret').toString('base64url') } },
        { ...method('encryption', ed.publicKey), publicKeyJwk: { ...ed.publicKey.export({ format: 'jwk' }), use: 'enc' } },
        { ...method('foreign', stranger.publicKey), id: `${us.identity.id}#foreign`, controller: undefined },
        { id: '#relative', type: 'JsonWebKey2020', controller: host.did, publicKeyJwk: ed.publicKey.export({ format: 'jwk' }) },
      ],
      authentication: ['#relative', `${host.did}#ed`, `${host.did}#p384`, `${host.did}#controlled`, `${host.did}#secret`, `${host.did}#encryption`, `${us.identity.id}#foreign`, method('embedded', ed.publicKey), 5, null],
      assertionMethod: `${host.did}#ec`,
    })
  })
  afterAll(async () => {
    await us.close()
    await host.close()
  })

  const now = () => clock().getTime() / 1000
  const claims = (changed: Record<string, unknown> = {}) => ({ iss: host.did, sub: host.did, aud: us.identity.id, jti: 'j', iat: now(), exp: now() + 60, ...changed })
  const kid = (name: string) => `${host.did}#${name}`
  const unsigned = (header: unknown, payload: unknown) => [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')

  test.each([
    ['EdDSA', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ed') }, claims())],
    ['ES256', () => signed(ec.privateKey, { alg: 'ES256', kid: kid('ec') }, claims())],
    ['a key with a relative id', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('relative') }, claims())],
    ['a key within authentication', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('embedded') }, claims())],
    ['an audience in a list of one', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ed') }, claims({ aud: [us.identity.id] }))],
    ['clocks 30 s apart', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ed') }, claims({ iat: now() + 29, nbf: now() + 29 }))],
    ['just expired', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ed') }, claims({ iat: now() - 60, exp: now() - 29 }))],
    ['five minutes', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ed') }, claims({ exp: now() + 300 }))],
    ['a scheme in lower case', async () => (await signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ed') }, claims())).replace('Bearer', 'bearer')],
  ])('accepted: %s', async (_, token) => {
    expect(await us.identity.caller(await token())).toBe(host.did)
  })

  const good = { alg: 'EdDSA', get kid() { return kid('ed') } }
  test.each<[string, () => string | undefined | Promise<string>]>([
    ['no header', () => undefined],
    ['an empty header', () => ''],
    ['another scheme', () => 'Basic dXNlcjpwYXNz'],
    ['JSON in place of a token', () => '{"region":"eu","clientId":"x"}'],
    ['rubbish', () => 'Bearer a.b.c'],
    ['two tokens', async () => `${await signed(ed.privateKey, good, claims())}, Bearer x.y.z`],
    ['alg none, no signature', () => `Bearer ${unsigned({ alg: 'none', kid: kid('ed') }, claims())}.`],
    ['alg none, some signature', () => `Bearer ${unsigned({ alg: 'none', kid: kid('ed') }, claims())}.AAAA`],
    ['alg of a prototype', () => `Bearer ${unsigned({ alg: 'constructor', kid: kid('ed') }, claims())}.AAAA`],
    ['HS256 with the public key (PEM) as secret', () => hmac('HS256', Buffer.from(ed.publicKey.export({ format: 'pem', type: 'spki' })))],
    ['HS256 with the public key (x) as secret', () => hmac('HS256', Buffer.from(String(ed.publicKey.export({ format: 'jwk' }).x), 'base64url'))],
    ['HS256 with an oct key of the document', () => signed(Buffer.from('secret'.padEnd(32)), { alg: 'HS256', kid: kid('secret') }, claims())],
    ['ES256 named over an Ed25519 key', () => signed(ec.privateKey, { alg: 'ES256', kid: kid('ed') }, claims())],
    ['EdDSA named over a P-256 key', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('ec') }, claims())],
    ['ES384', () => signed(p384.privateKey, { alg: 'ES384', kid: kid('p384') }, claims())],
    ['signed by a stranger', () => signed(stranger.privateKey, good, claims())],
    ['kid of another DID', () => signed(ed.privateKey, { alg: 'EdDSA', kid: `${us.identity.id}#ed` }, claims())],
    ['kid of another DID that the document carries', () => signed(stranger.privateKey, { alg: 'EdDSA', kid: `${us.identity.id}#foreign` }, claims({ iss: us.identity.id, sub: us.identity.id }))],
    ['kid that only begins like the issuer', () => signed(ed.privateKey, { alg: 'EdDSA', kid: `${host.did}1#ed` }, claims())],
    ['kid without DID', () => signed(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }, claims())],
    ['no kid', () => signed(ed.privateKey, { alg: 'EdDSA' }, claims())],
    ['kid that is not in the document', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('gone') }, claims())],
    ['key under no purpose', () => signed(unlisted.privateKey, { alg: 'EdDSA', kid: kid('unlisted') }, claims())],
    ['key that another controls', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('controlled') }, claims())],
    ['key for encryption', () => signed(ed.privateKey, { alg: 'EdDSA', kid: kid('encryption') }, claims())],
    ['jwk in the header', () => signed(stranger.privateKey, { ...good, kid: kid('ed'), jwk: stranger.publicKey.export({ format: 'jwk' }) }, claims())],
    ['crit', () => signed(ed.privateKey, { ...good, kid: kid('ed'), crit: ['b64'], b64: true }, claims())],
    ['another audience', () => signed(ed.privateKey, good, claims({ aud: host.did }))],
    ['our id within a list', () => signed(ed.privateKey, good, claims({ aud: [us.identity.id, 'did:web:else.example'] }))],
    ['an audience that begins like ours', () => signed(ed.privateKey, good, claims({ aud: `${us.identity.id}:a` }))],
    ['no audience', () => signed(ed.privateKey, good, claims({ aud: undefined }))],
    ['sub of another', () => signed(ed.privateKey, good, claims({ sub: us.identity.id }))],
    ['no sub', () => signed(ed.privateKey, good, claims({ sub: undefined }))],
    ['iss that is no DID', () => signed(ed.privateKey, good, claims({ iss: 'https://example.org', sub: 'https://example.org' }))],
    ['iss that is a private address', () => signed(ed.privateKey, { alg: 'EdDSA', kid: 'did:web:169.254.169.254#ed' }, claims({ iss: 'did:web:169.254.169.254', sub: 'did:web:169.254.169.254' }))],
    ['iss with a path that climbs', () => signed(ed.privateKey, { alg: 'EdDSA', kid: `${host.did}:..:x#ed` }, claims({ iss: `${host.did}:..:x`, sub: `${host.did}:..:x` }))],
    ['no jti', () => signed(ed.privateKey, good, claims({ jti: undefined }))],
    ['no iat', () => signed(ed.privateKey, good, claims({ iat: undefined }))],
    ['no exp', () => signed(ed.privateKey, good, claims({ exp: undefined }))],
    ['exp as text', () => `Bearer ${unsigned({ alg: 'EdDSA', kid: kid('ed') }, claims({ exp: '9999999999' }))}.AAAA`],
    ['expired', () => signed(ed.privateKey, good, claims({ iat: now() - 100, exp: now() - 30 }))],
    ['iat in the future', () => signed(ed.privateKey, good, claims({ iat: now() + 31 }))],
    ['nbf in the future', () => signed(ed.privateKey, good, claims({ nbf: now() + 31 }))],
    ['exp too long after iat', () => signed(ed.privateKey, good, claims({ exp: now() + 301 }))],
    ['exp before iat', () => signed(ed.privateKey, good, claims({ iat: now() + 20, exp: now() + 10 }))],
    ['a token beyond 8 KiB', () => signed(ed.privateKey, good, claims({ more: 'a'.repeat(9000) }))],
  ])('refused: %s', async (_, token) => {
    await expect(us.identity.caller(await token())).rejects.toEqual(refusal)
  })

  function hmac(alg: string, secret: Buffer): string {
    const text = unsigned({ alg, kid: kid('ed') }, claims())
    return `Bearer ${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }

  test('a key removed from the document ends its tokens once the document is read again', async () => {
    const place = await openHost()
    const pair = generateKeyPairSync('ed25519')
    const id = `${place.did}#k`
    const document = { id: place.did, verificationMethod: [{ id, controller: place.did, publicKeyJwk: createPublicKey(pair.privateKey).export({ format: 'jwk' }) }], authentication: [id] }
    place.answers.set('/.well-known/did.json', document)
    const at = testClock()
    const receiver = await openParticipant(at)
    const make = () => signed(pair.privateKey, { alg: 'EdDSA', kid: id }, { iss: place.did, sub: place.did, aud: receiver.identity.id, jti: 'j', iat: at().getTime() / 1000, exp: at().getTime() / 1000 + 300 })
    const early = await make()
    expect(await receiver.identity.caller(early)).toBe(place.did)
    at.forward(280)
    const late = await make()
    expect(await receiver.identity.caller(late)).toBe(place.did)
    place.answers.set('/.well-known/did.json', { ...document, authentication: [] })
    // The document counts for 300 s, the verified token for 30 s: after both, the key is gone.
    at.forward(31)
    await expect(receiver.identity.caller(late)).rejects.toEqual(refusal)
    await receiver.close()
    await place.close()
  })
})
