import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import { all } from './client.ts'
import type { Entry } from './client.ts'
import { limits } from './governed.ts'
import type { GovernedTold } from './governed.ts'
import type { Finding } from './invariants.ts'
import type { Side } from './load.ts'

/** What was permitted under one agreement, by the provider's record. */
interface Permitted {
  readonly agreement: string
  readonly entries: readonly Entry[]
  /** Those that were debited. */
  readonly debited: readonly Entry[]
}

/** What the records say of agreements with quotas; read while the connectors still run. */
export async function permittedUnderTerms(sides: readonly Side[], told: GovernedTold): Promise<ReadonlyMap<Side, readonly Permitted[]>> {
  const found = new Map<Side, readonly Permitted[]>()
  for (const side of sides) {
    const entries = Map.groupBy((await all<Entry>(side.connector, '/audit/entries')).filter(({ type }) => type === 'data.permitted'), ({ agreement }) => agreement ?? '')
    const permitted = told.agreements.filter(({ provider }) => provider === side).map(({ agreement }) => {
      const own = entries.get(agreement) ?? []
      return { agreement, entries: own, debited: own.filter((entry) => entry['retry'] !== true) }
    })
    found.set(side, permitted)
  }
  return found
}

/** Holds records, counters and what analysts were told to each other. The connectors have ended: their databases are read themselves. */
export async function checkQuotas(found: ReadonlyMap<Side, readonly Permitted[]>, told: GovernedTold, settings: ReadonlyMap<Side, Readonly<Record<string, string>>>): Promise<Finding[]> {
  const all = [...found.values()].flat()
  const debited = all.reduce((sum, { debited: own }) => sum + own.length, 0)
  const counters = []
  for (const [side, permitted] of found) counters.push(await countersMatch(side, permitted, settings.get(side) ?? {}))
  return [
    ...counters,
    { rule: 'the records of an agreement count without gap or repetition, and never above its limits', checked: debited, violations: all.flatMap(countedUp) },
    { rule: 'no key was debited twice', checked: [...told.keys.values()].reduce((sum, { size }) => sum + size, 0), violations: all.flatMap(({ agreement, debited: own }) => (own.length <= (told.keys.get(agreement)?.size ?? 0) ? [] : [`${agreement}: ${own.length} debits for ${told.keys.get(agreement)?.size} keys`])) },
    { rule: 'no statement was permitted twice', checked: all.flatMap(({ entries }) => entries).length, violations: repeated(all.flatMap(({ entries }) => entries)) },
    answersRecorded(found, told),
    { rule: 'who was told that nothing is left was told so rightly', checked: told.usedUp.size, violations: all.flatMap(({ agreement, debited: own }) => (!told.usedUp.has(agreement) || own.length >= limits.queriesPerDay ? [] : [`${agreement}: ${own.length} of ${limits.queriesPerDay}`])) },
    { rule: 'analysts were told nothing that cannot be', checked: told.answers.length, violations: told.faults },
  ]
}

async function countersMatch(side: Side, permitted: readonly Permitted[], settings: Readonly<Record<string, string>>): Promise<Finding> {
  const database = await openDatabase(readConfig(side.connector.dataDirectory, settings).database)
  try {
    const rows = await database.db.selectFrom('quota_counter').select(['agreement_id', 'counter', 'starts', 'amount']).execute()
    const byAgreement = Map.groupBy(rows, ({ agreement_id }) => agreement_id)
    const violations = permitted.flatMap(({ agreement, debited }) => {
      const own = byAgreement.get(agreement) ?? []
      const sum = (counter: string) => own.filter((row) => row.counter === counter).reduce((total, { amount }) => total + amount, 0)
      const [ever, byDay] = [sum('queries'), sum('queries/day/UTC')]
      const over = own.filter(({ starts, amount }) => amount > (starts === '' ? limits.count : limits.queriesPerDay))
      return [...(ever === debited.length && byDay === debited.length ? [] : [`${agreement}: ${debited.length} records, counted ${ever} and by day ${byDay}`]), ...over.map(({ counter, amount }) => `${agreement}: ${counter} is at ${amount}`)]
    })
    return { rule: `${side.connector.name}: counters are at what is recorded, and never above their limits`, checked: permitted.length, violations }
  } finally {
    await database.close()
  }
}

function countedUp({ agreement, debited }: Permitted): string[] {
  const numbers = debited.map((entry) => countOf(entry['quota']))
  const wrong = numbers.flatMap((number, place) => (number === place + 1 && number <= limits.count ? [] : [`${agreement}: debit ${place + 1} counts ${String(number)}`]))
  return wrong.slice(0, 3)
}

function countOf(quota: unknown): unknown {
  return typeof quota === 'object' && quota !== null && 'count' in quota ? quota.count : undefined
}

function repeated(entries: readonly Entry[]): string[] {
  const seen = new Set<unknown>()
  return entries.flatMap((entry) => {
    const { index, statement } = entry
    if (typeof statement !== 'string') return [`entry ${index} has no statement`]
    const isNew = !seen.has(statement)
    seen.add(statement)
    return isNew ? [] : [`entry ${index} has the statement of another one`]
  })
}

/** Every answer that came whole has its record, with its digest. */
function answersRecorded(found: ReadonlyMap<Side, readonly Permitted[]>, told: GovernedTold): Finding {
  const violations = told.answers.flatMap(({ provider, agreement, record, sha256 }) => {
    const entry = found.get(provider)?.find((permitted) => permitted.agreement === agreement)?.entries.find(({ index }) => String(index) === record)
    if (entry === undefined) return [`an answer under ${agreement} names record ${record}, which is not there`]
    return entry['sha256'] === sha256 ? [] : [`an answer under ${agreement} has another digest than record ${record}`]
  })
  return { rule: 'every answer that came whole has its record with its digest', checked: told.answers.length, violations }
}
