import { ProblemError } from '../../errors.ts'
import { contentAt } from './archive-reader.ts'
import type { Archive } from './archive-reader.ts'

/** The longest line: an entry of 65,535 bytes with every character escaped, and its proof; a value that was committed may be larger. */
const mostLineBytes = 16 * 1024 * 1024
const newline = 0x0a

/** The lines of a file, in groups of those that were read at once. Each line ends with a line feed, and none is empty. */
export async function* linesOf(archive: Archive, name: string): AsyncGenerator<readonly string[]> {
  const file = archive.files.get(name)
  if (file === undefined) return
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of contentAt(archive, file)) {
    const end = chunk.lastIndexOf(newline)
    if (end === -1) {
      rest.push(chunk)
      restBytes += chunk.length
      if (restBytes > mostLineBytes) throw new ProblemError('invalid-evidence', `${name} has a line longer than ${mostLineBytes} bytes.`)
      continue
    }
    const first = rest.length === 0 ? -1 : chunk.indexOf(newline)
    // Only the line that began in the chunk before is put together.
    const begun = first === -1 ? [] : [decoded(decoder, Buffer.concat([...rest, chunk.subarray(0, first)]), name)]
    const lines = first === end ? begun : [...begun, ...decoded(decoder, chunk.subarray(first + 1, end), name).split('\n')]
    if (lines.includes('')) throw new ProblemError('invalid-evidence', `${name} has an empty line.`)
    rest = end + 1 === chunk.length ? [] : [chunk.subarray(end + 1)]
    restBytes = chunk.length - end - 1
    yield lines
  }
  if (rest.length > 0) throw new ProblemError('invalid-evidence', `${name} does not end with a line feed.`)
}

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer, name: string): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new ProblemError('invalid-evidence', `${name} is not UTF-8.`, { cause })
  }
}

/** The items of lines one after the other, with a look at the next: two files in the same order are read side by side. */
export interface Ahead<T> {
  /** The next item, without taking it; undefined at the end. */
  peek(): T | undefined
  take(): T | undefined
  /** Whether there may be more than is at hand: then `fill` has to be awaited before `peek` and `take`. */
  isShort(): boolean
  /** Reads on if nothing is at hand. */
  fill(): Promise<void>
}

export function ahead<T>(groups: AsyncGenerator<readonly T[]>): Ahead<T> {
  let group: readonly T[] = []
  let at = 0
  let isOver = false
  return {
    peek: () => group[at],
    take: () => group[at++],
    isShort: () => at >= group.length && !isOver,
    async fill() {
      while (at >= group.length && !isOver) {
        const next = await groups.next()
        if (next.done === true) isOver = true
        else {
          group = next.value
          at = 0
        }
      }
    },
  }
}
