import { ProblemError } from '../../errors.ts'
import type { Blank, BlankValue, LocalText } from './blanks.ts'
import { blankTypes, checkBlank } from './blanks.ts'
import type { TableRow } from './decision-table.ts'
import { readRows, readValues } from './decision-table.ts'
import { isText, objectAt, textAt, wrong } from '../read/json-document.ts'
import type { JsonObject } from '../read/json-document.ts'
import { operandIri, operandTable } from '../profile.ts'

/** A policy with blanks, and the table that says what it decides. */
export interface ReadyMade {
  readonly id: string
  readonly version: string
  readonly title: LocalText
  readonly description: LocalText
  readonly blanks: Readonly<Record<string, Blank>>
  /** What the table is about where its rows say nothing else, beside the defaults. */
  readonly example: Readonly<Record<string, BlankValue>>
  /** ODRL JSON with `{"$blank": NAME}` where a value goes and `{"$operand": TERM, "about": VALUE}` where an operand is about it. */
  readonly policy: JsonObject
  readonly table: readonly TableRow[]
}

/** Reads the document of a ready-made policy; what is wrong in it is refused with its place ('bad-request'). */
export function readReadyMade(document: unknown): ReadyMade {
  const it = objectAt(document, '')
  const blanks = Object.fromEntries(Object.entries(objectAt(it['blanks'], '/blanks')).map(([name, blank]) => [name, readBlank(blank, `/blanks/${name}`)]))
  const policy = objectAt(it['policy'], '/policy')
  requireUse(policy, blanks)
  return {
    id: textAt(it['id'], '/id'),
    version: textAt(it['version'], '/version'),
    title: readText(it['title'], '/title'),
    description: readText(it['description'], '/description'),
    blanks,
    example: readValues(objectAt(it['example'] ?? {}, '/example'), '/example'),
    policy,
    table: readRows(it['table'], '/table'),
  }
}

function readText(value: unknown, at: string): LocalText {
  const it = objectAt(value, at)
  return { en: textAt(it['en'], `${at}/en`), ca: textAt(it['ca'], `${at}/ca`), es: textAt(it['es'], `${at}/es`) }
}

function readBlank(value: unknown, at: string): Blank {
  const it = objectAt(value, at)
  const type = blankTypes.find((each) => each === it['type']) ?? wrong(`${at}/type`, `must be one of ${blankTypes.join(', ')}`)
  const { minimum, maximum, allowed, default: given } = it
  const blank: Blank = {
    type,
    label: readText(it['label'], `${at}/label`),
    why: readText(it['why'], `${at}/why`),
    ...(typeof minimum === 'number' ? { minimum } : {}),
    ...(typeof maximum === 'number' ? { maximum } : {}),
    ...(Array.isArray(allowed) ? { allowed: allowed.filter(isText) } : {}),
  }
  return given === undefined ? blank : { ...blank, default: readDefault(blank, given, `${at}/default`) }
}

function readDefault(blank: Blank, given: unknown, at: string): NonNullable<Blank['default']> {
  if (isText(given) || (Array.isArray(given) && given.every(isText))) {
    const checked = checkBlank(blank, given)
    return 'wrong' in checked ? wrong(at, checked.wrong) : given
  }
  const { endOf } = objectAt(given, at)
  return blank.type === 'date' && (endOf === 'thisYear' || endOf === 'nextYear') ? { endOf } : wrong(at, 'must be a text, texts, or the end of a year')
}

/** Every blank is used, and nothing else is. */
function requireUse(policy: JsonObject, blanks: Readonly<Record<string, Blank>>): void {
  const used = new Set<string>()
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const each of value) walk(each)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$blank' && typeof inner === 'string') used.add(inner)
      walk(inner)
    }
  }
  walk(policy)
  for (const name of used) if (!Object.hasOwn(blanks, name)) wrong('/policy', `names the blank ${name}, which is not described`)
  for (const name of Object.keys(blanks)) if (!used.has(name)) wrong(`/blanks/${name}`, 'is not used in the policy')
}

/**
 * The policy with its blanks filled, as ODRL JSON. What is not given takes its default; `now` is needed for defaults that count
 * from the day. All that is missing, unknown or wrong is told at once ('bad-request').
 */
export function fillPolicy(readyMade: ReadyMade, values: Readonly<Record<string, BlankValue>>, now?: Date): JsonObject {
  const filled = new Map<string, BlankValue>()
  const problems: { readonly blank: string; readonly message: string }[] = []
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(readyMade.blanks, name)) problems.push({ blank: name, message: `there is no such blank; there are ${Object.keys(readyMade.blanks).join(', ') || 'none'}` })
  }
  for (const [name, blank] of Object.entries(readyMade.blanks)) {
    const given = Object.hasOwn(values, name) ? values[name] : defaultOf(blank, now)
    if (given === undefined) {
      problems.push({ blank: name, message: `it must be filled (${blank.label.en}; ${blank.type})` })
      continue
    }
    const checked = checkBlank(blank, given)
    if ('wrong' in checked) problems.push({ blank: name, message: checked.wrong })
    else filled.set(name, checked.value)
  }
  if (problems.length > 0) {
    const told = problems.map(({ blank, message }) => `${blank}: ${message}`).join('; ')
    throw new ProblemError('bad-request', `The policy ${readyMade.id} cannot be filled so. ${told}.`, { fields: { blanks: problems } })
  }
  return objectAt(fill(readyMade.policy, filled), '/policy')
}

function defaultOf({ default: given }: Blank, now: Date | undefined): BlankValue | undefined {
  if (given === undefined || typeof given === 'string') return given
  if (!('endOf' in given)) return given
  return now === undefined ? undefined : `${now.getUTCFullYear() + (given.endOf === 'nextYear' ? 1 : 0)}-12-31`
}

function fill(value: unknown, filled: ReadonlyMap<string, BlankValue>): unknown {
  if (Array.isArray(value)) return value.map((each) => fill(each, filled))
  if (typeof value !== 'object' || value === null) return value
  const it = objectAt(value, '/policy')
  if (isText(it['$blank'])) return filled.get(it['$blank'])
  if (isText(it['$operand'])) return aboutIri(it['$operand'], fill(it['about'], filled))
  return Object.fromEntries(Object.entries(it).map(([key, inner]) => [key, fill(inner, filled)]))
}

function aboutIri(term: string, about: unknown): string {
  if (!isText(about) || !operandTable.some((row) => row.term === term)) return wrong('/policy', `has no operand ${term} about one thing`)
  return operandIri(term, about)
}
