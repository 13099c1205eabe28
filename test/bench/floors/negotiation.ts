import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { jwtVerify, SignJWT } from 'jose'
import pg from 'pg'
import { Agent } from 'undici'
import { serve, textOf } from './serve.ts'

// One side of the least a negotiation needs: the five messages of the protocol's shortest way to FINALIZED, each an
// authenticated request that commits one transaction before it is answered. No states, no checks, no record, no retry.
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20 })
await pool.query('create table if not exists step (id text primary key, state text not null, body text not null)')

// Both sides are this program, and are given one key. A token is verified once and remembered, as connectors do.
const key = new TextEncoder().encode(process.env['FLOOR_KEY'])
const token = `Bearer ${await new SignJWT({ jti: randomUUID() }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key)}`
const verified = new Set<string>()
const agent = new Agent({ connections: 128 })
const listeners = new Set<ServerResponse>()

const next: Readonly<Record<string, string>> = { request: 'agreement', agreement: 'verification', verification: 'finalization' }
const filler = 'x'.repeat(700)

async function authenticate(authorization: string): Promise<void> {
  if (verified.has(authorization)) return
  await jwtVerify(authorization.slice('Bearer '.length), key)
  verified.add(authorization)
}

async function commit(id: string, state: string, body: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query({ name: 'step', text: 'insert into step (id, state, body) values ($1, $2, $3) on conflict (id) do update set state = excluded.state, body = excluded.body', values: [id, state, body] })
    await client.query('commit')
  } finally {
    client.release()
  }
}

async function send(to: string, name: string, id: string, from: string): Promise<void> {
  const { body } = await agent.request({ origin: to, path: `/${name}`, method: 'POST', headers: { authorization: token, 'content-type': 'application/json' }, body: JSON.stringify({ id, from, filler }) })
  await body.dump()
}

serve(async (request, response) => {
  const name = (request.url ?? '').slice(1)
  if (name === 'events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('\n\n')
    listeners.add(response)
    return
  }
  const raw = await textOf(request)
  const { id = randomUUID(), from, peer }: { id?: string; from?: string; peer?: string } = JSON.parse(raw)
  const own = `http://${request.headers.host}`
  if (name === 'begin') {
    await commit(id, name, raw)
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id }))
    return send(peer ?? '', 'request', id, own)
  }
  await authenticate(request.headers.authorization ?? '')
  await commit(id, name, raw)
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id }))
  if (name === 'finalization') for (const listener of listeners) listener.write(`data: ${id}\n\n`)
  const follows = next[name]
  if (follows !== undefined && from !== undefined) await send(from, follows, id, own)
})
