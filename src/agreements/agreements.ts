import { ProblemError } from '../errors.ts'
import type { Database } from '../persistence/database.ts'
import type { Role } from '../persistence/schema.ts'
import { cutPage, decodeCursor } from '../persistence/cursor.ts'
import { findAgreement, findMessage, selectAgreements } from './store.ts'
import type { Agreement } from './store.ts'

export type { Agreement } from './store.ts'

/** The agreements of a connector, for reading; negotiations write them. */
export interface Agreements {
  get(id: string): Promise<Agreement>
  /** The ContractAgreementMessage exactly as it was exchanged, byte for byte. */
  message(id: string): Promise<string>
  /** Newest first. */
  list(query: { after?: string; limit: number; role?: Role; partner?: string; dataset?: string }): Promise<{ items: Agreement[]; next?: string }>
}

export function createAgreements(deps: { database: Database }): Agreements {
  const { db } = deps.database
  const missing = (id: string) => new ProblemError('not-found', `There is no agreement ${id}.`)
  return {
    get: async (id) => {
      const agreement = await findAgreement(db, id)
      if (agreement === undefined) throw missing(id)
      return agreement
    },
    message: async (id) => {
      const message = await findMessage(db, id)
      if (message === undefined) throw missing(id)
      return message
    },
    list: async ({ after, limit, role, partner, dataset }) => {
      const rows = await selectAgreements(db, {
        limit: limit + 1,
        ...(after === undefined ? {} : { after: decodeCursor(after) }),
        ...(role === undefined ? {} : { role }),
        ...(partner === undefined ? {} : { counterparty: partner }),
        ...(dataset === undefined ? {} : { dataset }),
      })
      return cutPage(rows, limit)
    },
  }
}
