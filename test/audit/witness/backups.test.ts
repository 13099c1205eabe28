import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Audit } from '../../../src/audit/audit.ts'
import { createOutside } from '../../../src/audit/witness/outside.ts'
import { putWitness } from '../../../src/audit/witness/store.ts'
import { createOutboundHttp } from '../../../src/http/guarded-fetch.ts'
import { emptyRecord, openTestAudit } from '../../helpers/audit.ts'
import { openGround } from '../tamper/ground.ts'
import type { Ground } from '../tamper/ground.ts'
import { foreignLog, leavesOf } from './log.ts'

// Database and data folder are put back together: only witnesses know what came after.
const name = 'witness.example'
const origin = (log: string) => `connector.example/log/${log}`

/** What the witness shows, by paths; how it answers. */
const shown = new Map<string, string>()
let mode: 'answers' | 'silent' | 'fails' = 'answers'
const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  if (mode === 'silent') return
  const note = shown.get(request.url ?? '')
  response.writeHead(mode === 'fails' ? 500 : note === undefined ? 404 : 200).end(note)
})
const http = createOutboundHttp({ allow: ['127.0.0.0/8'] })
let url = ''
let ground: Ground
let saved = 0

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address()
  url = `http://127.0.0.1:${typeof at === 'object' ? at?.port : ''}`
  ground = await openGround()
})
afterAll(async () => {
  await http.close()
  server.closeAllConnections()
  server.close()
  await ground.database.close()
})
beforeEach(async () => {
  shown.clear()
  mode = 'answers'
  asked.length = 0
  saved += 1
  await rm(ground.directory, { recursive: true, force: true })
  await emptyRecord(ground.database)
  await ground.tamper('delete from audit_witness', 'delete from audit_cosignature', 'delete from audit_checkpoint')
  await putWitness(ground.database.db, { name, vkey: 'witness.example+00000000+AA', url, partner: null })
})

const audits = new Set<Audit>()
afterEach(async () => {
  for (const audit of audits) await audit.close()
  audits.clear()
})
async function opened(opening: Promise<Audit>): Promise<Audit> {
  const audit = await opening
  audits.add(audit)
  return audit
}
function open(intervalMs = 1000): Promise<Audit> {
  const outside = createOutside({ database: ground.database, directory: ground.directory, http, configured: [], intervalMs, found: () => Promise.resolve([]) })
  return opened(openTestAudit(ground.database, { directory: ground.directory, clock: () => ground.clock.now, outside }))
}
async function write(audit: Audit, count: number, text = ''): Promise<void> {
  for (let n = 0; n < count; n += 1) await audit.record({ type: 'test.many', n, text })
}
/** The witness has cosigned the open log as it is. */
async function witnessed(audit: Audit): Promise<{ size: number; note: string }> {
  const checkpoint = await audit.log.checkpoint()
  if (checkpoint === undefined) throw new Error('Nothing is signed')
  shown.set(pathOf(checkpoint.origin), checkpoint.note)
  return checkpoint
}
const pathOf = (of: string) => `/${createHash('sha256').update(of).digest('hex')}/checkpoint`
const stop = (audit: Audit) => audit.log.stop({ log: '2026', kind: 'entry-changed', detail: { index: 1 }, message: 'A fault for the test.' })
const faultIds = async (audit: Audit) => (await audit.keeping.faults()).filter(({ resolvedAt }) => resolvedAt === null).map(({ id }) => id)
const recover = async (audit: Audit, options: { withoutWitnesses?: boolean } = {}) => audit.keeping.recover({ reason: 'A backup', acknowledge: await faultIds(audit), actor: 'operator', ...options })
const save = (audit: Audit) => audit.close().then(() => ground.save(`s${saved}`))
const restore = (audit: Audit) => audit.close().then(() => ground.restore(`s${saved}`))
const messages = async (audit: Audit) => (await audit.log.status()).faults.map(({ kind, message }) => ({ kind, message }))
const recovered = async (audit: Audit) => (await audit.entries({ type: 'log.recovered', limit: 10 })).at(-1)

test('before the first number is given, a witness tells that database and data folder are older than what was signed', async () => {
  await save(await open())
  const first = await open()
  await write(first, 5)
  const { size, note } = await witnessed(first)
  await restore(first)

  const audit = await open()
  expect(await messages(audit)).toEqual([{ kind: 'witness-ahead', message: `The witness ${name} has cosigned 6 entries of ${origin('2026')}, and the database has 1.` }])
  expect(await audit.size()).toBe(1)
  await expect(audit.record({ type: 'test.many' })).rejects.toMatchObject({ code: 'log-stopped' })
  expect(await recover(audit)).toMatchObject({ log: '2026-2', start: 1_000_000 })
  const [opened] = await audit.entries({ after: 999_999, limit: 1 })
  expect(opened).toMatchObject({ type: 'log.opened', previousCheckpoint: note })
  expect(await recovered(audit)).toMatchObject({ lost: [`1-${size - 1}`], detail: { witnessesAsked: 1, witnessesAnswered: [name] } })
  // Once it is on record it stops nothing any more.
  await audit.close()
  const again = await open()
  expect(await again.log.status()).toMatchObject({ state: 'running', faults: [] })
})

test('nor does a log begin again that only a witness knows: the next has another name, and numbers behind it', async () => {
  await save(await open())
  const first = await open()
  await stop(first)
  expect(await recover(first)).toMatchObject({ log: '2026-2', start: 1_000_000 })
  await write(first, 3)
  await witnessed(first)
  await restore(first)

  const audit = await open()
  expect(await messages(audit)).toEqual([{ kind: 'witness-ahead', message: `The witness ${name} has cosigned 5 entries of ${origin('2026-2')}, a log that our key has signed and the database does not know.` }])
  expect(await recover(audit)).toMatchObject({ log: '2026-3', start: 3_000_000 })
  expect(await recovered(audit)).toMatchObject({ detail: { unknownLogs: ['2026-2'] } })
  await write(audit, 2)
  expect((await audit.keeping.check()).findings).toEqual([])
  await audit.close()
  const again = await open()
  expect(await again.log.status()).toMatchObject({ state: 'running', faults: [] })
  expect(await again.record({ type: 'test.many' })).toBe(3_000_004)
})

test('also when the key of that log came and went in the time that is lost: it cannot be verified, but its name is taken', async () => {
  await save(await open())
  const first = await open()
  await first.keeping.rotate('operator')
  await write(first, 3)
  await witnessed(first)
  await restore(first)

  const audit = await open()
  expect(await audit.log.status()).toMatchObject({ state: 'running', faults: [] })
  await stop(audit)
  expect(await recover(audit)).toMatchObject({ log: '2026-3', start: 3_000_000 })
})

test('names are asked for until none is known, also those of the years between', async () => {
  ground.clock.now = new Date('2026-11-20T10:00:00.000Z')
  const audit = await open()
  for (const log of ['2026-2', '2026-9', '2026-17', '2027']) shown.set(pathOf(origin(log)), foreignLog(origin(log)).checkpoint(leavesOf(3)))
  await stop(audit)
  ground.clock.now = new Date('2027-02-01T10:00:00.000Z')
  expect(await recover(audit)).toMatchObject({ log: '2027-2', start: 9_000_000 })
  ground.clock.now = new Date('2026-11-20T10:00:00.000Z')
  await audit.close()
})

test('a tree that went on otherwise after a backup is told at the next start with a witness', async () => {
  await save(await open())
  const first = await open()
  await write(first, 3, 'lost')
  await witnessed(first)
  await restore(first)
  mode = 'fails'
  const second = await open()
  await write(second, 5, 'other')
  await second.close()
  mode = 'answers'
  const audit = await open()
  expect(await messages(audit)).toEqual([{ kind: 'witness-differs', message: `The witness ${name} has cosigned 4 entries of ${origin('2026')} that are others than those of the database.` }])
})

test.each([
  ['of a key that is not ours', () => foreignLog(origin('2026')).checkpoint(leavesOf(900))],
  ['of another log', () => foreignLog(origin('1999')).checkpoint(leavesOf(900))],
  ['that is none', () => 'nothing at all'],
])('a checkpoint %s stops nothing', async (_what, note) => {
  for (const log of ['2026', '2026-2']) shown.set(pathOf(origin(log)), note())
  const audit = await open()
  await write(audit, 1)
  await audit.close()
  const again = await open()
  expect(asked).toContain(pathOf(origin('2026')))
  expect(await again.log.status()).toMatchObject({ state: 'running', faults: [] })
})

test('a witness that does not answer holds up a start for a second, and a recovery until the operator goes on', async () => {
  await (await open()).close()
  mode = 'silent'
  const began = performance.now()
  const audit = await open()
  // A busy machine takes longer; who waited for an answer as elsewhere would wait for 10 s.
  expect(performance.now() - began).toBeLessThan(8000)
  expect(await audit.log.status()).toMatchObject({ state: 'running', faults: [] })
  mode = 'fails'
  await stop(audit)
  await expect(recover(audit)).rejects.toMatchObject({
    code: 'conflict',
    message: `No witness answers (${name}), so nobody can say whether the name and the numbers of the next log were used before. If the database and the data folder both come from a backup, they may have been; a witness that knows them would stop the new log as well. Try again when one answers, or go on without them: concordat audit recover --without-witnesses.`,
  })
  expect(await audit.log.status()).toMatchObject({ state: 'stopped' })
  expect(await recover(audit, { withoutWitnesses: true })).toMatchObject({ log: '2026-2', start: 1_000_000 })
  expect(await recovered(audit)).toMatchObject({ detail: { witnessesAsked: 1, witnessesAnswered: [] } })
})

test('nobody is asked at the start where witnesses are asked on demand only', async () => {
  await (await open()).close()
  asked.length = 0
  await open(0)
  expect(asked).toEqual([])
})
