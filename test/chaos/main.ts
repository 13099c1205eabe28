import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareConnectorProcess } from '../helpers/connector-process.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { createRandom } from '../helpers/random.ts'
import type { Random } from '../helpers/random.ts'
import { runProgram } from '../helpers/run-options.ts'
import type { Run } from '../helpers/run-options.ts'
import { all, call, insist, pause } from './client.ts'
import type { OutboxMessage } from './client.ts'
import { follow } from './follower.ts'
import { nothingTold, publishGoverned, workUnderTerms } from './governed.ts'
import { checkInvariants, refusedMessages } from './invariants.ts'
import type { Finding } from './invariants.ts'
import { publish, work } from './load.ts'
import type { Side, Told } from './load.ts'
import { openPostgresql } from './postgresql.ts'
import type { PostgresqlServer } from './postgresql.ts'
import { checkQuotas, permittedUnderTerms } from './quota-invariants.ts'

const usage = `Kills connectors under load, and checks that nothing was lost, doubled or released without its record. Part of the load is
asked under terms: what counters, records and analysts say of it must be the same.

  npm run chaos -- --kills 20 [--seconds S] [--database pglite|postgresql] [--seed N] [--workers N] [--analysts N] [--keep]

  --kills N      how often a process is killed (SIGKILL), and on PostgreSQL sometimes the database server
  --seconds S    spread the kills over S seconds; by default as fast as the processes come back
  --database     pglite (default), or postgresql: a server of its own, or the one at TEST_DATABASE_URL
  --seed N       repeats the choices of a run
  --workers N    scenarios at the same time (6)
  --analysts N   groups of analysts who ask under terms at the same time (2)
  --keep         leaves the data folders
`

runProgram(usage, { kills: '20', seconds: undefined, database: 'pglite', workers: '6', analysts: '2', keep: false }, async (run) => {
  const kills = run.whole('kills')
  const seed = run.seed()
  const kind = run.text('database') ?? ''
  if (kind !== 'pglite' && kind !== 'postgresql') run.refuse('--database is pglite or postgresql.')
  run.say(`${kills} kills on ${kind}, seed ${seed}`)
  const folder = await mkdtemp(join(tmpdir(), 'concordat-chaos-'))
  const server = kind === 'postgresql' ? await openPostgresql() : undefined
  if (server !== undefined) run.say(`PostgreSQL is ${server.description}`)
  const started: Started[] = []
  process.once('exit', () => started.forEach(({ connector: { pid } }) => pid !== undefined && process.kill(pid, 'SIGKILL')))
  try {
    for (const name of ['operator', 'city']) {
      const settings: Readonly<Record<string, string>> = server === undefined ? {} : { DATABASE_URL: await server.createDatabase() }
      started.push({ settings, connector: await prepareConnectorProcess({ name, dataDirectory: join(folder, name), settings }) })
    }
    return await runAgainst(started, { run, kills, seed, workers: run.whole('workers'), analysts: run.whole('analysts'), seconds: run.wholeIfGiven('seconds') }, server)
  } finally {
    await Promise.all(started.map(({ connector }) => connector.kill()))
    await server?.close()
    if (run.isOn('keep')) run.say(`The data folders are in ${folder}`)
    else await rm(folder, { recursive: true, force: true })
  }
})

interface Started {
  readonly connector: ConnectorProcess
  readonly settings: Readonly<Record<string, string>>
}

interface Plan {
  readonly run: Run
  readonly kills: number
  readonly seed: number
  readonly workers: number
  readonly analysts: number
  readonly seconds: number | undefined
}

async function runAgainst(started: readonly Started[], plan: Plan, server: PostgresqlServer | undefined): Promise<number> {
  const { run } = plan
  const random = createRandom(plan.seed)
  const connectors = started.map(({ connector }) => connector)
  await Promise.all(connectors.map((connector) => connector.start()))
  const sides = await introduce(connectors)
  run.say('Both connectors run, know each other, and have published')
  const told: Told = { finalized: [], downloads: [], counts: new Map(), faults: [], governed: nothingTold() }
  let over = false
  const workers = [
    ...Array.from({ length: plan.workers }, () => work(sides, told, random.branch(), () => over)),
    ...Array.from({ length: plan.analysts }, () => workUnderTerms(sides, told.governed, random.branch(), () => over)),
  ]
  const crashed = Promise.all(workers)
  await Promise.race([crashed, killing(connectors, plan, random, server)])
  over = true
  run.say('No more kills; what was begun is brought to its end')
  await crashed
  await drain(sides, run)
  const findings = [...(await checkInvariants(sides, told)), { rule: 'no process ended by itself', checked: connectors.length, violations: connectors.flatMap(({ deaths }) => deaths) }]
  const permitted = await permittedUnderTerms(sides, told.governed)
  await Promise.all(sides.map(({ connector }) => connector.kill('SIGTERM')))
  const settings = new Map(sides.map((side, place) => [side, started[place]?.settings ?? {}] as const))
  findings.push(...(await checkQuotas(permitted, told.governed, settings)))
  report(told, findings, run)
  return findings.every(({ violations }) => violations.length === 0) ? 0 : 1
}

/** Registers each with the other, and publishes on both. */
async function introduce(connectors: readonly ConnectorProcess[]): Promise<[Side, Side]> {
  const ids = await Promise.all(connectors.map(async (connector) => (await call<{ id: string }>(connector, 'GET', '/self')).body.id))
  const sides = await Promise.all(
    connectors.map(async (connector, place): Promise<Side> => {
      const partner = ids[1 - place] ?? ''
      const added = await call(connector, 'POST', '/partners', { json: { id: partner, name: `Partner of ${connector.name}` } })
      if (added.status !== 201) throw new Error(`${connector.name} did not take its partner: ${JSON.stringify(added.body)}`)
      return { connector, id: ids[place] ?? '', follower: follow(connector), ...(await publish(connector, content(connector.name))), governed: await publishGoverned(connector) }
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

async function killing(connectors: readonly ConnectorProcess[], plan: Plan, random: Random, server: PostgresqlServer | undefined): Promise<void> {
  const { run } = plan
  const begun = Date.now()
  for (let kill = 1; kill <= plan.kills; kill++) {
    if (plan.seconds !== undefined) await pause(Math.max(0, begun + (plan.seconds * 1000 * kill) / plan.kills - Date.now()))
    // A kill at a random moment is the point of the exercise.
    await pause(random.between(200, 2500))
    if (server?.crash !== undefined && random.chance(0.25)) {
      await server.crash()
      run.say(`kill ${kill} of ${plan.kills}: the database server, immediately`)
      continue
    }
    const connector = random.pick(connectors)
    const soon = random.chance(0.2) ? random.between(50, 600) : undefined
    await connector.kill()
    run.say(`kill ${kill} of ${plan.kills}: ${connector.name}${soon === undefined ? '' : `, and once more ${soon} ms into its start`}`)
    if (soon !== undefined) await killWhileStarting(connector, soon)
    await pause(random.between(0, 300))
    await connector.start()
  }
}

async function killWhileStarting(connector: ConnectorProcess, afterMs: number): Promise<void> {
  const starting = connector.start().catch(() => undefined)
  await pause(afterMs)
  await connector.kill()
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
