import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inputFormat, inspectFile } from '../../src/dataplane/inspect.ts'
import { createDuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import type { DuckDbPool } from '../../src/dataplane/sources/duckdb/pool.ts'
import type { TabularFormat } from '../../src/dataplane/sources/source.ts'
import { tabularFormats } from '../../src/dataplane/sources/source.ts'

const realData = join(import.meta.dirname, '../../../shared/data')
let folder = ''
let pool: DuckDbPool

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-duckdb-'))
  pool = createDuckDbPool({ directory: join(folder, 'jobs') })
})

afterAll(async () => {
  await pool.close()
  await rm(folder, { recursive: true })
})

let files = 0

async function put(content: string | Buffer, name = 'data.csv'): Promise<{ path: string; fileName: string }> {
  const path = join(folder, `${++files}-${name}`)
  await writeFile(path, content)
  return { path, fileName: name }
}

async function inspect(content: string | Buffer, name?: string) {
  return inspectFile(pool, await put(content, name))
}

async function types(content: string | Buffer): Promise<Record<string, string>> {
  const { columns } = await inspect(content)
  return Object.fromEntries(columns.map(({ name, type, nullable }) => [name, nullable ? `${type}?` : type]))
}

async function exported(file: { path: string; fileName: string }, to: TabularFormat): Promise<string> {
  return pool.export({ path: file.path, format: inputFormat(file) }, to, ({ path }) => readFile(path, 'utf8'))
}

async function rowsOf(content: string | Buffer, name?: string): Promise<unknown[]> {
  const text = await exported(await put(content, name), 'json')
  return JSON.parse(text)
}

async function refusal(content: string | Buffer, name?: string): Promise<unknown> {
  return inspect(content, name).catch((error: unknown) => error)
}

describe('CSV as found in the wild', () => {
  test('padding, quoted numbers with decimal comma, and words for "not known"', async () => {
    const text = 'Id  ,Street   ,Rent,Victims\n1   ,Aragó 12      ,"1.234,5",2\n2   ,Unknown,"12,50",Unknown\n3   ,,826,n.d.\n'
    expect(await types(text)).toEqual({ Id: 'integer', Street: 'string?', Rent: 'number', Victims: 'integer?' })
    expect(await rowsOf(text)).toEqual([
      { Id: 1, Street: 'Aragó 12', Rent: 1234.5, Victims: 2 },
      { Id: 2, Street: 'Unknown', Rent: 12.5, Victims: null },
      { Id: 3, Street: null, Rent: 826, Victims: null },
    ])
  })

  test('a comma that may separate thousands or decimals leaves the column text', async () => {
    expect(await types('a\n"1,234"\n"2,500"\n')).toEqual({ a: 'string' })
    expect(await types('a\n"1,234.50"\n"2,500"\n')).toEqual({ a: 'number' })
    expect(await types('a;b\n1,234;x\n12,5;y\n')).toEqual({ a: 'number', b: 'string' })
  })

  test('postal codes and numbers too long for 64 bits stay text', async () => {
    expect(await types('zip,id,big\n08001,1,12345678901234567890\n08002,2,2\n')).toEqual({ zip: 'string', id: 'integer', big: 'string' })
  })

  test('dates, times and truth values', async () => {
    const text = 'd,e,t,z,h,b,us\n2024-02-29,31/12/2017,2024-01-01 10:00:00,2024-01-01T10:00:00+02:00,9:30,TRUE,01/02/2017\n'
    expect(await types(text)).toEqual({ d: 'date', e: 'date', t: 'datetime', z: 'datetime', h: 'time', b: 'boolean', us: 'string' })
    expect(await rowsOf(text)).toEqual([{ d: '2024-02-29', e: '2017-12-31', t: '2024-01-01T10:00:00', z: '2024-01-01T08:00:00Z', h: '09:30:00', b: true, us: '01/02/2017' }])
    expect(await types('d\n2023-02-29\n')).toEqual({ d: 'string' })
  })

  test.each([';', '\t', '|'])('delimiter %j, byte order mark, CRLF', async (delimiter) => {
    expect(await rowsOf(`\uFEFFa${delimiter}b\r\n1${delimiter}"x\r\ny"\r\n`)).toEqual([{ a: 1, b: 'x\r\ny' }])
  })

  test('mixed line ends, Excel’s sep line, doubled and empty names, no header', async () => {
    expect(await rowsOf('a,b\n1,2\r\n3,4\n')).toEqual([{ a: 1, b: 2 }, { a: 3, b: 4 }])
    expect(await rowsOf('sep=;\na;b\n1;2\n')).toEqual([{ a: 1, b: 2 }])
    expect(await rowsOf('a,A,\n1,2,3\n')).toEqual([{ a: 1, A_2: 2, column_3: 3 }])
    expect(await rowsOf('1,2\n3,4\n')).toEqual([{ column_1: 1, column_2: 2 }, { column_1: 3, column_2: 4 }])
  })

  test('Latin-1 and UTF-16, also when the first odd character comes late', async () => {
    const late = `n,street\n${`1,${'x'.repeat(97)}\n`.repeat(20_000)}2,Camió\n`
    const rows = await rowsOf(Buffer.from(late, 'latin1'))
    expect(rows.length).toBe(20_001)
    expect(rows.at(-1)).toEqual({ n: 2, street: 'Camió' })
    expect(await rowsOf(Buffer.from('\uFEFFa;b\n1;Gòtic\n', 'utf16le'))).toEqual([{ a: 1, b: 'Gòtic' }])
  })

  test('valid UTF-8 whose characters are cut by chunks stays UTF-8', async () => {
    const text = `a\n${'x€'.repeat(1_000)}\n`.repeat(400)
    expect((await exported(await put(text), 'csv')).includes('€')).toBe(true)
  })

  test('formulas pass unchanged and well quoted', async () => {
    const cells = ['=cmd()|\' /C calc\'!A0', '@SUM(1,2)', 'a "quoted" one', 'two\nlines']
    const text = `a,b\n${cells.map((cell) => `"${cell.replaceAll('"', '""')}",1`).join('\n')}\n`
    const csv = await exported(await put(text), 'csv')
    expect((await rowsOf(csv)).map((row) => Object(row).a)).toEqual(cells)
  })

  test('many columns, more than are looked at together', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `c${index}`)
    const lines = Array.from({ length: 2_100 }, (_, row) => names.map((_name, index) => (index % 3 === 0 ? `street ${row}` : index % 3 === 1 ? row : `2024-01-${10 + (row % 20)}`)).join(','))
    const { rows, columns } = await inspect(`${names.join(',')}\n${lines.join('\n')}\n`)
    expect(rows).toBe(2_100)
    expect(columns).toEqual(names.map((name, index) => ({ name, type: index % 3 === 0 ? 'string' : index % 3 === 1 ? 'integer' : 'date', nullable: false })))
  })

  test('ragged and unfinished lines are named by number', async () => {
    expect(await refusal('a,b\n1,2\n1,2,3\n')).toMatchObject({ code: 'invalid-source', message: expect.stringContaining('Line 3 of the file has 3 fields where the header has 2') })
    expect(await refusal('a,b\n1\n')).toMatchObject({ code: 'invalid-source', message: expect.stringContaining('Line 2') })
    expect(await refusal('a,b\n1,"open\n3,4\n')).toMatchObject({ code: 'invalid-source', message: expect.stringContaining('quotation mark') })
  })
})

describe('hostile and broken files', () => {
  test.each([
    ['compressed', gzipSync('a,b\n1,2\n'), 'data.csv', 'compressed'],
    ['an archive', Buffer.from('504b030414000000', 'hex'), 'data.csv', 'compressed'],
    ['compressed by name', Buffer.from('a'), 'data.csv.gz', 'compressed'],
    ['an unknown format', Buffer.from('a'), 'data.xlsx', 'not known'],
    ['binary', Buffer.from([0x61, 0, 0x62]), 'data.csv', 'not text'],
    ['empty', Buffer.alloc(0), 'data.csv', 'no lines'],
    ['a line without end', Buffer.alloc(3_000_000, 'x'), 'data.csv', 'too long'],
    ['a long line', Buffer.from(`a,b\n1,${'x'.repeat(2_000_000)}\n`), 'data.csv', 'longer'],
    ['too many columns', Buffer.from(`${'a,'.repeat(5_000)}a\n`), 'data.csv', '5001 columns'],
    ['no Parquet', Buffer.from('PAR1xxxxxxxxPAR1'), 'data.parquet', 'cannot be read'],
    ['no JSON', Buffer.from('{"a":1}\n{"a":\n'), 'data.ndjson', 'not valid JSON'],
    ['JSON of numbers', Buffer.from('[1,2]'), 'data.json', 'array of objects'],
    ['JSON in Latin-1', Buffer.from('[{"a":"ó"}]', 'latin1'), 'data.json', 'UTF-8'],
    ['deep JSON', Buffer.alloc(100_000, '['), 'data.json', 'JSON'],
  ])('%s is refused with its reason', async (_name, content, fileName, reason) => {
    const error = await refusal(content, fileName)
    expect(error).toMatchObject({ code: 'invalid-source', message: expect.stringContaining(reason) })
    expect(JSON.stringify(Object(error).message)).not.toContain(folder)
  })

  test('a path that is a pattern reads that file only', async () => {
    await put('a\n1\n', 'other.csv')
    const odd = await put('a\n7\n', '[x]*?.csv')
    expect(await exported(odd, 'csv')).toBe('a\n7\n')
  })

  test('a link to a file is read, one that leads to a file of the system is no way around the format', async () => {
    const path = join(folder, 'link.parquet')
    await symlink('/etc/passwd', path)
    expect(await inspectFile(pool, { path, fileName: 'link.parquet' }).catch((error: unknown) => error)).toMatchObject({ code: 'invalid-source' })
  })
})

test('JSON and NDJSON, nested values included', async () => {
  const { columns, rows } = await inspect('[{"a":1,"b":{"c":[1,2]}},{"a":2.5,"d":"x"}]', 'data.json')
  expect(rows).toBe(2)
  expect(columns).toEqual([
    { name: 'a', type: 'number', nullable: false },
    { name: 'b', type: 'object', nullable: true },
    { name: 'd', type: 'string', nullable: true },
  ])
  expect(await rowsOf('\uFEFF{"a":{"b":[1]}}\n{"a":null}\n', 'data.ndjson')).toEqual([{ a: { b: [1] } }, { a: null }])
  expect(await exported(await put('{"a":{"b":[1]}}\n', 'data.ndjson'), 'csv')).toBe('a\n"{""b"":[1]}"\n')
})

test('an export made again is the same bytes, rows in the order of the file', async () => {
  const lines = Array.from({ length: 130_000 }, (_, n) => `${n},Nou Barris ${n % 7},${(n * 31) % 1000}.25`)
  const file = await put(`n,district,amount\n${lines.join('\n')}\n`)
  for (const format of tabularFormats) {
    const [first, second] = await Promise.all([exported(file, format), exported(file, format)])
    expect(first === second).toBe(true)
    if (format === 'csv') expect(first.split('\n', 3)).toEqual(['n,district,amount', '0,Nou Barris 0,0.25', '1,Nou Barris 1,31.25'])
  }
})

describe('children', () => {
  test('a child that is killed costs its own job only', async () => {
    const own = createDuckDbPool({ directory: join(folder, 'killed'), processes: 1 })
    const big = await put(`a,b\n${'1,2\n'.repeat(2_000_000)}`)
    const lost = own.inspect({ path: big.path, format: 'csv' }).catch((error: unknown) => error)
    const small = await put('a\n1\n')
    const waiting = own.inspect({ path: small.path, format: 'csv' })
    // The child exists as soon as its job was handed over.
    while (own.children().length === 0) await new Promise((resolve) => setImmediate(resolve))
    process.kill(own.children()[0] ?? 0, 'SIGKILL')
    expect(await lost).toMatchObject({ code: 'invalid-source' })
    expect((await waiting).rows).toBe(1)
    await own.close()
    expect(readdirSync(join(folder, 'killed'))).toEqual([])
  })

  test('one that takes too long or writes too much is ended', async () => {
    const big = await put(`a,b\n${'1,2\n'.repeat(3_000_000)}`)
    const slow = createDuckDbPool({ directory: join(folder, 'slow'), timeoutMs: 50 })
    expect(await slow.inspect({ path: big.path, format: 'csv' }).catch((error: unknown) => error)).toMatchObject({ code: 'query-timeout' })
    await slow.close()
    const bounded = createDuckDbPool({ directory: join(folder, 'bounded'), maxOutputBytes: 1000 })
    const large = await put(`a,b\n${'1,2\n'.repeat(100_000)}`)
    expect(await bounded.export({ path: large.path, format: 'csv' }, 'ndjson', async () => 'written').catch((error: unknown) => error)).toMatchObject({ code: 'invalid-source' })
    await bounded.close()
  })
})

const real = existsSync(realData) ? readdirSync(realData).filter((name) => name.endsWith('.csv')) : []
const counts: Readonly<Record<string, number>> = { 'accidents_2017.csv': 10_339, 'population.csv': 70_080, 'unemployment.csv': 14_208, 'immigrants_by_nationality.csv': 35_224, 'rent_contracts_2016.csv': 75, 'average_rent_2016.csv': 74 }

describe('real data', () => {
  if (real.length === 0) test.skip(`${realData} is not there`, () => undefined)
  else
    test.each(real)('%s: types, rows, formats', async (name) => {
      const file = { path: join(realData, name), fileName: name }
      const { rows, columns } = await inspectFile(pool, file)
      expect(rows).toBe(counts[name])
      expect(columns.some(({ type }) => type === 'integer' || type === 'number')).toBe(true)
      // Each format reads the whole file again; the larger files show no more of the others than the smaller ones.
      for (const to of (rows ?? 0) > 1000 ? (['ndjson'] as const) : tabularFormats.filter((format) => format !== 'parquet')) {
        expect(await pool.export({ path: file.path, format: 'csv' }, to, async (result) => result.rows)).toBe(rows)
      }
      const parquet = await pool.export({ path: file.path, format: 'csv' }, 'parquet', async ({ path }) => put(await readFile(path), 'data.parquet'))
      expect(await inspectFile(pool, parquet)).toMatchObject({ rows, columns })
    })

  const rents = 'average_rent_2016.csv'
  const withRents = real.includes(rents) ? test : test.skip
  withRents(`${rents}: decimal commas become numbers`, async () => {
    const { columns } = await inspectFile(pool, { path: join(realData, rents), fileName: rents })
    expect(columns.map(({ type }) => type)).toEqual(['string', 'string', ...Array<string>(8).fill('number')])
  })
})
