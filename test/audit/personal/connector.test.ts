import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from 'kysely'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeEvents } from '../../../src/audit/events/document.ts'
import { openDatabase } from '../../../src/persistence/database.ts'
import type { DatabaseLocation } from '../../../src/persistence/database.ts'
import { commandFor, jsonFrom } from '../../helpers/command.ts'
import { onPostgresql, testDatabaseLocation } from '../../helpers/database.ts'
import { startTestConnector } from '../../helpers/dataspace.ts'
import type { TestConnector } from '../../helpers/dataspace.ts'
import { placePreparedDatabase } from '../../helpers/prepared-folder.ts'
import { until } from '../../helpers/until.ts'

let connector: TestConnector
let folder: string
let location: DatabaseLocation
let closing: Promise<void> | undefined
const close = () => (closing ??= connector.close())

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-stopped-'))
  await placePreparedDatabase(folder)
  location = onPostgresql ? await testDatabaseLocation() : { kind: 'pglite', directory: join(folder, 'database') }
  connector = await startTestConnector({ config: { database: location }, settings: { CONCORDAT_POSTGRESQL_CITY: 'postgres://u:hunter2@localhost/x', CONCORDAT_AUDIT_RETENTION_YEARS: '5' } })
})

afterAll(async () => {
  await close()
  await rm(folder, { recursive: true, force: true })
})

const entriesOf = (type: string) => connector.services.audit.entries({ type, limit: 100 })
const call = (path: string, token: string, body?: object) => fetch(connector.managementUrl + path, { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) })

test('a start is recorded with its settings but no secrets, its keys and its clock', async () => {
  await until(() => entriesOf('connector.clock'), (entries) => entries.length === 1)
  const [started] = await entriesOf('connector.started')
  expect(started).toMatchObject({ version: expect.any(String), settings: { CONCORDAT_AUDIT_RETENTION_YEARS: '5', CONCORDAT_POSTGRESQL_CITY: expect.stringMatching(/^hmac-sha256:/) } })
  expect(JSON.stringify(started)).not.toContain('hunter2')
  const [created] = await entriesOf('key.created')
  expect(created).toMatchObject({ kid: connector.services.identity.document()?.verificationMethod[0]?.id, jwk: { kty: 'OKP', crv: 'Ed25519' } })
})

test('logins are recorded once a day, wrong tokens counted', async () => {
  for (let n = 0; n < 3; n++) expect((await call('/self', connector.token)).status).toBe(200)
  for (let n = 0; n < 5; n++) expect((await call('/self', 'wrong')).status).toBe(401)
  await until(() => entriesOf('login.refused'), (entries) => entries.reduce((sum, { count }) => sum + Number(count), 0) === 5)
  expect(await entriesOf('login.refused')).toMatchObject([{ count: 1, code: 'unauthenticated', caller: '127.0.0.1' }, { count: 4 }])
  expect(await entriesOf('login.accepted')).toMatchObject([{ role: 'operator', actor: 'operator', token: expect.any(String), caller: '127.0.0.1' }])
})

test('a rotation is recorded with the new key', async () => {
  const rotated = await jsonFrom(commandFor(connector), 'key', 'rotate')
  const [entry] = await entriesOf('key.rotated')
  expect(entry).toMatchObject({ kid: rotated.kid, jwk: { kty: 'OKP', x: expect.any(String) }, actor: 'operator' })
})

test('the catalogue is served as it is in the code', async () => {
  const answer = await call('/audit/events', connector.token)
  expect(await answer.json()).toEqual({ items: describeEvents() })
})

test('the command erases a name after it was told twice, and shows what is left', async () => {
  const run = commandFor(connector)
  await run('token', 'create', 'Ana Puig', '--role', 'auditor')
  const wrong = await run('audit', 'erase', '--actor', 'a', '--user', 'b', '--reason', 'x')
  expect(wrong.code).toBe(2)
  const asked = await run('audit', 'erase', '--actor', 'Ana Puig', '--reason', 'Request 12')
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('add --yes') })
  expect(await entriesOf('audit.erased')).toEqual([])
  const erased = await run('audit', 'erase', '--actor', 'Ana Puig', '--fields', 'name', '--reason', 'Request 12', '--yes')
  expect(erased).toMatchObject({ code: 0, out: expect.stringMatching(/^Erased name of 1 record; recorded as \d+\. 1 valid token has this name: revoke it with "concordat token revoke", and erase again/m) })
  expect((await entriesOf('token.created')).at(-1)).toMatchObject({ name: { committed: expect.any(String) }, role: 'auditor' })
  const listed = await run('audit', 'list', '--type', 'token.created')
  expect(listed.out).not.toContain('Ana Puig')
})

test('erasing somebody leaves their name in no table once their token is revoked', async () => {
  const run = commandFor(connector)
  const { id, token } = await jsonFrom(run, 'token', 'create', 'Berta Soler', '--role', 'auditor')
  expect((await call('/audit/entries?limit=1', String(token))).status).toBe(200)
  await until(() => entriesOf('login.accepted'), (entries) => entries.some(({ actor }) => actor === 'Berta Soler'))
  await run('token', 'revoke', String(id))
  const erased = await run('audit', 'erase', '--actor', 'Berta Soler', '--reason', 'Request 13', '--yes')
  expect(erased.out).toMatch(/^Erased .+ of 3 records; recorded as \d+\.$/m)
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'`.execute(connector.services.database.db)
  expect(rows.length).toBeGreaterThan(20)
  for (const { name: table } of rows) {
    const found = await sql<{ count: number }>`select count(*)::integer as count from ${sql.table(table)} as each where position('Berta Soler' in each::text) > 0`.execute(connector.services.database.db)
    expect([table, found.rows[0]?.count]).toEqual([table, 0])
  }
})

test('only operators erase and prune', async () => {
  const { token } = await jsonFrom(commandFor(connector), 'token', 'create', 'office', '--role', 'auditor')
  expect((await call('/audit/erase', token, { user: 'x', reason: 'y' })).status).toBe(403)
  expect((await call('/audit/logs/2020/prune', token, { reason: 'y' })).status).toBe(403)
  expect((await call('/audit/erase', connector.token, { user: 'x', caller: 'y', reason: 'z' })).status).toBe(400)
  expect((await call('/audit/erase', connector.token, { reason: 'z', dryRun: true })).status).toBe(400)
})

test('pruning over the command names what keeps a log', async () => {
  const { name } = (await connector.services.audit.log.logs())[0] ?? { name: '' }
  expect(await commandFor(connector)('audit', 'prune', '--log', name, '--reason', 'time', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('is open') })
})

test('an orderly stop is the last record', async () => {
  await close()
  const database = await openDatabase(location)
  const last = await database.db.selectFrom('audit_entry').select('type').orderBy('index', 'desc').limit(1).executeTakeFirst()
  await database.close()
  expect(last).toEqual({ type: 'connector.stopped' })
})
