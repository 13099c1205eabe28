import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareConnectorProcess } from '../helpers/connector-process.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import type { PostgresqlServer } from '../chaos/postgresql.ts'
import { expecting, watch } from './client.ts'
import type { Watch } from './client.ts'

/** What every bench is given. */
export interface Bench {
  readonly server: PostgresqlServer
  /** A folder for the run. */
  readonly folder: string
  /** Fewer rounds and smaller amounts, to see that everything works. */
  readonly quick: boolean
  /** Where the connectors' processor profiles go, when they are wanted. */
  readonly profile: string | undefined
  readonly say: (text: string) => void
  /** Called in reverse order when the bench is over. */
  readonly closers: (() => Promise<unknown>)[]
}

/** A connector of the run, and what is needed to speak to it. */
export interface Member {
  readonly connector: ConnectorProcess
  readonly id: string
  readonly databaseUrl: string
}

/** Two connectors that know each other, each a process of its own on a PostgreSQL database of its own. */
export interface Pair {
  readonly provider: Member
  readonly consumer: Member
}

/** `preload` is a module that the connector's process loads before anything else. */
export async function openMember(bench: Bench, name: string, preload?: string): Promise<Member> {
  const databaseUrl = await bench.server.createDatabase()
  const dataDirectory = await mkdtemp(join(bench.folder, `${name}-`))
  const options = [...(bench.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(bench.profile, name)}`]), ...(preload === undefined ? [] : [`--import=${preload}`])]
  const connector = await prepareConnectorProcess({ name, dataDirectory: join(dataDirectory, 'data'), settings: { DATABASE_URL: databaseUrl, ...(options.length === 0 ? {} : { NODE_OPTIONS: options.join(' ') }) } })
  bench.closers.push(() => connector.kill('SIGTERM'))
  await connector.start()
  const { id } = await manage<{ id: string }>({ connector }, 200, '/self')
  return { connector, id, databaseUrl }
}

export async function openPair(bench: Bench): Promise<Pair> {
  const [provider, consumer] = await Promise.all([openMember(bench, 'provider'), openMember(bench, 'consumer')])
  await introduce(provider, consumer)
  return { provider, consumer }
}

export async function introduce(one: Member, two: Member): Promise<void> {
  for (const [member, partner] of [[one, two], [two, one]] as const) {
    await manage(member, 201, '/partners', { id: partner.id, name: `Partner ${partner.connector.name}` })
  }
}

/** Calls the management API of a connector; with `json` by POST. */
export function manage<T>(member: Pick<Member, 'connector'>, status: number, path: string, json?: unknown): Promise<T> {
  const { connector } = member
  return expecting<T>(status, connector.managementUrl + path, { headers: { authorization: `Bearer ${connector.token}` }, ...(json === undefined ? {} : { json }) })
}

/** What a negotiation asks for: an offer as the catalog gives it. */
export interface Offered {
  readonly '@id': string
  readonly '@type': 'Offer'
  readonly target: string
  readonly permission: readonly object[]
}

/** Publishes a dataset with an offer to everybody that is agreed to automatically. */
export async function publish(member: Member, title: string, source: Readonly<Record<string, unknown>>): Promise<Offered> {
  const dataset = await manage<{ id: string }>(member, 201, '/datasets', { metadata: { title: { en: title } }, source })
  const offer = await manage<{ datasets: { offer: string }[] }>(member, 201, '/offers', { datasets: [dataset.id] })
  return { '@id': offer.datasets[0]?.offer ?? '', '@type': 'Offer', target: dataset.id, permission: [{ action: 'use' }] }
}

/** Puts a file into a connector, as a source for `publish`. */
export async function upload(member: Member, content: string | Buffer): Promise<{ type: 'file'; upload: string }> {
  const { connector } = member
  const headers = { authorization: `Bearer ${connector.token}`, 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="spending.csv"' }
  const { id } = await expecting<{ id: string }>(201, `${connector.managementUrl}/uploads`, { method: 'POST', headers, raw: content })
  return { type: 'file', upload: id }
}

/** Follows what a connector records of its processes: `seen('negotiation <id>')`, `seen('transfer <id>')`. */
export async function watchProcesses(bench: Bench, member: Member): Promise<Watch> {
  const { connector } = member
  const types = ['negotiation.finalized', 'negotiation.terminated', 'transfer.started', 'transfer.terminated']
  const events = await watch(`${connector.managementUrl}/events?${types.map((type) => `type=${type}`).join('&')}`, { authorization: `Bearer ${connector.token}` }, (data) => {
    const entry: { type: string; negotiation?: string; transfer?: string } = JSON.parse(data)
    if (entry.type.endsWith('.terminated')) throw new Error(`A process ended badly: ${data}`)
    return entry.type === 'negotiation.finalized' ? `negotiation ${entry.negotiation}` : `transfer ${entry.transfer}`
  })
  bench.closers.push(async () => events.close())
  return events
}

/** One negotiation, from the consumer's request until the consumer says that it is FINALIZED. Gives its id. */
export async function negotiate({ provider, consumer }: Pair, events: Watch, offer: Offered): Promise<string> {
  const { id } = await manage<{ id: string }>(consumer, 201, '/negotiations', { partner: provider.id, offer })
  await events.seen(`negotiation ${id}`)
  return id
}

/** One transfer under an agreement, until the consumer says that it is STARTED and gives the address of the data. */
export async function transfer({ consumer }: Pair, events: Watch, agreement: string): Promise<{ endpoint: string; authorization: string }> {
  const { id } = await manage<{ id: string }>(consumer, 201, '/transfers', { agreement, format: 'HttpData-PULL' })
  await events.seen(`transfer ${id}`)
  return manage(consumer, 200, `/transfers/${encodeURIComponent(id)}/data-address`)
}

/** Negotiates and transfers: gives the agreement and the address of the data. */
export async function obtain(pair: Pair, events: Watch, offered: Offered): Promise<{ agreement: string; endpoint: string; authorization: string }> {
  const id = await negotiate(pair, events, offered)
  const { agreement } = await manage<{ agreement: string }>(pair.consumer, 200, `/negotiations/${encodeURIComponent(id)}`)
  return { agreement, ...(await transfer(pair, events, agreement)) }
}
