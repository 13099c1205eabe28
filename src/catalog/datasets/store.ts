import { sql } from 'kysely'
import type { SelectQueryBuilder } from 'kysely'
import type { Column, Source } from '../../dataplane/sources/source.ts'
import type { Queries } from '../../persistence/database.ts'
import type { Schema } from '../../persistence/schema.ts'
import type { PolicyTerms } from '../../policy/odrl.ts'
import type { DatasetMetadata, DatasetVersion } from './dataset.ts'

/** Metadata as it is kept: with the columns as the data showed them, so that edits can be told from them. */
export interface StoredMetadata extends DatasetMetadata {
  readonly inferred: readonly Column[]
}

export interface StoredDataset {
  readonly id: string
  readonly seq: number
  readonly metadata: StoredMetadata
  readonly source: Source
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

function datasets(db: Queries) {
  return db
    .selectFrom('dataset as d')
    .select(['d.id', 'd.seq', 'd.version', 'd.created_at as createdAt', 'd.updated_at as updatedAt'])
    .select((eb) => [eb.ref('d.metadata').$castTo<StoredMetadata>().as('metadata'), eb.ref('d.source').$castTo<Source>().as('source')])
}

export async function insertDataset(db: Queries, row: { id: string; metadata: StoredMetadata; source: Source; at: Date }): Promise<number> {
  const { seq } = await db
    .insertInto('dataset')
    .values({ id: row.id, metadata: JSON.stringify(row.metadata), source: JSON.stringify(row.source), version: 1, created_at: row.at, updated_at: row.at })
    .returning('seq')
    .executeTakeFirstOrThrow()
  return seq
}

export async function findDataset(db: Queries, id: string): Promise<StoredDataset | undefined> {
  return datasets(db).where('d.id', '=', id).executeTakeFirst()
}

/** The titles, by language, of those of `ids` that exist. */
export async function datasetTitles(db: Queries, ids: readonly string[]): Promise<{ id: string; title: StoredMetadata['title'] }[]> {
  const rows = await datasets(db).where('d.id', 'in', ids).orderBy('d.seq').execute()
  return rows.map(({ id, metadata }) => ({ id, title: metadata.title }))
}

/** Reads a dataset and keeps others from changing it until the transaction ends. */
export async function lockDataset(db: Queries, id: string): Promise<StoredDataset | undefined> {
  return datasets(db).where('d.id', '=', id).forUpdate().executeTakeFirst()
}

/** Which of `ids` exist; keeps them from being changed or removed until the transaction ends. */
export async function holdDatasets(db: Queries, ids: readonly string[]): Promise<StoredDataset[]> {
  const found: StoredDataset[] = []
  // A statement takes at most 65,535 parameters.
  for (let start = 0; start < ids.length; start += 5000) {
    found.push(...(await datasets(db).where('d.id', 'in', ids.slice(start, start + 5000)).forShare().execute()))
  }
  return found.toSorted((one, other) => one.seq - other.seq)
}

/** Datasets in the catalog's order, after a place; `q` is searched in id and title. */
export async function listDatasets(db: Queries, query: { after?: number; limit: number; q?: string }): Promise<StoredDataset[]> {
  let rows = datasets(db)
  if (query.after !== undefined) rows = rows.where('d.seq', '>', query.after)
  if (query.q !== undefined && query.q !== '') {
    const pattern = `%${query.q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
    rows = rows.where((eb) => eb.or([eb('d.id', 'ilike', pattern), eb(sql<string>`(d.metadata->'title')::text`, 'ilike', pattern)]))
  }
  return rows.orderBy('d.seq').limit(query.limit).execute()
}

export async function saveDataset(db: Queries, row: { id: string; metadata: StoredMetadata; source: Source; version: number; at: Date }): Promise<void> {
  await db
    .updateTable('dataset')
    .set({ metadata: JSON.stringify(row.metadata), source: JSON.stringify(row.source), version: row.version, updated_at: row.at })
    .where('id', '=', row.id)
    .execute()
}

export async function deleteDataset(db: Queries, id: string): Promise<void> {
  await db.deleteFrom('dataset').where('id', '=', id).execute()
}

/** What still needs a dataset: an offer that names it, and an agreement of ours about it. */
export async function findNeeds(db: Queries, id: string): Promise<{ offer?: string; agreement?: string }> {
  const offer = await db.selectFrom('offer_dataset').select('offer_id').where('dataset_id', '=', id).limit(1).executeTakeFirst()
  const agreement = await db.selectFrom('agreement').select('id').where('dataset_id', '=', id).where('role', '=', 'provider').limit(1).executeTakeFirst()
  return { ...(offer === undefined ? {} : { offer: offer.offer_id }), ...(agreement === undefined ? {} : { agreement: agreement.id }) }
}

/** The policies under which a dataset is offered, and those of our agreements about it that have not ended. */
export async function findPolicies(db: Queries, id: string, now: Date): Promise<Record<'offers' | 'agreements', { id: string; policy: PolicyTerms }[]>> {
  const offers = await db
    .selectFrom('offer_dataset as od')
    .innerJoin('offer as o', 'o.id', 'od.offer_id')
    .select((eb) => ['o.id', eb.ref('o.policy').$castTo<PolicyTerms>().as('policy')])
    .where('od.dataset_id', '=', id)
    .orderBy('o.id')
    .execute()
  const agreements = await db
    .selectFrom('agreement as a')
    .select((eb) => ['a.id', eb.ref('a.agreement').$castTo<PolicyTerms>().as('policy')])
    .where('a.dataset_id', '=', id)
    .where('a.role', '=', 'provider')
    .where((eb) => eb.or([eb('a.ends_at', 'is', null), eb('a.ends_at', '>=', now)]))
    .orderBy('a.id')
    .execute()
  return { offers, agreements }
}

/** A version as it is kept: `path` relative to the data folder, or absolute. */
export type StoredVersion = DatasetVersion

function versions(db: Queries) {
  return db
    .selectFrom('dataset_version')
    .select(['number', 'path', 'file_name as fileName', 'media_type as mediaType', 'bytes', 'rows', 'sha256', 'created_at as createdAt', 'removed_at as removedAt'])
}

export async function insertVersion(db: Queries, datasetId: string, version: StoredVersion): Promise<void> {
  await db
    .insertInto('dataset_version')
    .values({
      dataset_id: datasetId,
      number: version.number,
      path: version.path,
      file_name: version.fileName,
      media_type: version.mediaType,
      bytes: version.bytes,
      rows: version.rows,
      sha256: version.sha256,
      created_at: version.createdAt,
    })
    .execute()
}

/** Versions of a dataset, newest first. */
export async function listVersions(db: Queries, datasetId: string): Promise<StoredVersion[]> {
  return versions(db).where('dataset_id', '=', datasetId).orderBy('number', 'desc').execute()
}

/** One version whose content is still there: the one with `number`, or the newest. */
export async function findVersion(db: Queries, datasetId: string, number?: number): Promise<StoredVersion | undefined> {
  const present: SelectQueryBuilder<Schema, 'dataset_version', StoredVersion> = versions(db).where('dataset_id', '=', datasetId).where('removed_at', 'is', null)
  const one = number === undefined ? present.orderBy('number', 'desc').limit(1) : present.where('number', '=', number)
  return one.executeTakeFirst()
}

/** The newest version of each of these datasets. */
export async function newestVersions(db: Queries, datasetIds: readonly string[]): Promise<(StoredVersion & { datasetId: string })[]> {
  if (datasetIds.length === 0) return []
  return versions(db).select('dataset_id as datasetId').distinctOn('dataset_id').where('dataset_id', 'in', datasetIds).where('removed_at', 'is', null).orderBy('dataset_id').orderBy('number', 'desc').execute()
}

/** Marks the content of all but the newest `keep` versions as removed; gives their paths. */
export async function retireVersions(db: Queries, datasetId: string, rule: { keep: number; at: Date }): Promise<string[]> {
  const present = await versions(db).where('dataset_id', '=', datasetId).where('removed_at', 'is', null).orderBy('number', 'desc').offset(rule.keep).execute()
  if (present.length === 0) return []
  const numbers = present.map(({ number }) => number)
  await db.updateTable('dataset_version').set({ removed_at: rule.at }).where('dataset_id', '=', datasetId).where('number', 'in', numbers).execute()
  return present.map(({ path }) => path)
}

/** The paths of all content of a dataset that is still there. */
export async function contentPaths(db: Queries, datasetId: string): Promise<string[]> {
  const rows = await db.selectFrom('dataset_version').select('path').where('dataset_id', '=', datasetId).where('removed_at', 'is', null).execute()
  return rows.map(({ path }) => path)
}
