import { Router } from 'express'
import type { TransferMessage } from '../transfer/messages.ts'
import type { Transfers } from '../transfer/transfers.ts'
import { exchanging } from './exchange.ts'
import type { Exchange, ExchangeDeps, Reply } from './exchange.ts'
import { validators } from './validators.ts'
import type { Validator } from './validators.ts'

export type TransferRoutesDeps = ExchangeDeps & { readonly transfers: Pick<Transfers, 'receiveRequest' | 'receive' | 'find'> }

/** Transfer processes over HTTPS, both roles in one set of paths (DSP 2025-1, transfer binding §2 and §3). */
export function transferRoutes(deps: TransferRoutesDeps): Router {
  const router = Router({ strict: false, caseSensitive: true })
  const route = (handle: (exchange: Exchange) => Promise<Reply>) => exchanging(deps, 'transfer', handle)

  /** A message of a process that exists: it is checked, taken in, and acknowledged with an empty answer. */
  const message = (validate: Validator<TransferMessage>) =>
    route(async ({ partner, id, body }) => {
      await deps.transfers.receive(partner, id, validate(body))
      return { status: 200 }
    })

  router.post(
    '/transfers/request',
    route(async ({ partner, body }) => ({ status: 201, body: await deps.transfers.receiveRequest(partner, validators.transferRequest(body)) })),
  )
  router.get(
    '/transfers/:id',
    route(async ({ partner, id }) => ({ status: 200, body: await deps.transfers.find(partner, id) })),
  )
  router.post('/transfers/:id/start', message(validators.transferStart))
  router.post('/transfers/:id/suspension', message(validators.transferSuspension))
  router.post('/transfers/:id/completion', message(validators.transferCompletion))
  router.post('/transfers/:id/termination', message(validators.transferTermination))
  return router
}
