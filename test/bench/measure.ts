import { readFile } from 'node:fs/promises'

/** What several rounds measured. */
export interface Spread {
  readonly least: number
  readonly median: number
  readonly most: number
}

/** One line of the result: ours, beside the floor that was measured in the same rounds. */
export interface Row {
  readonly bench: string
  readonly what: string
  readonly unit: string
  readonly floor?: Spread
  readonly ours: Spread
  /** Ours over floor, round by round. */
  readonly ratio?: Spread
  /** What it is aimed at, and whether the median reaches it. */
  readonly aim?: string
  readonly met?: boolean
  readonly note?: string
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new Error('There is nothing to take the median of')
  return (low + high) / 2
}

export function spread(values: readonly number[]): Spread {
  return { least: Math.min(...values), median: median(values), most: Math.max(...values) }
}

/** Which way an aim points: what it counts, and how far it may go. */
export interface Aim {
  readonly of: 'ratio' | 'ours'
  readonly atMost?: number
  readonly atLeast?: number
}

/** Makes a row of what was measured in interleaved rounds; `floor` holds one value for each of `ours`. */
export function row(name: { bench: string; what: string; unit: string; note?: string }, measured: { ours: readonly number[]; floor?: readonly number[] }, aim?: Aim): Row {
  const { ours, floor } = measured
  const ratio = floor === undefined ? undefined : spread(ours.map((value, round) => value / (floor[round] ?? Number.NaN)))
  const seen = { ours: spread(ours), ...(floor === undefined ? {} : { floor: spread(floor) }), ...(ratio === undefined ? {} : { ratio }) }
  return { ...name, ...seen, ...(aim === undefined ? {} : judged(aim, seen)) }
}

function judged(aim: Aim, seen: { ours: Spread; ratio?: Spread }): { aim: string; met: boolean } {
  const value = (aim.of === 'ratio' ? seen.ratio : seen.ours)?.median ?? Number.NaN
  const met = (aim.atMost === undefined || value <= aim.atMost) && (aim.atLeast === undefined || value >= aim.atLeast)
  const unit = aim.of === 'ratio' ? 'x' : ''
  return { aim: aim.atMost === undefined ? `≥ ${aim.atLeast}${unit}` : `≤ ${aim.atMost}${unit}`, met }
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** The median of the milliseconds that `work` takes, `count` times one after the other. */
export async function typical(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let time = 0; time < count; time++) times.push(await timed(work))
  return median(times)
}

/** Runs `count` times `work`, `lanes` of them at once. Gives the seconds it took. */
export async function inLanes(count: number, lanes: number, work: (place: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  return (await timed(() => Promise.all(Array.from({ length: lanes }, lane)))) / 1000
}

/** Each of `sides` in turn, in every round; who begins changes with the round. Gives each side's values. */
export async function interleaved<T extends string>(rounds: number, sides: Readonly<Record<T, () => Promise<number>>>, names: readonly T[]): Promise<Map<T, number[]>> {
  const values = new Map<T, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) values.get(name)?.push(await sides[name]())
  }
  return values
}

/** Resident memory of a process, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return Number(kilobytes) / 1024
}

/** Processor time that a process has used so far, in milliseconds; Linux counts it in hundredths of a second. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Whether a connector stayed as small as it is aimed at. */
export function memoryRow(bench: string, what: string, megabytes: readonly number[]): Row {
  return row({ bench, what, unit: 'MiB' }, { ours: megabytes }, { of: 'ours', atMost: 150 })
}
