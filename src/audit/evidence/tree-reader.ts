import { ProblemError } from '../../errors.ts'
import { tileWidth, widthAt } from '../../tlog/tiles.ts'
import { nodeHash } from '../../tlog/tree.ts'
import type { Checkpoint, TransparencyLog } from '../log/log.ts'

/** The proofs that entries of a log are in one tree. */
export interface TreeReader {
  readonly checkpoint: Checkpoint
  inclusion(index: number): Promise<readonly Buffer[]>
}

const tileHeight = 8
// A tile with its inner hashes takes 32 KiB or so. Proofs of ascending entries go through few at a time.
const mostTiles = 64

/** The hashes of a tile, and those over them level by level. */
type TileLevels = readonly (readonly Buffer[])[]

/**
 * Proofs of many entries against one checkpoint. Each tile is read and hashed once while proofs go up, so that a proof costs
 * neither a query nor a subtree of hashes.
 */
export function createTreeReader(log: Pick<TransparencyLog, 'tile'>, checkpoint: Checkpoint): TreeReader {
  const { size } = checkpoint
  const tiles = new Map<string, TileLevels>()
  const border = new Map<string, Buffer>()

  async function levelsOf(level: number, index: number): Promise<TileLevels> {
    const key = `${level}/${index}`
    const known = tiles.get(key)
    if (known !== undefined) return known
    const width = widthAt(level, index, size)
    const hashes = await log.tile(checkpoint.log, { level, index, width })
    if (hashes?.length !== width * 32) throw new ProblemError('log-stopped', `The tile ${key} of the log ${checkpoint.log} is not there. Look with: concordat audit check`)
    const levels = hashedUp(hashes)
    const [oldest] = tiles.keys()
    if (tiles.size >= mostTiles && oldest !== undefined) tiles.delete(oldest)
    tiles.set(key, levels)
    return levels
  }

  /** The hash of the leaves from `node * 2^height` on, as many as there are of the 2^height. */
  async function hashAt(height: number, node: number): Promise<Buffer> {
    const width = 2 ** height
    if ((node + 1) * width <= size) return fullHash(height, node)
    const key = `${height}/${node}`
    const known = border.get(key)
    if (known !== undefined) return known
    const left = await hashAt(height - 1, node * 2)
    const made = (node * 2 + 1) * (width / 2) < size ? nodeHash(left, await hashAt(height - 1, node * 2 + 1)) : left
    border.set(key, made)
    return made
  }

  async function fullHash(height: number, node: number): Promise<Buffer> {
    const level = Math.floor(height / tileHeight)
    const inner = height % tileHeight
    const perTile = tileWidth / 2 ** inner
    const levels = await levelsOf(level, Math.floor(node / perTile))
    const found = levels[inner]?.[node % perTile]
    if (found === undefined) throw new Error(`The tile of ${height}/${node} has no such hash`)
    return found
  }

  return {
    checkpoint,
    async inclusion(index) {
      if (index >= size) throw new ProblemError('not-found', `No checkpoint covers entry ${index} of the log ${checkpoint.log}.`)
      const proof: Buffer[] = []
      for (let height = 0; 2 ** height < size; height++) {
        const node = Math.floor(index / 2 ** height)
        const neighbour = node % 2 === 0 ? node + 1 : node - 1
        if (neighbour * 2 ** height < size) proof.push(await hashAt(height, neighbour))
      }
      return proof
    },
  }
}

function hashedUp(hashes: Buffer): TileLevels {
  const levels: Buffer[][] = [Array.from({ length: hashes.length / 32 }, (_, place) => Buffer.from(hashes.subarray(place * 32, place * 32 + 32)))]
  for (let below = levels[0] ?? []; below.length > 1; below = levels.at(-1) ?? []) {
    const above: Buffer[] = []
    // What has no neighbour in a tile that is not full is hashed further up.
    for (let at = 0; at + 1 < below.length; at += 2) {
      const [left, right] = below.slice(at, at + 2)
      if (left !== undefined && right !== undefined) above.push(nodeHash(left, right))
    }
    levels.push(above)
  }
  return levels
}
