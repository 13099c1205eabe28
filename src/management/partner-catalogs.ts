import { ProblemError } from '../errors.ts'
import type { ManagementDeps, Peer, PeerCatalogs, PeerDataset } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { requirePartner } from './partners.ts'

type PartnerCatalogHandlers = Pick<Handlers, 'readPartnerCatalog' | 'readPartnerDataset'>

export function partnerCatalogHandlers(deps: Pick<ManagementDeps, 'database' | 'peerCatalogs'>): PartnerCatalogHandlers {
  return {
    readPartnerCatalog: async ({ path, query }) => {
      const partner = await requirePartner(deps, path.partnerId)
      const filter = query.filter === undefined ? {} : { filter: parseFilter(query.filter) }
      const next = query.cursor === undefined ? {} : { next: decodeLink(query.cursor) }
      const page = await deps.peerCatalogs.catalog(partner, { ...filter, ...next })
      return { status: 200, body: { items: page.datasets.map(show), next: page.next === undefined ? null : encodeLink(page.next) } }
    },
    readPartnerDataset: async ({ path }) => {
      const partner = await requirePartner(deps, path.partnerId)
      return { status: 200, body: show(await deps.peerCatalogs.dataset(partner, path.datasetId)) }
    },
  }
}

const pagesSearched = 1000

/** An offer in a partner's catalog, with the dataset it stands in. Without `datasetId` the whole catalog is searched. */
export async function findPartnerOffer(catalogs: PeerCatalogs, partner: Peer, offerId: string, datasetId: string | undefined): Promise<{ terms: object; datasetId: string }> {
  if (datasetId !== undefined) {
    const dataset = await catalogs.dataset(partner, datasetId)
    const offer = offerIn(dataset, offerId)
    if (offer === undefined) throw unknownOffer(partner, offerId)
    return offer
  }
  let next: string | undefined
  for (let page = 0; page < pagesSearched; page++) {
    const { datasets, next: following } = await catalogs.catalog(partner, next === undefined ? {} : { next })
    const offer = datasets.map((dataset) => offerIn(dataset, offerId)).find((match) => match !== undefined)
    if (offer !== undefined) return offer
    if (following === undefined || following === next) break
    next = following
  }
  throw unknownOffer(partner, offerId)
}

function offerIn(dataset: PeerDataset, offerId: string): { terms: object; datasetId: string } | undefined {
  const offer = dataset.hasPolicy?.find((candidate) => candidate['@id'] === offerId)
  return offer === undefined ? undefined : { terms: offer, datasetId: dataset['@id'] }
}

function unknownOffer(partner: Peer, offerId: string): ProblemError {
  return new ProblemError('unknown-offer', `The catalog of ${partner.id} has no offer ${offerId} for us. "concordat catalog ${partner.id}" shows what there is.`)
}

function parseFilter(text: string): readonly unknown[] {
  const value = parseJson(text)
  if (!Array.isArray(value)) throw new ProblemError('bad-request', '/query/filter: must be a JSON array.')
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function encodeLink(link: string): string {
  return Buffer.from(link).toString('base64url')
}

// The client refuses links that lead away from the partner; here only what is no link at all is sorted out.
function decodeLink(cursor: string): string {
  const link = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!/^https?:/.test(link) || !URL.canParse(link)) throw new ProblemError('invalid-cursor', 'The cursor is not one that this list gave. Leave it out to start from the beginning.')
  return link
}

function show(dataset: PeerDataset): Schemas['DcatDataset'] {
  const { distribution, hasPolicy, '@type': type, ...rest } = dataset
  return {
    ...rest,
    ...(typeof type === 'string' ? { '@type': type } : {}),
    ...(hasPolicy === undefined ? {} : { hasPolicy }),
    ...(Array.isArray(distribution) ? { distribution: distribution.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null) } : {}),
  }
}
