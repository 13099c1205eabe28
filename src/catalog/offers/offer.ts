import type { PolicyTerms } from '../../policy/odrl.ts'

/** Datasets offered under a policy to an audience. */
export interface Offer {
  readonly id: string
  readonly policy: PolicyTerms
  /** Who answers a request that equals the offer: this program, or a person. */
  readonly decision: 'automatic' | 'manual'
  /** null: every partner in the register. */
  readonly audience: readonly string[] | null
  /** The datasets, each with the `@id` that the offer has in the catalog. */
  readonly datasets: readonly { readonly id: string; readonly offerId: string }[]
  readonly version: number
  readonly createdAt: Date
}

/** An offer as a partner may ask for it now. */
export interface CurrentOffer {
  /** The `@id` of the offer in the catalog. */
  readonly offerId: string
  readonly datasetId: string
  readonly policy: PolicyTerms
  readonly decision: 'automatic' | 'manual'
}
