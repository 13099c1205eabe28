import { afterEach, beforeAll, afterAll, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { createOutbox } from '../../src/outbox/outbox.ts'
import type { Delivery, DueMessage, Outbox, OutboxMessage } from '../../src/outbox/outbox.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase } from '../helpers/database.ts'

let database: Database
const open: Outbox[] = []
beforeAll(async () => {
  database = await openTestDatabase()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((outbox) => outbox.stop()))
  await database.db.deleteFrom('outbox').execute()
})
afterAll(() => database.close())

function outboxWith(deliver: (message: DueMessage) => Promise<Delivery>, clock = () => new Date()): Outbox {
  const outbox = createOutbox({ database, clock, deliver, onError: (error) => { throw error }, giveUpAfterMs: 5 * 86_400_000 })
  open.push(outbox)
  return outbox
}

function message(processId: string, name: string): OutboxMessage {
  return { id: `urn:uuid:${randomUUID()}`, kind: 'dsp', processId, name, recipient: 'did:web:partner.example', url: 'http://partner.example/', body: '{}' }
}

const put = (outbox: Outbox, ...messages: OutboxMessage[]) => database.transaction(async (tx) => {
  for (const one of messages) await outbox.enqueue(tx, one)
})

test('nothing is sent before the commit, nor after a roll-back, nor before it is woken', async () => {
  const sent: string[] = []
  const outbox = outboxWith(async ({ name }) => {
    sent.push(name)
    return { kind: 'delivered' }
  })
  await database.transaction(async (tx) => {
    await outbox.enqueue(tx, message('p', 'lost'))
    throw new Error('no')
  }).catch(() => undefined)
  await put(outbox, message('p', 'kept'))
  expect(sent).toEqual([])
  outbox.wake()
  await outbox.settle()
  expect(sent).toEqual(['kept'])
  expect(await outbox.count()).toEqual({ pending: 0, refused: 0 })
})

test('messages of one process go out in their order, those of others beside them', async () => {
  const sent: string[] = []
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const outbox = outboxWith(async ({ name }) => {
    if (name === 'a1') await held
    sent.push(name)
    return { kind: 'delivered' }
  })
  await put(outbox, message('a', 'a1'), message('a', 'a2'), message('b', 'b1'))
  await put(outbox, message('a', 'a3'))
  outbox.wake()
  while (!sent.includes('b1')) await new Promise((resolve) => { setImmediate(resolve) })
  expect(sent).toEqual(['b1'])
  release()
  await outbox.settle()
  expect(sent).toEqual(['b1', 'a1', 'a2', 'a3'])
})

test('what fails waits longer each time, is listed with its reason, and can be retried at once', async () => {
  let now = new Date('2026-01-01T00:00:00Z')
  let answer: Delivery = { kind: 'again', reason: 'away' }
  const outbox = outboxWith(async () => answer, () => now)
  const waits: number[] = []
  const one = message('c', 'Message')
  await put(outbox, one)
  outbox.wake()
  await outbox.settle()
  for (let attempt = 0; attempt < 6; attempt++) {
    const [item] = await outbox.list({ limit: 10 })
    if (item === undefined) throw new Error('the message is gone')
    expect(item).toMatchObject({ status: 'pending', attempts: attempt + 1, lastError: 'away' })
    waits.push(item.nextAttemptAt.getTime() - now.getTime())
    now = item.nextAttemptAt
    await outbox.retry(one.id)
    await outbox.settle()
  }
  for (const [index, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(125 * 2 ** index)
    expect(wait).toBeLessThanOrEqual(250 * 2 ** index)
  }
  answer = { kind: 'delivered' }
  await outbox.retry(one.id)
  await outbox.settle()
  expect(await outbox.list({ limit: 10 })).toEqual([])
  await expect(outbox.retry(one.id)).rejects.toMatchObject({ code: 'not-found' })
})

test('a refused message stays visible and lets the next one of its process through', async () => {
  const outbox = outboxWith(async ({ name }) => (name === 'bad' ? { kind: 'refused', reason: 'never' } : { kind: 'delivered' }))
  await put(outbox, message('d', 'bad'), message('d', 'good'))
  outbox.wake()
  await outbox.settle()
  expect(await outbox.list({ limit: 10 })).toMatchObject([{ name: 'bad', status: 'refused', lastError: 'never' }])
})

test('what a dead worker left is taken by another once its lease is over, and by nobody before', async () => {
  let now = new Date('2026-01-01T00:00:00Z')
  const dead = outboxWith(() => new Promise(() => undefined), () => now)
  const sent: string[] = []
  const other = outboxWith(async ({ name }) => {
    sent.push(name)
    return { kind: 'delivered' }
  }, () => now)
  const one = message('e', 'left')
  await put(dead, one)
  await other.retry(one.id)
  await other.settle()
  expect(sent).toEqual([])
  now = new Date(now.getTime() + 12_000)
  await other.retry(one.id)
  await other.settle()
  expect(sent).toEqual(['left'])
})

test('what is to be tried again is tried in time while other messages are still being sent', async () => {
  const slow = Promise.withResolvers<void>()
  const twice = Promise.withResolvers<void>()
  const outbox = outboxWith(async ({ name, attempts }) => {
    if (name === 'slow') await slow.promise
    else if (attempts === 0) return { kind: 'again', reason: 'not yet', afterMs: name === 'soon' ? 20 : 60 }
    else if (name === 'later') twice.resolve()
    return { kind: 'delivered' }
  })
  await put(outbox, message('f', 'slow'), message('g', 'soon'), message('h', 'later'))
  outbox.wake()
  await twice.promise
  slow.resolve()
  await outbox.settle()
  expect(await outbox.count()).toEqual({ pending: 0, refused: 0 })
  // Messages that are overlooked are found after 4 s.
}, 3900)

test('many messages that are put back while others are claimed are all tried again, none left with a lease nobody holds', async () => {
  const all = Promise.withResolvers<void>()
  let waiting = 200
  const outbox = outboxWith(async ({ attempts }) => {
    if (attempts < 3) return { kind: 'again', reason: 'not yet', afterMs: attempts }
    if (--waiting === 0) all.resolve()
    return { kind: 'delivered' }
  })
  await Promise.all(Array.from({ length: waiting }, (_, index) => put(outbox, message(`many-${index}`, 'again'))))
  outbox.wake()
  await all.promise
  await outbox.settle()
  expect(await outbox.count()).toEqual({ pending: 0, refused: 0 })
  // A lease is over after 12 s.
}, 11_000)
