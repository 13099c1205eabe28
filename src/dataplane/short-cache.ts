const cacheMs = 1000
const cacheEntries = 10_000

/** Look-ups kept for a second at most. */
export interface ShortCache<T> {
  get(key: string): Promise<T | undefined>
  clear(): void
}

/** What was not found is not kept, nor what `keep` refuses. */
export function createShortCache<T>(load: (key: string) => Promise<T | undefined>, keep: (value: T) => boolean = () => true): ShortCache<T> {
  let entries = new Map<string, { value: Promise<T | undefined>; until: number }>()
  return {
    get(key) {
      const found = entries.get(key)
      if (found !== undefined && found.until > performance.now()) return found.value
      if (entries.size >= cacheEntries) entries.clear()
      const value = load(key)
      const into = entries
      into.set(key, { value, until: performance.now() + cacheMs })
      const forget = () => into.delete(key)
      value.then((loaded) => (loaded === undefined || !keep(loaded)) && forget(), forget)
      return value
    },
    // A look-up that is under way read the old state: it lands in the old map.
    clear() {
      entries = new Map()
    },
  }
}
