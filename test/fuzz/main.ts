import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareConnectorProcess } from '../helpers/connector-process.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { createRandom } from '../helpers/random.ts'
import { runProgram } from '../helpers/run-options.ts'
import type { Run } from '../helpers/run-options.ts'
import { prepareGoverned } from './governed.ts'
import { prepareGround } from './ground.ts'
import type { FuzzGround } from './ground.ts'
import { prepareLogs } from './log.ts'
import { checkHeld } from './offering.ts'
import { createFuzzer } from './fuzzer.ts'
import type { Tally } from './fuzzer.ts'

const usage = `Sends mutated messages to every public route of a connector, and some to its management API; mutated policies, which are
also read without a connector; mutated queries for datasets of which the terms withhold a part; and what comes to the edges of the log:
checkpoints to be cosigned, paths of tiles, receipts, queries of the record, and evidence, which is verified without a connector.

  npm run fuzz -- --messages 100000 [--seed N] [--concurrency N]

It fails when any answer is a 5xx, when anything withheld comes out, when a policy is accepted that would be refused when it is read
again, when another tree than the log's is cosigned, when changed evidence is verified, when a process ends or grows without bound,
when the record has a gap, or when the check of its log finds anything.
`

runProgram(usage, { messages: '100000', concurrency: '24' }, async (run) => {
  const messages = run.whole('messages')
  const seed = run.seed()
  run.say(`${messages} messages, seed ${seed}`)
  const folder = await mkdtemp(join(tmpdir(), 'concordat-fuzz-'))
  const connectors: ConnectorProcess[] = []
  process.once('exit', () => connectors.forEach(({ pid }) => pid !== undefined && process.kill(pid, 'SIGKILL')))
  try {
    for (const name of ['connector', 'asking']) connectors.push(await prepareConnectorProcess({ name, dataDirectory: join(folder, name) }))
    const [connector, asking] = connectors
    if (connector === undefined || asking === undefined) throw new Error('Two connectors are needed')
    await Promise.all([connector.start(), asking.start()])
    return await runAgainst({ connector, asking }, { run, messages, seed, concurrency: run.whole('concurrency') })
  } finally {
    await Promise.all(connectors.map((connector) => connector.kill('SIGTERM')))
    await rm(folder, { recursive: true, force: true })
  }
})

interface Plan {
  readonly run: Run
  readonly messages: number
  readonly seed: number
  readonly concurrency: number
}

async function runAgainst({ connector, asking }: { connector: ConnectorProcess; asking: ConnectorProcess }, plan: Plan): Promise<number> {
  const { say } = plan.run
  const ground = await prepareGround(connector)
  await ground.negotiate()
  const governed = await prepareGoverned(connector, asking, ground)
  const logs = await prepareLogs(connector, ground)
  const fuzzer = createFuzzer({ connector, asking, ground, governed, logs, random: createRandom(plan.seed) })
  const megabytes = [await residentMegabytes(connector)]
  let sent = 0
  const worker = async () => {
    while (sent < plan.messages && connector.up && asking.up) {
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
  const faults = [...fuzzer.tally.faults, ...connector.deaths, ...asking.deaths]
  if (connector.up) faults.push(...(await checkAfter(connector, { ground, say })))
  megabytes.push(connector.up ? await residentMegabytes(connector) : 0)
  faults.push(...growthFault(megabytes))
  await fuzzer.close()
  await ground.close()
  report(fuzzer.tally, { megabytes, say })
  for (const fault of faults.slice(0, 25)) say(`FAULT  ${fault}`)
  if (faults.length > 25) say(`and ${faults.length - 25} more`)
  say(faults.length === 0 ? `${sent} messages: no 5xx, nothing withheld came out, both processes live, the record has no gap.` : `${faults.length} faults. The same choices again: --seed ${plan.seed}`)
  return faults.length === 0 ? 0 : 1
}

/** The connector must still do its work, and its record must be whole. */
async function checkAfter(connector: ConnectorProcess, { ground, say }: { ground: FuzzGround } & Pick<Run, 'say'>): Promise<string[]> {
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
  const check = await fetch(`${connector.managementUrl}/audit/check`, { method: 'POST', headers: { authorization: `Bearer ${connector.token}` } })
  const { findings }: { findings?: { message: string }[] } = JSON.parse(await check.text())
  faults.push(...(findings?.map(({ message }) => `the check of the log finds: ${message}`) ?? [`the check of the log was answered with ${check.status}`]))
  const { held, faults: unheld } = await checkHeld(connector)
  say(`The record has ${due} entries; ${held} offers and agreements were read again`)
  return [...faults, ...unheld]
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

function report(tally: Tally, { megabytes, say }: { megabytes: readonly number[] } & Pick<Run, 'say'>): void {
  say(`Resident memory: ${megabytes.join(', ')} MB`)
  for (const [route, statuses] of [...tally.statuses].toSorted(([a], [b]) => a.localeCompare(b))) {
    const line = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'closed' : status}: ${count}`)
    say(`${route.padEnd(52)} ${line.join('  ')}`)
  }
}
