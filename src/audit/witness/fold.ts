/** Records what somebody outside can repeat at will: the first at once, those that follow within a while as one, with their exact count. */
export interface Fold<T> {
  add(key: string, item: T): void
  /** Records what is still counted. */
  flush(): void
}

interface Window<T> {
  readonly timer: NodeJS.Timeout
  count: number
  last: T | undefined
}

const windowMs = 600_000
const mostKeys = 1_000

/** `record` is told of an item and how many it stands for. */
export function createFold<T>(record: (item: T, count: number) => void): Fold<T> {
  const windows = new Map<string, Window<T>>()

  function end(key: string): void {
    const window = windows.get(key)
    if (window === undefined) return
    clearTimeout(window.timer)
    windows.delete(key)
    if (window.last !== undefined) record(window.last, window.count)
  }
  return {
    add: (key, item) => {
      const window = windows.get(key)
      if (window !== undefined) {
        window.count += 1
        window.last = item
        return
      }
      const [oldest] = windows.keys()
      if (windows.size >= mostKeys && oldest !== undefined) end(oldest)
      record(item, 1)
      windows.set(key, { timer: setTimeout(() => end(key), windowMs).unref(), count: 0, last: undefined })
    },
    flush: () => {
      for (const key of windows.keys()) end(key)
    },
  }
}
