/** Work of which only the newest state counts: it runs once at a time, and again when it was asked for meanwhile. */
export interface Background {
  start(): void
  /** Runs what was asked for at once, and waits for it. */
  settle(): Promise<void>
}

/** Between two runs are at least `everyMs`. A failure is told, and mended by the next run. */
export function createBackground(work: () => Promise<void>, options: { readonly everyMs: number; readonly onError: (error: unknown) => void }): Background {
  let asked = false
  let running: Promise<void> | undefined
  let pause: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    asked = false
    await work().catch(options.onError)
    running = undefined
    if (options.everyMs > 0) {
      pause = setTimeout(() => {
        pause = undefined
        if (asked) start()
      }, options.everyMs).unref()
    } else if (asked) start()
  }
  function start(): void {
    asked = true
    if (running === undefined && pause === undefined) running = run()
  }

  return {
    start,
    settle: async () => {
      for (;;) {
        if (running !== undefined) await running
        else if (asked) {
          clearTimeout(pause)
          pause = undefined
          start()
        } else break
      }
      clearTimeout(pause)
      pause = undefined
    },
  }
}
