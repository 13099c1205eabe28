import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as forward } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { lockDirectory } from '../../src/persistence/directory-lock.ts'
import { freePort, prepareConnectorProcess } from '../helpers/connector-process.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { onPostgresql } from '../helpers/database.ts'
import { startPeer } from '../helpers/peer.ts'
import type { Peer, PeerMessage } from '../helpers/peer.ts'
import { until } from '../helpers/until.ts'

// On PostgreSQL: two processes of one connector. On the embedded database: one process only, and a lock that sees to it.

let folder: string
const connectors: ConnectorProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-replicas-'))
})
afterAll(async () => {
  await Promise.all(connectors.map((connector) => connector.kill()))
  await rm(folder, { recursive: true, force: true })
})

const embedded = onPostgresql ? describe.skip : describe
const replicated = onPostgresql ? describe : describe.skip

if (!onPostgresql) console.info('Replicas need PostgreSQL (TEST_DATABASE_URL); on the embedded database its lock is tested instead.')

embedded('the lock of the embedded database', () => {
  test('refuses a second process, and outlives neither its holder nor a reused process id', async () => {
    const dataDirectory = join(folder, 'locked')
    const first = await prepareConnectorProcess({ name: 'first', dataDirectory })
    const second = await prepareConnectorProcess({ name: 'second', dataDirectory, ports: { public: await freePort(), management: await freePort() } })
    connectors.push(first, second)
    await first.start()
    await expect(second.start()).rejects.toThrow(`is in use by process ${first.pid}. Stop that process, or choose another folder.`)
    // The refused one has taken nothing from the one that runs.
    expect((await fetch(`${first.managementUrl}/health/ready`)).status).toBe(200)
    await first.kill('SIGKILL')
    const lock = join(dataDirectory, 'database.lock')
    expect(await readFile(lock, 'utf8')).not.toBe('')
    await second.start()
    await second.kill('SIGTERM')
    // A process that lives under the number of the dead one is told apart by when it began.
    await writeFile(lock, `${process.pid} 1\n`)
    const held = await lockDirectory(join(dataDirectory, 'database'))
    await held.release()
    await expect(readFile(lock)).rejects.toThrow('ENOENT')
  })
})

replicated('two replicas on one PostgreSQL', () => {
  let one: ConnectorProcess
  let two: ConnectorProcess
  let peer: Peer
  let balancer: Server
  let publicUrl: string
  let connectorId: string
  let offer: { offer: string; dataset: string }
  /** What the peer answers while a test has it answer otherwise. */
  let answerSlowly: ((message: PeerMessage) => Promise<void>) | undefined

  beforeAll(async () => {
    peer = await startPeer(async (message) => {
      await answerSlowly?.(message)
      return { status: 200 }
    })
    const port = await freePort()
    publicUrl = `http://localhost:${port}`
    const settings = { DATABASE_URL: await emptyDatabase(), CONCORDAT_PUBLIC_URL: publicUrl }
    const dataDirectory = join(folder, 'replicas')
    one = await prepareConnectorProcess({ name: 'one', dataDirectory, settings })
    two = await prepareConnectorProcess({ name: 'two', dataDirectory, settings, ports: { public: await freePort(), management: await freePort() } })
    connectors.push(one, two)
    // At once, on an empty database: one migrates, the other waits for it.
    await Promise.all([one.start(), two.start()])
    balancer = await balance(port, [one.publicUrl, two.publicUrl])
    connectorId = (await manage<{ id: string }>(one, 'GET', '/self')).id
    await manage(two, 'POST', '/partners', { id: peer.id, name: 'Peer', address: peer.dspAddress })
    const upload = await fetch(`${one.managementUrl}/uploads`, { method: 'POST', headers: { authorization: `Bearer ${one.token}`, 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="a.csv"' }, body: 'week,amount\n2026-W01,1\n' })
    const { id }: { id: string } = JSON.parse(await upload.text())
    const dataset = await manage<{ id: string }>(two, 'POST', '/datasets', { metadata: { title: { en: 'A file' } }, source: { type: 'file', upload: id } })
    const made = await manage<{ datasets: (typeof offer)[] }>(one, 'POST', '/offers', { datasets: [dataset.id] })
    offer = made.datasets[0] ?? { offer: '', dataset: '' }
  })
  afterAll(async () => {
    balancer?.close()
    balancer?.closeAllConnections()
    await peer?.close()
  })

  const send = async (base: string, path: string, message: object) => {
    const answer = await fetch(`${base}/dsp/2025-1${path}`, { method: 'POST', headers: { authorization: peer.authorization(connectorId), 'content-type': 'application/json' }, body: JSON.stringify({ '@context': ['https://w3id.org/dspace/2025/1/context.jsonld'], '@id': randomUUID(), ...message }) })
    const text = await answer.text()
    const body: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
    return { status: answer.status, body }
  }
  const requestOf = (consumerPid: string) => ({ '@type': 'ContractRequestMessage', consumerPid, callbackAddress: peer.dspAddress, offer: { '@type': 'Offer', '@id': offer.offer, target: offer.dataset, permission: [{ action: 'use' }] } })
  const sentTo = (pid: string, end: string) => peer.received.filter(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(pid)}/${end}`)
  const both = () => [one.publicUrl, two.publicUrl]

  test('the same message to both at once: one negotiation, one step, each answer of ours delivered once', async () => {
    const pids = Array.from({ length: 10 }, () => randomUUID())
    const walked = await Promise.all(
      pids.map(async (consumerPid) => {
        const begun = await Promise.all(both().map((base) => send(base, '/negotiations/request', requestOf(consumerPid))))
        expect(begun.map(({ status }) => status)).toEqual([201, 201])
        const [providerPid, ...others] = new Set(begun.map(({ body }) => String(body['providerPid'])))
        expect(others).toEqual([])
        await peer.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
        const verification = { '@type': 'ContractAgreementVerificationMessage', providerPid, consumerPid }
        const verified = await Promise.all(both().map((base) => send(base, `/negotiations/${encodeURIComponent(providerPid ?? '')}/agreement/verification`, verification)))
        await peer.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/events`)
        return { consumerPid, providerPid, statuses: verified.map(({ status }) => status).toSorted((a, b) => a - b) }
      }),
    )
    expect(walked.map(({ statuses }) => statuses)).toEqual(pids.map(() => [200, 400]))
    const negotiations = await manage<{ items: { id: string; state: string }[] }>(one, 'GET', '/negotiations?limit=1000')
    expect(negotiations.items.map(({ state }) => state)).toEqual(pids.map(() => 'FINALIZED'))
    for (const pid of pids) expect([sentTo(pid, 'agreement').length, sentTo(pid, 'events').length]).toEqual([1, 1])
    await recordIsTheSame()
  })

  test('a transfer whose every request meets the other replica; a suspension on one ends the token on the other within a second', async () => {
    const { agreementId } = await finalized()
    const consumerPid = randomUUID()
    const { status, body } = await send(publicUrl, '/transfers/request', { '@type': 'TransferRequestMessage', consumerPid, agreementId, format: 'HttpData-PULL', callbackAddress: peer.dspAddress })
    expect(status).toBe(201)
    const start = await peer.next(({ path }) => path === `/dsp/transfers/${encodeURIComponent(consumerPid)}/start`)
    const { dataAddress }: { dataAddress: { endpoint: string; endpointProperties: { name: string; value: string }[] } } = JSON.parse(start.text)
    const token = dataAddress.endpointProperties.find(({ name }) => name === 'authorization')?.value ?? ''
    const authorization = token.includes(' ') ? token : `Bearer ${token}`
    const { pathname } = new URL(dataAddress.endpoint)
    const download = async (base: string) => (await fetch(base + pathname, { headers: { authorization } })).status
    expect(await Promise.all([publicUrl, publicUrl, ...both()].map((base) => download(base)))).toEqual([200, 200, 200, 200])
    await manage(one, 'POST', `/transfers/${encodeURIComponent(String(body['providerPid']))}/suspend`)
    expect(await download(one.publicUrl)).toBe(401)
    // The other replica may keep what it looked up for a second.
    await until(
      () => download(two.publicUrl),
      (seen) => seen === 401,
      1_500,
    )
  })

  test('what a killed replica was sending, the other one sends when the lease is over', async () => {
    const consumerPid = randomUUID()
    const arrived = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    answerSlowly = async ({ path }) => {
      if (!path.includes(encodeURIComponent(consumerPid))) return
      arrived.resolve()
      await held.promise
    }
    const { status } = await send(one.publicUrl, '/negotiations/request', requestOf(consumerPid))
    expect(status).toBe(201)
    await arrived.promise
    await one.kill('SIGKILL')
    answerSlowly = undefined
    const before = peer.received.length
    const again = await Promise.race([nextAfter(before, consumerPid), once(AbortSignal.timeout(40_000), 'abort').then(() => undefined)])
    held.resolve()
    expect(again).toBeDefined()
    // It is the same message again, so that its recipient takes it once.
    const ids = sentTo(consumerPid, 'agreement').map(({ text }) => idIn(text))
    expect([ids.length, new Set(ids).size]).toEqual([2, 1])
    await one.start()
    await recordIsTheSame()
  })

  /** Each has the same; what was recorded since the first was asked comes behind it. */
  async function recordIsTheSame(): Promise<void> {
    const first = await recordOf(one)
    expect((await recordOf(two)).slice(0, first.length)).toEqual(first)
  }

  const nextAfter = (count: number, consumerPid: string) => peer.next((message) => peer.received.indexOf(message) >= count && message.path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)

  async function finalized(): Promise<{ agreementId: string }> {
    const consumerPid = randomUUID()
    const { body } = await send(publicUrl, '/negotiations/request', requestOf(consumerPid))
    const providerPid = String(body['providerPid'])
    const agreed = await peer.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
    const { agreement }: { agreement: { '@id': string } } = JSON.parse(agreed.text)
    expect((await send(publicUrl, `/negotiations/${encodeURIComponent(providerPid)}/agreement/verification`, { '@type': 'ContractAgreementVerificationMessage', providerPid, consumerPid })).status).toBe(200)
    await peer.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/events`)
    return { agreementId: agreement['@id'] }
  }
})

/** How many entries there are; they must be numbered without gaps. */
async function recordOf(connector: ConnectorProcess): Promise<readonly { readonly index: number }[]> {
  const { items } = await manage<{ items: { index: number }[] }>(connector, 'GET', '/audit/entries?limit=1000')
  expect(items.map(({ index }) => index)).toEqual(items.map((_, place) => place))
  return items
}

function idIn(text: string): unknown {
  const message: { '@id'?: unknown } = JSON.parse(text)
  return message['@id']
}

async function manage<T>(connector: ConnectorProcess, method: string, path: string, json?: unknown): Promise<T> {
  const answer = await fetch(`${connector.managementUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${connector.token}`, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`)
  const body: T = JSON.parse(text)
  return body
}

async function emptyDatabase(): Promise<string> {
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '')
  const name = `concordat_replicas_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  url.pathname = `/${name}`
  return url.href
}

/** Hands each request to the next backend in turn. */
async function balance(port: number, backends: readonly string[]): Promise<Server> {
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const backend = new URL(backends[turn++ % backends.length] ?? '')
    const passed = forward({ host: '127.0.0.1', port: backend.port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}
