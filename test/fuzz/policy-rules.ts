import canonicalize from 'canonicalize'
import { isProblem } from '../../src/errors.ts'
import { compilePolicy } from '../../src/policy/decide/compile.ts'
import { decideDocument } from '../../src/policy/decide/decide-document.ts'
import { explainPolicy } from '../../src/policy/explain/explain-policy.ts'
import type { Policy } from '../../src/policy/model.ts'
import { widening } from '../../src/policy/compare/narrows.ts'
import { requireConsistent, requireOfferable } from '../../src/policy/offer/offerable.ts'
import { readPolicy } from '../../src/policy/read/read.ts'
import { requireProfile } from '../../src/policy/offer/require-profile.ts'
import type { DatasetFacts } from '../../src/policy/restriction.ts'
import { termsOf } from '../../src/policy/terms/terms.ts'
import { writeDsp } from '../../src/policy/read/write.ts'

// Of processor time, which other work on the machine does not lengthen much.
const longestMs = 2_000

/** What became of a document: whether it may be offered, and what must not have happened. */
export interface PolicyVerdict {
  readonly offerable: boolean
  readonly fault: string | undefined
}

/** Reads, writes, judges, explains and decides a document as a policy, and holds the result to what must always be so. */
export async function judgePolicy(document: unknown, facts: DatasetFacts): Promise<PolicyVerdict> {
  const begun = process.cpuUsage()
  const steps: string[] = []
  let offerable = false
  try {
    const policy = attempt('is read', steps, () => readPolicy(document))
    if (policy !== undefined) offerable = judgeRead(policy, facts, steps)
    await decideDocument({ policy: document, request: { action: 'odrl:read', context: { 'concordat:role': 'analyst' } }, world: { now: '2026-06-01T12:00:00Z' } }).catch((error: unknown) => note('is decided', steps, error))
  } catch (error) {
    steps.push(`ends a step with ${Error.isError(error) ? error.stack : String(error)}`)
  }
  const { user, system } = process.cpuUsage(begun)
  const tookMs = (user + system) / 1_000
  if (tookMs > longestMs) steps.push(`takes ${Math.round(tookMs)} ms`)
  return { offerable, fault: steps.length === 0 ? undefined : `a policy ${steps.join('; it ')}` }
}

function judgeRead(policy: Policy, facts: DatasetFacts, steps: string[]): boolean {
  const offerable = attempt('is judged', steps, () => requireOfferable(policy, facts) ?? true) === true
  attempt('is explained', steps, () => explainPolicy(policy, 'ca'))
  const written = attempt('is written', steps, () => writeDsp(policy))
  if (written !== undefined) steps.push(...unstable(written, offerable ? facts : undefined))
  if (offerable) mustWork(policy, steps)
  return offerable && written !== undefined
}

/** Terms as they go out: reading and writing them again changes nothing, and what could be offered still can. Gives what is wrong. */
export function unstable(written: object, facts: DatasetFacts | undefined): string[] {
  // A database keeps the keys of JSON in an order of its own.
  const text = canonicalize(written) ?? ''
  try {
    const again = readPolicy(JSON.parse(text))
    const rewritten = canonicalize(writeDsp(again)) ?? ''
    if (facts !== undefined) {
      requireProfile(again)
      requireOfferable(again, facts)
    }
    return rewritten === text ? [] : [`is written as ${text.slice(0, 600)} and then as ${rewritten.slice(0, 600)}`]
  } catch (error) {
    return [`is written as ${text.slice(0, 600)}, which is then refused: ${Error.isError(error) ? error.message : String(error)}`]
  }
}

/** Terms that were agreed: whatever a connector holds can be read and is without contradiction. */
export function unfit(terms: object): string[] {
  try {
    requireConsistent(readPolicy(terms))
    return []
  } catch (error) {
    return [`agreed terms are refused when read again: ${Error.isError(error) ? error.message : String(error)}: ${JSON.stringify(terms).slice(0, 600)}`]
  }
}

// What may be offered is enforced later, when nobody is there to whom a refusal would say anything.
function mustWork(policy: Policy, steps: string[]): void {
  widening(policy, reference)
  widening(reference, policy)
  if (widening(policy, policy) !== undefined) steps.push(`is wider than itself: ${widening(policy, policy)}`)
  const terms = termsOf(policy)
  const now = new Date('2026-06-01T12:00:00Z')
  terms.endsAt(now)
  for (const rule of policy.rules.filter(({ kind }) => kind === 'permission')) {
    terms.restriction(rule)
    terms.counters(rule)
  }
  for (const obligation of terms.obligations) obligation.dueAt(now)
  const request = { action: 'http://www.w3.org/ns/odrl/2/read', context: new Map() }
  const world = { now, agreedAt: now, partOf: () => new Set<string>(), fulfilled: new Set<string>(), violated: new Set<string>() }
  for (const compiled of [terms.compiled, compilePolicy(policy)]) {
    const { permitted } = compiled.decide(request, world)
    if (permitted && !compiled.possible(request, world).permitted) steps.push('permits what it says is impossible')
    compiled.report(request, world)
  }
}

/** Undefined when it was refused, as it may be. */
function attempt<T>(what: string, steps: string[], work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    note(what, steps, error)
    return undefined
  }
}

function note(what: string, steps: string[], error: unknown): void {
  if (!isProblem(error)) steps.push(`${what} with ${Error.isError(error) ? error.stack?.slice(0, 600) : String(error)}`)
  else if (error.status >= 500) steps.push(`${what} with ${error.status}`)
  else if (error.message.length > 4_000) steps.push(`${what} with a refusal of ${error.message.length} characters`)
}

// What others are compared with; the same every time, as an offer of ours is.
const reference = readPolicy({ permission: [{ action: 'use', constraint: [{ leftOperand: 'dateTime', operator: 'lteq', rightOperand: { '@value': '2031-12-31', '@type': 'xsd:date' }, unit: 'Europe/Madrid' }] }], prohibition: [{ action: 'distribute' }] })
