import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { createRandom } from '../helpers/random.ts'
import type { Random } from '../helpers/random.ts'
import { runProgram } from '../helpers/run-options.ts'
import type { Run } from '../helpers/run-options.ts'
import { all, call, insist, pause } from './client.ts'
import type { OutboxMessage } from './client.ts'
import { prepareCluster } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { follow } from './follower.ts'
import { nothingTold, publishGoverned, workUnderTerms } from './governed.ts'
import { checkInvariants, refusedMessages } from './invariants.ts'
import type { Finding } from './invariants.ts'
import { publish, work } from './load.ts'
import type { Side, Told } from './load.ts'
import { checkLogs } from './log-invariants.ts'
import { watchLog } from './log-watch.ts'
import { openPostgresql } from './postgresql.ts'
import type { PostgresqlServer } from './postgresql.ts'
import { checkQuotas, permittedUnderTerms } from './quota-invariants.ts'
import { countRemains } from './remains.ts'
import type { Remains } from './remains.ts'
import { rewind } from './rewinds.ts'

const usage = `Kills connectors under load, and checks that nothing was lost, doubled or released without its record. Part of the load is
asked under terms: what counters, records and analysts say of it must be the same. After each kill, and at the end, the log is
held to every checkpoint that was signed and every record that somebody was told of; at the end its own check and a verifier that
shares no code with it (Go; skipped where that is not installed, unless CI is true) must find nothing.

  npm run chaos -- --kills 20 [--seconds S] [--database pglite|postgresql] [--replicas N] [--rewinds N] [--seed N] [--workers N] [--analysts N] [--keep]

  --kills N      how often a process is killed (SIGKILL), and on PostgreSQL sometimes the database server
  --seconds S    spread the kills over S seconds; by default as fast as the processes come back
  --database     pglite (default), or postgresql: a server of its own, or the one at TEST_DATABASE_URL
  --replicas N   the first connector runs in N processes on one database and one data folder (1; more need postgresql); kills
                 take turns among them
  --rewinds N    after the kills: how often the database of a connector is put back to a copy of an earlier time under load; the
                 log must stop, "audit log recover" must bring it back to work, and the break must be on record (0)
  --seed N       repeats the choices of a run
  --workers N    scenarios at the same time (6)
  --analysts N   groups of analysts who ask under terms at the same time (2)
  --keep         leaves the data folders
`

const options = { kills: '20', seconds: undefined, database: 'pglite', replicas: '1', rewinds: '0', workers: '6', analysts: '2', keep: false } as const

runProgram(usage, options, async (run) => {
  const plan = planOf(run)
  run.say(`${plan.kills} kills on ${run.text('database')}, ${plan.replicas} ${plan.replicas === 1 ? 'process' : 'replicas'} of the first connector, ${plan.rewinds} rewinds, seed ${plan.seed}`)
  const folder = await mkdtemp(join(tmpdir(), 'concordat-chaos-'))
  const server = run.text('database') === 'postgresql' ? await openPostgresql() : undefined
  if (server !== undefined) run.say(`PostgreSQL is ${server.description}`)
  const clusters: Cluster[] = []
  process.once('exit', () => clusters.flatMap(({ processes }) => processes).forEach(({ pid }) => pid !== undefined && process.kill(pid, 'SIGKILL')))
  try {
    for (const [place, name] of ['operator', 'city'].entries()) {
      // Witnesses are asked often, so that there is much for them to compare.
      const settings: Readonly<Record<string, string>> = { CONCORDAT_WITNESS_SECONDS: '1', ...(server === undefined ? {} : { DATABASE_URL: await server.createDatabase() }) }
      clusters.push(await prepareCluster({ name, dataDirectory: join(folder, name), settings, replicas: place === 0 ? plan.replicas : 1 }))
    }
    return await runAgainst(clusters, plan, { server, folder })
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.close()))
    await server?.close()
    if (run.isOn('keep')) run.say(`The data folders are in ${folder}`)
    else await rm(folder, { recursive: true, force: true })
  }
})

interface Plan {
  readonly run: Run
  readonly kills: number
  readonly replicas: number
  readonly rewinds: number
  readonly seed: number
  readonly workers: number
  readonly analysts: number
  readonly seconds: number | undefined
}

function planOf(run: Run): Plan {
  const kind = run.text('database')
  const replicas = run.whole('replicas')
  if (kind !== 'pglite' && kind !== 'postgresql') run.refuse('--database is pglite or postgresql.')
  if (replicas < 1 || (replicas > 1 && kind !== 'postgresql')) run.refuse('--replicas is 1 or more, and more than one process needs --database postgresql.')
  return { run, kills: run.whole('kills'), replicas, rewinds: run.whole('rewinds'), seed: run.seed(), workers: run.whole('workers'), analysts: run.whole('analysts'), seconds: run.wholeIfGiven('seconds') }
}

interface Where {
  readonly server: PostgresqlServer | undefined
  readonly folder: string
}

async function runAgainst(clusters: readonly Cluster[], plan: Plan, { server, folder }: Where): Promise<number> {
  const { run } = plan
  const random = createRandom(plan.seed)
  const connectors = clusters.map(({ connector }) => connector)
  await Promise.all(connectors.map((connector) => connector.start()))
  const sides = await introduce(clusters)
  run.say('Both connectors run, know each other, and have published')
  const told: Told = { finalized: [], downloads: [], counts: new Map(), faults: [], governed: nothingTold() }
  const remains = countRemains()
  let over = false
  const workers = [
    ...Array.from({ length: plan.workers }, () => work(sides, told, random.branch(), () => over)),
    ...Array.from({ length: plan.analysts }, () => workUnderTerms(sides, told.governed, random.branch(), () => over)),
    lookOften(sides, () => over),
  ]
  const crashed = Promise.all(workers)
  await Promise.race([crashed, killing({ clusters, sides, plan, random, server, remains })])
  over = true
  run.say('No more kills; what was begun is brought to its end')
  await crashed
  await drain(sides, run)
  const findings = [...(await checkInvariants(sides, told)), { rule: 'no process ended by itself', checked: connectors.length, violations: connectors.flatMap(({ deaths }) => deaths) }]
  findings.push(...(await checkLogs(sides, join(folder, 'logs'))))
  const permitted = await permittedUnderTerms(sides, told.governed)
  await Promise.all(sides.map(({ connector }) => connector.kill('SIGTERM')))
  const settings = new Map(sides.map((side, place) => [side, clusters[place]?.settings ?? {}] as const))
  findings.push(...(await checkQuotas(permitted, told.governed, settings)))
  if (plan.rewinds > 0) findings.push(...(await rewind({ clusters, sides, run, random, server, folder, times: plan.rewinds })))
  for (const [what, count] of remains.counts) run.say(`${count} ${what}`)
  report(told, findings, run)
  return findings.every(({ violations }) => violations.length === 0) ? 0 : 1
}

/** Collects checkpoints from where the world sees them. */
async function lookOften([one, two]: readonly [Side, Side], stop: () => boolean): Promise<void> {
  while (!stop()) {
    await Promise.all([one.log.look(two.connector), two.log.look(one.connector)])
    await pause(200)
  }
}

/** Registers each with the other, and publishes on both. */
async function introduce(clusters: readonly Cluster[]): Promise<[Side, Side]> {
  const connectors = clusters.map(({ connector }) => connector)
  const ids = await Promise.all(connectors.map(async (connector) => (await call<{ id: string }>(connector, 'GET', '/self')).body.id))
  const sides = await Promise.all(
    connectors.map(async (connector, place): Promise<Side> => {
      const partner = ids[1 - place] ?? ''
      const lagMs = (clusters[place]?.processes.length ?? 1) > 1 ? 1_100 : 0
      const added = await call(connector, 'POST', '/partners', { json: { id: partner, name: `Partner of ${connector.name}` } })
      if (added.status !== 201) throw new Error(`${connector.name} did not take its partner: ${JSON.stringify(added.body)}`)
      return { connector, id: ids[place] ?? '', lagMs, follower: follow(connector), log: watchLog(connector), ...(await publish(connector, content(connector.name))), governed: await publishGoverned(connector) }
    }),
  )
  const [one, two] = sides
  if (one === undefined || two === undefined) throw new Error('There must be two connectors')
  return [one, two]
}

function content(name: string): string {
  const rows = Array.from({ length: 40_000 }, (_, row) => `2026-W${String((row % 52) + 1).padStart(2, '0')},${name}-${row % 10},${row},${(row * 7919) % 100_003}`)
  return `week,district,transactions,amount\n${rows.join('\n')}\n`
}

interface Killing {
  readonly clusters: readonly Cluster[]
  readonly sides: readonly [Side, Side]
  readonly plan: Plan
  readonly random: Random
  readonly server: PostgresqlServer | undefined
  readonly remains: Remains
}

async function killing({ clusters, sides, plan, random, server, remains }: Killing): Promise<void> {
  const { run } = plan
  const begun = Date.now()
  for (let kill = 1; kill <= plan.kills; kill++) {
    if (plan.seconds !== undefined) await pause(Math.max(0, begun + (plan.seconds * 1000 * kill) / plan.kills - Date.now()))
    // A kill at a random moment is the point of the exercise.
    await pause(random.between(200, 2500))
    if (server?.crash !== undefined && random.chance(0.25)) {
      await server.crash()
      run.say(`kill ${kill} of ${plan.kills}: the database server, immediately`)
      for (const { log } of sides) await log.verify()
      continue
    }
    const cluster = random.pick(clusters)
    const killed = cluster.next()
    const soon = random.chance(0.2) ? random.between(50, 600) : undefined
    await killed.kill()
    run.say(`kill ${kill} of ${plan.kills}: ${killed.name}${soon === undefined ? '' : `, and once more ${soon} ms into its start`}`)
    // A copy of the embedded database takes its time; every other one will do.
    if (cluster.connector.pid === undefined && (server !== undefined || kill % 2 === 0)) await remains.look(cluster)
    if (soon !== undefined) await killWhileStarting(killed, soon)
    await pause(random.between(0, 300))
    await killed.start()
    await sides.find(({ connector }) => connector === cluster.connector)?.log.verify()
  }
}

async function killWhileStarting(process: ConnectorProcess, afterMs: number): Promise<void> {
  const starting = process.start().catch(() => undefined)
  await pause(afterMs)
  await process.kill()
  await starting
}

/** Waits until nothing is owed any more. What waits long because it failed often is asked for now, as an operator would. */
async function drain(sides: readonly Side[], run: Run): Promise<void> {
  const deadline = Date.now() + 90_000
  for (let quiet = 0; quiet < 2; ) {
    const pending = await Promise.all(sides.map(async ({ connector }) => ({ connector, messages: await all<OutboxMessage>(connector, '/outbox?status=pending') })))
    const owed = pending.reduce((sum, { messages }) => sum + messages.length, 0)
    quiet = owed === 0 ? quiet + 1 : 0
    if (Date.now() > deadline) throw new Error(`The outboxes still owe ${owed} messages: ${JSON.stringify(pending.map(({ connector, messages }) => [connector.name, messages.slice(0, 5)]))}`)
    for (const { connector, messages } of pending) {
      for (const { id, nextAttemptAt } of messages) if (Date.parse(nextAttemptAt) > Date.now() + 2_000) await insist(connector, 'POST', `/outbox/${encodeURIComponent(id)}/retry`)
    }
    await pause(250)
  }
  const refused = await refusedMessages(sides)
  run.say(`Nothing is owed any more; ${refused.length} messages were refused for good${refused.length === 0 ? '' : `:\n${refused.map((line) => `          ${line}`).join('\n')}`}`)
}

function report(told: Told, findings: readonly Finding[], run: Run): void {
  const cut = told.downloads.filter(({ sha256 }) => sha256 === undefined)
  const statuses = Map.groupBy(cut.filter(({ bytes }) => bytes === 0), ({ status }) => (status === undefined ? 'no answer' : `status ${status}`))
  const without = [...statuses].map(([status, downloads]) => `${downloads.length} with ${status}`).join(', ')
  run.say(`${told.downloads.length} downloads: ${told.downloads.length - cut.length} whole, ${cut.filter(({ bytes }) => bytes > 0).length} cut short, without data ${without === '' ? 'none' : without}`)
  for (const [what, count] of [...told.counts, ...told.governed.counts]) run.say(`${count} ${what}`)
  for (const { rule, checked, violations } of findings) {
    run.say(`${violations.length === 0 ? 'holds ' : 'BROKEN'}  ${rule} (${Math.round(checked)})`)
    for (const violation of violations.slice(0, 10)) run.say(`          ${violation}`)
    if (violations.length > 10) run.say(`          and ${violations.length - 10} more`)
  }
  const broken = findings.filter(({ violations }) => violations.length > 0).length
  run.say(broken === 0 ? 'Everything holds.' : `${broken} rules are broken.`)
}
