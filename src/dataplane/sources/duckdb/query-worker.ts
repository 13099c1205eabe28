import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { ProblemError } from '../../../errors.ts'
import type { ResultRow } from '../../query/engine.ts'
import { answerFields, answerOptions } from './answer-fields.ts'
import type { FileWanted, JobAnswer, KnownColumn, QueryJob } from './job.ts'
import { query, typeOf } from './relation.ts'
import { settings } from './settings.ts'
import { sqlName, sqlText } from './sql.ts'

/** Answers queries of this process; files that were queried lately stay open. */
export interface QueryWorker {
  run(job: QueryJob): Promise<JobAnswer>
  /** Stops the query of this id, if it is running. */
  cancel(id: number): void
}

interface OpenFile {
  readonly instance: DuckDBInstance
  readonly db: DuckDBConnection
}

const mostOpen = 3
// What the answer to one query may weigh between the processes.
const mostRowsBytes = 64 * 1024 * 1024

export function createQueryWorker(): QueryWorker {
  const files = new Map<string, OpenFile>()
  const cancelled = new Set<number>()
  let running: { readonly id: number; readonly db: DuckDBConnection } | undefined

  async function fileOf(job: QueryJob): Promise<OpenFile> {
    const key = JSON.stringify([job.path, job.declared])
    const found = files.get(key) ?? (await openFile(job))
    files.delete(key)
    files.set(key, found)
    for (const [oldest, { db, instance }] of files) {
      if (files.size <= mostOpen) break
      files.delete(oldest)
      db.closeSync()
      instance.closeSync()
    }
    return found
  }

  return {
    async run(job) {
      try {
        // The cache of exports may have let it go; whoever asks makes it again.
        if ((await stat(job.path).catch(() => undefined)) === undefined) throw new ProblemError('gone', 'The prepared file is gone.')
        const { db } = await fileOf(job)
        if (cancelled.has(job.id)) throw new ProblemError('query-timeout', 'The query was stopped.')
        running = { id: job.id, db }
        return 'most' in job.answer ? await rows(db, job, job.answer.most) : await file(db, job, job.answer)
      } finally {
        running = undefined
        cancelled.clear()
      }
    },
    cancel(id) {
      cancelled.add(id)
      if (running?.id === id) running.db.interrupt()
    },
  }
}

async function openFile(job: QueryJob): Promise<OpenFile> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  try {
    for (const setting of settings(job, job.path)) await db.run(`set ${setting}`)
    const from = `read_parquet(${sqlText(job.path)})`
    const stored = new Map((await query(db, `describe select * from ${from}`)).map((row) => [String(row['column_name']), String(row['column_type'])]))
    const columns = job.declared.map((column) => ({ ...column, ...declared(column, stored.get(column.name)) }))
    await requireFitting(db, from, columns)
    await db.run(`create view data as select ${columns.map(({ name, sql }) => `${sql} as ${sqlName(name)}`).join(', ')} from ${from}`)
    return { instance, db }
  } catch (error) {
    db.closeSync()
    instance.closeSync()
    throw error
  }
}

interface Declared {
  readonly sql: string
  /** Whether some values may have no value of the declared type. */
  readonly lossy: boolean
}

const declaredTypes = { string: 'VARCHAR', integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN', date: 'DATE', datetime: 'TIMESTAMP', time: 'TIME', object: 'JSON' } as const

// Statements compare a column by its declared type, so it has to have it.
function declared({ name, type }: KnownColumn, stored: string | undefined): Declared {
  if (stored === undefined) throw new ProblemError('invalid-source', `The dataset declares a column ${JSON.stringify(name)}, which its file does not have.`)
  const column = sqlName(name)
  if (stored === 'BLOB') return { sql: `to_base64(${column})`, lossy: false }
  if (type === 'string') return { sql: stored === 'VARCHAR' ? column : `cast(${column} as varchar)`, lossy: false }
  if (typeOf(stored) === type && !/^(FLOAT|TIMESTAMP_|TIME.+NS|TIME WITH)/.test(stored)) return { sql: column, lossy: false }
  if (type === 'object') return { sql: column, lossy: false }
  return { sql: `try_cast(${column} as ${declaredTypes[type]})`, lossy: typeOf(stored) !== type }
}

async function requireFitting(db: DuckDBConnection, from: string, columns: readonly (KnownColumn & Declared)[]): Promise<void> {
  const lossy = columns.filter((column) => column.lossy)
  if (lossy.length === 0) return
  const counts = lossy.map(({ name, sql }, index) => `count(*) filter (where ${sqlName(name)} is not null and ${sql} is null) as n${index}`)
  const [row = {}] = await query(db, `select ${counts.join(', ')} from ${from}`)
  const wrong = lossy.find((_, index) => Number(row[`n${index}`]) > 0)
  if (wrong !== undefined) throw new ProblemError('invalid-source', `The column ${JSON.stringify(wrong.name)} is declared as ${wrong.type}, and not all its values are. Correct the dataset's columns.`)
}

async function rows(db: DuckDBConnection, job: QueryJob, most: number): Promise<JobAnswer> {
  const { sql, parameters } = job.statement
  const reader = await db.streamAndReadUntil(sql, most + 1, [...parameters])
  if (reader.currentRowCount > most) throw new ProblemError('query-too-large', `The answer has more than ${most} rows. Ask for fewer.`)
  const names = reader.columnNames()
  const types = reader.columnTypes().map(String)
  const found = reader.getRowsJson().map((row): ResultRow => Object.fromEntries(row.map((value, index) => [names[index] ?? '', jsonValue(value, types[index] ?? '')])))
  if (JSON.stringify(found).length > mostRowsBytes) throw new ProblemError('query-too-large', 'The answer is too large. Ask for fewer rows or columns.')
  return { id: job.id, ok: true, columns: [], rows: found.length, found }
}

// DuckDB gives numbers that JSON's readers would round, and those that JSON does not have, as text.
function jsonValue(value: unknown, type: string): unknown {
  if (typeof value !== 'string') return value
  if (type === 'DOUBLE' || type === 'FLOAT') return null
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL.*)$/.test(type)) return Number.isInteger(Number(value)) && !Number.isSafeInteger(Number(value)) ? value : Number(value)
  if (type.startsWith('TIMESTAMP')) return value.replace(' ', 'T').replace('+00', 'Z')
  return type === 'JSON' ? JSON.parse(value) : value
}

async function file(db: DuckDBConnection, job: QueryJob, wanted: FileWanted): Promise<JobAnswer> {
  const { sql, parameters } = job.statement
  const prepared = await db.prepare(sql)
  const stored = wanted.columns.map((_, index) => String(prepared.columnType(index)))
  prepared.destroySync()
  const fields = answerFields(wanted, stored)
  const names = wanted.columns.map((_, index) => `c${index}`)
  const path = join(job.folder, wanted.name)
  const reader = await db.runAndReadAll(`copy (select ${fields} from (${sql}) as answer(${names.join(', ')})) to ${sqlText(path)} (${answerOptions[wanted.format]})`, [...parameters])
  const [row = {}] = reader.getRowObjectsJson()
  return { id: job.id, ok: true, columns: [], rows: Number(row['Count']) }
}

/** What went wrong with a query, for the one who asked: the engine's own words are for the operator only. */
export function explainQuery(message: string): { readonly code: 'query-timeout' | 'query-too-large' | 'invalid-query' | 'source-failed'; readonly message: string } {
  if (/^INTERRUPT/i.test(message)) return { code: 'query-timeout', message: 'The query was stopped, or took too long. Ask for less.' }
  if (/^Out of Memory|max_temp_directory_size/i.test(message)) return { code: 'query-too-large', message: 'The query needs more memory than is allowed. Ask for fewer groups, rows or columns.' }
  if (/^(Out of Range|Conversion) Error/i.test(message)) return { code: 'invalid-query', message: 'A number of the answer is larger than can be written.' }
  return { code: 'source-failed', message: 'The query could not be run on the data.' }
}
