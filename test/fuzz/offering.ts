import type { Random } from '../helpers/random.ts'
import type { FuzzTarget } from './ground.ts'
import { facts, mutatedPolicy, policy } from './policies.ts'
import { judgePolicy, unfit, unstable } from './policy-rules.ts'

/** An answer of the management API. */
interface Answered {
  readonly status: number
  readonly text: string
}

export type AskManagement = (request: { method: string; path: string; route: string; json?: unknown; headers?: Readonly<Record<string, string>> }) => Promise<Answered>

/** Reads a mutated policy here, without a connector. Gives what must not have happened. */
export async function judgeOne(random: Random): Promise<string | undefined> {
  const document = mutatedPolicy(random)
  const { fault } = await judgePolicy(document, facts)
  return fault === undefined ? undefined : `${fault}\n          ${shown(document)}`
}

/** Offers a mutated policy. What is accepted must be as it was judged here, stand when it is read again, and is taken back. */
export async function offerOne(ask: AskManagement, dataset: string, random: Random): Promise<string | undefined> {
  const document = random.chance(0.1) ? policy(random) : mutatedPolicy(random)
  const route = 'management POST /offers, policies'
  const { status, text } = await ask({ method: 'POST', path: '/offers', route, json: { datasets: [dataset], policy: document, decision: 'manual' } })
  if (status !== 201) return undefined
  const { id, policy: terms }: { id: string; policy: object } = JSON.parse(text)
  const wrong = unstable(terms, facts)
  // Others stay, so that catalogs have them.
  if (random.chance(0.9)) await ask({ method: 'DELETE', path: `/offers/${encodeURIComponent(id)}`, route: 'management DELETE /offers/:id', headers: { 'if-match': '*' } })
  return wrong.length === 0 ? undefined : `POST /offers accepted a policy that ${wrong.join('; ')}\n          ${shown(document)}`
}

/** Holds what a connector has at the end to the same rules: its offers and its agreements. */
export async function checkHeld(connector: FuzzTarget): Promise<{ readonly held: number; readonly faults: string[] }> {
  const offers = await listed<{ datasets: { dataset: string }[]; policy: object }>(connector, '/offers')
  const agreements = await listed<{ agreement: object }>(connector, '/agreements')
  const faults = [...offers.flatMap(({ policy: terms }) => unstable(terms, undefined)), ...agreements.flatMap(({ agreement }) => unfit(agreement))]
  return { held: offers.length + agreements.length, faults }
}

async function listed<T>(connector: FuzzTarget, path: string): Promise<T[]> {
  const items: T[] = []
  for (let cursor = ''; ; ) {
    const answer = await fetch(`${connector.managementUrl}${path}?limit=1000${cursor}`, { headers: { authorization: `Bearer ${connector.token}` } })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`GET ${path} was answered with ${answer.status}: ${text.slice(0, 500)}`)
    const page: { items: T[]; next: string | null } = JSON.parse(text)
    items.push(...page.items)
    if (page.next === null) return items
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}

function shown(document: unknown): string {
  try {
    return JSON.stringify(document)?.slice(0, 1_500) ?? 'undefined'
  } catch {
    return 'nested too deeply to be shown'
  }
}
