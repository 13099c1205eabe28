import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connector } from '../../src/connector.ts'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import type { OutboundHttp } from '../../src/http/guarded-fetch.ts'
import { readDataAddress } from '../../src/dataplane/data-address.ts'
import { createDspClient } from '../../src/protocol/client.ts'
import { isObject } from '../conformance/kit.ts'
import { messageChecker } from '../conformance/message-schemas.ts'
import { testDatabaseLocation } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { published, startForEdc } from './connector.ts'
import { iamMockIdentity } from './iam-mock.ts'
import { offerIdOf, startEdcPeer } from './peer.ts'
import type { EdcOptions, EdcPeer, Process } from './peer.ts'

const ourId = 'concordat'
const edcId = 'edc'

interface Pair {
  readonly peer: EdcPeer
  readonly connector: Connector
  close(): Promise<void>
}

async function startPair(options: Partial<EdcOptions> = {}): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-edc-'))
  const peer = await startEdcPeer({ participantId: edcId, partnerId: ourId, check: await messageChecker(), ...options })
  const connector = await startForEdc({ id: ourId, partner: { id: edcId, address: peer.address }, dataDirectory: join(folder, 'data'), database: await testDatabaseLocation(), publicPort: 0, managementPort: 0 })
  const close = async () => {
    await peer.close()
    await connector.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { peer, connector, close }
}

/** We are the provider: EDC asks us. */
async function edcNegotiates({ peer, connector }: Pair): Promise<Process> {
  const process = await peer.negotiate({ address: connector.dspAddress, offerId: published.offer, datasetId: published.dataset })
  expect(await peer.reached(process, 'FINALIZED', 'TERMINATED')).toBe('FINALIZED')
  return process
}

/** We are the consumer: we ask EDC. */
async function weNegotiate({ peer, connector }: Pair): Promise<string> {
  const { negotiations } = connector.services
  const { id } = await negotiations.request({ partner: edcId, offer: { '@id': offerIdOf('asset-1'), '@type': 'Offer', target: 'asset-1', permission: [{ action: 'use' }] } })
  const { state, agreementId, error } = await until(
    () => negotiations.get(id),
    (negotiation) => ['FINALIZED', 'TERMINATED'].includes(negotiation.state),
  )
  expect({ state, error, refusals: peer.refusals }).toEqual({ state: 'FINALIZED', error: null, refusals: [] })
  return agreementId ?? ''
}

async function edcTransfers({ peer, connector }: Pair, agreementId: string): Promise<Process> {
  const process = await peer.transfer({ address: connector.dspAddress, agreementId })
  expect(await peer.reached(process, 'STARTED', 'TERMINATED')).toBe('STARTED')
  return process
}

async function weTransfer({ connector }: Pair, agreementId: string): Promise<string> {
  const { transfers } = connector.services
  const { id } = await transfers.request({ agreementId, format: 'HttpData-PULL' })
  const { state } = await until(
    () => transfers.get(id),
    (transfer) => ['STARTED', 'TERMINATED'].includes(transfer.state),
  )
  expect(state).toBe('STARTED')
  return id
}

/** Reads an address as EDC does: only by the full names of its properties. */
async function edcFetches({ dataAddress }: Process): Promise<{ status: number; text: string }> {
  const found: unknown = dataAddress?.['endpointProperties']
  const properties = Array.isArray(found) ? found.filter((item: unknown) => isObject(item)) : []
  const value = (name: string) => String(properties.find((item) => item['name'] === `https://w3id.org/edc/v0.0.1/ns/${name}`)?.['value'])
  // EDC's users put the authorization into the header as it is.
  const answer = await fetch(value('endpoint'), { headers: { authorization: value('authorization'), accept: 'text/csv' } })
  return { status: answer.status, text: await answer.text() }
}

const sixtyFour = Array.from({ length: 64 }, (_, index) => index)

describe('EDC 0.18.0 at 1 ms loops, holding a process 5 ms after each answer', () => {
  let pair: Pair
  beforeAll(async () => {
    pair = await startPair()
  })
  afterAll(async () => {
    await pair.close()
  })

  test('its catalog request, which always carries a filter, is answered', async () => {
    const { status, body } = await pair.peer.catalog(pair.connector.dspAddress)
    expect(status).toBe(200)
    expect(body).toMatchObject({ '@type': 'Catalog', participantId: ourId, dataset: [{ '@id': published.dataset }] })
  })

  test('its filter by dataset id is understood', async () => {
    const criterion = (id: string) => ({ filterExpression: [{ '@type': 'Criterion', operandLeft: 'https://w3id.org/edc/v0.0.1/ns/id', operator: '=', operandRight: id }] })
    const found = await pair.peer.catalog(pair.connector.dspAddress, criterion(published.dataset))
    expect(found.body).toMatchObject({ dataset: [{ '@id': published.dataset }] })
    const none = await pair.peer.catalog(pair.connector.dspAddress, criterion('another'))
    expect([none.status, none.body['dataset']]).toEqual([200, undefined])
  })

  test('a filter that is not understood is refused, never ignored', async () => {
    const filterExpression = [{ '@type': 'Criterion', operandLeft: 'https://w3id.org/edc/v0.0.1/ns/price', operator: '=', operandRight: 'free' }]
    const { status, body } = await pair.peer.catalog(pair.connector.dspAddress, { filterExpression })
    expect(status).toBe(400)
    expect(body).toMatchObject({ '@type': 'CatalogError', code: 'unsupported-filter' })
  })

  test('its catalog is read to the end, although `next` follows a last page that is full', async () => {
    const http: OutboundHttp = createOutboundHttp({ allow: ['127.0.0.1'] })
    const client = createDspClient({ http, identity: iamMockIdentity(ourId) })
    const seen: string[] = []
    for await (const page of client.crawl({ id: edcId, address: pair.peer.address }, {})) seen.push(...page.datasets.map((dataset) => dataset['@id']))
    await http.close()
    expect(new Set(seen).size).toBe(60)
    expect(seen).toHaveLength(60)
  })

  test('it negotiates with us and transfers from us', async () => {
    const negotiation = await edcNegotiates(pair)
    const agreementId = String(negotiation.agreement['@id'])
    const { items } = await pair.connector.services.agreements.list({ limit: 100, role: 'provider' })
    expect(items.find(({ id }) => id === agreementId)).toMatchObject({ assignee: edcId, assigner: ourId, datasetId: published.dataset })
    const transfer = await edcTransfers(pair, agreementId)
    expect(await edcFetches(transfer)).toEqual({ status: 200, text: published.csv })
  })

  test('it suspends and resumes: a start without an address, then ours with a new one', async () => {
    const { agreement } = await edcNegotiates(pair)
    const transfer = await edcTransfers(pair, String(agreement['@id']))
    await pair.peer.act(transfer, 'suspend')
    const before = { ...transfer }
    expect((await edcFetches(before)).status).toBe(401)
    await pair.peer.act(transfer, 'resume')
    await pair.peer.reached(transfer, 'STARTED')
    expect((await edcFetches(before)).status).toBe(401)
    expect((await edcFetches(transfer)).status).toBe(200)
    await pair.peer.act(transfer, 'complete')
    expect((await edcFetches(transfer)).status).toBe(401)
    expect(transfer.state).toBe('COMPLETED')
  })

  test('it terminates', async () => {
    const { agreement } = await edcNegotiates(pair)
    const transfer = await edcTransfers(pair, String(agreement['@id']))
    await pair.peer.act(transfer, 'terminate')
    expect((await pair.connector.services.transfers.get(transfer.theirs)).state).toBe('TERMINATED')
  })

  test('64 negotiations and transfers of its own at once end well', async () => {
    const transfers = await Promise.all(sixtyFour.map(async () => edcTransfers(pair, String((await edcNegotiates(pair)).agreement['@id']))))
    expect(transfers.map(({ state }) => state)).toEqual(sixtyFour.map(() => 'STARTED'))
    expect(pair.peer.refusals).toEqual([])
  })

  test('we negotiate with it and read where to fetch from properties alone', async () => {
    const id = await weTransfer(pair, await weNegotiate(pair))
    const address = await pair.connector.services.transfers.dataAddress(id)
    expect(address.endpoint).toBeUndefined()
    expect(readDataAddress(address)).toMatchObject({ endpoint: `${pair.peer.address}/public`, authorization: expect.stringMatching(/^Bearer [0-9a-f-]{36}$/) })
  })

  test('we suspend and resume, and take the new address from its own start', async () => {
    const { transfers } = pair.connector.services
    const id = await weTransfer(pair, await weNegotiate(pair))
    const before = readDataAddress(await transfers.dataAddress(id))
    await transfers.suspend(id)
    await transfers.resume(id)
    const after = await until(
      () => transfers.dataAddress(id).catch(() => undefined),
      (address) => address !== undefined,
    )
    if (after === undefined) throw new Error('no address')
    expect(readDataAddress(after).authorization).not.toBe(before.authorization)
    await transfers.complete(id)
    await pair.peer.reached(processOf(pair.peer, (await transfers.get(id)).counterpartyPid), 'COMPLETED')
  })

  test('it suspends and resumes as provider', async () => {
    const { transfers } = pair.connector.services
    const id = await weTransfer(pair, await weNegotiate(pair))
    const process = processOf(pair.peer, (await transfers.get(id)).counterpartyPid)
    const before = readDataAddress(await transfers.dataAddress(id))
    await pair.peer.act(process, 'suspend')
    expect((await transfers.get(id)).state).toBe('SUSPENDED')
    await expect(transfers.resume(id)).rejects.toMatchObject({ code: 'conflict' })
    await pair.peer.act(process, 'resume')
    await pair.peer.reached(process, 'STARTED')
    expect(readDataAddress(await transfers.dataAddress(id)).authorization).not.toBe(before.authorization)
  })

  test('64 negotiations and transfers of ours at once end well', async () => {
    const ids = await Promise.all(sixtyFour.map(async () => weTransfer(pair, await weNegotiate(pair))))
    expect(new Set(ids).size).toBe(64)
  })

  test('a process that it lost, and says so without pids, ends here too', async () => {
    const { transfers } = pair.connector.services
    const id = await weTransfer(pair, await weNegotiate(pair))
    const pid = (await transfers.get(id)).counterpartyPid ?? ''
    forget(pair.peer, pid)
    await transfers.suspend(id)
    const after = await until(
      () => transfers.get(id),
      ({ state }) => state === 'TERMINATED',
    )
    expect(after.error).toContain('404')
  })

  test('nothing we sent in all this was wrong, and nothing of its own was refused', () => {
    expect(pair.peer.faults).toEqual([])
    expect(pair.peer.refusals).toEqual([])
  })
})

describe('EDC that is slow to let go, breaks connections, and is away at first', () => {
  let pair: Pair
  beforeAll(async () => {
    const taken = new Set<string>()
    // Of every kind of message, each second one is lost after we took it.
    const mishap = (url: string) => {
      const even = taken.size % 2 === 0
      taken.add(`${url} ${taken.size}`)
      return even ? ('lost' as const) : undefined
    }
    pair = await startPair({ loopMs: 0, leaseMs: 60, holds: true, unavailable: 2, mishap })
  })
  afterAll(async () => {
    await pair.close()
  })

  test('our messages are sent again when it answers 409 or 503, and all ends well', async () => {
    await Promise.all(sixtyFour.slice(0, 16).map(async () => weTransfer(pair, await weNegotiate(pair))))
    expect(pair.peer.counts.get('409')).toBeGreaterThan(0)
    expect(pair.peer.faults).toEqual([])
  })

  test('its messages that come twice count once', async () => {
    const negotiations = await Promise.all(sixtyFour.slice(0, 16).map(() => edcNegotiates(pair)))
    await Promise.all(negotiations.map(({ agreement }) => edcTransfers(pair, String(agreement['@id']))))
    const { items } = await pair.connector.services.agreements.list({ limit: 100, role: 'provider' })
    expect(items).toHaveLength(16)
    expect(pair.peer.refusals).toEqual([])
  })
})

describe('EDC that acts before its answer is out', () => {
  let pair: Pair
  beforeAll(async () => {
    pair = await startPair({ eager: true })
  })
  afterAll(async () => {
    await pair.close()
  })

  test('its agreement and its start are taken although its answer to our request has not come', async () => {
    await Promise.all(sixtyFour.slice(0, 16).map(async () => weTransfer(pair, await weNegotiate(pair))))
    expect(pair.peer.refusals).toEqual([])
  })
})

function processOf(peer: EdcPeer, pid: string | null): Process {
  const process = peer.processes.get(pid ?? '')
  if (process === undefined) throw new Error(`The peer has no process ${pid}`)
  return process
}

function forget(peer: EdcPeer, pid: string): void {
  if (!peer.forget(pid)) throw new Error(`The peer has no process ${pid}`)
}
