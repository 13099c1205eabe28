/** Collects what is handed in while a write is running, and writes it together next. No timer: an idle writer starts at once. */
export interface GroupCommit<T> {
  /** Gives the number of `item` once it is written. */
  add(item: T): Promise<number>
  settle(): Promise<void>
}

interface Waiting<T> {
  readonly item: T
  readonly done: (number: number) => void
  readonly failed: (error: unknown) => void
}

const largestBatch = 512

/** `write` writes all items in their order, and gives the number of the first; the others follow it. */
export function createGroupCommit<T>(write: (items: readonly T[]) => Promise<number>): GroupCommit<T> {
  let queue: Waiting<T>[] = []
  let running: Promise<void> | undefined

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, largestBatch)
      queue = queue.slice(largestBatch)
      try {
        const first = await write(batch.map(({ item }) => item))
        for (const [offset, { done }] of batch.entries()) done(first + offset)
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
