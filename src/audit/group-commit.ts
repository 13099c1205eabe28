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

/** `write` writes all items in one go, and gives the result of each, in their order. */
export function createGroupCommit<T, R>(write: (items: readonly T[]) => Promise<readonly R[]>): GroupCommit<T, R> {
  let queue: Waiting<T, R>[] = []
  let running: Promise<void> | undefined

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, largestBatch)
      queue = queue.slice(largestBatch)
      try {
        const results = await write(batch.map(({ item }) => item))
        if (results.length !== batch.length) throw new Error(`${batch.length} items have ${results.length} results`)
        for (const [place, result] of results.entries()) batch[place]?.done(result)
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    running = undefined
  }

  return {
    add: (item) =>
      new Promise((done, failed) => {
        queue.push({ item, done, failed })
        running ??= flush()
      }),
    settle: async () => {
      for (let flushing = running; flushing !== undefined; flushing = running) await flushing
    },
  }
}
