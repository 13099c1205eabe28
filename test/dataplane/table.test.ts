import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import pg from 'pg'
import { openDatabase } from '../../src/persistence/database.ts'
import type { Database } from '../../src/persistence/database.ts'
import { openTestDatabase, testDatabaseLocation } from '../helpers/database.ts'
import type { TestDataPlane } from '../helpers/data-plane.ts'
import { openTestDataPlane } from '../helpers/data-plane.ts'

const url = process.env['TEST_DATABASE_URL'] ?? ''
const describeOnPostgresql = url === '' ? describe.skip : describe

// A source has to be a PostgreSQL server: the embedded database takes no connections.
describeOnPostgresql('PostgreSQL tables (need TEST_DATABASE_URL)', () => {
  let database: Database
  let at: TestDataPlane
  let source = ''

  beforeAll(async () => {
    database = await openTestDatabase()
    const location = await testDatabaseLocation()
    if (location.kind !== 'postgresql') throw new Error('not PostgreSQL')
    source = location.url
    // Opened and closed once, as every test database is.
    await (await openDatabase(location)).close()
    const client = new pg.Client({ connectionString: source })
    await client.connect()
    await client.query(`create schema city; create table city."odd ""name" (id bigint primary key, "a b" text, n numeric, f double precision, d date, t timestamptz, b boolean, j json, x int[]);
      insert into city."odd ""name" values (1, 'a,"b"' || chr(10) || 'c', 12.50, 'NaN', '2024-02-29', '2024-01-01 10:00+02', true, '{"k":${' '}
      [1]}', '{1,2}'), (2, '', null, 1.5, null, null, false, null, null), (3, null, 0.1, 'Infinity', null, null, null, null, null);
      create table many (id int, label text); insert into many select i, 'label ' || i from generate_series(1, 200000) i;
      create view few as select * from many where id < 3; create table empty (a int)`)
    await client.end()
    at = await openTestDataPlane({ database, postgresqlConnections: { city: source }, limits: { tableTimeoutMs: 60_000 } })
  })

  afterAll(async () => {
    await at.close()
    await database.close()
  })

  async function started(table: string, connection = 'city') {
    const dataset = `urn:uuid:${randomUUID()}`
    at.datasets.set(dataset, { source: { type: 'postgresql', connection, table }, columns: [], title: table })
    return at.start(dataset)
  }

  test('columns and rows', async () => {
    expect(await at.plane.inspectTable({ type: 'postgresql', connection: 'city', table: 'city.odd "name' })).toEqual({
      rows: 3,
      columns: [
        { name: 'id', type: 'integer', nullable: false },
        { name: 'a b', type: 'string', nullable: true },
        { name: 'n', type: 'number', nullable: true },
        { name: 'f', type: 'number', nullable: true },
        { name: 'd', type: 'date', nullable: true },
        { name: 't', type: 'datetime', nullable: true },
        { name: 'b', type: 'boolean', nullable: true },
        { name: 'j', type: 'object', nullable: true },
        { name: 'x', type: 'object', nullable: true },
      ],
    })
  })

  test('a name is a name, never SQL', async () => {
    for (const table of ['many; drop table many', '"many"', 'public.many.id', 'many where true', "many' or '1'='1", 'Many', '', 'pg_sleep(1)']) {
      await expect(at.plane.inspectTable({ type: 'postgresql', connection: 'city', table })).rejects.toMatchObject({ code: 'invalid-source' })
    }
    await expect(at.plane.inspectTable({ type: 'postgresql', connection: '__proto__', table: 'many' })).rejects.toMatchObject({ code: 'invalid-source' })
  })

  test('JSON, NDJSON and CSV', async () => {
    const access = await started('city.odd "name')
    const rows = [
      { id: 1, 'a b': 'a,"b"\nc', n: 12.5, f: null, d: '2024-02-29', t: '2024-01-01T08:00:00+00:00', b: true, j: { k: [1] }, x: [1, 2] },
      { id: 2, 'a b': '', n: null, f: 1.5, d: null, t: null, b: false, j: null, x: null },
      { id: 3, 'a b': null, n: 0.1, f: null, d: null, t: null, b: null, j: null, x: null },
    ]
    expect(await (await at.get(access, '?format=json')).json()).toEqual(rows)
    const lines = (await (await at.get(access, '?format=ndjson')).text()).trim().split('\n')
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(rows)
    expect(await (await at.get(access)).text()).toBe('id,a b,n,f,d,t,b,j,x\n1,"a,""b""\nc",12.50,NaN,2024-02-29,2024-01-01T08:00:00Z,true,"{""k"": [1]}","[1, 2]"\n2,"",,1.5,,,false,,\n3,,0.1,Infinity,,,,,\n')
    expect((await at.records(access.transferId, 'data.released')).map((record) => record['rows'])).toEqual([3, 3, 3])
    expect(await (await at.get(await started('empty'), '?format=json')).json()).toEqual([])
    expect(await (await at.get(await started('few'), '?format=json')).json()).toHaveLength(2)
  })

  test('Parquet keeps types and rows', async () => {
    const access = await started('city.odd "name')
    const response = await at.get(access, '?format=parquet')
    expect(response.status).toBe(200)
    const { dataset } = await at.file(Buffer.from(await response.arrayBuffer()), 'again.parquet')
    const again = await (await at.get(await at.start(dataset), '?format=json')).json()
    expect(Object(again)[0]).toMatchObject({ id: 1, 'a b': 'a,"b"\nc', n: 12.5, d: '2024-02-29', t: '2024-01-01T08:00:00Z', b: true })
    expect([Object(again)[1]['a b'], Object(again)[2]['a b']]).toEqual(['', null])
  })

  test('many rows, and a reader that leaves in the middle gives the connection back', async () => {
    const access = await started('many')
    const rows: unknown = await (await at.get(access, '?format=json')).json()
    expect(Object(rows).length).toBe(200_000)
    for (let time = 0; time < 12; time++) {
      const reader = (await at.get(access, '?format=ndjson')).body?.getReader()
      await reader?.read()
      await reader?.cancel()
    }
    expect((await (await at.get(access)).text()).length).toBeGreaterThan(1_000_000)
    expect(at.errors).toEqual([])
  })

  test('HEAD, version and what is not there', async () => {
    const access = await started('few')
    expect((await fetch(access.url, { method: 'HEAD', headers: { authorization: access.token } })).status).toBe(200)
    expect((await at.get(access, '?version=1')).status).toBe(400)
    expect((await at.get(access, '?format=original')).status).toBe(406)
    expect((await at.get(await started('gone'))).status).toBe(400)
    expect((await at.get(await started('few', 'unknown'))).status).toBe(400)
  })
})
