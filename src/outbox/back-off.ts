const firstMs = 250
const longestMs = 3_600_000

/** How long to wait before the next try, after `attempts` failed ones: doubling from a quarter of a second to an hour. */
export function waitBefore(attempts: number): number {
  const full = Math.min(firstMs * 2 ** (attempts - 1), longestMs)
  // Spread over the upper half, so that what failed together is not tried again together.
  return Math.round(full * (0.5 + Math.random() / 2))
}

/** Whether `attempts` waits add up to more than `limitMs`. */
export function waitsTooLong(attempts: number, limitMs: number): boolean {
  const doublings = Math.ceil(Math.log2(longestMs / firstMs))
  const sum = firstMs * (2 ** Math.min(attempts, doublings) - 1) + Math.max(0, attempts - doublings) * longestMs
  return sum > limitMs
}
