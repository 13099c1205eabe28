import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { rootOf } from '../../src/identity/did-web.ts'
import type { OdrlAgreement } from '../../src/policy/odrl.ts'
import { profileIri } from '../../src/policy/profile.ts'
import { makeLog } from '../dataplane/receipts/made-log.ts'
import type { MadeLog } from '../dataplane/receipts/made-log.ts'
import { until } from '../helpers/until.ts'
import { openParticipant } from '../identity/participant.ts'
import type { Participant } from '../identity/participant.ts'
import { fakeProcesses, operatorToken, startManagement, transfer } from './fixture.ts'
import type { Management } from './fixture.ts'
import { startStandInProvider } from './stand-in-provider.ts'
import type { StandInProvider } from './stand-in-provider.ts'

/** Providers that give no receipts, or wrong ones. */

let us: Participant
let provider: StandInProvider
let log: MadeLog
let lenient: Management
let strict: Management
let rules: Pick<OdrlAgreement, 'permission' | 'profile'>

const open = { permission: [{ action: 'use' }] }
const governed = { profile: profileIri, permission: [{ action: 'use', constraint: [{ leftOperand: `${profileIri}role`, operator: 'eq', rightOperand: 'analyst' }] }] }

beforeAll(async () => {
  const clock = () => new Date()
  us = await openParticipant(clock)
  provider = await startStandInProvider(clock)
  log = makeLog(`${rootOf(provider.id)}/log/2026`)
  const changes = () => ({
    identity: us.identity,
    logKeys: async () => [log.vkey],
    transfers: {
      ...fakeProcesses([]).transfers,
      get: async () => ({ ...transfer, counterparty: provider.id, counterpartyPid: 'their:pid', state: 'STARTED' as const }),
      dataAddress: async () => ({ '@type': 'DataAddress' as const, endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint: provider.endpoint, endpointProperties: [] }),
    },
  })
  lenient = await startManagement(changes())
  const { agreements } = lenient.deps
  const agreement = (): OdrlAgreement => ({ '@id': transfer.agreementId, '@type': 'Agreement', target: 'urn:d', assigner: provider.id, assignee: us.identity.id, timestamp: '2026-01-01T00:00:00Z', ...rules })
  strict = await startManagement({ ...changes(), requireReceipts: true, agreements: { ...agreements, get: async () => ({ ...stored, agreement: agreement() }) } })
})
afterAll(async () => {
  await strict.close()
  await lenient.close()
  await provider.close()
  await us.close()
})
beforeEach(() => {
  rules = governed
  provider.got.length = 0
})

const stored = { id: transfer.agreementId, role: 'consumer' as const, assigner: '', assignee: '', counterparty: '', createdAt: new Date(), datasetId: transfer.datasetId, negotiationId: '', messageSha256: '', signedAt: '', finalizedAt: null, endsAt: null }

async function ask(at: Management) {
  const answer = await fetch(`${at.address}/gateway/${encodeURIComponent(transfer.id)}`, { headers: { 'authorization': `Bearer ${operatorToken}`, 'concordat-role': 'analyst' } })
  const body = await answer.text()
  const last = async (type: string) => (await at.deps.audit.entries({ limit: 1000, type })).at(-1)
  // What came is recorded once it is out.
  const asked = await last('data.requested')
  await until(() => at.deps.audit.entries({ limit: 1000 }), (all) => all.some(({ type, requested }) => type.startsWith('data.') && requested === asked?.index))
  return { status: answer.status, checked: answer.headers.get('concordat-receipt-checked'), receipt: answer.headers.get('concordat-receipt'), body, last }
}

function answerWith(headers: () => Record<string, string>) {
  provider.answer = (_got, response) => response.writeHead(200, { 'content-type': 'text/plain', ...headers() }).end('the data')
}

const genuine = () => {
  const leaf = log.add(`entry ${Math.random()}`)
  return { 'concordat-record': String(leaf + 10), 'concordat-receipt': log.receipt(leaf) }
}

test('a provider without receipts is served all the same, and the record says so', async () => {
  answerWith(() => ({}))
  const { status, checked, receipt, body, last } = await ask(lenient)
  expect([status, checked, receipt, body]).toEqual([200, 'missing', null, 'the data'])
  expect(await last('data.received')).toMatchObject({ receipt: 'missing' })
  expect(await last('receipt.invalid')).toBeUndefined()
})

test('a forged, altered or replayed receipt is an alarm; the data, which are out, are passed on', async () => {
  const forged = makeLog(log.origin)
  forged.add('entry')
  answerWith(genuine)
  expect((await ask(lenient)).checked).toBe('verified')
  const used = genuine()
  answerWith(() => used)
  expect((await ask(lenient)).checked).toBe('verified')
  const before = lenient.logged.length
  const wrong = [() => used, () => ({ 'concordat-record': '10', 'concordat-receipt': Buffer.from('no proof').toString('base64') }), () => ({ ...genuine(), 'concordat-receipt': forged.receipt(0) }), () => ({ 'concordat-record': '10', 'concordat-receipt': 'AAAA' })]
  for (const headers of wrong) {
    answerWith(headers)
    const { status, checked, receipt, body, last } = await ask(lenient)
    expect([status, checked, receipt, body]).toEqual([200, 'invalid', null, 'the data'])
    const received = await last('data.received')
    expect(received).toMatchObject({ receipt: 'invalid', receiptProblem: expect.any(String) })
    expect(await last('receipt.invalid')).toMatchObject({ requested: received?.requested, problem: received?.receiptProblem, partner: provider.id })
  }
  expect(lenient.logged.slice(before).join('')).not.toContain('unexpected')
})

test('where receipts are required, an answer under terms is not passed on without one that proves it', async () => {
  for (const headers of [() => ({}), () => ({ ...genuine(), 'concordat-receipt': 'AAAA' })]) {
    answerWith(headers)
    const { status, body, last } = await ask(strict)
    expect([status, JSON.parse(body)]).toEqual([502, expect.objectContaining({ code: 'peer-failed', detail: expect.stringContaining('CONCORDAT_REQUIRE_RECEIPTS') })])
    expect(await last('data.aborted')).toMatchObject({ bytes: 0, code: 'peer-failed', receipt: expect.stringMatching(/^(missing|invalid)$/) })
    expect(await last('data.received')).toBeUndefined()
  }
  answerWith(genuine)
  expect(await ask(strict)).toMatchObject({ status: 200, checked: 'verified', body: 'the data' })
  rules = open
  answerWith(() => ({}))
  expect(await ask(strict)).toMatchObject({ status: 200, checked: 'missing', body: 'the data' })
})
