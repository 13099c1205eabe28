import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandFor, jsonFrom as json, runCommand } from '../helpers/command.ts'
import { startDataspace } from '../helpers/dataspace.ts'
import type { Dataspace } from '../helpers/dataspace.ts'

const realData = join(import.meta.dirname, '../../../shared/data')
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

let dataspace: Dataspace
let folder: string
let provider: ReturnType<typeof commandFor>
let consumer: ReturnType<typeof commandFor>

beforeAll(async () => {
  dataspace = await startDataspace()
  folder = await mkdtemp(join(tmpdir(), 'concordat-cli-'))
  provider = commandFor(dataspace.provider)
  consumer = commandFor(dataspace.consumer)
})
afterAll(async () => {
  await dataspace.close()
  await rm(folder, { recursive: true })
})

/** Publishes a file, has it agreed on and its transfer started: all with the command. */
async function share(file: string, ...offerOptions: string[]) {
  const dataset = await json(provider, 'dataset', 'add', '--file', file, '--title', 'Shared', '--title', 'ca=Compartit')
  await json(provider, 'offer', 'add', dataset.id, '--to', dataspace.consumer.id, ...offerOptions)
  const { items } = await json(consumer, 'catalog', dataspace.provider.id, '--all')
  const offer = items.find((each: { '@id': string }) => each['@id'] === dataset.id).hasPolicy[0]['@id']
  return { dataset, offer }
}

async function agreed(file: string) {
  const { dataset, offer } = await share(file)
  const negotiation = await json(consumer, 'negotiate', dataspace.provider.id, offer)
  expect(negotiation.state).toBe('FINALIZED')
  return { dataset, agreement: String(negotiation.agreement) }
}

async function smallFile(name = 'small.csv', text = 'week,amount\n2024-W01,10.50\n2024-W02,11.25\n'): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

describe('from file to file', () => {
  test('publish, find, negotiate, transfer, get, and see the record of it', async () => {
    const file = await smallFile()
    const { dataset, agreement } = await agreed(file)
    const transfer = await json(consumer, 'transfer', 'start', agreement)
    expect(transfer).toMatchObject({ state: 'STARTED', role: 'consumer' })

    const original = join(folder, 'original.csv')
    expect(await json(consumer, 'get', transfer.id, '--out', original)).toMatchObject({ digest: 'verified', sha256: dataset.latest.sha256 })
    expect(await readFile(original)).toEqual(await readFile(file))
    const lines = await consumer('get', transfer.id, '--format', 'ndjson', '--out', '-')
    expect(lines.out.trim().split('\n').map((line) => JSON.parse(line))).toEqual([{ week: '2024-W01', amount: 10.5 }, { week: '2024-W02', amount: 11.25 }])

    const { items } = await json(provider, 'audit', 'list', '--agreement', agreement, '--type', 'data.permitted')
    expect(items).toHaveLength(2)
    const table = await provider('audit', 'list', '--type', 'data.permitted')
    expect(table.out).toContain(dataspace.consumer.id)
    const exported = join(folder, 'record.csv')
    expect(await provider('audit', 'export', '--format', 'csv', '--out', exported)).toMatchObject({ code: 0 })
    expect(await readFile(exported, 'utf8')).toContain('data.permitted')
    const records = (await provider('audit', 'export')).out.trim().split('\n')
    expect(records.map((line) => JSON.parse(line).index)).toEqual(records.map((_line, index) => index))
  })

  test('both sides hold the message of the agreement byte for byte', async () => {
    const { agreement } = await agreed(await smallFile('agreement.csv'))
    const there = await json(provider, 'agreement', 'show', agreement)
    for (const side of [provider, consumer]) expect(sha256((await side('agreement', 'show', agreement, '--message')).out)).toBe(there.messageSha256)
    expect((await json(consumer, 'agreement', 'list', '--role', 'consumer')).items.map((each: { id: string }) => each.id)).toContain(agreement)
  })

  test('an update makes a version, and the older one stays readable', async () => {
    const first = await smallFile('versions.csv', 'a\n1\n')
    const { dataset, agreement } = await agreed(first)
    const second = await smallFile('versions-2.csv', 'a,b\n1,2\n')
    const updated = await provider('dataset', 'update', dataset.id, '--file', second, '--description', 'With b', '--json')
    expect(updated).toMatchObject({ code: 0, err: expect.stringContaining('added b') })
    expect(JSON.parse(updated.out)).toMatchObject({ latest: { number: 2 }, metadata: { title: { en: 'Shared', ca: 'Compartit' }, description: { en: 'With b' } } })
    expect((await json(provider, 'dataset', 'versions', dataset.id)).items.map((each: { number: number }) => each.number)).toEqual([2, 1])
    const transfer = await json(consumer, 'transfer', 'start', agreement)
    expect((await consumer('get', transfer.id, '--out', '-')).out).toBe('a,b\n1,2\n')
    expect((await consumer('get', transfer.id, '--version', '1', '--out', '-')).out).toBe('a\n1\n')
  })

  test('suspended: nothing; resumed: the data; completed: nothing more', async () => {
    const { agreement } = await agreed(await smallFile('suspended.csv'))
    const transfer = await json(consumer, 'transfer', 'start', agreement)
    const provided = (await json(provider, 'transfer', 'list', '--agreement', agreement, '--role', 'provider')).items[0]
    await json(provider, 'transfer', 'suspend', provided.id, '--reason', 'Maintenance')
    await dataspace.settle()
    expect(await json(consumer, 'transfer', 'show', transfer.id)).toMatchObject({ state: 'SUSPENDED', suspendedBy: 'provider', reason: 'Maintenance' })
    expect(await consumer('get', transfer.id, '--out', '-')).toMatchObject({ code: 1, out: '' })
    await json(provider, 'transfer', 'resume', provided.id)
    await dataspace.settle()
    expect(await consumer('get', transfer.id, '--out', '-')).toMatchObject({ code: 0 })
    await json(consumer, 'transfer', 'complete', transfer.id)
    await dataspace.settle()
    expect(await json(provider, 'transfer', 'show', provided.id)).toMatchObject({ state: 'COMPLETED' })
  })

  test('a push delivers into the inbox', async () => {
    const file = await smallFile('pushed.csv')
    const { agreement } = await agreed(file)
    const transfer = await json(consumer, 'transfer', 'start', agreement, '--push')
    expect(transfer.state).toBe('COMPLETED')
    const { items } = await json(consumer, 'transfer', 'deliveries', transfer.id)
    expect(items).toMatchObject([{ sha256: sha256(await readFile(file)) }])
  })

  test('a terminated transfer is told', async () => {
    const { agreement } = await agreed(await smallFile('terminated.csv'))
    const transfer = await json(consumer, 'transfer', 'start', agreement)
    await json(consumer, 'transfer', 'terminate', transfer.id, '--reason', 'Enough')
    await dataspace.settle()
    expect((await json(provider, 'transfer', 'list', '--agreement', agreement)).items[0]).toMatchObject({ state: 'TERMINATED' })
  })
})

describe('people decide', () => {
  test('a manual offer waits at the provider, who approves', async () => {
    const { offer } = await share(await smallFile('manual.csv'), '--manual')
    expect(await consumer('negotiate', dataspace.provider.id, offer, '--timeout', '1')).toMatchObject({ code: 7, err: expect.stringContaining('has not answered yet') })
    const [waiting] = (await json(provider, 'negotiation', 'list', '--state', 'REQUESTED', '--role', 'provider')).items
    expect((await provider('negotiation', 'list')).out).toContain('REQUESTED (waits for you)')
    expect(await json(provider, 'negotiation', 'approve', waiting.id)).toMatchObject({ state: 'FINALIZED' })
  })

  test('an offer that was not asked for is accepted', async () => {
    const dataset = await json(provider, 'dataset', 'add', '--file', await smallFile('unasked.csv'), '--title', 'Unasked')
    const offer = await json(provider, 'offer', 'add', dataset.id)
    expect(await json(provider, 'negotiation', 'offer', dataspace.consumer.id, offer.id, '--no-wait')).toMatchObject({ state: 'OFFERED' })
    await dataspace.settle()
    const [offered] = (await json(consumer, 'negotiation', 'list', '--state', 'OFFERED')).items
    expect(await json(consumer, 'negotiation', 'accept', offered.id)).toMatchObject({ state: 'FINALIZED' })
  })

  test('a termination by the other side gives 6', async () => {
    const { offer } = await share(await smallFile('refused.csv'), '--manual')
    const asking = consumer('negotiate', dataspace.provider.id, offer)
    let waiting: { id: string } | undefined
    while (waiting === undefined) waiting = (await json(provider, 'negotiation', 'list', '--state', 'REQUESTED')).items[0]
    await json(provider, 'negotiation', 'terminate', waiting.id, '--reason', 'Not for you')
    expect(await asking).toMatchObject({ code: 6, err: expect.stringContaining('Not for you') })
  })
})

describe('the register and the rest', () => {
  test('partners, offers and datasets come and go', async () => {
    const did = 'did:web:somebody.example'
    await json(provider, 'partner', 'add', did, '--name', 'Somebody')
    expect(await provider('partner', 'add', did)).toMatchObject({ code: 1, err: expect.stringContaining('already-exists') })
    expect(await json(provider, 'partner', 'add', did, '--update', '--name', 'Some body')).toMatchObject({ name: 'Some body' })
    expect((await provider('partner', 'list')).out).toContain('Some body')
    expect(await json(provider, 'partner', 'remove', did)).toEqual({ removed: did })
    expect(await provider('partner', 'show', did)).toMatchObject({ code: 3, out: '' })

    const dataset = await json(provider, 'dataset', 'add', '--file', await smallFile('gone.csv'), '--title', 'Gone')
    const offer = await json(provider, 'offer', 'add', dataset.id)
    expect((await json(provider, 'offer', 'list', '--dataset', dataset.id)).items).toHaveLength(1)
    expect(await provider('dataset', 'remove', dataset.id)).toMatchObject({ code: 1, err: expect.stringContaining('conflict') })
    await json(provider, 'offer', 'remove', offer.id)
    await json(provider, 'dataset', 'remove', dataset.id)
    expect(await provider('dataset', 'show', dataset.id)).toMatchObject({ code: 3 })
  })

  test('an HTTP source with a secret that is never shown', async () => {
    await runCommand(['secret', 'set', 'api-key', '--url', dataspace.provider.managementUrl, '--token', dataspace.provider.token], 'Bearer s3cr3t\n')
    const source = ['--http', 'https://api.example/v1', '--path', '/stations/*', '--method', 'get', '--secret', 'authorization=api-key']
    expect(await json(provider, 'dataset', 'add', '--title', 'Live', ...source)).toMatchObject({ source: { type: 'http', methods: ['GET'], secrets: [{ header: 'authorization', secret: 'api-key' }] } })
    const list = await provider('secret', 'list', '--json')
    expect(list.out).toContain('api-key')
    expect(list.out).not.toContain('s3cr3t')
  })

  test('tokens: shown once, held to their role, revoked at once', async () => {
    const made = await json(provider, 'token', 'create', 'Anna', '--role', 'auditor', '--expires', '2999-01-01')
    const auditor = commandFor({ managementUrl: dataspace.provider.managementUrl, token: made.token })
    expect(await auditor('audit', 'list')).toMatchObject({ code: 0 })
    expect(await auditor('partner', 'list')).toMatchObject({ code: 4, out: '' })
    expect((await provider('token', 'list', '--json')).out).not.toContain(made.token)
    await json(provider, 'token', 'revoke', made.id)
    expect(await auditor('audit', 'list')).toMatchObject({ code: 4 })
  })

  test('self, key rotate and the outbox', async () => {
    expect(await json(provider, 'self')).toMatchObject({ id: dataspace.provider.id, token: { role: 'operator' } })
    expect(await json(provider, 'key', 'rotate')).toMatchObject({ kid: expect.stringContaining(dataspace.provider.id) })
    expect(await json(provider, 'outbox', 'list')).toEqual({ items: [], next: null })
    expect(await provider('outbox', 'retry', 'urn:uuid:none')).toMatchObject({ code: 3 })
  })
})

const files = ['accidents_2017.csv', 'average_rent_2016.csv', 'immigrants_by_nationality.csv', 'population.csv', 'rent_contracts_2016.csv', 'unemployment.csv']

if (existsSync(realData)) {
  test.each(files)('real data: %s arrives as it was published, and as Parquet', async (name) => {
    const { dataset, agreement } = await agreed(join(realData, name))
    expect(dataset.latest.rows).toBeGreaterThan(70)
    const transfer = await json(consumer, 'transfer', 'start', agreement)
    expect(await json(consumer, 'get', transfer.id, '--out', join(folder, name))).toMatchObject({ digest: 'verified', sha256: sha256(await readFile(join(realData, name))) })
    const parquet = join(folder, `${name}.parquet`)
    await json(consumer, 'get', transfer.id, '--format', 'parquet', '--out', parquet)
    expect((await readFile(parquet)).subarray(0, 4).toString()).toBe('PAR1')
  })
} else {
  test.skip(`real data: ${realData} is not here`, () => undefined)
}
