import { text } from 'node:stream/consumers'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { listen } from '../../src/http/listener.ts'
import type { AccessStatement } from '../../src/identity/statement.ts'
import { requestDigest } from '../../src/identity/statement.ts'
import { openParticipant } from '../identity/participant.ts'
import type { Participant } from '../identity/participant.ts'

/** One request as it came to the provider. */
export interface Got {
  readonly method: string
  /** Below the endpoint. */
  readonly path: string
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** What the statement says, when it came with one that counts. */
  readonly statement: AccessStatement | undefined
  /** Whether the statement is for this very request. */
  readonly isFor: boolean
}

type Answer = (got: Got, response: ServerResponse) => void

/** A provider's data plane on a real socket: it verifies statements, notes what came and answers as it is told. */
export interface StandInProvider {
  readonly id: string
  readonly participant: Participant
  readonly endpoint: string
  readonly got: Got[]
  answer: Answer
  close(): Promise<void>
}

const prefix = '/data/their%3Apid'

export async function startStandInProvider(clock: () => Date): Promise<StandInProvider> {
  const participant = await openParticipant(clock)
  const listener = await listen({ host: '127.0.0.1', port: 0, closeWithinMs: 50 })
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const [, path = '', query = ''] = /^([^?]*)(\?.*)?$/.exec((request.url ?? '').slice(prefix.length)) ?? []
    const { accept, range, prefer, 'concordat-statement': jws } = request.headers
    const method = request.method ?? ''
    const statement = typeof jws === 'string' ? await participant.identity.readStatement(jws) : undefined
    const digest = requestDigest({ method, path, query, accept, range, prefer: typeof prefer === 'string' ? prefer : undefined })
    const each = { method, path, query, headers: request.headers, body: await text(request), statement, isFor: statement?.request === digest }
    provider.got.push(each)
    provider.answer(each, response)
  }
  listener.server.on('request', (request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(599).end(String(error)))
  })
  const close = async () => {
    await listener.close()
    await participant.close()
  }
  const provider: StandInProvider = { id: participant.identity.id, participant, endpoint: `http://127.0.0.1:${listener.port}${prefix}`, got: [], answer: (_got, response) => response.end('[]'), close }
  return provider
}
