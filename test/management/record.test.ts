import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen } from '../../src/http/listener.ts'
import { createManagementServer } from '../../src/management/server.ts'
import { operatorToken, startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
beforeAll(async () => {
  management = await startManagement()
  await management.deps.database.transaction(async (tx) => {
    const records = Array.from({ length: 1200 }, (_, n) => ({ type: n % 2 === 0 ? 'data.permitted' : 'data.released', partner: '=cmd()', transfer: `t${n % 3}`, rule: 'a "quoted", text' }))
    await management.deps.audit.append(tx, ...records)
  })
})
afterAll(() => management.close())

interface Event {
  readonly id: number
  readonly event: string
  readonly data: { readonly index: number; readonly type: string }
}

/** Reads a stream of events until `enough` says so; gives the events and the whole text. */
async function readEvents(path: string, headers: Record<string, string>, enough: (events: readonly Event[], text: string) => boolean, opened?: () => void): Promise<{ events: Event[]; text: string }> {
  const answer = await fetch(`${management.address}${path}`, { headers: { authorization: `Bearer ${operatorToken}`, ...headers } })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  opened?.()
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const events = parseEvents(text)
    // Leaving the loop ends the stream.
    if (enough(events, text)) return { events, text }
  }
  return { events: parseEvents(text), text }
}

function parseEvents(text: string): Event[] {
  return [...text.matchAll(/id: (\d+)\nevent: (\S+)\ndata: (.*)\n\n/g)].map(([, id, event, data]) => ({ id: Number(id), event: event ?? '', data: JSON.parse(data ?? '') }))
}

describe('GET /events', () => {
  test('resumes after Last-Event-ID without a gap, through all batches', async () => {
    const { events } = await readEvents('/events', { 'last-event-id': '99' }, (read) => read.length >= 1101)
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: events.length }, (_, n) => n + 100))
    expect(events[0]?.data.index).toBe(100)
  })

  test('begins with what happens from now on, by the types asked for, and shows that it lives', async () => {
    const size = await management.deps.audit.size()
    const open = Promise.withResolvers<void>()
    const stream = readEvents('/events?type=token.*&type=partner.removed', {}, (read, text) => read.length > 0 && text.includes('\n:\n'), open.resolve)
    await open.promise
    await management.call('POST', '/partners', { json: { id: 'did:web:live.example', name: 'Live' } })
    await management.call('POST', '/tokens', { json: { name: 'new', role: 'auditor' } })
    const { events } = await stream
    expect(events.map(({ event }) => event)).toEqual(['token.created'])
    expect(events[0]?.id).toBeGreaterThanOrEqual(size)
  })

  test('may be resumed by a query parameter, from the beginning too', async () => {
    const { events } = await readEvents('/events?after=-1&type=token.created', {}, (read) => read.length > 0)
    expect(events[0]).toMatchObject({ id: 1, event: 'token.created' })
  })

  test('ends when the listener closes', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0 })
    const server = createManagementServer(management.deps, { host: '127.0.0.1' })
    listener.server.on('request', server.app)
    const answer = await fetch(`http://127.0.0.1:${listener.port}/events`, { headers: { authorization: `Bearer ${operatorToken}` } })
    const reading = answer.text()
    server.close()
    await listener.close()
    expect(await reading).toContain('retry:')
  })
})

describe('GET /audit/entries', () => {
  test('gives pages by number, and only what was asked for', async () => {
    const first = await management.call('GET', '/audit/entries?transfer=t1&type=data.permitted&limit=150')
    const { items, next }: { items: { index: number; type: string; transfer: string }[]; next: string } = JSON.parse(first.text)
    expect(items).toHaveLength(150)
    expect(items.every(({ type, transfer }) => type === 'data.permitted' && transfer === 't1')).toBe(true)
    const second: { items: { index: number }[]; next: string | null } = JSON.parse((await management.call('GET', `/audit/entries?transfer=t1&type=data.permitted&limit=150&cursor=${next}`)).text)
    expect(second.items).toHaveLength(50)
    expect(second.next).toBeNull()
    expect(second.items[0]?.index).toBeGreaterThan(items.at(-1)?.index ?? 0)
    expect(await management.call('GET', '/audit/entries?since=2999-01-01T00:00:00Z')).toMatchObject({ body: { items: [], next: null } })
    expect(await management.call('GET', '/audit/entries?cursor=MTA')).toMatchObject({ status: 400, body: { code: 'invalid-cursor' } })
  })
})

describe('GET /audit/export', () => {
  test('gives all of it as NDJSON', async () => {
    const { text, headers } = await management.call('GET', '/audit/export')
    const lines = text.trimEnd().split('\n')
    expect(headers['content-disposition']).toBe('attachment; filename="audit.ndjson"')
    // The record of the export itself comes after what is exported.
    expect(lines).toHaveLength((await management.deps.audit.size()) - 1)
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject(lines.map((_, index) => ({ index })))
  })

  test('gives CSV in which no cell is a formula', async () => {
    const { text } = await management.call('GET', '/audit/export?format=csv&transfer=t1')
    const lines = text.trimEnd().split('\r\n')
    expect(lines[0]).toBe('index,time,utc,type,partner,agreement,transfer,dataset,asked,role,purpose,user,actor,decision,code,reason,count,rows,bytes,withheld,sha256,entry')
    expect(lines).toHaveLength(401)
    expect(lines[1]).toContain(",'=cmd(),")
    expect(lines[1]).toContain('\\""quoted\\"", text')
  })
})

describe('The outbox', () => {
  test('is listed in pages, without bodies, and retried', async () => {
    const { outbox } = management
    await management.deps.database.transaction(async (tx) => {
      for (const n of [1, 2, 3]) await outbox.enqueue(tx, { id: `m${n}`, kind: 'dsp', processId: `p${n}`, name: 'TransferStartMessage', recipient: 'did:web:x.example', url: 'https://x.example', body: '{"secret":"token-inside"}' })
    })
    await outbox.settle()
    const first = await management.call('GET', '/outbox?limit=2')
    expect(first).toMatchObject({ status: 200, body: { items: [{ id: 'm1', status: 'refused', lastError: 'nobody there' }, { id: 'm2' }] } })
    expect(first.text).not.toContain('token-inside')
    const { next }: { next: string } = JSON.parse(first.text)
    expect(await management.call('GET', `/outbox?limit=2&cursor=${next}`)).toMatchObject({ body: { items: [{ id: 'm3' }], next: null } })
    expect(await management.call('GET', '/outbox?status=pending')).toMatchObject({ body: { items: [] } })
    expect(await management.call('POST', '/outbox/m1/retry')).toMatchObject({ status: 202 })
    expect(await management.call('POST', '/outbox/none/retry')).toMatchObject({ status: 404 })
    expect((await management.call('GET', '/metrics', { token: '' })).text).toContain('concordat_size{of="outbox-refused"}')
  })
})
