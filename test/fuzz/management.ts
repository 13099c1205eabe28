import { randomUUID } from 'node:crypto'
import type { Random } from '../helpers/random.ts'
import type { FuzzRequest, Ground } from './messages.ts'
import { oddText } from './mutate.ts'
import { mutatedPolicy } from './policies.ts'

/** A request of an operator. Nothing here takes away what the run itself needs: its partners, its token, its offers. */
export function managementRequest(ground: Ground, random: Random): FuzzRequest {
  const id = () => (random.chance(0.5) ? `urn:uuid:${randomUUID()}` : oddText(random).slice(0, 300).toWellFormed())
  const known = () => (ground.processes.length === 0 ? id() : random.pick(ground.processes).connectorPid)
  const [method, route, json] = random.pick<() => readonly [string, string, unknown?]>([
    () => ['GET', random.pick(['/self', '/partners', '/datasets', '/offers', '/negotiations', '/agreements', '/transfers', '/audit/entries', '/outbox', '/tokens', '/secrets', '/health/ready', '/metrics'])],
    () => ['GET', `${random.pick(['/datasets', '/offers', '/negotiations', '/audit/entries', '/transfers'])}?${random.pick(['limit', 'cursor', 'state', 'role', 'partner', 'type', 'since', 'q', 'nothing'])}=${encodeURIComponent(id())}`],
    () => ['GET', `/{list}/{id}`],
    () => ['POST', '/partners', { id: `did:web:${randomUUID()}.example`, name: oddText(random).slice(0, 100) || 'x' }],
    () => ['POST', '/datasets', { metadata: { title: { en: 'Fuzz' } }, source: { type: 'http', baseUrl: 'https://api.example.org', methods: ['GET'], paths: ['/*'] } }],
    () => ['POST', '/datasets', { metadata: { title: { en: 'Fuzz' } }, source: { type: 'file', path: '/etc/passwd', keep: 'reference' } }],
    () => ['POST', '/offers', { datasets: [random.pick(ground.datasets)], audience: ['did:web:nobody.example'] }],
    () => ['POST', '/negotiations', { partner: ground.partnerId, offer: { '@type': 'Offer', '@id': `urn:uuid:${randomUUID()}`, target: 'urn:theirs', permission: [{ action: 'use' }] } }],
    () => ['POST', '/negotiations/offers', { partner: ground.partnerId, offer: random.pick(ground.offers).offer }],
    () => ['POST', `/negotiations/{known}/${random.pick(['accept', 'approve', 'terminate', 'counter'])}`, random.chance(0.7) ? { policy: random.chance(0.3) ? { permission: [{ action: 'use' }] } : mutatedPolicy(random) } : { reason: 'x' }],
    () => ['POST', '/transfers', { agreement: ground.agreements.length === 0 ? id() : random.pick(ground.agreements), format: 'HttpData-PUSH' }],
    () => ['POST', `/transfers/{known}/${random.pick(['start', 'suspend', 'resume', 'complete', 'terminate'])}`],
    () => ['GET', `/transfers/{known}/${random.pick(['data', 'data-address', 'deliveries'])}`],
    () => ['POST', '/tokens', { name: 'Fuzz', role: random.pick(['steward', 'legal', 'auditor']) }],
    () => ['PUT', `/secrets/fuzz`, { value: 'Bearer x' }],
    () => ['PATCH', `/datasets/{id}`, { metadata: { title: { en: 'x' } } }],
    () => ['DELETE', `/{list}/{id}`],
    () => ['POST', '/outbox/{id}/retry'],
  ])()
  const list = random.pick(['partners', 'datasets', 'offers', 'negotiations', 'agreements', 'transfers', 'tokens'])
  const path = route.replace('{list}', list).replace('{id}', encodeURIComponent(id())).replace('{known}', encodeURIComponent(known()))
  return { method, path, route: `management ${method} ${route.replace('{list}', ':list').split('?')[0]}`, ...(json === undefined ? {} : { json }) }
}
