/** What the kit told about its run. It exits with 0 whatever happened, so only its lines count. */
export interface KitResult {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** The kit's own sums; undefined when it did not get that far. */
  readonly passedCount: number | undefined
  readonly failedCount: number | undefined
  readonly complete: boolean
}

/** Reads the kit's output line by line. */
export function readKitLines(lines: Iterable<string>): KitResult {
  const passed: string[] = []
  const failed: string[] = []
  let passedCount: number | undefined
  let failedCount: number | undefined
  let complete = false
  for (const line of lines) {
    const outcome = /\b(SUCCESSFUL|FAILED): (\w+:\d\d-\d\d)/.exec(line)
    if (outcome?.[2] !== undefined) (outcome[1] === 'SUCCESSFUL' ? passed : failed).push(outcome[2])
    passedCount = countIn(line, /Passed tests: (\d+)/) ?? passedCount
    failedCount = countIn(line, /Failed tests: (\d+)/) ?? failedCount
    complete ||= line.includes('Test run complete')
  }
  return { passed, failed, passedCount, failedCount, complete }
}

function countIn(line: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(line) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** Why the run does not count as passed, or undefined when it does. Failures of whole classes are in neither sum. */
export function faultOf(result: KitResult, expected: number): string | undefined {
  if (!result.complete) return 'The kit did not come to its end.'
  if (result.failedCount !== 0) return `${result.failedCount ?? 'An unknown number of'} tests failed.`
  if (result.passedCount !== expected) return `${result.passedCount ?? 'An unknown number of'} tests passed, but ${expected} should have.`
  return undefined
}
