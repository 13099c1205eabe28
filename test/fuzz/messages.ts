import { randomUUID } from 'node:crypto'
import type { Random } from '../helpers/random.ts'
import { oddText } from './mutate.ts'
import { mutatedPolicy, policy } from './policies.ts'

/** A process that a partner of the connector has with it. */
export interface KnownProcess {
  readonly kind: 'negotiations' | 'transfers'
  readonly providerPid: string
  readonly consumerPid: string
  /** The one by which the connector knows it. */
  readonly connectorPid: string
}

/** What messages are made of. */
export interface Ground {
  readonly base: string
  readonly connectorId: string
  readonly partnerId: string
  readonly callbackAddress: string
  readonly datasets: readonly string[]
  readonly offers: readonly { readonly offer: string; readonly dataset: string }[]
  /** Filled while the run goes on, the oldest dropped. */
  readonly processes: KnownProcess[]
  readonly agreements: string[]
}

export interface FuzzRequest {
  readonly method: string
  readonly path: string
  /** The route that it is meant for. */
  readonly route: string
  readonly json?: unknown
}

const context = ['https://w3id.org/dspace/2025/1/context.jsonld']
const permission = [{ action: 'use' }]

/** A request that is right in itself; whether its process is in the state for it is chance. */
export function validRequest(ground: Ground, random: Random): FuzzRequest {
  return random.pick(makers)(ground, random)
}

type Maker = (ground: Ground, random: Random) => FuzzRequest

function post(route: string, id: string, json: object): FuzzRequest {
  return { method: 'POST', path: `/dsp/2025-1${route.replace(':id', encodeURIComponent(id))}`, route: `POST ${route}`, json: { '@context': context, ...json } }
}

function processOf(ground: Ground, random: Random, kind: KnownProcess['kind']): KnownProcess {
  const of = ground.processes.filter((process) => process.kind === kind)
  const unknown = { kind, providerPid: `urn:uuid:${randomUUID()}`, consumerPid: `urn:uuid:${randomUUID()}`, connectorPid: `urn:uuid:${randomUUID()}` }
  return of.length === 0 || random.chance(0.05) ? unknown : random.pick(of)
}

const inProcess =
  (route: string, type: string, more: (ground: Ground, random: Random) => object = () => ({})): Maker =>
  (ground, random) => {
    const { providerPid, consumerPid, connectorPid } = processOf(ground, random, route.startsWith('/negotiations') ? 'negotiations' : 'transfers')
    return post(route, connectorPid, { '@type': type, '@id': random.chance(0.5) ? `urn:uuid:${randomUUID()}` : undefined, providerPid, consumerPid, ...more(ground, random) })
  }

const offered = (ground: Ground, random: Random) => {
  const { offer, dataset } = random.pick(ground.offers)
  return { '@type': 'Offer', '@id': offer, target: dataset, ...terms(random) }
}

/** Terms that somebody puts forward: those of the offer, others, or something that looks like terms. */
function terms(random: Random): object {
  const choice = random.number()
  if (choice < 0.4) return { permission }
  const put = choice < 0.5 ? policy(random) : mutatedPolicy(random)
  return typeof put === 'object' && put !== null ? put : { permission: put }
}

const why = () => ({ code: 'no', reason: ['Not now.'] })

const makers: readonly Maker[] = [
  () => post('/catalog/request', '', { '@type': 'CatalogRequestMessage', filter: [] }),
  (ground, random) => ({ method: 'GET', path: `/dsp/2025-1/catalog/datasets/${encodeURIComponent(random.pick(ground.datasets))}`, route: 'GET /catalog/datasets/:id' }),
  (ground, random) => post('/negotiations/request', '', { '@type': 'ContractRequestMessage', consumerPid: `urn:uuid:${randomUUID()}`, offer: offered(ground, random), callbackAddress: ground.callbackAddress }),
  (ground, random) => post('/negotiations/offers', '', { '@type': 'ContractOfferMessage', providerPid: `urn:uuid:${randomUUID()}`, offer: offered(ground, random), callbackAddress: ground.callbackAddress }),
  inProcess('/negotiations/:id/request', 'ContractRequestMessage', (ground, random) => ({ offer: offered(ground, random) })),
  inProcess('/negotiations/:id/offers', 'ContractOfferMessage', (ground, random) => ({ offer: offered(ground, random) })),
  inProcess('/negotiations/:id/agreement', 'ContractAgreementMessage', (ground, random) => ({
    agreement: { '@type': 'Agreement', '@id': `urn:uuid:${randomUUID()}`, target: random.pick(ground.datasets), assigner: ground.partnerId, assignee: ground.connectorId, timestamp: new Date().toISOString(), ...terms(random) },
  })),
  inProcess('/negotiations/:id/agreement/verification', 'ContractAgreementVerificationMessage'),
  inProcess('/negotiations/:id/events', 'ContractNegotiationEventMessage', (_, random) => ({ eventType: random.pick(['ACCEPTED', 'FINALIZED']) })),
  inProcess('/negotiations/:id/termination', 'ContractNegotiationTerminationMessage', why),
  (ground, random) => ({ method: 'GET', path: `/dsp/2025-1/negotiations/${encodeURIComponent(processOf(ground, random, 'negotiations').connectorPid)}`, route: 'GET /negotiations/:id' }),
  (ground, random) => transferRequest(ground, random),
  inProcess('/transfers/:id/start', 'TransferStartMessage', (ground) => ({ dataAddress: dataAddress(ground) })),
  inProcess('/transfers/:id/suspension', 'TransferSuspensionMessage', why),
  inProcess('/transfers/:id/completion', 'TransferCompletionMessage'),
  inProcess('/transfers/:id/termination', 'TransferTerminationMessage', why),
  (ground, random) => ({ method: 'GET', path: `/dsp/2025-1/transfers/${encodeURIComponent(processOf(ground, random, 'transfers').connectorPid)}`, route: 'GET /transfers/:id' }),
  (_, random) => ({ method: 'GET', path: random.pick(['/.well-known/did.json', '/.well-known/dspace-version', '/dsp/.well-known/dspace-version', '/', '/dsp', '/favicon.ico']), route: 'GET /.well-known' }),
]

function transferRequest(ground: Ground, random: Random): FuzzRequest {
  const agreementId = ground.agreements.length === 0 ? `urn:uuid:${randomUUID()}` : random.pick(ground.agreements)
  const push = random.chance(0.3)
  return post('/transfers/request', '', {
    '@type': 'TransferRequestMessage',
    consumerPid: `urn:uuid:${randomUUID()}`,
    agreementId,
    format: push ? 'HttpData-PUSH' : 'HttpData-PULL',
    callbackAddress: ground.callbackAddress,
    ...(push ? { dataAddress: dataAddress(ground) } : {}),
  })
}

function dataAddress(ground: Ground) {
  return {
    '@type': 'DataAddress',
    endpointType: 'https://w3id.org/idsa/v4.1/HTTP',
    endpoint: `${ground.callbackAddress}/inbox`,
    endpointProperties: [
      { '@type': 'EndpointProperty', name: 'authorization', value: 'token' },
      { '@type': 'EndpointProperty', name: 'authType', value: 'bearer' },
    ],
  }
}

/** An address with a part of it changed. */
export function mutatePath(path: string, random: Random): string {
  const segments = path.split('/')
  const place = random.between(1, segments.length - 1)
  const odd = random.chance(0.5) ? encodeURIComponent(oddText(random).slice(0, 3_000).toWellFormed()) : random.pick(['%', '%ff', '%00', '..', '.', '%2e%2e', '..%2f..%2f', '', '%c0%af', '*', ';x=1', '%252e', 'x'.repeat(9_000)])
  const changed = [...segments.slice(0, place), odd, ...segments.slice(place + (random.chance(0.7) ? 1 : 0))].join('/')
  return random.chance(0.2) ? `${changed}?${random.pick(['', 'cursor=x', 'cursor=%00', 'limit=-1', 'a[b]=c', 'cursor='.repeat(500), '&&&', '%'])}` : changed
}
