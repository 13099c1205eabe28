import type pg from 'pg'

// Statements of which there are many variants, such as long lists, would only fill the memory of every session.
const mostParameters = 32
const mostNames = 500
// The statements around every transaction.
const frame: ReadonlySet<string> = new Set(['begin', 'commit'])

/** What Kysely needs of a pool. */
export interface PreparingPool {
  connect(): Promise<pg.PoolClient>
  end(): Promise<void>
  readonly options: object
}

/**
 * A pool whose statements are prepared: each session parses a text once, and PostgreSQL may keep its plan. Planning costs
 * more than running most of our statements, which read or write one row by its key.
 */
export function preparing(pool: pg.Pool): PreparingPool {
  const names = new Map<string, string>()
  const prepared = new WeakMap<pg.PoolClient, pg.PoolClient>()

  function nameOf(text: string, parameters: readonly unknown[]): string | undefined {
    if (parameters.length > mostParameters || (parameters.length === 0 && !frame.has(text))) return undefined
    const known = names.get(text)
    if (known !== undefined || names.size >= mostNames) return known
    const name = `concordat_${names.size}`
    names.set(text, name)
    return name
  }

  function prepare(client: pg.PoolClient): pg.PoolClient {
    const query = (text: string, values: unknown[] = []) => {
      const name = nameOf(text, values)
      return name === undefined ? client.query(text, values) : client.query({ name, text, values })
    }
    // The same client in everything but how it queries.
    return new Proxy(client, { get: (target, property) => (property === 'query' ? query : Reflect.get(target, property, target)) })
  }

  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect()
      const found = prepared.get(client) ?? prepare(client)
      prepared.set(client, found)
      return found
    },
  }
}
