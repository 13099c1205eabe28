import { openKeys } from '../../src/identity/keys.ts'
import { createStatementSigner, requestDigest } from '../../src/identity/statement.ts'
import type { StatementInput } from '../../src/identity/statement.ts'
import type { JsonValue, PolicyTerms } from '../../src/policy/odrl.ts'
import { dpvIri, odrlIri, profileIri, xsdIri } from '../../src/policy/profile.ts'
import { inDataFolder } from '../helpers/connector-process.ts'
import { drain } from './client.ts'
import type { Watch } from './client.ts'
import { manage, obtain, openPair, upload, watchProcesses } from './dataspace.ts'
import type { Bench, Offered, Pair } from './dataspace.ts'
import { cpuMs, inLanes, interleaved, row } from './measure.ts'
import type { Row } from './measure.ts'
import { startProgram } from './program.ts'

export type Source = Readonly<Record<string, unknown>>

/** What is asked of a source. */
interface Target {
  readonly path: string
  readonly query: string
}

/** One way to ask for the same: under the open policy, or under terms with a statement for each request. */
export interface Asked {
  readonly url: string
  /** Headers for so many requests, made before time is taken. */
  readonly headers: (count: number) => Promise<readonly Readonly<Record<string, string>>[]>
}

const integer = (value: number) => ({ '@value': String(value), '@type': `${xsdIri}integer` })
const constraint = (leftOperand: string, operator: string, rightOperand: JsonValue, unit?: string) => ({ leftOperand, operator, rightOperand, ...(unit === undefined ? {} : { unit }) })

/** Purpose, role, hours, an end and a daily quota: everything of a policy step but the rewriting of a query. */
export const terms = {
  profile: profileIri,
  permission: [
    {
      action: 'use',
      constraint: [
        constraint(`${odrlIri}purpose`, 'isA', `${dpvIri}ResearchAndDevelopment`),
        constraint(`${profileIri}role`, 'isAnyOf', ['analyst', 'auditor']),
        constraint(`${profileIri}hourOfDay`, 'gteq', integer(0), 'Europe/Madrid'),
        constraint(`${odrlIri}dateTime`, 'lteq', { '@value': '2099-12-31T23:59:59Z', '@type': `${xsdIri}dateTime` }),
        constraint(`${profileIri}queriesPerDay`, 'lteq', integer(1_000_000_000), 'Europe/Madrid'),
      ],
    },
  ],
} satisfies PolicyTerms

export const query = '?select=district,amount.sum()&week=eq.2026-W10'

/** The policy step of requests: verified statement, decision, debit and record, beside the same request under the open policy. */
export async function benchGoverned(bench: Bench): Promise<Row[]> {
  const pair = await openPair(bench)
  const events = await watchProcesses(bench, pair.consumer)
  const origin = await startProgram('origin')
  bench.closers.push(origin.close)
  const api: Source = { type: 'http', baseUrl: origin.url, methods: ['GET'], paths: ['/small'] }
  const asked = (source: Source, policy: PolicyTerms, target: Target) => askedUnder(pair, events, { source, policy, target })
  const content = spending()
  const whole = { path: '/small', query: '' }
  const table = { path: '', query }
  const open: PolicyTerms = { permission: [{ action: 'use' }] }
  const proxied = { open: await asked(api, open, whole), governed: await asked(api, terms, whole) }
  const queried = { open: await asked(await upload(pair.provider, content), open, table), governed: await asked(await upload(pair.provider, content), terms, table) }
  const pid = pair.provider.connector.pid ?? 0
  return [
    ...(await compared(bench, { ...queried, pid }, { what: 'a query of a file', count: bench.quick ? 40 : 400, lanes: 4 })),
    ...(await compared(bench, { ...proxied, pid }, { what: '1 KB through an HTTP source', count: bench.quick ? 500 : 4000, lanes: 32 })),
  ]
}

/** Negotiates a source under a policy, and gives how it is asked. */
export async function askedUnder(pair: Pair, events: Watch, { source, policy, target }: { source: Source; policy: PolicyTerms; target: Target }): Promise<Asked> {
  const { agreement, endpoint, authorization } = await obtain(pair, events, await offerUnder(pair, source, policy))
  const plain = { authorization, accept: 'application/json' }
  const isOpen = policy.permission?.[0]?.constraint === undefined
  const sign = await signer(pair, { agreement, transfer: decodeURIComponent(endpoint.split('/').at(-1) ?? ''), request: requestDigest({ method: 'GET', ...target, accept: 'application/json' }) })
  return {
    url: endpoint + target.path + target.query,
    headers: async (count) => Promise.all(Array.from({ length: count }, async () => (isOpen ? plain : { ...plain, 'concordat-statement': await sign() }))),
  }
}

async function offerUnder({ provider }: Pair, source: Source, policy: PolicyTerms): Promise<Offered> {
  const dataset = await manage<{ id: string }>(provider, 201, '/datasets', { metadata: { title: { en: 'Spending' } }, source })
  const offer = await manage<{ policy: Pick<Offered, 'permission'>; datasets: { offer: string }[] }>(provider, 201, '/offers', { datasets: [dataset.id], policy })
  return { ...offer.policy, '@id': offer.datasets[0]?.offer ?? '', '@type': 'Offer', 'target': dataset.id }
}

// With the consumer's own key, as its gateway would.
async function signer({ provider, consumer }: Pair, about: Pick<StatementInput, 'agreement' | 'transfer' | 'request'>): Promise<() => Promise<string>> {
  const clock = () => new Date()
  const sign = createStatementSigner({ id: consumer.id, keys: await openKeys(inDataFolder(consumer.connector, 'keys'), clock), clock })
  return () => sign({ ...about, audience: provider.id, purpose: `${dpvIri}AcademicResearch`, role: 'analyst', user: 'a-pseudonym-of-the-user' })
}

async function compared(bench: Bench, { open, governed, pid }: { open: Asked; governed: Asked; pid: number }, { what, count, lanes }: { what: string; count: number; lanes: number }): Promise<Row[]> {
  const rounds = bench.quick ? 3 : 9
  const cpu = { open: [] as number[], governed: [] as number[] }
  const measured = (side: 'open' | 'governed', { url, headers }: Asked) => async () => {
    const made = await headers(count)
    const before = await cpuMs(pid)
    const seconds = await inLanes(count, lanes, (place) => drain(url, made[place]))
    cpu[side].push((((await cpuMs(pid)) - before) * 1000) / count)
    return (seconds * 1_000_000) / count
  }
  const sides = { open: measured('open', open), governed: measured('governed', governed) }
  for (const side of [sides.open, sides.governed]) await side()
  cpu.open.length = 0
  cpu.governed.length = 0
  bench.say(`${what}: ${rounds} rounds of ${count} requests, ${lanes} at once`)
  const times = await interleaved(rounds, sides, ['open', 'governed'])
  return [
    row({ bench: 'governed', what: `${what} under terms, ${lanes} at once: statement, decision, debit and record; floor: the same under the open policy`, unit: 'µs' }, { ours: times.get('governed') ?? [], floor: times.get('open') ?? [] }, { of: 'ratio', atMost: 1.3 }),
    row({ bench: 'governed', what: `processor time of the provider for ${what}`, unit: 'µs' }, { ours: cpu.governed, floor: cpu.open }),
  ]
}

/** A file of 20,000 rows. */
export function spending(): string {
  const districts = ['Gràcia', 'Sants', 'Les Corts', 'Sant Andreu']
  const lines = Array.from({ length: 20_000 }, (_none, place) => `2026-W${10 + (place % 4)},${districts[place % 3]},${(place % 1000) / 10},${place % 50}`)
  return ['week,district,amount,cards', ...lines].join('\n') + '\n'
}
