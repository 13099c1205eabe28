import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { isProblem } from '../../../errors.ts'
import type { TabularFormat } from '../source.ts'
import type { Cancel, Job, JobAnswer, QueryJob } from './job.ts'
import { prepareInput, withOneLineEnd } from './prepare-input.ts'
import { createQueryWorker, explainQuery } from './query-worker.ts'
import type { Relation } from './relation.ts'
import { query, readRelation } from './relation.ts'
import { settings } from './settings.ts'
import { sqlName, sqlText } from './sql.ts'

const queries = createQueryWorker()

/**
 * The child process: one job at a time, each with a DuckDB of its own that may read one file, write into one folder,
 * load nothing and change none of this. The DuckDB of a file that is queried stays for the next query.
 */
process.on('message', (message) => {
  if (isCancel(message)) queries.cancel(message.cancel)
  else if (isQuery(message)) void answerQuery(message).then((answer) => process.send?.(answer))
  else if (isJob(message)) void answer(message).then((answer) => process.send?.(answer))
})
// The parent is gone, or wants this process to end.
process.on('disconnect', () => process.exit(0))

function isJob(message: unknown): message is Job {
  return typeof message === 'object' && message !== null && 'id' in message && 'folder' in message
}

function isQuery(message: unknown): message is QueryJob {
  return isJob(message) && 'statement' in message
}

function isCancel(message: unknown): message is Cancel {
  return typeof message === 'object' && message !== null && 'cancel' in message
}

async function answerQuery(job: QueryJob): Promise<JobAnswer> {
  try {
    return await queries.run(job)
  } catch (error) {
    if (isProblem(error)) return { id: job.id, ok: false, code: error.code, message: error.message }
    const cause = Error.isError(error) ? error.message : String(error)
    return { id: job.id, ok: false, ...explainQuery(cause), cause }
  }
}

async function answer(job: Job): Promise<JobAnswer> {
  try {
    return await run(job)
  } catch (error) {
    if (isProblem(error)) return { id: job.id, ok: false, code: error.code, message: error.message }
    return { id: job.id, ok: false, code: 'invalid-source', message: explain(Error.isError(error) ? error.message : String(error), job) }
  }
}

async function run(job: Job): Promise<JobAnswer> {
  const path = await prepareInput(job)
  try {
    return await runOn(job, path)
  } catch (error) {
    if (job.format !== 'csv' || !(Error.isError(error) && error.message.includes('reached an invalid state'))) throw error
    return await runOn(job, await withOneLineEnd(path, job))
  }
}

async function runOn(job: Job, path: string): Promise<JobAnswer> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  try {
    for (const setting of settings(job, path)) await db.run(`set ${setting}`)
    const relation = await readRelation(db, job, path)
    const rows = job.to === undefined ? relation.rows : await write(db, relation, job.to, join(job.folder, 'out'))
    return { id: job.id, ok: true, rows, columns: relation.columns.map(({ name, type, nullable }) => ({ name, type, nullable })) }
  } finally {
    db.closeSync()
    instance.closeSync()
  }
}

// Rows stay in the file's order, so that an export made again is the same bytes: downloads are resumed by them.
const options: Readonly<Record<TabularFormat, string>> = {
  csv: 'format csv, header, preserve_order true',
  ndjson: 'format json, preserve_order true',
  json: 'format json, array true, preserve_order true',
  parquet: 'format parquet, compression zstd, preserve_order true',
}

async function write(db: DuckDBConnection, relation: Relation, to: TabularFormat, path: string): Promise<number> {
  const columns = relation.columns.map((column) => `${written(column, to)} as ${sqlName(column.name)}`)
  const [row = {}] = await query(db, `copy (select ${columns.join(', ')} from ${relation.from}) to ${sqlText(path)} (${options[to]})`)
  return Number(row['Count'])
}

// Text formats: times as ISO 8601, nested values as JSON in CSV, no NaN or infinity in JSON (RFC 8259 §6), bytes as base64.
function written(column: Relation['columns'][number], to: TabularFormat): string {
  if (to === 'parquet') return column.sql
  if (column.stored === 'TIMESTAMP WITH TIME ZONE') return `replace(replace(cast(${column.sql} as varchar), ' ', 'T'), '+00', 'Z')`
  if (column.type === 'datetime') return `replace(cast(${column.sql} as varchar), ' ', 'T')`
  if (column.stored === 'BLOB') return `to_base64(${column.sql})`
  if (to === 'csv') return column.type === 'object' && column.stored !== 'VARCHAR' ? `cast(to_json(${column.sql}) as varchar)` : column.sql
  if (column.stored === 'DOUBLE' || column.stored === 'FLOAT') return `case when isfinite(${column.sql}) then ${column.sql} end`
  return column.type === 'object' && column.stored === 'VARCHAR' ? `cast(${column.sql} as json)` : column.sql
}

// DuckDB's messages name paths of this machine and its own options; a reader needs the line and what is wrong with it.
function explain(message: string, job: Job): string {
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1]
  const columns = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message)
  if (columns !== null) return `Line ${line} of the file has ${columns[2]} fields where the header has ${columns[1]}. Correct the line and publish the file again.`
  if (message.includes('unterminated quote')) return `Line ${line} of the file has a quotation mark that is not closed or not doubled.`
  if (/Maximum line size/i.test(message)) return `Line ${line} of the file is longer than ${job.limits.maxLineBytes} bytes.`
  if (/memory|max_temp_directory_size/i.test(message) && message.startsWith('Out of Memory')) return 'The file needs more memory to read than is allowed.'
  const json = /at byte (\d+) in (?:line|record\/value) (\d+): ([^.\n]*)/.exec(message)
  if (json !== null) return `Line or record ${json[2]} of the file is not valid JSON: ${json[3]} at byte ${json[1]}.`
  if (message.includes('expected records')) return 'The JSON has to be an array of objects.'
  return `The file cannot be read as ${job.format}${line === undefined ? '' : ` (line ${line})`}: ${firstSentence(message, job)}`
}

function firstSentence(message: string, job: Job): string {
  const first = message.split('\n')[0] ?? ''
  return first.replace(/^[A-Za-z ]+ Error: /, '').replaceAll(job.path, 'the file').replaceAll(job.folder, 'the folder').slice(0, 300)
}
