import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { wrongUsage } from './failure.ts'
import { momentOf, ownZone, writtenTime } from './written-time.ts'

/** Options of commands that list. */
export interface ListOptions {
  readonly limit?: number
  readonly cursor?: string
  readonly all?: boolean
}

/** Adds the options of a list. */
export function listing(command: Command): Command {
  return command
    .option('--limit <number>', 'how many on a page', wholeNumber(1, 1000))
    .option('--cursor <cursor>', 'where to go on, as the page before said')
    .option('--all', 'every page')
}

/** The query of a list. */
export function pageOf(options: ListOptions): { limit?: number | undefined; cursor?: string | undefined } {
  return { limit: options.limit ?? (options.all === true ? 1000 : undefined), cursor: options.cursor }
}

/** A parser of whole numbers in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    return value
  }
}

/** Collects an option that may be given several times. */
export function several(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text]
}

/** A point in time; without a zone it is one of this machine's, and a day alone is its first moment. */
export function pointInTime(text: string): string {
  return momentOf(writtenTime(text), ownZone())
}

/** A query as people write it: what cannot stand in an address is encoded, and nothing that is encoded already. */
export function writtenQuery(text: string): string {
  const query = text.replace(/^\?/, '')
  if (query === '') throw new InvalidArgumentError('It must be a query, such as "select=district,amount.sum()&week=gte.2026-W10".')
  return query.replace(/[^\x21\x24-\x3b\x3d\x3f-\x5f\x61-\x7e]/gu, (character) => encodeURIComponent(character))
}

/** The text of a file that holds a JSON object. */
export function jsonObjectIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text
  } catch (error) {
    throw wrongUsage(`${file} cannot be read as JSON: ${Error.isError(error) ? error.message : String(error)}`)
  }
  throw wrongUsage(`${file} must hold a JSON object.`)
}

/** Ends the help of a command with an example. */
export function example(command: Command, line: string): Command {
  return command.addHelpText('after', `\nExample:\n  $ concordat ${line}`)
}
