import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { createMeasure } from '../../tlog/bundle/archive.ts'
import type { ArchiveContent } from '../../tlog/bundle/archive.ts'

/** A file of an archive that is written line by line, and measured on the way. */
export interface LineFile {
  add(line: string): Promise<void>
  done(): Promise<ArchiveContent>
}

/** Opens a file of an archive in `directory`, for what may be larger than memory. */
export function createLineFile(directory: string, name: string): LineFile {
  const path = join(directory, name.replaceAll('/', '-'))
  const stream = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  const measure = createMeasure(name)
  return {
    async add(line) {
      const bytes = Buffer.from(line)
      measure.add(bytes)
      if (!stream.write(bytes)) await once(stream, 'drain')
    },
    async done() {
      stream.end()
      await finished(stream)
      return { ...measure.done(), content: () => createReadStream(path) }
    },
  }
}
