import { isProblem } from '../../../src/errors.ts'
import type { DatasetFacts, QueryRestriction } from '../../../src/policy/restriction.ts'
import { unrestricted } from '../../../src/policy/restriction.ts'
import { checkQuery } from '../../../src/dataplane/query/check.ts'
import type { ResultRow, TableEngine } from '../../../src/dataplane/query/engine.ts'
import { parseQuery } from '../../../src/dataplane/query/parse.ts'
import type { ProtectedGroups } from '../../../src/dataplane/disclosure/protect.ts'
import { protectGroups } from '../../../src/dataplane/disclosure/protect.ts'
import { answerStatement } from '../../../src/dataplane/sources/sql/answer.ts'
import type { Queries } from '../../../src/persistence/database.ts'

export interface Asked {
  readonly engine: TableEngine
  readonly facts: DatasetFacts
  readonly db: Queries
  readonly restriction: Partial<QueryRestriction>
  readonly agreement: string
  readonly mostShapes?: number
}

export interface Told {
  readonly rows: readonly ResultRow[]
  readonly groups: number
  readonly reasons: readonly string[]
}

const hashKey = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'

export function factsOf(engine: TableEngine, facts: Pick<DatasetFacts, 'dimensions' | 'protectedUnits'>): DatasetFacts {
  return { kind: engine.dialect === 'duckdb' ? 'file' : 'postgresql', columns: engine.columns.map(({ name, type }) => ({ name, type })), ...facts }
}

/** What the query in an address may tell; nothing is released yet. */
export async function examine({ engine, facts, db, restriction, agreement, mostShapes }: Asked, address: string): Promise<{ protection: ProtectedGroups; answer: () => Promise<readonly ResultRow[]> }> {
  const whole: QueryRestriction = { ...unrestricted, aggregatesOnly: true, ...restriction }
  const query = checkQuery(parseQuery(address).query, { columns: engine.columns, facts }, whole)
  const protection = await protectGroups({ db, ...(mostShapes === undefined ? {} : { mostShapes }) }, { engine, query, restriction: whole, facts, hashKey, agreement, dataset: 'data' })
  return { protection, answer: () => engine.rows(answerStatement(engine, query, { restriction: whole, hashKey, withheld: protection.withheld })) }
}

/** Asks, releases and reads the answer. */
export async function ask(asked: Asked, address: string): Promise<Told> {
  const { protection, answer } = await examine(asked, address)
  if (!(await protection.commit(asked.db, new Date('2026-01-01T00:00:00Z')))) return ask(asked, address)
  return { rows: (await answer()).map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, number(name, value)]))), groups: protection.groups, reasons: protection.reasons }
}

// 64-bit sums and counts come as bigint, number or text.
function number(name: string, value: unknown): unknown {
  return typeof value === 'bigint' || (typeof value === 'string' && /sum|avg|count/.test(name)) ? Number(value) : value
}

/** The refusal, as it goes out; undefined when there was an answer. */
export async function refusal(asked: Asked, address: string): Promise<{ code: string; message: string; fields: unknown } | undefined> {
  try {
    await ask(asked, address)
    return undefined
  } catch (error) {
    if (!isProblem(error)) throw error
    return { code: error.code, message: error.message, fields: error.fields }
  }
}
