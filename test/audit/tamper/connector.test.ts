import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from 'kysely'
import { pino } from 'pino'
import { readConfig } from '../../../src/config.ts'
import { startConnector } from '../../../src/connector.ts'
import type { Connector } from '../../../src/connector.ts'
import { initDataDirectory } from '../../../src/init.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { DatabaseLocation } from '../../../src/persistence/database.ts'
import { parseCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { parseNote } from '../../../src/tlog/note.ts'
import { commandFor, jsonFrom, runCommand } from '../../helpers/command.ts'
import { testDatabaseLocation } from '../../helpers/database.ts'
import { acquaint, settle, startTestConnector } from '../../helpers/dataspace.ts'
import type { TestConnector } from '../../helpers/dataspace.ts'
import { buildIndependentVerifier, missingForGo } from '../../helpers/independent-verifier.ts'
import { placePreparedDatabase } from '../../helpers/prepared-folder.ts'
import { until } from '../../helpers/until.ts'

// One provider through all that can happen to its log, in order: each test goes on from the one before.
let folder: string
let location: DatabaseLocation
let port: string
let provider: Connector
let consumer: TestConnector
let token: string
let agreement: string
let offer: { '@id': string; target?: string }
let target: string
let transfer: string
let lines: string[] = []
let ahead = 0
let goVerifier: ReturnType<typeof buildIndependentVerifier> | undefined

const data = () => join(folder, 'data')
const logFolder = () => join(data(), 'log')
const run = (...args: string[]) => runCommand([...args, '--url', provider.managementUrl, '--token', token])
const json = (...args: string[]) => jsonFrom(run, ...args)

async function start(): Promise<void> {
  lines = []
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  const settings = { CONCORDAT_PUBLIC_PORT: port, CONCORDAT_MANAGEMENT_PORT: '0', CONCORDAT_ALLOW_ADDRESSES: 'localhost,127.0.0.0/8,::1/128', CONCORDAT_WITNESS_SECONDS: '0' }
  provider = await startConnector({ ...readConfig(data(), settings), database: location }, { log: pino({ level: 'info' }, sink) })
  port = new URL(provider.publicUrl).port
}

/** Runs statements behind the connector's back while it runs. */
async function tamper(...statements: string[]): Promise<void> {
  for (const statement of statements) await provider.services.database.db.executeQuery(sql.raw(statement).compile(provider.services.database.db))
}

/** Stops the provider, does what somebody does to its database and files meanwhile, and starts it again. */
async function whileDown(work: (run: (...statements: string[]) => Promise<void>) => Promise<void>): Promise<void> {
  await provider.close()
  const database = await openDatabase(location)
  try {
    await work(async (...statements) => {
      for (const statement of statements) await database.db.executeQuery(sql.raw(statement).compile(database.db))
    })
  } finally {
    await database.close()
  }
  await start()
}

async function ask(method: string, path: string, options: { body?: unknown; token?: string; headers?: Record<string, string> } = {}): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${options.token ?? token}`, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers }
  const answer = await fetch(`${provider.managementUrl}${path}`, { method, headers, ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }) })
  return { status: answer.status, text: await answer.text() }
}
const status = async (path: string) => (await ask('GET', path)).status
const code = ({ status: answered, text }: { status: number; text: string }) => ({ status: answered, ...(text.includes('"code"') ? { code: String(JSON.parse(text).code) } : {}) })
const stoppedAnswer = { status: 503, code: 'log-stopped' }

async function publicly(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const answer = await fetch(`${provider.publicUrl}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, text: await answer.text() }
}

const keyOf = (path: string) => `stopped${path.replaceAll('/', '-')}`
const stopLines = () => lines.filter((line) => line.includes('The audit log is stopped'))
const fetchData = () => commandFor(consumer)('get', transfer, '--out', join(folder, 'fetched.csv'))
/** The partner's witness reads a DID document again for a key that it does not know, but not within seconds. */
/** How they stand once they have cosigned all there is: a record that nobody waits for, such as of a login, may come after they were asked. */
async function witnesses(): Promise<unknown> {
  ahead += 6000
  return until<{ lag: number }[]>(async () => (await json('audit', 'witness')).items, (items) => items.every(({ lag }) => lag === 0))
}
const openLog = async () => (await provider.services.audit.log.logs()).at(-1)

async function metric(name: string): Promise<string | undefined> {
  const { text } = await ask('GET', '/metrics')
  return new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1]
}

/** What both verifiers say of the evidence that a side makes of the agreement now. */
async function verified(side: typeof run, name: string) {
  const file = join(folder, `${name}.zip`)
  const did = join(folder, `${name}.json`)
  await writeFile(did, (await publicly('GET', '/.well-known/did.json')).text)
  const made = await side('audit', 'evidence', agreement, '--out', file)
  const report = JSON.parse((await runCommand(['audit', 'verify', file, '--did', did, '--json'])).out)
  const findings: { what: string; holds: boolean; detail: unknown }[] = report.findings
  return { made: { code: made.code, err: made.err }, holds: report.holds, wrong: findings.filter(({ holds }) => !holds), logs: findings.filter(({ what }) => what === 'checkpoint').length, chain: findings.find(({ what }) => what === 'log-chain')?.holds, go: goVerifier === undefined ? { status: 0, wrong: '' } : { status: goVerifier('verify-bundle', file).status, wrong: goVerifier('verify-bundle', file).wrong } }
}
const holding = (logs: number) => ({ made: { code: 0, err: expect.any(String) }, holds: true, wrong: [], logs, chain: true, go: { status: 0, wrong: '' } })

async function recover(): Promise<{ log: string; start: number; newKey: boolean; resolved: string[] }> {
  return await json('audit', 'recover', '--reason', 'Looked at.', '--yes')
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-tamper-'))
  goVerifier = missingForGo() === undefined ? buildIndependentVerifier(folder) : undefined
  const empty = await testDatabaseLocation()
  if (empty.kind === 'pglite') await placePreparedDatabase(folder)
  location = empty.kind === 'pglite' ? { kind: 'pglite', directory: join(folder, 'database') } : empty
  port = '0'
  await initDataDirectory(data(), {})
  token = (await readFile(join(data(), 'operator.token'), 'utf8')).trim()
  ;[consumer] = await Promise.all([startTestConnector({ overrides: { clock: () => new Date(Date.now() + ahead) } }), start()])
  await acquaint(provider, consumer)
  await acquaint(consumer, provider)
  await writeFile(join(folder, 'air.csv'), 'district,value\nSants,3\n')
  const dataset = await json('dataset', 'add', '--file', join(folder, 'air.csv'), '--title', 'Air')
  await writeFile(join(folder, 'policy.json'), JSON.stringify({ permission: [{ action: 'use' }] }))
  await json('offer', 'add', dataset.id, '--policy', join(folder, 'policy.json'))
  const theirs = commandFor(consumer)
  const [found] = (await jsonFrom(theirs, 'catalog', provider.id, '--all')).items
  offer = found.hasPolicy[0]
  target = found['@id']
  agreement = String((await jsonFrom(theirs, 'negotiate', provider.id, found.hasPolicy[0]['@id'])).agreement)
  transfer = (await jsonFrom(theirs, 'transfer', 'start', agreement)).id
  expect(await fetchData()).toMatchObject({ code: 0 })
  await settle(provider, consumer)
  for (const side of [run, theirs]) expect(await side('audit', 'witness')).toMatchObject({ code: 0 })
}, 120_000)

afterAll(async () => {
  await Promise.all([provider.close(), consumer.close()])
  await rm(folder, { recursive: true })
})

test('a check finds nothing wrong with what nobody touched, and who may do what', async () => {
  const checked = await run('audit', 'check')
  expect(checked).toMatchObject({ code: 0, out: expect.stringMatching(/^All \d+ entries of 1 log are as they were signed\.\n$/) })
  const report = await json('audit', 'check')
  expect(report).toMatchObject({ findings: [], breaks: [], logs: [{ name: (await openLog())?.name, pruned: false }] })
  const auditor = (await json('token', 'create', 'An auditor', '--role', 'auditor')).token
  const steward = (await json('token', 'create', 'A steward', '--role', 'steward')).token
  const as = async (who: string, ...args: string[]) => (await runCommand([...args, '--url', provider.managementUrl, '--token', who])).code
  expect(await as(auditor, 'audit', 'check')).toBe(0)
  expect([await as(auditor, 'audit', 'recover', '--reason', 'x', '--yes'), await as(auditor, 'log', 'rotate')]).toEqual([4, 4])
  expect([await as(steward, 'audit', 'check'), await as(steward, 'audit', 'recover', '--reason', 'x'), await as(steward, 'log', 'rotate')]).toEqual([4, 4, 4])
  expect(code(await ask('GET', '/audit/log', { token: steward }))).toEqual({ status: 403, code: 'forbidden' })
  expect(code(await ask('GET', '/audit/log', { token: auditor }))).toEqual({ status: 200 })
  expect(await run('audit', 'recover', '--reason', 'x')).toMatchObject({ code: 1, err: 'concordat: The log is not stopped; there is nothing to bring back to work.\n' })
  const nothing = await run('audit', 'recover', '--reason', 'x', '--yes')
  expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('The log is not stopped; there is nothing to bring back to work.') })
  expect(await metric('concordat_log_stopped')).toBe('0')
  expect(stopLines()).toEqual([])
})

test('a key is changed: the old log names the new key, the partner cosigns the new log, data go on', async () => {
  const before = await openLog()
  const rotated = await run('log', 'rotate')
  const now = await openLog()
  expect(rotated).toMatchObject({ code: 0, out: `Log ${now?.name ?? ''} has begun, with the key ${now?.vkey ?? ''}.\n` })
  expect(now).toMatchObject({ name: `${before?.name ?? ''}-2`, start: (before?.start ?? 0) + ((await provider.services.audit.log.logs())[0]?.size ?? 0) })
  expect(await fetchData()).toMatchObject({ code: 0 })
  await settle(provider, consumer)
  expect(await witnesses()).toEqual([expect.objectContaining({ partner: consumer.id, lag: 0, origin: now?.origin })])
  expect(await verified(run, 'rotated')).toEqual(holding(2))
})

test('a database that is tampered with while it runs: a check stops the log, and it shows everywhere', async () => {
  const events = await fetch(`${provider.managementUrl}/events?type=log.*`, { headers: { authorization: `Bearer ${token}` } })
  const reading = events.body?.pipeThrough(new TextDecoderStream()).getReader()
  await tamper(`update audit_entry set rest = replace(rest, '"version"', '"versiom"') where type = 'connector.started'`)
  const checked = await run('audit', 'check')
  expect(checked.code).toBe(1)
  expect(checked.out).toMatch(/^[0-9a-f]{32} root-differs: Log \d{4} has another tree than was signed: the root of its first \d+ entries is \S+, and \S+ was signed\. What was changed is among the entries 0 to \d+ \(checkpoint in .*\)\.\n1 fault was found\. The log is stopped: nothing is recorded or released\. docs\/log-recovery\.md says what to do\.\n$/)
  const found = await run('audit', 'check', '--json')
  expect(found.code).toBe(1)
  expect(JSON.parse(found.out).findings).toMatchObject([{ kind: 'root-differs' }])

  let seen = ''
  while (!seen.includes('\nevent: log.stopped\n')) seen += (await reading?.read())?.value ?? ''
  await reading?.cancel()
  expect(await metric('concordat_log_stopped')).toBe('1')
  expect(JSON.parse((await ask('GET', '/audit/log')).text)).toMatchObject({ state: 'stopped', faults: [{ kind: 'root-differs' }] })
  expect(stopLines().map((line) => JSON.parse(line))).toMatchObject([{ level: 50, fault: 'root-differs', found: expect.stringContaining('has another tree'), msg: expect.stringContaining('concordat audit check') }])
})

test('while it is stopped nothing is released or changed, with 503 and not 500; what is there can be read', async () => {
  expect(await ask('GET', '/health/ready')).toEqual({ status: 503, text: '{"status":"down"}' })
  expect(await status('/health/live')).toBe(200)
  const size = await provider.services.audit.size()

  const authorization = await consumer.services.identity.authorization(provider.id)
  const message = { '@context': ['https://w3id.org/dspace/2025/1/context.jsonld'], '@type': 'ContractRequestMessage', consumerPid: 'urn:uuid:00000000-0000-4000-8000-000000000001', offer: { ...offer, '@type': 'Offer', target }, callbackAddress: consumer.dspAddress }
  expect((await publicly('GET', `/data/${transfer}`)).status).toBe(503)
  const got = await fetchData()
  expect(got.code).not.toBe(0)
  expect(got.err).toContain('The provider answered 503.')
  const dsp = await publicly('POST', '/dsp/2025-1/negotiations/request', { authorization, 'content-type': 'application/json' }, JSON.stringify(message))
  expect(dsp).toMatchObject({ status: 503, text: expect.stringContaining('log-stopped') })

  for (const [method, path, body] of [
    ['POST', '/partners', { id: 'did:web:new.example', name: 'New' }],
    ['POST', '/tokens', { name: 'new', role: 'auditor' }],
    ['POST', '/keys/rotate', undefined],
    ['POST', '/audit/log/rotate', undefined],
    ['PUT', '/secrets/new', { value: 'x' }],
  ] as const) {
    const answer = await ask(method, path, { ...(body === undefined ? {} : { body }), ...(method === 'POST' ? { headers: { 'idempotency-key': keyOf(path) } } : {}) })
    expect([path, code(answer)]).toEqual([path, stoppedAnswer])
  }
  for (const path of ['/partners', '/datasets', '/offers', '/negotiations', '/agreements', '/transfers', '/outbox', '/tokens', '/audit/entries?limit=5', '/audit/log', '/audit/logs', '/audit/statistics', '/audit/witnesses', '/metrics']) expect([path, await status(path)]).toEqual([path, 200])
  expect((await publicly('GET', '/log/checkpoint')).status).toBe(200)
  expect((await publicly('GET', '/.well-known/did.json')).status).toBe(200)
  expect(await provider.services.audit.size()).toBe(size)
  // Evidence is what an operator secures first; that the agreement's last records may be missing is for the verifier to say.
  const secured = await verified(run, 'secured')
  expect(secured).toMatchObject({ made: { code: 0 }, chain: true })
  expect(secured.wrong.filter(({ what }) => what !== 'completeness')).toEqual([])
})

test('a recovery tells first, is done on demand, and everything goes on, also what was refused before', async () => {
  const told = await run('audit', 'recover', '--reason', 'A test.')
  const broken = await openLog()
  expect(told).toMatchObject({ code: 0, out: `This would end log ${broken?.name ?? ''} as it is and begin another. Its first entries would tell of 1 fault, of you and of your reason, and partners see them. Secure the evidence first. Nothing is done yet: add --yes.\n` })
  expect(told.err).toContain('root-differs: Log ')
  expect((await provider.services.audit.log.status()).state).toBe('stopped')
  const done = await run('audit', 'recover', '--reason', 'A test.', '--yes')
  const now = await openLog()
  expect(done).toMatchObject({ code: 0, out: `Log ${now?.name ?? ''} begins with record 1000000. 1 fault put on record.\n` })
  expect(now?.vkey.split('+').at(-1)).toBe(broken?.vkey.split('+').at(-1))

  expect(await status('/health/ready')).toBe(200)
  expect(await metric('concordat_log_stopped')).toBe('0')
  expect(lines.filter((line) => line.includes('at work again'))).toHaveLength(1)
  const again = await ask('POST', '/partners', { body: { id: 'did:web:new.example', name: 'New' }, headers: { 'idempotency-key': keyOf('/partners') } })
  expect(code(again)).toEqual({ status: 201 })
  expect(await ask('POST', '/tokens', { body: { name: 'new', role: 'auditor' }, headers: { 'idempotency-key': keyOf('/tokens') } })).toMatchObject({ status: 201 })
  expect(await fetchData()).toMatchObject({ code: 0 })
  await settle(provider, consumer)
  const checked = await run('audit', 'check')
  expect(checked).toMatchObject({ code: 0 })
  expect(checked.out).toMatch(/^A break of the past, on record since \S+: Log \d+ has another tree .*\nBeside what is on record as a break, nothing is wrong with the \d+ entries of 3 logs\.\n$/)
  expect(await witnesses()).toEqual([expect.objectContaining({ partner: consumer.id, lag: 0, origin: now?.origin })])
  expect(await verified(run, 'recovered')).toEqual(holding(3))
})

test('a database and a key that are changed while it is down: it starts all the same, and goes on with a new key that partners take', async () => {
  await whileDown(async (statements) => {
    await statements(`delete from audit_entry where index = 3`)
    const keys = (await readdir(join(logFolder(), 'keys'))).filter((name) => name.startsWith('log-'))
    await rename(join(logFolder(), 'keys', keys.at(-1) ?? ''), join(folder, 'taken.json'))
  })
  expect(await status('/health/ready')).toBe(503)
  expect(stopLines().length).toBeGreaterThan(0)
  expect(lines.filter((line) => line.includes('"unexpected"'))).toEqual([])
  const checked = await run('audit', 'check')
  expect(checked.code).toBe(1)
  expect(checked.out).toMatch(/ key-replaced: The key of log \d{4}-3 was replaced: /)
  expect(checked.out).toMatch(/ entry-missing: Log \d{4} lacks entry 3: removed from the database\./)
  const [oldest] = await provider.services.audit.log.logs()
  expect(code(await ask('GET', `/audit/logs/${oldest?.name ?? ''}/checkpoint`))).toEqual({ status: 503, code: 'record-unavailable' })
  const { newKey, start: first } = await recover()
  expect({ newKey, first }).toEqual({ newKey: true, first: 2_000_000 })
  const now = await openLog()
  const x = provider.services.audit.keys.current()?.publicJwk.x
  const did: { verificationMethod: { id: string; publicKeyJwk: { x: string } }[]; assertionMethod: string[] } = JSON.parse((await publicly('GET', '/.well-known/did.json')).text)
  const method = did.verificationMethod.find(({ publicKeyJwk }) => publicKeyJwk.x === x)
  expect(method?.id).toContain('#log-')
  expect(did.assertionMethod).not.toContain(method?.id)
  expect(await fetchData()).toMatchObject({ code: 0 })
  await settle(provider, consumer)
  expect(await witnesses()).toEqual([expect.objectContaining({ partner: consumer.id, lag: 0, origin: now?.origin })])
  expect(await run('audit', 'check')).toMatchObject({ code: 0 })
})

test('a cosignature that was changed is found, and told apart from the log', async () => {
  await tamper(`update audit_cosignature set line = replace(line, right(line, 8), 'AAAAAA==')`)
  const { findings } = JSON.parse((await run('audit', 'check', '--json')).out)
  expect(new Set(findings.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(['cosignature-changed']))
  expect(findings[0].message).toMatch(/^The kept cosignature of \S+\/witness on log \d{4}\S* at \d+ entries was changed: it does not verify\.$/)
  await tamper('delete from audit_cosignature', 'delete from audit_checkpoint')
  expect(await recover()).toMatchObject({ newKey: false, start: 3_000_000 })
  expect(await run('audit', 'check')).toMatchObject({ code: 0 })
})

test('a database that went back with everything that is kept beside it: only the witness notices', async () => {
  const log = await openLog()
  for (let count = 0; count < 20; count += 1) await provider.services.audit.record({ type: 'connector.stopped', version: `test ${count}` })
  const [{ size: witnessed }] = (await json('audit', 'witness')).items
  await whileDown(async (statements) => {
    const end = (log?.start ?? 0) + 3
    await statements(
      `delete from audit_entry where index >= ${end}`,
      `delete from audit_opening where index >= ${end}`,
      `update audit_head set size = ${end}`,
      `update audit_log set sealed = 0, checkpoint = null where closed_at is null`,
      `delete from audit_cosignature where origin = '${log?.origin ?? ''}'`,
      `delete from audit_checkpoint where origin = '${log?.origin ?? ''}'`,
    )
    // What the log began with is in the backup.
    for (const name of await readdir(logFolder())) if (name.startsWith(`${log?.name ?? ''}_`) && !name.endsWith('.recovered')) await rm(join(logFolder(), name))
  })
  expect((await provider.services.audit.log.status()).state).toBe('running')
  await run('audit', 'witness')
  const { faults } = await until(() => provider.services.audit.log.status(), ({ state }) => state === 'stopped')
  expect(faults).toMatchObject([{ kind: 'witness-ahead', log: log?.name, detail: { partner: consumer.id, witnessed } }])
  expect(await status('/health/ready')).toBe(503)
  const { start: first, log: name } = await recover()
  expect(first).toBe(4_000_000)
  const [opened = {}] = await provider.services.audit.entries({ after: first - 1, limit: 1 })
  const { previousCheckpoint: note }: { previousCheckpoint?: unknown; name?: unknown } = opened
  const { size, origin } = parseCheckpoint(parseNote(typeof note === 'string' ? note : '').text)
  expect({ size, origin, name: (await openLog())?.name }).toEqual({ size: witnessed, origin: log?.origin, name })
  expect(await fetchData()).toMatchObject({ code: 0 })
  await settle(provider, consumer)
  expect(await witnesses()).toMatchObject([{ partner: consumer.id, lag: 0, origin: (await openLog())?.origin }])
})
