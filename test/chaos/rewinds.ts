import type { Run } from '../helpers/run-options.ts'
import type { Random } from '../helpers/random.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './invariants.ts'
import type { Side } from './load.ts'
import type { PostgresqlServer } from './postgresql.ts'

export interface Rewinding {
  readonly clusters: readonly Cluster[]
  readonly sides: readonly [Side, Side]
  readonly run: Run
  readonly random: Random
  readonly server: PostgresqlServer | undefined
  readonly folder: string
  readonly times: number
}

export async function rewind(_: Rewinding): Promise<Finding[]> {
  return []
}
