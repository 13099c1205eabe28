const [quote, backslash] = ['"', '\\'] as const

/**
 * Whether an object in `text`, which is valid JSON, names a member twice (RFC 8259 §4): which of the two counts depends on who reads
 * it, so that a message that parties exchanged would say two things.
 */
export function hasNameTwice(text: string): boolean {
  // The names of each object that is open; of a list, nothing.
  const open: (Set<unknown> | undefined)[] = []
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === quote) {
      const end = endOfText(text, at)
      const names = open.at(-1)
      if (names !== undefined && isName(text, end)) {
        const name: unknown = JSON.parse(text.slice(at, end + 1))
        if (names.has(name)) return true
        names.add(name)
      }
      at = end
    } else if (character === '{') open.push(new Set())
    else if (character === '[') open.push(undefined)
    else if (character === '}' || character === ']') open.pop()
  }
  return false
}

/** Whether a colon stands behind the text that ends at `end`. */
function isName(text: string, end: number): boolean {
  const behind = /[ \t\n\r]*/y
  behind.lastIndex = end + 1
  behind.test(text)
  return text[behind.lastIndex] === ':'
}

function endOfText(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== quote) at += text[at] === backslash ? 2 : 1
  return at
}
