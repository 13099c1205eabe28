import { randomBytes } from 'node:crypto'
import type { Queries } from '../persistence/database.ts'
import type { DatasetFacts } from '../policy/restriction.ts'
import { isStorable } from '../persistence/storable-text.ts'
import { createCursors } from './cursor.ts'
import type { Cursors } from './cursor.ts'
import { createContent } from './datasets/content.ts'
import { createDatasets } from './datasets/datasets.ts'
import { factsOf } from './datasets/facts.ts'
import { findDataset } from './datasets/store.ts'
import type { Datasets, DatasetsDeps } from './datasets/datasets.ts'
import { dataService, toDcat } from './dcat.ts'
import { parseFilter } from './filter.ts'
import type { DcatDataset } from './messages.ts'
import { createAddressings, hiddenOffers } from './offers/hidden.ts'
import type { HiddenDeps } from './offers/hidden.ts'
import { createOffers } from './offers/offers.ts'
import type { Offers } from './offers/offers.ts'
import { findSecret } from './secrets/store.ts'
import { selectVisible, selectVisibleDataset } from './visible/store.ts'
import type { VisibleRow } from './visible/store.ts'

/** What a partner asks the catalog for. */
export interface PageQuery {
  /** The `filter` of the CatalogRequestMessage, as it came. */
  readonly filter: readonly unknown[] | undefined
  readonly cursor?: string
  readonly limit: number
  /** Base address of the protocol version through which the catalog is served. */
  readonly address: string
}

export interface CatalogPage {
  readonly datasets: DcatDataset[]
  readonly next?: string
  readonly previous?: string
}

/** Datasets, offers, and who sees what. What a partner may not see does not exist for it. */
export interface Catalog extends Datasets, Offers {
  /** One page of what `partner` sees: one indexed query, whose cost does not depend on how much there is. */
  page(partner: string, query: PageQuery): Promise<CatalogPage>
  /** A dataset with its columns, if `partner` sees it. */
  visibleDataset(partner: string, datasetId: string, address: string): Promise<DcatDataset | undefined>
  /** What policies may refer to in a dataset. */
  datasetFacts(db: Queries, datasetId: string): Promise<DatasetFacts | undefined>
}

export interface CatalogDeps extends Omit<DatasetsDeps, 'content' | 'cursors' | 'hasSecret'> {
  readonly dataDirectory: string
  /** Folders whose files may become datasets without upload. */
  readonly sourceFolders: readonly string[]
  /** 32 bytes that page tokens are made with; the same for all replicas. Without it, tokens end with the process. */
  readonly cursorKey?: Buffer
}

// EDC never asks for a second page, so a page that it names a size for may be large.
const maxPage = 1000

export function createCatalog(deps: CatalogDeps): Catalog {
  const { database } = deps
  const addressing = createAddressings()
  const cursors = createCursors(deps.cursorKey ?? randomBytes(32))
  const hasSecret = async (name: string) => (await findSecret(database.db, name)) !== undefined
  return {
    ...createDatasets({ ...deps, cursors, content: createContent(deps), hasSecret }),
    ...createOffers({ ...deps, addressing }),
    page: (partner, query) => page({ ...deps, cursors, addressing }, partner, query),
    datasetFacts: async (db, id) => {
      const row = await findDataset(db, id)
      return row === undefined ? undefined : factsOf(row)
    },
    visibleDataset: async (partner, datasetId, address) => {
      if (!isStorable(datasetId)) return undefined
      const hidden = await hiddenOffers({ ...deps, addressing }, partner)
      const [first, ...rest] = await selectVisibleDataset(database.db, partner, datasetId, hidden)
      return first === undefined ? undefined : toDcat([first, ...rest], { service: dataService(address), columns: true })
    },
  }
}

async function page(deps: HiddenDeps & { cursors: Cursors }, partner: string, query: PageQuery): Promise<CatalogPage> {
  const { limit: wanted, offset, conditions } = parseFilter(query.filter)
  const possible = conditions.filter((condition) => isStorable(condition))
  if (possible.length < conditions.length) return { datasets: [] }
  const limit = Math.min(wanted ?? query.limit, maxPage)
  const place = query.cursor === undefined ? undefined : deps.cursors.decode(query.cursor)
  const hidden = await hiddenOffers(deps, partner)
  // One more than asked for tells whether there is another page.
  const rows = await selectVisible(deps.database.db, { partner, ...(place === undefined ? {} : { place }), offset: place === undefined ? offset : 0, limit: limit + 1, conditions, hidden })
  const groups = byDataset(rows)
  const shown = groups.slice(0, limit)
  if (place?.direction === 'before') shown.reverse()
  const service = dataService(query.address)
  const more = groups.length > limit
  const ends = place?.direction === 'before' ? { next: true, previous: more } : { next: more, previous: place !== undefined || offset > 0 }
  return { datasets: shown.map((group) => toDcat(group, { service, columns: false })), ...links(deps.cursors, shown, ends) }
}

function links(cursors: Cursors, shown: readonly (readonly [VisibleRow, ...VisibleRow[]])[], ends: { next: boolean; previous: boolean }): Pick<CatalogPage, 'next' | 'previous'> {
  const first = shown.at(0)?.[0]
  const last = shown.at(-1)?.[0]
  if (first === undefined || last === undefined) return {}
  return {
    ...(ends.next ? { next: cursors.encode({ direction: 'after', seq: last.seq }) } : {}),
    ...(ends.previous ? { previous: cursors.encode({ direction: 'before', seq: first.seq }) } : {}),
  }
}

function byDataset(rows: readonly VisibleRow[]): [VisibleRow, ...VisibleRow[]][] {
  const groups: [VisibleRow, ...VisibleRow[]][] = []
  for (const row of rows) {
    const group = groups.at(-1)
    if (group?.[0].seq === row.seq) group.push(row)
    else groups.push([row])
  }
  return groups
}
