import { afterAll, beforeAll, expect, test } from 'vitest'
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readConfig } from '../../../src/config.ts'
import { startConnector } from '../../../src/connector.ts'
import type { Connector } from '../../../src/connector.ts'
import { initDataDirectory } from '../../../src/init.ts'
import { parseCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { openNote, parseVkey } from '../../../src/tlog/note.ts'
import { leafHash, verifyInclusion } from '../../../src/tlog/tree.ts'
import { commandFor, jsonFrom } from '../../helpers/command.ts'
import { acquaint, startDataspace } from '../../helpers/dataspace.ts'
import type { Dataspace, TestConnector } from '../../helpers/dataspace.ts'
import { startPeer } from '../../helpers/peer.ts'
import { placePreparedDatabase } from '../../helpers/prepared-folder.ts'
import { until } from '../../helpers/until.ts'
import { foreignLog, leavesOf, sha256Hex } from './log.ts'

interface Witness {
  readonly name: string
  readonly partner?: string
  readonly size?: number
  readonly lag: number
  readonly failure?: string
  readonly alarmedAt?: string
}

async function witnesses(connector: Pick<TestConnector, 'managementUrl' | 'token'>, method: 'GET' | 'POST' = 'POST'): Promise<readonly Witness[]> {
  const answer = await fetch(`${connector.managementUrl}/audit/witnesses`, { method, headers: { authorization: `Bearer ${connector.token}` } })
  expect(answer.status).toBe(200)
  const { items }: { items: Witness[] } = JSON.parse(await answer.text())
  return items
}

async function read(connector: TestConnector, path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string; headers: Headers }> {
  const answer = await fetch(`${connector.publicUrl}${path}`, { headers })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

const hostOf = ({ publicUrl }: Connector) => new URL(publicUrl).host

async function logOf({ services }: TestConnector) {
  const log = (await services.audit.log.logs()).at(-1)
  if (log === undefined) throw new Error('There is no log')
  return log
}

/** Adds `count` records about nothing. */
async function grow({ services }: Connector, count: number): Promise<void> {
  for (let place = 0; place < count; place++) await services.audit.record({ type: 'connector.stopped', version: `test ${place}` })
}

let space: Dataspace
beforeAll(async () => {
  // The provider asks at its start, and after agreements.
  space = await startDataspace({ provider: { settings: { CONCORDAT_WITNESS_SECONDS: '3600' } } })
})
afterAll(() => space.close())

test('two connectors cosign each other on demand, and both show it', async () => {
  const { provider, consumer } = space
  for (const [one, other] of [[provider, consumer], [consumer, provider]] as const) {
    await grow(one, 3)
    expect(await witnesses(one)).toEqual([expect.objectContaining({ name: `${hostOf(other)}/witness`, partner: other.id, size: expect.any(Number) })])
    const { origin, vkey } = await logOf(one)
    const keys = [parseVkey(vkey), parseVkey(other.services.audit.keys.witness.vkey(`${hostOf(other)}/witness`))]
    const shown = await read(one, '/log/checkpoint')
    expect(shown.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(shown.headers.get('cache-control')).toBe('no-cache')
    for (const note of [shown.text, (await read(other, `/witness/${sha256Hex(origin)}/checkpoint`)).text]) {
      const { signedBy, text } = openNote(note, keys)
      expect(signedBy).toHaveLength(2)
      expect(parseCheckpoint(text).origin).toBe(origin)
    }
    expect(await read(one, '/log/vkey')).toMatchObject({ status: 200, text: `${vkey}\n` })
  }
  // Being asked is no news; a log that is seen for the first time is.
  const seen = (await provider.services.audit.entries({ limit: 100 })).filter(({ type }) => type.startsWith('witness.'))
  expect(seen.map(({ type }) => type).toSorted()).toEqual(['witness.added', 'witness.log_seen'])
})

test('after an agreement the witnesses are asked, with the checkpoint that covers it', async () => {
  const { provider, consumer } = space
  await grow(provider, 2)
  expect((await witnesses(provider, 'GET'))[0]?.lag).toBeGreaterThan(1)
  await provider.services.audit.record({ type: 'negotiation.finalized', partner: consumer.id, agreement: 'urn:uuid:a' })
  await until(() => witnesses(provider, 'GET'), ([state]) => state?.lag === 0)
})

test('nobody cosigns a log of strangers, and none its own', async () => {
  const { provider } = space
  const own = await provider.services.audit.log.checkpoint()
  for (const checkpoint of [own?.note ?? '', foreignLog('localhost:1/log/2026').checkpoint(leavesOf(1)), foreignLog('[::1]/log/2026').checkpoint(leavesOf(1))]) {
    const answer = await fetch(`${provider.publicUrl}/witness/add-checkpoint`, { method: 'POST', body: `old 0\n\n${checkpoint}` })
    expect(answer.status).toBe(404)
  }
})

test('metrics tell how far each witness is', async () => {
  const { provider, consumer } = space
  await witnesses(provider)
  await grow(provider, 2)
  const answer = await fetch(`${provider.managementUrl}/metrics`, { headers: { authorization: `Bearer ${provider.token}` } })
  const text = await answer.text()
  expect(text).toMatch(new RegExp(`concordat_witness_lag_entries\\{witness="${hostOf(consumer)}/witness",connector="[^"]+"\\} 2\n`))
  expect(text).toMatch(/concordat_witness_failing_seconds\{.*\} 0\n/)
  expect(text).toMatch(/concordat_log_size\{.*\} [1-9]\d*\n/)
  const routes = new Set([...text.matchAll(/listener="public",method="[A-Z]+",route="([^"]+)"/g)].map(([, route = '']) => route))
  expect([...routes].filter((route) => /^.(log|witness)/.test(route)).toSorted()).toEqual(['/log/checkpoint', '/log/vkey', '/witness/:origin/checkpoint', '/witness/add-checkpoint'])
})

test('on the command line, witnesses are asked and shown', async () => {
  const { provider, consumer } = space
  const run = commandFor(provider)
  await grow(provider, 1)
  expect((await run('audit', 'witness', '--list')).out).toMatch(new RegExp(`${hostOf(consumer)}/witness +2026\\S* +\\d+ +\\d+ `))
  const { items } = await jsonFrom(run, 'audit', 'witness')
  expect(items).toEqual([expect.objectContaining({ partner: consumer.id })])
})

test('every address is in openapi/log.yaml', async () => {
  const { paths }: { paths: Record<string, Record<string, unknown>> } = parse(await readFile(new URL('../../../openapi/log.yaml', import.meta.url), 'utf8'))
  const example: Record<string, string> = { '{level}': '0', '{tile}': '000.p/1', '{origin}': sha256Hex((await logOf(space.provider)).origin) }
  const statuses = await Promise.all(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).filter((method) => method !== 'parameters').map(async (method) => {
        const connector = path.startsWith('/witness') ? space.consumer : space.provider
        const answer = await fetch(`${connector.publicUrl}${path.replaceAll(/\{\w+\}/g, (name) => example[name] ?? '')}`, { method })
        return `${method} ${path} ${answer.status}`
      }),
    ),
  )
  expect(statuses).toEqual([
    'get /log/checkpoint 200',
    'get /log/vkey 200',
    'get /log/tile/{level}/{tile} 200',
    'get /log/tile/entries/{tile} 401',
    'get /log/records 401',
    'post /witness/add-checkpoint 400',
    'get /witness/{origin}/checkpoint 200',
  ])
})

test('entries are for auditors and operators; a partner reads its own records, each with its proof', async () => {
  const { provider, consumer } = space
  const agreement = 'urn:uuid:00000000-0000-4000-8000-00000000000a'
  const { audit, identity } = provider.services
  const about = { agreement, transfer: 'urn:uuid:t', dataset: 'air' }
  await audit.record({ type: 'agreement.revoked', ...about, partner: consumer.id, actor: 'Joana', reason: 'over' })
  await audit.record({ type: 'agreement.revoked', ...about, partner: 'did:web:other.example', actor: 'Joana' })
  await audit.record({ type: 'agreement.revoked', ...about, actor: 'Joana' })
  await witnesses(provider)

  const size = (await audit.log.checkpoint())?.size ?? 0
  const path = `/log/tile/entries/000.p/${size}`
  expect((await read(provider, path)).status).toBe(401)
  expect((await read(provider, path, { authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await read(provider, path, { authorization: await consumer.services.identity.authorization(provider.id) })).status).toBe(401)
  const steward = await tokenOf(provider, 'steward')
  expect((await read(provider, path, { authorization: `Bearer ${steward}` })).status).toBe(403)
  const entries = await read(provider, path, { authorization: `Bearer ${await tokenOf(provider, 'auditor')}` })
  expect(entries.status).toBe(200)
  expect(entries.text).toContain(agreement)
  expect(entries.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')

  const asked = `/log/records?agreement=${agreement}`
  expect((await read(provider, asked)).status).toBe(401)
  await using stranger = await startPeer()
  expect((await read(provider, asked, { authorization: stranger.authorization(identity.id) })).status).toBe(401)
  const answer = await read(provider, asked, { authorization: await consumer.services.identity.authorization(identity.id) })
  expect(answer.status).toBe(200)
  const page: { records: { entry: string; index: number; log: string; proof: string[]; openings: object }[]; checkpoints: Record<string, string>; next: null } = JSON.parse(answer.text)
  expect(page.records.map(({ entry }) => JSON.parse(entry))).toMatchObject([{ partner: consumer.id, agreement, seq: 0 }])
  const [record] = page.records
  // The name of whoever of our staff did it stays a commitment.
  expect(Object.keys(record?.openings ?? {})).toEqual(['reason'])
  const { origin, root, size: covered } = parseCheckpoint(openNote(page.checkpoints[record?.log ?? ''] ?? '', [parseVkey((await logOf(provider)).vkey)]).text)
  expect(origin).toBe((await logOf(provider)).origin)
  const proof = record?.proof.map((hash) => Buffer.from(hash, 'base64')) ?? []
  expect(verifyInclusion({ leaf: leafHash(Buffer.from(record?.entry ?? '')), index: record?.index ?? 0, size: covered, proof, root })).toBe(true)
  for (const query of ['', '?agreement=', `?agreement=${agreement}&limit=1000`, `?agreement=${agreement}&after=x`, `?agreement=${agreement}&agreement=b`, `?agreement=${agreement}&all=1`]) {
    expect((await read(provider, `/log/records${query}`, { authorization: await consumer.services.identity.authorization(identity.id) })).status).toBe(400)
  }
})

async function tokenOf(connector: TestConnector, role: string): Promise<string> {
  const answer = await fetch(`${connector.managementUrl}/tokens`, { method: 'POST', headers: { authorization: `Bearer ${connector.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ name: `a ${role}`, role }) })
  const { token }: { token: string } = JSON.parse(await answer.text())
  return token
}

test('tiles as C2SP tlog-tiles has them, and nothing else', async () => {
  const { provider } = space
  const size = (await provider.services.audit.log.checkpoint())?.size ?? 0
  const { name } = await logOf(provider)
  for (const log of ['/log', `/log/${name}`]) {
    const answer = await fetch(`${provider.publicUrl}${log}/tile/0/000.p/${size}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await answer.arrayBuffer()).byteLength).toBe(size * 32)
  }
  const none = ['tile/0/000', `tile/0/000.p/${size + 1}`, 'tile/0/000.p/0', 'tile/0/000.p/01', 'tile/00/000.p/1', 'tile/0/x000/000.p/1', 'tile/0/0.p/1', 'tile/64/000.p/1', 'tile/1/000.p/1', 'tile/0/001.p/1', 'tile/0/000.p%2f1', 'tile/0/..%2f000.p/1', 'checkpoint/', 'Checkpoint', '', '9999/checkpoint', '2026-0/checkpoint', 'tile/-1/000.p/1', 'tile/0/000.p/1/']
  for (const path of none) expect([path, (await read(provider, `/log/${path}`)).status]).toEqual([path, 404])
  expect((await fetch(`${provider.publicUrl}/log/checkpoint`, { method: 'POST' })).status).toBe(405)
})

test('a provider that is restored from a backup is noticed by its witness, and its log stops', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-restore-'))
  const [data, backup] = [join(folder, 'data'), join(folder, 'backup')]
  await initDataDirectory(data, {})
  await placePreparedDatabase(data)
  const { consumer } = space
  const start = (settings: Record<string, string>) =>
    startConnector({
      ...readConfig(data, { CONCORDAT_PUBLIC_PORT: '0', CONCORDAT_MANAGEMENT_PORT: '0', CONCORDAT_ALLOW_ADDRESSES: 'localhost,127.0.0.0/8,::1/128', CONCORDAT_LOG_LEVEL: 'silent', CONCORDAT_WITNESS_SECONDS: '0', ...settings }),
      database: { kind: 'pglite', directory: join(data, 'database') },
    })
  const token = (await readFile(join(data, 'operator.token'), 'utf8')).trim()
  const ask = async (connector: Connector) => witnesses({ ...connector, token })

  const first = await start({})
  const none = await commandFor({ ...first, token })('audit', 'witness')
  expect(none).toMatchObject({ code: 0, out: '' })
  expect(none.err).toContain('Nobody cosigns this log.')
  const port = { CONCORDAT_PUBLIC_PORT: new URL(first.publicUrl).port }
  await acquaint(first, consumer)
  await acquaint(consumer, first)
  await first.close()
  await cp(data, backup, { recursive: true })

  const second = await start(port)
  await grow(second, 5)
  const [state] = await ask(second)
  expect(state).toMatchObject({ lag: expect.any(Number), size: expect.any(Number) })
  await second.close()
  await rm(data, { recursive: true })
  await rename(backup, data)

  // Everything that is kept here is of one piece, and old: only the witness knows.
  const third = await start({ ...port, CONCORDAT_WITNESS_SECONDS: '1' })
  const { audit } = third.services
  const {
    faults: [fault],
  } = await until(() => audit.log.status(), ({ state: now }) => now === 'stopped')
  expect(fault).toMatchObject({ kind: 'witness-ahead', detail: { witness: `${hostOf(consumer)}/witness`, partner: consumer.id, witnessed: state?.size, here: expect.any(Number) } })
  expect(fault?.message).toBe(`The witness ${hostOf(consumer)}/witness has cosigned ${state?.size} entries of ${hostOf(third)}/log/${fault?.log}, and the database has ${JSON.stringify(fault?.detail['here'])}.`)
  await expect(audit.record({ type: 'connector.stopped', version: 'x' })).rejects.toMatchObject({ code: 'log-stopped' })

  // What the witness has of the broken log does not stop the one that took its place.
  const found = (await audit.keeping.faults()).map(({ id }) => id)
  const { log } = await audit.keeping.recover({ reason: 'A backup was restored.', acknowledge: found, actor: 'test' })
  await grow(third, 2)
  const after = await until(() => ask(third), ([now]) => now?.lag === 0)
  expect(after).toMatchObject([{ origin: `${hostOf(third)}/log/${log}` }])
  expect(after[0]).not.toHaveProperty('failure')
  await ask(third)
  expect(await audit.log.status()).toMatchObject({ state: 'running', log: { name: log } })
  await third.close()
  await rm(folder, { recursive: true })
})
