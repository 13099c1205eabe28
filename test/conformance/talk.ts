import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { kitParticipant, offerId } from '../tck/script.ts'
import { isObject } from './kit.ts'
import type { Json, Kit, Reply, Session } from './kit.ts'

/** How the kit's connector takes part in one process: what it says, what it hears, and the state it believes in. */
export interface Talk {
  /** The first message from the kit, as consumer. */
  request(): Promise<void>
  /** Has the tested connector send its first message, to the kit as provider. */
  initiate(): Promise<void>
  /** Expects one message of the tested connector from now on. */
  expect(act: string): void
  send(act: string): Promise<void>
  /** Sends what must be refused: 4xx, but not 404, with an error of the protocol. */
  refused(act: string): Promise<void>
  /** Looks every 100 ms, as the kit does, whether its own state is this one. */
  until(state: string): Promise<void>
  /** Asks the tested connector once, 100 ms later. */
  cut(state: string): Promise<void>
}

/** What is different between negotiations and transfers. */
export interface Grammar {
  /** `negotiations` or `transfers`. */
  readonly path: string
  readonly errorType: string
  readonly stateType: string
  readonly requestType: string
  readonly initiateUrl: string
  readonly initiateBody: Json
  /** The kit's request as consumer. */
  readonly requestBody: Json
  /** Path after the process id, `@type` and further fields of each message. */
  readonly messages: Readonly<Record<string, { readonly path: string; readonly type: string; readonly fields?: () => Json }>>
  /** state → act → next state. */
  readonly steps: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Acts after which the kit's state moves before it sends them; all others move when the answer was read. */
  readonly movesFirst: readonly string[]
  /** What the kit does with a message that its state does not allow. */
  readonly illegal: Reply
  /** What else must hold for a message of the tested connector; a sentence when it does not. */
  readonly inspect: (act: string, message: Json) => string | undefined
}

const pollMs = 100
const waitMs = 60_000

export function createTalk(kit: Kit, session: Session, grammar: Grammar): Talk {
  const { target } = kit
  const own = randomUUID()
  let theirs = ''
  let peerAddress = target.dspAddress
  let kitIsConsumer = true
  let state = ''

  const pids = () => (kitIsConsumer ? { providerPid: theirs, consumerPid: own } : { providerPid: own, consumerPid: theirs })
  const move = (act: string) => {
    const next = grammar.steps[state]?.[act]
    if (next === undefined) throw new Error(`The kit itself cannot ${act} in ${state}: the test is wrong`)
    state = next
  }
  const wordOf = (act: string) => {
    const word = grammar.messages[act]
    if (word === undefined) throw new Error(`There is no message for ${act}`)
    return word
  }
  const messageOf = (act: string): Json => {
    const { type, fields } = wordOf(act)
    return { '@type': type, ...pids(), ...fields?.() }
  }
  const urlOf = (act: string) => `${peerAddress}/${grammar.path}/${encodeURIComponent(theirs)}/${wordOf(act).path}`

  function hear(act: string, message: Json, path: string): Reply {
    if (path.split('/')[2] !== own) session.fault(`${path} does not name our process ${own}`)
    const { providerPid, consumerPid } = pids()
    if (message['providerPid'] !== providerPid || message['consumerPid'] !== consumerPid) session.fault(`${path}: the pids are not ${providerPid} and ${consumerPid}`)
    const next = grammar.steps[state]?.[act]
    if (next === undefined) return grammar.illegal
    if (message['@type'] !== wordOf(act).type) session.fault(`${path}: ${String(message['@type'])} is not ${wordOf(act).type}`)
    note(session, act, grammar.inspect(act, message))
    state = next
    return { status: 200 }
  }

  return {
    request: async () => {
      const { status, body } = await session.post(`${target.dspAddress}/${grammar.path}/request`, { '@type': grammar.requestType, consumerPid: own, ...grammar.requestBody, callbackAddress: session.address })
      if (status !== 201) throw new Error(`The request was answered with ${status}: ${JSON.stringify(body)}`)
      if (body?.['@type'] !== grammar.stateType || body['state'] !== 'REQUESTED' || body['consumerPid'] !== own) session.fault(`The request was answered with ${JSON.stringify(body)}`)
      theirs = String(body?.['providerPid'])
      state = 'REQUESTED'
    },
    initiate: async () => {
      kitIsConsumer = false
      session.expect(new RegExp(`^/${grammar.path}/request$`), (message) => {
        if (message['@type'] !== grammar.requestType || message['providerPid'] !== undefined) session.fault(`The first message is ${JSON.stringify(message)}`)
        note(session, 'request', grammar.inspect('request', message))
        theirs = String(message['consumerPid'])
        peerAddress = String(message['callbackAddress'])
        if (peerAddress !== target.dspAddress) session.fault(`callbackAddress is ${peerAddress}, not ${target.dspAddress}`)
        state = 'REQUESTED'
        return { status: 200, body: { '@type': grammar.stateType, ...pids(), state } }
      })
      const answer = await fetch(grammar.initiateUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ providerId: kitParticipant, connectorAddress: session.address, ...grammar.initiateBody }) })
      if (!answer.ok) throw new Error(`The initiation was answered with ${answer.status}: ${await answer.text()}`)
      await untilState('REQUESTED')
    },
    expect: (act) => session.expect(new RegExp(`^/${grammar.path}/[^/]+/${wordOf(act).path}$`), (message, path) => hear(act, message, path)),
    send: async (act) => {
      if (grammar.movesFirst.includes(act)) move(act)
      const { status, body } = await session.post(urlOf(act), messageOf(act))
      if (status !== 200) throw new Error(`${act} was answered with ${status}: ${JSON.stringify(body)}`)
      if (!grammar.movesFirst.includes(act)) move(act)
    },
    refused: async (act) => {
      const { status, body } = await session.post(urlOf(act), messageOf(act))
      if (status < 400 || status >= 500 || status === 404) throw new Error(`${act} must be refused with 4xx other than 404; it was answered with ${status}`)
      const { providerPid, consumerPid } = pids()
      if (body?.['@type'] !== grammar.errorType || body['providerPid'] !== providerPid || body['consumerPid'] !== consumerPid) session.fault(`${act} was refused with ${JSON.stringify(body)}`)
    },
    until: untilState,
    cut: async (expected) => {
      await sleep(pollMs)
      const { status, body } = await session.get(`${peerAddress}/${grammar.path}/${encodeURIComponent(theirs)}`)
      if (status !== 200 || body?.['@type'] !== grammar.stateType) throw new Error(`The process was answered with ${status}: ${JSON.stringify(body)}`)
      if (body['state'] !== expected) throw new Error(`The process is ${String(body['state'])}, not ${expected}`)
      const { providerPid, consumerPid } = pids()
      if (body['providerPid'] !== providerPid || body['consumerPid'] !== consumerPid) session.fault(`The process has other pids: ${JSON.stringify(body)}`)
    },
  }

  async function untilState(expected: string): Promise<void> {
    const end = Date.now() + waitMs
    do {
      await sleep(pollMs)
      if (state === expected) return
    } while (Date.now() < end)
    session.requireFaultless()
    throw new Error(`The kit waited for ${expected} and is in ${state === '' ? 'no state' : state}`)
  }
}

function note(session: Session, act: string, problem: string | undefined): void {
  if (problem !== undefined) session.fault(`${act}: ${problem}`)
}

const policy = { permission: [{ action: 'use' }] }

export function negotiationGrammar(kit: Kit, row: { key: string }): Grammar {
  const { target } = kit
  const requested = { '@id': offerId(row.key), '@type': 'Offer', target: row.key, ...policy }
  const offered = { '@id': `offer${row.key}`, '@type': 'Offer', target: row.key, assigner: kitParticipant, assignee: target.participantId, ...policy }
  const terminate = 'TERMINATED'
  return {
    path: 'negotiations',
    errorType: 'ContractNegotiationError',
    stateType: 'ContractNegotiation',
    requestType: 'ContractRequestMessage',
    initiateUrl: target.negotiationInitiateUrl,
    initiateBody: { offerId: `offer${row.key}`, datasetId: row.key },
    requestBody: { offer: requested },
    messages: {
      counter: { path: 'request', type: 'ContractRequestMessage', fields: () => ({ offer: { ...requested, assignee: kitParticipant } }) },
      accept: { path: 'events', type: 'ContractNegotiationEventMessage', fields: () => ({ eventType: 'ACCEPTED' }) },
      verify: { path: 'agreement/verification', type: 'ContractAgreementVerificationMessage' },
      offer: { path: 'offers', type: 'ContractOfferMessage', fields: () => ({ offer: offered }) },
      agree: { path: 'agreement', type: 'ContractAgreementMessage', fields: () => ({ agreement: agreementOf(row.key, target.participantId) }) },
      finalize: { path: 'events', type: 'ContractNegotiationEventMessage', fields: () => ({ eventType: 'FINALIZED' }) },
      terminate: { path: 'termination', type: 'ContractNegotiationTerminationMessage', fields: () => ({ code: '1' }) },
    },
    steps: {
      REQUESTED: { offer: 'OFFERED', agree: 'AGREED', terminate },
      OFFERED: { counter: 'REQUESTED', accept: 'ACCEPTED', terminate },
      ACCEPTED: { agree: 'AGREED', terminate },
      AGREED: { verify: 'VERIFIED', terminate },
      VERIFIED: { finalize: 'FINALIZED', terminate },
    },
    movesFirst: ['counter', 'accept', 'verify'],
    illegal: 'reset',
    inspect: (act, message) => inspectNegotiation(act, message, { key: row.key, participantId: target.participantId }),
  }
}

// With nanoseconds, as Java writes an instant.
function agreementOf(datasetId: string, consumer: string): Json {
  return { '@id': randomUUID(), '@type': 'Agreement', target: datasetId, assigner: kitParticipant, assignee: consumer, timestamp: new Date().toISOString().replace('Z', '123456Z'), ...policy }
}

function inspectNegotiation(act: string, message: Json, about: { key: string; participantId: string }): string | undefined {
  const context: unknown = message['@context']
  if (!Array.isArray(context) || context.length !== 1) return `the context must be the one of DSP alone, not ${JSON.stringify(context)}`
  if (act === 'finalize' && message['eventType'] !== 'FINALIZED') return 'the event is not FINALIZED'
  if (act === 'accept' && message['eventType'] !== 'ACCEPTED') return 'the event is not ACCEPTED'
  if (act === 'counter' && message['callbackAddress'] !== undefined) return 'a counter-request must not have a callbackAddress'
  const policyIn = message['offer'] ?? message['agreement']
  if (!isObject(policyIn)) return undefined
  if (policyIn['target'] !== about.key) return `the target is ${String(policyIn['target'])}, not ${about.key}`
  const rules: unknown = policyIn['permission']
  if (Array.isArray(rules) && rules.some((rule: unknown) => isObject(rule) && 'target' in rule)) return 'a rule has a target'
  if (act !== 'agree') return undefined
  if (policyIn['assigner'] !== about.participantId || policyIn['assignee'] !== kitParticipant) return `the parties are ${String(policyIn['assigner'])} and ${String(policyIn['assignee'])}`
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(String(policyIn['timestamp'])) ? undefined : 'the agreement has no timestamp'
}

export function transferGrammar(kit: Kit, row: { key: string }, format: string): Grammar {
  const { target } = kit
  const provider = row.key.startsWith('ATPC')
  const address = { '@type': 'DataAddress', endpoint: 'http://example.com', endpointType: 'https://w3id.org/idsa/v4.1/HTTP' }
  const code = () => ({ code: '1' })
  return {
    path: 'transfers',
    errorType: 'TransferError',
    stateType: 'TransferProcess',
    requestType: 'TransferRequestMessage',
    initiateUrl: target.transferInitiateUrl,
    initiateBody: { agreementId: row.key, format },
    requestBody: { agreementId: row.key, format },
    messages: {
      // The kit as consumer, and sometimes as provider, starts without an address.
      start: { path: 'start', type: 'TransferStartMessage', fields: () => (provider ? { dataAddress: address } : {}) },
      suspend: { path: 'suspension', type: 'TransferSuspensionMessage', fields: code },
      complete: { path: 'completion', type: 'TransferCompletionMessage' },
      terminate: { path: 'termination', type: 'TransferTerminationMessage', fields: code },
    },
    steps: {
      REQUESTED: { start: 'STARTED', terminate: 'TERMINATED' },
      STARTED: { suspend: 'SUSPENDED', complete: 'COMPLETED', terminate: 'TERMINATED' },
      SUSPENDED: { start: 'STARTED', terminate: 'TERMINATED' },
    },
    movesFirst: [],
    illegal: { status: 409, body: { '@type': 'TransferError', providerPid: 'unknown', consumerPid: 'unknown', code: '409' } },
    inspect: (act, message) => {
      const found = message['dataAddress']
      if (act === 'request') return message['format'] === format && message['agreementId'] === row.key && found === undefined ? undefined : `the request is ${JSON.stringify(message)}`
      if (act !== 'start') return undefined
      // Transfer §2.3: a provider's start for pull carries an address, a consumer's never does.
      return (found === undefined) === provider ? undefined : `the start ${provider ? 'has an' : 'has no'} address`
    },
  }
}
