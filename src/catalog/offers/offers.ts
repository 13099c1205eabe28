import type { Audit } from '../../audit/audit.ts'
import { isProblem, ProblemError } from '../../errors.ts'
import { findPartner } from '../../identity/store.ts'
import { isDuplicate } from '../../persistence/database.ts'
import { cutPage, decodeCursor } from '../../persistence/cursor.ts'
import type { Database, Queries } from '../../persistence/database.ts'
import { isStorable } from '../../persistence/storable-text.ts'
import { requireOfferable } from '../../policy/offer/offerable.ts'
import { by } from '../by.ts'
import { digestOf } from '../digest.ts'
import { factsOf } from '../datasets/facts.ts'
import { holdDatasets } from '../datasets/store.ts'
import type { StoredDataset } from '../datasets/store.ts'
import { requireId } from '../datasets/validate.ts'
import { partyOf } from './hidden.ts'
import type { Addressings } from './hidden.ts'
import type { CurrentOffer, Offer } from './offer.ts'
import { readOffered } from './read-offered.ts'
import type { OfferedPolicy } from './read-offered.ts'
import * as store from './store.ts'

export interface OfferInput {
  readonly id?: string
  /** Ids of the datasets that are offered. */
  readonly datasets: readonly string[]
  /** An ODRL policy; one with terms that this connector does not enforce is refused. */
  readonly policy: unknown
  readonly decision: 'automatic' | 'manual'
  /** Partners who see it; null for all. */
  readonly audience: readonly string[] | null
  /** Who of us makes it. */
  readonly actor?: string
}

/** The offers of this connector. */
export interface Offers {
  createOffer(input: OfferInput): Promise<Offer>
  getOffer(id: string): Promise<Offer>
  listOffers(query: { after?: string; limit: number; dataset?: string }): Promise<{ items: Offer[]; next?: string }>
  /** Ends an offer. What was agreed under it stays valid. */
  removeOffer(id: string, ifVersion?: number, actor?: string): Promise<void>
  /** The offer with this `@id` in the catalog, if `partner` may ask for it now. */
  currentOffer(db: Queries, partner: string, offerId: string, datasetId?: string): Promise<CurrentOffer | undefined>
}

export interface OffersDeps {
  readonly database: Database
  readonly audit: Audit
  readonly clock: () => Date
  readonly newId: () => string
  readonly addressing: Addressings
}

const maxRows = 200_000

export function createOffers(deps: OffersDeps): Offers {
  const { database } = deps
  return {
    createOffer: (input) => createOffer(deps, input),
    getOffer: async (id) => present(await store.findOffer(database.db, id), id),
    listOffers: async ({ after, limit, dataset }) => {
      const rows = await store.listOffers(database.db, { ...(after === undefined ? {} : { after: decodeCursor(after) }), limit: limit + 1, ...(dataset === undefined ? {} : { dataset }) })
      return cutPage(rows, limit)
    },
    removeOffer: async (id, ifVersion, actor) =>
      database.transaction(async (tx) => {
        const { version } = present(await store.lockOffer(tx.db, id), id)
        if (ifVersion !== undefined && ifVersion !== version) throw new ProblemError('precondition-failed', `The offer is at version ${version}, not ${ifVersion}. Read it again.`)
        await store.deleteOffer(tx.db, id)
        await deps.audit.append(tx, { type: 'offer.removed', offer: id, ...by(actor) })
      }),
    currentOffer: (db, partner, offerId, datasetId) => currentOffer(deps, db, { partner, offerId, ...(datasetId === undefined ? {} : { datasetId }) }),
  }
}

async function currentOffer(deps: OffersDeps, db: Queries, asked: { partner: string; offerId: string; datasetId?: string }): Promise<CurrentOffer | undefined> {
  if (!isStorable([asked.offerId, asked.datasetId])) return undefined
  const found = await store.findCurrentOffer(db, { ...asked, now: deps.clock() })
  if (found === undefined) return undefined
  const { addressed, ...offer } = found
  if (!addressed) return offer
  return deps.addressing.of(offer.policy)(await partyOf(db, asked.partner)).permitted ? offer : undefined
}

async function createOffer(deps: OffersDeps, input: OfferInput): Promise<Offer> {
  const id = input.id === undefined ? deps.newId() : requireId(input.id)
  const offered = await readOffered(input.policy, { now: deps.clock(), find: async (other) => (await store.findOffer(deps.database.db, other))?.policy })
  const names = [...new Set(input.datasets)]
  const audience = input.audience === null ? null : [...new Set(input.audience)]
  if (names.length === 0) throw new ProblemError('bad-request', '/datasets: must name at least one dataset.')
  if (audience?.length === 0) throw new ProblemError('bad-request', '/audience: must name at least one partner, or be null for all partners.')
  if (names.length * (audience?.length ?? 1) > maxRows) throw new ProblemError('bad-request', `/datasets: datasets times partners may be at most ${maxRows}; make several offers.`)
  if (!isStorable([names, audience])) throw new ProblemError('bad-request', '/datasets: ids must be valid Unicode without NUL.')
  try {
    return await deps.database.transaction(async (tx) => {
      await requirePartners(tx.db, audience ?? [])
      const held = await holdDatasets(tx.db, names)
      const existing = new Set(held.map((dataset) => dataset.id))
      const missing = names.find((name) => !existing.has(name))
      if (missing !== undefined) throw new ProblemError('bad-request', `/datasets: there is no dataset ${missing.slice(0, 200)}.`)
      requireEnforceable(offered, held)
      const places = held.map((dataset, index) => ({ ...dataset, offerId: held.length === 1 ? id : `${id}:${index + 1}` }))
      const datasets = places.map((place) => ({ id: place.id, offerId: place.offerId }))
      const offer: Offer = { id, policy: offered.terms, decision: input.decision, audience, datasets, version: 1, createdAt: deps.clock() }
      await store.insertOffer(tx.db, { offer, places, addressed: offered.addressed, endsAt: offered.endsAt })
      await deps.audit.append(tx, { type: 'offer.created', offer: id, datasets: names, audience, decision: input.decision, policySha256: digestOf(offered.terms), ...(names.length === 1 ? { dataset: names[0] ?? '' } : {}), ...by(input.actor) })
      return offer
    })
  } catch (error) {
    if (isDuplicate(error)) throw new ProblemError('already-exists', `There is an offer ${id} already. Choose another id.`)
    throw error
  }
}

// Nothing is offered that could not be enforced on every dataset it is about.
function requireEnforceable(offered: OfferedPolicy, datasets: readonly StoredDataset[]): void {
  if (offered.open) return
  for (const dataset of datasets) {
    try {
      requireOfferable(offered.policy, factsOf(dataset), '/policy')
    } catch (error) {
      if (!isProblem(error) || datasets.length === 1) throw error
      throw new ProblemError(error.code, `${error.message} (dataset ${dataset.id})`, { cause: error })
    }
  }
}

async function requirePartners(db: Queries, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    if ((await findPartner(db, id)) === undefined) throw new ProblemError('bad-request', `/audience: ${id.slice(0, 200)} is not in the register of partners. Add it first: concordat partner add`)
  }
}

function present<T>(row: T | undefined, id: string): T {
  if (row === undefined) throw new ProblemError('not-found', `There is no offer ${id.slice(0, 200)}.`)
  return row
}
