import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import progress from 'cli-progress'
import { bytesText } from './output.ts'
import type { Terminal } from './output.ts'

/** A bar that is told how far something is. */
export interface ProgressBar {
  advance(bytes: number): void
  stop(): void
}

/** A bar on stderr when a person looks at it; nothing otherwise. Without a `total` it counts. */
export function progressBar(terminal: Terminal, what: string, size: { total?: number; from?: number } = {}): ProgressBar {
  if (terminal.err.isTTY !== true) return { advance: () => undefined, stop: () => undefined }
  const { total, from = 0 } = size
  const format = total === undefined ? '{what}  {done}' : '{what}  {bar} {percentage} %  {done} of {whole}'
  const bar = new progress.SingleBar({ format, stream: terminal.err, hideCursor: true, clearOnComplete: false, barsize: 30 }, progress.Presets.shades_classic)
  let done = from
  bar.start(total ?? 1, from, { what, done: bytesText(done), whole: bytesText(total ?? 0) })
  return {
    advance: (bytes) => {
      done += bytes
      bar.update(total === undefined ? 0 : done, { done: bytesText(done) })
    },
    stop: () => bar.stop(),
  }
}

/** Shows how far the stream was read. */
export function withProgress(terminal: Terminal, what: string, source: Readable, total: number): Readable {
  const bar = progressBar(terminal, what, { total })
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      bar.advance(chunk.length)
      next(null, chunk)
    },
  })
  source.once('error', (error) => counted.destroy(error))
  counted.once('close', () => {
    source.destroy()
    bar.stop()
  })
  return source.pipe(counted)
}
