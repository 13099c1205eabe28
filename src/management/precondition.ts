import { ProblemError } from '../errors.ts'

/**
 * Reads `If-Match` (RFC 9110 §13.1.1). Gives the version it names, or undefined for `*`. A list matches when the newest of its
 * versions is the present one; weak tags never match.
 */
export function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '') {
    throw new ProblemError('precondition-required', 'Send If-Match with the ETag of the version that you change, or * for any version.')
  }
  if (header.trim() === '*') return undefined
  const versions = header.split(',').map((tag) => /^"(\d{1,15})"$/.exec(tag.trim())?.[1])
  const numbers = versions.filter((version) => version !== undefined).map(Number)
  // No row has version 0, so a tag that is not ours matches nothing.
  return Math.max(0, ...numbers)
}

/** The `ETag` of a row version. */
export function etag(version: number): string {
  return `"${version}"`
}
