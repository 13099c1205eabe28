import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openPostgresql } from '../chaos/postgresql.ts'
import { benchAgreements } from './agreements.ts'
import { benchCatalog } from './catalog.ts'
import { closeClient } from './client.ts'
import { benchData } from './data.ts'
import type { Bench } from './dataspace.ts'
import { benchGoverned } from './governed.ts'
import { benchLog } from './log.ts'
import type { Row, Spread } from './measure.ts'
import { benchNegotiations } from './negotiations.ts'
import { benchPolicy } from './policy.ts'
import { benchQueries } from './queries.ts'
import { benchStart } from './start.ts'

const benches: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = { negotiation: benchNegotiations, catalog: benchCatalog, data: benchData, start: benchStart, agreements: benchAgreements, policy: benchPolicy, queries: benchQueries, governed: benchGoverned, log: benchLog }

const usage = `Measures connectors, each a process of its own on PostgreSQL, beside bare programs that do the least of the same.

  npm run bench [-- --only NAME[,NAME] --json FILE --quick --profile DIR]

  --only NAME   ${Object.keys(benches).join(', ')}
  --json FILE   where the figures go (bench-results/<time>.json)
  --quick       little of everything, to see that it works; the figures mean nothing
  --profile DIR the connectors' processor profiles go there, for a browser's developer tools; the figures suffer

What is compared takes turns in the same run. The machine should have nothing else to do.
`

const options = { only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false }, profile: { type: 'string' }, help: { type: 'boolean', default: false } } as const

const started = Date.now()
const say = (text: string) => process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)

async function main(): Promise<number> {
  const { values } = parseArgs({ options })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const names = values.only?.split(',') ?? Object.keys(benches)
  const unknown = names.find((name) => benches[name] === undefined)
  if (unknown !== undefined) throw new Error(`There is no bench ${unknown}.\n\n${usage}`)
  const folder = await mkdtemp(join(tmpdir(), 'concordat-bench-'))
  const server = await openPostgresql()
  say(`PostgreSQL is ${server.description}`)
  const rows: Row[] = []
  try {
    for (const name of names) rows.push(...(await runOne(name, { server, folder, quick: values.quick, profile: values.profile === undefined ? undefined : resolve(values.profile) })))
  } finally {
    await closeClient()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(`\n${table(rows)}\n`)
  const file = resolve(values.json ?? join('bench-results', `${new Date().toISOString().replaceAll(':', '-')}.json`))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify({ time: new Date().toISOString(), node: process.version, processors: cpus().map(({ model }) => model), quick: values.quick, rows }, undefined, 2)}\n`)
  process.stdout.write(`Written to ${file}\n`)
  return 0
}

async function runOne(name: string, given: Pick<Bench, 'server' | 'folder' | 'quick' | 'profile'>): Promise<Row[]> {
  say(name)
  const bench: Bench = { ...given, say: (text) => say(`  ${text}`), closers: [] }
  try {
    return (await benches[name]?.(bench)) ?? []
  } finally {
    for (const close of bench.closers.toReversed()) await close()
  }
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, unit, floor, ours, ratio, aim, met, note }) => {
    const judged = aim === undefined ? '' : `${aim} ${met === true ? 'met' : '**missed**'}`
    return `| ${what}${note === undefined ? '' : ` (${note})`} | ${unit} | ${of(floor)} | ${of(ours)} | ${of(ratio)} | ${judged} |`
  })
  return ['| what | unit | floor: median (least to most) | Concordat | ratio | aim |', '|---|---|---|---|---|---|', ...lines].join('\n')
}

function of(spread: Spread | undefined): string {
  if (spread === undefined) return ''
  const { least, median, most } = spread
  return least === most ? short(median) : `${short(median)} (${short(least)} to ${short(most)})`
}

function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${Error.isError(error) ? error.stack : String(error)}\n`)
    process.exit(1)
  },
)
