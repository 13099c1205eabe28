import type { Language } from '../../policy/explain/operand-texts.ts'
import { isPurpose, purposeLabel } from '../../policy/purposes.ts'
import { inBrackets, isErased, missingTerms, named, objectIn, questionIn, textIn, withheldIn } from './explain-record.ts'
import type { RecordEntry } from './explain-record.ts'
import { whyTexts } from './texts.ts'
import type { Names, SentenceTexts, WhyTexts } from './texts.ts'

/** Tells what an entry records in one sentence: who asked for what and for which purpose, what was decided and by which term, what came out. */
export function tellRecord(entry: RecordEntry, language: Language, names: Names = new Map()): string {
  const texts = whyTexts[language]
  const happened = Object.hasOwn(texts.events, entry.type) ? texts.events[entry.type] : undefined
  const kind = entry.type.replace(/^data\./, '')
  const told = kind !== entry.type && isTold(texts.sentence, kind) ? sentenceAbout({ entry, language, names }, kind) : `${happened ?? entry.type}${inBrackets(texts, entry, names)}`
  // A sentence that begins with an id or a name keeps it as it is.
  const partner = textIn(entry, 'partner') ?? ''
  return /^[a-z]+:/.test(told) || (names.get(partner) !== undefined && told.startsWith(named({ texts, names }, partner))) ? `${told}.` : `${told.slice(0, 1).toUpperCase()}${told.slice(1)}.`
}

type Told = keyof SentenceTexts['told']

function isTold(texts: SentenceTexts, kind: string): kind is Told {
  return Object.hasOwn(texts.told, kind)
}

interface Telling {
  readonly entry: RecordEntry
  readonly language: Language
  readonly names: Names
}

function sentenceAbout({ entry, language, names }: Telling, kind: Told): string {
  const texts = whyTexts[language]
  const { sentence } = texts
  const called = (field: string) => {
    const id = textIn(entry, field)
    return id === undefined ? undefined : named({ texts, names }, id)
  }
  const agreement = textIn(entry, 'agreement')
  const asked = {
    partner: called('partner') ?? sentence.somebody,
    dataset: `${called('dataset') ?? textIn(entry, 'transfer') ?? sentence.data}${agreement === undefined ? '' : sentence.under(agreement)}`,
    as: whoAsked(entry, language),
  }
  const after = [...reasons(entry, kind, language), ...amounts(entry, language), ...question(entry, kind, texts)]
  return `${sentence.told[kind](asked)}${after.length === 0 ? '' : `: ${after.join('; ')}`}`
}

/** ` (user x7Qk) as analyst for "Research"`. */
function whoAsked(entry: RecordEntry, language: Language): string {
  const { erased, sentence } = whyTexts[language]
  const stated = objectIn(entry, 'stated') ?? (textIn(entry, 'role') === 'consumer' ? {} : entry)
  const [role, purpose] = [textIn(stated, 'role'), textIn(stated, 'purpose')]
  // On the consumer's side, whose token it was; on the provider's, the pseudonym that the consumer stated.
  const user = [entry['actor'], stated['user']].find((value) => value !== undefined)
  const named = isErased(user) ? erased : user
  return [
    typeof named === 'string' ? sentence.user(named) : '',
    role === undefined ? '' : sentence.as(role),
    purpose === undefined ? '' : sentence.purpose(isPurpose(purpose) ? purposeLabel(purpose, language) : purpose),
  ].join('')
}

function question(entry: RecordEntry, kind: Told, texts: WhyTexts): string[] {
  const rule = kind === 'permitted' ? textIn(entry, 'rule') : undefined
  const asked = questionIn(entry, texts)
  return [...(rule === undefined ? [] : [texts.rule(rule)]), ...(asked === '' ? [] : [texts.sentence.asked(asked)])]
}

function reasons(entry: RecordEntry, kind: Told, language: Language): string[] {
  if (kind !== 'denied' && kind !== 'refused') return []
  const { sentence } = whyTexts[language]
  const times = typeof entry['count'] === 'number' && entry['count'] > 1 ? [sentence.times(entry['count'].toLocaleString(language))] : []
  const [term] = missingTerms(entry, language)
  const code = textIn(entry, 'code')
  const reason = term ?? reasonOf(entry, kind, language)
  // A provider that told nothing of why.
  const status = typeof entry['status'] === 'number' ? `HTTP ${entry['status']}` : ''
  const why = reason === undefined || code === undefined ? (reason ?? code ?? status) : `${reason} (${code})`
  return [why, ...times].filter((part) => part !== '')
}

function reasonOf(entry: RecordEntry, kind: Told, language: Language): string | undefined {
  const { refusals } = whyTexts[language]
  const code = textIn(entry, 'code') ?? ''
  const recorded = textIn(entry, 'reason')?.replace(/\.$/, '')
  const ofCode = Object.hasOwn(refusals, code) ? refusals[code] : undefined
  // Reasons are recorded in English, and those that a provider gives may be a mere word.
  return language === 'en' && kind === 'denied' ? (recorded ?? ofCode) : (ofCode ?? recorded)
}

function amounts(entry: RecordEntry, language: Language): string[] {
  const texts = whyTexts[language]
  const number = (name: string) => (typeof entry[name] === 'number' ? entry[name].toLocaleString(language) : undefined)
  const [rows, bytes, upTo] = [number('rows'), number('bytes'), number('upTo')]
  const withheld = withheldIn(entry, language)
  return [rows === undefined ? [] : texts.rows(rows), bytes === undefined ? [] : texts.bytes(bytes), upTo === undefined ? [] : texts.sentence.upTo(upTo), withheld === undefined ? [] : texts.sentence.withheld(withheld)].flat()
}
