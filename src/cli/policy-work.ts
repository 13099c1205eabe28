import { readFileSync } from 'node:fs'
import { isProblem } from '../errors.ts'
import { takesSeveral } from '../policy/ready-made/blanks.ts'
import type { Blank, BlankValue } from '../policy/ready-made/blanks.ts'
import { readRows } from '../policy/ready-made/decision-table.ts'
import type { TableRow } from '../policy/ready-made/decision-table.ts'
import { objectAt } from '../policy/read/json-document.ts'
import type { Language } from '../policy/explain/operand-texts.ts'
import { requireConsistent } from '../policy/offer/offerable.ts'
import { purposeIri, purposeLabel } from '../policy/purposes.ts'
import { readPolicy } from '../policy/read/read.ts'
import { readyMadePolicies, readyMadePolicy } from '../policy/ready-made/ready-made-list.ts'
import { fillPolicy } from '../policy/ready-made/ready-made.ts'
import type { ReadyMade } from '../policy/ready-made/ready-made.ts'
import { requireProfile } from '../policy/offer/require-profile.ts'
import { runReadyMade } from '../policy/ready-made/run-ready-made.ts'
import { runTable } from '../policy/ready-made/run-table.ts'
import type { RowResult } from '../policy/ready-made/run-table.ts'
import { exitCodes, Failure, wrongUsage } from './failure.ts'

/** The ready-made policies, and which of their blanks have to be filled. */
export function listReadyMade(language: Language): readonly { readonly id: string; readonly version: string; readonly title: string; readonly toFill: readonly string[] }[] {
  return readyMadePolicies.map(({ id, version, title, blanks }) => ({ id, version, title: title[language], toFill: Object.keys(blanks).filter((name) => blanks[name]?.default === undefined) }))
}

/** A ready-made policy as its file has it, and as a person reads it. */
export function showReadyMade(name: string, language: Language): { readonly document: object; readonly text: string } {
  const readyMade = orFailure(() => readyMadePolicy(name))
  const { id, version, title, description: about, blanks, policy } = readyMade
  return { document: { id, version, title, description: about, blanks, policy }, text: description(readyMade, language) }
}

/** The policy with its blanks filled by `--set` options; what is missing or wrong is told at once. */
export function fillReadyMade(name: string, set: readonly string[]): object {
  return orFailure(() => {
    const document = fillPolicy(readyMadePolicy(name), valuesOf(set), new Date())
    requireConsistent(readPolicy(document))
    return document
  })
}

/** What a decision table is run against. */
export interface TestInput {
  readonly table?: string
  readonly readyMade?: string
  readonly set?: readonly string[]
}

/** Runs a decision table against the policy in a file, or the table of a ready-made policy against the policy itself. */
export function testPolicy(file: string | undefined, options: TestInput): readonly RowResult[] {
  return orFailure(() => resultsOf(file, options))
}

function resultsOf(file: string | undefined, { table, readyMade, set }: TestInput): readonly RowResult[] {
  if ((table === undefined) === (readyMade === undefined)) throw wrongUsage('Name one decision table: --table FILE, or --ready-made NAME.')
  if (set !== undefined && (readyMade === undefined || file !== undefined)) throw wrongUsage('--set fills a ready-made policy: give it with --ready-made, and without a file.')
  if (readyMade !== undefined && file === undefined) {
    const made = readyMadePolicy(readyMade)
    return runReadyMade({ ...made, example: { ...made.example, ...valuesOf(set ?? []) } }, new Date())
  }
  if (file === undefined) throw wrongUsage('Name the file of the policy.')
  const policy = readPolicy(jsonIn(file))
  requireProfile(policy)
  const rows = readyMade === undefined ? rowsIn(table ?? '') : readyMadePolicy(readyMade).table
  // Rows with values of their own are about a policy filled otherwise.
  return runTable(policy, rows.filter(({ values }) => values === undefined))
}

function rowsIn(file: string): readonly TableRow[] {
  const document = jsonIn(file)
  return Array.isArray(document) ? readRows(document, '') : readRows(objectAt(document, '')['table'], '/table')
}

/** `--set` options as values of blanks: a blank that is named again takes several. */
function valuesOf(given: readonly string[]): Record<string, BlankValue> {
  const values = new Map<string, string[]>()
  for (const text of given) {
    const sign = text.indexOf('=')
    if (sign < 1) throw wrongUsage(`"${text}" must name a blank and its value, such as --set minimum=10.`)
    const name = text.slice(0, sign)
    values.set(name, [...(values.get(name) ?? []), text.slice(sign + 1)])
  }
  return Object.fromEntries([...values].map(([name, [first = '', ...others]]) => [name, others.length === 0 ? first : [first, ...others]]))
}

function description(readyMade: ReadyMade, language: Language): string {
  const blanks = Object.entries(readyMade.blanks).map(([name, blank]) => blankText(name, blank, language))
  return [`${readyMade.title[language]} (${readyMade.id} ${readyMade.version})`, readyMade.description[language], ...blanks].join('\n\n')
}

const words = {
  en: { several: 'several', toFill: 'to be filled', thisYear: 'end of this year', nextYear: 'end of next year' },
  ca: { several: 'diversos', toFill: 'cal omplir-ho', thisYear: 'final d’aquest any', nextYear: 'final de l’any vinent' },
  es: { several: 'varios', toFill: 'hay que rellenarlo', thisYear: 'final de este año', nextYear: 'final del próximo año' },
} as const satisfies Record<Language, object>

function blankText(name: string, blank: Blank, language: Language): string {
  const kind = [blank.type, ...(takesSeveral(blank.type) ? [words[language].several] : []), ...(blank.allowed === undefined ? [] : [blank.allowed.join(' | ')])].join(', ')
  return `${name}  ${blank.label[language]} [${kind}] = ${defaultText(blank, language)}\n    ${blank.why[language]}`
}

function defaultText({ default: given }: Blank, language: Language): string {
  if (given === undefined) return words[language].toFill
  if (typeof given === 'string') return purposeText(given, language)
  return 'endOf' in given ? words[language][given.endOf] : given.join(', ')
}

function purposeText(text: string, language: Language): string {
  const iri = text.startsWith('dpv:') ? purposeIri(text) : undefined
  return iri === undefined ? text : `${text} (${purposeLabel(iri, language)})`
}

/** The JSON in a file; `-` is standard input. */
function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (error) {
    throw wrongUsage(`${file} cannot be read as JSON: ${Error.isError(error) ? error.message : String(error)}`)
  }
}

/** What `work` gives; a refusal of the policy layer becomes the failure of the command. */
function orFailure<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isProblem(error)) throw error
    const exitCode = error.code === 'not-found' ? exitCodes.notFound : error.code === 'bad-request' ? exitCodes.usage : exitCodes.failed
    throw new Failure(exitCode, error.message, error)
  }
}
