import { createHash } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { Answer } from './api.ts'
import type { Partner } from './connectors.ts'
import { places, placesMetadata, weekly, weeklyMetadata, writePlaces } from './datasets.ts'
import { StepFailure } from './screen.ts'
import type { Screen } from './screen.ts'
import { writeSpending } from './spending.ts'

/** Both sides of the demo's data space. */
export interface DataSpace {
  readonly operator: Partner
  readonly city: Partner
  /** Folder of the demo. */
  readonly folder: string
}

/** Each lets the other in. */
export async function meet(screen: Screen, { operator, city }: DataSpace): Promise<void> {
  await screen.step('Each lets the other in: only partners in the register may ask anything.', async () => {
    const done = await Promise.all([letIn(operator, city), letIn(city, operator)])
    return [undefined, done.includes(true) ? '' : 'They are registered since the first run.']
  })
}

async function letIn(host: Partner, guest: Partner): Promise<boolean> {
  if ((await host.api.find('getPartner', { path: { partnerId: guest.id } })) !== undefined) return false
  await host.api.call('addPartner', { body: { id: guest.id, name: guest.name } })
  return true
}

/** A dataset of the demo, by the ids that it has here. */
export interface Published {
  readonly id: string
  readonly offer: string
}

/** The operator makes its data, and publishes both datasets. Gives the digest of the list of neighbourhoods. */
export async function publish(screen: Screen, { operator, folder }: DataSpace): Promise<string> {
  await screen.step('The card operator exports almost two years of weekly card spending, and publishes them with what is protected in them.', async () => {
    const present = await operator.api.find('getDataset', { path: { datasetId: weekly.id } })
    if (present !== undefined) return [undefined, `They are there since the first run: ${versionText(present)}`]
    const file = join(folder, weekly.file)
    const rows = await writeSpending(file)
    const upload = await operator.api.upload(file, 'text/csv')
    const made = await operator.api.call('createDataset', { body: { id: weekly.id, metadata: weeklyMetadata, source: { type: 'file', upload } } })
    return [undefined, `${rows.toLocaleString('en')} rows, invented, and the same on every machine: ${versionText(made)}\nProtected are cards and merchants; groups can be made by ${weeklyMetadata.dimensions.join(', ')}.`]
  })
  return screen.step('It publishes the list of neighbourhoods, too, and offers that to the city without conditions.', async () => {
    const present = await operator.api.find('getDataset', { path: { datasetId: places.id } })
    const dataset = present ?? (await publishPlaces(operator, folder))
    if (dataset.latest === null) throw new StepFailure('The dataset has no version.')
    return [dataset.latest.sha256, versionText(dataset)]
  })
}

async function publishPlaces(operator: Partner, folder: string): Promise<Answer<'getDataset'>> {
  const file = join(folder, places.file)
  await writePlaces(file)
  const upload = await operator.api.upload(file, 'text/csv')
  return operator.api.call('createDataset', { body: { id: places.id, metadata: placesMetadata, source: { type: 'file', upload } } })
}

function versionText({ latest, metadata: { columns } }: Answer<'getDataset'>): string {
  return latest === null ? 'no version' : `version ${latest.number}, ${(latest.rows ?? 0).toLocaleString('en')} rows, ${columns.length} columns, sha256 ${latest.sha256.slice(0, 16)}…`
}

/** Offers a dataset to the city under a policy, unless the offer stands since an earlier run. */
export async function offer({ operator, city }: DataSpace, published: Published, policy: Record<string, unknown>): Promise<boolean> {
  if ((await operator.api.find('getOffer', { path: { offerId: published.offer } })) !== undefined) return false
  await operator.api.call('createOffer', { body: { id: published.offer, datasets: [published.id], policy, audience: [city.id] } })
  return true
}

/** The city finds both offers in the operator's catalog. */
export async function discover(screen: Screen, { operator, city }: DataSpace): Promise<void> {
  await screen.step("The city's data office reads the card operator's catalog.", async () => {
    const { items } = await patiently(() => city.api.call('readPartnerCatalog', { path: { partnerId: operator.id } }))
    const missing = [weekly, places].find(({ id, offer: wanted }) => !items.some((dataset) => dataset['@id'] === id && dataset.hasPolicy?.some((policy) => policy['@id'] === wanted)))
    if (missing !== undefined) throw new StepFailure(`The catalog of ${operator.name} does not offer ${missing.id} to ${city.name}.`)
    return [undefined, `It finds ${items.length} datasets, each with its offer; the terms are in it, for its own connector to check.`]
  })
}

// The city asks for cosignatures as it starts. An operator that was still starting then is asked again a few seconds later.
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 8; ; tries--) {
    try {
      return await work()
    } catch (error) {
      if (tries === 0) throw error
      await setTimeout(1000)
    }
  }
}

/** The two connectors negotiate, unless an agreement of an earlier run holds. Gives the id of the agreement. */
export async function negotiate(screen: Screen, space: DataSpace, { id: dataset, offer: wanted }: Published): Promise<string> {
  const { operator, city } = space
  const { items } = await city.api.call('listAgreements', { query: { role: 'consumer', partner: operator.id, dataset } })
  const before = items.find(({ finalizedAt, endsAt }) => finalizedAt !== null && (endsAt === null || new Date(endsAt) > new Date()))
  return screen.step(`The two connectors negotiate an agreement about ${dataset}.`, async () => {
    if (before !== undefined) return [before.id, `They agreed in an earlier run: agreement ${before.id} holds.`]
    const states: string[] = []
    const begun = performance.now()
    const approval = await approving(space)
    const ended = await watch<Answer<'getNegotiation'>>(city, 'negotiation.*', {
      start: () => city.api.call('requestNegotiation', { body: { partner: operator.id, offer: wanted, dataset } }),
      read: ({ id }) => city.api.call('getNegotiation', { path: { negotiationId: id } }),
      seen: (entry, { id }) => entry['negotiation'] === id && states.push(String(entry['type']).slice('negotiation.'.length).toUpperCase()) > 0,
      done: ({ state }) => state === 'FINALIZED' || state === 'TERMINATED',
    }).finally(() => approval.close())
    if (ended.agreement === null || ended.state !== 'FINALIZED') throw new StepFailure(`The negotiation ended as ${ended.state}: ${ended.error ?? ended.reason ?? 'no reason was given'}`)
    const walked = states.at(-1) === ended.state ? states : [...states, ended.state]
    const approved = (await approval.done) ? '\nA second agreement on protected data waits for a person, and the operator approved it.' : ''
    return [ended.agreement, `${walked.join(' → ')} in ${Math.round(performance.now() - begun)} ms; both hold agreement ${ended.agreement}.${approved}`]
  })
}

/** From now on the operator approves what waits for it, as a person would. Tells in the end whether anything did. */
async function approving({ operator, city }: DataSpace): Promise<{ readonly done: Promise<boolean>; close(): void }> {
  const following = await operator.api.follow('negotiation.requested')
  const approve = async () => {
    let approved = false
    for await (const { negotiation, partner } of following.entries) {
      if (partner !== city.id) continue
      const path = { negotiationId: String(negotiation) }
      if ((await operator.api.call('getNegotiation', { path })).state !== 'REQUESTED') continue
      await operator.api.call('approveNegotiation', { path })
      approved = true
    }
    return approved
  }
  const done = approve()
  // What fails is told by who waits for it.
  done.catch(() => undefined)
  return { done, close: () => following.close() }
}

/** A transfer, by the id that each side gives it. */
export interface TransferIds {
  readonly city: string
  readonly operator: string
}

/** The city starts a transfer under the agreement. */
export async function transfer(screen: Screen, { operator, city }: DataSpace, agreement: string): Promise<TransferIds> {
  return screen.step('The city starts a transfer under the agreement, and gets an address and an access token.', async () => {
    const { items } = await city.api.call('listTransfers', { query: { role: 'consumer', agreement, state: 'STARTED' } })
    for (const { id } of items) await city.api.call('completeTransfer', { path: { transferId: id } })
    const started = await watch<Answer<'getTransfer'>>(city, 'transfer.*', {
      start: () => city.api.call('requestTransfer', { body: { agreement, format: 'HttpData-PULL' } }),
      read: ({ id }) => city.api.call('getTransfer', { path: { transferId: id } }),
      seen: (entry, { id }) => entry['transfer'] === id,
      done: ({ state }) => state !== 'REQUESTED',
    })
    if (started.state !== 'STARTED') throw new StepFailure(`The transfer ended as ${started.state}: ${started.error ?? started.reason ?? 'no reason was given'}`)
    const provided = await operator.api.call('listTransfers', { query: { role: 'provider', agreement, state: 'STARTED' } })
    const theirs = provided.items.find(({ partnerPid }) => partnerPid === started.id)
    if (theirs === undefined) throw new StepFailure('The card operator does not know the transfer.')
    return [{ city: started.id, operator: theirs.id }, items.length === 0 ? '' : 'It completed the transfer of the run before, and began a new one.']
  })
}

interface Watched<T> {
  readonly start: () => Promise<T>
  readonly read: (current: T) => Promise<T>
  readonly seen: (entry: Readonly<Record<string, unknown>>, current: T) => boolean
  readonly done: (current: T) => boolean
}

/** Watches what is recorded until it is done. */
// Listens before it acts, so that nothing is missed, and reads again whenever something was recorded about it.
export async function watch<T>(partner: Partner, type: string, { start, read, seen, done }: Watched<T>): Promise<T> {
  const following = await partner.api.follow(type)
  const timer = globalThis.setTimeout(() => following.close(), 30_000)
  try {
    let current = await start()
    if (done(current)) return current
    for await (const entry of following.entries) {
      if (!seen(entry, current)) continue
      current = await read(current)
      if (done(current)) return current
    }
    throw new StepFailure(`Nothing came of it within 30 seconds. See what is not delivered: npx concordat outbox list --data ${partner.folder}`)
  } finally {
    clearTimeout(timer)
    following.close()
  }
}

/** The city downloads the data twice and checks what came. */
export async function fetchData(screen: Screen, { city, folder }: DataSpace, wanted: { transferId: string; sha256: string }): Promise<void> {
  const target = join(folder, 'downloads')
  await mkdir(target, { recursive: true })
  await screen.step("The city downloads the list of neighbourhoods through its own connector, and checks the digest.", async () => {
    const came = await save(city, { ...wanted, format: 'original', file: join(target, 'neighbourhoods.csv') })
    if (came.sha256 !== wanted.sha256) throw new StepFailure(`The file that came has the SHA-256 ${came.sha256}; the operator published ${wanted.sha256}.`)
    return [undefined, `${came.text}: it is the very file that the operator published.`]
  })
  await screen.step('The city downloads the same list as Parquet.', async () => {
    const came = await save(city, { ...wanted, format: 'parquet', file: join(target, 'neighbourhoods.parquet') })
    return [undefined, `${came.text}${came.checked ? '; its digest is right.' : '.'}`]
  })
}

async function save({ api }: Partner, { transferId, format, file }: { transferId: string; format: 'original' | 'parquet'; file: string }): Promise<{ sha256: string; checked: boolean; text: string }> {
  const { body, headers } = await api.download(transferId, format)
  const hash = createHash('sha256')
  const sink = createWriteStream(`${file}.part`)
  await pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        yield chunk
      }
    },
    sink,
  )
  const digest = hash.digest()
  const said = headers.get('repr-digest') ?? headers.get('content-digest')
  if (said !== null && !said.includes(`sha-256=:${digest.toString('base64')}:`)) throw new StepFailure(`The ${format} file that came does not match the digest that the provider gave.`)
  await rename(`${file}.part`, file)
  const sha256 = digest.toString('hex')
  return { sha256, checked: said !== null, text: `${file}, ${sink.bytesWritten.toLocaleString('en')} bytes, sha256 ${sha256.slice(0, 16)}…` }
}

/** Both show what they recorded about the data. */
export async function showRecords(screen: Screen, { operator, city }: DataSpace, { agreement, transfer: ids }: { agreement: string; transfer: TransferIds }): Promise<void> {
  await screen.step("The card operator's record says what left, to whom, under which agreement.", async () => {
    const read = () => operator.api.call('listAuditEntries', { query: { type: 'data.released', transfer: ids.operator, limit: 100 } })
    // How a download ended is recorded after its last byte, which may have come here before.
    const { items } = await watch(operator, 'data.released', { start: read, read, seen: () => true, done: (page) => page.items.length >= 2 })
    return [undefined, items.map(entryText).join('\n')]
  })
  await screen.step("The city's record says what it asked for and agreed to.", async () => {
    const { items } = await city.api.call('listAuditEntries', { query: { agreement, limit: 1000 } })
    if (items.length === 0) throw new StepFailure('The record of the city has nothing about the agreement.')
    return [undefined, items.slice(-3).map(entryText).join('\n')]
  })
}

function entryText(entry: Answer<'listAuditEntries'>['items'][number]): string {
  const text = (name: string) => {
    const value = new Map<string, unknown>(Object.entries(entry)).get(name)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }
  const parts = [text('format'), text('bytes') === undefined ? undefined : `${Number(text('bytes')).toLocaleString('en')} bytes`, text('sha256') === undefined ? undefined : `sha256 ${text('sha256')?.slice(0, 16)}…`, `partner ${text('partner') ?? '-'}`]
  return `No. ${entry.index}  ${new Date(entry.time).toLocaleTimeString('en-GB')}  ${entry.type}  ${parts.filter((part) => part !== undefined).join(', ')}`
}

/** Whether a run before left something in this folder. */
export function isUsed(folder: string): boolean {
  return existsSync(join(folder, 'operator', 'operator.token'))
}
