import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { components } from '../../openapi/management.d.ts'
import type { Random } from '../helpers/random.ts'
import type { Run } from '../helpers/run-options.ts'
import { backUp } from './backup.ts'
import type { Backup } from './backup.ts'
import { call, givenWith, insist, pause } from './client.ts'
import type { Entry, Negotiation, Transfer } from './client.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './invariants.ts'
import type { Side } from './load.ts'
import { checkLogs } from './log-invariants.ts'
import { readLogs } from './log-reading.ts'
import type { PostgresqlServer } from './postgresql.ts'

const execute = promisify(execFile)
const command = resolve(import.meta.dirname, '../../src/cli/concordat.mjs')

/** A run whose databases are put back. */
export interface Rewinding {
  readonly clusters: readonly Cluster[]
  readonly sides: readonly [Side, Side]
  readonly run: Run
  readonly random: Random
  readonly server: PostgresqlServer | undefined
  readonly folder: string
  readonly times: number
}

/** What is put back: the database alone, so that files in the data folder tell; or the log's folder too, so that only a witness can. */
type Variant = 'database' | 'folder'

interface Victim {
  readonly cluster: Cluster
  readonly side: Side
  readonly other: Side
  /** Where the other one fetches its data. */
  readonly place: DataPlace
  readonly backups: Backup[]
  /** By the names of logs, how many records the folder knows of since it was put back: nothing in it tells what came after them. */
  readonly folderEnds: Map<string, number>
}

interface DataPlace {
  readonly endpoint: string
  readonly authorization: string
}

type LogState = components['schemas']['LogState']

/** A witness that answers before the first number is given tells it as well. */
const wanted: Readonly<Record<Variant, readonly string[]>> = { database: ['log-rewound', 'witness-ahead'], folder: ['witness-ahead', 'witness-differs'] }
const variants: readonly Variant[] = ['database', 'folder', 'folder', 'database']

/** Puts databases back under load; each time the log must stop, go on with the break on record, and hold to all that was before. */
export async function rewind(rewinding: Rewinding): Promise<Finding[]> {
  const { clusters, sides, run, random, server, folder, times } = rewinding
  await Promise.all(clusters.map(({ connector }) => connector.start()))
  const victims: Victim[] = []
  for (const [place, cluster] of clusters.entries()) {
    const [side, other] = place === 0 ? sides : [sides[1], sides[0]]
    victims.push({ cluster, side, other, place: await beginTransfer(side, other), backups: [], folderEnds: new Map() })
  }
  await Promise.all(sides.map(({ follower }) => follower.stop()))
  for (const victim of victims) await keepBackup(victim, server, join(folder, `backup-${victim.side.connector.name}-0`))
  const wrong: string[] = []
  const healed: string[] = []
  for (let time = 1; time <= times; time++) {
    const victim = victims[(time - 1) % victims.length]
    const variant = variants[(time - 1) % variants.length] ?? 'database'
    if (victim === undefined) continue
    // The folder has what this machine cosigned as a witness of the other one, too. If it went back behind several breaks of both, nobody
    // would be left who knows what the other one lost in its next rewind; here it goes back behind one break at the most.
    const backup = variant === 'folder' ? victim.backups.at(-1) : random.pick(victim.backups)
    if (backup === undefined) continue
    const { what, faults } = await once(victim, { variant, backup, random, embedded: server === undefined })
    run.say(`rewind ${time} of ${times}: ${victim.side.connector.name}, ${variant === 'database' ? 'the database' : 'the database and the folder of the log'} to record ${backup.size}: ${what}`)
    for (const fault of faults) run.say(`          ${fault}`)
    wrong.push(...faults.map((fault) => `rewind ${time}, ${victim.side.connector.name}, ${variant}: ${fault}`))
    if (what.startsWith('brought up')) healed.push(what)
    await keepBackup(victim, server, join(folder, `backup-${victim.side.connector.name}-${time}`))
  }
  const lost = sides.map(({ log }) => log.lost)
  run.say(`${lost.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)} records that were told of and ${lost.reduce((sum, { checkpoints }) => sum + checkpoints.length, 0)} checkpoints that were signed were of times that were put back; ${healed.length} rewinds were made up for by the journal`)
  const findings = await checkLogs(sides, join(folder, 'logs-after-rewinds'))
  return [{ rule: 'a log that was put back stops, and goes on with the break on record', checked: times, violations: wrong }, ...findings.map((finding) => ({ ...finding, rule: `after the rewinds, ${finding.rule}` }))]
}

async function keepBackup({ cluster, backups }: Victim, server: PostgresqlServer | undefined, into: string): Promise<void> {
  await cluster.connector.kill()
  backups.push(await backUp(cluster, server, into))
  await cluster.connector.start()
}

/** The other side agrees on the data of `side` and starts to fetch it. */
async function beginTransfer(side: Side, other: Side): Promise<DataPlace> {
  const { offer, dataset } = side.automatic
  const { body } = await insist<Negotiation>(other.connector, 'POST', '/negotiations', { json: { partner: side.id, offer, dataset } })
  await other.follower.waitFor((entry) => entry.negotiation === body.id && entry.type === 'negotiation.finalized', 30_000)
  const { body: view } = await insist<Negotiation>(other.connector, 'GET', `/negotiations/${encodeURIComponent(body.id)}`)
  const begun = await insist<Transfer>(other.connector, 'POST', '/transfers', { json: { agreement: view.agreement, format: 'HttpData-PULL' } })
  await other.follower.waitFor((entry) => entry.transfer === begun.body.id && entry.type === 'transfer.started', 30_000)
  const address = await insist<DataPlace>(other.connector, 'GET', `/transfers/${encodeURIComponent(begun.body.id)}/data-address`)
  if (address.status !== 200) throw new Error(`There is no data address before the rewinds: ${JSON.stringify(address.body)}`)
  return address.body
}

interface Time {
  readonly variant: Variant
  readonly backup: Backup
  readonly random: Random
  /** PGlite, whose journal has what the database lacks. */
  readonly embedded: boolean
}

/** One rewind, from the load before it to the first data after it. */
async function once(victim: Victim, time: Time): Promise<{ what: string; faults: string[] }> {
  const { cluster: { connector }, side } = victim
  const { variant, backup } = time
  let over = false
  const load = Array.from({ length: 4 }, () => fetchUntil(victim, () => over))
  load.push(negotiateUntil(victim, () => over))
  await pause(time.random.between(1500, 3000))
  const unseen = await seenByWitness(connector, backup)
  await side.log.verify()
  const before = await readLogs(connector)
  await pause(time.random.between(0, 500))
  await connector.kill()
  over = true
  await Promise.all(load)
  await backup.restore({ folder: variant === 'folder' })
  if (variant === 'folder' && backup.log !== null) victim.folderEnds.set(backup.log, backup.size)
  await connector.start()
  // PGlite's journal is on the disk before anybody is told: what the database lacks of the open log is put back from it.
  if (time.embedded && variant === 'database' && before.at(-1)?.name === backup.log) return { what: 'brought up to the journal', faults: [...unseen, ...(await isWhole(victim))] }
  side.log.putBack(backup.size)
  const state = await stopped(connector)
  const kinds = [...new Set(state.faults.filter(({ resolvedAt }) => resolvedAt === undefined).map(({ kind }) => kind))]
  const unexpected = kinds.length === 0 || kinds.some((kind) => !wanted[variant].includes(kind)) || (variant === 'database' && !kinds.includes('log-rewound')) ? [`the faults are ${kinds.join(', ') || 'none'}, and ${wanted[variant].join(' or ')} is due: ${JSON.stringify(state).slice(0, 2000)}`] : []
  if (state.state !== 'stopped') return { what: 'nobody noticed', faults: [...unseen, ...unexpected] }
  const faults = [...unseen, ...unexpected, ...(await standsStill(victim)), ...(await recovers(victim, { variant, backup, kinds }))]
  return { what: `stopped (${kinds.join(', ')}), and recovered`, faults }
}

/** A witness can only notice what it has seen: it is asked until it has cosigned more than the backup has. Gives what is wrong when it does not. */
async function seenByWitness(connector: Cluster['connector'], backup: Backup): Promise<string[]> {
  for (const deadline = Date.now() + 60_000; ; ) {
    const { body } = await insist<{ items: { origin?: string; size?: number }[] }>(connector, 'POST', '/audit/witnesses')
    const open = (await readLogs(connector)).at(-1)
    if (open !== undefined && body.items.some(({ origin, size = 0 }) => origin === open.origin && open.start + size > backup.size)) return []
    if (Date.now() > deadline) return [`no witness cosigned more of ${open?.origin} than the ${backup.size} records of the backup: ${JSON.stringify(body.items)}`]
    await pause(200)
  }
}

/** Asks the data plane itself, as the other side's machines do. */
async function fetchOnce({ place, side }: Victim): Promise<{ status: number; text: string } | undefined> {
  try {
    const answer = await fetch(place.endpoint, { headers: { authorization: place.authorization, range: 'bytes=0-99' }, signal: AbortSignal.timeout(20_000) })
    side.log.take({ ...givenWith(answer), checked: 'the data plane itself' })
    return { status: answer.status, text: await answer.text() }
  } catch {
    return undefined
  }
}

async function fetchUntil(victim: Victim, stop: () => boolean): Promise<void> {
  while (!stop()) if ((await fetchOnce(victim)) === undefined) await pause(50)
}

async function negotiateUntil({ side, other }: Victim, stop: () => boolean): Promise<void> {
  const { offer, dataset } = side.automatic
  while (!stop()) {
    // Whether anybody answers does not matter here.
    await call(other.connector, 'POST', '/negotiations', { json: { partner: side.id, offer, dataset } }).catch(() => undefined)
    await pause(100)
  }
}

/** Waits for the log to stop: at once when the data folder tells, or when the witness was asked. */
async function stopped(connector: Cluster['connector']): Promise<LogState> {
  for (const deadline = Date.now() + 45_000; ; ) {
    const { body } = await insist<LogState>(connector, 'GET', '/audit/log')
    if (body.state === 'stopped' || Date.now() > deadline) return body
    await pause(100)
  }
}

/** Nothing is released and nothing recorded, and whoever asks is told why. */
async function standsStill(victim: Victim): Promise<string[]> {
  const { connector } = victim.cluster
  const before = await insist<LogState>(connector, 'GET', '/audit/log')
  const data = await fetchOnce(victim)
  const ready = await fetch(`${connector.managementUrl}/health/ready`)
  const written = await fetch(`${connector.managementUrl}/tokens`, { method: 'POST', headers: { 'authorization': `Bearer ${connector.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'While the log is stopped', role: 'auditor' }) })
  const refusal = await written.text()
  const after = await insist<LogState>(connector, 'GET', '/audit/log')
  return [
    ...(data?.status === 503 && data.text.includes('"log-stopped"') ? [] : [`while it was stopped, the data plane answered ${data?.status} ${data?.text.slice(0, 300)}`]),
    ...(ready.status === 503 ? [] : [`while it was stopped, /health/ready answered ${ready.status}`]),
    ...(written.status === 503 && refusal.includes('"log-stopped"') ? [] : [`while it was stopped, a token could be made: ${written.status} ${refusal.slice(0, 300)}`]),
    ...(after.body.size === before.body.size ? [] : [`while it was stopped, it recorded ${after.body.size - before.body.size} entries`]),
  ]
}

interface Break {
  readonly variant: Variant
  readonly backup: Backup
  readonly kinds: readonly string[]
}

async function recovers(victim: Victim, { variant, backup, kinds }: Break): Promise<string[]> {
  const { cluster: { connector }, side, folderEnds } = victim
  const folderTells = (folderEnds.get(backup.log ?? '') ?? Number.POSITIVE_INFINITY) > backup.size
  const told = Math.max(0, ...side.log.lost.acknowledged.map(({ record }) => record))
  await execute(process.execPath, [command, 'audit', 'recover', '--reason', 'The database was put back to an earlier time.', '--yes', '--url', connector.managementUrl], { env: { PATH: process.env['PATH'], CONCORDAT_TOKEN: connector.token } }).catch((cause: unknown) => {
    throw new Error(`${connector.name} could not be brought back to work. Its last words: ${connector.lastWords()}`, { cause })
  })
  const log = (await readLogs(connector)).at(-1)
  const first = log?.start ?? 0
  const [opened, recovered] = (await insist<{ items: Entry[] }>(connector, 'GET', `/audit/entries?from=${first}&limit=2`)).body.items
  const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
  const lost = listed(recovered?.['lost']).map(String)
  return [
    ...(opened?.type === 'log.opened' && opened['reason'] === 'break' ? [] : [`the new log begins with ${JSON.stringify(opened)}`]),
    ...(recovered?.type === 'log.recovered' && kinds.every((kind) => listed(recovered['kind']).includes(kind)) ? [] : [`the break is not on record: ${JSON.stringify(recovered)}`]),
    ...(variant === 'folder' || (lost.length > 0 && !folderTells) || lost.some((range) => range.startsWith(`${backup.size}-`)) ? [] : [`the record does not tell that numbers from ${backup.size} on are lost: ${lost.join(', ')}`]),
    ...(first > told ? [] : [`the new log begins with ${first}, and ${told} was told of before`]),
    ...(await isWhole(victim)),
  ]
}

/** Data flow with receipts again, witnesses cosign the open log, and everything that was before is as it was. */
async function isWhole(victim: Victim): Promise<string[]> {
  const { cluster: { connector }, side } = victim
  const deadline = Date.now() + 30_000
  let data = await fetchOnce(victim)
  while (data?.status !== 206 && Date.now() < deadline) {
    await pause(200)
    data = await fetchOnce(victim)
  }
  const open = (await readLogs(connector)).at(-1)
  let states = await insist<{ items: { origin: string; lag: number }[] }>(connector, 'POST', '/audit/witnesses')
  while (!states.body.items.every(({ origin }) => origin === open?.origin) && Date.now() < deadline + 30_000) {
    await pause(500)
    states = await insist(connector, 'POST', '/audit/witnesses')
  }
  await side.log.verify()
  return [...(data?.status === 206 ? [] : [`no data came afterwards: ${data?.status} ${data?.text.slice(0, 300)}`]), ...(states.body.items.some(({ origin }) => origin === open?.origin) ? [] : [`no witness cosigned ${open?.origin} afterwards: ${JSON.stringify(states.body)}`])]
}
