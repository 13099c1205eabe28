import { describe, expect, test } from 'vitest'
import { explainPolicy } from '../../../src/policy/explain/explain-policy.ts'
import { explanationText } from '../../../src/policy/explain/explanation-text.ts'
import type { Policy } from '../../../src/policy/model.ts'
import { languages } from '../../../src/policy/explain/operand-texts.ts'
import type { Language } from '../../../src/policy/explain/operand-texts.ts'
import { operandTable } from '../../../src/policy/profile.ts'
import { constraint as c, day, iri, period, permitting, policyOf, time } from './policies.ts'

function sentences(policy: Policy, language: Language): string[] {
  return explainPolicy(policy, language).rules.flatMap(({ terms }) => terms.map(({ sentence }) => sentence))
}

describe('terms in three languages', () => {
  const terms: [object, Record<Language, string>][] = [
    [
      c('rowScope#district', 'isAnyOf', ['Eixample', 'Gràcia']),
      { en: 'Only rows whose district is Eixample or Gràcia count.', ca: 'Només compten les files en què district és Eixample o Gràcia.', es: 'Solo cuentan las filas en las que district es Eixample o Gràcia.' },
    ],
    [
      c('minGroupSize#card', 'gteq', 10),
      { en: 'Only groups of at least 10 different ones of “card” come out.', ca: 'Només surten els grups d\'almenys 10 elements diferents de «card».', es: 'Solo salen los grupos de al menos 10 elementos distintos de «card».' },
    ],
    [
      c('odrl:dateTime', 'lteq', day('2027-12-31'), 'Europe/Madrid'),
      {
        en: 'The request is made no later than 31 December 2027 (time of Europe/Madrid).',
        ca: 'La petició es fa, com a molt tard: 31 de desembre del 2027 (hora de Europe/Madrid).',
        es: 'La petición se hace, a más tardar: 31 de diciembre de 2027 (hora de Europe/Madrid).',
      },
    ],
    [
      c('odrl:purpose', 'isA', iri('dpv:ProvideOfficialStatistics')),
      {
        en: 'The declared purpose is Provide official statistics, or a narrower one.',
        ca: 'La finalitat declarada és aquesta o una de més específica: Elaboració d’estadístiques oficials.',
        es: 'La finalidad declarada es esta o una más específica: Elaboración de estadísticas oficiales.',
      },
    ],
    [
      c('queriesPerDay', 'lt', 1001, 'Europe/Madrid'),
      {
        en: 'No more than 1,000 requests are answered per day. A day begins at midnight (time of Europe/Madrid).',
        ca: 'Es responen, com a màxim, 1.000 peticions per dia. El dia comença a mitjanit (hora de Europe/Madrid).',
        es: 'Se responden, como máximo, 1.000 peticiones por día. El día empieza a medianoche (hora de Europe/Madrid).',
      },
    ],
    [
      c('dayOfWeek', 'isAnyOf', ['Monday', 'Friday']),
      { en: 'The day of the week is Monday or Friday (UTC).', ca: 'El dia de la setmana és dilluns o divendres (UTC).', es: 'El día de la semana es lunes o viernes (UTC).' },
    ],
    [
      c('hourOfDay', 'gteq', 1, 'Europe/Madrid'),
      { en: 'The request is made at 1:00 (time of Europe/Madrid) or later.', ca: 'La petició es fa a partir de la 1:00 (hora de Europe/Madrid).', es: 'La petición se hace a partir de la 1:00 (hora de Europe/Madrid).' },
    ],
    [
      c('mask#longitude', 'eq', 'grid:0.01'),
      { en: 'Values of the column longitude come out only as multiples of 0.01.', ca: 'Els valors de la columna longitude només surten com a múltiples de 0,01.', es: 'Los valores de la columna longitude solo salen como múltiplos de 0,01.' },
    ],
    [
      c('odrl:elapsedTime', 'lteq', period('P1Y6M')),
      {
        en: 'No more than 1 year and 6 months have passed since the agreement.',
        ca: 'Des de l\'acord ha passat, com a màxim, aquest temps: 1 any i 6 mesos.',
        es: 'Desde el acuerdo ha pasado, como máximo, este tiempo: 1 año y 6 meses.',
      },
    ],
    [c('odrl:count', 'lteq', 1), { en: 'Only one request is answered in all.', ca: 'Només es respon una petició en total.', es: 'Solo se responde una petición en total.' }],
  ]

  test.each(terms)('%j', (term, texts) => {
    for (const language of languages) expect(sentences(permitting([term]), language)).toEqual([texts[language]])
  })

  test('P60M is sixty months, PT60M sixty minutes', () => {
    expect(sentences(permitting([c('odrl:elapsedTime', 'lt', period('P60M')), c('odrl:elapsedTime', 'lt', period('PT60M'))]), 'en')).toEqual(['Less than 60 months have passed since the agreement.', 'Less than 60 minutes have passed since the agreement.'])
  })

  test('Catalan elides before a vowel', () => {
    const policy = policyOf({ permission: [{ action: 'odrl:use' }], obligation: [{ action: 'odrl:delete', assignee: 'did:web:a.example' }, { action: 'odrl:transfer', assignee: 'did:web:a.example' }] })
    expect(explainPolicy(policy, 'ca').rules.slice(1).map(({ sentence }) => sentence)).toEqual(['did:web:a.example ha d\'esborrar les dades.', 'did:web:a.example ha de lliurar les dades, amb tots els drets sobre elles.'])
  })

  test.each(operandTable.map((row) => [row.term, row] as const))('%s has a sentence for each of its operators, in every language', (_term, row) => {
    const values: Record<string, unknown> = { iri: iri('https://example.org/x'), string: 'x', integer: 5, decimal: 0.5, dateTime: time('2027-01-01T00:00:00Z'), duration: period('P1D'), dimensionValue: 'x', mask: 'month' }
    const value = row.term === 'dayOfWeek' ? 'Monday' : values[row.datatype]
    const left = row.about === undefined ? row.iri : `${row.iri}#thing`
    const unit = row.unit === 'currency' ? 'EUR' : row.unit === 'timeZone' ? 'Europe/Madrid' : undefined
    for (const operator of row.operators) {
      const constraint = [c(left, operator, value, unit)]
      const policy = row.place === 'obligation' ? policyOf({ obligation: [{ action: 'odrl:inform', constraint }] }) : permitting(constraint)
      for (const language of languages) {
        const [term] = explainPolicy(policy, language).rules[0]?.terms ?? []
        expect(term?.enforcement).not.toBe('unsupported')
        expect(term?.sentence).toMatch(/^\p{Lu}.*\.$/u)
        expect(term?.sentence).not.toMatch(/undefined|null|\[object/)
      }
    }
  })
})

describe('labels never claim more than is so', () => {
  const labels = (policy: Policy) => explainPolicy(policy, 'en').rules.map(({ enforcement, terms }) => [enforcement, ...terms.map((term) => term.enforcement)])

  test('what a connector is asked for is enforced; what is done elsewhere is attested', () => {
    expect(labels(permitting([c('role', 'eq', 'a'), c('odrl:spatial', 'eq', iri('https://example.org/es'))]))).toEqual([['enforced', 'enforced', 'attested']])
    expect(labels(policyOf({ permission: [{ action: 'odrl:distribute', constraint: [c('role', 'eq', 'a')] }] }))).toEqual([['attested', 'attested']])
    expect(labels(policyOf({ prohibition: [{ action: 'odrl:use' }, { action: 'odrl:distribute', constraint: [c('odrl:dateTime', 'lt', day('2030-01-01'))] }, { action: ['odrl:use', 'odrl:sell'] }] }))).toEqual([['enforced'], ['attested', 'attested'], ['attested']])
  })

  test('obligations are watched when they have a date, and attested otherwise', () => {
    const policy = policyOf({
      permission: [{ action: 'odrl:use', duty: [{ action: 'odrl:inform' }] }],
      obligation: [{ action: 'odrl:delete', constraint: [c('odrl:dateTime', 'lteq', day('2030-01-01'))] }, { action: 'odrl:attribute' }, { action: 'odrl:compensate', constraint: [c('odrl:payAmount', 'eq', 5, 'EUR')] }],
    })
    expect(labels(policy)).toEqual([['enforced'], ['monitored', 'monitored'], ['attested'], ['attested', 'attested']])
    expect(explainPolicy(policy, 'en').rules[0]?.rules[0]?.enforcement).toBe('monitored')
  })

  test('an alternative is as strong as its weakest part', () => {
    expect(labels(permitting([{ or: [c('role', 'eq', 'a'), c('securityLevel', 'eq', 'high')] }]))).toEqual([['enforced', 'attested']])
  })

  test('what the profile does not have is said to be refused', () => {
    const [rule] = explainPolicy(permitting([c('odrl:industry', 'eq', 'x'), { andSequence: [c('role', 'eq', 'a')] }]), 'en').rules
    for (const term of rule?.terms ?? []) expect(term).toMatchObject({ enforcement: 'unsupported', label: 'not enforced here: a policy with this term is refused' })
    expect(rule?.terms).toHaveLength(2)
  })

  test('nothing but declared purposes are claimed, and rows never come out of protected groups', () => {
    const explained = explainPolicy(permitting([c('odrl:purpose', 'eq', iri('dpv:Marketing')), c('minGroupSize#card', 'gteq', 5)]), 'en')
    expect(explained.notes).toContain('That purpose, role or legal basis are declared and signed is made sure of at every request; what the data is used for afterwards rests on the word of the participant.')
    expect(explained.rules[0]?.notes).toEqual(['Single rows never come out under this permission, only aggregates.'])
  })
})

describe('the whole as text', () => {
  test('rules with their terms, notes and what the labels mean', () => {
    const policy = policyOf({ permission: [{ action: 'odrl:use', assignee: 'did:web:city.example', constraint: [{ or: [c('role', 'eq', 'a'), c('hourOfDay', 'lt', 8)] }] }], prohibition: [{ action: 'odrl:distribute' }] })
    expect(explanationText(explainPolicy(policy, 'en'))).toBe(
      [
        '1. did:web:city.example may use the data, if all of this holds: [enforced]',
        '   - At least one of these holds: [enforced]',
        '     - The declared role of who asks is a. [enforced]',
        '     - The request is made before 8:00 (UTC). [enforced]',
        '',
        '2. It is prohibited to pass the data on to others. [attested]',
        '',
        'Where a permission and a prohibition meet, the prohibition counts.',
        'That purpose, role or legal basis are declared and signed is made sure of at every request; what the data is used for afterwards rests on the word of the participant.',
        'Nothing else is permitted.',
        '',
        '[enforced] Software makes sure of it at every request.',
        '[attested] The partner says so; no software can check it.',
      ].join('\n'),
    )
  })
})
