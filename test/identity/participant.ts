import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { createOutboundHttp } from '../../src/http/guarded-fetch.ts'
import { listen } from '../../src/http/listener.ts'
import type { Identity } from '../../src/identity/identity.ts'
import { openIdentity } from '../../src/identity/identity.ts'
import { createKeys } from '../../src/identity/keys.ts'

/** A clock that stands still until it is moved. */
export interface TestClock {
  (): Date
  forward(seconds: number): void
}

export function testClock(start = Date.parse('2026-03-01T12:00:00Z')): TestClock {
  let time = start
  return Object.assign(() => new Date(time), { forward: (seconds: number) => void (time += seconds * 1000) })
}

/** An HTTP server on loopback that answers by path, with a count of what it was asked for. */
export interface Host {
  readonly port: number
  readonly did: string
  readonly requests: string[]
  /** Path to JSON body, to text, or to a function that takes the answer into its hands. */
  readonly answers: Map<string, unknown>
  close(): Promise<void>
}

export async function openHost(): Promise<Host> {
  const listener = await listen({ host: '127.0.0.1', port: 0, closeWithinMs: 50 })
  const requests: string[] = []
  const answers = new Map<string, unknown>()
  listener.server.on('request', (request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    const answer = answers.get(path)
    if (answer === undefined) return response.writeHead(404).end()
    if (typeof answer === 'function') return answer(request, response)
    return response.writeHead(200, { 'Content-Type': 'application/did+json' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  return { port: listener.port, did: `did:web:localhost%3A${listener.port}`, requests, answers, close: () => listener.close() }
}

/** A connector's identity with a folder of keys and a host that serves its DID document. */
export interface Participant {
  readonly identity: Identity
  readonly host: Host
  readonly directory: string
  close(): Promise<void>
}

export async function openParticipant(clock: () => Date, isPartner?: (id: string) => Promise<boolean>): Promise<Participant> {
  const host = await openHost()
  const directory = await mkdtemp(join(tmpdir(), 'concordat-keys-'))
  await chmod(directory, 0o700)
  await createKeys(directory, clock)
  const http = createOutboundHttp({ allow: ['localhost', '127.0.0.1'] })
  const identity = await openIdentity({ directory, publicUrl: `http://localhost:${host.port}`, http, clock, ...(isPartner === undefined ? {} : { isPartner }) })
  host.answers.set('/.well-known/did.json', (_: unknown, response: { end(text: string): void }) => response.end(JSON.stringify(identity.document())))
  const close = async () => {
    await http.close()
    await host.close()
    await rm(directory, { recursive: true, force: true })
  }
  return { identity, host, directory, close }
}

/** A header value with any claims and header, signed with any key. What is `undefined` is left out. */
export async function signed(key: KeyObject | Uint8Array, header: { alg: string; kid?: string; [member: string]: unknown }, payload: Record<string, unknown>): Promise<string> {
  const claims: JWTPayload = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
  return `Bearer ${await new SignJWT(claims).setProtectedHeader(header).sign(key)}`
}
