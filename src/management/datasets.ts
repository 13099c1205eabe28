import { basename } from 'node:path'
import type { Dataset, DatasetVersion, FileInput, MetadataInput } from '../catalog/datasets/dataset.ts'
import type { Stops } from '../catalog/datasets/still-enforceable.ts'
import type { Source } from '../dataplane/sources/source.ts'
import { isProblem, ProblemError } from '../errors.ts'
import type { Handlers, QueryOf, ReceivedFile, Schemas } from './operation.ts'
import type { ManagementDeps } from './deps.ts'
import { cut, pageOf, pageWith } from './page.ts'
import { etag } from './precondition.ts'
import { claimUpload, keepUpload } from './uploads.ts'

type DatasetHandlers = Pick<
  Handlers,
  'uploadFile' | 'listDatasets' | 'createDataset' | 'getDataset' | 'updateDataset' | 'removeDataset' | 'listDatasetVersions' | 'addDatasetVersion' | 'getDatasetVersion'
>
type DatasetDeps = Pick<ManagementDeps, 'catalog' | 'clock' | 'uploadDirectory'>

export function datasetHandlers(deps: DatasetDeps): DatasetHandlers {
  const { catalog } = deps
  return {
    uploadFile: async ({ body }) => {
      if (body === undefined) throw new ProblemError('bad-request', '/body: send the file as the body.')
      const upload = await keepUpload(deps, body)
      return { status: 201, body: upload }
    },
    listDatasets: async ({ query }) => {
      const page = await catalog.listDatasets({ ...pageOf(query), ...(query.q === undefined ? {} : { q: query.q }) })
      return { status: 200, body: pageWith(page, show) }
    },
    createDataset: async ({ body, caller }) => {
      const dataset = await create(deps, body, caller.name)
      return { status: 201, headers: { Location: `/datasets/${encodeURIComponent(dataset.id)}`, ETag: etag(dataset.version) }, body: show(dataset) }
    },
    getDataset: async ({ path }) => {
      const dataset = await catalog.getDataset(path.datasetId)
      return { status: 200, headers: { ETag: etag(dataset.version) }, body: show(dataset) }
    },
    updateDataset: async ({ path, body, ifVersion, caller }) => {
      const dataset = await update(deps, path.datasetId, { ...body, ifVersion, actor: caller.name })
      return { status: 200, headers: { ETag: etag(dataset.version) }, body: show(dataset) }
    },
    removeDataset: async ({ path, ifVersion, caller }) => {
      await catalog.removeDataset(path.datasetId, ifVersion, caller.name)
      return { status: 204 }
    },
    listDatasetVersions: async ({ path, query }) => {
      const versions = await catalog.listVersions(path.datasetId)
      const page = cut(versions, query, ({ number }) => -number)
      return { status: 200, body: { items: page.items.map(showVersion), next: page.next } }
    },
    addDatasetVersion: async ({ path, query, body, caller }) => {
      const version = await catalog.addVersion(path.datasetId, fileOf(query, body), caller.name)
      const location = `/datasets/${encodeURIComponent(path.datasetId)}/versions/${version.number}`
      return { status: 201, headers: { Location: location }, body: { ...showVersion(version), changes: version.changes, ...(version.stops === undefined ? {} : { stops: version.stops }) } }
    },
    getDatasetVersion: async ({ path }) => {
      const version = (await catalog.listVersions(path.datasetId)).find(({ number }) => number === path.number)
      if (version === undefined) throw new ProblemError('not-found', `The dataset has no version ${path.number}.`)
      return { status: 200, body: showVersion(version) }
    },
  }
}

interface NewDataset {
  readonly id?: string
  readonly metadata: Schemas['DatasetMetadataInput']
  readonly source: Schemas['SourceInput']
}

async function create(deps: DatasetDeps, { id, metadata, source }: NewDataset, actor: string): Promise<Dataset> {
  const named = { actor, ...(id === undefined ? {} : { id }) }
  if (source.type !== 'file') return deps.catalog.createDataset({ ...named, metadata, source: sourceOf(source) })
  if ('path' in source) {
    const file = folderFile(source.path, source.keep)
    return deps.catalog.createDataset({ ...named, metadata, source: { type: 'file' }, file })
  }
  const claim = await claimUpload(deps, source.upload)
  try {
    return await deps.catalog.createDataset({ ...named, metadata, source: { type: 'file' }, file: claim.file })
  } catch (error) {
    await claim.giveBack()
    throw error
  }
}

interface DatasetChange {
  readonly metadata?: Schemas['DatasetMetadataChange']
  readonly source?: Schemas['SourceChange']
  readonly ifVersion: number | undefined
  readonly actor: string
}

// The catalog replaces metadata as a whole, so the rest of it is read first, and the change counts only for what was read.
async function update({ catalog }: DatasetDeps, id: string, { metadata, source, ifVersion, actor }: DatasetChange): Promise<Dataset & Stops> {
  for (let attempt = 1; ; attempt++) {
    const before = await catalog.getDataset(id)
    const change = {
      actor,
      ...(metadata === undefined ? {} : { metadata: merged(before, metadata) }),
      ...(source === undefined ? {} : { source: sourceOf(source) }),
    }
    try {
      return await catalog.updateDataset(id, { ...change, ifVersion: ifVersion ?? before.version })
    } catch (error) {
      const again = ifVersion === undefined && attempt < 5 && isProblem(error) && error.code === 'precondition-failed'
      if (!again) throw error
    }
  }
}

function merged(before: Dataset, change: Schemas['DatasetMetadataChange']): MetadataInput {
  // Columns that are not named stay as the catalog has them.
  const { columns: _carried, ...present } = before.metadata
  const { title = present.title, description, publisher, theme, keywords, license, period, area, contact, landingPage, updateFrequency, dimensions, protectedUnits, geometry, columns } = change
  return {
    title,
    ...member('description', description, present.description),
    ...member('publisher', publisher, present.publisher),
    ...member('theme', theme, present.theme),
    ...member('keywords', keywords, present.keywords),
    ...member('license', license, present.license),
    ...member('period', period, present.period),
    ...member('area', area, present.area),
    ...member('contact', contact, present.contact),
    ...member('landingPage', landingPage, present.landingPage),
    ...member('updateFrequency', updateFrequency, present.updateFrequency),
    ...member('dimensions', dimensions, present.dimensions),
    ...member('protectedUnits', protectedUnits, present.protectedUnits),
    ...member('geometry', geometry, present.geometry),
    ...(columns === undefined ? {} : { columns }),
  }
}

function member<N extends string, T>(name: N, change: T | null | undefined, present: T | undefined): { [K in N]?: T } {
  const value = change === undefined ? present : change
  const result: { [K in N]?: T } = {}
  if (value !== null && value !== undefined) result[name] = value
  return result
}

function sourceOf(source: Schemas['SourceChange']): Source {
  if (source.type === 'postgresql') return source
  return { ...source, requestHeaders: source.requestHeaders ?? [], secrets: source.secrets ?? [] }
}

function fileOf(query: QueryOf<'addDatasetVersion'>, body: ReceivedFile | undefined): FileInput {
  if ((query.path === undefined) === (body === undefined)) throw new ProblemError('bad-request', 'Send the file as the body, or name one with the query parameter path; one of the two.')
  if (query.path !== undefined) return folderFile(query.path, query.keep)
  if (body === undefined) throw new ProblemError('bad-request', '/body: send the file as the body.')
  return { path: body.path, fileName: body.fileName, ...(body.mediaType === undefined ? {} : { mediaType: body.mediaType }), keep: 'move' }
}

function folderFile(path: string, keep: Schemas['Keep'] = 'reference'): FileInput {
  return { path, fileName: basename(path), keep }
}

function show(dataset: Dataset & Stops): Schemas['Dataset'] {
  return {
    id: dataset.id,
    ...(dataset.stops === undefined ? {} : { stops: dataset.stops }),
    metadata: dataset.metadata,
    source: dataset.source.type === 'file' ? { type: 'file' } : dataset.source,
    latest: dataset.latest === undefined ? null : showVersion(dataset.latest),
    version: dataset.version,
    createdAt: dataset.createdAt.toISOString(),
    updatedAt: dataset.updatedAt.toISOString(),
  }
}

// The path on our disk is nobody's business.
function showVersion(version: DatasetVersion): Schemas['FileVersion'] {
  const { number, fileName, mediaType, bytes, rows, sha256 } = version
  return { number, fileName, mediaType, bytes, rows, sha256, createdAt: version.createdAt.toISOString(), removedAt: version.removedAt?.toISOString() ?? null }
}
