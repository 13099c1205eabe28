import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { Random } from '../helpers/random.ts'
import { askOne } from './governed.ts'
import type { DataAnswer, GovernedGround, Way } from './governed.ts'
import type { FuzzGround, FuzzTarget } from './ground.ts'
import { judgeBundle } from './bundles.ts'
import type { LogExchange, LogFuzz } from './log.ts'
import { managementRequest } from './management.ts'
import { mutatePath, validRequest } from './messages.ts'
import type { FuzzRequest } from './messages.ts'
import { mutateBytes, mutateJson, oddText } from './mutate.ts'
import { judgeOne, offerOne } from './offering.ts'
import type { AskManagement } from './offering.ts'
import { sendRaw } from './raw.ts'

/** What was answered, and what must not have been. */
export interface Tally {
  readonly statuses: Map<string, Map<number, number>>
  readonly faults: string[]
}

export interface Fuzzer {
  readonly tally: Tally
  sendOne(): Promise<void>
  close(): Promise<void>
}

interface Sent {
  readonly route: string
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer | undefined
}

const tokenMs = 60_000

/** What a run is about. */
export interface FuzzerDeps {
  readonly connector: FuzzTarget
  /** Another connector, through whose gateway the first one is asked. */
  readonly asking: FuzzTarget
  readonly ground: FuzzGround
  readonly governed: GovernedGround
  readonly logs: LogFuzz
  readonly random: Random
}

export function createFuzzer({ connector, asking, ground, governed, logs, random }: FuzzerDeps): Fuzzer {
  const tally: Tally = { statuses: new Map(), faults: [] }
  const open = { connections: 32, bodyTimeout: 20_000, headersTimeout: 20_000 }
  const [publicPool, managementPool, gatewayPool] = [new Pool(connector.publicUrl.replace('localhost', '127.0.0.1'), open), new Pool(connector.managementUrl, open), new Pool(asking.managementUrl, open)]
  const authorization = authorizations(ground, random)

  const count = (route: string, status: number) => {
    const statuses = tally.statuses.get(route) ?? new Map<number, number>()
    tally.statuses.set(route, statuses.set(status, (statuses.get(status) ?? 0) + 1))
  }
  const note = (fault: string | undefined) => {
    if (fault !== undefined) tally.faults.push(fault)
  }

  /** Undefined when there was no answer. */
  async function exchange(pool: Pool, sent: Sent): Promise<DataAnswer | undefined> {
    const { route, method, path, headers, body } = sent
    try {
      const answer = await pool.request({ method, path, headers, ...(body === undefined ? {} : { body }) })
      const text = await answer.body.text()
      count(route, answer.statusCode)
      return { status: answer.statusCode, text, headers: answer.headers }
    } catch (error) {
      const code = Error.isError(error) && 'code' in error ? String(error.code) : ''
      // A request that the client library refuses to write was never sent; a closed connection is an answer too, but silence is none.
      count(code.startsWith('UND_ERR_INVALID') ? 'not sendable' : route, 0)
      if (code.endsWith('_TIMEOUT')) note(`${route} was not answered in 20 s\n          ${describe(sent)}`)
      return undefined
    }
  }

  async function send(pool: Pool, sent: Sent): Promise<void> {
    const answer = await exchange(pool, sent)
    if (answer === undefined) return
    const fault = faultOf(sent.route, answer.status, answer.text, connector.dataDirectory)
    if (fault !== undefined) note(`${fault}\n          ${describe(sent)}\n          ${answer.text.slice(0, 500)}\n          ${fault.includes('50') ? connector.lastWords().split('\n').at(-1)?.slice(0, 1500) : ''}`)
  }

  async function askManagement({ method, path, route, json, headers = {} }: Parameters<AskManagement>[0]): Promise<{ status: number; text: string }> {
    const sent = { method, path, route, headers: { 'authorization': `Bearer ${connector.token}`, 'content-type': 'application/json', ...headers }, body: json === undefined ? undefined : Buffer.from(writable(json)) }
    const answer = await exchange(managementPool, sent)
    if (answer === undefined) return { status: 0, text: '' }
    const fault = faultOf(route, answer.status, answer.text, connector.dataDirectory)
    note(fault === undefined ? undefined : `${fault}\n          ${describe(sent)}\n          ${answer.text.slice(0, 500)}`)
    return answer
  }

  const askData = (way: Way['name'], { path, method, headers }: { path: string; method: Dispatcher.HttpMethod; headers: Readonly<Record<string, string>> }) =>
    exchange(way === 'gateway' ? gatewayPool : publicPool, { route: `${way}, questions under terms`, method, path, headers, body: undefined })

  async function askLog({ to, ...sent }: Parameters<LogExchange>[0]): Promise<DataAnswer | undefined> {
    const answer = await exchange(to === 'management' ? managementPool : publicPool, sent)
    const fault = answer === undefined ? undefined : faultOf(sent.route, answer.status, answer.text, connector.dataDirectory)
    note(fault === undefined ? undefined : `${fault}\n          ${describe(sent)}\n          ${answer?.text.slice(0, 500)}\n          ${connector.lastWords().split('\n').at(-1)?.slice(0, 1500)}`)
    return answer
  }

  async function sendOne(): Promise<void> {
    const choice = random.number()
    if (choice < 0.015) {
      const status = await sendRaw(new URL(connector.publicUrl), authorization(), validRequest(ground, random).path, random)
      count('raw sockets', status)
      if (status >= 500) tally.faults.push(`raw socket: ${status}`)
    } else if (choice < 0.1) await send(managementPool, mutated(managementRequest(ground, random), `Bearer ${random.chance(0.95) ? connector.token : oddHeader(random)}`))
    else if (choice < 0.18) await send(publicPool, dataRequest())
    else if (choice < 0.28) {
      count('policies that were read without a connector', 200)
      note(await judgeOne(random))
    } else if (choice < 0.34) note(await offerOne(askManagement, ground.datasets[0] ?? '', random))
    else if (choice < 0.46) note(await askOne(governed, random, askData))
    else if (choice < 0.54) note(await logs.sendOne(random, askLog))
    else if (choice < 0.56) {
      count('bundles that were verified', 200)
      note(await judgeBundle(random))
    }
    else await send(publicPool, mutated(validRequest(ground, random), authorization()))
  }

  function mutated({ route, method, path, json }: FuzzRequest, token: string): Sent {
    const how = random.number()
    const others = [...ground.processes.slice(-5).flatMap(({ providerPid, consumerPid }) => [providerPid, consumerPid]), ...ground.agreements.slice(-3), ...ground.datasets, ground.partnerId, ground.other.id, ground.connectorId]
    const valid = json === undefined ? undefined : writable(json)
    // One in ten goes as it is, so that processes move and the others meet them in every state.
    const text = valid === undefined || how < 0.1 ? valid : how < 0.75 ? mutatedText(json, random, others) : valid
    const body = text === undefined ? undefined : how >= 0.75 && how < 0.93 ? mutateBytes(Buffer.from(text), random) : Buffer.from(text)
    const changed = how >= 0.93 || (json === undefined && how > 0.3) ? mutatePath(path, random) : path
    return { route, method: random.chance(0.02) ? random.pick(['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'GET', 'POST', 'PROPFIND']) : method, path: changed, headers: headersFor(token, random), body: ['GET', 'HEAD'].includes(method) ? undefined : body }
  }

  function dataRequest(): Sent {
    const place = ground.places.length === 0 || random.chance(0.1) ? { endpoint: `${ground.base}/data/urn%3Auuid%3A1`, authorization: 'Bearer x' } : random.pick(ground.places)
    const url = URL.parse(place.endpoint) ?? new URL(`${ground.base}/data/x`)
    const inbox = url.pathname.startsWith('/inbox')
    const method = random.chance(0.1) ? random.pick(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) : inbox ? random.pick(['PUT', 'POST']) : random.pick(['GET', 'GET', 'HEAD'])
    const path = random.chance(0.2) ? mutatePath(url.pathname, random) : url.pathname
    const query = random.chance(0.5) ? `?${random.pick(['format', 'version', 'x', ''])}=${encodeURIComponent(random.pick(['csv', 'json', 'ndjson', 'parquet', 'original', '1', '0', '99999999999', '-1', oddText(random).slice(0, 200).toWellFormed()]))}` : ''
    const headers = headersFor(random.chance(0.85) ? place.authorization : authorization(), random)
    if (random.chance(0.3)) headers['range'] = random.pick(['bytes=0-4', 'bytes=-1', 'bytes=5-1', 'bytes=0-0,2-3', 'bytes=99999-', 'bytes=9007199254740993-', 'lines=1-2', 'bytes=', 'bytes=0-,'.repeat(200)])
    if (random.chance(0.2)) headers[random.pick(['if-none-match', 'if-match', 'if-range', 'if-modified-since', 'accept', 'content-digest', 'content-disposition', 'content-range'])] = random.pick(['*', '"x"', 'W/"x"', 'sha-256=:AAAA:', 'attachment; filename="../../x"', 'bytes 0-1/2', 'text/csv;q=2', 'x'.repeat(2_000)])
    const body = ['PUT', 'POST', 'DELETE'].includes(method) ? mutateBytes(Buffer.from('week,amount\n2026-W01,1\n'), random) : undefined
    return { route: inbox ? `${method} /inbox` : `${method} /data`, method, path: path.includes('?') ? path : path + query, headers, body }
  }

  const close = async () => {
    await Promise.all([publicPool.destroy(), managementPool.destroy(), gatewayPool.destroy()])
  }
  return { tally, sendOne, close }
}

// Some of what is made up is nested deeper than can be copied or written.
function mutatedText(json: unknown, random: Random, others: readonly string[]): string {
  try {
    return mutateJson(json, random, others)
  } catch {
    return '['.repeat(20_000) + ']'.repeat(20_000)
  }
}

function writable(json: unknown): string {
  try {
    return JSON.stringify(json) ?? 'null'
  } catch {
    return '[]'
  }
}

function authorizations(ground: FuzzGround, random: Random): () => string {
  const tokens = new Map<string, { value: string; until: number }>()
  const of = (peer: FuzzGround['partner']) => {
    const known = tokens.get(peer.id)
    if (known !== undefined && known.until > Date.now()) return known.value
    const value = peer.authorization(ground.connectorId)
    tokens.set(peer.id, { value, until: Date.now() + tokenMs })
    return value
  }
  return () => {
    const choice = random.number()
    if (choice < 0.86) return of(ground.partner)
    if (choice < 0.92) return of(ground.other)
    if (choice < 0.94) return of(ground.stranger)
    if (choice < 0.96) return ground.partner.authorization(random.pick([ground.other.id, '', oddText(random).slice(0, 100)]), { header: random.pick([{ alg: 'none' }, { alg: 'HS256' }, { kid: oddText(random).slice(0, 100) }, { crit: ['x'] }, {}]), claims: random.pick([{ exp: 1 }, { iat: 'x' }, { iss: oddText(random).slice(0, 100) }, { jti: null }, { aud: [] }, {}]) })
    if (choice < 0.98) return mutateBytes(Buffer.from(of(ground.partner)), random).toString('latin1').replaceAll(/[^\x20-\x7e]/g, 'x').slice(0, 10_000)
    return oddHeader(random)
  }
}

function oddHeader(random: Random): string {
  return random.pick(['', 'Bearer', 'Bearer ', 'Basic x', 'Bearer a.b.c', 'Bearer ..', `Bearer ${'x'.repeat(9_000)}`, 'bearer null', 'Bearer \u00ff\u00ff'])
}

function headersFor(authorization: string, random: Random): Record<string, string> {
  const headers: Record<string, string> = { ...(random.chance(0.99) ? { authorization } : {}), 'content-type': 'application/json' }
  if (random.chance(0.06)) headers['content-type'] = random.pick(['text/plain', 'application/ld+json', 'application/json; charset=utf-16', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', '', ';;;', 'x'.repeat(500)])
  if (random.chance(0.03)) headers['content-encoding'] = random.pick(['gzip', 'br', 'identity', 'deflate, gzip', 'x'])
  if (random.chance(0.05)) headers[random.pick(['accept', 'accept-encoding', 'x-forwarded-for', 'x-http-method-override', 'traceparent', 'cookie', 'idempotency-key', 'if-match', 'last-event-id', 'x-odd'])] = random.pick(['', '*', 'gzip;q=x', 'DELETE', '00-0-0-0', '"1"', '-1', 'x'.repeat(3_000)])
  return headers
}

// What a partner or a source answers badly is told an operator as 502 or 504; nothing else here may be a 5xx.
function faultOf(route: string, status: number, text: string, dataDirectory: string): string | undefined {
  const passedOn = route.startsWith('management ') && (status === 502 || status === 504) && /"code":"peer-(failed|timeout)"/.test(text)
  if (status >= 500 && !passedOn) return `${route} answered ${status}`
  if (status >= 400 && (/\bat .{1,200}:\d+:\d+|node:internal|\/src\/\w+\/|\bselect "|\binsert into "/.test(text) || text.includes(dataDirectory))) return `${route} answered ${status} and tells of the inside`
  return undefined
}

function describe({ method, path, headers, body }: Sent): string {
  const { authorization: _secret, ...rest } = headers
  return `${method} ${path.slice(0, 500)} ${JSON.stringify(rest).slice(0, 300)} ${body === undefined ? '' : JSON.stringify(body.subarray(0, 1_500).toString('latin1'))}`
}
