import { ProblemError } from '../errors.ts'
import type { ContextValue } from '../policy/decision.ts'
import { profileActions } from '../policy/profile.ts'
import type { DataRouteDeps, Exchange, Started } from './exchange.ts'
import { exchangeOf, grantStarted, recordAround, refuse, requireLeft } from './exchange.ts'
import type { AgreementTerms } from './governed/agreement-terms.ts'
import type { Grant, OpenGrant } from './governed/grant.ts'
import type { AskedFor } from './governed/request-terms.ts'
import { formatContext, readAction } from './governed/request-terms.ts'
import type { TableRequest } from './query/answer-request.ts'
import { readTableRequest } from './query/answer-request.ts'
import type { AnswerFormat } from './query/engine.ts'
import { releaseQuery } from './release-query.ts'
import type { ReleasedDataset, ReleasedTransfer } from './release.ts'
import type { DataFormat, Representation } from './representations.ts'
import { prepareFile, sendFile } from './send-file.ts'
import { sendTable } from './send-table.ts'
import type { FileVersion, PostgresqlSource } from './sources/source.ts'

/** A request for a file or table, read: whether it is a query or for the whole, and in which format. */
interface Wanted {
  readonly table: TableRequest
  readonly asked: (terms: AgreementTerms) => AskedFor
  /** The format when nothing of the whole is left out. */
  readonly whole: DataFormat
}

/** Serves a file or table: as it is where the terms leave nothing out and nothing is asked of it, else as the answer to a query. */
export async function releaseTabular(deps: DataRouteDeps, started: Started, latest: ReleasedDataset): Promise<void> {
  const wanted = readWanted(started, latest)
  const grant = await grantStarted(deps, started, wanted.asked)
  const { version: number } = wanted.table
  const dataset = number === null || number === latest.version?.number ? latest : await datasetVersion(deps, started.transfer, number)
  if (isQueried(wanted.table, dataset, grant)) return releaseAnswer(deps, started, { wanted, dataset, grant })
  if (dataset.source.type === 'postgresql') return releaseTable(deps, exchangeOf(started, { dataset, grant, format: wanted.whole }), dataset.source, wanted)
  const version = versionOf(dataset, number ?? undefined)
  const exchange = exchangeOf(started, { dataset, grant, format: wanted.whole, version: version.number })
  requireLeft(deps, exchange)
  await releaseRepresentation(deps, exchange, await deps.representations.ofVersion(version, wanted.whole))
}

function readWanted({ request, target }: Started, { source, version }: ReleasedDataset): Wanted {
  const table = readTableRequest(request.headers, target.query)
  if (source.type === 'postgresql' && table.version !== null) throw new ProblemError('bad-request', 'The dataset is a table that has no versions. Leave out version.')
  const aggregated = table.query.select.some(({ kind }) => kind === 'aggregate')
  const context = (terms: AgreementTerms): ReadonlyMap<string, ContextValue> => {
    if (table.asks || terms.restricted) return formatContext(answerFormat(table), version)
    return formatContext(table.format ?? (source.type === 'postgresql' ? 'csv' : 'original'), version)
  }
  return {
    table,
    asked: (terms) => ({ action: aggregated ? profileActions.queryAggregate : readAction, context: context(terms) }),
    whole: wholeFormat(table, source),
  }
}

/** The format of the whole, unless another is wanted: a file as it was published, a table as CSV. */
function wholeFormat({ format }: TableRequest, { type }: ReleasedDataset['source']): DataFormat {
  if (format !== null && format !== 'geojson') return format
  return type === 'postgresql' ? 'csv' : 'original'
}

/** The format of an answer to a query, unless another is wanted; of the whole it is CSV, as that of tables is. */
function answerFormat({ format, asks }: TableRequest): AnswerFormat | 'original' {
  return format ?? (asks ? 'json' : 'csv')
}

// Rows are counted only where an answer is written before it is sent, and so are the bytes of a table.
function isQueried({ asks }: TableRequest, { source }: ReleasedDataset, grant: OpenGrant | Grant): boolean {
  if (asks || grant.open) return asks
  return grant.restricted || grant.limits.some(({ counter }) => counter === 'rows' || (counter === 'bytes' && source.type === 'postgresql'))
}

async function releaseAnswer(deps: DataRouteDeps, started: Started, { wanted, dataset, grant }: { wanted: Wanted; dataset: ReleasedDataset; grant: OpenGrant | Grant }): Promise<void> {
  const { table } = wanted
  const format = answerFormat(table)
  if (dataset.source.type === 'file') versionOf(dataset, table.version ?? undefined)
  if (format === 'original') throw refusedOriginal(deps, started, grant)
  const version = dataset.version?.number
  const exchange = exchangeOf(started, { dataset, grant, format, ...(version === undefined ? {} : { version }) })
  requireLeft(deps, exchange)
  await releaseQuery(deps, exchange, { table, format })
}

function refusedOriginal(deps: DataRouteDeps, started: Started, grant: OpenGrant | Grant): ProblemError {
  if (grant.open || !(grant.restricted || grant.limits.length > 0)) return new ProblemError('not-acceptable', 'The original file is given as it is, without a query. Ask for json, csv, ndjson or parquet.')
  const term = grant.restricted ? grant.told.find(({ source }) => source === 'query') : grant.told.find(({ source }) => source === 'counter')
  const fields = term === undefined ? {} : { term: term.term, at: term.at, operator: term.operator, wanted: term.wanted }
  const problem = new ProblemError('not-permitted', 'The original file is not what the terms of the agreement let out. Ask for csv, json, ndjson or parquet: they have what is permitted.', { fields })
  refuse(deps, started, { problem, facts: grant.facts })
  return problem
}

async function datasetVersion(deps: DataRouteDeps, transfer: ReleasedTransfer, number: number): Promise<ReleasedDataset> {
  const dataset = await deps.dataset(transfer.datasetId, number)
  if (dataset === undefined) throw new ProblemError('not-found', `The dataset has no version ${number}.`)
  return dataset
}

/** The version of a file dataset, as wanted. */
export function versionOf(dataset: ReleasedDataset, number: number | undefined): FileVersion {
  if (dataset.version === undefined) throw new ProblemError('not-found', number === undefined ? 'The dataset has no content yet.' : `The dataset has no version ${number}, or its content was removed.`)
  return dataset.version
}

async function releaseTable(deps: DataRouteDeps, exchange: Exchange, source: PostgresqlSource, { whole: format }: Wanted): Promise<void> {
  const { request, response } = exchange
  if (format === 'original') throw new ProblemError('not-acceptable', 'The dataset is a table that has no original file. Available are: csv, ndjson, json, parquet.')
  requireLeft(deps, exchange)
  if (format === 'parquet') return releaseRepresentation(deps, exchange, await deps.representations.ofTable(source, format, source.table))
  const open = await deps.postgresql.open(source)
  try {
    // Neither rows nor bytes are limited here; a limited table is answered as a query.
    const amounts = { queries: request.method === 'HEAD' ? 0 : 1, rows: 0, bytes: 0 }
    await recordAround(deps, exchange, { amounts, reserved: { bytes: null } }, () => sendTable(request, response, { open, format, name: source.table }))
  } finally {
    open.close()
  }
}

async function releaseRepresentation(deps: DataRouteDeps, exchange: Exchange, file: Representation): Promise<void> {
  const { request, response } = exchange
  try {
    const answer = prepareFile(request, response, file)
    const bytes = answer.body ? answer.range.end - answer.range.start + 1 : 0
    const reserved = { bytes, ...(answer.status === 200 && answer.body && file.rows !== undefined ? { rows: file.rows } : {}) }
    await recordAround(deps, exchange, { amounts: { queries: request.method === 'HEAD' ? 0 : 1, rows: 0, bytes }, reserved }, () => sendFile(response, answer))
  } finally {
    await file.handle.close()
  }
}
