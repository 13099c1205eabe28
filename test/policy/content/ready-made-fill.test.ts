import { describe, expect, test } from 'vitest'
import { isProblem } from '../../../src/errors.ts'
import { checkBlank } from '../../../src/policy/ready-made/blanks.ts'
import type { Blank, BlankType, BlankValue } from '../../../src/policy/ready-made/blanks.ts'
import { fillPolicy, readReadyMade } from '../../../src/policy/ready-made/ready-made.ts'

const text = { en: 'en', ca: 'ca', es: 'es' }

function readyMade(blanks: Readonly<Record<string, object>>, policy: object): ReturnType<typeof readReadyMade> {
  const described = Object.fromEntries(Object.entries(blanks).map(([name, blank]) => [name, { label: text, why: text, ...blank }]))
  return readReadyMade({ id: 'test', version: '1.0.0', title: text, description: text, blanks: described, policy, table: [] })
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isProblem(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

function check(type: BlankType, value: BlankValue, more: Partial<Blank> = {}): unknown {
  const checked = checkBlank({ type, label: text, why: text, ...more }, value)
  return 'value' in checked ? checked.value : undefined
}

describe('filling blanks', () => {
  const policy = readyMade(
    { minimum: { type: 'integer', minimum: 2, default: '10' }, unit: { type: 'unit' }, roles: { type: 'roles' }, until: { type: 'date', default: { endOf: 'nextYear' } } },
    { permission: [{ action: 'use', constraint: [{ leftOperand: { $operand: 'minGroupSize', about: { $blank: 'unit' } }, rightOperand: { '@value': { $blank: 'minimum' } } }, { $keep: 1, roles: { $blank: 'roles' }, until: { $blank: 'until' } }] }] },
  )
  const now = new Date('2026-03-04T12:00:00Z')

  test('puts values where blanks are and leaves the rest', () => {
    expect(fillPolicy(policy, { unit: 'card', roles: ['analyst', 'planner'] }, now)).toEqual({
      permission: [{ action: 'use', constraint: [{ leftOperand: 'https://w3id.org/concordat/policy/v1/minGroupSize#card', rightOperand: { '@value': '10' } }, { $keep: 1, roles: ['analyst', 'planner'], until: '2027-12-31' }] }],
    })
  })

  test('one value is a list of one where several may be', () => {
    expect(JSON.stringify(fillPolicy(policy, { unit: 'card', roles: 'analyst' }, now))).toContain('"roles":["analyst"]')
  })

  test('names of units and columns cannot break out of the operand', () => {
    expect(JSON.stringify(fillPolicy(policy, { unit: 'a#b/c "d" é', roles: 'x' }, now))).toContain('minGroupSize#a%23b%2Fc%20%22d%22%20%C3%A9"')
  })

  test('all that is missing, wrong or unknown is told at once, with what is allowed', () => {
    const told = refusal(() => fillPolicy(policy, { minimum: '1', mimimum: '5' }))
    expect(told).toMatch(/^bad-request: /)
    for (const part of ['mimimum: there is no such blank; there are minimum, unit, roles, until', 'minimum: it must be a whole number from 2', 'unit: it must be filled', 'roles: it must be filled', 'until: it must be filled']) expect(told).toContain(part)
  })

  test.each(['__proto__', 'constructor', 'toString'])('%s is no blank', (name) => {
    expect(refusal(() => fillPolicy(policy, JSON.parse(`{"${name}":"x","unit":"card","roles":"x"}`), now))).toContain(`${name}: there is no such blank`)
  })

  test.each<[string, Readonly<Record<string, object>>, object, string]>([
    ['a blank that is not described', {}, { a: { $blank: 'x' } }, '/policy names the blank x'],
    ['a blank that is not used', { x: { type: 'integer' } }, {}, '/blanks/x is not used'],
    ['a type that is not known', { x: { type: 'number' } }, { a: { $blank: 'x' } }, '/blanks/x/type must be one of'],
    ['a default that is not allowed', { x: { type: 'integer', minimum: 3, default: '2' } }, { a: { $blank: 'x' } }, '/blanks/x/default it must be a whole number from 3'],
  ])('a document with %s is refused', (_name, blanks, document, message) => {
    expect(refusal(() => readyMade(blanks, document))).toContain(message)
  })
})

describe('values of blanks', () => {
  test.each<[BlankType, readonly BlankValue[], readonly BlankValue[]]>([
    ['integer', ['0', '7', '1000000'], ['-1', '1.5', '1e3', '007', '', ' 7', '٣', 'NaN', '1'.repeat(16)]],
    ['decimal', ['0', '0.5', '1200.00'], ['.5', '1,5', '-1', '1e3', 'Infinity', '0x10']],
    ['date', ['2027-12-31', '2028-02-29'], ['2027-02-29', '2027-13-01', '27-01-01', '2027-1-1', '2027-12-31T00:00:00Z', 'tomorrow']],
    ['dateTime', ['2027-12-31T23:59:59+01:00', '2027-12-31T22:59:59Z'], ['2027-12-31T23:59:59', '2027-12-31', '2027-12-31T24:00:00Z', '2027-02-30T00:00:00Z']],
    ['duration', ['P3M', 'PT60M', 'P1Y6M', 'P30D', 'P2W', 'PT0.5S'], ['P', 'PT', '3M', 'P0D', '-P1D', 'P1.5M', 'p3m', 'P1DT']],
    ['timeZone', ['Europe/Madrid', 'UTC', 'America/Argentina/Buenos_Aires'], ['+01:00', 'Madrid', 'Europe/Atlantis', '../etc/passwd']],
    ['currency', ['EUR'], ['eur', 'EURO', '€']],
    ['role', ['analyst', 'case-worker'], ['', ' analyst', 'ana\nlyst', 'x\u202ey', ['analyst', 'planner']]],
    ['roles', ['analyst', ['analyst', 'planner']], [[], ['analyst', 'analyst'], ['ok', '']]],
    ['strings', [['Vallvidrera, el Tibidabo i les Planes']], [Array.from({ length: 101 }, (_each, index) => `v${index}`)]],
    ['iri', ['did:web:city.example', 'https://city.example/a?b=c#d'], ['city', '//city.example', 'https://a b', 'javascript', 'https://a"b', 'http:<x>']],
  ])('%s takes what it should and nothing else', (type, good, bad) => {
    for (const value of good) expect({ value, taken: check(type, value) }).toEqual({ value, taken: typeof value === 'string' && ['roles', 'strings'].includes(type) ? [value] : value })
    for (const value of bad) expect({ value, taken: check(type, value) }).toEqual({ value, taken: undefined })
  })

  test('purposes are taken in any writing and become IRIs', () => {
    for (const value of ['PublicBenefit', 'dpv:PublicBenefit', 'https://w3id.org/dpv#PublicBenefit']) expect(check('purpose', value)).toBe('https://w3id.org/dpv#PublicBenefit')
    expect(check('purpose', 'dpv:Benefit')).toBeUndefined()
  })

  test('ranges and lists of allowed values hold', () => {
    expect(check('decimal', '1.01', { minimum: 0.01, maximum: 1 })).toBeUndefined()
    expect(check('strings', ['GET', 'POST'], { allowed: ['GET', 'HEAD'] })).toBeUndefined()
    expect(check('strings', ['GET'], { allowed: ['GET', 'HEAD'] })).toEqual(['GET'])
  })
})
