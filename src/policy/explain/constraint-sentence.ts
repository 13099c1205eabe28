import { firstText, isBesideDecision, valueText } from '../direct-constraints.ts'
import { parseMask } from '../terms/masks.ts'
import type { AtomicConstraint, Operator } from '../model.ts'
import { operandOf } from '../profile.ts'
import type { OperandRow } from '../profile.ts'
import { termOf } from '../compare/constraint-text.ts'
import { numberOf } from '../read/literals.ts'
import type { CounterTerm, Order, OrderSentences, SetSentences, SetTerm } from './sentences.ts'
import { allOfThem, amountText, conceptText, durationText, instantText, lastPart, numberText, oneOfThem, percentText, textsOf, weekdayText } from './values.ts'
import type { Writing } from './values.ts'

/** An atomic constraint as a sentence, of a request or of something to be done; undefined for what the profile does not have. */
export function constraintSentence(writing: Writing, constraint: AtomicConstraint, ofDuty: boolean): string | undefined {
  const operand = operandOf(constraint.leftOperand)
  if (operand === undefined || !operand.row.operators.includes(constraint.operator)) return undefined
  const { row, about } = operand
  if (isBesideDecision(constraint)) return besideSentence(writing, constraint, { row, about })
  if (row.place === 'obligation') return obligationSentence(writing, constraint, row)
  return (ofDuty ? dueSentence(writing, constraint, row) : undefined) ?? decisionSentence(writing, constraint, { row, about })
}

/** Until when something has to be done. */
function dueSentence(writing: Writing, constraint: AtomicConstraint, { term }: OperandRow): string | undefined {
  if (term === 'elapsedTime') return writing.sentences.delayPeriod(durationText(writing, firstText(constraint)))
  if (term !== 'dateTime') return undefined
  return ordered(writing.sentences.due, constraint.operator)?.(oneOfThem(writing, constraint.rightOperand.map((value) => instantText(writing, value, constraint.unit))))
}

/** A constraint that the profile does not have, as it is written. */
export function otherSentence(writing: Writing, { leftOperand, operator, rightOperand }: AtomicConstraint): string {
  return writing.sentences.other(termOf(leftOperand), operator, oneOfThem(writing, rightOperand.map(valueText)))
}

interface Operand {
  readonly row: OperandRow
  readonly about: string | undefined
}

function decisionSentence(writing: Writing, constraint: AtomicConstraint, { row, about }: Operand): string | undefined {
  const { sentences } = writing
  if (row.source === 'clock') return clockSentence(writing, constraint, row)
  if (row.term === 'parameter') return oneOrNone(sentences.parameter, constraint.operator)?.(about ?? '', oneOfThem(writing, textsOf(constraint, quotedText)))
  if (row.term === 'purpose' || row.term === 'spatial') return conceptSentence(writing, constraint, row.term)
  return isSetTerm(writing, row.term) ? oneOrNone(sentences.sets[row.term], constraint.operator)?.(oneOfThem(writing, textsOf(constraint, (text) => text))) : undefined
}

function clockSentence(writing: Writing, constraint: AtomicConstraint, { term }: OperandRow): string | undefined {
  const { sentences } = writing
  const { operator, unit } = constraint
  switch (term) {
    case 'dateTime':
      return ordered(sentences.dateTime, operator)?.(oneOfThem(writing, constraint.rightOperand.map((value) => instantText(writing, value, unit))))
    case 'elapsedTime':
      return operator === 'lt' || operator === 'lteq' ? sentences.elapsedTime[operator](durationText(writing, firstText(constraint))) : undefined
    case 'dayOfWeek':
      return oneOrNone(sentences.dayOfWeek, operator)?.(sentences.inZone(oneOfThem(writing, textsOf(constraint, (text) => weekdayText(writing, text))), unit ?? 'UTC'))
    case 'hourOfDay':
      return ordered(sentences.hourOfDay, operator)?.(sentences.inZone(oneOfThem(writing, textsOf(constraint, sentences.hour)), unit ?? 'UTC'))
    default:
      return undefined
  }
}

function conceptSentence(writing: Writing, constraint: AtomicConstraint, term: 'purpose' | 'spatial'): string | undefined {
  const names = oneOfThem(writing, constraint.rightOperand.map((value) => conceptText(writing, value)))
  if (constraint.operator === 'isA' || constraint.operator === 'isPartOf') return writing.sentences.narrower[term](names)
  return oneOrNone(writing.sentences.sets[term], constraint.operator)?.(names)
}

function besideSentence(writing: Writing, constraint: AtomicConstraint, operand: Operand): string | undefined {
  const { sentences } = writing
  const { row, about = '' } = operand
  if (row.place === 'counter') return counterSentence(writing, constraint, row)
  switch (row.term) {
    case 'rowsPerAnswer':
      return counted(writing, constraint, sentences.rowsPerAnswer)
    case 'rowScope':
      return rowScopeSentence(writing, constraint, about)
    case 'column':
      return sentences.column(allOfThem(writing, textsOf(constraint, (name) => name)))
    case 'mask':
      return maskSentence(writing, constraint, about)
    default:
      return protectionSentence(writing, constraint, operand)
  }
}

function counterSentence(writing: Writing, constraint: AtomicConstraint, row: OperandRow): string | undefined {
  if (!isCounter(writing, row.term)) return undefined
  const limit = counted(writing, constraint, writing.sentences.counters[row.term])
  return row.unit === 'timeZone' ? `${limit} ${writing.sentences.dayBegins(constraint.unit ?? 'UTC')}` : limit
}

function maskSentence(writing: Writing, constraint: AtomicConstraint, column: string): string | undefined {
  const mask = parseMask(firstText(constraint))
  return mask === undefined ? undefined : writing.sentences.mask(column, mask, mask.kind === 'grid' ? numberText(writing, String(mask.step)) : '')
}

function protectionSentence(writing: Writing, constraint: AtomicConstraint, { row, about }: Operand): string | undefined {
  const { sentences } = writing
  const text = firstText(constraint)
  switch (row.term) {
    case 'minGroupSize':
      return sentences.minGroupSize(about ?? '', numberText(writing, text))
    case 'largestShare':
      return sentences.largestShare(about ?? '', percentText(writing, text))
    case 'rounding':
      return sentences.rounding(about, numberText(writing, text))
    default:
      return undefined
  }
}

function rowScopeSentence(writing: Writing, constraint: AtomicConstraint, about: string): string | undefined {
  const { rowScope } = writing.sentences
  const values = constraint.rightOperand.map((value) => ('value' in value && numberOf(value.value) !== undefined && /(integer|decimal|double)$/.test(value.datatype) ? numberText(writing, value.value) : valueText(value)))
  const sentence = constraint.operator === 'isAnyOf' || constraint.operator === 'isNoneOf' ? oneOrNone(rowScope, constraint.operator) : ordered(rowScope, constraint.operator)
  return sentence?.(about, oneOfThem(writing, values))
}

function counted(writing: Writing, constraint: AtomicConstraint, sentence: (count: number, text: string) => string): string {
  const bound = numberOf(firstText(constraint)) ?? 0
  const most = constraint.operator === 'lt' ? Math.ceil(bound) - 1 : bound
  const text = numberText(writing, String(most))
  return sentence(most, text)
}

function obligationSentence(writing: Writing, constraint: AtomicConstraint, { term }: OperandRow): string | undefined {
  const { sentences } = writing
  const text = firstText(constraint)
  const { operator } = constraint
  switch (term) {
    case 'delayPeriod':
      return sentences.delayPeriod(durationText(writing, text))
    case 'timeInterval':
      return sentences.timeInterval(durationText(writing, text))
    case 'payAmount':
      return operator === 'eq' || operator === 'lteq' || operator === 'gteq' ? sentences.payAmount[operator](amountText(writing, text, constraint.unit)) : undefined
    case 'schema':
      return sentences.schema(text)
    case 'event':
      return sentences.event(/^https?:/.test(text) ? lastPart(text) : text)
    default:
      return undefined
  }
}

function quotedText(text: string): string {
  return JSON.stringify(text)
}

function ordered<S>(sentences: OrderSentences<S>, operator: Operator): S | undefined {
  const order = (['eq', 'neq', 'lt', 'lteq', 'gt', 'gteq'] as const satisfies readonly Order[]).find((each) => each === operator)
  return order === undefined ? undefined : sentences[order]
}

function oneOrNone<S>(sentences: SetSentences<S>, operator: Operator): S | undefined {
  if (operator === 'eq' || operator === 'isAnyOf') return sentences.one
  return operator === 'neq' || operator === 'isNoneOf' ? sentences.none : undefined
}

function isSetTerm({ sentences }: Writing, term: string): term is SetTerm {
  return Object.hasOwn(sentences.sets, term)
}

function isCounter({ sentences }: Writing, term: string): term is CounterTerm {
  return Object.hasOwn(sentences.counters, term)
}
