import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Statement, TableEngine } from '../../query/engine.ts'

/** A piece of SQL with its bound values. */
export type Sql = RawBuilder<unknown>

export type SqlDialect = TableEngine['dialect']

// Compiles only, and has no connection. DuckDB reads PostgreSQL's placeholders and identifiers.
const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** The text of a statement and its bound values: texts only, see `bound`. */
export function compileStatement(statement: Sql): Statement {
  const { sql, parameters } = statement.compile(compiler)
  return { sql, parameters: parameters.map((value) => (typeof value === 'string' ? value : null)) }
}

/** A value that is bound as text; what surrounds it casts it. */
export function bound(value: string | number | bigint | boolean): Sql {
  return sql`${String(value)}`
}

/** Pieces with commas between them. */
export function list(parts: readonly Sql[]): Sql {
  return sql.join([...parts])
}

/** Pieces that all have to hold; of none, true. */
export function allOf(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`true` : sql.join([...parts], sql` and `)
}

/** Texts as rows of one column `v`: one bound value however many they are. */
export function textRows(dialect: SqlDialect, texts: readonly string[]): Sql {
  const json = JSON.stringify(texts)
  return dialect === 'duckdb' ? sql`(select unnest(cast(cast(${json} as json) as text[])) as v) as listed` : sql`jsonb_array_elements_text(cast(${json} as jsonb)) as listed(v)`
}
