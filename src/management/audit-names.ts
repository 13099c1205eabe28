import { datasetTitles } from '../catalog/datasets/store.ts'
import { partnerNames } from '../identity/store.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type NameHandlers = Pick<Handlers, 'nameRecorded'>

/** What the ids of records are called today. */
export function auditNameHandlers({ database }: Pick<ManagementDeps, 'database'>): NameHandlers {
  return {
    nameRecorded: async ({ query: { id: ids, language = 'en' } }) => {
      const partners = await partnerNames(database.db, ids)
      const datasets = await datasetTitles(database.db, ids)
      const items = [
        ...partners.map(({ id, name }) => ({ id, kind: 'partner', name }) as const),
        ...datasets.flatMap(({ id, title }) => {
          const name = title[language] ?? title['en'] ?? Object.values(title)[0]
          return name === undefined ? [] : [{ id, kind: 'dataset', name } as const]
        }),
      ]
      return { status: 200, body: { items } }
    },
  }
}
