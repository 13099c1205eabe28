import type { Offer } from '../catalog/offers/offer.ts'
import { unconstrained } from '../policy/unconstrained.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { pageOf, pageWith } from './page.ts'
import { etag } from './precondition.ts'

type OfferHandlers = Pick<Handlers, 'listOffers' | 'createOffer' | 'getOffer' | 'removeOffer'>

export function offerHandlers({ catalog }: Pick<ManagementDeps, 'catalog'>): OfferHandlers {
  return {
    listOffers: async ({ query }) => {
      const page = await catalog.listOffers({ ...pageOf(query), ...(query.dataset === undefined ? {} : { dataset: query.dataset }) })
      return { status: 200, body: pageWith(page, show) }
    },
    createOffer: async ({ body, caller }) => {
      const { id, datasets, policy = unconstrained, decision = 'automatic', audience = null } = body
      const offer = await catalog.createOffer({ ...(id === undefined ? {} : { id }), datasets, policy, decision, audience, actor: caller.name })
      return { status: 201, headers: { Location: `/offers/${encodeURIComponent(offer.id)}`, ETag: etag(offer.version) }, body: show(offer) }
    },
    getOffer: async ({ path }) => {
      const offer = await catalog.getOffer(path.offerId)
      return { status: 200, headers: { ETag: etag(offer.version) }, body: show(offer) }
    },
    removeOffer: async ({ path, ifVersion, caller }) => {
      await catalog.removeOffer(path.offerId, ifVersion, caller.name)
      return { status: 204 }
    },
  }
}

function show(offer: Offer): Schemas['Offer'] {
  return {
    id: offer.id,
    datasets: offer.datasets.map(({ id, offerId }) => ({ dataset: id, offer: offerId })),
    policy: { ...offer.policy },
    decision: offer.decision,
    audience: offer.audience,
    version: offer.version,
    createdAt: offer.createdAt.toISOString(),
  }
}
