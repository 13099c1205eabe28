import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { request as send } from 'undici'
import { isObject, objectOf } from '../conformance/kit.ts'
import type { Json } from '../conformance/kit.ts'
import type { CheckMessage } from '../conformance/message-schemas.ts'
import { listenOn } from '../tck/initiate.ts'
import { clientIdIn } from './iam-mock.ts'

/** How this stand-in for Eclipse EDC 0.18.0 behaves where EDC can be configured or has bad luck. */
export interface EdcOptions {
  readonly participantId: string
  /** The participant id of the connector it talks to. */
  readonly partnerId: string
  readonly check: CheckMessage
  /** How long its state machines wait before each step; EDC: 1000 ms by default, 50 ms in its own tests. */
  readonly loopMs?: number
  /** How long it holds a process after our answer to its message; a message in that time is answered with 409. */
  readonly leaseMs?: number
  /** Whether it holds those it agrees on until it has answered somebody with 409, so that this comes up on every machine. */
  readonly holds?: boolean
  /** The first wait after a 5xx or a broken connection; it doubles 7 times. EDC: 1000 ms. */
  readonly retryMs?: number
  /** Datasets it offers. */
  readonly datasets?: number
  /** Asked about each of its messages; `lost`: the connection breaks after we took it. */
  readonly mishap?: (path: string) => 'lost' | undefined
  /** As provider, acts on a request before it has answered it. */
  readonly eager?: boolean
  /** How many of our messages it answers with 503 first. */
  readonly unavailable?: number
}

type Kind = 'negotiations' | 'transfers'

/** A process as this peer holds it. */
export interface Process {
  readonly kind: Kind
  /** A bare UUID. */
  readonly id: string
  readonly role: 'provider' | 'consumer'
  readonly address: string
  theirs: string
  state: string
  offer: Json
  agreement: Json
  dataAddress: Json | undefined
  /** Held by its own state machine; nobody else may change it. */
  leased: boolean
}

export interface EdcPeer {
  readonly participantId: string
  /** Its Dataspace Protocol address, with the version's path. */
  readonly address: string
  readonly processes: ReadonlyMap<string, Process>
  /** What was wrong with our messages. */
  readonly faults: readonly string[]
  /** Our refusals, each of which ended a process. */
  readonly refusals: readonly string[]
  /** Counts of what came and what it answered: `409`, `GET /catalog`, `@id repeated`. */
  readonly counts: ReadonlyMap<string, number>
  /** Reads the first page of a catalog, as EDC does: with a filter, and whatever follows is never read. */
  catalog(address: string, spec?: Json): Promise<{ status: number; body: Json; link: string | null }>
  negotiate(input: { address: string; offerId: string; datasetId: string }): Promise<Process>
  transfer(input: { address: string; agreementId: string }): Promise<Process>
  act(process: Process, act: 'suspend' | 'resume' | 'complete' | 'terminate'): Promise<void>
  /** Waits until the process is in one of these states. */
  reached(process: Process, ...states: string[]): Promise<string>
  /** Loses a process, as an EDC with stores in memory does when it is started anew. */
  forget(pid: string): boolean
  close(): Promise<void>
}

const contexts = ['https://w3id.org/dspace/2025/1/context.jsonld', 'https://w3id.org/edc/dspace/v0.0.1']
const edc = 'https://w3id.org/edc/v0.0.1/ns/'
const policy = { permission: [{ action: 'use' }] }

export async function startEdcPeer(options: EdcOptions): Promise<EdcPeer> {
  const { loopMs = 1, leaseMs = 5, retryMs = 10, datasets = 60 } = options
  const processes = new Map<string, Process>()
  const faults: string[] = []
  const refusals: string[] = []
  const counts = new Map<string, number>()
  const changed = new EventEmitter().setMaxListeners(0)
  const running = new Set<Promise<void>>()
  let unavailable = options.unavailable ?? 0
  let closed = false
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)

  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => {
      faults.push(Error.isError(error) ? (error.stack ?? error.message) : String(error))
      response.writeHead(500).end()
    })
  })
  const address = `http://127.0.0.1:${await listenOn(server, 0)}/protocol/2025-1`

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(request)
    const url = new URL(request.url ?? '', address)
    const path = url.pathname.replace('/protocol/2025-1', '')
    count(`${request.method} /${path.split('/')[1]}`)
    clientIdIn(request.headers.authorization)
    if (unavailable > 0) {
      unavailable--
      return reply(response, 503, errorOf('CatalogError', 503, 'try later'))
    }
    if (request.method === 'GET') return path.startsWith('/catalog/') ? reply(response, 200, datasetOf(0)) : tellState(response, path)
    const message = objectOf(raw)
    const type = String(message['@type'])
    const problem = options.check(type, message)
    if (problem !== '') faults.push(`${path}: ${problem} in ${raw}`)
    if (path === '/catalog/request') return tellCatalog(response, url)
    if (path === '/negotiations/request' || path === '/transfers/request') return begin(response, path, message)
    await take(response, path, message)
  }

  function tellState(response: ServerResponse, path: string): void {
    const [, kind, id = ''] = path.split('/')
    const process = processes.get(id)
    if (process === undefined) return reply(response, 404, errorOf('ContractNegotiationError', 404, `Object of type ${kind} with ID=${id} was not found`))
    reply(response, 200, { '@type': kind === 'negotiations' ? 'ContractNegotiation' : 'TransferProcess', ...pidsOf(process), state: process.state })
  }

  // New ids of catalog and services each time; `next` whenever the page is full, also when nothing follows.
  function tellCatalog(response: ServerResponse, url: URL): void {
    const from = Number(url.searchParams.get('continuationToken') ?? 0)
    const pageSize = 20
    const rows = Array.from({ length: Math.max(0, Math.min(pageSize, datasets - from)) }, (_, index) => datasetOf(from + index))
    const service = { '@id': randomUUID(), '@type': 'DataService', endpointURL: address, endpointDescription: 'dspace:connector' }
    const link = (rel: string, token: number) => `<${address}/catalog/request?continuationToken=${token}>; rel="${rel}"`
    const links = [...(rows.length === pageSize ? [link('next', from + pageSize)] : []), ...(from > 0 ? [link('prev', from - pageSize)] : [])]
    if (links.length > 0) response.setHeader('link', links.join(', '))
    reply(response, 200, { '@id': randomUUID(), '@type': 'Catalog', participantId: options.participantId, service: [service], dataset: rows, distribution: [] })
  }

  function datasetOf(index: number): Json {
    const id = `asset-${index}`
    const accessService = { '@id': randomUUID(), '@type': 'DataService', endpointURL: address }
    return { '@id': id, '@type': 'Dataset', id, hasPolicy: [{ '@id': offerIdOf(id), '@type': 'Offer', permission: [{ action: 'use', constraint: [] }], prohibition: [], obligation: [] }], distribution: [{ '@type': 'Distribution', format: 'HttpData-PULL', accessService }] }
  }

  function begin(response: ServerResponse, path: string, message: Json): void {
    const kind = path === '/transfers/request' ? 'transfers' : 'negotiations'
    const known = [...processes.values()].find((process) => process.kind === kind && process.theirs === message['consumerPid'])
    if (known !== undefined) count('@id repeated')
    const process = known ?? newProcess({ kind, role: 'provider', address: String(message['callbackAddress']), theirs: String(message['consumerPid']) })
    process.offer = isObject(message['offer']) ? message['offer'] : {}
    const answer = () => reply(response, 200, { '@type': kind === 'transfers' ? 'TransferProcess' : 'ContractNegotiation', ...pidsOf(process), state: 'REQUESTED' })
    if (options.eager !== true) answer()
    else setTimeout(answer, 50)
    if (known === undefined) enter(process, 'REQUESTED')
  }

  async function take(response: ServerResponse, path: string, message: Json): Promise<void> {
    const [, , id = '', ...rest] = path.split('/')
    const process = processes.get(id)
    const event = rest.join('/')
    const type = path.startsWith('/transfers') ? 'TransferError' : 'ContractNegotiationError'
    if (process === undefined) return reply(response, 404, errorOf(type, 404, `Object with ID=${id} was not found`))
    const { providerPid, consumerPid } = pidsOf(process)
    const first = process.theirs === ''
    if (!first && (message['providerPid'] !== providerPid || message['consumerPid'] !== consumerPid)) faults.push(`${path}: the pids are ${String(message['providerPid'])} and ${String(message['consumerPid'])}`)
    if (process.leased) {
      count('409')
      return reply(response, 409, errorOf(type, 409, `Entity ${id} already leased`))
    }
    const next = nextAfter(process, event, message)
    if (next === undefined) {
      count('409')
      return reply(response, 409, errorOf(type, 409, `${process.kind} ${id} cannot take ${event} in ${process.state}`))
    }
    // An empty answer that says it is JSON.
    response.writeHead(200, { 'content-type': 'application/json' }).end()
    enter(process, next)
  }

  function enter(process: Process, state: string): void {
    process.state = state
    changed.emit(process.id)
    const step = stepIn(process)
    if (step === undefined || closed) return
    // Its loop takes the process some time later, and holds it from then on.
    process.leased = loopMs === 0
    track(
      (async () => {
        await sleep(loopMs)
        if (process.state === state) await say(process, step)
      })(),
    )
  }

  function track(work: Promise<void>): void {
    const guarded = work.catch((error: unknown) => void faults.push(String(error))).finally(() => running.delete(guarded))
    running.add(guarded)
  }

  /** Sends a message of its own; the process is leased until a little after the answer. */
  async function say(process: Process, step: OwnStep): Promise<void> {
    process.leased = true
    const path = step.first === true ? `/${process.kind}/request` : `/${process.kind}/${process.theirs}/${step.path}`
    const body = JSON.stringify({ '@id': randomUUID(), ...step.message(), '@context': contexts })
    const answer = await post(`${process.address}${path}`, body)
    const refused = answer.status >= 400 || (step.first === true && answer.body === '')
    if (refused) refusals.push(`${path} was answered with ${answer.status}: ${answer.body}`)
    else if (step.first === true) {
      const { providerPid } = objectOf(answer.body)
      if (typeof providerPid === 'string') process.theirs = providerPid
    }
    const holds = () => options.holds === true && step.to === 'AGREED' && !closed && !counts.has('409')
    do await sleep(leaseMs)
    while (holds())
    process.leased = false
    // Whatever is refused ends the process on this side, and nobody is told.
    enter(process, refused ? 'TERMINATED' : step.to)
  }

  async function post(url: string, body: string): Promise<{ status: number; body: string }> {
    let failure: unknown
    for (let attempt = 0; attempt <= 7; attempt++) {
      if (attempt > 0) await sleep(retryMs * 2 ** (attempt - 1))
      try {
        const answer = await send(url, { method: 'POST', body, headers: { 'content-type': 'application/json; charset=utf-8', authorization: JSON.stringify({ audience: null, clientId: options.participantId }) } })
        const answered = { status: answer.statusCode, body: await answer.body.text() }
        // The connection breaks after the message was taken: it is sent again, word for word.
        if (answered.status < 500 && !(attempt === 0 && options.mishap?.(url) === 'lost')) return answered
        failure = answered.status
      } catch (error) {
        failure = error
      }
    }
    throw new Error(`${url} failed for good`, { cause: failure })
  }

  function newProcess(input: Pick<Process, 'kind' | 'role' | 'address' | 'theirs'>): Process {
    const process: Process = { ...input, id: randomUUID(), state: 'INITIAL', offer: {}, agreement: {}, dataAddress: undefined, leased: false }
    processes.set(process.id, process)
    return process
  }

  function stepIn(process: Process): OwnStep | undefined {
    const pids = pidsOf(process)
    switch (`${process.kind} ${process.role} ${process.state}`) {
      case 'negotiations provider REQUESTED':
        return { path: 'agreement', to: 'AGREED', message: () => ({ '@type': 'ContractAgreementMessage', ...pids, agreement: agreementFor(process) }) }
      case 'negotiations consumer AGREED':
        return { path: 'agreement/verification', to: 'VERIFIED', message: () => ({ '@type': 'ContractAgreementVerificationMessage', ...pids }) }
      case 'negotiations provider VERIFIED':
        return { path: 'events', to: 'FINALIZED', message: () => ({ '@type': 'ContractNegotiationEventMessage', ...pids, eventType: 'FINALIZED' }) }
      case 'transfers provider REQUESTED':
      case 'transfers provider RESUMED':
        return { path: 'start', to: 'STARTED', message: () => ({ '@type': 'TransferStartMessage', ...pids, dataAddress: newDataAddress() }) }
      default:
        return undefined
    }
  }

  function agreementFor(process: Process): Json {
    process.agreement = { '@id': randomUUID(), '@type': 'Agreement', target: process.offer['target'], assigner: options.participantId, assignee: options.partnerId, timestamp: new Date().toISOString(), permission: [{ action: 'use', constraint: [] }], prohibition: [], obligation: [] }
    return process.agreement
  }

  /** No top-level endpoint: everything is a property, named by IRI, in any order. */
  function newDataAddress(): Json {
    const values = { endpoint: `${address}/public`, authType: 'bearer', authorization: randomUUID(), endpointType: 'https://w3id.org/idsa/v4.1/HTTP' }
    const properties = Object.entries(values).map(([name, value]) => ({ '@type': 'EndpointProperty', name: `${edc}${name}`, value }))
    return { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpointProperties: properties.toSorted(() => Math.random() - 0.5) }
  }

  const acts = {
    suspend: ['suspension', 'SUSPENDED', 'TransferSuspensionMessage', { code: 'ok', reason: ['suspended'] }],
    complete: ['completion', 'COMPLETED', 'TransferCompletionMessage', {}],
    terminate: ['termination', 'TERMINATED', 'TransferTerminationMessage', { code: 'ok', reason: ['terminated'] }],
  } as const

  return {
    participantId: options.participantId,
    address,
    processes,
    faults,
    refusals,
    counts,
    catalog: async (base, spec) => {
      const filter = [{ '@type': 'QuerySpec', limit: 50, offset: 0, sortOrder: 'ASC', filterExpression: [], ...spec }]
      const body = JSON.stringify({ '@id': randomUUID(), '@type': 'CatalogRequestMessage', filter, '@context': contexts })
      const answer = await fetch(`${base}/catalog/request`, { method: 'POST', body, headers: { 'content-type': 'application/json; charset=utf-8', authorization: JSON.stringify({ audience: null, clientId: options.participantId }) } })
      return { status: answer.status, body: objectOf(await answer.text()), link: answer.headers.get('link') }
    },
    negotiate: async ({ address: base, offerId, datasetId }) => {
      const process = newProcess({ kind: 'negotiations', role: 'consumer', address: base, theirs: '' })
      const offer = { '@id': offerId, '@type': 'Offer', target: datasetId, assigner: options.partnerId, ...policy }
      const message = () => ({ '@type': 'ContractRequestMessage', consumerPid: process.id, callbackAddress: address, offer })
      track(say(process, { first: true, path: '', to: 'REQUESTED', message }))
      return process
    },
    transfer: async ({ address: base, agreementId }) => {
      const process = newProcess({ kind: 'transfers', role: 'consumer', address: base, theirs: '' })
      const message = () => ({ '@type': 'TransferRequestMessage', consumerPid: process.id, agreementId, format: 'HttpData-PULL', callbackAddress: address })
      track(say(process, { first: true, path: '', to: 'REQUESTED', message }))
      return process
    },
    act: async (process, act) => {
      const pids = pidsOf(process)
      if (act === 'resume') {
        if (process.role === 'provider') return enter(process, 'RESUMED')
        return say(process, { path: 'start', to: 'RESUMED', message: () => ({ '@type': 'TransferStartMessage', ...pids }) })
      }
      const [path, to, type, fields] = acts[act]
      await say(process, { path, to, message: () => ({ '@type': type, ...pids, ...fields }) })
    },
    reached: async (process, ...states) => {
      const signal = AbortSignal.timeout(60_000)
      while (!states.includes(process.state)) {
        await once(changed, process.id, { signal }).catch((cause: unknown) => {
          throw new Error(`${process.kind} ${process.id} is ${process.state}, not ${states.join(' or ')}. Refusals: ${refusals.join('; ')}. Faults: ${faults.join('; ')}`, { cause })
        })
      }
      return process.state
    },
    forget: (pid) => processes.delete(pid),
    close: async () => {
      closed = true
      await Promise.all(running)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface OwnStep {
  readonly path: string
  readonly to: string
  readonly first?: boolean
  readonly message: () => Json
}

function pidsOf({ role, id, theirs }: Process): { providerPid: string; consumerPid: string } {
  return role === 'provider' ? { providerPid: id, consumerPid: theirs } : { providerPid: theirs, consumerPid: id }
}

/** The state after a message of ours, or undefined when EDC does not take it there. */
function nextAfter(process: Process, event: string, message: Json): string | undefined {
  // Its first request may not be answered yet; from whichever message comes it learns the other id.
  if (process.theirs === '') process.theirs = String(message[process.role === 'provider' ? 'consumerPid' : 'providerPid'])
  if (isObject(message['agreement'])) process.agreement = message['agreement']
  if (isObject(message['dataAddress'])) process.dataAddress = message['dataAddress']
  if (event === 'termination') return ['FINALIZED', 'COMPLETED', 'TERMINATED'].includes(process.state) ? undefined : 'TERMINATED'
  return process.kind === 'negotiations' ? negotiationAfter(process, event) : transferAfter(process, event)
}

function negotiationAfter({ role, state }: Process, event: string): string | undefined {
  const key = `${role} ${state} ${event}`
  const table: Readonly<Record<string, string>> = {
    'consumer REQUESTED agreement': 'AGREED',
    'consumer ACCEPTED agreement': 'AGREED',
    'provider AGREED agreement/verification': 'VERIFIED',
    'consumer VERIFIED events': 'FINALIZED',
    'consumer REQUESTED offers': 'OFFERED',
  }
  return table[key]
}

function transferAfter({ role, state }: Process, event: string): string | undefined {
  const key = `${role} ${state} ${event}`
  const table: Readonly<Record<string, string>> = {
    'consumer REQUESTED start': 'STARTED',
    'consumer SUSPENDED start': 'STARTED',
    'consumer RESUMED start': 'STARTED',
    'provider SUSPENDED start': 'RESUMED',
  }
  if (state === 'STARTED' && event === 'suspension') return 'SUSPENDED'
  if (state === 'STARTED' && event === 'completion') return 'COMPLETED'
  return table[key]
}

function errorOf(type: string, code: number, reason: string): Json {
  return { '@type': type, code: String(code), reason: [reason] }
}

function reply(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ ...body, '@context': contexts }))
}

/** An offer's id in EDC's form: three parts in base64, of the contract definition, the asset and a random one. */
export function offerIdOf(assetId: string): string {
  return ['contract-definition', assetId, randomUUID()].map((part) => Buffer.from(part).toString('base64')).join(':')
}
