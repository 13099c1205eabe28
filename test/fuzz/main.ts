import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareConnectorProcess } from '../helpers/connector-process.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { createRandom } from '../helpers/random.ts'
import { prepareGround } from './ground.ts'
import { createFuzzer } from './fuzzer.ts'
import type { Tally } from './fuzzer.ts'

const usage = `Sends mutated messages to every public route of a connector, and some to its management API.

  npm run fuzz -- --messages 100000 [--seed N] [--concurrency N]

It fails when any answer is a 5xx, when the process ends or grows without bound, or when the record has a gap.
`

const options = {
  messages: { type: 'string', default: '100000' },
  seed: { type: 'string' },
  concurrency: { type: 'string', default: '24' },
  help: { type: 'boolean', default: false },
} as const

const started = Date.now()
const say = (text: string) => process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)

async function main(): Promise<number> {
  const { values } = parseArgs({ options })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const messages = whole('messages', values.messages)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : whole('seed', values.seed)
  say(`${messages} messages, seed ${seed}`)
  const folder = await mkdtemp(join(tmpdir(), 'concordat-fuzz-'))
  const connector = await prepareConnectorProcess({ name: 'connector', dataDirectory: join(folder, 'data') })
  process.once('exit', () => connector.pid !== undefined && process.kill(connector.pid, 'SIGKILL'))
  try {
    await connector.start()
    return await runAgainst(connector, { messages, seed, concurrency: whole('concurrency', values.concurrency) })
  } finally {
    await connector.kill('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
}

async function runAgainst(connector: ConnectorProcess, plan: { messages: number; seed: number; concurrency: number }): Promise<number> {
  const ground = await prepareGround(connector)
  await ground.negotiate()
  const fuzzer = createFuzzer({ connector, ground, random: createRandom(plan.seed) })
  const megabytes = [await residentMegabytes(connector)]
  let sent = 0
  const worker = async () => {
    while (sent < plan.messages && connector.up) {
      sent += 1
      const number = sent
      if (number % 250 === 0) await ground.replenish()
      await fuzzer.sendOne()
      if (number % 10_000 === 0) {
        megabytes.push(await residentMegabytes(connector))
        say(`${number} sent, ${fuzzer.tally.faults.length} faults, ${megabytes.at(-1)} MB resident`)
      }
    }
  }
  await Promise.all(Array.from({ length: plan.concurrency }, worker))
  const faults = [...fuzzer.tally.faults]
  if (connector.deaths.length > 0) faults.push(...connector.deaths)
  else faults.push(...(await checkAfter(connector, ground)))
  megabytes.push(connector.up ? await residentMegabytes(connector) : 0)
  faults.push(...growthFault(megabytes))
  await ground.close()
  report(fuzzer.tally, megabytes)
  for (const fault of faults.slice(0, 25)) say(`FAULT  ${fault}`)
  if (faults.length > 25) say(`and ${faults.length - 25} more`)
  say(faults.length === 0 ? `${sent} messages: no 5xx, the process lives, the record has no gap.` : `${faults.length} faults. The same choices again: --seed ${plan.seed}`)
  return faults.length === 0 ? 0 : 1
}

/** The connector must still do its work, and its record must be whole. */
async function checkAfter(connector: ConnectorProcess, ground: Awaited<ReturnType<typeof prepareGround>>): Promise<string[]> {
  const faults: string[] = []
  try {
    await ground.negotiate()
  } catch (error) {
    faults.push(`after the run, a negotiation fails: ${Error.isError(error) ? error.message : String(error)}`)
  }
  let due = 0
  for (let cursor = ''; ; ) {
    const answer = await fetch(`${connector.managementUrl}/audit/entries?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`, { headers: { authorization: `Bearer ${connector.token}` } })
    const page: { items: { index: number }[]; next: string | null } = JSON.parse(await answer.text())
    for (const { index } of page.items) {
      if (index !== due) faults.push(`the record has entry ${index} where ${due} is due`)
      due = index + 1
    }
    if (page.next === null) break
    cursor = page.next
  }
  say(`The record has ${due} entries`)
  return faults
}

// What it needs is taken while it warms up; afterwards it may breathe, not grow with the number of messages.
function growthFault(megabytes: readonly number[]): string[] {
  const [early, last] = [Math.max(...megabytes.slice(0, Math.max(2, Math.ceil(megabytes.length / 4)))), megabytes.at(-1) ?? 0]
  return last > early + 400 ? [`resident memory grew from ${early} MB to ${last} MB`] : []
}

async function residentMegabytes({ pid }: ConnectorProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

function report(tally: Tally, megabytes: readonly number[]): void {
  say(`Resident memory: ${megabytes.join(', ')} MB`)
  for (const [route, statuses] of [...tally.statuses].toSorted(([a], [b]) => a.localeCompare(b))) {
    const line = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'closed' : status}: ${count}`)
    say(`${route.padEnd(52)} ${line.join('  ')}`)
  }
}

function whole(name: string, value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} must be a whole number; it is ${value}.\n\n${usage}`)
  return number
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${Error.isError(error) ? error.stack : String(error)}\n`)
    process.exit(1)
  },
)
