import type { Queries } from '../../../persistence/database.ts'
import type { Edge } from '../../../tlog/edge.ts'
import { leafHashOfText } from '../../../tlog/tree.ts'
import { readTexts } from '../../store.ts'
import { faultIn } from '../fault-error.ts'
import type { LogFault } from '../log.ts'
import type { StoredLog } from '../store.ts'
import { createTrees } from '../tiles.ts'
import { finding } from './findings.ts'

type Tree = Pick<StoredLog, 'name' | 'start' | 'sealed'>

const batch = 4096

/** The right edge of the first `size` entries of a log, from its stored tiles and the entries behind them; or what is missing for it. */
export async function edgeOf(db: Queries, log: Tree, size: number): Promise<Edge | LogFault> {
  try {
    // Tiles are stored as far as the log is sealed.
    const edge = await createTrees(db).edge(log, Math.min(size, log.sealed))
    while (edge.size < size) {
      const [from, to] = [log.start + edge.size, Math.min(log.start + size, log.start + edge.size + batch)]
      const rows = await readTexts(db, { from, to, limit: batch })
      if (rows.length !== to - from) return finding.entriesMissing(log.name, gaps(rows.map(({ index }) => index), from, to))
      for (const { entry } of rows) edge.append(leafHashOfText(entry))
      edge.takeFull()
    }
    return edge
  } catch (error) {
    const fault = faultIn(error)
    if (fault === undefined) throw error
    return fault
  }
}

/** The root of the first `size` entries of a log, or what is missing for it. */
export async function rootOf(db: Queries, log: Tree, size: number): Promise<Buffer | LogFault> {
  const edge = await edgeOf(db, log, size)
  return 'root' in edge ? edge.root() : edge
}

/** The numbers from `from` to before `to` that are not in the ascending `present`, as ranges with both ends. */
export function gaps(present: readonly number[], from: number, to: number): [number, number][] {
  const missing: [number, number][] = []
  let next = from
  for (const index of [...present, to]) {
    if (index > next) missing.push([next, index - 1])
    next = index + 1
  }
  return missing
}
