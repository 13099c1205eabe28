import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { ProblemError } from '../errors.ts'
import type { Authenticate } from './authentication.ts'
import type { ManagementDeps } from './deps.ts'
import { createAdmitUser, purposeToState, roleToState } from './gateway-user.ts'
import type { Logins } from './logins.ts'
import { readLegalBasis, readPurpose } from './purpose.ts'
import { relay } from './relay.ts'
import type { RelayRequest } from './relay.ts'

/** A request to `/gateway/:transferId`, in its parts; `path` and `query` as they came, each with its first sign or empty. */
interface GatewayTarget {
  readonly transferId: string
  readonly path: string
  readonly query: string
}

/**
 * The gateway (`openapi/gateway.yaml`): our own users ask a provider through it. It knows who asks, states role and purpose with
 * our key, and never lets them see the provider's token.
 */
export function createGatewayRouter(deps: ManagementDeps & { readonly logins: Logins }, authenticate: Authenticate): express.Router {
  const admit = createAdmitUser(deps, authenticate)
  const router = express.Router()
  const serve = async (target: GatewayTarget, req: IncomingMessage, res: ServerResponse & { locals: Record<string, unknown> }) => {
    const user = await admit({ authorization: req.headers.authorization, address: req.socket.remoteAddress ?? '' })
    res.locals['token'] = user.mark
    const method = methodOf(req, res, target)
    const header = (name: string) => textOf(req.headers[name])
    const asked = header('concordat-purpose')
    const purpose = purposeToState(user, asked === undefined ? undefined : readPurpose(asked, '/header/concordat-purpose'))
    const basis = header('concordat-legal-basis')
    const legalBasis = basis === undefined ? undefined : readLegalBasis(basis, '/header/concordat-legal-basis')
    const stated = { role: roleToState(user, header('concordat-role')), purpose, legalBasis, subject: user.subject }
    const { write } = await relay(deps, { method, ...target, header, actor: user.name, stated, ...(method === 'POST' ? { body: req } : {}) })
    await write(res)
  }
  // The address is read as it came: the provider gets it so, and the statement is bound to it.
  router.use((req, res, next) => {
    const target = targetOf(req.url)
    if (target === undefined) return next()
    res.locals['route'] = target.path === '' ? '/gateway/{transferId}' : '/gateway/{transferId}/{path}'
    serve(target, req, res).catch(next)
  })
  return router
}

function targetOf(url: string): GatewayTarget | undefined {
  const [whole, id = '', path = '', query = ''] = /^\/gateway\/([^/?]+)(\/[^?]*)?(\?.*)?$/.exec(url) ?? []
  const transferId = decoded(id)
  return whole === undefined || transferId === undefined ? undefined : { transferId, path, query: query === '?' ? '' : query }
}

// PostgreSQL refuses NUL in text; no transfer has such an id.
function decoded(id: string): string | undefined {
  try {
    const text = decodeURIComponent(id)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

function methodOf(req: IncomingMessage, res: ServerResponse, target: GatewayTarget): RelayRequest['method'] {
  const { method } = req
  if (method === 'GET' || method === 'HEAD' || (method === 'POST' && target.path !== '')) return method
  res.setHeader('Allow', target.path === '' ? 'GET, HEAD' : 'GET, HEAD, POST')
  throw new ProblemError('method-not-allowed', 'Data is read with GET or HEAD; below an HTTP source the provider may allow POST.')
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
