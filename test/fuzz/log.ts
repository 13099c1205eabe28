import { randomUUID } from 'node:crypto'
import { isProblem } from '../../src/errors.ts'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { createEdge } from '../../src/tlog/edge.ts'
import { openNote, parseNote, parseVkey, vkeyOf } from '../../src/tlog/note.ts'
import { parseProof } from '../../src/tlog/proof.ts'
import { leafHash, verifyInclusion } from '../../src/tlog/tree.ts'
import { parseAddCheckpoint } from '../../src/tlog/witness-messages.ts'
import { originHash } from '../../src/audit/witness/serve.ts'
import { foreignLog, leavesOf } from '../audit/witness/log.ts'
import type { Random } from '../helpers/random.ts'
import { auditRequest } from './audit.ts'
import type { DataAnswer } from './governed.ts'
import type { FuzzGround, FuzzTarget } from './ground.ts'
import { mutatePath } from './messages.ts'
import { mutateBytes, oddText } from './mutate.ts'

/** Sends one request to a listener; undefined when there was no answer. */
export type LogExchange = (request: { readonly to: 'public' | 'management'; readonly route: string; readonly method: 'GET' | 'POST' | 'HEAD' | 'DELETE'; readonly path: string; readonly headers: Record<string, string>; readonly body: Buffer | undefined }) => Promise<DataAnswer | undefined>

/** What comes to the edges of the log and of the witness. */
export interface LogFuzz {
  /** Gives what must not have been answered. */
  sendOne(random: Random, exchange: LogExchange): Promise<string | undefined>
}

const mostLeaves = 600
/** Forks differ before this, and the connector has cosigned that much before the run. */
const cosignedFirst = 40
const answersOfWitness: ReadonlySet<number> = new Set([200, 400, 403, 404, 409, 413, 422])

/** Gives the partner of the ground a log that the connector has cosigned. */
export async function prepareLogs(connector: FuzzTarget, ground: FuzzGround): Promise<LogFuzz> {
  const theirs = await prepareWitness(connector, ground)
  const tiles = new Map<string, string>()
  return {
    sendOne: async (random, exchange) => {
      const choice = random.number()
      if (choice < 0.45) return theirs.cosign(random, exchange)
      if (choice < 0.65) return readLog({ connector, ground, tiles }, random, exchange)
      if (choice < 0.8) return readReceipt(ground, random, exchange)
      await exchange({ to: 'management', ...auditRequest(connector.token, ground, random) })
      return undefined
    },
  }
}

async function prepareWitness(connector: FuzzTarget, ground: FuzzGround) {
  const { partner } = ground
  const host = new URL(partner.url).host
  const [own, unknown] = [foreignLog(`${host}/log/2026`), foreignLog(`${host}/log/2026`)]
  partner.otherMethods.push({ id: `${partner.id}#log-12345678`, type: 'JsonWebKey2020', controller: partner.id, publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: own.x } })
  const leaves = leavesOf(mostLeaves)
  const roots = rootsOf(leaves)
  const witness = parseVkey(await witnessKeyOf(connector))
  // The connector has read the partner's document before it had the key, and asks again when that is due.
  for (let status = 0, deadline = Date.now() + 60_000; status !== 200; ) {
    status = (await fetch(`${connector.publicUrl}/witness/add-checkpoint`, { method: 'POST', body: await own.request(leaves, 0, cosignedFirst) })).status
    if (status !== 200 && Date.now() > deadline) throw new Error(`The connector does not cosign the partner's log: ${status}`)
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 500))
  }
  let highest = cosignedFirst
  const shown = `/witness/${originHash(own.origin)}/checkpoint`

  /** A body that is right, or right but for one thing. */
  async function bodyOf(random: Random): Promise<string> {
    const size = Math.min(mostLeaves, Math.max(1, highest + random.between(-3, 6)))
    const fork = leavesOf(mostLeaves, 'fork', random.between(0, cosignedFirst - 1))
    const good = await own.request(leaves, random.chance(0.7) ? Math.min(highest, size) : random.between(0, size), size)
    return random.pick<() => string | Promise<string>>([
      () => good,
      () => own.request(fork, random.chance(0.7) ? Math.min(highest, size) : 0, size),
      () => unknown.request(leaves, highest, size),
      () => foreignLog(random.pick([`${new URL(connector.publicUrl).host}/log/2026`, 'elsewhere.example/log/2026', `${host}/log/2026-2`, oddOrigin(random)])).request(leaves, 0, size),
      async () => swapped(good, await own.request(fork, highest, size), random),
      () => mutateBytes(Buffer.from(good), random).toString('latin1'),
      () => good.replace(/^old \d+/, `old ${random.pick(['0', '-1', '00', '1e3', '9007199254740993', '18446744073709551615', String(highest + 1), '', 'x'])}`),
      () => shuffled(good, random),
      () => `${good}${random.pick(['\n', '— x y\n', '\u0000', 'x'.repeat(70_000)])}`,
      () => oddText(random).toWellFormed(),
    ])()
  }

  async function cosign(random: Random, exchange: LogExchange): Promise<string | undefined> {
    const body = await bodyOf(random)
    const answer = await exchange({ to: 'public', route: 'POST /witness/add-checkpoint', method: 'POST', path: '/witness/add-checkpoint', headers: { 'content-type': 'text/plain' }, body: Buffer.from(body) })
    if (answer === undefined) return undefined
    if (!answersOfWitness.has(answer.status)) return `add-checkpoint was answered ${answer.status}: ${answer.text.slice(0, 300)}\n          ${JSON.stringify(body.slice(0, 1_000))}`
    if (answer.status === 200) {
      const { tree, checkpoint } = parseAddCheckpoint(body)
      const { text } = parseNote(checkpoint)
      if (tree.origin !== own.origin || roots[tree.size]?.equals(tree.root) !== true) return `another tree than the log's was cosigned: ${JSON.stringify(body.slice(0, 1_000))}`
      if (openNote(`${text}\n${answer.text}`, [witness]).signedBy.length !== 1) return `the cosignature on ${tree.size} entries is none: ${answer.text}`
      highest = Math.max(highest, tree.size)
    }
    return random.chance(0.3) ? goesOn(exchange) : undefined
  }

  /** What the witness shows never goes back, and is the log's. */
  async function goesOn(exchange: LogExchange): Promise<string | undefined> {
    const before = highest
    const answer = await exchange({ to: 'public', route: 'GET /witness/:origin/checkpoint', method: 'GET', path: shown, headers: {}, body: undefined })
    if (answer === undefined) return undefined
    const { size, root } = parseCheckpoint(parseNote(answer.text).text)
    return size >= before && roots[size]?.equals(root) === true ? undefined : `the witness shows ${size} entries with the root ${root.toString('base64')}, and has cosigned ${before}`
  }
  return { cosign }
}

async function witnessKeyOf(connector: FuzzTarget): Promise<string> {
  const document: { verificationMethod: { id: string; publicKeyJwk: { x: string } }[] } = JSON.parse(await (await fetch(`${connector.publicUrl}/.well-known/did.json`)).text())
  const key = document.verificationMethod.find(({ id }) => id.includes('#witness'))?.publicKeyJwk
  if (key === undefined) throw new Error('The connector shows no key of its witness')
  return vkeyOf(`${new URL(connector.publicUrl).host}/witness`, 4, Buffer.from(key.x, 'base64url'))
}

function rootsOf(leaves: readonly string[]): Buffer[] {
  const edge = createEdge(0, () => Buffer.alloc(0))
  return [
    edge.root(),
    ...leaves.map((leaf) => {
      edge.append(leafHash(Buffer.from(leaf)))
      return edge.root()
    }),
  ]
}

function oddOrigin(random: Random): string {
  return oddText(random).toWellFormed().replaceAll(/[^!-*,-~]/gu, '').slice(0, 200) || 'x'
}

/** The proof of one and the checkpoint of the other, or the text of one and the signature of the other. */
function swapped(one: string, other: string, random: Random): string {
  const cut = (text: string) => [text.slice(0, text.indexOf('\n\n') + 2), text.slice(text.indexOf('\n\n') + 2)] as const
  const [[proof, checkpoint], [otherProof, otherCheckpoint]] = [cut(one), cut(other)]
  const mixed = checkpoint.slice(0, checkpoint.indexOf('\n\n')) + otherCheckpoint.slice(otherCheckpoint.indexOf('\n\n'))
  return random.pick([proof + otherCheckpoint, otherProof + checkpoint, proof + mixed])
}

function shuffled(body: string, random: Random): string {
  const lines = body.split('\n')
  const [at, to] = [random.between(0, lines.length - 1), random.between(0, lines.length - 1)]
  const line = lines[at] ?? ''
  return random.pick([lines.toSpliced(at, 1), lines.toSpliced(at, 0, line), lines.toSpliced(at, 1).toSpliced(to, 0, line), lines.with(at, lines[to] ?? '')]).join('\n')
}

interface Reading {
  readonly connector: FuzzTarget
  readonly ground: FuzzGround
  /** What each tile was. */
  readonly tiles: Map<string, string>
}

async function readLog({ connector, ground, tiles }: Reading, random: Random, exchange: LogExchange): Promise<string | undefined> {
  const number = () => random.pick(['000', '001', '002', 'x001/000', '999', '1', '0000', '-01', 'x000/000', String(random.between(0, 300)).padStart(3, '0')])
  const width = () => random.pick(['', `.p/${random.between(0, 300)}`, '.p/0', '.p/256', '.p/01', '.p/x', '.p'])
  const log = random.pick(['', '', '', '/2026', '/2025', '/2026-2', `/${encodeURIComponent(oddText(random).slice(0, 50).toWellFormed())}`])
  const records = () => `records?${random.pick(['agreement', 'after', 'limit', 'x'])}=${encodeURIComponent(random.pick([...ground.agreements.slice(-3), '', '-1', '99999999999999999', oddText(random).slice(0, 200).toWellFormed()]))}`
  const plain = `/log${log}/${random.pick(['checkpoint', 'vkey', `tile/${random.between(0, 3)}/${number()}${width()}`, `tile/entries/${number()}${width()}`, records()])}`
  const path = random.chance(0.25) ? mutatePath(plain, random) : plain
  const operator = random.chance(0.3)
  const authorization = operator ? `Bearer ${connector.token}` : random.pick([ground.partner.authorization(ground.connectorId), ground.stranger.authorization(ground.connectorId), 'Bearer x', ''])
  const method = random.chance(0.05) ? random.pick(['POST', 'DELETE', 'HEAD'] as const) : 'GET'
  const answer = await exchange({ to: 'public', route: `${method} /log`, method, path, headers: authorization === '' ? {} : { authorization }, body: undefined })
  if (answer?.status !== 200 || method !== 'GET') return undefined
  if (/\/tile\/entries\//.test(path) && !operator) return `entries were given to somebody else: ${path}`
  if (!/\/tile\/\d/.test(path)) return undefined
  const before = tiles.get(path)
  tiles.set(path, answer.text)
  return before === undefined || before === answer.text ? undefined : `the tile ${path} is another one than before`
}

async function readReceipt(ground: FuzzGround, random: Random, exchange: LogExchange): Promise<string | undefined> {
  const data = ground.places.filter(({ endpoint }) => endpoint.startsWith(ground.base) && endpoint.includes('/data/'))
  if (data.length === 0) return undefined
  const [place, other] = [random.pick(data), random.pick(data)]
  // A record that there is: the one of an answer just now.
  const answered = random.chance(0.4) ? await exchange({ to: 'public', route: 'GET /data', method: 'GET', path: new URL(place.endpoint).pathname, headers: { authorization: place.authorization }, body: undefined }) : undefined
  const record = answered?.headers['concordat-record']
  const index = typeof record === 'string' ? record : random.chance(0.6) ? String(random.between(0, 400)) : random.pick(['-1', '1.5', '1e3', '00', '9007199254740993', '99999999999999999999', 'x', '%00', '', oddText(random).slice(0, 60).toWellFormed()].map(encodeURIComponent))
  const { pathname } = new URL(place.endpoint)
  const path = random.chance(0.1) ? mutatePath(`${pathname}/receipts/${index}`, random) : `${pathname}/receipts/${index}`
  const authorization = random.chance(0.8) ? place.authorization : random.pick([other.authorization, 'Bearer x', `Bearer ${randomUUID()}`])
  const answer = await exchange({ to: 'public', route: 'GET /data/:id/receipts/:index', method: 'GET', path, headers: { authorization }, body: undefined })
  if (answer?.status !== 200) return undefined
  try {
    const { entry, receipt }: { entry: string; receipt: string } = JSON.parse(answer.text)
    const { proof, index: leafIndex, tree } = parseProof(receipt)
    if (!verifyInclusion({ leaf: leafHash(Buffer.from(entry)), index: leafIndex, size: tree.size, proof, root: tree.root })) return `the receipt ${path} does not prove its entry`
    const { transfer }: { transfer?: string } = JSON.parse(entry)
    return transfer !== undefined && decodeURIComponent(pathname).includes(transfer) && authorization === place.authorization ? undefined : `a receipt was given for a record of ${transfer}: ${path}`
  } catch (error) {
    if (isProblem(error) || (Error.isError(error) && error.name === 'SyntaxError')) return `the receipt ${path} is none: ${answer.text.slice(0, 300)}`
    throw error
  }
}
