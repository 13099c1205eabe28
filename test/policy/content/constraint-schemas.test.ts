import { describe, expect, test } from 'vitest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isProblem } from '../../../src/errors.ts'
import { operators } from '../../../src/policy/model.ts'
import type { Operator } from '../../../src/policy/model.ts'
import { odrlIri, operandTable, profileIri, xsdIri } from '../../../src/policy/profile.ts'
import type { OperandRow } from '../../../src/policy/profile.ts'
import { readPolicy } from '../../../src/policy/read/read.ts'
import { requireProfile } from '../../../src/policy/offer/require-profile.ts'

const ajv = new Ajv2020({ strict: true, allErrors: false })
const validators = new Map(operandTable.map(({ term }) => [term, ajv.compile(JSON.parse(readFileSync(join(import.meta.dirname, `../../../policies/schemas/${term}.schema.json`), 'utf8')))]))
const sets = new Set<string>(['isA', 'isPartOf', 'isAnyOf', 'isNoneOf'])

/** What the engine says of a constraint where its operand may stand: why it is refused, or undefined. */
function refused(row: OperandRow, constraint: object): string | undefined {
  const rule = row.place === 'obligation' ? { obligation: [{ action: 'odrl:compensate', constraint: [constraint] }] } : { permission: [{ action: 'odrl:use', constraint: [constraint] }] }
  try {
    requireProfile(readPolicy({ '@type': 'Set', profile: profileIri, ...rule }))
    return undefined
  } catch (error) {
    if (isProblem(error)) return error.message
    throw error
  }
}

function expectBoth(row: OperandRow, constraint: object, accepted: boolean): void {
  const reason = refused(row, constraint)
  expect({ constraint, engine: reason === undefined ? 'accepted' : `refused: ${reason}`, schema: validators.get(row.term)?.(constraint) }).toEqual({
    constraint,
    engine: accepted ? 'accepted' : expect.stringMatching(/^refused: /),
    schema: accepted,
  })
}

const samples: Readonly<Record<OperandRow['datatype'], readonly [good: string, type: string, bad: string]>> = {
  iri: ['https://w3id.org/dpv#PublicBenefit', '', 'not an iri'],
  string: ['analyst', 'string', ''],
  integer: ['12', 'integer', '1.5'],
  decimal: ['0.5', 'decimal', 'half'],
  dateTime: ['2027-12-31T23:59:59Z', 'dateTime', '2027-13-01T00:00:00Z'],
  duration: ['P3M', 'duration', '3 months'],
  dimensionValue: ['Gràcia', 'string', ''],
  mask: ['truncate:3', 'string', 'blur'],
}
const particular: Readonly<Record<string, readonly [good: string, bad: string]>> = { dayOfWeek: ['Monday', 'Lunes'], hourOfDay: ['24', '25'], largestShare: ['0.25', '1.5'] }

function valueOf(row: OperandRow, good = true): object {
  const [sample, type, bad] = samples[row.datatype]
  const text = good ? (particular[row.term]?.[0] ?? sample) : (particular[row.term]?.[1] ?? bad)
  return row.datatype === 'iri' ? { '@id': text } : { '@value': text, '@type': `${xsdIri}${type}` }
}

const left = (row: OperandRow) => row.iri + (row.about === undefined ? '' : '#thing')
const constraintOf = (row: OperandRow, operator: Operator, more: object = {}) => ({ leftOperand: left(row), operator: `${odrlIri}${operator}`, rightOperand: valueOf(row), ...more })
const firstOf = (row: OperandRow) => row.operators[0] ?? 'eq'

describe.each(operandTable.map((row) => [row.term, row] as const))('schema of %s and the engine agree', (_term, row) => {
  test('on its operators', () => {
    for (const operator of operators) expectBoth(row, constraintOf(row, operator), row.operators.includes(operator))
    expectBoth(row, { ...constraintOf(row, firstOf(row)), operator: 'odrl:about' }, false)
  })

  test('on ways to write it', () => {
    const prefixed = left(row).replace(odrlIri, 'odrl:').replace(profileIri, 'concordat:')
    expectBoth(row, { ...constraintOf(row, firstOf(row)), leftOperand: prefixed, operator: firstOf(row) }, true)
    expectBoth(row, { ...constraintOf(row, firstOf(row)), leftOperand: `${row.iri}x` }, false)
  })

  test('on what it is about', () => {
    expectBoth(row, constraintOf(row, firstOf(row), { leftOperand: row.iri }), row.about === undefined || row.aboutOptional === true)
    expectBoth(row, constraintOf(row, firstOf(row), { leftOperand: `${row.iri}#thing` }), row.about !== undefined)
    expectBoth(row, constraintOf(row, firstOf(row), { leftOperand: `${row.iri}#` }), false)
  })

  test('on its values', () => {
    expectBoth(row, constraintOf(row, firstOf(row), { rightOperand: valueOf(row, false) }), false)
    expectBoth(row, constraintOf(row, firstOf(row), { rightOperand: [] }), false)
    const two = row.datatype === 'iri' ? [{ '@id': 'https://a.example/1' }, { '@id': 'https://a.example/2' }] : undefined
    for (const operator of row.operators) if (two !== undefined) expectBoth(row, constraintOf(row, operator, { rightOperand: two }), sets.has(operator))
  })

  test('on its unit', () => {
    expectBoth(row, constraintOf(row, firstOf(row), { unit: 'Europe/Madrid' }), row.unit === 'timeZone')
    expectBoth(row, constraintOf(row, firstOf(row), { unit: 'EUR' }), row.unit === 'currency')
    expectBoth(row, constraintOf(row, firstOf(row), { unit: '' }), false)
  })
})

test('on masks', () => {
  const row = operandTable.find(({ term }) => term === 'mask')
  if (row === undefined) throw new Error('There are masks')
  const masked = (text: string) => constraintOf(row, 'eq', { rightOperand: text })
  for (const good of ['drop', 'truncate:3', 'truncate:0', 'year', 'month', 'week', 'day', 'grid:0.01', 'grid:10', 'hash']) expectBoth(row, masked(good), true)
  for (const bad of ['truncate', 'truncate:03', 'truncate:-1', 'truncate:x', 'hour', 'grid:', 'grid:0', 'grid:-1', 'grid:NaN', 'HASH', 'hash:key', 'drop; drop table']) expectBoth(row, masked(bad), false)
})
