import { randomUUID } from 'node:crypto'
import { startPeer } from '../helpers/peer.ts'
import type { Peer, PeerMessage, PeerReply } from '../helpers/peer.ts'
import type { Ground, KnownProcess } from './messages.ts'
import { declared, facts } from './policies.ts'

/** The connector that is sent to. */
export interface FuzzTarget {
  readonly publicUrl: string
  readonly managementUrl: string
  readonly token: string
  readonly dataDirectory: string
  /** What it logged last. */
  lastWords(): string
}

/** Where data can be fetched from, or delivered to. */
export interface DataPlace {
  readonly endpoint: string
  readonly authorization: string
}

/** What a partner got by agreeing. */
export interface Agreed {
  readonly agreement: string
  /** The connector's id of the transfer. */
  readonly transfer: string
  readonly place: DataPlace
}

/** An offer to agree to. */
interface Offered {
  readonly offer: string
  readonly dataset: string
  readonly terms: object
}

/** A connector with data, two partners, and processes in many states. */
export interface FuzzGround extends Ground {
  /** The partner whose processes these are. */
  readonly partner: Peer
  /** Another partner: none of it is its own. */
  readonly other: Peer
  /** Nobody the connector knows. */
  readonly stranger: Peer
  readonly places: DataPlace[]
  /** Walks one negotiation to FINALIZED and starts a transfer under it, as an honest partner does. */
  negotiate(): Promise<void>
  /** Agrees to an offer as the partner and starts a transfer under it; messages of the run do not know of either. */
  agree(offered: Offered): Promise<Agreed>
  /** Publishes a file; gives its dataset. */
  publish(content: string, metadata: object): Promise<string>
  /** Begins new processes in both roles, so that there is always something that messages fit to. */
  replenish(): Promise<void>
  close(): Promise<void>
}

const context = ['https://w3id.org/dspace/2025/1/context.jsonld']
const kept = 60

export async function prepareGround(connector: FuzzTarget): Promise<FuzzGround> {
  const manage = managing(connector)
  const { id: connectorId } = await manage<{ id: string }>('GET', '/self')
  const processes: KnownProcess[] = []
  const agreements: string[] = []
  const places: DataPlace[] = []
  const keep = <T>(list: T[], item: T) => {
    list.push(item)
    if (list.length > kept) list.shift()
  }
  const noticing: Noticing = { process: (process) => keep(processes, process), place: (place) => keep(places, place) }
  const [partner, other, stranger] = await Promise.all([startPeer((message) => replyTo(message, noticing)), startPeer(), startPeer()])
  for (const peer of [partner, other]) await manage('POST', '/partners', { id: peer.id, name: 'Fuzz', address: peer.dspAddress })
  const { datasets, offers } = await publish(connector, manage)
  const base = connector.publicUrl
  const send = async (path: string, message: object) => sendMessage(base + path, partner, connectorId, message)
  // Only the newest messages are looked at; a run sends a hundred thousand.
  const forget = () => {
    for (const peer of [partner, other, stranger]) peer.received.splice(0, Math.max(0, peer.received.length - 2_000))
  }

  async function agree({ offer, dataset, terms }: Offered): Promise<Agreed & { readonly consumerPids: readonly [string, string]; readonly providerPid: string }> {
    const consumerPid = `urn:uuid:${randomUUID()}`
    const asked = await send('/dsp/2025-1/negotiations/request', { '@type': 'ContractRequestMessage', consumerPid, offer: { '@type': 'Offer', '@id': offer, target: dataset, ...terms }, callbackAddress: partner.dspAddress })
    const providerPid = String(asked['providerPid'])
    const agreed = await partner.next(({ path }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/agreement`)
    const { agreement }: { agreement: { '@id': string } } = JSON.parse(agreed.text)
    await send(`/dsp/2025-1/negotiations/${encodeURIComponent(providerPid)}/agreement/verification`, { '@type': 'ContractAgreementVerificationMessage', providerPid, consumerPid })
    await partner.next(({ path, text }) => path === `/dsp/negotiations/${encodeURIComponent(consumerPid)}/events` && text.includes('FINALIZED'))
    const transferPid = `urn:uuid:${randomUUID()}`
    const begun = await send('/dsp/2025-1/transfers/request', { '@type': 'TransferRequestMessage', consumerPid: transferPid, agreementId: agreement['@id'], format: 'HttpData-PULL', callbackAddress: partner.dspAddress })
    const start = await partner.next(({ path }) => path === `/dsp/transfers/${encodeURIComponent(transferPid)}/start`)
    forget()
    return { agreement: agreement['@id'], transfer: String(begun['providerPid']), place: placeIn(JSON.parse(start.text)), providerPid, consumerPids: [consumerPid, transferPid] }
  }

  async function negotiate(): Promise<void> {
    const [first] = offers
    if (first === undefined) throw new Error('Nothing is offered')
    const { agreement, transfer, place, providerPid, consumerPids: [consumerPid, transferPid] } = await agree({ ...first, terms: { permission: [{ action: 'use' }] } })
    keep(agreements, agreement)
    keep(processes, { kind: 'negotiations', providerPid, consumerPid, connectorPid: providerPid })
    keep(places, place)
    keep(processes, { kind: 'transfers', providerPid: transfer, consumerPid: transferPid, connectorPid: transfer })
  }

  /** Left where it is, for mutated messages to go on with. */
  async function leaveHalfway({ offer, dataset }: { offer: string; dataset: string }): Promise<void> {
    const consumerPid = `urn:uuid:${randomUUID()}`
    const asked = await send('/dsp/2025-1/negotiations/request', { '@type': 'ContractRequestMessage', consumerPid, offer: { '@type': 'Offer', '@id': offer, target: dataset, permission: [{ action: 'use' }] }, callbackAddress: partner.dspAddress })
    keep(processes, { kind: 'negotiations', providerPid: String(asked['providerPid']), consumerPid, connectorPid: String(asked['providerPid']) })
  }

  async function replenish(): Promise<void> {
    await negotiate()
    for (const offer of offers) await leaveHalfway(offer)
    const asked = await manage<{ id: string }>('POST', '/negotiations', { partner: partner.id, offer: { '@type': 'Offer', '@id': 'urn:their-offer', target: 'urn:theirs', permission: [{ action: 'use' }] } })
    const request = await partner.next(({ text }) => text.includes(asked.id))
    await agreeTo(request)
  }

  /** As provider, walks a negotiation that the connector asked for to its end, so that it asks for a delivery to its inbox. */
  async function agreeTo(request: PeerMessage): Promise<void> {
    const { consumerPid }: { consumerPid: string } = JSON.parse(request.text)
    const process = processes.find(({ connectorPid }) => connectorPid === consumerPid)
    if (process === undefined) return
    const { providerPid } = process
    const path = `/dsp/2025-1/negotiations/${encodeURIComponent(consumerPid)}`
    const agreement = { '@type': 'Agreement', '@id': `urn:uuid:${randomUUID()}`, target: 'urn:theirs', assigner: partner.id, assignee: connectorId, timestamp: new Date().toISOString(), permission: [{ action: 'use' }] }
    // Mutated messages may have ended it meanwhile; then it is one more that has ended.
    const agreed = await send(`${path}/agreement`, { '@type': 'ContractAgreementMessage', providerPid, consumerPid, agreement }).catch(() => undefined)
    if (agreed === undefined) return
    await manage('POST', `/negotiations/${encodeURIComponent(consumerPid)}/approve`).catch(() => undefined)
    const finalized = await send(`${path}/events`, { '@type': 'ContractNegotiationEventMessage', providerPid, consumerPid, eventType: 'FINALIZED' }).catch(() => undefined)
    if (finalized !== undefined) await manage('POST', '/transfers', { agreement: agreement['@id'], format: 'HttpData-PUSH' })
  }

  const close = async () => {
    await Promise.all([partner, other, stranger].map((peer) => peer.close()))
  }
  return { base, connectorId, partnerId: partner.id, callbackAddress: partner.dspAddress, datasets, offers, processes, agreements, places, partner, other, stranger, negotiate, agree, publish: (content, metadata) => publishFile(connector, manage, { content, metadata }), replenish, close }
}

// Columns as the policies name them.
const content = `${facts.columns.map(({ name }) => name).join(',')}\n2026-W01,north,High Street,c1,1.5,3,x\n2026-W02,south,Low Street,c2,2.5,4,y\n`

async function publishFile(connector: FuzzTarget, manage: ReturnType<typeof managing>, file: { content: string; metadata: object }): Promise<string> {
  const upload = await fetch(`${connector.managementUrl}/uploads`, { method: 'POST', headers: { authorization: `Bearer ${connector.token}`, 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="a.csv"' }, body: file.content })
  const { id }: { id: string } = JSON.parse(await upload.text())
  const made = await manage<{ id: string }>('POST', '/datasets', { metadata: { title: { en: 'A file' }, ...file.metadata }, source: { type: 'file', upload: id } })
  return made.id
}

async function publish(connector: FuzzTarget, manage: ReturnType<typeof managing>) {
  const file = { id: await publishFile(connector, manage, { content, metadata: declared }) }
  const hidden = await manage<{ id: string }>('POST', '/datasets', { metadata: { title: { en: 'Hidden' } }, source: { type: 'http', baseUrl: 'https://api.example.org', methods: ['GET'], paths: ['/*'] } })
  const offers = []
  for (const decision of ['automatic', 'manual']) {
    const offer = await manage<{ datasets: { dataset: string; offer: string }[] }>('POST', '/offers', { datasets: [file.id], decision })
    offers.push(...offer.datasets)
  }
  return { datasets: [file.id, hidden.id], offers }
}

interface Noticing {
  readonly process: (process: KnownProcess) => void
  readonly place: (place: DataPlace) => void
}

// As provider the partner names its process id, and that is all: what follows is for mutated messages to say.
function replyTo({ path, text }: PeerMessage, noticing: Noticing): PeerReply {
  const kind = path === '/dsp/negotiations/request' ? 'negotiations' : path === '/dsp/transfers/request' ? 'transfers' : undefined
  if (kind === undefined) return { status: 200 }
  const message: { consumerPid: string; dataAddress?: object } = JSON.parse(text)
  const { consumerPid } = message
  const providerPid = `urn:uuid:${randomUUID()}`
  noticing.process({ kind, providerPid, consumerPid, connectorPid: consumerPid })
  if (message.dataAddress !== undefined) noticing.place(placeIn(message))
  return { status: 201, body: { '@context': context, '@type': kind === 'negotiations' ? 'ContractNegotiation' : 'TransferProcess', providerPid, consumerPid, state: 'REQUESTED' } }
}

function placeIn(message: { dataAddress?: { endpoint?: string; endpointProperties?: { name: string; value: string }[] } }): DataPlace {
  const token = message.dataAddress?.endpointProperties?.find(({ name }) => name === 'authorization')?.value ?? ''
  return { endpoint: message.dataAddress?.endpoint ?? '', authorization: token.includes(' ') ? token : `Bearer ${token}` }
}

async function sendMessage(url: string, partner: Peer, audience: string, message: object): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { method: 'POST', headers: { authorization: partner.authorization(audience), 'content-type': 'application/json' }, body: JSON.stringify({ '@context': context, ...message }) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`POST ${url} was answered with ${answer.status}: ${text}`)
  return text === '' ? {} : JSON.parse(text)
}

/** Calls the management API of a connector; throws when it refuses. */
export function managing(connector: FuzzTarget) {
  return async <T>(method: string, path: string, json?: unknown): Promise<T> => {
    const answer = await fetch(`${connector.managementUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${connector.token}`, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`)
    const body: T = JSON.parse(text)
    return body
  }
}
