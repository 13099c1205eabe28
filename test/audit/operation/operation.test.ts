import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSocket } from 'node:dgram'
import type { Audit } from '../../../src/audit/audit.ts'
import { watchClock } from '../../../src/audit/operation/backward-clock.ts'
import { reportClock } from '../../../src/audit/operation/clock-report.ts'
import { createSeenKeys, recordOwnKeys } from '../../../src/audit/operation/keys.ts'
import { toldSettings } from '../../../src/audit/operation/settings.ts'
import { queryNtp } from '../../../src/audit/operation/sntp.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'

let database: Database
let audit: Audit

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database)
})

afterAll(() => database.close())

const now = new Date('2026-11-21T10:00:00.000Z')
const clock = () => now
const secondsTo1970 = 2_208_988_800

interface NtpOptions {
  readonly first?: number
  readonly stratum?: number
  readonly offsetMs?: number
  /** Sent before the answer: something that is none. */
  readonly noise?: Buffer
}

/** An NTP server whose clock is `offsetMs` ahead. */
async function ntpServer(options: NtpOptions): Promise<{ address: string; [Symbol.asyncDispose](): Promise<void> }> {
  const socket = createSocket('udp4')
  socket.on('message', (question, from) => {
    const answer = Buffer.alloc(48)
    answer[0] = options.first ?? 0b00_100_100
    answer[1] = options.stratum ?? 2
    question.copy(answer, 24, 40, 48)
    const time = (now.getTime() + (options.offsetMs ?? 0)) / 1000 + secondsTo1970
    for (const at of [32, 40]) {
      answer.writeUInt32BE(Math.floor(time) % 2 ** 32, at)
      answer.writeUInt32BE(Math.floor((time % 1) * 2 ** 32), at + 4)
    }
    if (options.noise !== undefined) socket.send(options.noise, from.port, from.address)
    socket.send(answer, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { address: `127.0.0.1:${socket.address().port}`, [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) }
}

describe('the clock', () => {
  test.each([0, 1500, -250])('is compared with an NTP server that is %d ms ahead', async (offsetMs) => {
    await using server = await ntpServer({ offsetMs })
    expect(await queryNtp(server.address, { clock })).toEqual({ offsetMs, roundTripMs: 0 })
  })

  test('answers that are none, or to another question, are passed over', async () => {
    await using server = await ntpServer({ offsetMs: 500, noise: Buffer.alloc(48, 7) })
    expect(await queryNtp(server.address, { clock })).toMatchObject({ offsetMs: 500 })
  })

  test.each([
    ['refuses', { stratum: 0 }],
    ['is not synchronised', { first: 0b11_100_100 }],
    ['answers in another mode', { first: 0b00_100_011 }],
    ['is below any stratum', { stratum: 16 }],
  ])('a server that %s tells no time', async (_what, options) => {
    await using server = await ntpServer(options)
    await expect(queryNtp(server.address, { clock })).rejects.toThrow('not synchronised')
  })

  test('a server that does not answer is recorded as such', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    await expect(queryNtp(`127.0.0.1:${socket.address().port}`, { clock, timeoutMs: 30 })).rejects.toThrow('no answer')
    socket.close()
    await reportClock({ database, audit, clock, ntpServer: 'ntp.invalid', onError: () => undefined })
    const [entry] = await audit.entries({ type: 'connector.clock', limit: 10 })
    expect(entry).toMatchObject({ source: 'ntp:ntp.invalid', authenticated: false, failure: expect.any(String) })
  })

  test('without a server it is compared with the database, where that is another machine', async () => {
    await reportClock({ database, audit, clock: () => new Date(), ntpServer: undefined, onError: () => undefined })
    const entry = (await audit.entries({ type: 'connector.clock', limit: 10 })).at(-1)
    if (database.kind === 'pglite') expect(entry).toMatchObject({ source: 'system' })
    else expect(entry).toMatchObject({ source: 'database', offsetMs: expect.any(Number) })
  })

  test('tells when it goes back by more than a second, from the newest record on, and bends no time', () => {
    const times = [now.getTime() + 5000, now.getTime() + 4500, now.getTime() + 9000, now.getTime() + 3000, now.getTime() + 3001]
    const told: object[] = []
    const watched = watchClock(() => new Date(times.shift() ?? 0), new Date(now.getTime() + 60_000))
    expect(watched.clock()).toEqual(new Date(now.getTime() + 5000))
    watched.tell((step) => told.push(step))
    expect(told).toEqual([{ before: new Date(now.getTime() + 60_000), byMs: 55_000 }])
    for (let n = 0; n < 4; n++) watched.clock()
    expect(told.slice(1)).toEqual([{ before: new Date(now.getTime() + 9000), byMs: 6000 }])
  })
})

describe('settings', () => {
  const secret = Buffer.alloc(32, 3)

  test('are told by value where they are no secrets, and by a keyed digest where they may be', () => {
    const told = toldSettings({ DATABASE_URL: 'postgres://u:hunter2@db/x', CONCORDAT_LOG_LEVEL: 'info', CONCORDAT_POSTGRESQL_CITY: 'postgres://city', CONCORDAT_INVENTED: 'value' }, secret)
    expect(told).toEqual({ CONCORDAT_INVENTED: expect.stringMatching(/^hmac-sha256:/), CONCORDAT_LOG_LEVEL: 'info', CONCORDAT_POSTGRESQL_CITY: expect.stringMatching(/^hmac-sha256:/), DATABASE_URL: expect.stringMatching(/^hmac-sha256:/) })
    expect(JSON.stringify(told)).not.toContain('hunter2')
  })

  test('that change have another digest, the same under the same key only', () => {
    const of = (value: string, key: Buffer) => toldSettings({ DATABASE_URL: value }, key)['DATABASE_URL']
    expect(of('a', secret)).toBe(of('a', secret))
    expect(of('b', secret)).not.toBe(of('a', secret))
    expect(of('a', Buffer.alloc(32, 4))).not.toBe(of('a', secret))
  })
})

describe('keys', () => {
  const key = (owner: string, x: string) => ({ owner, kid: `${owner}#1`, jwk: { kty: 'OKP', crv: 'Ed25519', x } })
  const errors: unknown[] = []
  const seenKeys = () => createSeenKeys({ audit, onError: (error) => errors.push(error) })

  test('of partners are recorded once, also after a restart, and again when they change', async () => {
    const first = seenKeys()
    for (let n = 0; n < 3; n++) first.seen(key('did:web:p', 'x1'))
    await first.settle()
    const second = seenKeys()
    second.seen(key('did:web:p', 'x1'))
    second.seen(key('did:web:p', 'x2'))
    await second.settle()
    const seen = await audit.entries({ type: 'key.seen', partner: 'did:web:p', limit: 10 })
    expect(seen.map(({ kid, jwk }) => ({ kid, jwk }))).toEqual([key('did:web:p', 'x1'), key('did:web:p', 'x2')].map(({ kid, jwk }) => ({ kid, jwk })))
    expect(errors).toEqual([])
  })

  test('of partners that cannot be recorded are tried again', async () => {
    let fails = true
    const keys = createSeenKeys({ audit: { ...audit, record: (record) => (fails ? Promise.reject(new Error('no')) : audit.record(record)) }, onError: (error) => errors.push(error) })
    keys.seen(key('did:web:q', 'x1'))
    await keys.settle()
    fails = false
    keys.seen(key('did:web:q', 'x1'))
    await keys.settle()
    expect(errors).toHaveLength(1)
    expect(await audit.entries({ type: 'key.seen', partner: 'did:web:q', limit: 10 })).toHaveLength(1)
  })

  test('of our own are recorded at the first start', async () => {
    const own = [key('did:web:us', 'x1')]
    await recordOwnKeys({ audit }, own)
    await recordOwnKeys({ audit }, own)
    expect(await audit.entries({ type: 'key.created', limit: 10 })).toHaveLength(1)
  })
})
