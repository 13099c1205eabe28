import { Router } from 'express'
import { ProblemError } from '../errors.ts'
import type { NegotiationMessage } from '../negotiation/messages.ts'
import type { Negotiations } from '../negotiation/negotiations.ts'
import { exchanging } from './exchange.ts'
import type { Exchange, ExchangeDeps, Reply } from './exchange.ts'
import { validators } from './validators.ts'
import type { Validator } from './validators.ts'

export type NegotiationRoutesDeps = ExchangeDeps & { readonly negotiations: Pick<Negotiations, 'receiveRequest' | 'receiveInitialOffer' | 'receive' | 'find'> }

/** Contract negotiation over HTTPS, both roles in one set of paths (DSP 2025-1, negotiation binding §2 and §3). */
export function negotiationRoutes(deps: NegotiationRoutesDeps): Router {
  const router = Router({ strict: false, caseSensitive: true })
  const route = (handle: (exchange: Exchange) => Promise<Reply>) => exchanging(deps, 'negotiation', handle)

  /** A message of a process that exists: it is checked, taken in, and acknowledged with an empty answer. */
  const message = (validate: Validator<NegotiationMessage>) =>
    route(async ({ partner, id, body, raw }) => {
      await deps.negotiations.receive(partner, id, validate(body), raw)
      return { status: 200 }
    })

  router.post(
    '/negotiations/request',
    route(async ({ partner, body }) => {
      const request = validators.contractRequest(body)
      if (request.callbackAddress === undefined) throw opening(request.providerPid, 'request')
      return { status: 201, body: await deps.negotiations.receiveRequest(partner, request) }
    }),
  )
  router.post(
    '/negotiations/offers',
    route(async ({ partner, body }) => {
      const offer = validators.contractOffer(body)
      if (offer.callbackAddress === undefined) throw opening(offer.consumerPid, 'offers')
      return { status: 201, body: await deps.negotiations.receiveInitialOffer(partner, offer) }
    }),
  )
  router.get(
    '/negotiations/:id',
    route(async ({ partner, id }) => ({ status: 200, body: await deps.negotiations.find(partner, id) })),
  )
  router.post('/negotiations/:id/request', message(counterRequest))
  router.post('/negotiations/:id/offers', message(counterOffer))
  router.post('/negotiations/:id/agreement', message(validators.contractAgreement))
  router.post('/negotiations/:id/agreement/verification', message(validators.agreementVerification))
  router.post('/negotiations/:id/events', message(validators.negotiationEvent))
  router.post('/negotiations/:id/termination', message(validators.negotiationTermination))
  return router
}

const counterRequest: Validator<NegotiationMessage> = (value) => {
  const request = validators.contractRequest(value)
  if (request.providerPid === undefined) throw new ProblemError('invalid-message', '/: must have providerPid instead of callbackAddress in a negotiation that exists.')
  return request
}

const counterOffer: Validator<NegotiationMessage> = (value) => {
  const offer = validators.contractOffer(value)
  if (offer.consumerPid === undefined) throw new ProblemError('invalid-message', '/: must have consumerPid instead of callbackAddress in a negotiation that exists.')
  return offer
}

function opening(pid: string | undefined, path: string): ProblemError {
  return new ProblemError('invalid-message', `/: must have callbackAddress, because this address opens a negotiation. For the one that exists, post to negotiations/${(pid ?? '').slice(0, 100)}/${path}.`)
}
