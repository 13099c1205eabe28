import { describe, expect, test } from 'vitest'
import { languages } from '../../../src/policy/explain/operand-texts.ts'
import { isPurpose, purposeIri, purposeIris, purposeLabel, purposesAbove } from '../../../src/policy/purposes.ts'

const dpv = (name: string) => `https://w3id.org/dpv#${name}`

describe('purposes of the Data Privacy Vocabulary', () => {
  test('are all there, and every broader one is one of them', () => {
    expect(purposeIris).toHaveLength(122)
    for (const iri of purposeIris) expect([...purposesAbove(iri)].filter((broader) => !isPurpose(broader))).toEqual([])
  })

  test('all lead to the one at the top, which is below nothing', () => {
    for (const iri of purposeIris) expect(purposesAbove(iri).has(dpv('Purpose'))).toBe(true)
    expect([...purposesAbove(dpv('Purpose'))]).toEqual([dpv('Purpose')])
  })

  test('never lead in a circle: two purposes are never above each other', () => {
    for (const iri of purposeIris) {
      for (const broader of purposesAbove(iri)) if (broader !== iri) expect(purposesAbove(broader).has(iri)).toBe(false)
    }
  })

  test('may have several broader ones', () => {
    expect(new Set(purposesAbove(dpv('CommercialResearch')))).toEqual(new Set(['CommercialResearch', 'CommercialPurpose', 'ResearchAndDevelopment', 'Purpose'].map(dpv)))
    expect(purposesAbove(dpv('RecruitmentTargetedAdvertising')).has(dpv('HumanResourceManagement'))).toBe(true)
    expect(purposesAbove(dpv('RecruitmentTargetedAdvertising')).has(dpv('Marketing'))).toBe(true)
  })

  test('of research are not of public benefit', () => {
    expect(purposesAbove(dpv('ProvideOfficialStatistics')).has(dpv('PublicBenefit'))).toBe(true)
    expect(purposesAbove(dpv('ScientificResearch')).has(dpv('PublicBenefit'))).toBe(false)
  })

  test.each(['https://w3id.org/dpv#Nothing', 'https://w3id.org/dpv#__proto__', 'https://w3id.org/dpv#constructor', 'https://evil.example/dpv#PublicBenefit', 'https://w3id.org/dpv/PublicBenefit', ''])(
    'which the vocabulary does not have (%s) are below themselves only',
    (iri) => {
      expect([...purposesAbove(iri)]).toEqual([iri])
      expect(isPurpose(iri)).toBe(false)
      expect(purposeLabel(iri, 'en')).toBe(iri)
    },
  )

  test('have a name in every language', () => {
    for (const language of languages) for (const iri of purposeIris) expect(purposeLabel(iri, language)).toMatch(/^\p{Lu}/u)
    expect(purposeLabel(dpv('ProvideOfficialStatistics'), 'ca')).toBe('Elaboració d’estadístiques oficials')
    for (const language of languages) expect(new Set(purposeIris.map((iri) => purposeLabel(iri, language))).size).toBe(purposeIris.length)
  })

  test('may be written short', () => {
    for (const text of ['PublicBenefit', 'dpv:PublicBenefit', dpv('PublicBenefit')]) expect(purposeIri(text)).toBe(dpv('PublicBenefit'))
    for (const text of ['publicbenefit', 'dpv:', 'toString', 'dpv:__proto__', 'odrl:PublicBenefit', ' PublicBenefit', 'dpv:dpv:PublicBenefit']) expect(purposeIri(text)).toBeUndefined()
  })
})
