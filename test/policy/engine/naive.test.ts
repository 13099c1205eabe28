import { describe, expect, test } from 'vitest'
import { compilePolicy } from '../../../src/policy/decide/compile.ts'
import type { PolicyDecision, PolicyRequest, World } from '../../../src/policy/decision.ts'
import type { Policy } from '../../../src/policy/model.ts'
import { decideNaively, holds } from './naive.ts'
import { createRandom, randomPolicy, randomRequest, randomRule, randomWorld } from './random.ts'

function told(decision: PolicyDecision): string {
  return decision.permitted ? decision.permission.at : decision.reason
}

const policies = 12_500
const requests = 8

describe('compiled policies', () => {
  test(`decide like the naive interpreter in ${policies * requests} random cases`, () => {
    const outcomes = new Map<string, number>()
    for (let seed = 1; seed <= policies; seed++) {
      const random = createRandom(seed)
      const policy = randomPolicy(random)
      const compiled = compilePolicy(policy)
      for (let time = 0; time < requests; time++) {
        const [request, world] = [randomRequest(random), randomWorld(random)] as const
        const decided = told(compiled.decide(request, world))
        const naive = decideNaively(policy, request, world)
        if (decided !== naive) expect({ seed, time, policy, decided }).toEqual({ seed, time, policy, decided: naive })
        const outcome = naive.startsWith('/permission') ? 'permitted' : naive
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
    }
    // Every outcome must have come up often enough to mean something.
    for (const outcome of ['permitted', 'prohibited', 'conflict', 'no-permission']) expect(outcomes.get(outcome)).toBeGreaterThan(1000)
  })

  test('report what they decide, and every rule as the naive interpreter sees it', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = createRandom(seed)
      const [policy, request, world] = [randomPolicy(random), randomRequest(random), randomWorld(random)] as const
      const compiled = compilePolicy(policy)
      const { decision, rules } = compiled.report(request, world)
      expect(decision).toBe(compiled.decide(request, world).permitted ? 'permit' : 'deny')
      const active = policy.rules.map((rule) => (rule.kind === 'prohibition' ? holds(rule, request, world) !== false : holds(rule, request, world) === true))
      expect([seed, rules.map((rule) => rule.active)]).toEqual([seed, active])
    }
  })

  test('decide the same every time, whatever they decided in between', () => {
    const random = createRandom(7)
    const cases = Array.from({ length: 300 }, () => ({ compiled: compilePolicy(randomPolicy(random)), request: randomRequest(random), world: randomWorld(random) }))
    const first = cases.map(({ compiled, request, world }) => told(compiled.decide(request, world)))
    for (const { request, world } of cases.slice(0, 20)) for (const { compiled } of cases) compiled.decide(request, world)
    expect(cases.map(({ compiled, request, world }) => told(compiled.decide(request, world)))).toEqual(first)
  })
})

describe('what cannot widen', () => {
  const each = (check: (given: { seed: number; policy: Policy; request: PolicyRequest; world: World; random: ReturnType<typeof createRandom> }) => void) => {
    for (let seed = 1; seed <= 2500; seed++) {
      const random = createRandom(seed)
      check({ seed, policy: randomPolicy(random), request: randomRequest(random), world: randomWorld(random), random })
    }
  }

  test('a prohibition more never permits more', () => {
    each(({ seed, policy, request, world, random }) => {
      const more = { ...policy, rules: [...policy.rules, randomRule(random, 'prohibition', '/prohibition/9')] }
      if (compilePolicy(more).decide(request, world).permitted) expect([seed, compilePolicy(policy).decide(request, world).permitted]).toEqual([seed, true])
    })
  })

  test('a constraint more on every permission never permits more', () => {
    each(({ seed, policy, request, world, random }) => {
      const extra = randomRule(random, 'permission', '/x').constraints
      const narrower = { ...policy, rules: policy.rules.map((rule) => (rule.kind === 'permission' ? { ...rule, constraints: [...rule.constraints, ...extra] } : rule)) }
      if (compilePolicy(narrower).decide(request, world).permitted) expect([seed, compilePolicy(policy).decide(request, world).permitted]).toEqual([seed, true])
    })
  })

  test('what becomes known does not turn a denial of what is possible into a permit', () => {
    let denied = 0
    each(({ seed, policy, request, world, random }) => {
      const less = new Map([...request.context].filter(() => random(2) === 0))
      const possible = compilePolicy(policy).possible({ ...request, context: less }, world)
      if (possible.permitted) return
      denied++
      // Times that the request tells take the place of the clock's, which is known in any case.
      if (!request.context.has('http://www.w3.org/ns/odrl/2/dateTime')) expect([seed, compilePolicy(policy).decide(request, world).permitted]).toEqual([seed, false])
    })
    expect(denied).toBeGreaterThan(200)
  })

  test('knowing less never permits more', () => {
    each(({ seed, policy, request, world, random }) => {
      const context = new Map([...request.context].filter(([key]) => key.endsWith('dateTime') || random(2) === 0))
      if (compilePolicy(policy).decide({ ...request, context }, world).permitted) expect([seed, compilePolicy(policy).decide(request, world).permitted]).toEqual([seed, true])
    })
  })
})
