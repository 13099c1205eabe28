import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drain } from './client.ts'
import { obtain, openPair, publish, upload, watchProcesses } from './dataspace.ts'
import type { Bench } from './dataspace.ts'
import { cpuMs, inLanes, interleaved, memoryRow, residentMiB, row, timed } from './measure.ts'
import type { Row } from './measure.ts'
import { startProgram } from './program.ts'

/** Where one side serves something, the header to send, and the process that serves. */
interface Served {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly pid: number
}

interface Both {
  readonly floor: Served
  readonly ours: Served
}

const mebibytes = 100

/** Data plane: proxied requests and streams beside a bare proxy, a file beside a bare file server. */
export async function benchData(bench: Bench): Promise<Row[]> {
  const content = largeCsv()
  const file = join(bench.folder, 'large.csv')
  await writeFile(file, content)
  const pair = await openPair(bench)
  const events = await watchProcesses(bench, pair.consumer)
  const origin = await startProgram('origin')
  const proxy = await startProgram('proxy', { FLOOR_ORIGIN: origin.url })
  const files = await startProgram('file', { FLOOR_FILE: file })
  bench.closers.push(origin.close, proxy.close, files.close)

  const pid = pair.provider.connector.pid ?? 0
  const api = await obtain(pair, events, await publish(pair.provider, 'API', { type: 'http', baseUrl: origin.url, methods: ['GET'], paths: ['/small', '/large'] }))
  const stored = await obtain(pair, events, await publish(pair.provider, 'File', await upload(pair.provider, content)))
  const ours = (address: { endpoint: string; authorization: string }, path: string): Served => ({ url: address.endpoint + path, headers: { authorization: address.authorization }, pid })
  const bare = (program: { url: string; pid: number }, path: string): Served => ({ url: program.url + path, headers: {}, pid: program.pid })

  const small = await requests(bench, { floor: bare(proxy, '/small'), ours: ours(api, '/small') })
  const streams = await stream(bench, { floor: bare(proxy, '/large'), ours: ours(api, '/large') })
  const downloads = await stream(bench, { floor: bare(files, '/'), ours: ours(stored, '') })
  return [
    ...small,
    row({ bench: 'data', what: `${mebibytes} MiB through an HTTP source; floor: bare undici.stream`, unit: 'MB/s' }, streams, { of: 'ratio', atLeast: 0.85 }),
    row({ bench: 'data', what: `${mebibytes} MiB file; floor: bare node:http and pipeline`, unit: 'MB/s' }, downloads, { of: 'ratio', atLeast: 0.85 }),
    memoryRow('data', 'resident memory of the provider after that load', [await residentMiB(pid)]),
  ]
}

/** A CSV file of exactly that size: 32 bytes a line, the head among them. */
function largeCsv(): Buffer {
  const content = Buffer.alloc(mebibytes * 1024 * 1024, '2026-W10,Ciutat Vella,1234567.8\n')
  content.write('week ,district ,amount in euros\n')
  return content
}

async function requests(bench: Bench, { floor, ours }: Both): Promise<Row[]> {
  const [rounds, count] = bench.quick ? [3, 2000] : [9, 12_000]
  const cpu = { floor: [] as number[], ours: [] as number[] }
  const measured = (side: 'floor' | 'ours', { url, headers, pid }: Served) => async () => {
    const before = await cpuMs(pid)
    const seconds = await inLanes(count, 32, () => drain(url, headers))
    cpu[side].push((((await cpuMs(pid)) - before) * 1000) / count)
    return count / seconds
  }
  const sides = { floor: measured('floor', floor), ours: measured('ours', ours) }
  await Promise.all([sides.floor(), sides.ours()])
  cpu.floor.length = 0
  cpu.ours.length = 0
  bench.say(`1 KB through an HTTP source: ${rounds} rounds of ${count} requests over 32 connections`)
  const rates = await interleaved(rounds, sides, ['floor', 'ours'])
  return [
    row({ bench: 'data', what: '1 KB through an HTTP source, 32 connections, recorded before release; floor: bare undici.stream', unit: 'req/s' }, { ours: rates.get('ours') ?? [], floor: rates.get('floor') ?? [] }, { of: 'ratio', atLeast: 0.85 }),
    row({ bench: 'data', what: 'processor time of the proxy for one such request', unit: 'µs' }, cpu),
  ]
}

async function stream(bench: Bench, { floor, ours }: Both): Promise<{ ours: number[]; floor: number[] }> {
  const rounds = bench.quick ? 3 : 11
  const measured = ({ url, headers }: Served) => async () => {
    let bytes = 0
    const ms = await timed(async () => {
      bytes = await drain(url, headers)
    })
    if (bytes !== mebibytes * 1024 * 1024) throw new Error(`${url} gave ${bytes} bytes`)
    return bytes / 1_000_000 / (ms / 1000)
  }
  const sides = { floor: measured(floor), ours: measured(ours) }
  for (let time = 0; time < 2; time++) {
    await sides.floor()
    await sides.ours()
  }
  const speeds = await interleaved(rounds, sides, ['floor', 'ours'])
  return { ours: speeds.get('ours') ?? [], floor: speeds.get('floor') ?? [] }
}
