import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Checkpoint, TransparencyLog } from '../../src/audit/log/log.ts'
import { encodeEntries, entriesPath, tilePath, widthAt } from '../../src/tlog/tiles.ts'

/** Writes a log, as far as `checkpoint` covers it, into a folder as C2SP tlog-tiles lays it out, asking only what anybody may ask. */
export async function writeLogDirectory(log: TransparencyLog, checkpoint: Checkpoint, directory: string): Promise<void> {
  const write = (path: string, content: Uint8Array | string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  const info = (await log.logs()).find(({ name }) => name === checkpoint.log)
  write('vkey', `${info?.vkey ?? ''}\n`)
  write('checkpoint', checkpoint.note)
  for (let level = 0; 256 ** level <= checkpoint.size; level += 1) {
    for (let index = 0; widthAt(level, index, checkpoint.size) > 0; index += 1) {
      const width = widthAt(level, index, checkpoint.size)
      const tile = await log.tile(checkpoint.log, { level, index, width })
      if (tile !== undefined) write(tilePath({ level, index, width }), tile)
      if (level > 0) continue
      const leaves = await log.leaves(checkpoint.log, index * 256, width)
      write(entriesPath(index, width), encodeEntries(leaves.map(({ entry }) => Buffer.from(entry))))
    }
  }
}
