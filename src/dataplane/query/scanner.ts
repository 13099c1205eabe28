import { ProblemError } from '../../errors.ts'

/** A text that is read from left to right. */
export interface Scanner {
  readonly text: string
  position: number
}

/** A refusal that shows where in the query it went wrong. */
export function malformed(parameter: string, text: string, hint: string): ProblemError {
  return new ProblemError('invalid-query', `${parameter}: ${hint} It reads ${JSON.stringify(text.slice(0, 200))}.`, { fields: { parameter } })
}

/** Whether `sign` comes next; it is passed if so. */
export function passes(scanner: Scanner, sign: string): boolean {
  if (!scanner.text.startsWith(sign, scanner.position)) return false
  scanner.position += sign.length
  return true
}

/** Passes what `pattern` (sticky) matches here, and gives its groups. */
export function match(scanner: Scanner, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = scanner.position
  const found = pattern.exec(scanner.text)
  if (found === null) return undefined
  scanner.position += found[0].length
  return found
}

export function atEnd(scanner: Scanner): boolean {
  return scanner.position >= scanner.text.length
}

const quotedText = /"((?:[^"\\]|\\.)*)"/sy

/** A text in double quotes, `\"` and `\\` for those signs, if one comes next. */
export function quoted(scanner: Scanner): string | undefined {
  return match(scanner, quotedText)?.[1]?.replaceAll(/\\(.)/gs, '$1')
}

const listedValue = /[^,()"]*/y

/** A list in parentheses: `(a,"b,c",d)`. */
export function list(scanner: Scanner, parameter: string, most: number): string[] {
  if (!passes(scanner, '(')) throw malformed(parameter, scanner.text, 'A list is written in parentheses: in.(a,b,"c,d").')
  const values: string[] = []
  if (passes(scanner, ')')) return values
  for (;;) {
    values.push(quoted(scanner) ?? match(scanner, listedValue)?.[0] ?? '')
    if (values.length > most) throw new ProblemError('query-too-large', `${parameter}: a list may have ${most} values at most.`, { fields: { parameter } })
    if (passes(scanner, ')')) return values
    if (!passes(scanner, ',')) throw malformed(parameter, scanner.text, 'The list is not closed, or a value with a comma, quote or parenthesis is not in double quotes.')
  }
}
