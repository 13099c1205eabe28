import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { pause } from './client.ts'
import type { Entry } from './client.ts'

/** Follows a connector's event stream over its deaths, from the first entry on. */
export interface Follower {
  readonly entries: readonly Entry[]
  /** Numbers that came out of turn: each is a gap, a repetition, or an entry that changed places. */
  readonly faults: readonly string[]
  /** The first entry that matches, already here or to come; undefined when none came in time. */
  waitFor(matches: (entry: Entry) => boolean, withinMs: number): Promise<Entry | undefined>
  stop(): Promise<void>
}

/** `GET /events` resumed by `Last-Event-ID`, as a client that must not miss anything does. */
export function follow(connector: ConnectorProcess): Follower {
  const entries: Entry[] = []
  const faults: string[] = []
  const waiting = new Set<(entry: Entry) => void>()
  const stopping = new AbortController()

  const take = (entry: Entry) => {
    if (entry.index !== entries.length) faults.push(`${connector.name}: the stream gave entry ${entry.index} where ${entries.length} was due`)
    entries.push(entry)
    for (const look of waiting) look(entry)
  }

  async function read(): Promise<void> {
    const after = entries.at(-1)?.index ?? -1
    const answer = await fetch(`${connector.managementUrl}/events?after=${after}`, { headers: { authorization: `Bearer ${connector.token}` }, signal: stopping.signal })
    if (answer.status !== 200 || answer.body === null) throw new Error(`answered ${answer.status}`)
    let rest = ''
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + piece).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = block.split('\n').find((line) => line.startsWith('data: '))
        if (data !== undefined) take(JSON.parse(data.slice(6)))
      }
    }
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      await connector.whenUp()
      await read().catch(() => pause(50))
    }
  })()

  return {
    entries,
    faults,
    waitFor: async (matches, withinMs) => {
      const here = entries.find((entry) => matches(entry))
      if (here !== undefined) return here
      const { promise, resolve } = Promise.withResolvers<Entry | undefined>()
      const look = (entry: Entry) => {
        if (matches(entry)) resolve(entry)
      }
      const timer = setTimeout(() => resolve(undefined), withinMs)
      waiting.add(look)
      const found = await promise
      waiting.delete(look)
      clearTimeout(timer)
      return found
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
