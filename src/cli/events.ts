import { unreachable } from './client.ts'
import type { Client } from './client.ts'

/** One entry of the record, as it happens. */
export interface Happening {
  readonly type: string
  readonly [field: string]: unknown
}

/** Follows what happens from now on. Resolves once the stream is open, so that nothing done after it is missed. */
export async function follow(client: Client, type: string, signal: AbortSignal): Promise<AsyncGenerator<Happening>> {
  const answer = await client.open('streamEvents', { query: { type } }, { signal })
  answer.setEncoding('utf8')
  return happenings(answer)
}

// Server-sent events: blocks of lines, each ended by an empty line; `data` holds the entry, lines with `:` are comments.
async function* happenings(chunks: AsyncIterable<unknown>): AsyncGenerator<Happening> {
  let rest = ''
  for await (const chunk of chunks) {
    const blocks = `${rest}${String(chunk)}`.replaceAll('\r\n', '\n').split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block
        .split('\n')
        .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
        .join('\n')
      if (data !== '') yield JSON.parse(data)
    }
  }
}

/**
 * Reads something now and again whenever an event concerns it, until `done`. Gives the last state: not done when the time is
 * over, and then `undefined` for what could not be read.
 */
export async function waitUntil<T>(
  source: { client: Client; type: string; url: string },
  thing: { start: () => Promise<T>; read: (current: T) => Promise<T>; concerns: (event: Happening, current: T) => boolean; done: (current: T) => boolean; progress: (current: T) => void },
  timeoutMs: number,
): Promise<{ value: T; done: boolean }> {
  const stop = new AbortController()
  const events = await follow(source.client, source.type, stop.signal)
  const timer = setTimeout(() => stop.abort(), timeoutMs)
  try {
    let value = await thing.read(await thing.start())
    thing.progress(value)
    if (thing.done(value)) return { value, done: true }
    try {
      for await (const event of events) {
        if (!thing.concerns(event, value)) continue
        value = await thing.read(value)
        thing.progress(value)
        if (thing.done(value)) return { value, done: true }
      }
    } catch (error) {
      if (!stop.signal.aborted) throw unreachable(source.url, error)
    }
    if (!stop.signal.aborted) throw unreachable(source.url, new Error('it closed the stream of events'))
    return { value, done: false }
  } finally {
    clearTimeout(timer)
    stop.abort()
  }
}
