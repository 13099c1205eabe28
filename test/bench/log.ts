import type { Bench } from './dataspace.ts'
import { benchAppend } from './log/append.ts'
import { benchRecorded } from './log/governed.ts'
import { benchKept } from './log/kept.ts'
import { benchLarge } from './log/large.ts'
import type { Row } from './measure.ts'

/** The log: what recording costs, and what it takes to prove, to start, to verify, to keep and to search. */
export async function benchLog(bench: Bench): Promise<Row[]> {
  const rows: Row[] = []
  for (const part of [benchAppend, benchRecorded, benchLarge, benchKept]) rows.push(...(await part(bench)))
  return rows
}
