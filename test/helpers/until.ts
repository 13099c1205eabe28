import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again, until `done` holds; gives what it holds for. Throws, with the last answer, after `timeoutMs`. */
export async function until<T>(read: () => Promise<T> | T, done: (value: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const end = Date.now() + timeoutMs
  // What takes longer is asked about less often: many who wait at once would otherwise keep the database busy.
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 200)) {
    const value = await read()
    if (done(value)) return value
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms; at last: ${JSON.stringify(value)}`)
    await sleep(pause)
  }
}
