import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import fc from 'fast-check'
import { pino } from 'pino'
import type { AuditRecord } from '../../../src/audit/audit.ts'
import { createWitnessRouter } from '../../../src/audit/routes/witness.ts'
import { prepareRecord } from '../../../src/audit/personal/commit.ts'
import { createLogWitness } from '../../../src/audit/witness/serve.ts'
import { problemHandler } from '../../../src/http/problem.ts'
import type { Database } from '../../../src/persistence/database.ts'
import { parseCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { cosignatureTime, ed25519Cosigner } from '../../../src/tlog/cosignature.ts'
import { openNote, parseVkey, vkeyOf } from '../../../src/tlog/note.ts'
import { maxAddCheckpoint } from '../../../src/tlog/witness-messages.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { foreignLog, leavesOf, rootOf, sha256Hex } from './log.ts'
import type { ForeignLog } from './log.ts'

const partner = 'did:web:partner.example'
const now = new Date('2026-05-04T10:00:00Z')
const witnessKey = generateKeyPairSync('ed25519')
const name = 'us.example/witness'
const vkey = vkeyOf(name, 4, witnessKey.publicKey)

let database: Database
let directory: string
let url: string
let count = 0
let log: ForeignLog
let records: AuditRecord[]
let fetched: string[]
/** What the partner publishes. */
const published = new Map<string, string[]>()

const server = createServer()
const witnesses = new Set<ReturnType<typeof createLogWitness>>()

function openWitness() {
  const witness = createLogWitness({
    database,
    directory,
    clock: () => now,
    cosigner: ed25519Cosigner(name, witnessKey.privateKey, () => now),
    vkey,
    partnerOf: async (origin) => (origin.startsWith('partner.example/log/') ? partner : undefined),
    logKeys: async ({ origin }) => {
      fetched.push(origin)
      return published.get(origin) ?? []
    },
    record: async (record) => {
      prepareRecord(record)
      records.push(record)
    },
    onError: (error) => {
      throw error
    },
  })
  witnesses.add(witness)
  return witness
}

beforeAll(async () => {
  database = await openTestDatabase()
  directory = await mkdtemp(join(tmpdir(), 'concordat-witness-'))
  const app = express()
  app.use(createWitnessRouter(openWitness()))
  app.use(problemHandler(pino({ level: 'silent' })))
  server.on('request', app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/witness`
})
afterAll(async () => {
  for (const witness of witnesses) await witness.close()
  server.closeAllConnections()
  server.close()
  await database.close()
  await rm(directory, { recursive: true })
})
beforeEach(() => {
  log = foreignLog(`partner.example/log/${++count}`)
  published.set(log.origin, [log.vkey])
  records = []
  fetched = []
})

async function post(body: string | Buffer, headers: Record<string, string> = {}): Promise<{ status: number; type: string | null; text: string }> {
  const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body), headers })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

async function latest(origin: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/${sha256Hex(origin)}/checkpoint`)
  return answer.status === 200 ? answer.text() : undefined
}

describe('C2SP tlog-witness', () => {
  test('200: a log is cosigned from its beginning on, and what we show is the checkpoint with both signatures', async () => {
    const leaves = leavesOf(300)
    for (const [oldSize, size] of [[0, 0], [0, 1], [1, 7], [7, 7], [7, 256], [256, 300]] as const) {
      const body = await log.request(leaves, oldSize, size)
      const answer = await post(body)
      expect(answer.status).toBe(200)
      const checkpoint = log.checkpoint(leaves.slice(0, size))
      const note = openNote(checkpoint + answer.text, [parseVkey(vkey), parseVkey(log.vkey)])
      expect(note.signedBy.map((key) => key.vkey).toSorted()).toEqual([log.vkey, vkey].toSorted())
      expect(cosignatureTime(note.lines.at(-1)?.signature ?? Buffer.alloc(0))).toBe(now.getTime() / 1000)
      expect(await latest(log.origin)).toBe(checkpoint + answer.text)
    }
    expect(records).toEqual([{ type: 'witness.log_seen', partner, origin: log.origin, vkey: log.vkey }])
  })

  test('404: an origin of nobody in the register; nobody is asked about it', async () => {
    for (const origin of ['stranger.example/log/2026', 'partner.example', 'us.example/log/2026']) {
      expect((await post(await foreignLog(origin).request(leavesOf(3), 0))).status).toBe(404)
    }
    expect(fetched).toEqual([])
  })

  test('403: a checkpoint that no key of the log has signed', async () => {
    const forged = foreignLog(log.origin)
    expect((await post(await forged.request(leavesOf(3), 0))).status).toBe(403)
    const body = await log.request(leavesOf(3), 0)
    // The signature of the right key, over another text.
    expect((await post(body.replace('\n3\n', '\n4\n'))).status).toBe(403)
    expect(await latest(log.origin)).toBeUndefined()
    expect(records).toEqual([])
  })

  test('signatures of unknown keys are ignored, and are not shown', async () => {
    const other = foreignLog('stranger.example/log/2026')
    const line = other.checkpoint(leavesOf(3)).split('\n').at(-2)
    expect((await post(`${await log.request(leavesOf(3), 0)}${line}\n`)).status).toBe(200)
    expect(await latest(log.origin)).not.toContain('stranger')
    // C2SP signed-note: sixteen are accepted at least, and one of a later kind has nearly 5 kB. One may be there twice.
    const large = Array.from({ length: 15 }, (_, index) => `— stranger.example/${index % 14} ${Buffer.alloc(4900, 1).toString('base64')}\n`)
    expect((await post(`${await log.request(leavesOf(4), 3)}${large.join('')}`)).status).toBe(200)
  })

  test('400: an old size above the size', async () => {
    expect((await post(await log.request(leavesOf(3), 4))).status).toBe(400)
  })

  test('409: another old size than ours, with ours in the body', async () => {
    expect(await post(await log.request(leavesOf(5), 3))).toEqual({ status: 409, type: 'text/x.tlog.size', text: '0\n' })
    expect((await post(await log.request(leavesOf(5), 0))).status).toBe(200)
    expect(await post(await log.request(leavesOf(9), 0))).toEqual({ status: 409, type: 'text/x.tlog.size', text: '5\n' })
    expect(await post(await log.request(leavesOf(4), 4))).toEqual({ status: 409, type: 'text/x.tlog.size', text: '5\n' })
  })

  test('409: the same size with another root, which is recorded with both checkpoints', async () => {
    expect((await post(await log.request(leavesOf(5), 0))).status).toBe(200)
    const cosigned = await latest(log.origin)
    const fork = await log.request(leavesOf(5, ' changed', 4), 5)
    expect(await post(fork)).toEqual({ status: 409, type: 'text/x.tlog.size', text: '5\n' })
    expect(await latest(log.origin)).toBe(cosigned)
    expect(records.at(-1)).toMatchObject({ type: 'witness.refused', reason: 'fork', partner, size: 5, cosigned: 5, checkpoint: log.checkpoint(leavesOf(5, ' changed', 4)), cosignedCheckpoint: cosigned })
  })

  test('422: a log that did not only grow, and proofs that are cut, turned round, too long, or not due', async () => {
    expect((await post(await log.request(leavesOf(5), 0))).status).toBe(200)
    const cosigned = await latest(log.origin)
    const good = await log.request(leavesOf(11), 5)
    const [head = '', ...tail] = good.split('\n\n')
    const [old = '', ...proof] = head.split('\n')
    const withProof = (lines: readonly string[]) => [[old, ...lines].join('\n'), ...tail].join('\n\n')
    const bad = [
      await log.request(leavesOf(11, ' changed', 2), 5),
      withProof([]),
      withProof(proof.slice(1)),
      withProof(proof.toReversed()),
      withProof([...proof, proof[0] ?? '']),
      withProof(proof.map((line, place) => (place === 0 ? Buffer.alloc(32).toString('base64') : line))),
    ]
    for (const body of bad) expect((await post(body)).status).toBe(422)
    // The proof for the size that we have must be empty.
    expect((await post(withProof(proof).replace(/\n\n.*$/s, `\n\n${log.checkpoint(leavesOf(5))}`))).status).toBe(422)
    expect(await latest(log.origin)).toBe(cosigned)
    expect((await post(good)).status).toBe(200)
  })

  test.each([
    ['nothing', () => ''],
    ['no old size', (body: string) => body.replace(/^old \d+\n/, '')],
    ['leading zeroes', (body: string) => body.replace('old 0', 'old 00')],
    ['a sign', (body: string) => body.replace('old 0', 'old +0')],
    ['two spaces', (body: string) => body.replace('old 0', 'old  0')],
    ['carriage returns', (body: string) => body.replaceAll('\n', '\r\n')],
    ['no empty line', (body: string) => body.replace('\n\n', '\n')],
    ['no last newline', (body: string) => body.slice(0, -1)],
    ['a hash that is short', (body: string) => body.replace('\n\n', `\n${Buffer.alloc(31).toString('base64')}\n\n`)],
    ['64 hashes', (body: string) => body.replace('\n\n', `\n${Array.from({ length: 64 }, () => Buffer.alloc(32).toString('base64')).join('\n')}\n\n`)],
    ['a size with a leading zero', (body: string) => body.replace('\n3\n', '\n03\n')],
    ['a size beyond whole numbers', (body: string) => body.replace('\n3\n', '\n99999999999999999999\n')],
    ['no signature', (body: string) => body.replace(/— .*\n/, '')],
  ])('400: %s', async (_, change) => {
    expect((await post(change(await log.request(leavesOf(3), 0)))).status).toBe(400)
    expect(await latest(log.origin)).toBeUndefined()
  })

  test('bodies that are too long, packed or not UTF-8, other methods, other paths', async () => {
    const body = await log.request(leavesOf(3), 0)
    expect((await post(body + ' '.repeat(maxAddCheckpoint))).status).toBe(413)
    expect((await post(body, { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await post(Buffer.concat([Buffer.from(body), Buffer.of(0xff, 0x0a)]))).status).toBe(400)
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405)
    for (const path of [`${'0'.repeat(64)}/checkpoint`, `${'A'.repeat(64)}/checkpoint`, '..%2f..%2f/checkpoint', 'x/checkpoint']) expect((await fetch(`${url}/${path}`)).status).toBe(404)
  })
})

test('the key that a log was first seen with is its key: another of the partner is refused, and recorded', async () => {
  expect((await post(await log.request(leavesOf(3), 0))).status).toBe(200)
  const other = foreignLog(log.origin)
  published.set(log.origin, [other.vkey])
  expect((await post(await other.request(leavesOf(5), 3))).status).toBe(403)
  expect(records.at(-1)).toMatchObject({ type: 'witness.refused', reason: 'key', cosigned: 3, size: 5 })
  // It goes on with its own key, though the document does not name that any more.
  expect((await post(await log.request(leavesOf(6), 3))).status).toBe(200)
  const next = foreignLog(`${log.origin}-2`)
  published.set(next.origin, [next.vkey])
  expect((await post(await next.request(leavesOf(1), 0))).status).toBe(200)
  expect(records.at(-1)).toMatchObject({ type: 'witness.log_seen', origin: next.origin })
})

test('refusals that are repeated are one record with their count', async () => {
  const witness = openWitness()
  await witness.addCheckpoint(await log.request(leavesOf(5), 0))
  for (let time = 0; time < 7; time++) await witness.addCheckpoint(await log.request(leavesOf(3), 3))
  expect(records.filter(({ type }) => type === 'witness.refused')).toMatchObject([{ reason: 'behind', count: 1 }])
  await witness.close()
  expect(records.filter(({ type }) => type === 'witness.refused')).toMatchObject([{ count: 1 }, { reason: 'behind', count: 6, size: 3, cosigned: 5 }])
})

test('whatever comes at once, over several processes: no two cosigned trees diverge, and none is smaller than the one before', async () => {
  // Two processes with one database.
  const processes = [openWitness(), openWitness()]
  const requests = fc.array(fc.record({ fork: fc.integer({ min: 0, max: 2 }), oldSize: fc.integer({ min: 0, max: 8 }), more: fc.integer({ min: 0, max: 4 }), process: fc.integer({ min: 0, max: 1 }) }), { minLength: 2, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(requests, async (list) => {
      const one = foreignLog(`partner.example/log/${++count}`)
      published.set(one.origin, [one.vkey])
      const cosigned: { size: number; root: string; fork: number }[] = []
      await Promise.all(
        list.map(async ({ fork, oldSize, more, process }) => {
          const leaves = leavesOf(oldSize + more, fork === 0 ? '' : ` ${fork}`, fork * 2)
          const answer = await processes[process]?.addCheckpoint(await one.request(leaves, oldSize)).catch(() => undefined)
          if (answer?.status === 200) cosigned.push({ size: leaves.length, root: rootOf(leaves).toString('base64'), fork })
        }),
      )
      const { origin, size, root } = parseCheckpoint(openNote((await processes[0]?.latest(sha256Hex(one.origin))) ?? one.checkpoint([]), [parseVkey(one.vkey)]).text)
      expect(origin).toBe(one.origin)
      // What we show is the largest; every other is the beginning of a branch that leads to it.
      expect(size).toBe(Math.max(0, ...cosigned.map((each) => each.size)))
      const branch = [0, 1, 2].find((fork) => rootOf(leavesOf(size, fork === 0 ? '' : ` ${fork}`, fork * 2)).equals(root))
      expect(branch).toBeDefined()
      for (const each of cosigned) expect(each.root).toBe(rootOf(leavesOf(each.size, branch === 0 ? '' : ` ${branch}`, (branch ?? 0) * 2)).toString('base64'))
    }),
    { numRuns: 25 },
  )
})

describe('what we cosigned is kept beside the database', () => {
  const forget = (origin: string) => database.db.deleteFrom('witnessed_log').where('origin', '=', origin).execute()
  const fileOf = (origin: string) => join(directory, `${sha256Hex(origin)}.witnessed`)

  test('a row that was removed, or is from a backup, makes us cosign no other tree, and a record tells of it', async () => {
    const leaves = leavesOf(20)
    await post(await log.request(leaves, 0, 4))
    const backup = await database.db.selectFrom('witnessed_log').selectAll().where('origin', '=', log.origin).executeTakeFirstOrThrow()
    expect((await post(await log.request(leaves, 4, 9))).status).toBe(200)
    const shown = await latest(log.origin)
    const fork = leavesOf(20, ' fork', 6)
    for (const [had, back] of [[0, undefined], [4, backup]] as const) {
      await forget(log.origin)
      if (back !== undefined) await database.db.insertInto('witnessed_log').values(back).execute()
      records = []
      expect(await latest(log.origin)).toBe(shown)
      expect(await post(await log.request(fork, had, 12))).toMatchObject({ status: 409, text: '9\n' })
      expect((await post(await log.request(fork, 9, 12))).status).toBe(422)
      expect(records[0]).toEqual({ type: 'witness.state_restored', partner, origin: log.origin, size: 9, had })
    }
    // What goes on from what we saw is cosigned as ever.
    expect((await post(await log.request(leaves, 9, 12))).status).toBe(200)
    expect((await post(await log.request(leaves, 12, 20))).status).toBe(200)
  })

  test('a row that somebody changed makes us cosign no other tree, and a record tells of it', async () => {
    const leaves = leavesOf(20)
    const fork = leavesOf(20, ' fork', 6)
    await post(await log.request(leaves, 0, 9))
    const shown = await latest(log.origin)
    const other = foreignLog(log.origin)
    published.set(log.origin, [log.vkey, other.vkey])
    const forged = { root: rootOf(fork.slice(0, 9)).toString('base64'), checkpoint: log.checkpoint(fork.slice(0, 9)) }
    const ahead = { size: 12, root: rootOf(fork.slice(0, 12)).toString('base64'), checkpoint: log.checkpoint(fork.slice(0, 12)) }
    for (const change of [forged, ahead, { ...ahead, checkpoint: shown ?? '' }, { ...ahead, checkpoint: null }, { vkey: other.vkey }]) {
      await database.db.updateTable('witnessed_log').set(change).where('origin', '=', log.origin).execute()
      records = []
      expect((await post(await log.request(fork, 'size' in change ? 12 : 9, 15))).status).not.toBe(200)
      expect((await post(await other.request(leaves, 9, 15))).status).not.toBe(200)
      expect(await latest(log.origin)).toBe(shown)
      expect(records[0]).toEqual({ type: 'witness.state_restored', partner, origin: log.origin, size: 9, had: 'size' in change ? 12 : 9 })
    }
    // Nor does it keep the log's own key out.
    await database.db.updateTable('witnessed_log').set({ vkey: other.vkey }).where('origin', '=', log.origin).execute()
    expect((await post(await log.request(leaves, 9, 15))).status).toBe(200)
  })

  test('nor is another key taken for the log', async () => {
    await post(await log.request(leavesOf(3), 0))
    await forget(log.origin)
    const other = foreignLog(log.origin)
    published.set(log.origin, [other.vkey])
    expect((await post(await other.request(leavesOf(5), 3))).status).toBe(403)
    expect((await post(await log.request(leavesOf(5), 3))).status).toBe(200)
  })

  test('a file that is older than the database, or cannot be read, changes nothing', async () => {
    const leaves = leavesOf(9)
    await post(await log.request(leaves, 0, 3))
    const older = await readFile(fileOf(log.origin))
    await post(await log.request(leaves, 3, 5))
    for (const content of [older, '', '{"origin":"x"}', 'null']) {
      await writeFile(fileOf(log.origin), content)
      expect((await post(await log.request(leaves, 5, 5))).status).toBe(200)
    }
    expect((await post(await log.request(leaves, 5, 9))).status).toBe(200)
    expect(records.map(({ type }) => type)).toEqual(['witness.log_seen'])
  })
})
