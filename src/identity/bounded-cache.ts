/** Values that are good for a time. What was not asked for longest goes first when there are too many. */
export interface BoundedCache<T> {
  get(key: string): T | undefined
  set(key: string, value: T, until: number): void
  delete(key: string): void
}

/** A cache of at most `capacity` values; `now` is in milliseconds. */
export function boundedCache<T>(capacity: number, now: () => number): BoundedCache<T> {
  // A Map keeps the order of insertion; what is read is inserted anew.
  const entries = new Map<string, { readonly value: T; readonly until: number }>()
  return {
    get: (key) => {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      if (entry.until <= now()) return undefined
      entries.set(key, entry)
      return entry.value
    },
    set: (key, value, until) => {
      entries.delete(key)
      entries.set(key, { value, until })
      const [oldest] = entries.keys()
      if (entries.size > capacity && oldest !== undefined) entries.delete(oldest)
    },
    delete: (key) => {
      entries.delete(key)
    },
  }
}
