import { Router } from 'express'
import type { ErrorRequestHandler } from 'express'
import type { Catalog } from '../catalog/catalog.ts'
import { ProblemError } from '../errors.ts'
import { findPartner } from '../identity/store.ts'
import type { Identity } from '../identity/identity.ts'
import type { Database } from '../persistence/database.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { dspError } from './dsp-errors.ts'
import type { Part } from './dsp-errors.ts'
import { answer, refusing } from './exchange.ts'
import type { ExchangeDeps } from './exchange.ts'
import { negotiationRoutes } from './negotiation-routes.ts'
import type { NegotiationRoutesDeps } from './negotiation-routes.ts'
import { protocolPath, selfDescriptionRoutes } from './self-description.ts'
import { transferRoutes } from './transfer-routes.ts'
import type { TransferRoutesDeps } from './transfer-routes.ts'

export interface ProtocolDeps {
  readonly database: Pick<Database, 'db'>
  readonly identity: Pick<Identity, 'id' | 'caller' | 'document'>
  readonly catalog: Pick<Catalog, 'page' | 'visibleDataset'>
  readonly negotiations: NegotiationRoutesDeps['negotiations']
  readonly transfers: TransferRoutesDeps['transfers']
  /** The address at which this router is reached from outside, without a trailing slash. */
  readonly publicUrl: string
  /** Datasets on a catalog page; 50 unless told. */
  readonly pageSize?: number
  readonly maxBodyBytes?: number
  /** Called when an answer is out; wakes the outbox. */
  readonly afterAnswer: () => void
  /** Told about errors that are not refusals. */
  readonly onError: (error: unknown) => void
}

/** The Dataspace Protocol 2025-1 over HTTPS, in both roles, and what describes it. To be mounted at the public root. */
export function createProtocolRouter(deps: ProtocolDeps): Router {
  const router = Router({ caseSensitive: true })
  router.use(selfDescriptionRoutes(deps))

  const exchange: ExchangeDeps = {
    identity: deps.identity,
    findPartner: (id) => findPartner(deps.database.db, id),
    afterAnswer: deps.afterAnswer,
    onError: deps.onError,
    ...(deps.maxBodyBytes === undefined ? {} : { maxBodyBytes: deps.maxBodyBytes }),
  }
  const address = `${deps.publicUrl}${protocolPath}`
  router.use(protocolPath, catalogRoutes({ ...exchange, catalog: deps.catalog, address, participantId: deps.identity.id, pageSize: deps.pageSize ?? 50 }))
  router.use(protocolPath, negotiationRoutes({ ...exchange, negotiations: deps.negotiations }))
  router.use(protocolPath, transferRoutes({ ...exchange, transfers: deps.transfers }))
  for (const [path, part] of parts) {
    router.use(
      `${protocolPath}${path}`,
      refusing(part, () => new ProblemError('not-found', 'The Dataspace Protocol has no such address for this method.')),
    )
  }
  router.use(protocolPath, unreadable)
  return router
}

// Express hands on what it could not read of the address itself, such as a broken percent-encoding.
const unreadable: ErrorRequestHandler = (_error, request, response, _next) => {
  const [, part = 'catalog'] = parts.find(([path]) => path !== '' && request.path.startsWith(path)) ?? []
  const { status, body } = dspError(new ProblemError('bad-request', 'The address of the request cannot be read.'), part, {})
  answer(response, { status, body })
}

const parts: readonly (readonly [path: string, part: Part])[] = [
  ['/negotiations', 'negotiation'],
  ['/transfers', 'transfer'],
  ['', 'catalog'],
]
