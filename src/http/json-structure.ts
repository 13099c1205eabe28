import { ProblemError } from '../errors.ts'

const quote = 0x22
const backslash = 0x5c

/**
 * Walks once over `raw`, which must be valid JSON, and refuses what JSON.parse lets through in silence: nesting deeper than
 * `maxDepth`, a key that one object names twice (RFC 8259 §4: what then counts is unpredictable), and numbers that
 * become infinite.
 */
export function checkStructure(raw: string, maxDepth: number): void {
  // One entry for each open array or object: the keys seen so far, or undefined for an array.
  const open: (Set<string> | undefined)[] = []
  let keys: Set<string> | undefined
  let keyNext = false
  for (let at = 0; at < raw.length; at++) {
    switch (raw.charCodeAt(at)) {
      case quote: {
        const end = endOfString(raw, at)
        if (keyNext && keys !== undefined) addKey(keys, raw.slice(at, end + 1))
        keyNext = false
        at = end
        break
      }
      case 0x7b: // {
      case 0x5b: // [
        keyNext = raw.charCodeAt(at) === 0x7b
        keys = keyNext ? new Set() : undefined
        open.push(keys)
        if (open.length > maxDepth) throw new ProblemError('too-deep', `The body is nested deeper than ${maxDepth} levels.`)
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        keys = open.at(-1)
        keyNext = false
        break
      case 0x2c: // ,
        keyNext = keys !== undefined
        break
      default:
        // Outside strings, only numbers have characters from '-' to '9'.
        if (raw.charCodeAt(at) >= 0x2d && raw.charCodeAt(at) <= 0x39) at = endOfNumber(raw, at)
    }
  }
}

function endOfString(raw: string, start: number): number {
  let at = start + 1
  for (let code = raw.charCodeAt(at); code !== quote; code = raw.charCodeAt(at)) at += code === backslash ? 2 : 1
  return at
}

// Every character below U+0080 plainly; others may be escaped, as encoders that write ASCII only do.
const plainKey = /^"(?:[^\\]|\\u(?!00[0-7])[\da-f]{4})*"$/i

function addKey(keys: Set<string>, literal: string): void {
  // V8's JSON.parse takes an escaped key for another one that begins with a backslash, when it saw an object with that one in the
  // same place before (seen in Node 24.21). What a partner signed and what we read must be the same, so escapes are refused where
  // nobody needs them.
  if (literal.includes('\\') && !plainKey.test(literal)) throw new ProblemError('malformed-json', 'A key in the body is spelled with escapes. Write keys plainly: "permission", not "\\u0070ermission".')
  const key = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
  if (keys.has(key)) throw new ProblemError('duplicate-key', `The key ${JSON.stringify(key.slice(0, 100))} is named twice in one object.`)
  keys.add(key)
}

// JSON.parse reads 1e999 as infinity, which then cannot be written again.
function endOfNumber(raw: string, start: number): number {
  const pattern = /[-+.eE\d]+/y
  pattern.lastIndex = start
  const [literal = ''] = pattern.exec(raw) ?? []
  if (!Number.isFinite(Number(literal))) throw new ProblemError('malformed-json', 'A number in the body is too large.')
  return start + Math.max(literal.length, 1) - 1
}
