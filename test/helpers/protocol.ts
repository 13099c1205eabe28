import type { RequestListener } from 'node:http'
import express from 'express'
import { ProblemError } from '../../src/errors.ts'
import { listen } from '../../src/http/listener.ts'
import { createProtocolRouter } from '../../src/protocol/router.ts'
import type { ProtocolDeps } from '../../src/protocol/router.ts'
import type { TestCatalog } from './catalog.ts'

/** A server on a free port of the loopback address. */
export interface TestServer {
  readonly url: string
  close(): Promise<void>
}

/** Serves what `build` gives for the server's own address. */
export async function serve(build: (url: string) => RequestListener): Promise<TestServer> {
  const listener = await listen({ host: '127.0.0.1', port: 0, closeWithinMs: 100 })
  const url = `http://127.0.0.1:${listener.port}`
  listener.server.on('request', build(url))
  return { url, close: () => listener.close() }
}

/** What was called, in order: a name and its arguments. */
export type Calls = { readonly name: string; readonly input: readonly unknown[] }[]

type Processes = Pick<ProtocolDeps, 'negotiations' | 'transfers'>

/** Negotiations and transfers that note what they are given and answer as they are told. */
export function recordingProcesses(calls: Calls, answers: { fail?: () => Error | undefined } = {}): Processes {
  const dspContext = ['https://w3id.org/dspace/2025/1/context.jsonld'] as const
  const note = (name: string, ...input: unknown[]) => {
    calls.push({ name, input })
    const error = answers.fail?.()
    if (error !== undefined) throw error
  }
  return {
    negotiations: {
      receiveRequest: async (partner, message) => {
        note('receiveRequest', partner.id, message)
        return { '@context': dspContext, '@type': 'ContractNegotiation', providerPid: 'our-pid', consumerPid: message.consumerPid, state: 'REQUESTED' }
      },
      receiveInitialOffer: async (partner, message) => {
        note('receiveInitialOffer', partner.id, message)
        return { '@context': dspContext, '@type': 'ContractNegotiation', providerPid: message.providerPid, consumerPid: 'our-pid', state: 'OFFERED' }
      },
      receive: async (partner, pid, message, raw) => note('receive', partner.id, pid, message, raw),
      find: async (partner, pid) => {
        note('find', partner.id, pid)
        if (pid !== 'our-pid') throw new ProblemError('not-found', `There is no negotiation ${pid}.`)
        return { '@context': dspContext, '@type': 'ContractNegotiation', providerPid: pid, consumerPid: 'c', state: 'AGREED' }
      },
    },
    transfers: {
      receiveRequest: async (partner, message) => {
        note('receiveRequest', partner.id, message)
        return { '@context': dspContext, '@type': 'TransferProcess', providerPid: 'our-pid', consumerPid: message.consumerPid, state: 'REQUESTED' }
      },
      receive: async (partner, pid, message) => note('receive', partner.id, pid, message),
      find: async (partner, pid) => {
        note('find', partner.id, pid)
        if (pid !== 'our-pid') throw new ProblemError('not-found', `There is no transfer ${pid}.`)
        return { '@context': dspContext, '@type': 'TransferProcess', providerPid: pid, consumerPid: 'c', state: 'STARTED' }
      },
    },
  }
}

/** An identity whose tokens are the participant id itself: `Bearer did:web:…`. */
export const plainIdentity = {
  id: 'did:web:provider.example',
  caller: async (authorization: string | undefined) => {
    const [, id] = /^Bearer (did:web:\S+)$/.exec(authorization ?? '') ?? []
    if (id === undefined) throw new ProblemError('unauthenticated', 'The token cannot be read.')
    return id
  },
  document: () => undefined,
}

/** The protocol router of a connector on a real socket. */
export async function serveProtocol(t: TestCatalog, more: Partial<ProtocolDeps> = {}): Promise<TestServer> {
  return serve((url) => {
    const app = express()
    app.disable('x-powered-by')
    const router = createProtocolRouter({
      database: t.database,
      identity: plainIdentity,
      catalog: t.catalog,
      ...recordingProcesses([]),
      publicUrl: url,
      afterAnswer: () => undefined,
      onError: (error) => {
        throw error
      },
      ...more,
    })
    app.use(router)
    return app
  })
}
