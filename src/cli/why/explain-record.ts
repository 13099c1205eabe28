import { operandTable, profileActions } from '../../policy/profile.ts'
import { operandText } from '../../policy/explain/operand-texts.ts'
import type { Language } from '../../policy/explain/operand-texts.ts'
import { isPurpose, purposeLabel } from '../../policy/purposes.ts'
import { whyTexts } from './texts.ts'
import type { Names, WhyTexts } from './texts.ts'

/** An entry of the record, as it comes. */
export interface RecordEntry {
  readonly index: number
  readonly time: string
  readonly type: string
  readonly [field: string]: unknown
}

/** A record in plain words. */
export interface RecordExplanation {
  readonly title: string
  readonly parts: readonly { readonly heading: string; readonly lines: readonly string[] }[]
}

interface Telling {
  readonly texts: WhyTexts
  readonly names: Names
  readonly language: Language
  /** The question; for a record of its own, that record. */
  readonly asked: RecordEntry
  /** What came of it, when that is recorded. */
  readonly outcome: RecordEntry | undefined
}

/** What is called by its name, with its id; an id without a name stays as it is. */
export function named({ texts, names }: { texts: WhyTexts; names: Names }, id: string): string {
  const known = names.get(id)
  return known === undefined ? id : texts.sentence.named[known.kind](known.name, id)
}

const aboutData = new Set(['data.permitted', 'data.denied', 'data.released', 'data.aborted', 'data.requested', 'data.received', 'data.refused'])

/** Tells what an entry records. `related` is the question that an outcome belongs to, or the outcome of a question. */
export function explainRecord(entry: RecordEntry, related: RecordEntry | undefined, language: Language, { timeZone, names = new Map() }: { readonly timeZone?: string; readonly names?: Names } = {}): RecordExplanation {
  const texts = whyTexts[language]
  const time = new Date(entry.time).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium', ...(timeZone === undefined ? {} : { timeZone }) })
  const happened = Object.hasOwn(texts.events, entry.type) ? texts.events[entry.type] : entry.type
  if (!aboutData.has(entry.type)) return { title: `${texts.record(entry.index, time)}: ${happened}${inBrackets(texts, entry, names)}.`, parts: otherFields(texts, entry) }
  const isOutcome = related !== undefined && related.index < entry.index
  const telling = { texts, names, language, asked: isOutcome ? related : entry, outcome: isOutcome ? entry : related }
  const parts = [who(telling), question(telling), underWhat(telling), terms(telling), why(telling), needed(telling), withheld(telling), released(telling), quota(telling), provider(telling)]
  return { title: `${texts.record(entry.index, time)}: ${happened}.`, parts: parts.flatMap(({ heading, lines }) => (lines.length === 0 ? [] : [{ heading: texts.headings[heading], lines }])) }
}

interface Part {
  readonly heading: keyof WhyTexts['headings']
  readonly lines: readonly string[]
}

/** Fields of an entry that is not about data: ` (partner did:web:…, by operator)`. */
export function inBrackets(texts: WhyTexts, entry: RecordEntry, names: Names): string {
  const told = Object.entries(texts.fields).flatMap(([name, label]) => {
    const value = entry[name]
    if (isNothing(value)) return []
    const word = wordFor(texts, entry, name)
    if (word === undefined && name === 'by') return []
    return [`${label} ${word ?? (typeof value === 'string' ? named({ texts, names }, value) : shownIn(texts, value))}`]
  })
  return told.length === 0 ? '' : ` (${told.join(', ')})`
}

function wordFor({ values }: WhyTexts, entry: RecordEntry, name: string): string | undefined {
  const { type, [name]: value } = entry
  const words = name === 'role' ? values.role : name === 'by' ? values.by : name === 'reason' && /^log\.(opened|closed)$/.test(type) ? values.began : undefined
  return words !== undefined && typeof value === 'string' && Object.hasOwn(words, value) ? words[value] : undefined
}

const shownAlready = new Set(['index', 'time', 'type'])

/** What the sentence about an entry leaves out. */
function otherFields(texts: WhyTexts, entry: RecordEntry): RecordExplanation['parts'] {
  const lines = Object.entries(entry).flatMap(([name, value]) => {
    const isTold = shownAlready.has(name) || (Object.hasOwn(texts.fields, name) && !(name === 'by' && wordFor(texts, entry, name) === undefined))
    return isTold || isNothing(value) ? [] : [`${name} ${shownIn(texts, value)}`]
  })
  return lines.length === 0 ? [] : [{ heading: texts.headings.fields, lines }]
}

/** Whether an entry is about data: those have a sentence of their own beside their parts. */
export function isAboutData({ type }: RecordEntry): boolean {
  return aboutData.has(type)
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function shownIn(texts: WhyTexts, value: unknown): string {
  return isErased(value) ? texts.erased : shownValue(value)
}

/** Where a personal value was, its commitment is left. */
export function isErased(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value['committed'] === 'string'
}

function who({ texts, names, language, asked }: Telling): Part {
  // Our own record as consumer keeps what was stated apart: its `role` is ours in the transfer.
  const stated = objectIn(asked, 'stated') ?? (asked.type === 'data.requested' ? {} : asked)
  const lines = (['partner', 'role', 'purpose', 'user', 'actor'] as const).flatMap((name) => {
    const holder = name === 'partner' || name === 'actor' ? asked : stated
    const value = isErased(holder[name]) ? texts.erased : textIn(holder, name)
    if (value === undefined) return []
    return [texts.who[name](name === 'purpose' ? concept(value, language) : name === 'partner' ? named({ texts, names }, value) : value)]
  })
  return { heading: 'who', lines }
}

function question({ texts, names, asked }: Telling): Part {
  const line = questionIn(asked, texts)
  const dataset = textIn(asked, 'dataset')
  return { heading: 'asked', lines: [...(line === '' ? [] : [line]), ...(dataset === undefined ? [] : [texts.dataset(named({ texts, names }, dataset))])] }
}

/** `GET ?select=…`: the request of an entry; empty when it has none. */
export function questionIn(entry: Fields, texts: WhyTexts): string {
  const request = objectIn(entry, 'request') ?? {}
  const address = ['path', 'query'].map((name) => (isErased(request[name]) ? `(${texts.erased})` : (textIn(request, name) ?? ''))).join('')
  const rest = Object.entries(request).filter(([name]) => !['method', 'path', 'query'].includes(name))
  const line = [textIn(request, 'method') ?? '', readable(address)].filter((part) => part !== '').join(' ')
  return [line, ...rest.map(([name, value]) => `${name}: ${shownIn(texts, value)}`)].filter((part) => part !== '').join(', ')
}

// What was sent is percent-encoded; a person reads what was meant.
function readable(address: string): string {
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}

function underWhat({ texts, asked }: Telling): Part {
  const [agreement, rule] = [textIn(asked, 'agreement'), textIn(asked, 'rule')]
  return { heading: 'agreement', lines: [...(agreement === undefined ? [] : [texts.agreement(agreement)]), ...(rule === undefined ? [] : [texts.rule(rule)])] }
}

function terms(telling: Telling): Part {
  return { heading: 'terms', lines: termsIn(telling.asked).map((term) => termLine(telling, term)) }
}

function termLine({ texts, language }: Telling, term: Fields): string {
  const truth = term['satisfied'] === true ? texts.truth.true : term['satisfied'] === false ? texts.truth.false : texts.truth.unknown
  const { value } = term
  const source = sourceIn(texts, term)
  const said = `${truth}: ${wantedBy(texts, term, language)}`
  const isGiven = value !== undefined && value !== null
  // Queries are rewritten so that the term holds, and counters are told below: neither sees a value.
  if (!isGiven && (term['source'] === 'query' || term['source'] === 'counter')) return `${said} (${source})`
  return `${said}; ${isGiven ? texts.seen(shownValue(value, language)) : texts.seenNothing}${source === undefined ? '' : ` (${source})`}`
}

function sourceIn(texts: WhyTexts, term: Fields): string | undefined {
  const sources: Readonly<Record<string, string>> = texts.source
  const source = textIn(term, 'source')
  return source !== undefined && Object.hasOwn(sources, source) ? sources[source] : source
}

/** `Purpose must be …`. */
function wantedBy(texts: WhyTexts, term: Fields, language: Language): string {
  const operator = (textIn(term, 'operator') ?? '').replace(/^.*\//, '')
  const words = Object.hasOwn(texts.operators, operator) ? texts.operators[operator] : operator
  return [nameOf(textIn(term, 'term') ?? '', language), words ?? '', shownValue(term['wanted'], language)].filter((part) => part !== '').join(' ')
}

function why({ texts, language, asked, outcome }: Telling): Part {
  const refusal = asked.type === 'data.denied' ? asked : outcome
  const code = refusal === undefined ? undefined : textIn(refusal, 'code')
  // Reasons are recorded in English.
  const ofCode = language !== 'en' && code !== undefined && Object.hasOwn(texts.refusals, code) ? [texts.refusals[code] ?? code] : []
  const lines = [...ofCode, ...['reason', 'detail', 'code'].flatMap((name) => (refusal === undefined ? [] : (textIn(refusal, name) ?? [])))]
  return { heading: 'why', lines: asked.type === 'data.denied' || refusal?.type === 'data.refused' || refusal?.type === 'data.aborted' ? lines : [] }
}

function needed({ language, asked, outcome }: Telling): Part {
  const refusal = asked.type === 'data.denied' ? asked : outcome?.type === 'data.refused' ? outcome : undefined
  if (refusal === undefined) return { heading: 'needed', lines: [] }
  const missing = missingTerms(refusal, language)
  if (missing.length > 0) return { heading: 'needed', lines: missing }
  const term = textIn(refusal, 'term')
  const line = [term === undefined ? '' : nameOf(term, language), shownValue(refusal['needed'] ?? undefined, language)].filter((part) => part !== '').join(': ')
  return { heading: 'needed', lines: line === '' ? [] : [line] }
}

function withheld({ language, asked, outcome }: Telling): Part {
  const line = (outcome === undefined ? undefined : withheldIn(outcome, language)) ?? withheldIn(asked, language)
  return { heading: 'withheld', lines: line === undefined ? [] : [line] }
}

/** `2 groups (Smallest group)`; undefined when an entry tells of none. */
export function withheldIn(entry: Fields, language: Language): string | undefined {
  const { withheld: told } = entry
  const [groups, reasons] = typeof told === 'string' ? inHeader(told) : inObject(told)
  if (groups === undefined || groups === '0') return undefined
  return `${whyTexts[language].groups(groups)}${reasons.length === 0 ? '' : ` (${reasons.map((reason) => nameOf(reason, language)).join(', ')})`}`
}

function inHeader(text: string): [groups: string | undefined, reasons: string[]] {
  const [, groups] = /groups=(<?\d+)/.exec(text) ?? []
  return [groups, [...text.matchAll(/reason=([\w,]+)/g)].flatMap(([, reasons = '']) => reasons.split(','))]
}

function inObject(value: unknown): [groups: string | undefined, reasons: string[]] {
  if (!isObject(value)) return [undefined, []]
  const { groups, reasons } = value
  return [typeof groups === 'number' || typeof groups === 'string' ? String(groups) : undefined, Array.isArray(reasons) ? reasons.map(String) : []]
}

function released({ texts, language, asked, outcome }: Telling): Part {
  const came = outcome ?? asked
  if (came.type === 'data.denied' || came.type === 'data.refused') return { heading: 'released', lines: [texts.nothing] }
  const number = (value: unknown) => (typeof value === 'number' ? value.toLocaleString(language) : undefined)
  const [rows, bytes, sha256] = [number(came['rows'] ?? asked['rows']), number(came['bytes']), textIn(came, 'sha256')]
  const line = [rows === undefined ? [] : texts.rows(rows), bytes === undefined ? [] : texts.bytes(bytes), sha256 === undefined ? [] : texts.digest(sha256)].flat().join(', ')
  const ended = outcome?.type === 'data.aborted' && asked !== outcome ? [texts.events['data.aborted'] ?? ''] : []
  return { heading: 'released', lines: [...(line === '' ? [] : [line]), ...ended] }
}

function quota({ texts, language, asked, outcome }: Telling): Part {
  const used = objectIn(outcome ?? asked, 'quota') ?? objectIn(asked, 'quota') ?? {}
  return { heading: 'quota', lines: Object.entries(used).map(([counter, amount]) => `${nameOf(counter, language)}: ${texts.used(typeof amount === 'number' ? amount.toLocaleString(language) : shownValue(amount))}`) }
}

function provider({ texts, asked, outcome }: Telling): Part {
  const number = outcome?.['providerRecord'] ?? asked['providerRecord']
  return { heading: 'provider', lines: typeof number === 'number' ? [texts.providerRecord(String(number))] : [] }
}

type Fields = Readonly<Record<string, unknown>>

/** The terms that keep a refusal from being a permission, as what they want. */
export function missingTerms(refusal: Fields, language: Language): string[] {
  // Where a prohibition refuses, its terms held: what is needed then, the reason says.
  const missing = termsIn(refusal).filter((term) => term['satisfied'] !== true && !(textIn(term, 'at') ?? '').includes('/prohibition'))
  return missing.map((term) => wantedBy(whyTexts[language], term, language))
}

function termsIn(entry: Fields): Fields[] {
  const { terms: list } = entry
  return Array.isArray(list) ? list.filter((each: unknown) => isObject(each)) : []
}

/** What an operand is called: `Purpose`, `Smallest group (card)`. */
function nameOf(term: string, language: Language): string {
  const sign = term.indexOf('#')
  const [plain, about] = sign === -1 || term.startsWith('https://w3id.org/dpv#') ? [term, ''] : [term.slice(0, sign), ` (${term.slice(sign + 1)})`]
  const row = operandTable.find((candidate) => candidate.term === plain || candidate.iri === plain)
  const others: Readonly<Record<string, string>> = whyTexts[language].terms
  if (row === undefined) return Object.hasOwn(others, term) ? (others[term] ?? term) : term
  return `${operandText(row, language).name}${about}`
}

function concept(text: string, language: Language): string {
  if (text === profileActions.queryAggregate) return `"${whyTexts[language].aggregates}" (${text})`
  return isPurpose(text) ? `"${purposeLabel(text, language)}" (${text})` : text
}

function shownValue(value: unknown, language: Language = 'en'): string {
  if (typeof value === 'string') return concept(value, language)
  if (Array.isArray(value)) return value.map((each) => shownValue(each, language)).join(', ')
  return value === undefined ? '' : JSON.stringify(value)
}

/** A text that is not empty. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function objectIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name]
  return isObject(value) ? value : undefined
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
