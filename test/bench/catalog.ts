import { join } from 'node:path'
import pg from 'pg'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import { openIdentity } from '../../src/identity/identity.ts'
import { createRandom } from '../helpers/random.ts'
import { ask } from './client.ts'
import { introduce, openMember, publish } from './dataspace.ts'
import type { Bench, Member } from './dataspace.ts'
import { interleaved, row, timed, typical } from './measure.ts'
import type { Row } from './measure.ts'
import { startProgram } from './program.ts'

/** A provider with a number of datasets, read by its partner. */
interface Filled {
  readonly size: number
  readonly provider: Member
  /** Asks for the page at an address, in the partner's name. */
  readonly page: (url: string) => Promise<{ datasets: number; next: string | undefined }>
  readonly first: string
  /** Addresses of pages, all through the catalog. */
  readonly places: readonly string[]
}

/** Catalog: what a page costs among 100, 10,000 and 100,000 datasets, and what reading all of it costs. */
export async function benchCatalog(bench: Bench): Promise<Row[]> {
  const sizes = bench.quick ? [100, 1000, 5000] : [100, 10_000, 100_000]
  const reader = await openMember(bench, 'reader')
  const filled: Filled[] = []
  const crawls: { size: number; seconds: number }[] = []
  for (const size of sizes) {
    const { catalog, seconds } = await fill(bench, reader, size)
    filled.push(catalog)
    crawls.push({ size, seconds })
    bench.say(`${size} datasets: all of them read in ${seconds.toFixed(2)} s`)
  }
  const [smallest] = filled
  if (smallest === undefined) throw new Error('There is no catalog')
  const floor = await startProgram('page', { DATABASE_URL: filled.at(-1)?.provider.databaseUrl ?? '' })
  bench.closers.push(floor.close)

  const [rounds, each] = bench.quick ? [3, 30] : [9, 60]
  const random = createRandom(7)
  const names = ['floor', ...sizes.map(String)]
  const sides = Object.fromEntries([
    ['floor', () => typical(each, () => ask(`${floor.url}/${random.between(0, (sizes.at(-1) ?? 0) - 51)}`))],
    ...filled.map((catalog) => [String(catalog.size), () => typical(each, () => catalog.page(random.pick(catalog.places)))] as const),
  ] as const)
  for (const name of names) await sides[name]?.()
  const pages = await interleaved(rounds, sides, names)
  return rowsOf(pages, { sizes, crawls })
}

function rowsOf(pages: Map<string, number[]>, { sizes, crawls }: { sizes: readonly number[]; crawls: readonly { size: number; seconds: number }[] }): Row[] {
  const at = (name: string | number) => pages.get(String(name)) ?? []
  const [smallest = 0] = sizes
  const named = (size: number) => `${size.toLocaleString('en')} datasets`
  return [
    row({ bench: 'catalog', what: `page of 50 among ${named(smallest)}, p50; floor: one query for 51 rows over node:http`, unit: 'ms' }, { ours: at(smallest), floor: at('floor') }),
    ...sizes.slice(1).map((size) => row({ bench: 'catalog', what: `page of 50 among ${named(size)}, p50; floor: among ${smallest}`, unit: 'ms' }, { ours: at(size), floor: at(smallest) }, { of: 'ratio', atMost: 1.3 })),
    ...crawls.map(({ size, seconds }) => row({ bench: 'catalog', what: `all ${named(size)}, page by page`, unit: 's', note: 'one pass' }, { ours: [seconds] })),
  ]
}

async function fill(bench: Bench, reader: Member, size: number): Promise<{ catalog: Filled; seconds: number }> {
  const provider = await openMember(bench, `provider-${size}`)
  await introduce(provider, reader)
  await publish(provider, 'Live stations', { type: 'http', baseUrl: 'http://localhost:9/', methods: ['GET'], paths: ['/stations/*'] })
  await multiply(provider.databaseUrl, size)
  const page = await reading(bench, provider, reader)
  const first = `${provider.connector.publicUrl}/dsp/2025-1/catalog/request`
  const places = [first]
  let count = 0
  const crawl = async () => {
    for (let url: string | undefined = first; url !== undefined; ) {
      const answer: { datasets: number; next: string | undefined } = await page(url)
      count += answer.datasets
      url = answer.next
      if (url !== undefined) places.push(url)
    }
  }
  const seconds = (await timed(crawl)) / 1000
  if (count !== size) throw new Error(`The catalog of ${size} datasets gave ${count}`)
  // The last page may be short.
  return { catalog: { size, provider, page, first, places: places.slice(0, -1) }, seconds }
}

/** Makes `size` datasets under one offer out of the one that was published. */
async function multiply(databaseUrl: string, size: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const count = [size - 1]
    await client.query(
      `insert into dataset (id, metadata, source, version, created_at, updated_at)
       select 'urn:uuid:' || gen_random_uuid(), jsonb_set(metadata, '{title,en}', to_jsonb('Live stations of district ' || n)), source, version, created_at, updated_at
       from dataset, generate_series(1, $1) as n`,
      count,
    )
    await client.query(
      `insert into offer_dataset (id, offer_id, dataset_id)
       select 'urn:uuid:' || gen_random_uuid(), (select id from offer), d.id from dataset d where not exists (select 1 from offer_dataset x where x.dataset_id = d.id)`,
    )
    await client.query(
      `insert into visible (audience, dataset_seq, offer_dataset_id)
       select '*', d.seq, od.id from offer_dataset od join dataset d on d.id = od.dataset_id where not exists (select 1 from visible v where v.offer_dataset_id = od.id)`,
    )
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

/** Reads catalog pages of `provider` with the reader's own token, as its connector would. */
async function reading(bench: Bench, provider: Member, reader: Member): Promise<Filled['page']> {
  const http = createOutboundHttp({ allow: ['localhost'] })
  bench.closers.push(() => http.close())
  const { dataDirectory, publicUrl } = reader.connector
  const identity = await openIdentity({ directory: join(dataDirectory, 'keys'), publicUrl, http, clock: () => new Date() })
  const raw = JSON.stringify({ '@context': ['https://w3id.org/dspace/2025/1/context.jsonld'], '@type': 'CatalogRequestMessage' })
  return async (url) => {
    const authorization = await identity.authorization(provider.id)
    const { status, text, headers } = await ask(url, { raw, headers: { authorization, 'content-type': 'application/json' } })
    if (status !== 200) throw new Error(`The catalog answered ${status}: ${text.slice(0, 300)}`)
    const { dataset = [] }: { dataset?: unknown[] } = JSON.parse(text)
    const [, next] = /<([^>]+)>;\s*rel="next"/.exec(String(headers['link'] ?? '')) ?? []
    return { datasets: dataset.length, next }
  }
}
