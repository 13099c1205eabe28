import { createHash } from 'node:crypto'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AnswerFormat, TableEngine, WrittenAnswer } from '../../../src/dataplane/query/engine.ts'
import type { Column, ColumnType } from '../../../src/dataplane/sources/source.ts'
import { until } from '../../helpers/until.ts'
import { openTestEngines } from '../../helpers/table-engines.ts'
import type { TestEngines } from '../../helpers/table-engines.ts'

let at: TestEngines

beforeAll(async () => {
  at = await openTestEngines()
})

afterEach(() => at.closeEngines())

afterAll(() => at.close())

const column = (name: string, type: ColumnType): Column => ({ name, type, nullable: true })
const csv = `id,amount,name,day,at,open,"odd ""name, é"
1,1.5,"a ""b"", c",2024-02-29,2024-01-01T10:00:00Z,true,x
9007199254740993,0.25,Aragó,2024-03-01,2024-01-01T10:00:00.5Z,false,
3,,,,,,y
`

async function textOf({ handle, bytes, sha256 }: WrittenAnswer): Promise<string> {
  const content = await handle.readFile()
  await handle.close()
  expect(content.length).toBe(bytes)
  expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
  return content.toString('utf8')
}

async function both(content: string, columns?: readonly Column[]): Promise<TableEngine[]> {
  const file = await at.ofFile(content, columns)
  const table = await at.copied(file)
  return table === undefined ? [file] : [file, table]
}

const tableOf = ({ from }: TableEngine) => (from.schema === null ? from.table : `${from.schema}.${from.table}`)

describe('answers', () => {
  test('rows: numbers, whole numbers beyond 2^53 as text, times in ISO 8601, bound values', async () => {
    for (const engine of await both(csv)) {
      const rows = await engine.rows({ sql: `select * from ${tableOf(engine)} where id > cast($1 as bigint) order by id`, parameters: ['1'] })
      expect(rows).toEqual([
        { id: 3, amount: null, name: null, day: null, at: null, open: null, 'odd "name, é': 'y' },
        { id: '9007199254740993', amount: 0.25, name: 'Aragó', day: '2024-03-01', at: expect.stringMatching(/^2024-01-01T10:00:00\.5(00)?Z?$/), open: false, 'odd "name, é': null },
      ])
      await expect(engine.rows({ sql: `select * from ${tableOf(engine)}`, parameters: [] }, 2)).rejects.toMatchObject({ code: 'query-too-large' })
    }
  })

  test('written in every format', async () => {
    for (const engine of await both(csv)) {
      const write = (format: AnswerFormat) => engine.write({ sql: `select id, amount, name, day, open from ${tableOf(engine)} order by id`, parameters: [] }, { format, columns: engine.columns.filter(({ name }) => name !== 'at' && !name.startsWith('odd')) })
      const rows = [
        { id: 1, amount: 1.5, name: 'a "b", c', day: '2024-02-29', open: true },
        { id: 3, amount: null, name: null, day: null, open: null },
        { id: 9007199254740992, amount: 0.25, name: 'Aragó', day: '2024-03-01', open: false },
      ]
      expect(JSON.parse(await textOf(await write('json')))).toEqual(rows)
      const lines = await textOf(await write('ndjson'))
      expect(lines).toContain('9007199254740993')
      expect(lines.trim().split('\n').map((line): unknown => JSON.parse(line))).toEqual(rows)
      expect(await textOf(await write('csv'))).toBe('id,amount,name,day,open\n1,1.5,"a ""b"", c",2024-02-29,true\n3,,,,\n9007199254740993,0.25,Aragó,2024-03-01,false\n')
      const parquet = await write('parquet')
      expect(parquet.rows).toBe(3)
      const content = await parquet.handle.readFile()
      await parquet.handle.close()
      const again = await at.ofFile(content, [], 'again.parquet')
      expect(await again.rows({ sql: 'select * from data', parameters: [] })).toEqual([rows[0], rows[1], { ...rows[2], id: '9007199254740993' }])
    }
  })

  test('no rows are empty lists', async () => {
    for (const engine of await both(csv)) {
      const statement = { sql: `select id from ${tableOf(engine)} where id = cast($1 as bigint)`, parameters: ['-1'] }
      const write = async (format: AnswerFormat) => textOf(await engine.write(statement, { format, columns: [column('id', 'integer')] }))
      expect(JSON.parse(await write('json'))).toEqual([])
      expect(await write('csv')).toBe('id\n')
      expect(await write('ndjson')).toBe('')
    }
  })

  test('GeoJSON, with places that are missing or not finite', async () => {
    for (const engine of await both('lon,lat,name\n2.17,41.38,"a ""q"""\n2.18,,b\n')) {
      const write = (columns: readonly Column[], geometry = { longitude: 'lon', latitude: 'lat' }) => engine.write({ sql: `select ${columns.map(({ name }) => name).join(', ')} from ${tableOf(engine)} order by lon`, parameters: [] }, { format: 'geojson', columns, geometry })
      expect(JSON.parse(await textOf(await write(engine.columns)))).toEqual({
        type: 'FeatureCollection',
        features: [
          { type: 'Feature', geometry: { type: 'Point', coordinates: [2.17, 41.38] }, properties: { name: 'a "q"' } },
          { type: 'Feature', geometry: null, properties: { name: 'b' } },
        ],
      })
      await expect(write(engine.columns.slice(0, 1))).rejects.toMatchObject({ code: 'not-acceptable' })
    }
  })

  test('NaN and infinity are null in text, and overflow is an error that tells nothing', async () => {
    for (const engine of await both(csv)) {
      const wild = `select cast('NaN' as double precision) as n, cast('Infinity' as double precision) as i, cast($1 as text) as t`
      const columns = [column('n', 'number'), column('i', 'number'), column('t', 'string')]
      expect(await engine.rows({ sql: wild, parameters: ['x'] })).toEqual([{ n: null, i: null, t: 'x' }])
      expect(JSON.parse(await textOf(await engine.write({ sql: wild, parameters: ['\u2028"\\\n'] }, { format: 'json', columns })))).toEqual([{ n: null, i: null, t: '\u2028"\\\n' }])
      const refusal = await engine.rows({ sql: `select cast('9223372036854775807' as bigint) + id as n from ${tableOf(engine)}`, parameters: [] }).catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: 'invalid-query', message: 'A number of the answer is larger than can be written.' })
    }
  })
})

describe('DuckDB files', () => {
  test('columns have the types that are declared for them', async () => {
    const declared = [column('zip', 'string'), column('n', 'number')]
    const engine = await at.ofFile('zip,n\n123,1\n456,2\n', declared)
    expect(await engine.rows({ sql: 'select typeof(zip) as z, typeof(n) as n from data limit 1', parameters: [] })).toEqual([{ z: 'VARCHAR', n: 'DOUBLE' }])
    const wrong = await at.ofFile('a\nx\n', [column('a', 'integer')])
    await expect(wrong.rows({ sql: 'select * from data', parameters: [] })).rejects.toMatchObject({ code: 'invalid-source', message: expect.stringContaining('"a" is declared as integer') })
    const missing = await at.ofFile('a\nx\n', [column('b', 'string')])
    await expect(missing.rows({ sql: 'select * from data', parameters: [] })).rejects.toMatchObject({ code: 'invalid-source', message: expect.stringContaining('"b"') })
  })

  test('nothing else can be read, written, loaded or set', async () => {
    const engine = await at.ofFile('a\n1\n')
    for (const sql of [`select * from read_text('/etc/passwd')`, `select * from read_csv('/etc/hosts')`, `select * from glob('/*')`, `copy (select 1) to '/tmp/concordat-escape'`, `set enable_external_access = true`, `attach '/tmp/x.db'`, `install httpfs`, `load httpfs`]) {
      const error = await engine.rows({ sql, parameters: [] }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'source-failed', message: 'The query could not be run on the data.' })
    }
  })

  test('a query is stopped when its time is up or its client is gone, and the process goes on', async () => {
    const engine = await at.ofFile('a\n1\n')
    await engine.rows({ sql: 'select 1 as one', parameters: [] })
    const before = at.pool.children()
    const stop = new AbortController()
    const slow = engine.rows({ sql: endless, parameters: [] }, 10, stop.signal)
    setTimeout(() => stop.abort(), 100)
    await expect(slow).rejects.toMatchObject({ code: 'gone' })
    expect(await engine.rows({ sql: 'select 1 as one', parameters: [] })).toEqual([{ one: 1 }])
    expect(at.pool.children()).toEqual(before)
  })
})

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It may have ended by itself.
    if (!(Error.isError(error) && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

const endless = 'select count(*) as n from range(100000) a, range(100000) b, range(1000) c where a.range + b.range * c.range = -1'

describe('when something goes wrong', () => {
  test('the time allowed is over: the query, and one that waits behind it', async () => {
    const version = await at.version('a\n1\n')
    const path = join(at.folder, 'one.parquet')
    await at.pool.export({ path: version.path, format: 'csv' }, 'parquet', (file) => rename(file.path, path))
    const ask = (sql: string, timeoutMs: number) => at.pool.query({ path, declared: [{ name: 'a', type: 'integer' }], statement: { sql, parameters: [] }, answer: { most: 10 }, timeoutMs }, async ({ found }) => found)
    await expect(ask(endless, 200)).rejects.toMatchObject({ code: 'query-timeout' })
    const slow = [ask(endless, 1500), ask(endless, 1500)].map((query) => query.catch((error: unknown) => Object(error).code))
    await expect(ask('select 1 as one', 300)).rejects.toMatchObject({ code: 'query-timeout' })
    expect(await Promise.all(slow)).toEqual(['query-timeout', 'query-timeout'])
    expect(await ask('select a from data', 5000)).toEqual([{ a: 1 }])
  })

  test('the process dies: the query is refused, the next one is answered, nothing is left behind', async () => {
    const engine = await at.ofFile('a\n1\n')
    await engine.rows({ sql: 'select 1 as one', parameters: [] })
    const slow = engine.rows({ sql: endless, parameters: [] }).catch((error: unknown) => error)
    // Whichever process has it, or will have it on a slow machine, dies.
    const killing = setInterval(() => at.pool.children().forEach(killed), 100)
    expect(await slow).toMatchObject({ code: 'query-too-large' })
    clearInterval(killing)
    // All were killed, and each is given up once its own end is known.
    await until(() => at.pool.children().length, (running) => running === 0)
    expect(await engine.rows({ sql: 'select a from data', parameters: [] })).toEqual([{ a: 1 }])
    const written = await engine.write({ sql: 'select a from data', parameters: [] }, { format: 'csv', columns: engine.columns })
    await written.handle.close()
    const folders = (await readdir(join(at.folder, 'cache'))).filter((name) => name.startsWith('job-'))
    const left = await Promise.all(folders.map((name) => readdir(join(at.folder, 'cache', name))))
    expect(left.flat().filter((name) => name !== 'spill')).toEqual([])
  })

  test('the cache lets the prepared file go: it is made again', async () => {
    const engine = await at.ofFile('a\n41\n')
    expect(await engine.rows({ sql: 'select a from data', parameters: [] })).toEqual([{ a: 41 }])
    const cache = join(at.folder, 'cache')
    for (const name of await readdir(cache)) if (!name.startsWith('job-')) await rm(join(cache, name))
    expect(await engine.rows({ sql: 'select a from data', parameters: [] })).toEqual([{ a: 41 }])
  })

  test('a file that changed after it was published is not queried', async () => {
    const version = await at.version('a\n1\n')
    await writeFile(version.path, 'a\n22\n')
    await expect(at.engines.open({ source: { type: 'file' }, version, columns: [] })).rejects.toMatchObject({ code: 'gone' })
    await expect(at.engines.open({ source: { type: 'http', baseUrl: 'https://x.example', methods: ['GET'], paths: [], requestHeaders: [], secrets: [] }, columns: [] })).rejects.toMatchObject({ code: 'not-acceptable' })
  })

  test('a table lost a column, or an answer is too large', async () => {
    const lost = await at.ofTable((name) => `create table ${name} (a int)`, [column('b', 'integer')]).catch((error: unknown) => error)
    if (lost === undefined) return
    expect(lost).toMatchObject({ code: 'invalid-source' })
    const engine = await at.ofTable((name) => `create table ${name} as select repeat('x', 1000000) as a from generate_series(1, 100)`)
    await expect(engine?.rows({ sql: `select a from ${engine === undefined ? '' : tableOf(engine)}`, parameters: [] })).rejects.toMatchObject({ code: 'query-too-large' })
  })
})

test('a table\'s query is stopped with its client, on the server too', async () => {
  const engine = await at.ofTable((name) => `create table ${name} as select i as id from generate_series(1, 10) i`)
  if (engine === undefined) return
  const stop = new AbortController()
  const slow = engine.rows({ sql: 'select cast(pg_sleep(20) as text) as s', parameters: [] }, 10, stop.signal)
  setTimeout(() => stop.abort(), 50)
  const started = Date.now()
  await expect(slow).rejects.toMatchObject({ code: 'gone' })
  expect(Date.now() - started).toBeLessThan(5000)
})

test('a request sees one moment of a table', async () => {
  const engine = await at.ofTable((name) => `create table ${name} (id int); insert into ${name} values (1)`)
  if (engine === undefined) return
  const count = { sql: `select count(*) as n from ${tableOf(engine)}`, parameters: [] }
  expect(await engine.rows(count)).toEqual([{ n: 1 }])
  await at.run(`insert into ${tableOf(engine)} values (2)`)
  expect(await engine.rows(count)).toEqual([{ n: 1 }])
  await expect(engine.rows({ sql: `insert into ${tableOf(engine)} values (3) returning id`, parameters: [] })).rejects.toMatchObject({ code: 'source-failed' })
})
