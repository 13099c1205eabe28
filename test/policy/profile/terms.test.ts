import { describe, expect, test } from 'vitest'
import { operandIri, profileActions } from '../../../src/policy/profile.ts'
import { termsOf } from '../../../src/policy/terms/terms.ts'
import { constraint, day, iri, period, permitting, policyOf, time } from './policies.ts'

const agreedAt = new Date('2026-01-31T10:00:00Z')

function first(policy: ReturnType<typeof policyOf>) {
  const rule = policy.rules[0]
  if (rule === undefined) throw new Error('There is no rule')
  return rule
}

function restrictionOf(constraints: object[], action?: string) {
  const policy = permitting(constraints, action)
  return termsOf(policy).restriction(first(policy))
}

function countersOf(constraints: object[]) {
  const policy = permitting(constraints)
  return termsOf(policy).counters(first(policy))
}

describe('what is left to the query', () => {
  test('nothing where nothing is said', () => {
    expect(restrictionOf([])).toEqual({ aggregatesOnly: false, rows: [], columns: null, masks: [], minGroupSizes: [], largestShares: [], rounding: [], maxRows: null })
  })

  test('several of a kind combine to the stricter, also inside a direct and', () => {
    const restriction = restrictionOf([
      constraint('column', 'isAnyOf', ['week', 'district', 'amount']),
      { and: [constraint('column', 'isAnyOf', ['amount', 'district', 'street']), constraint('minGroupSize#card', 'gteq', 10)] },
      constraint('minGroupSize#card', 'gteq', 25),
      constraint('largestShare#merchant', 'lteq', 0.5),
      constraint('largestShare#merchant', 'lteq', 0.8),
      constraint('rowScope#district', 'isAnyOf', ['Eixample', 'Gràcia']),
      constraint('rowScope#week', 'gteq', '2026-01-01'),
      constraint('rounding#amount', 'eq', 0.4),
      constraint('rounding', 'eq', 0.6),
      constraint('rowsPerAnswer', 'lteq', 500),
      constraint('rowsPerAnswer', 'lteq', 100),
      constraint('mask#week', 'eq', 'week'),
      constraint('mask#longitude', 'eq', 'grid:0.01'),
      constraint('mask#longitude', 'eq', 'grid:0.05'),
      constraint('mask#street', 'eq', 'truncate:5'),
      constraint('mask#street', 'eq', 'truncate:3'),
    ])
    expect(restriction).toEqual({
      aggregatesOnly: true,
      rows: [{ dimension: 'district', operator: 'isAnyOf', values: ['Eixample', 'Gràcia'] }, { dimension: 'week', operator: 'gteq', values: ['2026-01-01'] }],
      columns: ['district', 'amount'],
      masks: [{ column: 'week', mask: { kind: 'period', to: 'week' } }, { column: 'longitude', mask: { kind: 'grid', step: 0.05 } }, { column: 'street', mask: { kind: 'truncate', length: 3 } }],
      minGroupSizes: [{ unit: 'card', atLeast: 25 }],
      largestShares: [{ unit: 'merchant', atMost: 0.5 }],
      rounding: [{ measure: null, to: 0.6 }, { measure: 'amount', to: 1.2 }],
      maxRows: 100,
    })
  })

  test('masks that do not go together leave nothing of the column', () => {
    expect(restrictionOf([constraint('mask#week', 'eq', 'week'), constraint('mask#week', 'eq', 'month')]).masks).toEqual([{ column: 'week', mask: { kind: 'drop' } }])
  })

  test('aggregates only: when nothing permits reading', () => {
    expect(restrictionOf([], profileActions.queryAggregate).aggregatesOnly).toBe(true)
    expect(restrictionOf([], 'odrl:aggregate').aggregatesOnly).toBe(true)
    expect(restrictionOf([], 'odrl:read').aggregatesOnly).toBe(false)
  })
})

describe('what is counted', () => {
  test('by counter, window and time zone; lt is one less, and the smallest holds', () => {
    expect(
      countersOf([
        constraint('odrl:count', 'lt', 100),
        constraint('queriesPerDay', 'lteq', 1000, 'Europe/Madrid'),
        constraint('queriesPerDay', 'lteq', 900, 'Europe/Madrid'),
        constraint('queriesPerDay', 'lteq', 800),
        constraint('queriesPerHour', 'lt', 50),
        constraint('rowsPerDay', 'lteq', 10),
        constraint('bytesPerDay', 'lteq', 20),
        constraint('rows', 'lteq', 30),
        constraint('bytes', 'lteq', 40),
      ]),
    ).toEqual([
      { counter: 'queries', window: null, timeZone: 'UTC', limit: 99 },
      { counter: 'queries', window: 'day', timeZone: 'Europe/Madrid', limit: 900 },
      { counter: 'queries', window: 'day', timeZone: 'UTC', limit: 800 },
      { counter: 'queries', window: 'hour', timeZone: 'UTC', limit: 49 },
      { counter: 'rows', window: 'day', timeZone: 'UTC', limit: 10 },
      { counter: 'bytes', window: 'day', timeZone: 'UTC', limit: 20 },
      { counter: 'rows', window: null, timeZone: 'UTC', limit: 30 },
      { counter: 'bytes', window: null, timeZone: 'UTC', limit: 40 },
    ])
  })
})

describe('when it ends', () => {
  const ends = (...constraints: object[]) => termsOf(permitting(constraints)).endsAt(agreedAt)?.toISOString() ?? null

  test('never, when nothing ends it', () => {
    expect(ends()).toBeNull()
    expect(ends(constraint('odrl:dateTime', 'gteq', day('2026-01-01')))).toBeNull()
  })

  test('a day ends at its last instant in its time zone', () => {
    expect(ends(constraint('odrl:dateTime', 'lteq', day('2027-12-31'), 'Europe/Madrid'))).toBe('2027-12-31T22:59:59.999Z')
    expect(ends(constraint('odrl:dateTime', 'lteq', day('2027-07-31'), 'Europe/Madrid'))).toBe('2027-07-31T21:59:59.999Z')
    expect(ends(constraint('odrl:dateTime', 'lt', day('2028-01-01')))).toBe('2027-12-31T23:59:59.999Z')
    expect(ends(constraint('odrl:dateTime', 'lteq', time('2027-12-31T12:00:00+01:00')))).toBe('2027-12-31T11:00:00.000Z')
  })

  test('so long after the agreement: months by the calendar', () => {
    expect(ends(constraint('odrl:elapsedTime', 'lteq', period('P1M')))).toBe('2026-02-28T10:00:00.000Z')
    expect(ends(constraint('odrl:elapsedTime', 'lt', period('PT60M')))).toBe('2026-01-31T10:59:59.999Z')
    expect(ends(constraint('odrl:elapsedTime', 'lteq', period('P60M')))).toBe('2031-01-31T10:00:00.000Z')
  })

  test('the earliest of several, the latest of an or, the latest of several permissions', () => {
    const until = (year: string) => constraint('odrl:dateTime', 'lt', time(`${year}-01-01T00:00:00Z`))
    expect(ends(until('2030'), until('2028'))).toBe('2027-12-31T23:59:59.999Z')
    expect(ends({ or: [until('2028'), until('2030')] })).toBe('2029-12-31T23:59:59.999Z')
    expect(ends({ or: [until('2028'), constraint('role', 'eq', 'analyst')] })).toBeNull()
    const several = policyOf({ permission: [{ action: 'odrl:read', constraint: [until('2028')] }, { action: 'odrl:use', constraint: [until('2029')] }] })
    expect(termsOf(several).endsAt(agreedAt)?.toISOString()).toBe('2028-12-31T23:59:59.999Z')
  })

  test('a prohibition of everything from some instant on ends it', () => {
    const policy = policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:use', constraint: [constraint('odrl:dateTime', 'gteq', time('2028-01-01T00:00:00Z'))] }] })
    expect(termsOf(policy).endsAt(agreedAt)?.toISOString()).toBe('2027-12-31T23:59:59.999Z')
    const parties = { '@type': 'Agreement', assigner: 'did:web:a.example', assignee: 'did:web:b.example', target: 'urn:uuid:2', permission: [{ action: 'odrl:use' }] }
    const ending = { action: 'odrl:use', constraint: [constraint('odrl:dateTime', 'gteq', time('2028-01-01T00:00:00Z'))] }
    expect(termsOf(policyOf({ ...parties, prohibition: [ending] })).endsAt(agreedAt)?.toISOString()).toBe('2027-12-31T23:59:59.999Z')
    expect(termsOf(policyOf({ ...parties, prohibition: [{ ...ending, assignee: 'did:web:c.example' }] })).endsAt(agreedAt)).toBeNull()
    expect(termsOf(policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:distribute' }] })).endsAt(agreedAt)).toBeNull()
  })

  test('nothing is permitted after it', () => {
    const terms = termsOf(permitting([constraint('odrl:dateTime', 'lteq', day('2027-12-31'), 'Europe/Madrid'), constraint('odrl:elapsedTime', 'lteq', period('P2Y'))]))
    const end = terms.endsAt(agreedAt)
    const at = (now: Date) => terms.compiled.decide({ action: 'http://www.w3.org/ns/odrl/2/read', context: new Map() }, { now, agreedAt, partOf: (iri) => new Set([iri]), fulfilled: new Set(), violated: new Set() }).permitted
    if (end === null) throw new Error('It does not end')
    expect([at(end), at(new Date(end.getTime() + 1))]).toEqual([true, false])
  })
})

describe('what has to be done', () => {
  test('obligations and duties with the date they fall due', () => {
    const policy = policyOf({
      permission: [{ action: 'odrl:use', duty: [{ action: 'odrl:inform', constraint: [constraint('odrl:delayPeriod', 'lteq', period('P3D'))] }] }],
      obligation: [
        { action: 'odrl:delete', assignee: 'did:web:city.example', constraint: [constraint('odrl:dateTime', 'lteq', day('2028-01-31'))] },
        { action: 'odrl:transfer', constraint: [constraint('odrl:timeInterval', 'eq', period('P1M'))] },
        { action: 'odrl:compensate', constraint: [constraint('odrl:payAmount', 'eq', 100, 'EUR')] },
      ],
    })
    expect(termsOf(policy).obligations.map((term) => [term.at, term.kind, term.action.slice(-8), term.assignee, term.dueAt(agreedAt)?.toISOString() ?? null])).toEqual([
      ['/permission/0/duty/0', 'duty', '2/inform', null, '2026-02-03T10:00:00.000Z'],
      ['/obligation/0', 'obligation', '2/delete', 'did:web:city.example', '2028-01-31T23:59:59.999Z'],
      ['/obligation/1', 'obligation', 'transfer', null, '2026-02-28T10:00:00.000Z'],
      ['/obligation/2', 'obligation', 'mpensate', null, null],
    ])
  })
})

describe('open and statements', () => {
  test('open: permissions to use and nothing more', () => {
    expect(termsOf(permitting([])).open).toBe(true)
    expect(termsOf(permitting([], 'odrl:read')).open).toBe(false)
    expect(termsOf(permitting([constraint('rowsPerAnswer', 'lteq', 5)])).open).toBe(false)
    expect(termsOf(policyOf({ permission: [{ action: 'odrl:use' }], prohibition: [{ action: 'odrl:sell' }] })).open).toBe(false)
    expect(termsOf(policyOf({ permission: [{ action: 'odrl:use' }], obligation: [{ action: 'odrl:inform' }] })).open).toBe(false)
  })

  test('the parties and target of an agreement leave it open, a rule for somebody else does not', () => {
    const parts = { '@type': 'Agreement', assigner: 'did:web:a.example', assignee: 'did:web:b.example', target: 'urn:uuid:2' }
    expect(termsOf(policyOf({ ...parts, permission: [{ action: 'odrl:use' }] })).open).toBe(true)
    expect(termsOf(policyOf({ ...parts, permission: [{ action: 'odrl:use', assignee: 'did:web:c.example' }] })).open).toBe(false)
  })

  test('operands that come with a statement, wherever they stand', () => {
    const policy = policyOf({
      permission: [{ action: 'odrl:use', constraint: [{ or: [constraint('role', 'eq', 'analyst'), constraint('odrl:dateTime', 'lt', day('2030-01-01'))] }, constraint('odrl:recipient', 'eq', iri('did:web:a.example'))] }],
      prohibition: [{ action: 'odrl:use', constraint: [constraint('odrl:purpose', 'isA', iri('dpv:Marketing')), constraint('odrl:spatial', 'eq', iri('https://example.org/es'))] }],
    })
    expect(termsOf(policy).statementOperands).toEqual([operandIri('role'), operandIri('purpose'), operandIri('spatial')])
  })
})
