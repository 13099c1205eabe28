import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { Audit } from '../../src/audit/audit.ts'
import { isProblem } from '../../src/errors.ts'
import { automatic, manual } from '../../src/negotiation/decide.ts'
import type { NegotiationDecider } from '../../src/negotiation/decide.ts'
import type { NegotiationMessage } from '../../src/negotiation/messages.ts'
import { createNegotiations } from '../../src/negotiation/negotiations.ts'
import type { Negotiations } from '../../src/negotiation/negotiations.ts'
import { negotiationSteps, nextState } from '../../src/negotiation/state-machine.ts'
import type { NegotiationAct, NegotiationState } from '../../src/negotiation/state-machine.ts'
import { createOutbox } from '../../src/outbox/outbox.ts'
import type { Outbox } from '../../src/outbox/outbox.ts'
import type { Database } from '../../src/persistence/database.ts'
import type { Role } from '../../src/persistence/schema.ts'
import { openTestAudit } from '../helpers/audit.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { walks } from '../helpers/walks.ts'

const newId = () => `urn:uuid:${randomUUID()}`
const offer = { '@id': 'offer-1', '@type': 'Offer', target: 'dataset-1', permission: [{ action: 'use' }] } as const
const partner = { id: 'did:web:partner.example' }
const stranger = { id: 'did:web:stranger.example' }
const own = 'did:web:own.example'

let database: Database
let audit: Audit
let outbox: Outbox

function negotiationsWith(decide: NegotiationDecider): Negotiations {
  const clock = () => new Date()
  return createNegotiations({
    database,
    outbox,
    clock,
    newId,
    decide,
    audit,
    ownId: own,
    callbackAddress: 'http://own.example/dsp',
    currentOffer: async (_db, _partner, id) => (id === 'offer-1' ? { offerId: id, datasetId: 'dataset-1', policy: { permission: [{ action: 'use' }] }, decision: 'automatic' } : undefined),
    datasetFacts: async () => ({ kind: 'http', columns: [], dimensions: [], protectedUnits: [] }),
    onEnding: () => undefined,
    checkAddress: () => undefined,
    partnerAddress: async () => 'http://partner.example/dsp',
    deadlineMs: 60_000,
  })
}

beforeAll(async () => {
  database = await openTestDatabase()
  audit = await openTestAudit(database)
  outbox = createOutbox({ database, clock: () => new Date(), deliver: async () => ({ kind: 'delivered' }), onError: () => undefined, giveUpAfterMs: 1e9 })
})
afterAll(async () => {
  await outbox.settle()
  await outbox.stop()
  await database.close()
})

const acts = ['request', 'offer', 'accept', 'agree', 'verify', 'finalize', 'terminate'] as const satisfies readonly NegotiationAct[]

function messageOf(act: NegotiationAct, pids: { providerPid: string; consumerPid: string }): NegotiationMessage {
  const agreement = { '@id': newId(), '@type': 'Agreement', target: 'dataset-1', assigner: partner.id, assignee: own, timestamp: new Date().toISOString(), permission: [{ action: 'use' }] } as const
  const messages = {
    request: { '@type': 'ContractRequestMessage', ...pids, offer },
    offer: { '@type': 'ContractOfferMessage', ...pids, offer },
    accept: { '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'ACCEPTED' },
    finalize: { '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'FINALIZED' },
    agree: { '@type': 'ContractAgreementMessage', ...pids, agreement },
    verify: { '@type': 'ContractAgreementVerificationMessage', ...pids },
    terminate: { '@type': 'ContractNegotiationTerminationMessage', ...pids },
  } as const satisfies Record<NegotiationAct, NegotiationMessage>
  return { ...messages[act], '@id': newId() }
}

async function begin(negotiations: Negotiations, role: Role): Promise<{ id: string; pids: { providerPid: string; consumerPid: string } }> {
  const theirs = newId()
  if (role === 'provider') {
    const { providerPid } = await negotiations.receiveRequest(partner, { '@type': 'ContractRequestMessage', consumerPid: theirs, callbackAddress: 'http://partner.example/dsp', offer })
    return { id: providerPid, pids: { providerPid, consumerPid: theirs } }
  }
  const { id } = await negotiations.request({ partner: partner.id, offer })
  return { id, pids: { providerPid: theirs, consumerPid: id } }
}

const tried = fc.record({
  role: fc.constantFrom<Role>('provider', 'consumer'),
  steps: fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.record({ from: fc.constant('next' as const), act: fc.constantFrom(...acts) }) },
      { weight: 4, arbitrary: fc.record({ from: fc.constant('partner' as const), act: fc.constantFrom(...acts) }) },
      { weight: 3, arbitrary: fc.record({ from: fc.constant('us' as const), act: fc.constantFrom(...acts) }) },
      { weight: 1, arbitrary: fc.record({ from: fc.constant('stranger' as const), act: fc.constantFrom(...acts) }) },
      { weight: 1, arbitrary: fc.record({ from: fc.constant('wrong pids' as const), act: fc.constantFrom(...acts) }) },
    ),
    { minLength: 1, maxLength: 10 },
  ),
})

// Random acts alone seldom get far: this one is legal wherever there is a legal one other than the end.
function nextOf(state: NegotiationState, role: Role, wish: NegotiationAct): { from: 'partner' | 'us'; act: NegotiationAct } {
  const legal = acts.filter((act) => act !== 'terminate' && (nextState(state, act, 'provider') ?? nextState(state, act, 'consumer')) !== undefined)
  const act = legal[acts.indexOf(wish) % Math.max(legal.length, 1)] ?? wish
  return { act, from: nextState(state, act, role) === undefined ? 'partner' : 'us' }
}

// Every legal step is taken once for each role, by us where we may.
const everyStep = (['provider', 'consumer'] as const).flatMap((role) => {
  const anyone = (state: NegotiationState, act: NegotiationAct) => nextState(state, act, 'provider') ?? nextState(state, act, 'consumer')
  return walks('REQUESTED', acts, anyone).map((way): [{ role: Role; steps: { from: 'partner' | 'us'; act: NegotiationAct }[] }] => {
    let state: NegotiationState = 'REQUESTED'
    const steps = way.map((act) => {
      const from = nextState(state, act, role) === undefined ? 'partner' : 'us'
      state = anyone(state, act) ?? state
      return { from, act } as const
    })
    return [{ role, steps }]
  })
})

async function takeOurs(negotiations: Negotiations, id: string, act: NegotiationAct): Promise<void> {
  if (act === 'request' || act === 'offer') await negotiations.counter(id, offer)
  else await negotiations[act](id)
}

test('any act in any state by anyone changes the state only as the table allows', async () => {
  const negotiations = negotiationsWith(manual)
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(tried, async ({ role, steps }) => {
      const { id, pids } = await begin(negotiations, role)
      for (const step of steps) {
        const before = (await negotiations.get(id)).state
        const { from, act } = step.from === 'next' ? nextOf(before, role, step.act) : step
        const byUs = from === 'us'
        const sender: Role = byUs ? role : role === 'provider' ? 'consumer' : 'provider'
        // A counter by us is a request or an offer, whichever our role makes.
        const tryAct = byUs && (act === 'request' || act === 'offer') ? (role === 'consumer' ? 'request' : 'offer') : act
        const expected = from === 'partner' || byUs ? nextState(before, tryAct, sender) : undefined
        const message = messageOf(act, from === 'wrong pids' ? { ...pids, [role === 'provider' ? 'consumerPid' : 'providerPid']: newId() } : pids)
        const first = from === 'wrong pids' && (await negotiations.get(id)).counterpartyPid === null
        if (first) continue
        const done = byUs ? takeOurs(negotiations, id, act) : negotiations.receive(from === 'stranger' ? stranger : partner, id, message, JSON.stringify(message))
        const code = await done.then(() => undefined, (error: unknown) => (isProblem(error) ? error.code : 'bug'))
        const after = (await negotiations.get(id)).state
        seen.add(`${before} ${act} ${code ?? 'ok'}`)
        if (expected === undefined) {
          expect(after).toBe(before)
          expect(code).toBe(from === 'stranger' ? 'not-found' : from === 'wrong pids' ? 'pid-mismatch' : byUs ? 'conflict' : 'invalid-state')
        } else {
          expect(code).toBeUndefined()
          expect(after).toBe(expected)
        }
      }
    }),
    { numRuns: 250, examples: everyStep },
  )
  // The runs must have reached every legal step, or they prove nothing.
  for (const [state, steps] of Object.entries(negotiationSteps)) {
    if (state !== 'START') for (const act of Object.keys(steps)) expect(seen).toContain(`${state} ${act} ok`)
  }
})

test('no sequence reaches FINALIZED without AGREED and VERIFIED', () => {
  const reachable = (state: NegotiationState | 'START', without: NegotiationState, visited = new Set<string>()): boolean => {
    if (state === 'FINALIZED') return true
    visited.add(state)
    return acts.some((act) => (['provider', 'consumer'] as const).some((by) => {
      const to = nextState(state, act, by)
      return to !== undefined && to !== without && !visited.has(to) && reachable(to, without, visited)
    }))
  }
  expect(reachable('START', 'TERMINATED')).toBe(true)
  expect(reachable('START', 'AGREED')).toBe(false)
  expect(reachable('START', 'VERIFIED')).toBe(false)
})

test('the agreement must be what was asked for, from whom it was asked, for us', async () => {
  const negotiations = negotiationsWith(automatic)
  const wrong = [{ assigner: 'did:web:other.example' }, { assignee: 'did:web:other.example' }, { target: 'dataset-2' }, { permission: [{ action: 'use', constraint: [{ leftOperand: 'purpose', operator: 'eq', rightOperand: 'x' }] }] }]
  for (const fault of wrong) {
    const { id, pids } = await begin(negotiations, 'consumer')
    const message = messageOf('agree', pids)
    if (message['@type'] !== 'ContractAgreementMessage') throw new Error('not an agreement')
    const faulty = { ...message, agreement: { ...message.agreement, ...fault } }
    await negotiations.receive(partner, id, faulty, JSON.stringify(faulty))
    const negotiation = await negotiations.get(id)
    expect([negotiation.state, negotiation.agreementId]).toEqual(['TERMINATED', null])
    expect(negotiation.error).toMatch(/assigner|assignee|target|differs|rightOperand/)
  }
  const { id, pids } = await begin(negotiations, 'consumer')
  const good = messageOf('agree', pids)
  await negotiations.receive(partner, id, good, JSON.stringify(good))
  expect((await negotiations.get(id)).state).toBe('VERIFIED')
})

test('a message that comes twice counts once, and a second process id of the partner is refused', async () => {
  const negotiations = negotiationsWith(manual)
  const { id, pids } = await begin(negotiations, 'provider')
  await negotiations.offer({ partner: partner.id, offerId: 'offer-1' })
  await negotiations.counter(id, offer)
  const accept = messageOf('accept', pids)
  await negotiations.receive(partner, id, accept, '')
  await negotiations.receive(partner, id, accept, '')
  expect((await negotiations.get(id)).version).toBe(3)
  const other = await negotiations.offer({ partner: partner.id, offerId: 'offer-1' })
  const stolen = messageOf('terminate', { providerPid: other.id, consumerPid: pids.consumerPid })
  await expect(negotiations.receive(partner, other.id, stolen, '')).rejects.toMatchObject({ code: 'pid-mismatch' })
})

test('a negotiation without progress ends at its deadline, once', async () => {
  const { id } = await begin(negotiationsWith(manual), 'provider')
  await database.db.updateTable('negotiation').set({ deadline_at: new Date(0) }).where('id', '=', id).execute()
  const negotiations = negotiationsWith(manual)
  expect(await negotiations.endOverdue()).toBe(1)
  expect(await negotiations.endOverdue()).toBe(0)
  expect(await negotiations.get(id)).toMatchObject({ state: 'TERMINATED', error: 'No progress until the deadline.' })
})
