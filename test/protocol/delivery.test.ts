import { expect, test } from 'vitest'
import type { DueMessage } from '../../src/outbox/outbox.ts'
import { createDelivery } from '../../src/protocol/delivery.ts'
import type { Answer } from '../../src/protocol/delivery.ts'

const message: DueMessage = { id: 'm1', kind: 'dsp', processId: 'p1', name: 'ContractAgreementMessage', recipient: 'did:web:partner.example', url: 'https://partner.example/negotiations/c1/agreement', body: '{}', attempts: 0 }

/** A delivery to a partner that answers one after the other, and says its process is in `state`. */
function deliveryTo(answers: readonly Answer[], state?: string) {
  const waiting = [...answers]
  const failed: { reason: string; tell: boolean }[] = []
  const processes = {
    get: async () => {
      throw new Error('is not asked')
    },
    acknowledge: async () => undefined,
    giveWay: async () => undefined,
    fail: async (_id: string, failure: { reason: string; tell: boolean }) => void failed.push(failure),
  }
  const deliver = createDelivery({
    negotiations: processes,
    transfers: processes,
    post: async () => {
      const answer = waiting.shift()
      if (answer === undefined) throw new Error('is not called again')
      return answer
    },
    peerState: async () => state,
  })
  return { failed, deliver: (attempts = 0) => deliver({ ...message, attempts }) }
}

const refusal = (status: number): Answer => ({ status, body: { code: 'no', reason: ['not now'] } })

test('a refusal is tried again soon, and the fourth one ends the process', async () => {
  const { failed, deliver } = deliveryTo(Array.from({ length: 4 }, () => refusal(404)))
  for (let attempts = 0; attempts < 3; attempts++) expect(await deliver(attempts)).toMatchObject({ kind: 'again', afterMs: 150 })
  expect(await deliver(3)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('404: no') })
  expect(failed).toEqual([{ reason: expect.stringContaining('not now'), tell: true }])
})

test('a refusal after a long outage is as new as any', async () => {
  const { failed, deliver } = deliveryTo([refusal(503), refusal(409), refusal(503), refusal(404), { status: 200 }])
  const kinds = []
  for (let attempts = 100; attempts < 105; attempts++) kinds.push((await deliver(attempts)).kind)
  expect(kinds).toEqual(['again', 'again', 'again', 'again', 'delivered'])
  expect(failed).toEqual([])
})

test('a conflict is tried again at once, then less often, for half a minute', async () => {
  const { failed, deliver } = deliveryTo(Array.from({ length: 60 }, () => refusal(409)))
  const waits: number[] = []
  for (let attempts = 0; attempts < 59; attempts++) {
    const delivery = await deliver(attempts)
    if (delivery.kind === 'again') waits.push(delivery.afterMs ?? 0)
  }
  expect([waits.slice(0, 20).every((wait) => wait === 50), waits.slice(20).every((wait) => wait === 500), waits.length]).toEqual([true, true, 59])
  expect((await deliver(59)).kind).toBe('refused')
  expect(failed).toHaveLength(1)
})

test('what the partner has reached counts as delivered, and what it has ended ends here without a word', async () => {
  for (const state of ['AGREED', 'VERIFIED', 'FINALIZED']) expect((await deliveryTo([refusal(409)], state).deliver()).kind).toBe('delivered')
  const ended = deliveryTo([refusal(409)], 'TERMINATED')
  expect((await ended.deliver()).kind).toBe('delivered')
  expect(ended.failed).toEqual([{ reason: 'The partner ended the process.', tell: false }])
  expect((await deliveryTo([refusal(409)], 'REQUESTED').deliver()).kind).toBe('again')
})
