import { describe, expect, test } from 'vitest'
import { languages, operandText, operandTexts } from '../../../src/policy/explain/operand-texts.ts'
import { operandTable } from '../../../src/policy/profile.ts'

describe('texts of operands', () => {
  test.each(languages)('%s: every operand has a name and a definition, and nothing else has', (language) => {
    for (const row of operandTable) expect(Object.values(operandText(row, language)).every((text) => text.length > 2)).toBe(true)
    expect(Object.keys(operandTexts[language].operands).toSorted()).toEqual(operandTable.map(({ term }) => term).toSorted())
  })

  test('names tell operands apart', () => {
    for (const language of languages) expect(new Set(operandTable.map((row) => operandText(row, language).name)).size).toBe(operandTable.length)
  })
})
