import { join } from 'node:path'
import { drain } from '../client.ts'
import { introduce, openMember, upload, watchProcesses } from '../dataspace.ts'
import type { Bench } from '../dataspace.ts'
import { askedUnder, query, spending, terms } from '../governed.ts'
import type { Asked } from '../governed.ts'
import { inLanes, interleaved, row } from '../measure.ts'
import type { Row } from '../measure.ts'
import { startProgram } from '../program.ts'

const preload = join(import.meta.dirname, '..', 'floors', 'without-record.ts')

interface Asking {
  readonly what: string
  readonly count: number
  readonly lanes: number
  readonly recorded: Asked
  readonly silent: Asked
}

/** Requests under terms, statement and decision and debit included, beside the same of a connector whose record writes nothing. */
export async function benchRecorded(bench: Bench): Promise<Row[]> {
  const [recorded, silent, consumer] = await Promise.all([openMember(bench, 'recorded'), openMember(bench, 'silent', preload), openMember(bench, 'consumer')])
  const events = await watchProcesses(bench, consumer)
  const origin = await startProgram('origin')
  bench.closers.push(origin.close)
  const queried: Asked[] = []
  const proxied: Asked[] = []
  for (const provider of [recorded, silent]) {
    await introduce(provider, consumer)
    const pair = { provider, consumer }
    queried.push(await askedUnder(pair, events, { source: await upload(provider, spending()), policy: terms, target: { path: '', query } }))
    proxied.push(await askedUnder(pair, events, { source: { type: 'http', baseUrl: origin.url, methods: ['GET'], paths: ['/small'] }, policy: terms, target: { path: '/small', query: '' } }))
  }
  return [
    ...(await compared(bench, { ...sidesOf(queried), what: 'a query of a file', count: bench.quick ? 40 : 150, lanes: 4 })),
    ...(await compared(bench, { ...sidesOf(proxied), what: '1 KB through an HTTP source', count: bench.quick ? 200 : 800, lanes: 32 })),
  ]
}

function sidesOf([recorded, silent]: readonly Asked[]): { recorded: Asked; silent: Asked } {
  if (recorded === undefined || silent === undefined) throw new Error('Nothing was negotiated')
  return { recorded, silent }
}

async function compared(bench: Bench, { what, count, lanes, recorded, silent }: Asking): Promise<Row[]> {
  const measured = ({ url, headers }: Asked) => async () => {
    const made = await headers(count)
    return count / (await inLanes(count, lanes, (place) => drain(url, made[place])))
  }
  const sides = { recorded: measured(recorded), silent: measured(silent) }
  for (const warm of [sides.recorded, sides.silent]) await warm()
  const values = await interleaved(bench.quick ? 3 : 7, sides, ['recorded', 'silent'])
  bench.say(`with the record and without: ${what}`)
  return [row({ bench: 'log', what: `${what} under terms, ${lanes} at once: whole requests; floor: the same without any record`, unit: '1/s' }, { ours: values.get('recorded') ?? [], floor: values.get('silent') ?? [] }, { of: 'ratio', atLeast: 0.7 })]
}
