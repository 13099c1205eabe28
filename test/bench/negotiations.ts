import { expecting, watch } from './client.ts'
import { negotiate, openPair, publish, upload, watchProcesses } from './dataspace.ts'
import type { Bench } from './dataspace.ts'
import { cpuMs, inLanes, interleaved, memoryRow, residentMiB, row, typical } from './measure.ts'
import type { Row } from './measure.ts'
import { startProgram } from './program.ts'

/** Something that brings one negotiation to its end. */
interface Side {
  readonly once: () => Promise<unknown>
  readonly pids: readonly number[]
}

/** Negotiations: how long one takes, and how many come to their end with 64 at once; beside the bare messages and commits. */
export async function benchNegotiations(bench: Bench): Promise<Row[]> {
  const floor = await openFloor(bench)
  const ours = await openOurs(bench)
  const [each, rounds, many] = bench.quick ? [10, 3, 128] : [40, 9, 960]
  for (const { once } of [floor, ours]) await inLanes(bench.quick ? 128 : 640, 64, once)

  bench.say(`one negotiation after the other: ${rounds} rounds of ${each} on each side`)
  const latency = await interleaved(rounds, { floor: () => typical(each, floor.once), ours: () => typical(each, ours.once) }, ['floor', 'ours'])
  bench.say(`64 at once: ${rounds} rounds of ${many} on each side`)
  const rate = await interleaved(rounds, { floor: async () => many / (await inLanes(many, 64, floor.once)), ours: async () => many / (await inLanes(many, 64, ours.once)) }, ['floor', 'ours'])
  const cpu = { floor: [await costOf(floor, many)], ours: [await costOf(ours, many)] }
  const values = (measured: Map<'floor' | 'ours', number[]>) => ({ ours: measured.get('ours') ?? [], floor: measured.get('floor') ?? [] })
  return [
    row({ bench: 'negotiation', what: 'request to FINALIZED, p50', unit: 'ms' }, values(latency), { of: 'ratio', atMost: 3 }),
    row({ bench: 'negotiation', what: '64 at once', unit: 'per s' }, values(rate), { of: 'ours', atLeast: 200 }),
    row({ bench: 'negotiation', what: 'processor time of both processes for one, 64 at once', unit: 'ms' }, cpu),
    memoryRow('negotiation', 'resident memory of a connector after that load', await Promise.all(ours.pids.map(residentMiB))),
  ]
}

async function costOf(side: Side, count: number): Promise<number> {
  const used = async () => (await Promise.all(side.pids.map(cpuMs))).reduce((sum, ms) => sum + ms, 0)
  const before = await used()
  await inLanes(count, 64, side.once)
  return ((await used()) - before) / count
}

async function openFloor(bench: Bench): Promise<Side> {
  const settings = { FLOOR_KEY: 'a key that both sides of the floor are given' }
  const consumer = await startProgram('negotiation', { ...settings, DATABASE_URL: await bench.server.createDatabase() })
  bench.closers.push(consumer.close)
  const provider = await startProgram('negotiation', { ...settings, DATABASE_URL: await bench.server.createDatabase() })
  bench.closers.push(provider.close)
  const finalized = await watch(`${consumer.url}/events`, {}, (data) => data)
  bench.closers.push(async () => finalized.close())
  const once = async () => {
    const { id } = await expecting<{ id: string }>(201, `${consumer.url}/begin`, { json: { peer: provider.url } })
    await finalized.seen(id)
  }
  return { once, pids: [consumer.pid, provider.pid] }
}

async function openOurs(bench: Bench): Promise<Side> {
  const pair = await openPair(bench)
  const offered = await publish(pair.provider, 'Spending', await upload(pair.provider, 'week,amount\n2026-W10,12\n2026-W11,13\n'))
  const events = await watchProcesses(bench, pair.consumer)
  return { once: () => negotiate(pair, events, offered), pids: [pair.provider, pair.consumer].map(({ connector }) => connector.pid ?? 0) }
}
