import type { Audit } from '../../audit/audit.ts'
import type { Inspection } from '../../dataplane/inspect.ts'
import type { Source } from '../../dataplane/sources/source.ts'
import { isProblem, ProblemError } from '../../errors.ts'
import { isDuplicate, sqlState } from '../../persistence/database.ts'
import type { Database, Transaction } from '../../persistence/database.ts'
import type { Cursors } from '../cursor.ts'
import { by } from '../by.ts'
import { digestOf } from '../digest.ts'
import { carryColumns, editColumns, statedColumns } from './columns.ts'
import type { Columns } from './columns.ts'
import type { Admitted, Content } from './content.ts'
import { carryFacts, requireFacts } from './facts.ts'
import type { ColumnChanges, ColumnEdit, Dataset, DatasetVersion, FileInput, MetadataInput } from './dataset.ts'
import { requireStillEnforceable } from './still-enforceable.ts'
import type { Stops } from './still-enforceable.ts'
import * as store from './store.ts'
import type { StoredDataset, StoredMetadata } from './store.ts'
import { requireId, requireMetadata, requireSource } from './validate.ts'

/** What a dataset is made of. `id` is chosen by the caller or minted. */
export interface DatasetInput {
  readonly id?: string
  readonly metadata: MetadataInput
  readonly source: Source
  /** The first content; for sources of type `file` only, and mandatory there. */
  readonly file?: FileInput
  /** Who of us makes it. */
  readonly actor?: string
}

/** What is to change of a dataset. */
export interface DatasetChange {
  readonly metadata?: MetadataInput
  readonly source?: Source
  readonly ifVersion?: number
  /** Who of us changes it. */
  readonly actor?: string
}

/** The datasets of this connector. */
export interface Datasets {
  createDataset(input: DatasetInput): Promise<Dataset>
  /** Replaces metadata or source. Columns named in the metadata are laid over those of the data. */
  updateDataset(id: string, change: DatasetChange): Promise<Dataset & Stops>
  /** Makes a file the newest version. Edited units, descriptions and types of columns stay; `changes` says what is different. */
  addVersion(id: string, file: FileInput, actor?: string): Promise<DatasetVersion & { changes: ColumnChanges } & Stops>
  getDataset(id: string): Promise<Dataset>
  listDatasets(query: { after?: string; limit: number; q?: string }): Promise<{ items: Dataset[]; next?: string }>
  removeDataset(id: string, ifVersion?: number, actor?: string): Promise<void>
  /** All versions, newest first. */
  listVersions(id: string): Promise<DatasetVersion[]>
  /** A version whose content is still there: the newest, or the one with `number`. */
  fileVersion(id: string, number?: number): Promise<DatasetVersion | undefined>
}

export interface DatasetsDeps {
  readonly database: Database
  readonly audit: Audit
  readonly clock: () => Date
  readonly newId: () => string
  readonly inspectFile: (file: { path: string; fileName: string; mediaType?: string }) => Promise<Inspection>
  readonly inspectTable: (source: Extract<Source, { type: 'postgresql' }>) => Promise<Inspection>
  readonly retention: { readonly versions: number }
  readonly content: Content
  readonly cursors: Cursors
  /** Whether a secret of this name exists. */
  readonly hasSecret: (name: string) => Promise<boolean>
}

export function createDatasets(deps: DatasetsDeps): Datasets {
  return {
    createDataset: (input) => createDataset(deps, input),
    updateDataset: (id, change) => updateDataset(deps, id, change),
    addVersion: (id, file, actor) => addVersion(deps, id, { file, actor }),
    getDataset: (id) => getDataset(deps, id),
    listDatasets: (query) => listDatasets(deps, query),
    removeDataset: (id, ifVersion, actor) => removeDataset(deps, id, { ifVersion, actor }),
    listVersions: async (id) => {
      const { id: found } = present(await store.findDataset(deps.database.db, id), id)
      return (await store.listVersions(deps.database.db, found)).map((version) => located(deps, version))
    },
    fileVersion: async (id, number) => {
      const version = await store.findVersion(deps.database.db, id, number)
      return version === undefined ? undefined : located(deps, version)
    },
  }
}

async function createDataset(deps: DatasetsDeps, input: DatasetInput): Promise<Dataset> {
  const id = input.id === undefined ? deps.newId() : requireId(input.id)
  const { columns: edits = [], ...metadata } = requireMetadata(input.metadata)
  const source = requireSource(input.source)
  const { file } = input
  if ((source.type === 'file') !== (file !== undefined)) throw new ProblemError('bad-request', source.type === 'file' ? '/file: a dataset with a file needs its first file.' : `/file: a source of type ${source.type} has no file.`)
  if (file === undefined) {
    const columns = await inspectSource(deps, source, edits)
    return saveNew(deps, { id, metadata: withFacts({ ...metadata, ...columns }), source, actor: input.actor })
  }
  return admitting(deps, file, async (admitted, inspection) => {
    const columns = editColumns(inspection.columns, edits)
    return saveNew(deps, { id, metadata: withFacts({ ...metadata, ...columns }), source, actor: input.actor }, (tx, at, before) => saveVersion(deps, tx, { id, number: 1, at, admitted, inspection, before }))
  })
}

// What is declared must fit the columns that are there.
function withFacts(metadata: StoredMetadata): StoredMetadata {
  requireFacts(metadata)
  return metadata
}

type SaveFirst = (tx: Transaction, at: Date, before: string | undefined) => Promise<DatasetVersion>

async function saveNew(deps: DatasetsDeps, { actor, ...row }: { id: string; metadata: StoredMetadata; source: Source; actor: string | undefined }, saveFirst?: SaveFirst): Promise<Dataset> {
  const at = deps.clock()
  let placed: string | undefined
  try {
    return await deps.database.transaction(async (tx) => {
      const seq = await store.insertDataset(tx.db, { ...row, at })
      const first = await saveFirst?.(tx, at, placed)
      placed = first?.path
      await deps.audit.append(tx, { type: 'dataset.created', dataset: row.id, source: row.source.type, ...(first === undefined ? {} : { sha256: first.sha256 }), ...digestsOf(row), ...by(actor) })
      const stored = { ...row, seq, version: 1, createdAt: at, updatedAt: at }
      return shown(deps, stored, first)
    })
  } catch (error) {
    await undo(deps, placed, error)
    if (isDuplicate(error)) throw new ProblemError('already-exists', `There is a dataset ${row.id} already. Choose another id, or update that dataset.`)
    throw error
  }
}

async function updateDataset(deps: DatasetsDeps, id: string, change: DatasetChange): Promise<Dataset & Stops> {
  const metadata = change.metadata === undefined ? undefined : requireMetadata(change.metadata)
  const source = change.source === undefined ? undefined : requireSource(change.source)
  const before = present(await store.findDataset(deps.database.db, id), id)
  if (source !== undefined && source.type !== before.source.type) {
    throw new ProblemError('conflict', `The dataset has a source of type ${before.source.type}, and agreements rely on it. Register a source of type ${source.type} as a new dataset.`)
  }
  // Sources are looked at before the transaction; a table may be slow to answer.
  const inspected = source === undefined || source.type === 'file' ? undefined : await inspectSource(deps, source, [])
  return deps.database.transaction(async (tx) => {
    const row = unchanged(present(await store.lockDataset(tx.db, id), id), change.ifVersion)
    const next = { ...row, source: source ?? row.source, metadata: nextMetadata(row, metadata, inspected), version: row.version + 1, updatedAt: deps.clock() }
    const stopped = await requireStillEnforceable(tx, deps.clock(), row, next)
    await store.saveDataset(tx.db, { ...next, at: next.updatedAt })
    const latest = await store.findVersion(tx.db, id)
    await deps.audit.append(tx, { type: 'dataset.updated', dataset: id, version: next.version, changed: changedIn(row, next), ...digestsOf(next), ...stopped, ...by(change.actor) })
    return { ...shown(deps, next, latest), ...stopped }
  })
}

// What they were can be shown later: whoever has the metadata or the source finds their digests in the record.
function digestsOf({ metadata, source }: Pick<StoredDataset, 'metadata' | 'source'>): { metadataSha256: string; sourceSha256: string } {
  return { metadataSha256: digestOf(metadata), sourceSha256: digestOf(source) }
}

/** Names of what is different: `source`, and properties of the metadata. */
function changedIn(before: Pick<StoredDataset, 'metadata' | 'source'>, after: Pick<StoredDataset, 'metadata' | 'source'>): string[] {
  const [old, next] = [new Map<string, unknown>(Object.entries(before.metadata)), new Map<string, unknown>(Object.entries(after.metadata))]
  const names = [...new Set([...old.keys(), ...next.keys()])].filter((name) => digestOf([old.get(name) ?? null]) !== digestOf([next.get(name) ?? null]))
  return [...(digestOf(before.source) === digestOf(after.source) ? [] : ['source']), ...names].toSorted()
}

function nextMetadata(row: StoredDataset, metadata: MetadataInput | undefined, inspected: Columns | undefined): StoredMetadata {
  const { columns: old, inferred: oldInferred, ...rest } = row.metadata
  const carried: Columns = inspected === undefined || row.source.type === 'http' ? { columns: old, inferred: oldInferred } : carryColumns({ columns: old, inferred: oldInferred }, inspected.inferred)
  if (metadata === undefined) return carryFacts({ ...rest, columns: carried.columns, inferred: carried.inferred })
  const { columns: edits, ...given } = metadata
  if (edits === undefined) return withFacts({ ...given, columns: carried.columns, inferred: carried.inferred })
  const edited = row.source.type === 'http' ? statedColumns(edits) : editColumns(carried.inferred, edits)
  return withFacts({ ...given, columns: edited.columns, inferred: edited.inferred })
}

async function addVersion(deps: DatasetsDeps, id: string, { file, actor }: { file: FileInput; actor: string | undefined }): Promise<DatasetVersion & { changes: ColumnChanges } & Stops> {
  const before = present(await store.findDataset(deps.database.db, id), id)
  if (before.source.type !== 'file') throw new ProblemError('conflict', `The data of this dataset comes from a source of type ${before.source.type}; files cannot be added to it.`)
  return admitting(deps, file, async (admitted, inspection) => {
    let placed: string | undefined
    let retired: string[] = []
    try {
      const version = await deps.database.transaction(async (tx) => {
        const row = present(await store.lockDataset(tx.db, id), id)
        const [newest] = await store.listVersions(tx.db, id)
        const at = deps.clock()
        const saved = await saveVersion(deps, tx, { id, number: (newest?.number ?? 0) + 1, at, admitted, inspection, before: placed })
        placed = saved.path
        const { changes, columns, inferred } = carryColumns(row.metadata, inspection.columns)
        const metadata = carryFacts({ ...row.metadata, columns, inferred })
        const stopped = await requireStillEnforceable(tx, deps.clock(), row, { ...row, metadata })
        await store.saveDataset(tx.db, { ...row, metadata, version: row.version + 1, at })
        retired = await store.retireVersions(tx.db, id, { keep: Math.max(1, deps.retention.versions), at })
        await deps.audit.append(tx, { type: 'dataset.version', dataset: id, number: saved.number, bytes: saved.bytes, rows: saved.rows, sha256: saved.sha256, columns: { ...changes }, ...stopped, ...by(actor) })
        return { ...located(deps, saved), changes, ...stopped }
      })
      for (const path of retired) await deps.content.remove(path)
      return version
    } catch (error) {
      await undo(deps, placed, error)
      throw error
    }
  })
}

// When the connection broke, the commit may have happened: a file without a row is harmless, a row without its file is not.
async function undo(deps: DatasetsDeps, placed: string | undefined, error: unknown): Promise<void> {
  if (placed !== undefined && !(isProblem(error) && error.code === 'store-unavailable')) await deps.content.remove(placed)
}

async function admitting<T>(deps: DatasetsDeps, file: FileInput, work: (admitted: Admitted, inspection: Inspection) => Promise<T>): Promise<T> {
  const admitted = await deps.content.admit(file)
  try {
    const { path, fileName, mediaType } = admitted
    const inspection = await deps.inspectFile({ path, fileName, ...(mediaType === undefined ? {} : { mediaType }) })
    return await work(admitted, inspection)
  } finally {
    // Only what did not become a version is still there.
    await deps.content.discard(admitted)
  }
}

interface NewVersion {
  readonly id: string
  readonly number: number
  readonly at: Date
  readonly admitted: Admitted
  readonly inspection: Inspection
  /** Where an earlier try of the transaction put it. */
  readonly before: string | undefined
}

async function saveVersion(deps: DatasetsDeps, tx: Transaction, { id, number, at, admitted, inspection, before }: NewVersion): Promise<DatasetVersion> {
  const version: DatasetVersion = {
    number,
    path: await deps.content.place(admitted, { datasetId: id, number }, before),
    fileName: admitted.fileName,
    mediaType: admitted.mediaType ?? inspection.mediaType ?? 'application/octet-stream',
    bytes: admitted.bytes,
    sha256: admitted.sha256,
    rows: inspection.rows ?? null,
    createdAt: at,
    removedAt: null,
  }
  await store.insertVersion(tx.db, id, version)
  return version
}

async function getDataset(deps: DatasetsDeps, id: string): Promise<Dataset> {
  const row = present(await store.findDataset(deps.database.db, id), id)
  return shown(deps, row, await store.findVersion(deps.database.db, id))
}

async function listDatasets(deps: DatasetsDeps, query: { after?: string; limit: number; q?: string }): Promise<{ items: Dataset[]; next?: string }> {
  const after = query.after === undefined ? {} : { after: deps.cursors.decode(query.after).seq }
  const rows = await store.listDatasets(deps.database.db, { ...after, limit: query.limit + 1, ...(query.q === undefined ? {} : { q: query.q }) })
  const page = rows.slice(0, query.limit)
  const newest = await store.newestVersions(
    deps.database.db,
    page.map(({ id }) => id),
  )
  const items = page.map((row) => {
    const found = newest.find(({ datasetId }) => datasetId === row.id)
    if (found === undefined) return shown(deps, row, undefined)
    const { datasetId: _, ...version } = found
    return shown(deps, row, version)
  })
  const last = page.at(-1)
  return { items, ...(rows.length > page.length && last !== undefined ? { next: deps.cursors.encode({ direction: 'after', seq: last.seq }) } : {}) }
}

async function removeDataset(deps: DatasetsDeps, id: string, { ifVersion, actor }: { ifVersion: number | undefined; actor: string | undefined }): Promise<void> {
  try {
    const paths = await deps.database.transaction(async (tx) => {
      unchanged(present(await store.lockDataset(tx.db, id), id), ifVersion)
      const { offer, agreement } = await store.findNeeds(tx.db, id)
      if (offer !== undefined) throw new ProblemError('conflict', `The offer ${offer} names this dataset. Remove the offer first: concordat offer remove ${offer}`)
      if (agreement !== undefined) throw new ProblemError('conflict', `The agreement ${agreement} is about this dataset, and what was agreed stays available. Removing its offers (concordat offer remove) keeps it from being agreed anew.`)
      const found = await store.contentPaths(tx.db, id)
      await store.deleteDataset(tx.db, id)
      await deps.audit.append(tx, { type: 'dataset.removed', dataset: id, ...by(actor) })
      return found
    })
    for (const path of paths) await deps.content.remove(path)
  } catch (error) {
    // 23503: an offer was made of it at this moment.
    if (sqlState(error) === '23503') throw new ProblemError('conflict', 'An offer names this dataset. Remove the offer first: concordat offer remove')
    throw error
  }
}

async function inspectSource(deps: DatasetsDeps, source: Source, edits: readonly ColumnEdit[]): Promise<Columns> {
  if (source.type === 'postgresql') return editColumns((await deps.inspectTable(source)).columns, edits)
  if (source.type === 'http') {
    for (const { secret } of source.secrets) {
      if (!(await deps.hasSecret(secret))) throw new ProblemError('invalid-source', `/source/secrets: there is no secret ${secret}. Set it first.`)
    }
  }
  return statedColumns(edits)
}

function present(row: StoredDataset | undefined, id: string): StoredDataset {
  if (row === undefined) throw new ProblemError('not-found', `There is no dataset ${id.slice(0, 200)}.`)
  return row
}

function unchanged(row: StoredDataset, ifVersion: number | undefined): StoredDataset {
  if (ifVersion !== undefined && ifVersion !== row.version) throw new ProblemError('precondition-failed', `The dataset is at version ${row.version}, not ${ifVersion}. Read it again and repeat the change.`)
  return row
}

function located(deps: DatasetsDeps, version: DatasetVersion): DatasetVersion {
  return { ...version, path: deps.content.locate(version.path) }
}

function shown(deps: DatasetsDeps, row: StoredDataset, latest: DatasetVersion | undefined): Dataset {
  const { inferred: _, ...metadata } = row.metadata
  return { ...row, metadata, ...(latest === undefined ? {} : { latest: located(deps, latest) }) }
}
