import { ProblemError, isProblem } from '../../errors.ts'
import type { Statement, TableEngine, WantedAnswer } from '../query/engine.ts'
import type { ReleasedDataset } from '../release.ts'
import type { Representations } from '../representations.ts'
import { answerOf, requireGeometry, takeFile } from './answer-file.ts'
import type { DuckDbAnswer, DuckDbPool, DuckDbQuery } from './duckdb/pool.ts'
import { mostRows, openTableEngine } from './postgresql-engine.ts'
import type { PostgresqlSources } from './postgresql.ts'
import type { Column, FileVersion } from './source.ts'

/** Opens what datasets hold for queries. */
export interface TableEngines {
  /** The dataset's table: of its file's version, or in its database. 'not-acceptable' when it has none. */
  open(dataset: Pick<ReleasedDataset, 'source' | 'version' | 'columns'>): Promise<TableEngine>
}

export interface TableEnginesDeps {
  readonly pool: DuckDbPool
  readonly postgresql: PostgresqlSources
  readonly representations: Pick<Representations, 'typed'>
  /** Where answers are written. */
  readonly directory: string
  /** How long one query may take. */
  readonly timeoutMs: number
  /** An answer may not become larger; the pool has its own limit. */
  readonly maxBytes: number
}

export function createTableEngines(deps: TableEnginesDeps): TableEngines {
  return {
    async open({ source, version, columns }) {
      if (source.type === 'postgresql') return openTableEngine(deps, source, columns)
      if (source.type === 'http' || version === undefined) throw new ProblemError('not-acceptable', 'The dataset has no table that could be queried.')
      return openFile(deps, version, columns)
    },
  }
}

async function openFile(deps: TableEnginesDeps, version: FileVersion, declared: readonly Column[]): Promise<TableEngine> {
  const opened = await deps.representations.typed(version)
  const columns = declared.length > 0 ? declared : (await deps.pool.inspect({ path: opened.path, format: 'parquet' })).columns
  const known = columns.map(({ name, type }) => ({ name, type }))

  async function run<T>(query: Pick<DuckDbQuery, 'statement' | 'answer'>, signal: AbortSignal | undefined, take: (answer: DuckDbAnswer) => Promise<T>): Promise<T> {
    const asked = { ...query, declared: known, timeoutMs: deps.timeoutMs, ...(signal === undefined ? {} : { signal }) }
    try {
      return await deps.pool.query({ ...asked, path: opened.path }, take)
    } catch (error) {
      if (!isProblem(error) || error.code !== 'gone' || signal?.aborted === true) throw error
      // The cache let the prepared file go meanwhile: it is made again, with the same content.
      return deps.pool.query({ ...asked, path: (await deps.representations.typed(version)).path }, take)
    }
  }

  return {
    dialect: 'duckdb',
    from: { schema: null, table: 'data' },
    columns,
    contentVersion: version.sha256,
    rows: (statement, limit = mostRows, signal) => run({ statement, answer: { most: limit } }, signal, async ({ found }) => found),
    async write(statement: Statement, wanted: WantedAnswer) {
      requireGeometry(wanted)
      const { format, geometry } = wanted
      const answer = { format, columns: wanted.columns.map(({ name, type }) => ({ name, type })), ...(geometry === undefined ? {} : { geometry }) }
      const { handle, rows } = await run({ statement, answer }, wanted.signal, async ({ path, rows }) => ({ handle: await takeFile(path), rows }))
      return answerOf(handle, { format, rows })
    },
    close: async () => undefined,
  }
}
