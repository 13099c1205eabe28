import { isProblem } from '../../errors.ts'
import type { Edge } from '../../tlog/edge.ts'
import { tileWidth, widthAt } from '../../tlog/tiles.ts'
import { faultOf } from './fault-error.ts'
import type { Checkpoint } from './log.ts'
import type { OpenLog } from './open-log.ts'
import type { StoredLog } from './store.ts'
import { goneTiles } from './tiles.ts'
import type { Trees } from './tiles.ts'

/** A log whose entries were removed after their time: its final checkpoint stays, and its proofs as long as its tiles are kept. */
export async function openPrunedLog(trees: Trees, log: StoredLog, checkpoint: Checkpoint | undefined): Promise<OpenLog> {
  const edge = await keptEdge(trees, log)
  if (edge !== undefined && checkpoint?.root.equals(edge.root()) !== true) throw faultOf(log.name, 'tile-changed', `The tiles of the log ${log.name} do not give its final checkpoint.`, { size: log.sealed })
  const read = edge === undefined ? () => Promise.reject(goneTiles(log)) : trees.reader(log, edge)
  return {
    log,
    read,
    end: () => log.start + log.sealed,
    checkpoint: () => checkpoint,
    seal: () => Promise.reject(new Error(`The log ${log.name} is pruned; it takes no entries`)),
    adopt: () => Promise.resolve(false),
    leafHashes: async (leaves) => {
      const tiles = await read(leaves.map((leaf) => Math.floor(leaf / tileWidth)).map((index) => ({ level: 0, index, width: widthAt(0, index, log.sealed) })))
      return leaves.map((leaf, place) => tiles[place]?.subarray((leaf % tileWidth) * 32, (leaf % tileWidth) * 32 + 32) ?? Buffer.alloc(0))
    },
    close: () => Promise.resolve(),
    abandon: () => Promise.resolve(),
  }
}

async function keptEdge(trees: Trees, log: StoredLog): Promise<Edge | undefined> {
  try {
    return await trees.edge(log, log.sealed)
  } catch (error) {
    if (isProblem(error) && error.code === 'gone') return undefined
    throw error
  }
}
