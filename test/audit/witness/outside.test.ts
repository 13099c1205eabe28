import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { readWitnesses } from '../../../src/audit/witness/settings.ts'
import { formatCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { ed25519Cosigner } from '../../../src/tlog/cosignature.ts'
import { formatNote, openNote, parseNote, parseVkey, signatureLine, vkeyOf } from '../../../src/tlog/note.ts'
import { parseAddCheckpoint } from '../../../src/tlog/witness-messages.ts'
import { startTestConnector } from '../../helpers/dataspace.ts'
import type { TestConnector } from '../../helpers/dataspace.ts'
import { foreignLog, leavesOf, rootOf } from './log.ts'

/** An answer of the witness whose every answer a test chooses. */
interface Answer {
  readonly status: number
  readonly type?: string
  readonly body: string
}
type Asked = ReturnType<typeof parseAddCheckpoint>

const name = 'witness.example'
const key = generateKeyPairSync('ed25519')
const vkey = vkeyOf(name, 4, key.publicKey)
const cosigner = (as = name, signing = key.privateKey, clock = () => new Date()) => ed25519Cosigner(as, signing, clock)
const line = (asked: Asked, signer = cosigner()) => signatureLine(parseNote(asked.checkpoint).text, signer)
const honest = (asked: Asked): Answer => ({ status: 200, body: line(asked) })
const size = (value: number | string): Answer => ({ status: 409, type: 'text/x.tlog.size', body: `${value}\n` })

let answer: (asked: Asked) => Answer = honest
let shown: string | undefined
let asked: Asked[] = []
const server = createServer((request, response) => {
  void text(request).then((body) => {
    if (request.method === 'GET') return response.writeHead(shown === undefined ? 404 : 200).end(shown)
    const one = parseAddCheckpoint(body)
    asked.push(one)
    const { status, type = 'text/plain; charset=utf-8', body: answered } = answer(one)
    return response.writeHead(status, { 'content-type': type }).end(answered)
  })
})
let connector: TestConnector

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  connector = await startTestConnector({ settings: { CONCORDAT_WITNESSES: `${vkey} ${addressOf()}` } })
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await connector.close()
})
beforeEach(() => {
  answer = honest
  shown = undefined
  asked = []
})

function addressOf(): string {
  const at = server.address()
  return `http://127.0.0.1:${typeof at === 'object' ? at?.port : ''}`
}

async function ask(of = connector): Promise<{ lag: number; failure: string | undefined; alarmedAt: string | undefined }> {
  const response = await fetch(`${of.managementUrl}/audit/witnesses`, { method: 'POST', headers: { authorization: `Bearer ${of.token}` } })
  const { items }: { items: { lag: number; failure?: string; alarmedAt?: string }[] } = JSON.parse(await response.text())
  const [item] = items
  if (item === undefined) throw new Error('There is no witness')
  return { failure: undefined, alarmedAt: undefined, ...item }
}

const grow = () => connector.services.audit.record({ type: 'connector.stopped', version: 'test' })
const recorded = async (type: string) => (await connector.services.audit.entries({ type, limit: 1000 })).length

test('an outside witness is asked from what it has cosigned on, with the proof', async () => {
  expect(await ask()).toMatchObject({ failure: undefined })
  await grow()
  expect(await ask()).toMatchObject({ failure: undefined })
  expect(asked.at(-1)?.oldSize).toBe(asked.at(-2)?.tree.size)
  const published = await (await fetch(`${connector.publicUrl}/log/checkpoint`)).text()
  expect(openNote(published, [parseVkey(vkey)]).signedBy).toHaveLength(1)
  // It lost what it knew: its size is taken over.
  await grow()
  answer = (one) => (one.oldSize === 0 ? honest(one) : size(0))
  expect(await ask()).toMatchObject({ failure: undefined })
  // A valid line counts among others, wherever it stands.
  await grow()
  const other = foreignLog('other.example/log/1').checkpoint(leavesOf(1)).split('\n').at(-2)
  answer = (one) => ({ status: 200, body: `${other}\n${line(one)}` })
  expect(await ask()).toMatchObject({ failure: undefined })
  expect(await (await fetch(`${connector.publicUrl}/log/checkpoint`)).text()).not.toContain('other.example')
})

const replay: { first?: string } = {}

test.each<[string, (one: Asked) => Answer, string]>([
  ['claims to be ahead', () => size(10_000_000), 'cannot show it'],
  ['claims another tree of this size', (one) => size(one.tree.size), 'cannot show it'],
  ['claims that the log did not only grow', () => ({ status: 422, body: '' }), 'cannot show it'],
  ['refuses its own size', (one) => (one.oldSize === 0 ? honest(one) : size(one.oldSize)), 'refused its own size'],
  ['tells no size', () => ({ status: 409, body: '4' }), 'did not tell its own'],
  ['tells a size that is no number', () => size('04'), 'did not tell its own'],
  ['tells its size with more behind', () => size('4\n5'), 'did not tell its own'],
  ['takes our key for another', () => ({ status: 403, body: '' }), 'does not take the key'],
  ['answers nothing', () => ({ status: 200, body: '' }), 'no valid cosignature'],
  ['answers without a newline', (one) => ({ status: 200, body: line(one).slice(0, -1) }), 'no valid cosignature'],
  ['answers a cosignature cut short', (one) => ({ status: 200, body: `${line(one).slice(0, -9)}\n` }), 'no valid cosignature'],
  ['answers a cosignature of another key under its name', (one) => ({ status: 200, body: line(one, cosigner(name, generateKeyPairSync('ed25519').privateKey)) }), 'no valid cosignature'],
  ['answers a cosignature under another name', (one) => ({ status: 200, body: line(one, cosigner('other.example')) }), 'no valid cosignature'],
  ['repeats a cosignature of an earlier checkpoint', () => ({ status: 200, body: replay.first ?? '' }), 'no valid cosignature'],
  ['answers a cosignature of a checkpoint of another log', () => ({ status: 200, body: signatureLine(parseNote(foreignLog('other.example/log/1').checkpoint(leavesOf(4))).text, cosigner()) }), 'no valid cosignature'],
])('an outside witness that %s: an alarm, and the log goes on', async (_, lie, why) => {
  answer = (one) => {
    replay.first ??= line(one)
    return honest(one)
  }
  await grow()
  await ask()
  const alarms = await recorded('witness.lagging')
  await grow()
  answer = lie
  // What it shows was never signed by us.
  const forged = foreignLog((await connector.services.audit.log.logs()).at(-1)?.origin ?? '')
  shown = forged.checkpoint(leavesOf(500))
  const state = await ask()
  expect(state.failure).toContain(why)
  expect(state.alarmedAt).toBeDefined()
  expect(state.lag).toBeGreaterThan(0)
  expect(await recorded('witness.lagging')).toBe(alarms + 1)
  expect((await connector.services.audit.log.status()).state).toBe('running')
  const recoveries = await recorded('witness.recovered')
  answer = honest
  expect(await ask()).toMatchObject({ failure: undefined, alarmedAt: undefined })
  expect(await recorded('witness.recovered')).toBe(recoveries + 1)
})

test('a clock that is ahead is no cosignature of now', async () => {
  await grow()
  answer = (one) => ({ status: 200, body: line(one, cosigner(name, key.privateKey, () => new Date(Date.now() + 3_600_000))) })
  expect((await ask()).failure).toContain('clock')
})

test('one that does not answer is tried again, and alarms only after a while', async () => {
  await grow()
  await ask()
  await grow()
  const alarms = await recorded('witness.lagging')
  answer = () => ({ status: 503, body: '' })
  expect(await ask()).toMatchObject({ failure: 'It answered with status 503.', alarmedAt: undefined })
  expect(await recorded('witness.lagging')).toBe(alarms)
})

test('one that shows another tree under our own signature stops the log', async () => {
  await grow()
  await ask()
  const { audit } = connector.services
  const log = (await audit.log.logs()).at(-1)
  const signers = audit.keys.find(log?.origin ?? '', log?.vkey ?? '')?.signers(log?.origin ?? '') ?? []
  await grow()
  shown = formatNote(formatCheckpoint({ origin: log?.origin ?? '', size: 3, root: rootOf(leavesOf(3)) }), signers)
  answer = () => ({ status: 422, body: '' })
  await ask()
  const { state, faults } = await audit.log.status()
  expect(state).toBe('stopped')
  expect(faults).toMatchObject([{ kind: 'witness-differs', detail: { witness: name, witnessed: 3, checkpoint: shown } }])
  await expect(grow()).rejects.toMatchObject({ code: 'log-stopped' })
  // How the witnesses stand is still told.
  expect((await ask()).failure).toContain('others than those of the database')
})

test('a witness at a private address is asked only where that is allowed', async () => {
  await using strict = await startTestConnector({ settings: { CONCORDAT_WITNESSES: `${vkey} ${addressOf()}`, CONCORDAT_ALLOW_ADDRESSES: 'localhost' } })
  expect((await ask(strict)).failure).toContain('may not be called')
  expect(asked).toEqual([])
})

test('witnesses of the settings are read strictly', () => {
  const second = vkeyOf(name, 4, generateKeyPairSync('ed25519').publicKey)
  expect(readWitnesses('W', ` ${vkey} https://witness.example/w/ ,${second}  https://witness.example/w/,`)).toMatchObject([{ name, vkeys: [vkey, second], partner: null }])
  expect(readWitnesses('W', '')).toEqual([])
  const log = vkeyOf('log.example', 1, key.publicKey)
  for (const bad of [vkey, `${vkey} ftp://witness.example`, `${vkey} https://a:b@witness.example`, `${vkey} https://witness.example?x=1`, `${vkey} https://witness.example more`, `${log} https://witness.example`, `nobody https://witness.example`, `${vkey} https://a.example, ${second} https://b.example`]) {
    expect(() => readWitnesses('CONCORDAT_WITNESSES', bad)).toThrow(/CONCORDAT_WITNESSES lists/)
  }
})
