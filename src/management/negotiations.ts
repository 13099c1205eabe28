import type { NegotiationView } from '../negotiation/negotiations.ts'
import { ProblemError } from '../errors.ts'
import type { MessageOffer, PolicyTerms } from '../policy/odrl.ts'
import { requireAgreeable } from '../policy/offer/agreeable.ts'
import { bareTerms } from '../policy/read/bare-terms.ts'
import { writeDsp } from '../policy/read/write.ts'
import type { ManagementDeps } from './deps.ts'
import type { BodyOf, Handlers, Schemas } from './operation.ts'
import { pageOf, pageWith } from './page.ts'
import { findPartnerOffer } from './partner-catalogs.ts'
import { requirePartner } from './partners.ts'
import { etag } from './precondition.ts'

type NegotiationHandlers = Pick<
  Handlers,
  'listNegotiations' | 'requestNegotiation' | 'offerNegotiation' | 'getNegotiation' | 'acceptNegotiation' | 'counterNegotiation' | 'approveNegotiation' | 'terminateNegotiation'
>
type NegotiationsDeps = Pick<ManagementDeps, 'database' | 'negotiations' | 'peerCatalogs' | 'newId'>

export function negotiationHandlers(deps: NegotiationsDeps): NegotiationHandlers {
  const { negotiations } = deps
  const answer = async (work: Promise<NegotiationView>) => {
    const negotiation = await work
    return { status: 200, headers: { ETag: etag(negotiation.version) }, body: show(negotiation) } as const
  }
  const created = async (work: Promise<NegotiationView>) => {
    const negotiation = await work
    return { status: 201, headers: { Location: `/negotiations/${encodeURIComponent(negotiation.id)}`, ETag: etag(negotiation.version) }, body: show(negotiation) } as const
  }
  return {
    listNegotiations: async ({ query }) => {
      const { cursor: _cursor, limit: _limit, ...conditions } = query
      return { status: 200, body: pageWith(await negotiations.list({ ...conditions, ...pageOf(query) }), show) }
    },
    requestNegotiation: async ({ body, caller }) => {
      const offer = await offerToAsk(deps, body)
      return created(negotiations.request({ partner: body.partner, offer, actor: caller.name, ...(body.decision === undefined ? {} : { decision: body.decision }) }))
    },
    offerNegotiation: async ({ body, caller }) => {
      await requirePartner(deps, body.partner)
      return created(negotiations.offer({ partner: body.partner, offerId: body.offer, actor: caller.name, ...(body.dataset === undefined ? {} : { datasetId: body.dataset }) }))
    },
    getNegotiation: async ({ path }) => answer(negotiations.get(path.negotiationId)),
    acceptNegotiation: async ({ path, caller }) => answer(negotiations.accept(path.negotiationId, caller.name)),
    counterNegotiation: async ({ path, body, caller }) => {
      const terms = writeDsp(requireAgreeable(body.policy, '/body/policy'))
      const { datasetId } = await negotiations.get(path.negotiationId)
      return answer(negotiations.counter(path.negotiationId, { '@id': deps.newId(), '@type': 'Offer', target: datasetId, ...terms }, caller.name))
    },
    approveNegotiation: async ({ path, caller }) => answer(negotiations.approve(path.negotiationId, caller.name)),
    terminateNegotiation: async ({ path, body, caller }) => answer(negotiations.terminate(path.negotiationId, { ...body, actor: caller.name })),
  }
}

/** The offer to ask for: one of the partner's catalog, or a whole one that was given. */
async function offerToAsk(deps: NegotiationsDeps, body: BodyOf<'requestNegotiation'>): Promise<MessageOffer> {
  const partner = await requirePartner(deps, body.partner)
  const { offer, dataset } = body
  if (typeof offer === 'string') {
    const found = await findPartnerOffer(deps.peerCatalogs, partner, offer, dataset)
    return { '@id': offer, '@type': 'Offer', target: found.datasetId, ...termsToAsk(found.terms, `the offer ${offer}`) }
  }
  if (dataset !== undefined && dataset !== offer.target) throw new ProblemError('bad-request', '/body/dataset: must be the target of the offer, or left out.')
  const { assigner, assignee } = offer
  const parties = { ...(assigner === undefined ? {} : { assigner }), ...(assignee === undefined ? {} : { assignee }) }
  return { '@id': offer['@id'], '@type': 'Offer', target: offer.target, ...parties, ...termsToAsk(offer, '/body/offer') }
}

// As it will be agreed, whatever way it was spelled. Terms that are unknown here are refused.
function termsToAsk(offer: object, at: string): PolicyTerms {
  return writeDsp(requireAgreeable(bareTerms(offer), at))
}

function show(negotiation: NegotiationView): Schemas['Negotiation'] {
  const { id, role, state, offeredBy, decision, reason, error, version } = negotiation
  return {
    id,
    role,
    partner: negotiation.counterparty,
    partnerPid: negotiation.counterpartyPid,
    partnerAddress: negotiation.counterpartyAddress,
    state,
    dataset: negotiation.datasetId,
    offer: { ...negotiation.offer },
    offeredBy,
    decision,
    reason,
    error,
    agreement: negotiation.agreementId,
    deadlineAt: negotiation.deadlineAt.toISOString(),
    version,
    createdAt: negotiation.createdAt.toISOString(),
    updatedAt: negotiation.updatedAt.toISOString(),
  }
}
