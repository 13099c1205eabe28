import type { Policy } from '../model.ts'
import { readPolicy } from '../read/read.ts'
import { fillPolicy } from './ready-made.ts'
import type { ReadyMade } from './ready-made.ts'
import { runTable } from './run-table.ts'
import type { RowResult } from './run-table.ts'

/** Runs the table of a ready-made policy under the policy as each row fills it; rows that say nothing take the example and the defaults. */
export function runReadyMade(readyMade: ReadyMade, now?: Date): readonly RowResult[] {
  const policies = new Map<string, Policy>()
  return readyMade.table.flatMap((row) => {
    const key = JSON.stringify(row.values ?? {})
    const policy = policies.get(key) ?? readPolicy(fillPolicy(readyMade, { ...readyMade.example, ...row.values }, now))
    policies.set(key, policy)
    return runTable(policy, [row])
  })
}
