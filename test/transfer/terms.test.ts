import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { insertObligations } from '../../src/agreements/obligations/store.ts'
import { insertAgreement } from '../../src/agreements/store.ts'
import { readDataAddress } from '../../src/dataplane/data-address.ts'
import type { DataAddress } from '../../src/dataplane/data-address.ts'
import { updatePartner } from '../../src/identity/store.ts'
import type { PolicyTerms } from '../../src/policy/odrl.ts'
import { odrlIri, profileIri } from '../../src/policy/profile.ts'
import { readPolicy } from '../../src/policy/read/read.ts'
import { termsOf } from '../../src/policy/terms/terms.ts'
import type { TransferDecider } from '../../src/transfer/decide.ts'
import { automatic } from '../../src/transfer/decide.ts'
import { bearerIdentity, startCounterparty } from '../helpers/counterparty.ts'
import type { Counterparty } from '../helpers/counterparty.ts'
import { acquaint, startTestConnector } from '../helpers/dataspace.ts'
import type { TestConnector } from '../helpers/dataspace.ts'
import { constraint, duration, permitted, until as validUntil } from '../helpers/terms.ts'

const own = 'did:web:own.example'
const partnerId = 'did:web:partner.example'
const start = new Date('2026-03-02T09:30:00Z')
const use = { permission: [{ action: 'use' }] } as const

let connector: TestConnector
let partner: Counterparty
let now = start
let waits = false
const decideTransfer: TransferDecider = (situation) => (waits ? { reason: 'A person decides.' } : automatic(situation))

beforeAll(async () => {
  connector = await startTestConnector({ overrides: { identity: bearerIdentity(own), clock: () => now, decideTransfer } })
  partner = await startCounterparty(partnerId)
  await acquaint(connector, { id: partnerId, dspAddress: partner.address })
})
afterEach(() => {
  now = start
  waits = false
})
afterAll(async () => {
  await connector.close()
  await partner.close()
})

/** A finalized agreement under these terms. */
async function agreed(policy: PolicyTerms, role: 'provider' | 'consumer' = 'provider'): Promise<string> {
  const id = `urn:uuid:${randomUUID()}`
  const [assigner, assignee] = role === 'provider' ? [own, partnerId] : [partnerId, own]
  const agreement = { '@id': id, '@type': 'Agreement', target: 'data', assigner, assignee, timestamp: start.toISOString(), ...policy } as const
  const terms = termsOf(readPolicy(agreement))
  const { db } = connector.services.database
  await insertAgreement(db, { id, role, negotiationId: `n-${id}`, counterparty: partnerId, assigner, assignee, datasetId: 'data', message: '{}', messageSha256: '', agreement, signedAt: agreement.timestamp, createdAt: start, finalizedAt: start, endsAt: terms.endsAt(start) })
  await insertObligations(
    db,
    terms.obligations.map(({ at, kind, action, assignee: who, rule }) => ({ id: `urn:uuid:${randomUUID()}`, agreementId: id, role, counterparty: partnerId, place: at, kind, action, assignee: who, dueAt: null, rule, state: 'open', note: null, createdAt: start, updatedAt: start })),
  )
  return id
}

function isDataAddress(value: unknown): value is DataAddress {
  return typeof value === 'object' && value !== null && '@type' in value
}

async function requested(agreementId: string) {
  const { status, body } = await partner.send(`${connector.dspAddress}/transfers/request`, { '@type': 'TransferRequestMessage', consumerPid: randomUUID(), agreementId, format: 'HttpData-PULL', callbackAddress: partner.address })
  expect(status).toBe(201)
  return connector.services.transfers.get(String(body['providerPid']))
}

describe('a transfer starts', () => {
  test('under terms that come and go with each request: role, hours, a day to come', async () => {
    const terms = permitted(constraint('our:role', 'eq', 'analyst'), constraint('our:hourOfDay', 'lt', { '@value': '3', '@type': 'http://www.w3.org/2001/XMLSchema#integer' }), constraint('dateTime', 'gteq', { '@value': '2026-12-01T00:00:00Z', '@type': 'http://www.w3.org/2001/XMLSchema#dateTime' }))
    expect(await requested(await agreed(terms))).toMatchObject({ state: 'STARTED' })
  })

  test('until the agreement has ended, and not a moment longer', async () => {
    const agreement = await agreed(permitted(constraint('elapsedTime', 'lteq', duration('P1D'))))
    now = new Date(start.getTime() + 86_400_000)
    expect(await requested(agreement)).toMatchObject({ state: 'STARTED' })
    now = new Date(start.getTime() + 86_400_001)
    const refused = await requested(agreement)
    expect(refused).toMatchObject({ state: 'TERMINATED', reason: 'The agreement ended at 2026-03-03T09:30:00.000Z.' })
    const { message } = await partner.next(`/transfers/${refused.counterpartyPid}/termination`)
    expect(message).toMatchObject({ code: 'not-permitted', reason: ['The agreement ended at 2026-03-03T09:30:00.000Z.'] })
  })

  test('only while the partner is in the group that the agreement names', async () => {
    const agreement = await agreed(permitted(constraint('our:partnerGroup', 'isAnyOf', ['municipalities'])))
    expect(await requested(agreement)).toMatchObject({ state: 'TERMINATED', reason: 'A term of the agreement does not hold: /permission/0/constraint/0.' })
    await updatePartner(connector.services.database.db, partnerId, { groups: ['municipalities'] }, start)
    expect(await requested(agreement)).toMatchObject({ state: 'STARTED' })
    await updatePartner(connector.services.database.db, partnerId, { groups: [] }, start)
  })

  test('once the duties that come first are told as done', async () => {
    const agreement = await agreed({ profile: profileIri, permission: [{ action: 'use', duty: [{ action: `${odrlIri}inform` }, { action: `${odrlIri}compensate` }] }] })
    const { obligations } = connector.services
    const denied = { state: 'TERMINATED', reason: expect.stringContaining('/permission/0/duty/') }
    expect(await requested(agreement)).toMatchObject(denied)
    const { items } = await obligations.list({ limit: 10, agreement })
    await obligations.fulfil(items[0]?.id ?? '', { actor: 'operator' })
    expect(await requested(agreement)).toMatchObject(denied)
    await obligations.fulfil(items[1]?.id ?? '', { actor: 'operator' })
    const running = await requested(agreement)
    expect(running).toMatchObject({ state: 'STARTED' })
    await obligations.violate(items[1]?.id ?? '', { actor: 'operator', note: 'not paid' })
    expect(await requested(agreement)).toMatchObject(denied)
  })

  test('neither by a person nor after a suspension when the terms no longer permit it', async () => {
    const { transfers } = connector.services
    const agreement = await agreed(permitted(validUntil('2026-03-03T00:00:00Z')))
    const suspended = await requested(agreement)
    await transfers.suspend(suspended.id)
    waits = true
    const waiting = await requested(agreement)
    expect(waiting).toMatchObject({ state: 'REQUESTED' })
    now = new Date('2026-03-03T00:00:01Z')
    const refused = { code: 'conflict', message: expect.stringContaining('This cannot be started: The agreement ended at 2026-03-03') }
    await expect(transfers.start(waiting.id)).rejects.toMatchObject(refused)
    await expect(transfers.resume(suspended.id)).rejects.toMatchObject(refused)
  })

  test('as consumer only under an agreement that has not ended', async () => {
    const agreementId = await agreed(permitted(validUntil('2026-03-03T00:00:00Z')), 'consumer')
    now = new Date('2026-03-03T00:00:01Z')
    await expect(connector.services.transfers.request({ agreementId, format: 'HttpData-PULL' })).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('The agreement ended at 2026-03-03') })
  })
})

test.each(['end', 'revocation'] as const)('with the %s of the agreement its tokens open nothing any more', async (how) => {
  const { transfers } = connector.services
  const agreement = await agreed(permitted(validUntil('2026-03-03T00:00:00Z')))
  const { counterpartyPid } = await requested(agreement)
  const { message } = await partner.next(`/transfers/${counterpartyPid}/start`)
  const { endpoint, authorization = '' } = readDataAddress(isDataAddress(message['dataAddress']) ? message['dataAddress'] : { '@type': 'DataAddress', endpointType: '' })
  const status = async () => (await fetch(endpoint, { headers: { authorization } })).status
  expect(await status()).not.toBe(401)
  if (how === 'revocation') await transfers.revokeAgreement(agreement, { actor: 'Ada' })
  else {
    now = new Date('2026-03-03T00:00:00.001Z')
    await transfers.endOutlived()
  }
  expect(await status()).toBe(401)
  expect((await partner.next(`/transfers/${counterpartyPid}/termination`)).message).toMatchObject({ code: how === 'end' ? 'agreement-ended' : 'agreement-revoked' })
})

describe('a revocation', () => {
  test('ends the agreement and its transfers at once, tells the partner why, and is recorded', async () => {
    const { transfers, agreements, audit } = connector.services
    const [agreement, other] = [await agreed(use), await agreed(use)]
    const [running, suspended, bystander] = [await requested(agreement), await requested(agreement), await requested(other)]
    await transfers.suspend(suspended.id)
    await transfers.revokeAgreement(agreement, { reason: 'The purpose has changed', actor: 'Ada' })
    for (const { id, counterpartyPid } of [running, suspended]) {
      expect(await transfers.get(id)).toMatchObject({ state: 'TERMINATED', error: 'The provider revoked the agreement: The purpose has changed' })
      expect((await partner.next(`/transfers/${counterpartyPid}/termination`)).message).toMatchObject({ code: 'agreement-revoked' })
    }
    expect(await transfers.get(bystander.id)).toMatchObject({ state: 'STARTED' })
    expect((await agreements.get(agreement)).endsAt).toEqual(new Date(start.getTime() - 1))
    expect((await audit.entries({ limit: 10, agreement, type: 'agreement.revoked' })).at(-1)).toMatchObject({ actor: 'Ada', reason: 'The purpose has changed', transfers: 2, partner: partnerId })
    expect(await requested(agreement)).toMatchObject({ state: 'TERMINATED' })
    await expect(transfers.revokeAgreement(agreement, { actor: 'Ada' })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('is the provider’s alone', async () => {
    const agreement = await agreed(use, 'consumer')
    await expect(connector.services.transfers.revokeAgreement(agreement, { actor: 'Ada' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(connector.services.transfers.revokeAgreement('urn:uuid:none', { actor: 'Ada' })).rejects.toMatchObject({ code: 'not-found' })
  })

  test('by the provider ends our copy of the agreement as well; another reason does not', async () => {
    const ended = async (code: string) => {
      const agreementId = await agreed(use, 'consumer')
      const transfer = await connector.services.transfers.request({ agreementId, format: 'HttpData-PULL' })
      await connector.settle()
      const pids = { providerPid: (await connector.services.transfers.get(transfer.id)).counterpartyPid ?? 'theirs', consumerPid: transfer.id }
      const { status } = await partner.send(`${connector.dspAddress}/transfers/${transfer.id}/termination`, { '@type': 'TransferTerminationMessage', ...pids, code, reason: ['The purpose has changed'] })
      expect(status).toBe(200)
      return connector.services.agreements.get(agreementId)
    }
    const revoked = await ended('agreement-revoked')
    expect(revoked.endsAt).toEqual(new Date(start.getTime() - 1))
    expect(await connector.services.audit.entries({ limit: 10, agreement: revoked.id, type: 'agreement.revoked' })).toMatchObject([{ by: 'partner', reason: expect.stringContaining('The purpose has changed') }])
    await expect(connector.services.transfers.request({ agreementId: revoked.id, format: 'HttpData-PULL' })).rejects.toMatchObject({ code: 'conflict' })
    expect((await ended('maintenance')).endsAt).toBeNull()
  })

  test('leaves no transfer behind that begins beside it', async () => {
    const agreement = await agreed(use)
    const [, ...begun] = await Promise.all([connector.services.transfers.revokeAgreement(agreement, { actor: 'Ada' }), ...Array.from({ length: 8 }, () => requested(agreement))])
    for (const { id } of begun) expect(await connector.services.transfers.get(id)).toMatchObject({ state: 'TERMINATED' })
  })
})
