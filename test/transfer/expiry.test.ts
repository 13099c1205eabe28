import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { insertAgreement } from '../../src/agreements/store.ts'
import { createOutbox } from '../../src/outbox/outbox.ts'
import type { DueMessage } from '../../src/outbox/outbox.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import type { Database } from '../../src/persistence/database.ts'
import { automatic } from '../../src/transfer/decide.ts'
import { createExpiry } from '../../src/transfer/expiry.ts'
import { insertTransfer } from '../../src/transfer/store.ts'
import { createTransfers } from '../../src/transfer/transfers.ts'
import { auditFolder, emptyRecord, openTestAudit } from '../helpers/audit.ts'
import { onPostgresql, openTestDatabase, testDatabaseLocation } from '../helpers/database.ts'

const start = new Date('2026-03-02T09:30:00Z')
const after = (ms: number) => new Date(start.getTime() + ms)

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  for (const table of ['outbox', 'transfer', 'agreement'] as const) await database.db.deleteFrom(table).execute()
  await emptyRecord(database)
})

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** One replica: its own clock, and a timer that fires when the test says so. */
async function startReplica(database: Database, directory?: string) {
  let now = start
  let armed: { milliseconds: number; work: () => void } | undefined
  const revoked: string[] = []
  const errors: unknown[] = []
  const clock = () => now
  const sent: { processId: string; name: string; body: string }[] = []
  const deliver = async (message: DueMessage) => {
    sent.push(message)
    return { kind: 'delivered' } as const
  }
  const outbox = createOutbox({ database, clock, deliver, onError: (error) => errors.push(error), giveUpAfterMs: 1000 })
  const audit = await openTestAudit(database, { clock, ...(directory === undefined ? {} : { directory }) })
  const transfers = createTransfers({
    database,
    audit,
    outbox,
    clock,
    newId: () => `urn:uuid:${randomUUID()}`,
    callbackAddress: 'http://own.example/dsp',
    decide: automatic,
    directionOf: () => 'pull',
    checkAddress: () => undefined,
    partnerAddress: async () => 'http://partner.example/dsp',
    dataPlane: {
      openEndpoint: async () => ({ '@type': 'DataAddress', endpointType: 'x' }),
      openInbox: async () => ({ '@type': 'DataAddress', endpointType: 'x' }),
      revokeTokens: async (_, id) => void revoked.push(id),
    },
  })
  const expiry = createExpiry({
    database,
    clock,
    endOutlived: () => transfers.endOutlived(),
    onError: (error) => errors.push(error),
    timer: (milliseconds, work) => {
      armed = { milliseconds, work }
      return () => {
        armed = undefined
      }
    },
  })
  closers.push(async () => {
    await expiry.stop()
    await outbox.stop()
    await audit.close()
  })
  return {
    audit,
    transfers,
    expiry,
    revoked,
    errors,
    sent: async () => {
      await outbox.settle()
      return sent
    },
    waits: () => armed?.milliseconds,
    setClock: (time: Date) => {
      now = time
    },
    /** Fires the timer that is armed, and waits until what it does is done. */
    fire: async (time: Date) => {
      now = time
      const { work } = armed ?? { work: () => undefined }
      armed = undefined
      work()
      await expiry.settle()
    },
    start: async () => {
      expiry.start()
      await expiry.settle()
    },
  }
}

/** An agreement that ends then, with a transfer in each state. */
async function keep(database: Database, endsAt: Date | null, role: 'provider' | 'consumer' = 'provider'): Promise<Record<'REQUESTED' | 'STARTED' | 'SUSPENDED' | 'COMPLETED', string>> {
  const id = `urn:uuid:${randomUUID()}`
  const agreement = { '@id': id, '@type': 'Agreement', target: 'data', assigner: 'a', assignee: 'b', timestamp: start.toISOString(), permission: [{ action: 'use' }] } as const
  await insertAgreement(database.db, { id, role, negotiationId: id, counterparty: 'did:web:partner.example', assigner: 'a', assignee: 'b', datasetId: 'data', message: '{}', messageSha256: '', agreement, signedAt: start.toISOString(), createdAt: start, finalizedAt: start, endsAt })
  const ids = { REQUESTED: '', STARTED: '', SUSPENDED: '', COMPLETED: '' }
  for (const state of ['REQUESTED', 'STARTED', 'SUSPENDED', 'COMPLETED'] as const) {
    ids[state] = `urn:uuid:${randomUUID()}`
    await insertTransfer(database.db, { id: ids[state], role, counterparty: 'did:web:partner.example', counterpartyPid: randomUUID(), counterpartyAddress: 'http://partner.example/dsp', state, agreementId: id, datasetId: 'data', format: 'HttpData-PULL', dataAddress: null, suspendedBy: state === 'SUSPENDED' ? 'provider' : null, reason: null, error: null, version: 1, createdAt: start, updatedAt: start })
  }
  return ids
}

const statesOf = async (replica: Awaited<ReturnType<typeof startReplica>>, ids: Record<string, string>) => Promise.all(Object.values(ids).map(async (id) => (await replica.transfers.get(id)).state))
const running = ['REQUESTED', 'STARTED', 'SUSPENDED', 'COMPLETED']
const ended = ['TERMINATED', 'TERMINATED', 'TERMINATED', 'COMPLETED']

test.each(['provider', 'consumer'] as const)('as %s, transfers end when their agreement does, not a millisecond earlier, and the other side is owed the news', async (role) => {
  const replica = await startReplica(database)
  const [ids, unlimited] = [await keep(database, after(5000), role), await keep(database, null, role)]
  await replica.start()
  expect(replica.waits()).toBe(5001)
  await replica.fire(after(5000))
  expect([await statesOf(replica, ids), replica.waits()]).toEqual([running, 1])
  await replica.fire(after(5001))
  expect(await statesOf(replica, ids)).toEqual(ended)
  expect(await statesOf(replica, unlimited)).toEqual(running)
  expect(await replica.transfers.get(ids.STARTED)).toMatchObject({ error: 'The agreement has ended.' })
  expect(replica.revoked.toSorted()).toEqual([ids.REQUESTED, ids.STARTED, ids.SUSPENDED].toSorted())
  const owed = await replica.sent()
  expect(owed.map(({ processId }) => processId).toSorted()).toEqual([ids.REQUESTED, ids.STARTED, ids.SUSPENDED].toSorted())
  expect(owed.every(({ name, body }) => name === 'TransferTerminationMessage' && body.includes('"agreement-ended"'))).toBe(true)
  expect(replica.errors).toEqual([])
})

test('what ended while nobody ran ends as soon as somebody does', async () => {
  const ids = await keep(database, after(-86_400_000))
  const replica = await startReplica(database)
  await replica.start()
  expect(await statesOf(replica, ids)).toEqual(ended)
})

test('an agreement that is kept moves the timer to its end; a far end is waited for in pieces', async () => {
  const replica = await startReplica(database)
  await keep(database, after(90 * 86_400_000))
  await replica.start()
  expect(replica.waits()).toBe(60_000)
  const ids = await keep(database, after(2000))
  replica.expiry.expect(after(2000))
  expect(replica.waits()).toBe(2001)
  replica.expiry.expect(after(9000))
  expect(replica.waits()).toBe(2001)
  await replica.fire(after(2001))
  expect([await statesOf(replica, ids), replica.waits()]).toEqual([ended, 60_000])
  await replica.expiry.stop()
  expect(replica.waits()).toBeUndefined()
})

test('an agreement that is kept while transfers are being ended is not overlooked', async () => {
  const replica = await startReplica(database)
  await keep(database, after(50_000))
  replica.expiry.start()
  // As yet it is not committed where the round looks for the next end.
  replica.expiry.expect(after(1000))
  await replica.expiry.settle()
  expect(replica.waits()).toBe(1001)
})

test('a fault is told, and tried again', async () => {
  const errors: unknown[] = []
  const waits: number[] = []
  const expiry = createExpiry({ database, clock: () => start, endOutlived: () => Promise.reject(new Error('no database')), onError: (error) => errors.push(error), timer: (milliseconds) => (waits.push(milliseconds), () => undefined) })
  expiry.start()
  await expiry.settle()
  expect([errors, waits]).toEqual([[new Error('no database')], [5000]])
  await expiry.stop()
})

const replicated = onPostgresql ? test : test.skip
if (!onPostgresql) console.info('Two replicas that end transfers need PostgreSQL (TEST_DATABASE_URL).')

replicated('two replicas end each transfer once', async () => {
  const location = await testDatabaseLocation()
  const [one, two] = [await openDatabase(location), await openDatabase(location)]
  closers.push(() => one.close(), () => two.close())
  const directory = await auditFolder()
  const replicas = [await startReplica(one, directory), await startReplica(two, directory)]
  const kept = []
  for (let n = 0; n < 60; n++) kept.push(await keep(one, after(1000)))
  for (const replica of replicas) replica.setClock(after(1001))
  await Promise.all(replicas.map((replica) => replica.start()))
  const [first] = replicas
  if (first === undefined) throw new Error('There is no replica')
  for (const ids of kept) expect(await statesOf(first, ids)).toEqual(ended)
  const records = await first.audit.entries({ limit: 1000, type: 'transfer.terminated' })
  expect(records).toHaveLength(180)
  expect(new Set(records.map(({ transfer }) => transfer)).size).toBe(180)
  expect(replicas.flatMap(({ errors }) => errors)).toEqual([])
})
