import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpSource, open, openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'

let t: TestCatalog
beforeAll(async () => {
  t = await openTestCatalog({ versions: 2 })
})
afterAll(() => t.close())

const file = { type: 'file' } as const
const metadata = { title: { ca: 'Despesa', en: 'Spending' } }

async function source(name: string, text: string): Promise<string> {
  const path = join(t.sources, name)
  await writeFile(path, text)
  return path
}

describe('datasets with a file', () => {
  test('a file under a source folder is copied, digested and described', async () => {
    const text = 'week,amount\n2026-W10,5\n2026-W11,6\n'
    const path = await source('spending.csv', text)
    const dataset = await t.catalog.createDataset({ metadata, source: file, file: { path, fileName: 'spending.csv', keep: 'copy' } })
    expect(dataset.metadata.columns).toEqual([
      { name: 'week', type: 'string', nullable: true },
      { name: 'amount', type: 'integer', nullable: true },
    ])
    expect(dataset.latest).toMatchObject({ number: 1, rows: 2, bytes: text.length, sha256: createHash('sha256').update(text).digest('hex'), mediaType: 'text/csv', fileName: 'spending.csv' })
    await rm(path)
    expect(await readFile(dataset.latest?.path ?? '', 'utf8')).toBe(text)
    expect(dataset.latest?.path).toBe(join(t.data, 'files', dataset.id.slice('urn:uuid:'.length), '1-spending.csv'))
    expect(await t.catalog.getDataset(dataset.id)).toEqual(dataset)
  })

  test('a reference stays where it is; a received file is taken over', async () => {
    const path = await source('here.csv', 'a\n1\n')
    const referred = await t.catalog.createDataset({ metadata, source: file, file: { path, fileName: 'here.csv', keep: 'reference' } })
    expect(referred.latest?.path).toBe(path)
    const upload = join(t.data, 'upload')
    await writeFile(upload, 'a\n1\n')
    const moved = await t.catalog.createDataset({ metadata, source: file, file: { path: upload, fileName: 'up.csv', keep: 'move' } })
    await expect(readFile(upload)).rejects.toThrow('ENOENT')
    expect(await readFile(moved.latest?.path ?? '', 'utf8')).toBe('a\n1\n')
    await t.catalog.removeDataset(referred.id)
    await t.catalog.removeDataset(moved.id)
    expect(await readFile(path, 'utf8')).toBe('a\n1\n')
    await expect(readFile(moved.latest?.path ?? '')).rejects.toThrow('ENOENT')
  })

  test('nothing outside the source folders can be named: .., links, relative paths, folders, NUL', async () => {
    await writeFile(join(t.sources, '..', 'outside.csv'), 'secret\n1\n')
    await mkdir(join(t.sources, 'folder.csv'))
    await mkdir(`${t.sources}-beside`)
    await writeFile(`${t.sources}-beside/x.csv`, 'secret\n1\n')
    await symlink(join(t.sources, '..', 'outside.csv'), join(t.sources, 'link.csv'))
    await symlink(join(t.sources, '..'), join(t.sources, 'up'))
    const paths = [`${t.sources}/../outside.csv`, '/etc/passwd', `${t.sources}/link.csv`, `${t.sources}/up/outside.csv`, 'spending.csv', `${t.sources}/folder.csv`, t.sources, `${t.sources}/missing.csv`, `${t.sources}-beside/x.csv`, `${t.sources}/a\0.csv`]
    for (const path of paths) {
      for (const keep of ['copy', 'reference'] as const) {
        await expect(t.catalog.createDataset({ metadata, source: file, file: { path, fileName: 'x.csv', keep } })).rejects.toMatchObject({ code: 'invalid-path' })
      }
    }
  })

  test('chosen ids and file names never leave the data folder', async () => {
    const path = await source('evil.csv', 'a\n1\n')
    const dataset = await t.catalog.createDataset({ id: '../../../../tmp/evil', metadata, source: file, file: { path, fileName: String.raw`..\..\../../etc/.pass wd;"`, keep: 'copy' } })
    expect(dataset.latest?.fileName).toBe('.pass wd;"')
    expect(dataset.latest?.path).toMatch(new RegExp(`^${t.data}/files/[0-9a-f]{36}/1-_pass_wd__$`))
    expect((await t.catalog.getDataset('../../../../tmp/evil')).id).toBe(dataset.id)
  })

  test('versions: older ones stay readable until retention removes them', async () => {
    const dataset = await t.catalog.createDataset({ metadata, source: file, file: { path: await source('v.csv', 'a\n1\n'), fileName: 'v.csv', keep: 'copy' } })
    const second = await t.catalog.addVersion(dataset.id, { path: await source('v.csv', 'a\n2\n'), fileName: 'v.csv', keep: 'copy' })
    expect(second).toMatchObject({ number: 2, changes: { added: [], removed: [], retyped: [] } })
    const first = await t.catalog.fileVersion(dataset.id, 1)
    expect(await readFile(first?.path ?? '', 'utf8')).toBe('a\n1\n')
    await t.catalog.addVersion(dataset.id, { path: await source('v.csv', 'a\n3\n'), fileName: 'v.csv', keep: 'copy' })
    expect(await t.catalog.fileVersion(dataset.id, 1)).toBeUndefined()
    await expect(readFile(first?.path ?? '')).rejects.toThrow('ENOENT')
    expect((await t.catalog.fileVersion(dataset.id))?.number).toBe(3)
    const versions = await t.catalog.listVersions(dataset.id)
    expect(versions.map(({ number, removedAt }) => [number, removedAt === null])).toEqual([
      [3, true],
      [2, true],
      [1, false],
    ])
    expect((await t.catalog.getDataset(dataset.id)).version).toBe(3)
  })

  test('two versions at once get two numbers, each with its own content', async () => {
    const dataset = await t.catalog.createDataset({ metadata, source: file, file: { path: await source('p.csv', 'a\n0\n'), fileName: 'p.csv', keep: 'copy' } })
    const paths = await Promise.all(['1', '2'].map((digit) => source(`p${digit}.csv`, `a\n${digit}\n`)))
    const added = await Promise.all(paths.map((path) => t.catalog.addVersion(dataset.id, { path, fileName: 'p.csv', keep: 'copy' })))
    expect(new Set(added.map(({ number }) => number))).toEqual(new Set([2, 3]))
    for (const version of added) expect(createHash('sha256').update(await readFile(version.path)).digest('hex')).toBe(version.sha256)
  })

  test('what people said about columns survives new content, and what changed is said', async () => {
    const dataset = await t.catalog.createDataset({
      metadata: { ...metadata, columns: [{ name: 'amount', unit: 'EUR', description: { en: 'Spent' } }, { name: 'code', type: 'string' }] },
      source: file,
      file: { path: await source('c.csv', 'amount,code,old\n5,7,x\n'), fileName: 'c.csv', keep: 'copy' },
    })
    expect(dataset.metadata.columns[1]).toEqual({ name: 'code', type: 'string', nullable: true })
    const { changes } = await t.catalog.addVersion(dataset.id, { path: await source('c.csv', 'amount,code,new\nfive,8,9\n'), fileName: 'c.csv', keep: 'copy' })
    expect(changes).toEqual({ added: ['new'], removed: ['old'], retyped: ['amount'] })
    expect((await t.catalog.getDataset(dataset.id)).metadata.columns).toEqual([
      { name: 'amount', type: 'string', nullable: true, unit: 'EUR', description: { en: 'Spent' } },
      { name: 'code', type: 'string', nullable: true },
      { name: 'new', type: 'integer', nullable: true },
    ])
    const [entry] = await t.audit.entries({ limit: 10, dataset: dataset.id, type: 'dataset.version' })
    expect(entry).toMatchObject({ number: 2, rows: 1, columns: { added: ['new'], removed: ['old'], retyped: ['amount'] } })
    await expect(t.catalog.updateDataset(dataset.id, { metadata: { ...metadata, columns: [{ name: 'nowhere' }] } })).rejects.toThrow('the data has no column nowhere')
  })

  test('a refused file leaves nothing behind', async () => {
    const path = await source('again.csv', 'a\n1\n')
    await t.catalog.createDataset({ id: 'twice', metadata, source: file, file: { path, fileName: 'x.csv', keep: 'copy' } })
    await expect(t.catalog.createDataset({ id: 'twice', metadata, source: file, file: { path, fileName: 'x.csv', keep: 'copy' } })).rejects.toMatchObject({ code: 'already-exists' })
    expect(await readdir(join(t.data, 'files', 'incoming'))).toEqual([])
    expect(await readFile((await t.catalog.fileVersion('twice'))?.path ?? '', 'utf8')).toBe('a\n1\n')
  })
})

describe('metadata and sources', () => {
  test('SQL and odd characters in names are text', async () => {
    const title = { en: `'; drop table dataset; -- %_\\ "ñ"` }
    const dataset = await t.catalog.createDataset({ id: 'sql', metadata: { title }, source: httpSource })
    expect((await t.catalog.getDataset('sql')).metadata.title).toEqual(title)
    expect((await t.catalog.listDatasets({ limit: 10, q: 'drop table' })).items.map(({ id }) => id)).toEqual([dataset.id])
    expect((await t.catalog.listDatasets({ limit: 10, q: 'd_op%' })).items).toHaveLength(0)
    await expect(t.catalog.getDataset("' or 1=1 --")).rejects.toMatchObject({ code: 'not-found' })
  })

  test.each([
    [{ title: {} }, '/metadata/title'],
    [{ title: { 'not a language': 'x' } }, '/metadata/title'],
    [{ title: { en: '' } }, '/metadata/title/en'],
    [{ ...metadata, extra: 1 }, 'extra'],
    [{ ...metadata, period: { start: '2026-02-01', end: '2026-01-01' } }, '/metadata/period: must not end before it starts'],
    [{ ...metadata, period: { start: 'yesterday' } }, '/metadata/period/start'],
    [{ ...metadata, landingPage: 'javascript:alert(1)' }, '/metadata/landingPage'],
    [{ ...metadata, columns: [{ name: 'a' }, { name: 'a' }] }, 'names the column a twice'],
    [{ title: { en: 'a\0b' } }, 'valid Unicode without NUL'],
    [{ title: { en: '\ud800' } }, 'valid Unicode without NUL'],
  ])('metadata %j is refused', async (wrong, message) => {
    // The catalog is the edge for what management hands on, so it is given what a caller could send.
    const input = JSON.parse(JSON.stringify({ metadata: wrong, source: httpSource }))
    await expect(t.catalog.createDataset(input)).rejects.toThrow(message)
  })

  test.each([
    { type: 'ftp' },
    { ...httpSource, baseUrl: 'file:///etc/passwd' },
    { ...httpSource, baseUrl: 'https://user:secret@example.org' },
    { ...httpSource, requestHeaders: ['x\r\ny'] },
    { ...httpSource, secrets: [{ header: 'x-key', secret: 'none' }] },
    { ...httpSource, methods: ['DELETE'] },
    { type: 'postgresql', connection: 'main' },
  ])('source %j is refused', async (wrong) => {
    const input = JSON.parse(JSON.stringify({ metadata, source: wrong }))
    await expect(t.catalog.createDataset(input)).rejects.toMatchObject({ code: 'invalid-source' })
  })

  test('ids may be chosen within bounds', async () => {
    for (const id of ['', 'a b', 'a\0', 'x'.repeat(201), 'ñ']) await expect(t.catalog.createDataset({ id, metadata, source: httpSource })).rejects.toMatchObject({ code: 'bad-request' })
    expect((await t.catalog.createDataset({ id: 'ACN0101', metadata, source: httpSource })).id).toBe('ACN0101')
  })

  test('a change names the version it changes', async () => {
    const { id } = await t.catalog.createDataset({ metadata, source: httpSource })
    const changed = await t.catalog.updateDataset(id, { metadata: { title: { en: 'New' } }, ifVersion: 1 })
    expect(changed).toMatchObject({ version: 2, metadata: { title: { en: 'New' }, columns: [] } })
    await expect(t.catalog.updateDataset(id, { metadata, ifVersion: 1 })).rejects.toMatchObject({ code: 'precondition-failed' })
    await expect(t.catalog.updateDataset(id, { source: { type: 'file' } })).rejects.toMatchObject({ code: 'conflict' })
    await expect(t.catalog.removeDataset(id, 1)).rejects.toMatchObject({ code: 'precondition-failed' })
    await t.catalog.removeDataset(id, 2)
    await expect(t.catalog.getDataset(id)).rejects.toMatchObject({ code: 'not-found' })
  })

  test('a dataset stays while an offer or an agreement names it, and the refusal says what to do', async () => {
    const { id } = await t.catalog.createDataset({ metadata, source: httpSource })
    const offer = await t.catalog.createOffer({ datasets: [id], policy: open, decision: 'automatic', audience: null })
    await expect(t.catalog.removeDataset(id)).rejects.toThrow(`concordat offer remove ${offer.id}`)
    await t.catalog.removeOffer(offer.id)
    const at = new Date()
    const agreement = { role: 'provider' as const, negotiation_id: 'n', counterparty: 'p', assigner: 'a', assignee: 'b', message: '{}', message_sha256: '', agreement: '{}', signed_at: '', created_at: at }
    await t.database.db.insertInto('agreement').values({ ...agreement, id: 'agreement-1', dataset_id: id }).execute()
    await expect(t.catalog.removeDataset(id)).rejects.toThrow('The agreement agreement-1 is about this dataset')
  })

  test('lists go page by page in the order of creation', async () => {
    const ids: string[] = []
    let after: string | undefined
    do {
      const page: Awaited<ReturnType<typeof t.catalog.listDatasets>> = await t.catalog.listDatasets({ limit: 2, ...(after === undefined ? {} : { after }) })
      ids.push(...page.items.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual((await t.catalog.listDatasets({ limit: 1000 })).items.map(({ id }) => id))
    await expect(t.catalog.listDatasets({ limit: 2, after: 'x' })).rejects.toMatchObject({ code: 'invalid-cursor' })
  })

  test('every change is in the record', async () => {
    const { id } = await t.catalog.createDataset({ metadata, source: httpSource })
    await t.catalog.updateDataset(id, { metadata })
    await t.catalog.removeDataset(id)
    const entries = await t.audit.entries({ limit: 10, dataset: id })
    expect(entries.map(({ type }) => type)).toEqual(['dataset.created', 'dataset.updated', 'dataset.removed'])
  })
})
