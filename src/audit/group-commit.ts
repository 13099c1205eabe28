/** Collects what is handed in while a write is running, and writes it together next. No timer: an idle writer starts at once. */
export interface GroupCommit<T, R> {
  /** Gives the result of `item` once it is written. */
  add(item: T): Promise<R>
  settle(): Promise<void>
}

interface Waiting<T, R> {
  readonly item: T
  readonly done: (result: R) => void
  readonly failed: (error: unknown) => void
}

const largestBatch = 512

/**
 * `write` writes all items in one go, and gives the result of each, in their order. With `writes` more than one may be on its way:
 * while the database is at one, the next is put together and sent.
 */
export function createGroupCommit<T, R>(write: (items: readonly T[]) => Promise<readonly R[]>, { writes = 1 }: { readonly writes?: number } = {}): GroupCommit<T, R> {
  let queue: Waiting<T, R>[] = []
  const running = new Set<Promise<void>>()
  let isStarting = false

  async function flush(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await write(batch.map(({ item }) => item))
      if (results.length !== batch.length) throw new Error(`${batch.length} items have ${results.length} results`)
      for (const [place, result] of results.entries()) batch[place]?.done(result)
    } catch (error) {
      for (const { failed } of batch) failed(error)
    }
  }
  function start(): void {
    isStarting = false
    while (queue.length > 0 && running.size < writes) {
      // What waits is shared out, so that one part is put together while another is written.
      const share = Math.ceil(queue.length / (writes - running.size))
      const batch = queue.slice(0, Math.min(share, largestBatch))
      queue = queue.slice(batch.length)
      const flushing = flush(batch).then(() => {
        running.delete(flushing)
        startSoon()
      })
      running.add(flushing)
    }
  }
  // Callers that were answered together ask again together: what they hand in before anything else happens goes together.
  function startSoon(): void {
    if (isStarting || queue.length === 0 || running.size >= writes) return
    isStarting = true
    setImmediate(start)
  }

  return {
    add: (item) =>
      new Promise((done, failed) => {
        queue.push({ item, done, failed })
        startSoon()
      }),
    settle: async () => {
      while (queue.length > 0 || running.size > 0) {
        if (running.size === 0) await new Promise(setImmediate)
        await Promise.all(running)
      }
    },
  }
}
