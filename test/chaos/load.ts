import { createHash } from 'node:crypto'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import type { Random } from '../helpers/random.ts'
import { call, download, insist, pause } from './client.ts'
import type { Download, Entry, Negotiation, Transfer } from './client.ts'
import type { Follower } from './follower.ts'
import type { Governed, GovernedTold } from './governed.ts'
import type { LogWatch } from './log-watch.ts'

/** One side of the data space, as its clients see it. */
export interface Side {
  readonly connector: ConnectorProcess
  readonly follower: Follower
  /** Its participant id. */
  readonly id: string
  readonly automatic: Published
  readonly manual: Published
  readonly governed: Governed
  /** For so long, another replica may still release what one has just ended (README: within a second). */
  readonly lagMs: number
  /** What it has signed of its log and told of its record. */
  readonly log: LogWatch
}

export interface Published {
  readonly dataset: string
  readonly offer: string
  readonly sha256: string
}

/** What clients did and were told; the checks at the end hold the connectors to it. */
export interface Told {
  readonly finalized: { readonly side: Side; readonly negotiation: Negotiation }[]
  readonly downloads: (Download & { readonly consumer: Side; readonly provider: Side; readonly transfer: string; readonly expected: string })[]
  readonly counts: Map<string, number>
  /** What a client was told that cannot be. */
  readonly faults: string[]
  /** Of what was asked under terms. */
  readonly governed: GovernedTold
}

interface Pair {
  readonly consumer: Side
  readonly provider: Side
}

const eventMs = 45_000

/** Publishes two datasets of a side: one that is agreed to automatically, one that a person decides about. */
export async function publish(connector: ConnectorProcess, content: string): Promise<Pick<Side, 'automatic' | 'manual'>> {
  const [automatic, manual] = [await publishOne(connector, content, 'automatic'), await publishOne(connector, content, 'manual')]
  return { automatic, manual }
}

async function publishOne(connector: ConnectorProcess, content: string, decision: 'automatic' | 'manual'): Promise<Published> {
  const made = async <T>(path: string, sending: Parameters<typeof call>[3]): Promise<T> => {
    const { status, body } = await call<T>(connector, 'POST', path, sending)
    if (status !== 201) throw new Error(`POST ${path} was answered with ${status}: ${JSON.stringify(body)}`)
    return body
  }
  const upload = await made<{ id: string }>('/uploads', { raw: content, headers: { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="spending.csv"' } })
  const dataset = await made<{ id: string }>('/datasets', { json: { metadata: { title: { en: `Spending, ${decision}` } }, source: { type: 'file', upload: upload.id } } })
  const offer = await made<{ datasets: { offer: string }[] }>('/offers', { json: { datasets: [dataset.id], decision } })
  return { dataset: dataset.id, offer: offer.datasets[0]?.offer ?? '', sha256: createHash('sha256').update(content).digest('hex') }
}

/** Runs scenarios one after the other until `stop` says so; several of these run at once. */
export async function work(sides: readonly [Side, Side], told: Told, random: Random, stop: () => boolean): Promise<void> {
  const count = (what: string) => told.counts.set(what, (told.counts.get(what) ?? 0) + 1)
  while (!stop()) {
    const [one, two] = sides
    const pair = random.chance(0.5) ? { consumer: one, provider: two } : { consumer: two, provider: one }
    const finalized = await negotiate(pair, told, random)
    count(finalized === undefined ? 'negotiations that ended without agreement' : 'negotiations finalized')
    if (finalized?.agreement === undefined || finalized.agreement === null) continue
    const agreement = finalized.agreement
    const transfers = Array.from({ length: random.between(1, 2) }, () => transfer(pair, told, random.branch(), agreement))
    for (const state of await Promise.all(transfers)) count(`transfers left ${state ?? 'unknown'}`)
  }
}

async function negotiate(pair: Pair, told: Told, random: Random): Promise<Negotiation | undefined> {
  const { consumer, provider } = pair
  const unasked = random.chance(0.15)
  const published = random.chance(0.3) ? provider.manual : provider.automatic
  const begun = unasked
    ? await insist<Negotiation>(provider.connector, 'POST', '/negotiations/offers', { json: { partner: consumer.id, offer: published.offer } })
    : await insist<Negotiation>(consumer.connector, 'POST', '/negotiations', { json: { partner: provider.id, offer: published.offer, dataset: published.dataset } })
  if (begun.status !== 201) {
    told.faults.push(`A negotiation could not begin: ${begun.status} ${JSON.stringify(begun.body)}`)
    return undefined
  }
  const mine = unasked ? provider : consumer
  const id = begun.body.id
  const regretted = random.chance(0.12) ? regret(mine, id, random) : undefined
  if (unasked || published === provider.manual) await decide(pair, { id, mine, unasked }, random)
  const end = await mine.follower.waitFor((entry) => entry.negotiation === id && (entry.type === 'negotiation.finalized' || entry.type === 'negotiation.terminated'), eventMs)
  await regretted
  if (end?.type !== 'negotiation.finalized') return undefined
  const { status, body } = await insist<Negotiation>(mine.connector, 'GET', `/negotiations/${encodeURIComponent(id)}`)
  if (status !== 200 || body.state !== 'FINALIZED') {
    told.faults.push(`${mine.connector.name} recorded that ${id} is FINALIZED, and then said ${status} ${body.state}`)
    return undefined
  }
  told.finalized.push({ side: mine, negotiation: body })
  if (mine === consumer) return body
  // The consumer's own view, which its transfers begin from.
  if (body.partnerPid === null) return undefined
  const there = await consumer.follower.waitFor((entry) => entry.negotiation === body.partnerPid && entry.type === 'negotiation.finalized', eventMs)
  if (there === undefined) return undefined
  const view = await insist<Negotiation>(consumer.connector, 'GET', `/negotiations/${encodeURIComponent(body.partnerPid)}`)
  told.finalized.push({ side: consumer, negotiation: view.body })
  return view.body
}

/** Ends a negotiation while it is on its way, so that the end crosses whatever comes next. */
async function regret(mine: Side, id: string, random: Random): Promise<void> {
  const moment = random.pick(['requested', 'offered', 'agreed', 'verified'])
  await mine.follower.waitFor((entry) => entry.negotiation === id && (entry.type === `negotiation.${moment}` || entry.type === 'negotiation.finalized'), 2_000)
  await tolerate(insist(mine.connector, 'POST', `/negotiations/${encodeURIComponent(id)}/terminate`, { json: { reason: 'Changed our mind.' } }))
}

/** A person at the other side decides: approves, counters once, or ends it. */
async function decide({ consumer, provider }: Pair, begun: { id: string; mine: Side; unasked: boolean }, random: Random): Promise<void> {
  const decider = begun.unasked ? consumer : provider
  const pid = await otherPid(begun.mine, begun.id)
  if (pid === undefined) return
  const path = `/negotiations/${encodeURIComponent(pid)}`
  const choice = random.number()
  if (choice < 0.12) return tolerate(insist(decider.connector, 'POST', `${path}/terminate`, { json: { reason: 'Not now.' } }))
  if (choice < 0.3) {
    await tolerate(insist(decider.connector, 'POST', `${path}/counter`, { json: { policy: { permission: [{ action: 'use' }] } } }))
    // The same terms come back, so what follows is automatic at a consumer that asked; a provider approves.
    const other = begun.unasked ? provider : consumer
    await other.follower.waitFor((entry) => entry.negotiation === begun.id && (entry.type === 'negotiation.requested' || entry.type === 'negotiation.offered') && entry['by'] === 'partner', 5_000)
    await tolerate(insist(other.connector, 'POST', `/negotiations/${encodeURIComponent(begun.id)}/approve`))
    return
  }
  await tolerate(insist(decider.connector, 'POST', `${path}/${begun.unasked ? 'accept' : 'approve'}`))
}

/** The other side's process id, once it is known on ours. */
export async function otherPid(mine: Side, id: string): Promise<string | undefined> {
  for (const deadline = Date.now() + eventMs; Date.now() < deadline; ) {
    const { body } = await insist<Negotiation>(mine.connector, 'GET', `/negotiations/${encodeURIComponent(id)}`)
    if (body.partnerPid !== null) return body.partnerPid
    if (body.state === 'TERMINATED') return undefined
    // An answer that names the process is no record; whatever is recorded next is a good moment to look again.
    const size = mine.follower.entries.length
    await mine.follower.waitFor((entry) => entry.index >= size, 200)
  }
  return undefined
}

/** What a person asked may be refused by the state that it meets; that is an answer too. */
async function tolerate(asked: Promise<unknown>): Promise<void> {
  await asked
}

const ended = (entry: Entry) => entry.type === 'transfer.completed' || entry.type === 'transfer.terminated'

async function transfer(pair: Pair, told: Told, random: Random, agreement: string): Promise<string | undefined> {
  const { consumer, provider } = pair
  const push = random.chance(0.2)
  const begun = await insist<Transfer>(consumer.connector, 'POST', '/transfers', { json: { agreement, format: push ? 'HttpData-PUSH' : 'HttpData-PULL' } })
  if (begun.status !== 201) {
    told.faults.push(`A transfer could not begin: ${begun.status} ${JSON.stringify(begun.body)}`)
    return undefined
  }
  const { id } = begun.body
  const started = await consumer.follower.waitFor((entry) => entry.transfer === id && (entry.type === 'transfer.started' || ended(entry)), eventMs)
  const view = await insist<Transfer>(consumer.connector, 'GET', `/transfers/${encodeURIComponent(id)}`)
  const theirs = view.body.partnerPid
  if (started === undefined || theirs === null) return view.body.state
  if (push) {
    await consumer.follower.waitFor((entry) => entry.transfer === id && ended(entry), eventMs)
  } else {
    const expected = (view.body.dataset === provider.manual.dataset ? provider.manual : provider.automatic).sha256
    for (let round = random.between(1, 3); round > 0; round--) await oneRound({ ...pair, id, theirs, expected }, told, random)
    await end({ ...pair, id, theirs }, random)
  }
  const last = await insist<Transfer>(consumer.connector, 'GET', `/transfers/${encodeURIComponent(id)}`)
  return last.body.state
}

interface Running extends Pair {
  /** The consumer's process id. */
  readonly id: string
  /** The provider's. */
  readonly theirs: string
}

async function oneRound(running: Running & { expected: string }, told: Told, random: Random): Promise<void> {
  const { consumer, provider, id, expected } = running
  const leaves = random.chance(0.15) ? AbortSignal.timeout(random.between(5, 60)) : undefined
  const got = await download(consumer.connector, id, leaves)
  told.downloads.push({ ...got, consumer, provider, transfer: running.theirs, expected })
  if (got.given !== undefined) provider.log.take(got.given)
  if (!random.chance(0.4)) return
  const [actor, other] = random.chance(0.5) ? [consumer, provider] : [provider, consumer]
  if ((await ask(actor, running, 'suspend')) !== 200) return
  const both = await other.follower.waitFor((entry) => entry.transfer === pidAt(other, running) && (entry.type === 'transfer.suspended' || ended(entry)), eventMs)
  if (both !== undefined && random.chance(0.3)) {
    await pause(provider.lagMs)
    const refused = await download(consumer.connector, id)
    if (refused.bytes > 0) told.faults.push(`${refused.bytes} bytes of ${running.theirs} came while it was suspended on both sides`)
  }
  const size = consumer.follower.entries.filter((entry) => entry.transfer === id && entry.type === 'transfer.started').length
  if ((await ask(actor, running, 'resume')) !== 200) return
  await consumer.follower.waitFor(() => consumer.follower.entries.filter((entry) => entry.transfer === id && entry.type === 'transfer.started').length > size, eventMs)
}

/** Ends it, or not; sometimes both sides do something at the same moment. */
async function end(running: Running, random: Random): Promise<void> {
  const { consumer, provider } = running
  const choice = random.number()
  const acts = ['complete', 'terminate', 'suspend'] as const
  if (choice < 0.15) return
  if (choice < 0.3) {
    await Promise.all([ask(consumer, running, random.pick(acts)), ask(provider, running, random.pick(acts))])
    return
  }
  const [actor, other] = random.chance(0.5) ? [consumer, provider] : [provider, consumer]
  if ((await ask(actor, running, random.pick(acts.slice(0, 2)))) === 200) await other.follower.waitFor((entry) => entry.transfer === pidAt(other, running) && ended(entry), eventMs)
}

function pidAt(side: Side, { consumer, id, theirs }: Running): string {
  return side === consumer ? id : theirs
}

async function ask(side: Side, running: Running, act: 'suspend' | 'resume' | 'complete' | 'terminate'): Promise<number> {
  const { status } = await insist(side.connector, 'POST', `/transfers/${encodeURIComponent(pidAt(side, running))}/${act}`)
  return status
}
