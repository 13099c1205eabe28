import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A message that a peer was sent. */
export interface PeerMessage {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface PeerReply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Header and claims that differ from a good token's. */
export interface TokenChange {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly signWith?: KeyObject
}

/** A participant with an identity of its own that speaks whatever a test has it say. */
export interface Peer extends AsyncDisposable {
  /** `did:web:localhost%3A…`, resolvable on the loopback address. */
  readonly id: string
  readonly url: string
  /** Its Dataspace Protocol base address. */
  readonly dspAddress: string
  readonly kid: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly privateKey: KeyObject
  /** Verification methods of its DID document beside its own key, such as keys of logs. */
  readonly otherMethods: object[]
  /** The value of an `Authorization` header for `audience`. */
  authorization(audience: string, change?: TokenChange): string
  /** Every message that came to the base address. */
  readonly received: PeerMessage[]
  /** The next message that `matches`; an earlier one counts too. */
  next(matches: (message: PeerMessage) => boolean): Promise<PeerMessage>
  close(): Promise<void>
}

/** Starts a peer. `reply` answers what is sent to its base address; by default 200 with nothing. */
export async function startPeer(reply: (message: PeerMessage, peer: Peer) => PeerReply | Promise<PeerReply> = () => ({ status: 200 })): Promise<Peer> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const server = createServer()
  const port = await listen(server)
  const id = `did:web:localhost%3A${port}`
  const url = `http://localhost:${port}`
  const publicJwk = { ...publicKey.export({ format: 'jwk' }) }
  const received: PeerMessage[] = []
  const waiting = new Set<(message: PeerMessage) => void>()
  const close = async () => {
    server.close()
    server.closeAllConnections()
  }
  const peer: Peer = {
    id,
    url,
    dspAddress: `${url}/dsp`,
    kid: `${id}#key`,
    publicJwk,
    privateKey,
    otherMethods: [],
    authorization: (audience, change = {}) => tokenFor({ id, kid: `${id}#key`, privateKey }, audience, change),
    received,
    next: async (matches) => {
      const here = received.find((message) => matches(message))
      if (here !== undefined) return here
      const { promise, resolve } = Promise.withResolvers<PeerMessage>()
      const look = (message: PeerMessage) => {
        if (matches(message)) resolve(message)
      }
      waiting.add(look)
      const found = await promise
      waiting.delete(look)
      return found
    },
    close,
    [Symbol.asyncDispose]: close,
  }

  server.on('request', (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/.well-known/did.json') return send(response, { status: 200, body: didDocument(peer) })
    const message = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, text: (await buffer(request)).toString('utf8') }
    received.push(message)
    const answered = await reply(message, peer)
    send(response, answered)
    for (const look of waiting) look(message)
  }
  return peer
}

function didDocument({ id, kid, publicJwk, dspAddress, otherMethods }: Pick<Peer, 'id' | 'kid' | 'publicJwk' | 'dspAddress' | 'otherMethods'>) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
    id,
    verificationMethod: [{ id: kid, type: 'JsonWebKey2020', controller: id, publicKeyJwk: publicJwk }, ...otherMethods],
    authentication: [kid],
    assertionMethod: [kid],
    service: [{ id: `${id}#catalog`, type: 'CatalogService', serviceEndpoint: `${dspAddress}/catalog` }],
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: PeerReply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

function tokenFor(signer: { id: string; kid: string; privateKey: KeyObject }, audience: string, { header, claims, signWith }: TokenChange): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg: 'EdDSA', typ: 'JWT', kid: signer.kid, ...header })
  const payload = part({ iss: signer.id, sub: signer.id, aud: audience, jti: randomUUID(), iat: now, exp: now + 240, ...claims })
  const signature = sign(null, Buffer.from(`${head}.${payload}`), signWith ?? signer.privateKey).toString('base64url')
  return `Bearer ${head}.${payload}.${signature}`
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The peer has no port')
  return address.port
}
