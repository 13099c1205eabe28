import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { insertAgreement } from '../../src/agreements/store.ts'
import type { Audit } from '../../src/audit/audit.ts'
import { isProblem } from '../../src/errors.ts'
import { createOutbox } from '../../src/outbox/outbox.ts'
import type { DueMessage, Outbox } from '../../src/outbox/outbox.ts'
import type { Database } from '../../src/persistence/database.ts'
import type { Role } from '../../src/persistence/schema.ts'
import { automatic, manual } from '../../src/transfer/decide.ts'
import type { TransferDecider } from '../../src/transfer/decide.ts'
import type { DataAddress, TransferMessage } from '../../src/transfer/messages.ts'
import { nextState, transferSteps } from '../../src/transfer/state-machine.ts'
import type { TransferAct, TransferState } from '../../src/transfer/state-machine.ts'
import { directionOf } from '../../src/transfer/transfer.ts'
import { createTransfers } from '../../src/transfer/transfers.ts'
import type { Transfers } from '../../src/transfer/transfers.ts'
import { openTestAudit } from '../helpers/audit.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { walks } from '../helpers/walks.ts'

const newId = () => `urn:uuid:${randomUUID()}`
const partner = { id: 'did:web:partner.example' }
const stranger = { id: 'did:web:stranger.example' }
const address: DataAddress = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint: 'http://own.example/data/1' }

let database: Database
let audit: Audit
let outbox: Outbox
let sent: DueMessage[] = []
let revoked: string[] = []

async function transfersWith(decide: TransferDecider): Promise<Transfers> {
  const clock = () => new Date()
  for (const [role, id] of [['provider', 'agreement-out'], ['consumer', 'agreement-in']] as const) {
    const now = clock()
    const agreement = { '@id': id, '@type': 'Agreement', target: 'dataset-1', assigner: 'a', assignee: 'b', timestamp: now.toISOString(), permission: [{ action: 'use' }] } as const
    await insertAgreement(database.db, { id, role, negotiationId: newId(), counterparty: partner.id, assigner: 'a', assignee: 'b', datasetId: 'dataset-1', message: '{}', messageSha256: '', agreement, signedAt: now.toISOString(), createdAt: now, finalizedAt: now })
  }
  return createTransfers({
    database,
    outbox,
    clock,
    newId,
    decide,
    directionOf,
    audit,
    dataPlane: { openEndpoint: async () => address, openInbox: async () => address, revokeTokens: async (_tx, id) => void revoked.push(id) },
    callbackAddress: 'http://own.example/dsp',
    checkAddress: () => undefined,
    partnerAddress: async () => 'http://partner.example/dsp',
  })
}

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database)
  const deliver = async (message: DueMessage) => {
    sent.push(message)
    return { kind: 'delivered' } as const
  }
  outbox = createOutbox({ database, clock: () => new Date(), deliver, onError: () => undefined, giveUpAfterMs: 1e9 })
})
beforeEach(() => {
  sent = []
  revoked = []
})
afterAll(async () => {
  await outbox.settle()
  await outbox.stop()
  await database.close()
})

const acts = ['start', 'suspend', 'complete', 'terminate'] as const satisfies readonly TransferAct[]
type Act = (typeof acts)[number]

function messageOf(act: Act, pids: { providerPid: string; consumerPid: string }): TransferMessage {
  const types = { start: 'TransferStartMessage', suspend: 'TransferSuspensionMessage', complete: 'TransferCompletionMessage', terminate: 'TransferTerminationMessage' } as const
  return { '@type': types[act], '@id': newId(), ...pids }
}

function startWithAddress(pids: { providerPid: string; consumerPid: string }): TransferMessage {
  return { '@type': 'TransferStartMessage', '@id': newId(), ...pids, dataAddress: address }
}

async function begin(transfers: Transfers, role: Role): Promise<{ id: string; pids: { providerPid: string; consumerPid: string } }> {
  const theirs = newId()
  if (role === 'provider') {
    const { providerPid } = await transfers.receiveRequest(partner, { '@type': 'TransferRequestMessage', consumerPid: theirs, agreementId: 'agreement-out', format: 'HttpData-PULL', callbackAddress: 'http://partner.example/dsp' })
    return { id: providerPid, pids: { providerPid, consumerPid: theirs } }
  }
  const { id } = await transfers.request({ agreementId: 'agreement-in', format: 'HttpData-PULL' })
  return { id, pids: { providerPid: theirs, consumerPid: id } }
}

function nextOf(state: TransferState, role: Role, wish: Act): { from: 'partner' | 'us'; act: Act } {
  const legal = acts.filter((act) => act !== 'terminate' && (nextState(state, act, 'provider') ?? nextState(state, act, 'consumer')) !== undefined)
  const act = legal[acts.indexOf(wish) % Math.max(legal.length, 1)] ?? wish
  return { act, from: nextState(state, act, role) === undefined ? 'partner' : 'us' }
}

// Every legal step is taken once for each role, by us where we may.
const everyStep = (['provider', 'consumer'] as const).flatMap((role) => {
  const anyone = (state: TransferState, act: Act) => nextState(state, act, 'provider') ?? nextState(state, act, 'consumer')
  return walks('REQUESTED', acts, anyone).map((way): [Role, { from: 'partner' | 'us'; act: Act }[]] => {
    let state: TransferState = 'REQUESTED'
    const taken = way.map((act) => {
      const from = nextState(state, act, role) === undefined ? 'partner' : 'us'
      state = anyone(state, act) ?? state
      return { from, act } as const
    })
    return [role, taken]
  })
})

const act = fc.constantFrom(...acts)
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ from: fc.constant('next' as const), act }) },
    { weight: 4, arbitrary: fc.record({ from: fc.constant('partner' as const), act }) },
    { weight: 3, arbitrary: fc.record({ from: fc.constant('us' as const), act }) },
    { weight: 1, arbitrary: fc.record({ from: fc.constant('stranger' as const), act }) },
  ),
  { minLength: 1, maxLength: 10 },
)

test('any act in any state by anyone changes the state only as the table allows, and ends tokens with it', async () => {
  const transfers = await transfersWith(manual)
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom<Role>('provider', 'consumer'), steps, async (role, chosen) => {
      const { id, pids } = await begin(transfers, role)
      const other: Role = role === 'provider' ? 'consumer' : 'provider'
      for (const step of chosen) {
        const { state: before, suspendedBy } = await transfers.get(id)
        const { from, act: tried } = step.from === 'next' ? nextOf(before, role, step.act) : step
        const legal = from === 'stranger' ? undefined : nextState(before, tried, from === 'us' ? role : other)
        // What the provider suspended, the consumer cannot resume; and our own start is a start or a resumption.
        const barred = tried === 'start' && suspendedBy === 'provider' && (from === 'us' ? role : other) === 'consumer'
        // A start that comes within seconds of our own suspension was sent before it: it is taken, and the suspension counts.
        const crossed = tried === 'start' && from === 'partner' && role === 'consumer' && suspendedBy === 'consumer'
        const expected = barred ? undefined : crossed ? before : legal
        const ours = tried === 'start' && before === 'SUSPENDED' ? 'resume' : tried
        const done = from === 'us' ? transfers[ours](id) : transfers.receive(from === 'stranger' ? stranger : partner, id, messageOf(tried, pids))
        const code = await done.then(() => undefined, (error: unknown) => (isProblem(error) ? error.code : 'bug'))
        const after = (await transfers.get(id)).state
        expect([code, after]).toEqual(expected === undefined ? [from === 'stranger' ? 'not-found' : from === 'us' ? 'conflict' : 'invalid-state', before] : [undefined, expected])
        if (code === undefined && !crossed) seen.add(`${before} ${tried}`)
        if (code === undefined && after !== 'STARTED') expect(revoked.at(-1)).toBe(id)
      }
    }),
    { numRuns: 250, examples: everyStep },
  )
  for (const [state, allowed] of Object.entries(transferSteps)) {
    if (state !== 'START') for (const name of Object.keys(allowed)) expect(seen).toContain(`${state} ${name}`)
  }
})

test('a consumer that resumes is given a new address; one that we suspended stays out', async () => {
  const transfers = await transfersWith(automatic)
  const { id, pids } = await begin(transfers, 'provider')
  expect((await transfers.get(id)).state).toBe('STARTED')
  await transfers.receive(partner, id, messageOf('suspend', pids))
  await transfers.receive(partner, id, messageOf('start', pids))
  outbox.wake()
  await outbox.settle()
  const starts = sent.filter(({ name, processId }) => name === 'TransferStartMessage' && processId === id)
  expect(starts).toHaveLength(2)
  for (const { body } of starts) expect(JSON.parse(body)).toMatchObject({ dataAddress: address })
  await transfers.suspend(id)
  await expect(transfers.receive(partner, id, messageOf('start', pids))).rejects.toMatchObject({ code: 'invalid-state' })
})

test('as consumer, the address of a resumed transfer comes with a start of the provider and changes no state', async () => {
  const transfers = await transfersWith(automatic)
  const { id, pids } = await begin(transfers, 'consumer')
  await transfers.receive(partner, id, startWithAddress(pids))
  expect(await transfers.dataAddress(id)).toEqual(address)
  await transfers.suspend(id)
  await transfers.resume(id)
  await expect(transfers.dataAddress(id)).rejects.toMatchObject({ code: 'conflict' })
  await transfers.receive(partner, id, startWithAddress(pids))
  expect(await transfers.dataAddress(id)).toEqual(address)
  await expect(transfers.receive(partner, id, startWithAddress(pids))).rejects.toMatchObject({ code: 'invalid-state' })
})

test('a request is idempotent on sender and consumer process id together', async () => {
  const transfers = await transfersWith(manual)
  const request = { '@type': 'TransferRequestMessage', consumerPid: newId(), agreementId: 'agreement-out', format: 'HttpData-PULL', callbackAddress: 'http://partner.example/dsp' } as const
  const answers = await Promise.all(Array.from({ length: 8 }, () => transfers.receiveRequest(partner, request)))
  expect(new Set(answers.map(({ providerPid }) => providerPid)).size).toBe(1)
  await expect(transfers.receiveRequest(stranger, request)).rejects.toMatchObject({ code: 'not-found' })
  await expect(transfers.receiveRequest(partner, { ...request, consumerPid: newId(), agreementId: 'agreement-in' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(transfers.receiveRequest(partner, { ...request, consumerPid: newId(), format: 'Kafka' })).rejects.toMatchObject({ code: 'unsupported-format' })
})
