import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Router } from 'express'
import type { Request, Response } from 'express'
import { ProblemError } from '../../errors.ts'
import { encodeEntries, parseEntriesPath, parseTilePath, tileWidth } from '../../tlog/tiles.ts'
import type { Checkpoint, LogInfo, TransparencyLog } from '../log/log.ts'
import { partnerRecords } from '../witness/partner-records.ts'
import type { PartnerRecordsDeps } from '../witness/partner-records.ts'
import { only } from './witness.ts'

/** Where our log is, below the public address. */
const logPath = '/log'

export interface LogRoutesDeps extends PartnerRecordsDeps {
  readonly log: TransparencyLog
  /** What is shown of a log; of the open one unless it is named. */
  readonly published: (log?: string) => Promise<Checkpoint | undefined>
  /** Lets those pass who may read every entry; 'unauthenticated' or 'forbidden' otherwise. */
  readonly requireReader: (request: { authorization: string | undefined; address: string }) => Promise<void>
  /** The partner in the register whose token the header carries; 'unauthenticated' or 'forbidden' otherwise. */
  readonly partnerOf: (authorization: string | undefined) => Promise<string>
}

const pack = promisify(gzip)

/** Our log on the public listener (C2SP tlog-tiles). To be mounted at the public root. */
export function createLogRouter(deps: LogRoutesDeps): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.get(`${logPath}/records`, async (request, response) => {
    const partner = await deps.partnerOf(request.headers.authorization)
    const page = await partnerRecords(deps, { partner, ...pageOf(request) })
    response.set('Cache-Control', 'private, no-store').json(page)
  })
  // Paths of tiles are taken as they came: nothing in them is decoded, and what is not exactly the path of a tile is none.
  router.get(new RegExp(`^${logPath}/`), (request, response) => serveResource(deps, { request, response }))
  router.all(new RegExp(`^${logPath}/`), only('GET, HEAD'))
  return router
}

/** `/log/checkpoint` is that of the open log, `/log/2026/checkpoint` that of a named one. */
function resourceOf(path: string): { log: string | undefined; resource: string } | undefined {
  const [, log, resource] = /^\/log(?:\/([0-9]{4}(?:-[1-9][0-9]{0,5})?))?\/(checkpoint|vkey|tile\/[0-9a-z./]{1,60})$/.exec(path) ?? []
  return resource === undefined ? undefined : { log, resource }
}

async function logOf(log: TransparencyLog, name: string | undefined): Promise<LogInfo | undefined> {
  const logs = await log.logs()
  return name === undefined ? logs.findLast(({ closedAt }) => closedAt === null) : logs.find((one) => one.name === name)
}

interface Exchange {
  readonly request: Request
  readonly response: Response
}

async function serveResource(deps: LogRoutesDeps, exchange: Exchange): Promise<void> {
  const wanted = resourceOf(exchange.request.path)
  const log = wanted === undefined ? undefined : await logOf(deps.log, wanted.log)
  if (wanted === undefined || log === undefined) throw notCovered()
  await serve(deps, { log, resource: wanted.resource }, exchange)
}

async function serve(deps: LogRoutesDeps, { log, resource }: { log: LogInfo; resource: string }, exchange: Exchange): Promise<void> {
  const { response } = exchange
  if (resource === 'vkey') {
    response.set({ 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }).send(`${log.vkey}\n`)
    return
  }
  if (resource === 'checkpoint') {
    const checkpoint = await deps.published(log.name)
    if (checkpoint === undefined) throw notCovered()
    // C2SP tlog-tiles: a checkpoint must not be kept beyond a few seconds.
    response.set({ 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }).send(checkpoint.note)
    return
  }
  const entries = parseEntriesPath(resource)
  if (entries !== undefined) return serveEntries(deps, { log, ...entries }, exchange)
  const tile = parseTilePath(resource)
  const hashes = tile === undefined ? undefined : await deps.log.tile(log.name, tile)
  if (hashes === undefined) throw notCovered()
  response.set({ 'Content-Type': 'application/octet-stream', 'Cache-Control': `public, ${lasting}` }).send(hashes)
}

// C2SP tlog-tiles: what a path of tiles or entries names never changes.
const lasting = 'max-age=31536000, immutable'

async function serveEntries(deps: LogRoutesDeps, bundle: { log: LogInfo; index: number; width: number }, { request, response }: Exchange): Promise<void> {
  await deps.requireReader({ authorization: request.headers.authorization, address: request.socket.remoteAddress ?? '' })
  const { log, index, width } = bundle
  const from = index * tileWidth
  const newest = await deps.log.checkpoint(log.name)
  if (newest === undefined || from + width > newest.size) throw notCovered()
  const leaves = await deps.log.leaves(log.name, from, width)
  if (leaves.length !== width) throw new ProblemError('gone', `Entries of ${log.origin} were removed after their time. Its checkpoint and its tiles stay.`)
  const bytes = encodeEntries(leaves.map(({ entry }) => Buffer.from(entry)))
  response.set({ 'Content-Type': 'application/octet-stream', 'Cache-Control': `private, ${lasting}`, Vary: 'Accept-Encoding, Authorization' })
  const packed = request.acceptsEncodings('gzip', 'identity') === 'gzip'
  if (packed) response.set('Content-Encoding', 'gzip')
  response.send(packed ? await pack(bytes) : bytes)
}

function notCovered(): ProblemError {
  return new ProblemError('not-found', 'The log has nothing at this address, or its checkpoint does not cover it yet.')
}

const mostRecords = 100

function pageOf({ query }: Request): { agreement: string; after: number; limit: number } {
  const { agreement, after = '-1', limit = '50', ...others } = query
  if (Object.keys(others).length > 0 || typeof agreement !== 'string' || agreement === '' || agreement.length > 1000 || agreement.includes('\0')) {
    throw new ProblemError('bad-request', 'Ask with ?agreement=ID, and if need be after=NUMBER and limit=NUMBER.')
  }
  return { agreement, after: whole('after', after, { least: -1, most: Number.MAX_SAFE_INTEGER }), limit: whole('limit', limit, { least: 1, most: mostRecords }) }
}

function whole(name: string, value: unknown, { least, most }: { least: number; most: number }): number {
  const number = typeof value === 'string' && /^-?[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number) || number < least || number > most) throw new ProblemError('bad-request', `${name} must be a whole number from ${least} to ${most}.`)
  return number
}
