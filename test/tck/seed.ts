import { insertAgreement } from '../../src/agreements/store.ts'
import type { Connector } from '../../src/connector.ts'
import { isConsumerTest, kitParticipant, offerId, seededDatasets, testedParticipant, transferRows } from './script.ts'
import type { TransferRow } from './script.ts'

type Services = Pick<Connector['services'], 'database' | 'catalog'>

/** What the kit takes for granted: it is a partner, datasets are offered, and agreements were made. */
export async function seed({ database, catalog }: Services): Promise<void> {
  const now = new Date()
  await database.db.insertInto('partner').values({ id: kitParticipant, name: 'Technology compatibility kit', address: null, created_at: now, updated_at: now, version: 1 }).execute()
  for (const id of seededDatasets) {
    // The kit never fetches data, so a source that needs no file will do.
    await catalog.createDataset({
      id,
      metadata: { title: { en: `Dataset of the test ${id}` }, columns: [{ name: 'week', type: 'date', nullable: false }] },
      source: { type: 'http', baseUrl: 'https://data.example.org', methods: ['GET'], paths: ['/*'], requestHeaders: [], secrets: [] },
    })
    await catalog.createOffer({ id: offerId(id), datasets: [id], policy: { permission: [{ action: 'use' }] }, decision: 'manual', audience: null })
  }
  for (const row of transferRows) await seedAgreement(database, row, now)
}

async function seedAgreement(database: Services['database'], { id, key }: TransferRow, now: Date): Promise<void> {
  const [assigner, assignee] = isConsumerTest(id) ? [kitParticipant, testedParticipant] : [testedParticipant, kitParticipant]
  const agreement = { '@id': key, '@type': 'Agreement', target: key, assigner, assignee, timestamp: now.toISOString(), permission: [{ action: 'use' }] } as const
  await insertAgreement(database.db, {
    id: key,
    role: isConsumerTest(id) ? 'consumer' : 'provider',
    negotiationId: `urn:tck:${key}`,
    counterparty: kitParticipant,
    assigner,
    assignee,
    datasetId: key,
    message: JSON.stringify(agreement),
    messageSha256: '',
    agreement,
    signedAt: agreement.timestamp,
    createdAt: now,
    finalizedAt: now,
  })
}
