import { ca } from './operand-texts/ca.ts'
import { en } from './operand-texts/en.ts'
import { es } from './operand-texts/es.ts'
import type { OperandRow } from '../profile.ts'

/** The languages that policies are explained in. */
export const languages = ['en', 'ca', 'es'] as const
export type Language = (typeof languages)[number]

/** Name and definition of an operand. */
export interface OperandWords {
  readonly name: string
  readonly definition: string
}

/** What documentation says of operands in one language. */
export interface OperandTexts {
  /** By term of `operandTable`. */
  readonly operands: Readonly<Record<string, OperandWords>>
  /** What happens when the value is not known, by the operand's source. */
  readonly unknown: Readonly<Record<OperandRow['source'], string>>
  /** What enforces the term, by the operand's place. */
  readonly where: Readonly<Record<OperandRow['place'], string>>
  /** How far software vouches for a term. */
  readonly enforcement: Readonly<Record<OperandRow['enforcement'], OperandWords>>
}

/** An operand as documentation tells it in one language. */
export interface OperandText extends OperandWords {
  readonly unknown: string
  readonly where: string
}

/** All texts, by language. */
export const operandTexts: Readonly<Record<Language, OperandTexts>> = { en, ca, es }

/** What documentation says of an operand. */
export function operandText(row: OperandRow, language: Language): OperandText {
  const texts = operandTexts[language]
  const words = texts.operands[row.term]
  if (words === undefined) throw new Error(`No ${language} text tells what ${row.term} is`)
  return { ...words, unknown: texts.unknown[row.source], where: texts.where[row.place] }
}
