import { ProblemError } from '../../errors.ts'

/**
 * Refuses a path that servers may read differently: dot segments, backslashes, encoded slashes, dots or percent signs
 * (which hide a second encoding), empty segments, control characters. Gives its decoded segments.
 */
export function checkPath(path: string): string[] {
  if (!path.startsWith('/')) throw refusal()
  if (/%(2e|2f|5c|25|00|0a|0d|3b|3f|23)/i.test(path) || /[^\x21-\x7E]|[\\?#;]|\/\/|\/\.{1,2}(\/|$)/.test(path)) throw refusal()
  try {
    return path.slice(1).split('/').map((segment) => decodeURIComponent(segment))
  } catch {
    throw refusal()
  }
}

function refusal(): ProblemError {
  return new ProblemError('invalid-path', 'The path has parts that are not passed on: dot segments, backslashes, or encoded slashes, dots or percent signs.')
}

/** Whether decoded segments match a pattern: `*` stands for one segment, a last `**` for any number of them. */
export function matchesPattern(segments: readonly string[], pattern: string): boolean {
  const parts = pattern.replace(/^\//, '').split('/')
  const rest = parts.at(-1) === '**'
  const fixed = rest ? parts.slice(0, -1) : parts
  if (rest ? segments.length < fixed.length : segments.length !== fixed.length) return false
  return fixed.every((part, index) => (part === '*' ? segments[index] !== '' : part === segments[index]))
}
