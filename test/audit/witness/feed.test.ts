import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import type { Audit, AuditRecord } from '../../../src/audit/audit.ts'
import { prepareRecord } from '../../../src/audit/personal/commit.ts'
import type { WitnessAddress } from '../../../src/audit/witness/ask.ts'
import { createFeeder } from '../../../src/audit/witness/feed.ts'
import { cosignedCheckpoint, publishedCheckpoint } from '../../../src/audit/witness/published.ts'
import { cosignedSize, insertCheckpoint, newestCosigned, pruneCheckpoints, putCosignature } from '../../../src/audit/witness/store.ts'
import { ProblemError } from '../../../src/errors.ts'
import type { OutboundAnswer } from '../../../src/http/guarded-fetch.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { ed25519Cosigner } from '../../../src/tlog/cosignature.ts'
import { parseNote, signatureLine, vkeyOf } from '../../../src/tlog/note.ts'
import { parseAddCheckpoint } from '../../../src/tlog/witness-messages.ts'
import { openTestAudit } from '../../helpers/audit.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { until } from '../../helpers/until.ts'

let database: Database
let audit: Audit
let now = new Date('2026-05-04T10:00:00Z')
const clock = () => now
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database, { clock })
})
afterAll(() => database.close())

const keys = new Map(['one', 'two'].map((name) => [`${name}.example/witness`, generateKeyPairSync('ed25519')]))
const addresses: WitnessAddress[] = [...keys].map(([name, { publicKey }]) => ({ name, vkeys: [vkeyOf(name, 4, publicKey)], url: `https://${name}`, partner: `did:web:${name.split('/')[0]}` }))
let known = addresses
let unread: string[] = []
let calls: string[] = []
let answer: (name: string, body: string) => Promise<OutboundAnswer> = honest
let records: AuditRecord[] = []

beforeEach(() => {
  known = addresses
  unread = []
  calls = []
  answer = honest
  records = []
})

async function honest(name: string, body: string): Promise<OutboundAnswer> {
  const key = keys.get(name)
  if (key === undefined) throw new Error(`There is no witness ${name}`)
  return { status: 200, headers: {}, body: Buffer.from(signatureLine(parseNote(parseAddCheckpoint(body).checkpoint).text, ed25519Cosigner(name, key.privateKey, clock))) }
}

function openFeeder(intervalMs = 3_600_000) {
  return createFeeder({
    database,
    clock,
    log: audit.log,
    directory: audit.directory,
    intervalMs,
    witnesses: async () => ({ found: known, unread }),
    record: async (record) => {
      prepareRecord(record)
      records.push(record)
    },
    onError: (error) => {
      throw error
    },
    http: {
      fetch: async (url, request) => {
        const name = url.replace('https://', '').replace(/\/(add-checkpoint|[0-9a-f]{64}\/checkpoint)$/, '')
        calls.push(name)
        return answer(name, typeof request?.body === 'string' ? request.body : '')
      },
    },
  })
}

const grow = () => audit.record({ type: 'test.grow' })
const unreachable = async (): Promise<OutboundAnswer> => {
  throw new ProblemError('peer-timeout', 'It did not answer in time.')
}

test('at its start everybody is asked; then after what matters', async () => {
  const feeder = openFeeder()
  await grow()
  feeder.start()
  await feeder.settle()
  expect(calls.toSorted()).toEqual([...keys.keys()])
  expect(records.map(({ type }) => type)).toEqual(['witness.added', 'witness.added'])
  await grow()
  await feeder.settle()
  expect(calls).toHaveLength(2)
  feeder.wake()
  feeder.wake()
  await until(() => feeder.states(), (states) => states.every(({ lag }) => lag === 0))
  expect(calls).toHaveLength(4)
  await feeder.stop()
})

test('at intervals those are asked that lag, and nobody when the log has not grown', async () => {
  const feeder = openFeeder(20)
  await feeder.ask()
  calls = []
  feeder.start()
  await until(() => calls.length, (count) => count >= 2)
  await feeder.settle()
  const asked = calls.length
  await grow()
  await until(() => feeder.states(), (states) => states.every(({ lag }) => lag === 0))
  await feeder.stop()
  expect(calls).toHaveLength(asked + 2)
})

test('a witness that is silent holds up nobody; its alarm comes after five minutes, once, and ends', async () => {
  const feeder = openFeeder()
  const [silent = ''] = keys.keys()
  answer = (name, body) => (name === silent ? unreachable() : honest(name, body))
  await grow()
  const states = await feeder.ask()
  expect(states.map(({ name, lag, failure }) => ({ name, behind: lag > 0, failure }))).toEqual([
    { name: silent, behind: true, failure: 'It did not answer in time.' },
    { name: [...keys.keys()][1], behind: false, failure: null },
  ])
  expect(records).toEqual([])
  later(290)
  await feeder.ask()
  expect(records).toEqual([])
  later(20)
  await feeder.ask()
  later(600)
  await feeder.ask()
  expect(records).toMatchObject([{ type: 'witness.lagging', witness: silent, partner: 'did:web:one.example', reason: 'It did not answer in time.', since: expect.any(String) }])
  answer = honest
  expect(await feeder.ask()).toMatchObject([{ lag: 0, failure: null, failingSince: null, alarmedAt: null }, {}])
  expect(records.at(-1)).toMatchObject({ type: 'witness.recovered', witness: silent })
})

test('two processes do not ask one witness at once', async () => {
  await grow()
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  answer = async (name, body) => {
    await held
    return honest(name, body)
  }
  const [first, second] = [openFeeder(), openFeeder()]
  const asking = first.ask()
  await until(() => calls.length, (count) => count === 2)
  await second.ask()
  expect(calls).toHaveLength(2)
  release()
  await asking
})

test('a witness that cannot be read about stays one; one that is no partner any more does not', async () => {
  const feeder = openFeeder()
  const [one, two] = addresses
  known = two === undefined ? [] : [two]
  unread = [one?.partner ?? '']
  await grow()
  expect(await feeder.ask()).toMatchObject([{ name: one?.name, lag: 0 }, { name: two?.name, lag: 0 }])
  unread = []
  expect(await feeder.ask()).toMatchObject([{ name: two?.name }])
})

test('a fresh cosigned checkpoint is shown; an old one gives way to what is newer', async () => {
  const feeder = openFeeder()
  await feeder.ask()
  const deps = { database, log: audit.log, clock }
  const cosigned = await publishedCheckpoint(deps)
  expect(cosigned?.note.match(/^— .*witness /gm)).toHaveLength(2)
  await grow()
  expect(await publishedCheckpoint(deps)).toEqual(cosigned)
  later(301)
  const newest = await publishedCheckpoint(deps)
  expect(newest?.size).toBe((cosigned?.size ?? 0) + 1)
  expect(newest?.note).not.toContain('witness')
  expect(await cosignedCheckpoint(deps)).toEqual(cosigned)
})

test('of the checkpoints those stay that somebody needs', async () => {
  const { db } = database
  const origin = 'us.example/log/1999'
  const at = new Date('2026-05-04T12:00:00Z')
  const hours = [...Array(96).keys()].map((back) => 95 - back)
  for (const [place, back] of hours.entries()) {
    for (const half of [0, 1]) {
      const size = place * 2 + half + 1
      const made = new Date(at.getTime() - back * 3_600_000 + half * 60_000)
      await insertCheckpoint(db, { origin, size, note: `${size}` }, made)
      await putCosignature(db, { origin, size, witness: 'always', line: 'x' }, made)
    }
  }
  await putCosignature(db, { origin, size: 21, witness: 'once', line: 'y' }, at)
  await pruneCheckpoints(db, new Date(at.getTime() + 7_200_000))
  const kept = await db.selectFrom('audit_checkpoint').select('size').where('origin', '=', origin).orderBy('size').execute()
  // One for each of the last hours, one for each day before, the newest, and the last of a witness that came no more.
  expect(kept.length).toBeLessThan(32)
  expect(kept.length).toBeGreaterThan(24)
  expect(kept.map(({ size }) => size)).toContain(21)
  expect(await cosignedSize(db, origin, 'once')).toBe(21)
  expect(await newestCosigned(db, origin, 1000)).toMatchObject({ size: 192, lines: ['x'] })
  const left = await db.selectFrom('audit_cosignature').select('size').where('origin', '=', origin).where('witness', '=', 'always').execute()
  expect(left).toHaveLength(kept.length)
})
