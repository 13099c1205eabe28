import { describe, expect, test } from 'vitest'
import { actionsAbove, actionsProhibitedWith } from '../../../src/policy/decide/actions.ts'
import { compilePolicy } from '../../../src/policy/decide/compile.ts'
import type { CompileOptions } from '../../../src/policy/decide/compile.ts'
import type { ContextValue, PolicyRequest, Truth, World } from '../../../src/policy/decision.ts'
import { readPolicy } from '../../../src/policy/read/read.ts'
import { createZoneClock } from '../../../src/policy/decide/zone-clock.ts'
import { createRandom } from './random.ts'

const odrl = 'http://www.w3.org/ns/odrl/2/'
const concordat = 'https://w3id.org/concordat/policy/v1/'

function world(more: Partial<World> = {}): World {
  return { now: new Date('2026-03-02T10:00:00Z'), partOf: (member) => new Set([member]), fulfilled: new Set(), violated: new Set(), ...more }
}

function request(more: Partial<Omit<PolicyRequest, 'context'>> & { context?: Record<string, ContextValue> } = {}): PolicyRequest {
  const context = new Map(Object.entries(more.context ?? {}).map(([key, value]) => [key.includes(':') ? key : odrl + key, value]))
  return { action: `${odrl}read`, target: 'urn:x', assignee: 'urn:alice', ...more, context }
}

function permits(document: unknown, asked = request(), known = world(), options: CompileOptions = {}): boolean {
  return compilePolicy(readPolicy(document), options).decide(asked, known).permitted
}

/** The truth of one constraint. */
function truth(leftOperand: string, operator: string, rightOperand: unknown, given: { unit?: string; context?: Record<string, ContextValue>; world?: World } = {}): Truth | undefined {
  const constraint = { leftOperand, operator, rightOperand, ...(given.unit === undefined ? {} : { unit: given.unit }) }
  return compilePolicy(readPolicy({ permission: [{ constraint: [constraint] }] })).report(request({ context: given.context ?? {} }), given.world ?? world()).rules[0]?.constraints[0]?.satisfied
}

const at = (now: string, more: Partial<World> = {}) => ({ world: world({ now: new Date(now), ...more }) })

describe('constraints', () => {
  const broader: World['partOf'] = (member) => new Set([member, ...(member === 'urn:gracia' ? ['urn:barcelona', 'urn:catalonia'] : []), ...(member === 'urn:barcelona' ? ['urn:catalonia'] : [])])

  test.each<[string, string, unknown, ContextValue, Truth]>([
    ['count', 'eq', 5, 5, true],
    ['count', 'eq', 5, '5', true],
    ['count', 'eq', 5, '5.0', true],
    ['count', 'neq', 5, 6, true],
    ['count', 'lt', 5, 5, false],
    ['count', 'lteq', 5, 5, true],
    ['percentage', 'gt', '4.5', 5, true],
    ['count', 'gteq', 5, 4.9, false],
    ['count', 'eq', 5, 'five', null],
    ['count', 'neq', 5, 'five', null],
    ['count', 'lt', 5, Number.NaN, null],
    ['count', 'lt', 5, [1, 2], null],
    ['count', 'lt', 5, [1], true],
    ['version', 'eq', true, 'true', true],
    ['version', 'eq', true, 0, null],
    ['language', 'eq', 'ca', 'ca', true],
    ['language', 'eq', 'ca', 'CA', false],
    ['language', 'lt', 'ca', 'es', null],
    ['language', 'eq', 'ca', 5, null],
    ['language', 'isAnyOf', ['ca', 'es'], 'es', true],
    ['language', 'isAnyOf', ['ca', 'es'], ['en', 'ca'], true],
    ['language', 'isNoneOf', ['ca', 'es'], ['en', 'ca'], false],
    ['language', 'isNoneOf', ['ca', 'es'], 'en', true],
    ['language', 'isNoneOf', ['ca', 'es'], [], true],
    ['language', 'isAllOf', ['ca', 'es'], ['es', 'en', 'ca'], true],
    ['language', 'isAllOf', ['ca', 'es'], 'ca', false],
    ['count', 'isAnyOf', [1, 2], '2', true],
    ['spatial', 'isPartOf', 'urn:catalonia', 'urn:gracia', true],
    ['spatial', 'isPartOf', 'urn:gracia', 'urn:gracia', true],
    ['spatial', 'isPartOf', 'urn:gracia', 'urn:catalonia', false],
    ['spatial', 'isPartOf', ['urn:madrid', 'urn:barcelona'], 'urn:gracia', true],
    ['spatial', 'isPartOf', 'urn:barcelona', ['urn:gracia', 'urn:madrid'], null],
    ['spatial', 'isA', 'urn:barcelona', ['urn:gracia', 'urn:barcelona'], true],
    ['spatial', 'isA', 'urn:barcelona', [], null],
    ['spatial', 'hasPart', 'urn:gracia', 'urn:catalonia', true],
    ['spatial', 'hasPart', 'urn:catalonia', 'urn:gracia', false],
    ['spatial', 'hasPart', ['urn:gracia', 'urn:madrid'], 'urn:catalonia', null],
    ['delayPeriod', 'lt', 'P1M', 'P27D', true],
    ['delayPeriod', 'lt', 'P1M', 'P30D', null],
    ['delayPeriod', 'eq', 'P1Y', 'P12M', true],
    ['delayPeriod', 'gt', 'PT60M', 'P60M', true],
    ['delayPeriod', 'eq', 'PT60M', 'PT1H', true],
    ['delayPeriod', 'lt', 'PT60M', 60, null],
  ])('%s %s %j of %j is %j', (...[leftOperand, operator, rightOperand, value, expected]) => {
    expect(truth(leftOperand, operator, rightOperand, { context: { [leftOperand]: value }, world: world({ partOf: broader }) })).toBe(expected)
  })

  test.each(['eq', 'neq', 'lt', 'isAnyOf', 'isNoneOf', 'isAllOf', 'isA', 'isPartOf', 'hasPart'])('%s of a value that is not known is not known', (operator) => {
    expect(truth('percentage', operator, 5)).toBeNull()
    expect(truth('purpose', operator, 'urn:p')).toBeNull()
  })

  test.each<[string, string, string, Truth]>([
    ['lt', '2026-03-02T10:00:00Z', '2026-03-02T10:00:00Z', false],
    ['lteq', '2026-03-02T10:00:00Z', '2026-03-02T10:00:00Z', true],
    ['lt', '2026-03-02T12:00:00+02:00', '2026-03-02T09:59:59.999Z', true],
    ['lt', '2026-03-02T10:00:00', '2026-03-02T09:59:59Z', true],
    ['eq', '2026-03-02', '2026-03-02T23:59:59.999Z', true],
    ['eq', '2026-03-02', '2026-03-03T00:00:00Z', false],
    ['lt', '2026-03-02', '2026-03-02T00:00:00Z', false],
    ['lteq', '2026-03-02', '2026-03-02T23:59:59Z', true],
    ['gt', '2026-03-02', '2026-03-02T23:59:59Z', false],
    ['gt', '2026-03-02', '2026-03-03T00:00:00Z', true],
    ['gteq', '2028-02-29', '2028-02-29T00:00:00Z', true],
    ['lt', '2028-02-29', '2028-02-28T23:59:59Z', true],
  ])('dateTime %s %s at %s is %j', (operator, right, now, expected) => {
    expect(truth('dateTime', operator, right, at(now))).toBe(expected)
  })

  test('days and times without an offset are those of the unit\'s zone', () => {
    expect(truth('dateTime', 'lteq', '2026-07-31', { unit: 'Europe/Madrid', ...at('2026-07-31T21:59:59Z') })).toBe(true)
    expect(truth('dateTime', 'lteq', '2026-07-31', { unit: 'Europe/Madrid', ...at('2026-07-31T22:00:00Z') })).toBe(false)
    expect(truth('dateTime', 'lt', '2026-01-01T00:00:00', { unit: 'America/New_York', ...at('2026-01-01T04:59:59Z') })).toBe(true)
  })

  test('weekday and hour are those of the unit\'s zone, over changes of the clock', () => {
    const hour = (now: string, unit?: string) => [...Array(24).keys()].find((each) => truth(`${concordat}hourOfDay`, 'eq', each, { ...(unit === undefined ? {} : { unit }), ...at(now) }) === true)
    expect([hour('2026-03-29T00:30:00Z', 'Europe/Madrid'), hour('2026-03-29T01:30:00Z', 'Europe/Madrid'), hour('2026-03-29T01:30:00Z')]).toEqual([1, 3, 1])
    expect([hour('2026-10-25T00:59:59.999Z', 'Europe/Madrid'), hour('2026-10-25T01:00:00Z', 'Europe/Madrid')]).toEqual([2, 2])
    expect([hour('2026-01-01T18:29:59Z', 'Asia/Kolkata'), hour('2026-01-01T18:30:00Z', 'Asia/Kolkata')]).toEqual([23, 0])
    expect(truth(`${concordat}dayOfWeek`, 'isAnyOf', ['Sunday'], { unit: 'Europe/Madrid', ...at('2026-03-28T23:00:00Z') })).toBe(true)
    expect(truth(`${concordat}dayOfWeek`, 'isAnyOf', ['Sunday'], at('2026-03-28T23:59:59Z'))).toBe(false)
    // A clock that is asked again and again, forth and back, never answers for another minute.
    const compiled = compilePolicy(readPolicy({ permission: [{ constraint: [{ leftOperand: `${concordat}hourOfDay`, operator: 'lt', rightOperand: 11 }] }] }))
    const asked = ['2026-03-02T10:59:59.999Z', '2026-03-02T11:00:00Z', '2026-03-02T10:59:00Z', '2026-03-01T11:59:00Z'].map((now) => compiled.decide(request(), world({ now: new Date(now) })).permitted)
    expect(asked).toEqual([true, false, true, false])
  })

  test('clocks of time zones tell what the formatter tells, whatever order they are asked in', () => {
    const random = createRandom(11)
    for (const timeZone of ['Europe/Madrid', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'UTC']) {
      const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', hour: 'numeric', hourCycle: 'h23' })
      const clock = createZoneClock(timeZone)
      // Steps of up to a month ahead, and now and then back; in 2011 Apia left out a day.
      for (let [step, instant] = [0, Date.UTC(2011, 0, 1)]; step < 1000; step++, instant += random(1000) < 50 ? -random(86_400_000 * 3) : random(step % 2 === 0 ? 86_400_000 : 600_000)) {
        const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]))
        expect([timeZone, instant, clock.day(instant), clock.hour(instant)]).toEqual([timeZone, instant, parts.get('weekday'), Number(parts.get('hour'))])
      }
    }
  })

  test('elapsed time counts from the agreement, months by the calendar', () => {
    const agreedAt = new Date('2026-01-31T10:00:00Z')
    expect(truth('elapsedTime', 'lteq', 'P1M', at('2026-02-28T10:00:00Z', { agreedAt }))).toBe(true)
    expect(truth('elapsedTime', 'lteq', 'P1M', at('2026-02-28T10:00:00.001Z', { agreedAt }))).toBe(false)
    expect(truth('elapsedTime', 'lt', 'PT60M', at('2026-01-31T11:00:00Z', { agreedAt }))).toBe(false)
    expect(truth('elapsedTime', 'lt', 'P60M', at('2031-01-31T09:59:59Z', { agreedAt }))).toBe(true)
    expect(truth('elapsedTime', 'lt', 'P1M')).toBeNull()
    expect(truth('elapsedTime', 'lt', 'P1M', { context: { elapsedTime: 'P3D' } })).toBe(true)
  })

  test('logical constraints follow Kleene: what decides, decides; else unknown stays unknown', () => {
    const [yes, no, unknown] = [{ leftOperand: 'count', operator: 'eq', rightOperand: 1 }, { leftOperand: 'count', operator: 'eq', rightOperand: 2 }, { leftOperand: 'purpose', operator: 'eq', rightOperand: 'urn:p' }]
    const of = (constraint: object) => compilePolicy(readPolicy({ permission: [{ constraint: [constraint] }] })).report(request({ context: { count: 1 } }), world()).rules[0]?.constraints[0]?.satisfied
    expect([of({ and: [yes, yes] }), of({ and: [unknown, no] }), of({ and: [yes, unknown] }), of({ andSequence: [yes, no] })]).toEqual([true, false, null, false])
    expect([of({ or: [no, no] }), of({ or: [unknown, yes] }), of({ or: [no, unknown] })]).toEqual([false, true, null])
    expect([of({ xone: [yes, no] }), of({ xone: [yes, yes, unknown] }), of({ xone: [yes, unknown] }), of({ xone: [no, no] }), of({ xone: [no, unknown] })]).toEqual([true, false, null, false, null])
  })
})

describe('rules', () => {
  const unknown = { leftOperand: 'purpose', operator: 'eq', rightOperand: 'urn:p' }

  test('what is unknown does not permit, and does not lift a prohibition', () => {
    expect(permits({ permission: [{ action: 'use', constraint: [unknown] }] })).toBe(false)
    const prohibited = { conflict: 'prohibit', permission: [{ action: 'use' }], prohibition: [{ action: 'use', constraint: [unknown] }] }
    expect(permits(prohibited)).toBe(false)
    expect(permits(prohibited, request({ context: { purpose: 'urn:q' } }))).toBe(true)
    expect(permits({ permission: [{ action: 'use', constraint: [{ leftOperand: 'purpose', operator: 'isNoneOf', rightOperand: 'urn:p' }] }] })).toBe(false)
  })

  test('a rule without action, target or assignee is about all of them', () => {
    expect(permits({ permission: [{}] }, { action: 'urn:anything', context: new Map() })).toBe(true)
    expect(permits({ permission: [{ target: 'urn:x' }] }, { action: 'urn:anything', context: new Map() })).toBe(false)
    expect(permits({ prohibition: [{}] })).toBe(false)
  })

  test('conflicts are resolved as the policy says; not saying voids it', () => {
    const rules = { permission: [{ action: 'use' }], prohibition: [{ action: 'read' }] }
    const decide = (conflict?: string) => compilePolicy(readPolicy({ ...rules, ...(conflict === undefined ? {} : { conflict }) })).decide(request(), world())
    expect(decide('perm')).toMatchObject({ permitted: true })
    expect(decide('prohibit')).toMatchObject({ permitted: false, reason: 'prohibited', rule: { at: '/prohibition/0' } })
    expect(decide('invalid')).toMatchObject({ permitted: false, reason: 'conflict' })
    expect(decide()).toMatchObject({ permitted: false, reason: 'conflict' })
    expect(compilePolicy(readPolicy(rules)).decide(request({ action: `${odrl}display` }), world()).permitted).toBe(true)
  })

  test('members of collections, and what narrows collections', () => {
    const policy = { permission: [{ action: 'use', target: { source: 'urn:archive', refinement: [{ leftOperand: 'fileFormat', operator: 'eq', rightOperand: 'text/csv' }] }, assignee: 'urn:staff' }] }
    const inside = world({ partOf: (member) => new Set([member, ...(member === 'urn:x' ? ['urn:archive'] : []), ...(member === 'urn:alice' ? ['urn:staff'] : [])]) })
    expect(permits(policy, request({ context: { fileFormat: 'text/csv' } }), inside)).toBe(true)
    expect(permits(policy, request({ context: { fileFormat: 'image/png' } }), inside)).toBe(false)
    expect(permits(policy, request(), inside)).toBe(false)
    expect(permits(policy, request({ context: { fileFormat: 'text/csv' } }))).toBe(false)
  })

  test('a denial names what failed of the permission that came closest', () => {
    const policy = { permission: [{ action: 'use', assignee: 'urn:bob' }, { '@id': 'urn:r', 'action': 'use', 'constraint': [{ leftOperand: 'dateTime', operator: 'lt', rightOperand: '2026-01-01' }, { leftOperand: 'dateTime', operator: 'gt', rightOperand: '2025-01-01' }] }] }
    expect(compilePolicy(readPolicy(policy)).decide(request(), world())).toMatchObject({ reason: 'no-permission', rule: { id: 'urn:r' }, failed: [{ at: '/permission/1/constraint/0', satisfied: false, value: '2026-03-02T10:00:00.000Z' }] })
    const [first] = policy.permission
    expect(compilePolicy(readPolicy({ permission: [first] })).decide(request(), world())).toMatchObject({ failed: [{ leftOperand: `${odrl}assignee`, rightOperand: ['urn:bob'], value: 'urn:alice', satisfied: false }] })
  })

  test('constraints that are enforced elsewhere count as true, and are not reported', () => {
    const policy = { permission: [{ action: 'use', constraint: [{ leftOperand: 'count', operator: 'lteq', rightOperand: 5 }] }] }
    const leaveOut = ({ leftOperand }: { leftOperand: string }) => leftOperand === `${odrl}count`
    expect([permits(policy), permits(policy, request(), world(), { leaveOut })]).toEqual([false, true])
    expect(compilePolicy(readPolicy(policy), { leaveOut }).report(request(), world()).rules[0]?.constraints).toEqual([])
  })

  test('possible: denies what is denied whatever is still to be known', () => {
    const possible = (document: unknown) => compilePolicy(readPolicy(document)).possible(request(), world()).permitted
    expect(possible({ permission: [{ action: 'use', constraint: [unknown] }] })).toBe(true)
    expect(possible({ permission: [{ action: 'use', constraint: [unknown, { leftOperand: 'dateTime', operator: 'lt', rightOperand: '2026-01-01' }] }] })).toBe(false)
    expect(possible({ permission: [{ action: 'use' }], prohibition: [{ action: 'use', constraint: [unknown] }] })).toBe(true)
    expect(possible({ permission: [{ action: 'use' }], prohibition: [{ action: 'use' }] })).toBe(false)
  })
})

describe('duties', () => {
  const policy = (duty: object) => ({ permission: [{ action: 'use', duty: [{ '@id': 'urn:pay', 'action': 'compensate', ...duty }] }] })
  const done = (...ids: string[]) => world({ fulfilled: new Set(ids) })
  const stateOf = (document: unknown, known: World) => compilePolicy(readPolicy(document)).report(request(), known).rules[0]?.duties[0]?.state

  test('must be fulfilled before, by their id or their place', () => {
    expect([permits(policy({})), permits(policy({}), request(), done('urn:pay')), permits(policy({}), request(), done('/permission/0/duty/0')), permits(policy({}), request(), done('urn:other'))]).toEqual([false, true, true, false])
    expect([stateOf(policy({}), world()), stateOf(policy({}), done('urn:pay'))]).toEqual(['pending', 'fulfilled'])
  })

  test('some time, if so decided: only violated ones stand in the way', () => {
    const eventually = { dutyTiming: 'eventually' } as const
    const violated = world({ violated: new Set(['urn:pay']) })
    expect([permits(policy({}), request(), world(), eventually), permits(policy({}), request(), violated, eventually), permits(policy({}), request(), violated)]).toEqual([true, false, false])
  })

  test('whose condition does not hold do not stand in the way; an unknown condition does', () => {
    const onSundays = policy({ constraint: [{ leftOperand: `${concordat}dayOfWeek`, operator: 'eq', rightOperand: 'Sunday' }] })
    expect([permits(onSundays), permits(onSundays, request(), world({ now: new Date('2026-03-01T10:00:00Z') }))]).toEqual([true, false])
    expect(stateOf(onSundays, world())).toBe('inactive')
    expect(permits(policy({ constraint: [{ leftOperand: 'industry', operator: 'eq', rightOperand: 'press' }] }))).toBe(false)
  })

  test('whose time is over are violated, not gone', () => {
    const late = policy({ constraint: [{ and: [{ leftOperand: 'dateTime', operator: 'lteq', rightOperand: '2026-01-31' }] }] })
    expect([permits(late), stateOf(late, world()), permits(late, request(), done('urn:pay'))]).toEqual([false, 'violated', true])
    expect(permits(late, request(), world(), { dutyTiming: 'eventually' })).toBe(false)
  })

  test('that were violated are made good by doing them and their consequences', () => {
    const both = policy({ consequence: [{ '@id': 'urn:fine', 'action': 'compensate' }] })
    const after = (...ids: string[]) => world({ violated: new Set(['urn:pay']), fulfilled: new Set(ids) })
    expect([permits(both, request(), after('urn:pay')), permits(both, request(), after('urn:fine')), permits(both, request(), after('urn:pay', 'urn:fine'))]).toEqual([false, false, true])
    expect(permits(policy({}), request(), after('urn:pay'))).toBe(false)
  })
})

describe('actions', () => {
  test.each([
    ['display', ['play', 'use']],
    ['extract', ['reproduce', 'use', 'copy']],
    ['sell', ['transfer']],
    ['write', ['modify', 'use', 'append']],
    ['pay', ['compensate', 'use']],
  ])('%s is part of %j', (action, above) => {
    for (const each of above) expect(actionsAbove(odrl + action)).toContain(odrl + each)
  })

  test('what is for sale is not in use, and an unknown action is part of nothing', () => {
    expect(actionsAbove(`${odrl}sell`)).not.toContain(`${odrl}use`)
    expect([...actionsAbove('urn:a')]).toEqual(['urn:a'])
    expect(actionsAbove(`${concordat}queryAggregate`)).toContain(`${odrl}use`)
    expect(actionsAbove(`${concordat}queryAggregate`)).not.toContain(`${odrl}read`)
  })

  test('what cannot be done without a prohibited action is prohibited with it', () => {
    expect(actionsProhibitedWith(`${odrl}distribute`)).toContain(`${odrl}share`)
    expect(permits({ conflict: 'prohibit', permission: [{ action: 'use' }], prohibition: [{ action: 'delete' }] }, request({ action: `${odrl}move` }))).toBe(false)
    expect(permits({ conflict: 'prohibit', permission: [{ action: 'use' }], prohibition: [{ action: 'read' }] }, request({ action: `${odrl}use` }))).toBe(true)
  })
})
