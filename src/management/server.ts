import { isIP } from 'node:net'
import express from 'express'
import type { RequestHandler } from 'express'
import { ProblemError } from '../errors.ts'
import { problemHandler } from '../http/problem.ts'
import { createAuthenticate } from './authentication.ts'
import type { Authenticate } from './authentication.ts'
import type { ManagementDeps } from './deps.ts'
import { createGatewayRouter } from './gateway.ts'
import { createLogins } from './logins.ts'
import { allowedSoFar, createManagementRouter } from './router.ts'

/** The management listener's application. `close` ends event streams, so that the listener can close. */
export interface ManagementServer {
  readonly app: express.Express
  /** Finds out whose API token a request of the public listener carries. */
  readonly authenticate: Authenticate
  close(): void
}

/** `host`: what the listener is bound to. */
export function createManagementServer(deps: ManagementDeps, at: { host: string }): ManagementServer {
  const stopping = new AbortController()
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('strict routing')
  app.enable('case sensitive routing')
  app.use(logRequests(deps))
  app.use(secure)
  app.use(requireLocalHost(at.host))
  const logins = createLogins({ audit: deps.audit, clock: deps.clock, onError: (error) => deps.log.error({ err: error }, 'a login is not recorded') })
  const authenticate = createAuthenticate({ ...deps, logins })
  app.use(createGatewayRouter({ ...deps, logins }, authenticate))
  app.use(createManagementRouter({ ...deps, stopping: stopping.signal, authenticate }))
  app.use(notServed)
  app.use(problemHandler(deps.log))
  return {
    app,
    authenticate,
    close: () => {
      logins.flush()
      stopping.abort()
    },
  }
}

/** One line and one count for each request: the route's pattern and never its query, body or token. */
function logRequests({ log, metrics }: Pick<ManagementDeps, 'log' | 'metrics'>): RequestHandler {
  return (req, res, next) => {
    const start = performance.now()
    res.once('close', () => {
      const route: unknown = res.locals['route']
      const token: unknown = res.locals['token']
      const seen = { method: req.method, route: typeof route === 'string' ? route : 'none', status: res.statusCode, ms: Math.round((performance.now() - start) * 10) / 10 }
      metrics.request({ listener: 'management', ...seen })
      log.info({ ...seen, ...(typeof token === 'string' ? { token } : {}), ...(res.writableFinished ? {} : { cut: true }) }, 'management request')
    })
    next()
  }
}

const secure: RequestHandler = (_, res, next) => {
  res.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'", 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store' })
  next()
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * On a loopback listener only loopback names are answered: a page whose name was made to resolve to 127.0.0.1 (DNS rebinding)
 * still sends its own name in `Host`.
 */
function requireLocalHost(host: string): RequestHandler {
  if (!isLoopback(host)) return (_req, _res, next) => next()
  return (req, _, next) => {
    const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    if (!loopbackNames.has(name)) throw new ProblemError('forbidden', 'This listener serves its own host only. Call it as localhost or 127.0.0.1.')
    next()
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

const notServed: RequestHandler = (req, res) => {
  const allow = allowedSoFar(res)
  if (allow.length === 0) throw new ProblemError('not-found', 'There is nothing at this address. openapi/management.yaml and openapi/audit.yaml list what there is.')
  res.set('Allow', allow.join(', '))
  throw new ProblemError('method-not-allowed', `${req.method} is not allowed here; ${allow.join(', ')} is.`)
}
