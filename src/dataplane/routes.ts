import type { IncomingMessage, ServerResponse } from 'node:http'
import { Router } from 'express'
import { ProblemError } from '../errors.ts'
import { serveData } from './data-route.ts'
import type { DataRouteDeps, DataTarget } from './exchange.ts'
import type { InboxDeps } from './inbox.ts'
import { receiveDelivery } from './inbox.ts'

/** The routes of the data plane: `/data/:transferId`, with anything below it for HTTP sources, and `/inbox/:transferId`. */
export function createDataPlaneRouter(data: DataRouteDeps, inbox: InboxDeps): Router {
  const router = Router()
  // The address is read as it came: a decoded path would hide what a source makes of it.
  router.use((request, response, next) => {
    const target = targetOf(request.url)
    if (target === undefined) return next()
    const served = target.kind === 'data' ? onData(data, request, response, target) : onInbox(inbox, request, response, target)
    served.catch(next)
  })
  return router
}

function targetOf(url: string): (DataTarget & { readonly kind: 'data' | 'inbox' }) | undefined {
  const match = /^\/(data|inbox)\/([^/?]+)(\/[^?]*)?(\?.*)?$/.exec(url)
  if (match === null) return undefined
  const [, kind, id = '', path = '', query = ''] = match
  const transferId = decodedId(id)
  if (transferId === undefined || (kind === 'inbox' && path !== '')) return undefined
  return { kind: kind === 'inbox' ? 'inbox' : 'data', transferId, path, query: query === '?' ? '' : query }
}

function decodedId(id: string): string | undefined {
  try {
    return decodeURIComponent(id)
  } catch {
    return undefined
  }
}

async function onData(deps: DataRouteDeps, request: IncomingMessage, response: ServerResponse, target: DataTarget): Promise<void> {
  // Browsers may read the data with a token of their own; no cookie is ever taken, so any origin may.
  response.setHeader('Access-Control-Allow-Origin', '*')
  response.setHeader('Access-Control-Expose-Headers', '*')
  if (request.method === 'OPTIONS') return answerPreflight(request, response)
  await serveData(deps, request, response, target)
}

function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers['access-control-request-headers']
  const names = asked !== undefined && /^[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+)*$/.test(asked) ? asked : 'authorization, range, if-range, if-none-match, accept'
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST')
  response.setHeader('Access-Control-Allow-Headers', names)
  response.setHeader('Access-Control-Max-Age', '600')
  response.writeHead(204).end()
}

async function onInbox(deps: InboxDeps, request: IncomingMessage, response: ServerResponse, target: DataTarget): Promise<void> {
  if (request.method !== 'PUT' && request.method !== 'POST') {
    response.setHeader('Allow', 'PUT, POST')
    throw new ProblemError('method-not-allowed', 'Deliver with PUT or POST.')
  }
  await receiveDelivery(deps, request, response, target.transferId)
}
